"""How much would the whole portfolio hold, and how far would it lean?

Only increases are refused here, and of those only such as make the figure worse: who is over a
limit may always go back.
"""

from abc import abstractmethod
from collections.abc import Sequence
from decimal import Decimal

from cream.core.model.money import ZERO
from cream.core.model.verdict import Unit
from cream.core.risk.case import Case, Totals
from cream.core.risk.rule import NO_FIGURES, Breach, Figures, Rule, room, shown_at_most
from cream.core.risk.traits import Scope


def _gross(totals: Totals) -> tuple[Decimal, Decimal]:
    return totals.added_gross, totals.gross


def _net(totals: Totals) -> tuple[Decimal, Decimal]:
    """The net value on the side to which the plan leans; only that side becomes worse by it."""
    if totals.added_net > ZERO:
        return totals.added_net, totals.net_up
    if totals.added_net < ZERO:
        return -totals.added_net, -totals.net_down
    return totals.added_net, max(totals.net_up, -totals.net_down)


class _DollarRule(Rule):
    """Base of the limits in dollars."""

    unit = Unit.USD
    scope = Scope.INCREASES

    @abstractmethod
    def measured(self, case: Case) -> tuple[Decimal, Decimal, Decimal]:
        """What the plan adds to the figure, the figure, and its limit in dollars."""

    def breaches(self, case: Case) -> Sequence[Breach]:
        """The headroom is what the limit leaves beside everything that is there already."""
        added, value, limit = self.measured(case)
        if added <= ZERO or value <= limit:
            return ()
        breach = Breach(
            message=f"{value:f} USD would be above {limit:f} USD",
            field_path=case.whole_path,
            observed=value,
            limit=limit,
            headroom=room(limit, value - added),
            fits_smaller=True,
        )
        return (breach,)

    def figures(self, case: Case) -> Figures:
        """The figure and its limit."""
        _, value, limit = self.measured(case)
        return Figures(value, limit)


class _EquityRule(Rule):
    """Base of the limits in multiples of equity."""

    unit = Unit.RATIO
    scope = Scope.INCREASES

    @abstractmethod
    def measured(self, case: Case) -> tuple[Decimal, Decimal, Decimal]:
        """What the plan adds to the figure, the figure, and its limit in multiples of equity."""

    def breaches(self, case: Case) -> Sequence[Breach]:
        """Without equity above zero nothing may be added."""
        equity = case.equity
        if equity is None:
            return ()
        added, value, limit = self.measured(case)
        if not case.adds or (equity > ZERO and (added <= ZERO or value <= limit * equity)):
            return ()
        breach = Breach(
            message=f"{value:f} USD would be above {limit:f} times the equity of {equity:f} USD",
            field_path=case.whole_path,
            observed=shown_at_most(value / equity) if equity > 0 else None,
            limit=limit,
            headroom=room(limit, (value - added) / equity) if equity > 0 else None,
            fits_smaller=equity > 0,
        )
        return (breach,)

    def figures(self, case: Case) -> Figures:
        """The figure over equity, and its limit."""
        _, value, limit = self.measured(case)
        equity = case.equity
        if equity is None or equity <= 0:
            return NO_FIGURES
        return Figures(shown_at_most(value / equity), limit)


class GrossNotional(_DollarRule):
    """Longs and shorts together are worth no more than the limit."""

    code = "PORTFOLIO_GROSS_NOTIONAL_EXCEEDED"
    limit_key = "portfolio.max_gross_notional"

    def measured(self, case: Case) -> tuple[Decimal, Decimal, Decimal]:
        """Against `portfolio.max_gross_notional`."""
        return *_gross(case.totals), case.limits.portfolio.max_gross_notional


class NetNotional(_DollarRule):
    """Longs less shorts are worth no more than the limit, on either side."""

    code = "PORTFOLIO_NET_NOTIONAL_EXCEEDED"
    limit_key = "portfolio.max_net_notional"

    def measured(self, case: Case) -> tuple[Decimal, Decimal, Decimal]:
        """Against `portfolio.max_net_notional`."""
        return *_net(case.totals), case.limits.portfolio.max_net_notional


class Leverage(_EquityRule):
    """Longs and shorts together are no larger a multiple of equity than the limit."""

    code = "PORTFOLIO_GROSS_PCT_EXCEEDED"
    limit_key = "portfolio.max_leverage"

    def measured(self, case: Case) -> tuple[Decimal, Decimal, Decimal]:
        """Against `portfolio.max_leverage`."""
        return *_gross(case.totals), case.limits.portfolio.max_leverage


class NetEquityShare(_EquityRule):
    """Longs less shorts are no larger a multiple of equity than the limit, on either side."""

    code = "PORTFOLIO_NET_PCT_EXCEEDED"
    limit_key = "portfolio.max_net_equity_pct"

    def measured(self, case: Case) -> tuple[Decimal, Decimal, Decimal]:
        """Against `portfolio.max_net_equity_pct`."""
        return *_net(case.totals), case.limits.portfolio.max_net_equity_pct


PORTFOLIO_RULES: tuple[Rule, ...] = (
    GrossNotional(),
    NetNotional(),
    Leverage(),
    NetEquityShare(),
)
