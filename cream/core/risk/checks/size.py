"""Is the size a size, and how large would the position become?

Limits hold for what would be there in the end: held, working and planned together, added up over
all decisions on one instrument, so that nothing is gained by asking in parts.
"""

from abc import abstractmethod
from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal
from typing import ClassVar

from cream.core.model.money import ONE, ZERO
from cream.core.model.verdict import Severity, Unit
from cream.core.risk.case import After, Case
from cream.core.risk.checks.plan import FaultRule
from cream.core.risk.intents import must_be_whole, unit_of
from cream.core.risk.line import is_occupied
from cream.core.risk.rule import NO_FIGURES, Breach, Figures, Rule, room, shown_at_most
from cream.core.risk.traits import Scope


class SizePositive(Rule):
    """The size of a decision that trades is above zero."""

    code = "NON_POSITIVE_SIZE"
    scope = Scope.UNUSUAL

    def breaches(self, case: Case) -> Sequence[Breach]:
        """In whichever unit it is given."""
        return [
            Breach(
                message=f"the size is {size.quantity}",
                instrument_id=intent.instrument.symbol,
                field_path=intent.path("size.quantity"),
                observed=size.quantity,
                limit=ZERO,
            )
            for intent in case.intents
            if (size := intent.decision.size).quantity.is_finite() and size.quantity <= 0
        ]


class NumbersSane(FaultRule):
    """Sizes and prices are numbers that an order can have."""

    code = "OUT_OF_RANGE"


class UnitFits(FaultRule):
    """Shares are sized in SHARES and options in CONTRACTS, where not in money."""

    code = "SIZE_UNIT_MISMATCH"


class SizeLargeEnough(Rule):
    """The size comes to at least one unit once it is rounded down."""

    code = "SIZE_TOO_SMALL"
    unit = Unit.UNITS
    scope = Scope.UNUSUAL

    def breaches(self, case: Case) -> Sequence[Breach]:
        """Observed is the amount that was given, in its own unit; the limit is one unit."""
        return [
            Breach(
                message=f"{size.quantity} {size.unit.value} are less than one unit",
                instrument_id=intent.instrument.symbol,
                field_path=intent.path("size.quantity"),
                observed=ZERO,
                limit=ONE,
                unit=unit_of(intent),
            )
            for intent in case.intents
            if intent.quantity == 0 and (size := intent.decision.size).quantity > 0
        ]


class WholeUnits(Rule):
    """Only what the venue takes in fractions is asked for in fractions: exits in shares."""

    code = "WHOLE_UNITS_REQUIRED"
    unit = Unit.UNITS
    scope = Scope.UNUSUAL

    def breaches(self, case: Case) -> Sequence[Breach]:
        """The headroom is the size without its fraction."""
        breaches: list[Breach] = []
        for intent in case.intents:
            quantity = intent.quantity
            if quantity is None or quantity <= 0:
                continue
            whole = quantity.to_integral_value(ROUND_FLOOR)
            if whole == quantity:
                continue
            if must_be_whole(intent):
                breaches.append(
                    Breach(
                        message=f"{quantity} cannot be ordered, only whole units",
                        instrument_id=intent.instrument.symbol,
                        field_path=intent.path("size.quantity"),
                        observed=quantity,
                        limit=whole,
                        headroom=room(whole, ZERO),
                        fits_smaller=whole > 0,
                        unit=unit_of(intent),
                    )
                )
        return breaches


class _InstrumentRule(Rule):
    """Base of the limits on what would be in one instrument: every one that is above its limit."""

    scope = Scope.INCREASES
    field: ClassVar[str] = "size"

    @abstractmethod
    def limit(self, case: Case, after: After) -> Decimal:
        """What this instrument may come to."""

    @abstractmethod
    def figure(self, after: After) -> tuple[Decimal, Decimal]:
        """What an instrument would come to, and what the plan adds to that."""

    def breaches(self, case: Case) -> Sequence[Breach]:
        """The headroom is what the limit leaves beside everything that is there already."""
        found: list[Breach] = []
        for after in case.afters:
            value, added = self.figure(after)
            limit = self.limit(case, after)
            if value > limit:
                found.append(self._breach(after, value, added, limit))
        return found

    def figures(self, case: Case) -> Figures:
        """Those of the instrument that comes to most."""
        if not case.afters:
            return NO_FIGURES
        most = max(case.afters, key=lambda after: self.figure(after)[0])
        return Figures(self.figure(most)[0], self.limit(case, most))

    def _breach(self, after: After, value: Decimal, added: Decimal, limit: Decimal) -> Breach:
        return Breach(
            message=_too_much(value, limit, after, "USD" if self.unit is Unit.USD else ""),
            instrument_id=after.instrument_id,
            field_path=after.path(self.field),
            observed=value,
            limit=limit,
            headroom=room(limit, value - added),
            fits_smaller=True,
        )


