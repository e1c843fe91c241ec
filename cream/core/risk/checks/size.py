"""Is the size a size, and how large would the position become?

Limits hold for what would be there in the end: held, working and planned together, added up over
all decisions on one instrument, so that nothing is gained by asking in parts.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal

from cream.core.model.money import ONE, ZERO
from cream.core.model.verdict import Unit
from cream.core.risk.case import After, Case
from cream.core.risk.checks.plan import FaultRule
from cream.core.risk.exposure import is_occupied
from cream.core.risk.intents import must_be_whole, unit_of
from cream.core.risk.rule import FINE, Breach, Finding, Rule, room, shown_at_most


class SizePositive(Rule):
    """The size of a decision that trades is above zero."""

    code = "NON_POSITIVE_SIZE"

    def judge(self, case: Case) -> Finding:
        """In whichever unit it is given."""
        breaches = [
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
        return Finding(breaches) if breaches else FINE


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

    def judge(self, case: Case) -> Finding:
        """Observed is the amount that was given, in its own unit; the limit is one unit."""
        breaches = [
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
        return Finding(breaches) if breaches else FINE


class WholeUnits(Rule):
    """Only what the venue takes in fractions is asked for in fractions: exits in shares."""

    code = "WHOLE_UNITS_REQUIRED"
    unit = Unit.UNITS

    def judge(self, case: Case) -> Finding:
        """The headroom is the size without its fraction."""
        breaches: list[Breach] = []
        for intent in case.intents:
            quantity = intent.quantity
            if quantity is None or quantity <= 0 or not must_be_whole(intent):
                continue
            whole = quantity // 1
            if quantity != whole:
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
        return Finding(breaches) if breaches else FINE


class PositionUnits(Rule):
    """The resulting position in one instrument is no larger than the limit in units."""

    code = "PER_INSTRUMENT_UNITS_EXCEEDED"
    limit_key = "per_instrument.max_units"
    unit = Unit.UNITS

    def judge(self, case: Case) -> Finding:
        """Shares, or contracts; of a spread the leg with most contracts counts."""
        limit = Decimal(case.limits.per_instrument.max_units)
        return _bounded(
            case.afters, limit, "size.quantity", lambda after: (after.units, after.added_units)
        )


class PositionNotional(Rule):
    """The resulting position in one instrument is worth no more than the limit.

    A long option is worth its premium, a spread the most that it can lose.
    """

    code = "PER_INSTRUMENT_NOTIONAL_EXCEEDED"
    limit_key = "per_instrument.max_notional"
    unit = Unit.USD

    def judge(self, case: Case) -> Finding:
        """What is held counts at its mark, what works and is planned at its price."""
        limit = case.limits.per_instrument.max_notional
        return _bounded(case.afters, limit, "size", lambda after: (after.value, after.added_value))


class PositionEquityShare(Rule):
    """The resulting position in one instrument is no larger a part of equity than the limit."""

    code = "PER_INSTRUMENT_PCT_EQUITY_EXCEEDED"
    limit_key = "per_instrument.max_equity_pct"
    unit = Unit.RATIO

    def judge(self, case: Case) -> Finding:
        """Without equity above zero nothing may be added."""
        equity, limit = case.scene.equity, case.limits.per_instrument.max_equity_pct
        if equity is None:
            return FINE
        figures = [(after, after.value, after.added_value) for after in case.afters]
        breaches = [
            Breach(
                message=_too_much(value, limit * equity, after, "USD"),
                instrument_id=after.instrument_id,
                field_path=after.path("size"),
                observed=shown_at_most(value / equity) if equity > 0 else None,
                limit=limit,
                headroom=_share_left(limit, value - added, equity),
                fits_smaller=equity > 0,
            )
            for after, value, added in figures
            if equity <= 0 or value > limit * equity
        ]
        if breaches:
            return Finding(breaches)
        most = max((value for _, value, _ in figures), default=None)
        return Finding((), None if most is None else shown_at_most(most / equity), limit)


class OrderNotional(Rule):
    """What one plan adds to an instrument is worth no more than the limit for an order.

    The decisions on one instrument count together, as one order would.
    """

    code = "MAX_ORDER_NOTIONAL_EXCEEDED"
    limit_key = "orders.max_order_notional"
    unit = Unit.USD

    def judge(self, case: Case) -> Finding:
        """Both sides count."""
        limit = case.limits.max_order_notional
        added = [(after, sum((i.value for i in after.intents), ZERO)) for after in case.afters]
        breaches = [
            Breach(
                message=_too_much(value, limit, after, "USD"),
                instrument_id=after.instrument_id,
                field_path=after.path("size"),
                observed=value,
                limit=limit,
                headroom=room(limit, ZERO),
                fits_smaller=True,
            )
            for after, value in added
            if value > limit
        ]
        if breaches:
            return Finding(breaches)
        return Finding((), max((value for _, value in added), default=None), limit)


class OpenOrders(Rule):
    """No more orders work at one time than the limit; slices and bracket legs do not count."""

    code = "MAX_OPEN_ORDERS_EXCEEDED"
    limit_key = "orders.max_open"
    unit = Unit.COUNT

    def judge(self, case: Case) -> Finding:
        """Exits are not counted among the new ones: none is ever refused for this."""
        working, limit = case.scene.exposure.open_orders, Decimal(case.limits.orders.max_open)
        return _counted(case, working, len(case.adds), limit, "orders would work")


class PositionCount(Rule):
    """No more instruments are held or being entered than the limit; each leg is one."""

    code = "MAX_POSITIONS_EXCEEDED"
    limit_key = "orders.max_positions"
    unit = Unit.COUNT

    def judge(self, case: Case) -> Finding:
        """Adding to what is held or being entered adds no instrument."""
        exposure, limit = case.scene.exposure, Decimal(case.limits.orders.max_positions)
        fresh = sum(
            1 for move in case.moves.values() if not is_occupied(exposure.line(move.instrument))
        )
        what = "instruments would be held or entered"
        return _counted(case, exposure.occupied, fresh, limit, what)


def _bounded(
    afters: Iterable[After],
    limit: Decimal,
    field: str,
    figure: Callable[[After], tuple[Decimal, Decimal]],
) -> Finding:
    """Every instrument above `limit`. `figure` gives its figure, and what the plan adds to that."""
    most: Decimal | None = None
    breaches: list[Breach] = []
    for after in afters:
        value, added = figure(after)
        if value > limit:
            breaches.append(
                Breach(
                    message=_too_much(value, limit, after),
                    instrument_id=after.instrument_id,
                    field_path=after.path(field),
                    observed=value,
                    limit=limit,
                    headroom=room(limit, value - added),
                    fits_smaller=True,
                )
            )
        most = value if most is None else max(most, value)
    return Finding(breaches) if breaches else Finding((), most, limit)


def _too_much(value: Decimal, limit: Decimal, after: After, unit: str = "") -> str:
    parts = f" in {len(after.intents)} decisions" if len(after.intents) > 1 else ""
    return f"{value:f}{' ' if unit else ''}{unit}{parts} would be above {limit:f}"


def _share_left(limit: Decimal, taken: Decimal, equity: Decimal) -> Decimal | None:
    return room(limit, taken / equity) if equity > 0 else None


def _counted(case: Case, before: int, added: int, limit: Decimal, what: str) -> Finding:
    count = Decimal(before + added)
    if not added or count <= limit:
        return Finding((), count, limit)
    breach = Breach(
        message=f"{count} {what}, at most {limit} may",
        field_path=case.whole_path,
        observed=count,
        limit=limit,
        headroom=room(limit, Decimal(before)),
    )
    return Finding((breach,))


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
)
