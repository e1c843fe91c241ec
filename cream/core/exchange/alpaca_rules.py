"""Which orders would Alpaca refuse to read, whatever the account holds?

The rules that follow from the order alone: class, type and time in force, prices and their ticks,
exits of a bracket, legs of a spread. The gate, the adapter and the simulated venue ask here, so
that an order which passes the gate is not refused at the door. What depends on the account (buying
power, quantity held, wash trades) is in `admission.py`; the rules of legs are in `leg_rules.py`.

Source: docs.alpaca.markets, Orders at Alpaca, Options Trading and Options Level 3 Trading, 2026-11.
"""

from collections.abc import Iterator
from decimal import Decimal

from cream.core.exchange.leg_rules import RuleBreach as RuleBreach
from cream.core.exchange.leg_rules import leg_breaches
from cream.core.model.instrument import Equity, Instrument, OptionContract
from cream.core.model.money import ONE, ZERO
from cream.core.model.order import OrderClass, OrderPurpose, OrderTerms, OrderType
from cream.core.model.plan import PositionIntent, TimeInForce
from cream.core.model.side import BUY

# From one dollar upwards shares are priced in cents, below in hundredths of a cent (SEC Rule 612).
CENT = Decimal("0.01")
SUB_DOLLAR_TICK = Decimal("0.0001")
_CENT_PLACES, _SUB_DOLLAR_PLACES = 2, 4

MAX_CLIENT_ORDER_ID_LENGTH = 128
# Alpaca accepts fractions of a share to nine places.
MAX_FRACTION_PLACES = 9
# A stop must be at least this far behind the price that it guards.
MIN_STOP_DISTANCE = CENT
# A trail of the whole price could never be reached.
MAX_TRAIL_PERCENT = Decimal(100)

# Below this a remainder is exact at nine places with the 28 digits that there are.
_EXACT_BELOW = Decimal(10) ** 15
_STEPS = tuple(Decimal(1).scaleb(-places) for places in range(MAX_FRACTION_PLACES + 1))

_DAY_OR_GTC = frozenset((TimeInForce.DAY, TimeInForce.GTC))
_EVERY_TIF = frozenset(TimeInForce)
_OPTION_TIF = frozenset((TimeInForce.DAY,))

_WITHOUT_TRIGGER = frozenset((OrderType.MARKET, OrderType.LIMIT))
_ALL_BUT_TRAILING = frozenset(OrderType) - {OrderType.TRAILING_STOP}

TYPES_BY_CLASS: dict[OrderClass, frozenset[OrderType]] = {
    OrderClass.SIMPLE: frozenset(OrderType),
    OrderClass.BRACKET: _ALL_BUT_TRAILING,
    OrderClass.OTO: _ALL_BUT_TRAILING,
    OrderClass.OCO: frozenset((OrderType.LIMIT,)),
    OrderClass.MLEG: _WITHOUT_TRIGGER,
}

# Classes whose exits are sent along with the order; elsewhere the levels are watched by Cream.
_WITH_EXITS = frozenset((OrderClass.BRACKET, OrderClass.OTO, OrderClass.OCO))

# What most orders are, by names that are quick to reach (see `core/model/side`).
_DAY, _ENTRY = TimeInForce.DAY, OrderPurpose.ENTRY
_MARKET, _LIMIT = OrderType.MARKET, OrderType.LIMIT
_SIMPLE, _BRACKET = OrderClass.SIMPLE, OrderClass.BRACKET


def tick_size(instrument: Instrument, price: Decimal) -> Decimal:
    """The grid on which a limit or stop `price` of `instrument` must lie.

    Options are taken in cents at every price: the classes in the simulation are in the Penny
    Interval Program, and Alpaca prices spreads in cents.
    """
    if isinstance(instrument, Equity) and -ONE < price < ONE:
        return SUB_DOLLAR_TICK
    return CENT


def allowed_times_in_force(terms: OrderTerms) -> frozenset[TimeInForce]:
    """The times in force that an order of this class, type and instrument may have."""
    if terms.order_class is OrderClass.MLEG or isinstance(terms.instrument, OptionContract):
        return _OPTION_TIF
    simple = terms.order_class is OrderClass.SIMPLE
    return _EVERY_TIF if simple and terms.order_type in _WITHOUT_TRIGGER else _DAY_OR_GTC