class PositionUnits(_InstrumentRule):
    """The resulting position in one instrument is no larger than the limit in units.

    Shares, or contracts; of a spread the leg with most contracts counts.
    """

    code = "PER_INSTRUMENT_UNITS_EXCEEDED"
    limit_key = "per_instrument.max_units"
    unit = Unit.UNITS
    field = "size.quantity"

    def limit(self, case: Case, after: After) -> Decimal:
        """`per_instrument.max_units`, or `per_instrument.max_contracts`."""
        of_options = after.intents[0].of_options
        limits = case.limits
        return Decimal(limits.max_contracts if of_options else limits.per_instrument.max_units)

    def figure(self, after: After) -> tuple[Decimal, Decimal]:
        """Both in units."""
        return after.units, after.added_units


class PositionNotional(_InstrumentRule):
    """The resulting position in one instrument is worth no more than the limit.

    A long option is worth its premium, a spread the most that it can lose. What is held counts at
    its mark, what works and is planned at its price.
    """

    code = "PER_INSTRUMENT_NOTIONAL_EXCEEDED"
    limit_key = "per_instrument.max_notional"
    unit = Unit.USD

    def limit(self, case: Case, _after: After) -> Decimal:
        """`per_instrument.max_notional`."""
        return case.limits.per_instrument.max_notional

    def figure(self, after: After) -> tuple[Decimal, Decimal]:
        """Both in dollars."""
        return after.value, after.added_value


class PositionEquityShare(Rule):
    """The resulting position in one instrument is no larger a part of equity than the limit."""

    code = "PER_INSTRUMENT_PCT_EQUITY_EXCEEDED"
    limit_key = "per_instrument.max_equity_pct"
    unit = Unit.RATIO
    scope = Scope.INCREASES

    def breaches(self, case: Case) -> Sequence[Breach]:
        """Without equity above zero nothing may be added."""
        equity, limit = case.equity, case.limits.per_instrument.max_equity_pct
        if equity is None:
            return ()
        most = limit * equity if equity > ZERO else -ONE
        return [self._breach(after, limit, equity) for after in case.afters if after.value > most]

    def _breach(self, after: After, limit: Decimal, equity: Decimal) -> Breach:
        return Breach(
            message=_too_much(after.value, limit * equity, after, "USD"),
            instrument_id=after.instrument_id,
            field_path=after.path("size"),
            observed=shown_at_most(after.value / equity) if equity > ZERO else None,
            limit=limit,
            headroom=_share_left(limit, after.value - after.added_value, equity),
            fits_smaller=equity > ZERO,
        )

    def figures(self, case: Case) -> Figures:
        """Those of the instrument that is worth most."""
        most = max((after.value for after in case.afters), default=None)
        limit = case.limits.per_instrument.max_equity_pct
        if most is None or case.equity is None:
            return Figures(None, limit)
        return Figures(shown_at_most(most / case.equity), limit)


class OrderNotional(_InstrumentRule):
    """What one plan adds to an instrument is worth no more than the limit for an order.

    The decisions on one instrument count together, as one order would; both sides count.
    """

    code = "MAX_ORDER_NOTIONAL_EXCEEDED"
    limit_key = "orders.max_order_notional"
    unit = Unit.USD

    def limit(self, case: Case, _after: After) -> Decimal:
        """`orders.max_order_notional`, or what a position in one instrument may be worth."""
        return case.limits.max_order_notional

    def figure(self, after: After) -> tuple[Decimal, Decimal]:
        """Nothing but the plan counts."""
        return after.planned_value, after.planned_value


