"""Is the loss of every option position bounded, and is every spread one that can be traded?"""

from collections.abc import Sequence
from decimal import Decimal

from cream.core.model.instrument import OptionContract
from cream.core.model.money import ZERO
from cream.core.model.verdict import Unit
from cream.core.options.spread import net_price_fault
from cream.core.risk.case import Case
from cream.core.risk.checks.cover import RISK_DEFINED
from cream.core.risk.checks.plan import FaultRule
from cream.core.risk.line import is_occupied
from cream.core.risk.rule import Breach, Figures, Rule, room
from cream.core.risk.traits import Scope

_LEG_CODES = frozenset(("LEG_COUNT", "LEG_DUPLICATE", "LEG_UNDERLYING", "LEG_RATIO", "LEG_INTENT"))


class LegsSound(FaultRule):
    """A spread has two to four distinct legs on one underlying, in lowest terms, of one intent."""

    code = "LEG_RULES"
    codes = _LEG_CODES


class NetPriceSound(Rule):
    """A spread is bought for a debit or sold for a credit as its legs demand.

    The net price lies between the least and the most that the legs can pay: otherwise nothing
    could be gained, or nothing lost, and the sign is wrong.
    """

    code = "NET_PRICE_SIGN"
    unit = Unit.USD_PER_SHARE
    scope = Scope.OPTIONS

    def breaches(self, case: Case) -> Sequence[Breach]:
        """An exit at a price that leaves nothing to gain is sound: it only ends."""
        breaches: list[Breach] = []
        for intent in case.intents:
            net = intent.decision.net_limit_price
            if net is None or not intent.is_spread or intent.faults:
                continue
            fault = net_price_fault(intent.decision.legs, net)
            if fault is None or (intent.reduces and fault.code != self.code):
                continue
            breaches.append(
                Breach(
                    message=fault.message,
                    instrument_id=intent.instrument.symbol,
                    field_path=intent.path("net_limit_price"),
                    observed=net,
                    code=fault.code,
                )
            )
        return breaches


class ContractsPerUnderlying(Rule):
    """No more contracts on one underlying, long and short, are held and being entered."""

    code = "OPTIONS_CONTRACTS_EXCEEDED"
    limit_key = "options.max_contracts_per_underlying"
    unit = Unit.CONTRACTS
    scope = Scope.OPTIONS

    def breaches(self, case: Case) -> Sequence[Breach]:
        """Each leg counts with its ratio."""
        limit = Decimal(case.limits.options.max_contracts_per_underlying)
        return [
            Breach(
                message=f"{count:f} contracts on {name} would be above {limit:f}",
                instrument_id=name,
                field_path=case.whole_path,
                observed=count,
                limit=limit,
                headroom=room(limit, count - added),
                fits_smaller=True,
            )
            for name, count, added in _contracts(case)
            if count > limit
        ]

    def figures(self, case: Case) -> Figures:
        """Those of the underlying with most contracts."""
        most = max((count for _, count, _ in _contracts(case)), default=None)
        return Figures(most, Decimal(case.limits.options.max_contracts_per_underlying))


def _contracts(case: Case) -> Sequence[tuple[str, Decimal, Decimal]]:
    """Each underlying whose options are added to, its contracts then, and how many are added."""
    if not case.traits.options:
        return ()
    added: dict[str, Decimal] = {}
    for move in case.moves.values():
        if isinstance(move.instrument, OptionContract):
            name = move.instrument.underlying
            added[name] = added.get(name, ZERO) + move.units
    held = case.scene.exposure.contracts
    return [(name, held.get(name, ZERO) + more, more) for name, more in added.items()]


