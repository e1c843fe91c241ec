"""How far would the options, with their shares, lean: delta, gamma, vega, theta?

Working entries count where they make it worse. Only what a plan makes worse is refused.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

from cream.core.model.money import ZERO
from cream.core.model.verdict import Unit
from cream.core.risk.case import Case
from cream.core.risk.greeks import NO_GREEKS, SHARE_GREEKS, Greeks
from cream.core.risk.lean import Lean, lean_of_line
from cream.core.risk.rule import NO_FIGURES, Breach, Figures, Rule, room
from cream.core.risk.traits import Scope

# What a figure is of (None: everything), how far it would lean, and how much of that is new.
_Leaning = tuple[str | None, Decimal, Decimal]


class _LeanRule(Rule):
    """Base of the limits on how far something leans to either side."""

    scope = Scope.LEANS

    @abstractmethod
    def limit(self, case: Case) -> Decimal:
        """How far it may lean, above zero."""

    @abstractmethod
    def leanings(self, case: Case) -> Iterator[_Leaning]:
        """Everything that the plan makes lean further."""

    def breaches(self, case: Case) -> Sequence[Breach]:
        """The headroom is what the limit leaves beside everything that is there already."""
        limit = self.limit(case)
        return [
            Breach(
                message=f"{value:f} on {name or 'all underlyings'} would be above {limit:f}",
                instrument_id=name,
                field_path=case.whole_path,
                observed=value,
                limit=limit,
                headroom=room(limit, value - added),
                fits_smaller=True,
            )
            for name, value, added in self.leanings(case)
            if value > limit
        ]

    def figures(self, case: Case) -> Figures:
        """Those of what leans furthest."""
        if not case.added_leans:
            return Figures(None, self.limit(case))
        most = max((value for _, value, _ in self.leanings(case)), default=None)
        return Figures(most, self.limit(case))


def _leaning(
    name: str | None, base: Lean, added: Greeks, of: Callable[[Greeks], Decimal]
) -> Iterator[_Leaning]:
    """How far it leans to the side that the plan adds to; nothing where it adds to none."""
    more = of(added)
    if more > 0:
        yield name, of(base.held) + of(base.up) + more, more
    elif more < 0:
        yield name, -(of(base.held) + of(base.down) + more), -more


def _all(case: Case) -> tuple[Lean, Greeks]:
    """How everything leans, and what the plan adds to that."""
    exposure = case.scene.exposure
    lean, added = exposure.lean, NO_GREEKS
    for name, more in case.added_leans.items():
        added = added.plus(more)
        if name not in exposure.leans:
            lean = lean.plus(_of_shares(name, case))
    return lean, added


def _of_shares(underlying: str, case: Case) -> Lean:
    """How the shares lean of an underlying in whose options there is nothing yet."""
    line = case.scene.exposure.lines.get(underlying)
    return Lean() if line is None else lean_of_line(line, SHARE_GREEKS)


class DeltaPerUnderlying(_LeanRule):
    """Shares and options on one underlying move like no more shares than the limit.

    Judged where there are options, or would be.
    """

    code = "OPTIONS_DELTA_PER_UNDERLYING_EXCEEDED"
    limit_key = "options.max_delta_per_underlying_shares"
    unit = Unit.SHARES

    def limit(self, case: Case) -> Decimal:
        """`options.max_delta_per_underlying_shares`."""
        return case.limits.options.max_delta_per_underlying_shares

    def leanings(self, case: Case) -> Iterator[_Leaning]:
        """By underlying."""
        leans = case.scene.exposure.leans
        for name, added in case.added_leans.items():
            base = leans.get(name) or _of_shares(name, case)
            yield from _leaning(name, base, added, lambda greeks: greeks.delta)


class PortfolioDelta(_LeanRule):
    """All underlyings with options move like no more shares than the limit."""

    code = "OPTIONS_DELTA_EXCEEDED"
    limit_key = "options.max_portfolio_delta"
    unit = Unit.SHARES

    def limit(self, case: Case) -> Decimal:
        """`options.max_portfolio_delta`."""
        return case.limits.options.max_portfolio_delta

    def leanings(self, case: Case) -> Iterator[_Leaning]:
        """Of everything."""
        yield from _leaning(None, *_all(case), lambda greeks: greeks.delta)


class DeltaNotional(Rule):
    """All deltas, at the prices of their underlyings, are worth no more than the limit.

    Each underlying counts by itself: what is long of one does not make up for what is short of
    another.
    """

    code = "OPTIONS_DELTA_NOTIONAL_EXCEEDED"
    limit_key = "options.max_delta_notional"
    unit = Unit.USD
    scope = Scope.LEANS

    def breaches(self, case: Case) -> Sequence[Breach]:
        """Without a limit there is nothing to exceed."""
        limit = case.limits.options.max_delta_notional
        if limit is None:
            return ()
        before, after = self._values(case)
        if after <= max(before, limit):
            return ()
        breach = Breach(
            message=f"deltas worth {after:f} USD would be above {limit:f} USD",
            field_path=case.whole_path,
            observed=after,
            limit=limit,
            headroom=room(limit, before),
            fits_smaller=True,
        )
        return (breach,)

    def figures(self, case: Case) -> Figures:
        """What all deltas would be worth, where that is limited."""
        limit = case.limits.options.max_delta_notional
        return NO_FIGURES if limit is None else Figures(self._values(case)[1], limit)

    def _values(self, case: Case) -> tuple[Decimal, Decimal]:
        """Without and with what the plan adds. Units: dollars."""
        leans = dict(case.scene.exposure.leans)
        for name in case.added_leans:
            leans.setdefault(name, _of_shares(name, case))
        before = after = ZERO
        for name, lean in leans.items():
            spot = case.scene.prices.of(name).mid or ZERO
            added = case.added_leans.get(name, NO_GREEKS).delta
            up, down = lean.held.delta + lean.up.delta, lean.held.delta + lean.down.delta
            before += max(abs(up), abs(down)) * spot
            after += max(abs(up + added), abs(down + added)) * spot
        return before, after


class PortfolioGamma(_LeanRule):
    """The delta of all options changes by no more than the limit per dollar of the underlyings."""

    code = "OPTIONS_GAMMA_EXCEEDED"
    limit_key = "options.max_portfolio_gamma"
    unit = Unit.SHARES_PER_USD

    def limit(self, case: Case) -> Decimal:
        """`options.max_portfolio_gamma`."""
        return case.limits.options.max_portfolio_gamma

    def leanings(self, case: Case) -> Iterator[_Leaning]:
        """Of everything."""
        yield from _leaning(None, *_all(case), lambda greeks: greeks.gamma)


class PortfolioVega(_LeanRule):
    """All options gain or lose no more than the limit with a point of volatility."""

    code = "OPTIONS_VEGA_EXCEEDED"
    limit_key = "options.max_portfolio_vega"
    unit = Unit.USD_PER_POINT

    def limit(self, case: Case) -> Decimal:
        """`options.max_portfolio_vega`."""
        return case.limits.options.max_portfolio_vega

    def leanings(self, case: Case) -> Iterator[_Leaning]:
        """Of everything."""
        yield from _leaning(None, *_all(case), lambda greeks: greeks.vega)


class PortfolioTheta(_LeanRule):
    """All options lose no more than the limit with a day that passes.

    The limit is configured as what may be lost, below zero; both figures are shown above zero.
    """

    code = "OPTIONS_THETA_EXCEEDED"
    limit_key = "options.max_portfolio_theta"
    unit = Unit.USD_PER_DAY

    def limit(self, case: Case) -> Decimal:
        """`options.max_portfolio_theta`, as a loss."""
        return -case.limits.options.max_portfolio_theta

    def leanings(self, case: Case) -> Iterator[_Leaning]:
        """Of everything; to gain with time is no risk."""
        lean, added = _all(case)
        if added.theta < ZERO:
            yield from _leaning(None, lean, added, lambda greeks: greeks.theta)


LEAN_RULES: tuple[Rule, ...] = (
    DeltaPerUnderlying(),
    PortfolioDelta(),
    DeltaNotional(),
    PortfolioGamma(),
    PortfolioVega(),
    PortfolioTheta(),
)