class _CountRule(Rule):
    """Base of the limits on how many there may be."""

    unit = Unit.COUNT
    scope = Scope.INCREASES
    what: ClassVar[str]

    @abstractmethod
    def count(self, case: Case) -> tuple[int, int, int]:
        """How many there are, how many the plan adds, and how many there may be."""

    def breaches(self, case: Case) -> Sequence[Breach]:
        """The headroom is how many more there may be."""
        before, added, most = self.count(case)
        if not added or before + added <= most:
            return ()
        limit = Decimal(most)
        breach = Breach(
            message=f"{before + added} {self.what}, at most {most} may",
            field_path=case.whole_path,
            observed=Decimal(before + added),
            limit=limit,
            headroom=room(limit, Decimal(before)),
        )
        return (breach,)

    def figures(self, case: Case) -> Figures:
        """How many there would be."""
        before, added, most = self.count(case)
        return Figures(Decimal(before + added), Decimal(most))


class OpenOrders(_CountRule):
    """No more orders work at one time than the limit; slices and bracket legs do not count.

    Exits are not counted among the new ones: none is ever refused for this.
    """

    code = "MAX_OPEN_ORDERS_EXCEEDED"
    limit_key = "orders.max_open"
    what = "orders would work"

    def count(self, case: Case) -> tuple[int, int, int]:
        """Against `orders.max_open`."""
        return case.scene.exposure.open_orders, len(case.adds), case.limits.orders.max_open


class PositionCount(_CountRule):
    """No more instruments are held or being entered than the limit; each leg is one.

    Adding to what is held or being entered adds no instrument.
    """

    code = "MAX_POSITIONS_EXCEEDED"
    limit_key = "orders.max_positions"
    what = "instruments would be held or entered"

    def count(self, case: Case) -> tuple[int, int, int]:
        """Against `orders.max_positions`."""
        exposure = case.scene.exposure
        fresh = 0
        for move in case.moves.values():
            if not is_occupied(case.scene.line(move.instrument)):
                fresh += 1
        return exposure.occupied, fresh, case.limits.orders.max_positions


def _too_much(value: Decimal, limit: Decimal, after: After, unit: str = "") -> str:
    parts = f" in {len(after.intents)} decisions" if len(after.intents) > 1 else ""
    return f"{value:f}{' ' if unit else ''}{unit}{parts} would be above {limit:f}"


def _share_left(limit: Decimal, taken: Decimal, equity: Decimal) -> Decimal | None:
    return room(limit, taken / equity) if equity > 0 else None


class UsualSize(Rule):
    """An entry is no larger than so many times the usual one, the median of the last entries.

    Judged once the store knows at least five.
    """

    code = "SIZING_SANITY_WARNING"
    severity = Severity.WARNING
    limit_key = "risk_limits.sizing_sanity_threshold"
    unit = Unit.USD
    scope = Scope.INCREASES

    def breaches(self, case: Case) -> Sequence[Breach]:
        """Observed is the value that the plan adds to one instrument."""
        limit = self._limit(case)
        if limit is None:
            return ()
        return [
            Breach(
                message=f"{after.planned_value:f} USD is more than {limit:f} USD, the usual size"
                f" times {case.limits.risk_limits.sizing_sanity_threshold}",
                instrument_id=after.instrument_id,
                field_path=after.path("size"),
                observed=after.planned_value,
                limit=limit,
                headroom=room(limit, ZERO),
                fits_smaller=True,
            )
            for after in case.afters
            if after.planned_value > limit
        ]

    def figures(self, case: Case) -> Figures:
        """The largest value that the plan adds."""
        limit = self._limit(case)
        if limit is None:
            return NO_FIGURES
        return Figures(max((after.planned_value for after in case.afters), default=None), limit)

    def _limit(self, case: Case) -> Decimal | None:
        history = case.scene.view.history
        usual = None if history is None else history.usual_size()
        if usual is None or usual <= 0:
            return None
        return usual * case.limits.risk_limits.sizing_sanity_threshold


SIZE_RULES: tuple[Rule, ...] = (
    SizePositive(),
    NumbersSane(),
    UnitFits(),
    SizeLargeEnough(),
    WholeUnits(),
    PositionUnits(),
    PositionNotional(),
    PositionEquityShare(),
    OrderNotional(),
    OpenOrders(),
    PositionCount(),
    UsualSize(),
)