class AllContracts(Rule):
    """No more contracts on all underlyings, long and short, are held and being entered."""

    code = "OPTIONS_TOTAL_CONTRACTS_EXCEEDED"
    limit_key = "options.max_contracts"
    unit = Unit.CONTRACTS
    scope = Scope.OPTIONS

    def breaches(self, case: Case) -> Sequence[Breach]:
        """The headroom is how many more there may be."""
        limit = Decimal(case.limits.options.max_contracts)
        count, added = self._counted(case)
        if not added or count <= limit:
            return ()
        breach = Breach(
            message=f"{count:f} contracts in all would be above {limit:f}",
            field_path=case.whole_path,
            observed=count,
            limit=limit,
            headroom=room(limit, count - added),
            fits_smaller=True,
        )
        return (breach,)

    def figures(self, case: Case) -> Figures:
        """How many there would be."""
        return Figures(self._counted(case)[0], Decimal(case.limits.options.max_contracts))

    def _counted(self, case: Case) -> tuple[Decimal, Decimal]:
        """How many there would be, and how many of them are new."""
        added = sum((more for _, _, more in _contracts(case)), ZERO)
        return sum(case.scene.exposure.contracts.values(), ZERO) + added, added


class OptionsPerUnderlying(Rule):
    """No more different options on one underlying are held and being entered."""

    code = "OPTIONS_POSITIONS_PER_UNDERLYING_EXCEEDED"
    limit_key = "options.max_positions_per_underlying"
    unit = Unit.COUNT
    scope = Scope.OPTIONS

    def breaches(self, case: Case) -> Sequence[Breach]:
        """Each leg is one; adding to one that is there adds none."""
        limit = case.limits.options.max_positions_per_underlying
        return [
            _too_many(f"different options on {name}", name, before, new, limit, case)
            for name, before, new in _different(case)
            if before + new > limit
        ]

    def figures(self, case: Case) -> Figures:
        """Those of the underlying with most of them."""
        most = max((before + new for _, before, new in _different(case)), default=None)
        limit = Decimal(case.limits.options.max_positions_per_underlying)
        return Figures(None if most is None else Decimal(most), limit)


class AllOptions(Rule):
    """No more different options in all are held and being entered."""

    code = "OPTIONS_POSITIONS_EXCEEDED"
    limit_key = "options.max_positions"
    unit = Unit.COUNT
    scope = Scope.OPTIONS

    def breaches(self, case: Case) -> Sequence[Breach]:
        """Adding to one that is there adds none."""
        before, new = self._counted(case)
        limit = case.limits.options.max_positions
        if not new or before + new <= limit:
            return ()
        return (_too_many("different options in all", None, before, new, limit, case),)

    def figures(self, case: Case) -> Figures:
        """How many there would be."""
        return Figures(
            Decimal(sum(self._counted(case))), Decimal(case.limits.options.max_positions)
        )

    def _counted(self, case: Case) -> tuple[int, int]:
        new = sum(more for _, _, more in _different(case))
        return sum(case.scene.exposure.option_positions.values()), new


def _different(case: Case) -> Sequence[tuple[str, int, int]]:
    """Each underlying that new options are added on, how many there are, and how many are new."""
    if not case.traits.options:
        return ()
    new: dict[str, int] = {}
    for move in case.moves.values():
        if isinstance(move.instrument, OptionContract):
            name = move.instrument.underlying
            if not is_occupied(case.scene.line(move.instrument)):
                new[name] = new.get(name, 0) + 1
    there = case.scene.exposure.option_positions
    return [(name, there.get(name, 0), count) for name, count in new.items()]


def _too_many(what: str, name: str | None, before: int, new: int, limit: int, case: Case) -> Breach:
    return Breach(
        message=f"{before + new} {what} would be above {limit}",
        instrument_id=name,
        field_path=case.whole_path,
        observed=Decimal(before + new),
        limit=Decimal(limit),
        headroom=room(Decimal(limit), Decimal(before)),
    )


OPTION_RULES: tuple[Rule, ...] = (
    LegsSound(),
    NetPriceSound(),
    RISK_DEFINED,
    ContractsPerUnderlying(),
    AllContracts(),
    OptionsPerUnderlying(),
    AllOptions(),
)