def violations_of(terms: OrderTerms) -> tuple[RuleBreach, ...]:
    """Every rule that `terms` break, in the order of the fields; empty where there is none."""
    return () if is_ordinary(terms) else every_violation_of(terms)


def is_ordinary(terms: OrderTerms) -> bool:
    """Whether an order is of the kind that most are, and breaks no rule: told without all of them.

    Whole shares, at the market or at a limit in cents, for the day, alone or with exits that stand
    where they belong. Of others it says nothing.
    """
    if (
        terms.time_in_force is not _DAY
        or terms.legs
        or _has_trail(terms)
        or terms.stop_price is not None
        or not isinstance(terms.instrument, Equity)
        or not 0 < len(terms.client_order_id) <= MAX_CLIENT_ORDER_ID_LENGTH
    ):
        return False
    quantity, limit = terms.quantity, terms.limit_price
    if not quantity.is_finite() or not ZERO < quantity < _EXACT_BELOW or quantity % ONE:
        return False
    if terms.order_type is not (_MARKET if limit is None else _LIMIT):
        return False
    if not _is_plain(limit):
        return False
    if terms.order_class is _SIMPLE:
        return True
    stop, target = terms.stop_loss, terms.take_profit
    if terms.order_class is not _BRACKET or stop is None or target is None:
        return False
    if terms.purpose is not _ENTRY or not (_is_plain(stop) and _is_plain(target)):
        return False
    if limit is None:
        return stop < target if terms.side is BUY else stop > target
    return stop < limit < target if terms.side is BUY else target < limit < stop


def every_violation_of(terms: OrderTerms) -> tuple[RuleBreach, ...]:
    """As `violations_of`, by asking every rule."""
    found = [*_identity(terms), *_shape(terms), *_quantity(terms), *_prices(terms)]
    # What an order does not have breaks no rule: most have none of these.
    if terms.order_type is OrderType.TRAILING_STOP or _has_trail(terms):
        found.extend(_trail(terms))
    if terms.order_class is not OrderClass.SIMPLE:
        found.extend(_exits(terms))
    if terms.legs or terms.order_class is OrderClass.MLEG:
        found.extend(_legs(terms))
    return tuple(found)


def _identity(terms: OrderTerms) -> Iterator[RuleBreach]:
    if not 0 < len(terms.client_order_id) <= MAX_CLIENT_ORDER_ID_LENGTH:
        message = f"client_order_id must have 1 to {MAX_CLIENT_ORDER_ID_LENGTH} characters"
        yield RuleBreach("INVALID_CLIENT_ORDER_ID", message, "client_order_id")


def _shape(terms: OrderTerms) -> Iterator[RuleBreach]:
    """Class against instrument, type and time in force."""
    on_option = isinstance(terms.instrument, OptionContract)
    if on_option and terms.order_class in _WITH_EXITS:
        message = "complex orders not supported for options trading"
        yield RuleBreach("COMPLEX_ORDER_ON_OPTION", message, "order_class")
    if on_option and terms.order_type is OrderType.TRAILING_STOP:
        message = "trailing stops are not supported for options trading"
        yield RuleBreach("INVALID_ORDER_TYPE", message, "order_type")
    elif terms.order_type not in TYPES_BY_CLASS[terms.order_class]:
        name = terms.order_class.value.lower()
        message = f"{name} orders cannot be of type {terms.order_type.value.lower()}"
        yield RuleBreach("INVALID_ORDER_TYPE", message, "order_type")
    if terms.time_in_force is TimeInForce.DAY:
        return  # What every order may be.
    allowed = allowed_times_in_force(terms)
    if terms.time_in_force not in allowed:
        words = ", ".join(tif.value.lower() for tif in TimeInForce if tif in allowed)
        message = f"invalid time_in_force: this order may be {words}"
        yield RuleBreach("INVALID_TIME_IN_FORCE", message, "time_in_force")


