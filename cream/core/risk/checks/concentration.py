"""How much of equity would hang on one underlying, or on one sector?

Only increases are refused here, and of those only such as add to the figure.
"""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from decimal import Decimal

from cream.core.model.money import ZERO
from cream.core.model.verdict import Unit
from cream.core.risk.case import Case
from cream.core.risk.rule import NO_FIGURES, Breach, Figures, Rule, room, shown_at_most
from cream.core.risk.traits import Scope

# What a figure is of, the figure as it would be, and what the plan adds to it.
_Share = tuple[str, Decimal, Decimal]


class _ShareRule(Rule):
    """Base of the limits on what several instruments put at stake together."""

    unit = Unit.RATIO
    scope = Scope.INCREASES

    @abstractmethod
    def limit(self, case: Case) -> Decimal:
        """The largest part of equity."""

    @abstractmethod
    def shares(self, case: Case) -> Iterator[_Share]:
        """Everything that the plan adds to."""

    def breaches(self, case: Case) -> Sequence[Breach]:
        """Without equity above zero nothing may be added."""
        equity, limit = case.equity, self.limit(case)
        if equity is None:
            return ()
        most = limit * equity if equity > ZERO else ZERO
        found: list[Breach] = []
        for name, value, added in self.shares(case):
            if added <= ZERO or value <= most:
                continue
            found.append(
                Breach(
                    message=f"{value:f} USD on {name} would be above {most:f} USD",
                    instrument_id=name,
                    field_path=case.whole_path,
                    observed=shown_at_most(value / equity) if equity > ZERO else None,
                    limit=limit,
                    headroom=room(limit, (value - added) / equity) if equity > ZERO else None,
                    fits_smaller=equity > ZERO,
                )
            )
        return found

    def figures(self, case: Case) -> Figures:
        """Those of the largest."""
        equity = case.equity
        if equity is None or equity <= 0:
            return NO_FIGURES
        most = max([value for _, value, _ in self.shares(case)], default=None)
        limit = self.limit(case)
        return Figures(None if most is None else shown_at_most(most / equity), limit)


class UnderlyingShare(_ShareRule):
    """What is at stake on one underlying is no larger a part of equity than the limit.

    Its shares and its options together, held, working and planned.
    """

    code = "UNDERLYING_CONCENTRATION_EXCEEDED"
    limit_key = "portfolio.max_underlying_equity_pct"

    def limit(self, case: Case) -> Decimal:
        """`portfolio.max_underlying_equity_pct`."""
        return case.limits.portfolio.max_underlying_equity_pct

    def shares(self, case: Case) -> Iterator[_Share]:
        """By underlying."""
        stakes = case.scene.exposure.stakes
        for name, added in case.totals.added_by_underlying.items():
            yield name, stakes.get(name, ZERO) + added, added


class SectorShare(_ShareRule):
    """What is at stake in one sector is no larger a part of equity than the limit.

    Sectors are those that `portfolio.sectors` names; a symbol that is not in it is in none.
    """

    code = "SECTOR_EXPOSURE_EXCEEDED"
    limit_key = "portfolio.max_sector_equity_pct"

    def limit(self, case: Case) -> Decimal:
        """`portfolio.max_sector_equity_pct`."""
        return case.limits.portfolio.max_sector_equity_pct

    def breaches(self, case: Case) -> Sequence[Breach]:
        """Without sectors there is nothing to exceed."""
        return super().breaches(case) if case.limits.portfolio.sectors else ()

    def shares(self, case: Case) -> Iterator[_Share]:
        """By sector."""
        sectors = case.limits.portfolio.sectors
        if not sectors:
            return
        added: dict[str, Decimal] = {}
        for name, more in case.totals.added_by_underlying.items():
            sector = sectors.get(name)
            if sector is not None:
                added[sector] = added.get(sector, ZERO) + more
        stakes = case.scene.exposure.stakes
        for sector, more in added.items():
            members = [stakes.get(name, ZERO) for name, of in sectors.items() if of == sector]
            yield sector, sum(members, ZERO) + more, more


CONCENTRATION_RULES: tuple[Rule, ...] = (UnderlyingShare(), SectorShare())