def _quantity(terms: OrderTerms) -> Iterator[RuleBreach]:
    quantity = terms.quantity
    if not quantity.is_finite() or quantity <= 0:
        yield RuleBreach("INVALID_QUANTITY", "qty must be above zero", "quantity")
        return
    if not _needs_more_places(quantity, 0):
        return
    if terms.order_class is OrderClass.MLEG or isinstance(terms.instrument, OptionContract):
        message = "qty must be integer for options trading"
        yield RuleBreach("FRACTIONAL_QUANTITY", message, "quantity")
    elif terms.order_class is not OrderClass.SIMPLE:
        message = "fractional orders must be simple orders"
        yield RuleBreach("FRACTIONAL_QUANTITY", message, "quantity")
    elif terms.time_in_force is not TimeInForce.DAY:
        message = "fractional orders must be DAY orders"
        yield RuleBreach("FRACTIONAL_QUANTITY", message, "time_in_force")
    elif terms.position_intent is PositionIntent.SELL_TO_OPEN:
        message = "fractional orders cannot be sold short"
        yield RuleBreach("FRACTIONAL_QUANTITY", message, "quantity")
    elif _needs_more_places(quantity, MAX_FRACTION_PLACES):
        message = f"qty may have at most {MAX_FRACTION_PLACES} places"
        yield RuleBreach("FRACTIONAL_QUANTITY", message, "quantity")


def _prices(terms: OrderTerms) -> Iterator[RuleBreach]:
    """Each price is there exactly if the type has it, above zero and on the tick."""
    kind = terms.order_type
    has_limit = kind is OrderType.LIMIT or kind is OrderType.STOP_LIMIT
    has_stop = kind is OrderType.STOP or kind is OrderType.STOP_LIMIT
    if has_limit is (terms.limit_price is None) or not _is_plain(terms.limit_price):
        yield from _working_price(terms, "limit_price", terms.limit_price, wanted=has_limit)
    if has_stop is (terms.stop_price is None) or not _is_plain(terms.stop_price):
        yield from _working_price(terms, "stop_price", terms.stop_price, wanted=has_stop)
    if terms.order_class is not OrderClass.SIMPLE and terms.order_class is not OrderClass.MLEG:
        if terms.take_profit is not None and not _is_plain(terms.take_profit):
            yield from _price(terms, "take_profit", terms.take_profit)
        if terms.stop_loss is not None and not _is_plain(terms.stop_loss):
            yield from _price(terms, "stop_loss", terms.stop_loss)


def _is_plain(price: Decimal | None) -> bool:
    """Whether a price is none, or in whole cents above zero: of most there is no more to say."""
    if price is None:
        return True
    return price.is_finite() and ZERO < price < _EXACT_BELOW and not price % CENT


def _working_price(
    terms: OrderTerms, name: str, price: Decimal | None, *, wanted: bool
) -> Iterator[RuleBreach]:
    if price is not None and wanted:
        yield from _price(terms, name, price)
    elif price is not None:
        message = f"{terms.order_type.value.lower()} orders must not have {name}"
        yield RuleBreach(f"UNEXPECTED_{name.upper()}", message, name)
    elif wanted:
        message = f"{terms.order_type.value.lower()} orders require {name}"
        yield RuleBreach(f"MISSING_{name.upper()}", message, name)


def _price(terms: OrderTerms, name: str, price: Decimal) -> Iterator[RuleBreach]:
    # A spread may be opened for a credit, or for nothing.
    signed = terms.order_class is OrderClass.MLEG
    if not price.is_finite() or (price <= 0 and not signed):
        yield RuleBreach("INVALID_PRICE", f"{name} must be above zero", name)
        return
    if not _needs_more_places(price, _CENT_PLACES):
        return
    fine = not signed and tick_size(terms.instrument, price) is SUB_DOLLAR_TICK
    if not fine or _needs_more_places(price, _SUB_DOLLAR_PLACES):
        message = (
            f"invalid {name} {price}. sub-penny increment does not fulfill minimum pricing criteria"
        )
        yield RuleBreach("SUB_PENNY_PRICE", message, name)


def _needs_more_places(value: Decimal, places: int) -> bool:
    """Whether `value` cannot be written with `places` decimals.

    Exact for any size, where the remainder of a division would overflow.
    """
    if abs(value) < _EXACT_BELOW:
        return value % _STEPS[places] != 0
    _, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int) or exponent >= -places or not value:
        return False
    return any(digits[exponent + places :])


def _has_trail(terms: OrderTerms) -> bool:
    return terms.trail_price is not None or terms.trail_percent is not None


def _trail(terms: OrderTerms) -> Iterator[RuleBreach]:
    given = [
        (name, trail)
        for name, trail in (
            ("trail_price", terms.trail_price),
            ("trail_percent", terms.trail_percent),
        )
        if trail is not None
    ]
    if terms.order_type is not OrderType.TRAILING_STOP:
        for name, _ in given:
            message = f"only trailing_stop orders may have {name}"
            yield RuleBreach("UNEXPECTED_TRAIL", message, name)
        return
    if len(given) != 1:
        message = "trailing_stop orders require exactly one of trail_price and trail_percent"
        yield RuleBreach("INVALID_TRAIL", message, "trail_price")
    for name, trail in given:
        if not trail.is_finite() or trail <= 0:
            yield RuleBreach("INVALID_TRAIL", f"{name} must be above zero", name)
        elif name == "trail_percent" and trail >= MAX_TRAIL_PERCENT:
            yield RuleBreach("INVALID_TRAIL", "trail_percent must be below 100", name)


def _exits(terms: OrderTerms) -> Iterator[RuleBreach]:
    """The exits that travel with an order: which there must be, and on which side."""
    entry = terms.purpose is OrderPurpose.ENTRY
    match terms.order_class:
        case OrderClass.SIMPLE | OrderClass.MLEG:
            return
        case OrderClass.BRACKET:
            if terms.take_profit is None:
                message = "bracket orders require take_profit.limit_price"
                yield RuleBreach("MISSING_TAKE_PROFIT", message, "take_profit")
            if terms.stop_loss is None:
                message = "bracket orders require stop_loss.stop_price"
                yield RuleBreach("MISSING_STOP_LOSS", message, "stop_loss")
        case OrderClass.OTO:
            if (terms.take_profit is None) == (terms.stop_loss is None):
                message = "oto orders require exactly one of take_profit and stop_loss"
                yield RuleBreach("INVALID_OTO_EXITS", message, "take_profit")
        case OrderClass.OCO:
            if terms.stop_loss is None:
                message = "oco orders require stop_loss.stop_price"
                yield RuleBreach("MISSING_STOP_LOSS", message, "stop_loss")
            if terms.take_profit not in (None, terms.limit_price):
                message = "the limit_price of an oco order is its take_profit"
                yield RuleBreach("INVALID_TAKE_PROFIT", message, "take_profit")
    if entry == (terms.order_class is OrderClass.OCO):
        name = terms.order_class.value.lower()
        wanted = "exit" if terms.order_class is OrderClass.OCO else "entry"
        yield RuleBreach("INVALID_PURPOSE", f"{name} orders must be {wanted} orders", "purpose")
    yield from _levels(terms)


def _levels(terms: OrderTerms) -> Iterator[RuleBreach]:
    """Target beyond the entry, stop behind it, each by at least a cent; target beyond stop."""
    gains_up = (terms.side is BUY) != (terms.order_class is OrderClass.OCO)
    sign = 1 if gains_up else -1
    stop, target = _number(terms.stop_loss), _number(terms.take_profit)
    base = _number(terms.limit_price)
    beyond, behind = (">", "<") if gains_up else ("<", ">")
    if stop is not None and target is not None and sign * (target - stop) <= 0:
        message = f"take_profit.limit_price must be {beyond} stop_loss.stop_price"
        yield RuleBreach("EXITS_INVERTED", message, "take_profit")
    if base is None:
        return
    if stop is not None and sign * (base - stop) < MIN_STOP_DISTANCE:
        message = f"stop_loss.stop_price must be {behind}= {base - sign * MIN_STOP_DISTANCE}"
        yield RuleBreach("STOP_TOO_CLOSE", message, "stop_loss")
    entry = terms.order_class is not OrderClass.OCO
    if entry and target is not None and sign * (target - base) < MIN_STOP_DISTANCE:
        message = f"take_profit.limit_price must be {beyond}= {base + sign * MIN_STOP_DISTANCE}"
        yield RuleBreach("TARGET_TOO_CLOSE", message, "take_profit")


def _number(level: Decimal | None) -> Decimal | None:
    return level if level is not None and level.is_finite() else None


def _legs(terms: OrderTerms) -> Iterator[RuleBreach]:
    legs = terms.legs
    if terms.order_class is OrderClass.MLEG:
        yield from leg_breaches(legs, terms.instrument.underlying)
    elif legs:
        yield RuleBreach("UNEXPECTED_LEGS", "only mleg orders may have legs", "legs")
