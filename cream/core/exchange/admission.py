"""Would the venue take this order, given what the account holds and what already works?

The refusals that depend on state, in the order in which they are looked for, each with a code of
ours and Alpaca's words. What follows from the order alone is in `alpaca_rules.py`.

Source: docs.alpaca.markets, Orders at Alpaca and User Protection, 2026-11.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from attrs import frozen

from cream.core.exchange.account import MIN_MARGIN_EQUITY, MarkOf, VenueAccount
from cream.core.exchange.alpaca_rules import MIN_STOP_DISTANCE, violations_of
from cream.core.exchange.alpaca_status import VenueStatus
from cream.core.exchange.auctions import has_auctions, takes_orders
from cream.core.exchange.calendar import Sessions
from cream.core.exchange.margin import SHARE_MARGIN, OptionHolding
from cream.core.exchange.market_view import VenueMarket
from cream.core.exchange.matching import far_price
from cream.core.exchange.venue_order import VenueOrder
from cream.core.model.broker import Refused
from cream.core.model.instrument import Equity, Instrument, OptionContract, OptionRight
from cream.core.model.money import ZERO
from cream.core.model.order import OrderClass, OrderTerms, OrderType, Side
from cream.core.model.plan import PositionIntent
from cream.core.options.occ import expires_at

# Names that callers branch on.
NOT_UNIQUE = "CLIENT_ORDER_ID_NOT_UNIQUE"
INSUFFICIENT_QTY = "INSUFFICIENT_QTY"
INSUFFICIENT_BUYING_POWER = "INSUFFICIENT_BUYING_POWER"
WASH_TRADE = "WASH_TRADE"

# From half an hour before its end a contract cannot be opened (Alpaca, 15:30 on expiration day).
CLOSING_ONLY_BEFORE_EXPIRY = timedelta(minutes=30)
# A short sale at the market is taken to sell a little above the offer, so that it stays covered.
SHORT_SALE_MARKUP = Decimal("1.03")

_WITH_EXITS = frozenset((OrderClass.BRACKET, OrderClass.OTO, OrderClass.OCO))
_CLOSING = frozenset((PositionIntent.BUY_TO_CLOSE, PositionIntent.SELL_TO_CLOSE))


@frozen(kw_only=True)
class Standing:
    """What an order is judged against.

    `open_orders` gives those on the order's underlying, `roots_on` those that buy or sell a symbol
    and are nobody's exits.
    """

    account: VenueAccount
    market: VenueMarket
    sessions: Sessions
    mark_of: MarkOf
    open_orders: Callable[[], Sequence[VenueOrder]]
    roots_on: Callable[[str, Side], Sequence[VenueOrder]]
    reserved: Decimal
    now: datetime


@frozen
class Admitted:
    """The order may work. `margin_each` is what each unit of it keeps reserved. Units: dollars."""

    margin_each: Decimal


def judge(terms: OrderTerms, standing: Standing) -> Admitted | Refused:
    """Admission, or the first reason why not."""
    for breach in violations_of(terms):
        return Refused(breach.code, breach.message)
    for refusal in _refusals(terms, standing):
        return refusal
    return _afford(terms, standing)


def held_for_orders(symbol: str, closing: Side, open_orders: Iterable[VenueOrder]) -> Decimal:
    """How much of `symbol` working orders of side `closing` have laid hands on.

    The exits of an entry that has not filled hold nothing yet, and of a target and its stop only
    the target counts: they are after the same shares.
    """
    total = ZERO
    for order in open_orders:
        if order.status is VenueStatus.HELD:
            continue
        for instrument, side, quantity in order.deltas(order.leaves):
            if instrument.symbol == symbol and side is closing:
                total += quantity
    return total


def _refusals(terms: OrderTerms, standing: Standing) -> Iterator[Refused]:
    yield from _listed(terms, standing)
    yield from _timing(terms, standing)
    for instrument, side, quantity, intent in _deltas(terms):
        yield from _quantity(terms, standing, instrument, side, quantity, intent)
    yield from _wash_trade(terms, standing)
    yield from _stop_against_market(terms, standing)


def _deltas(
    terms: OrderTerms,
) -> Iterator[tuple[Instrument, Side, Decimal, PositionIntent | None]]:
    if not terms.legs:
        yield terms.instrument, terms.side, terms.quantity, terms.position_intent
    for leg in terms.legs:
        yield leg.contract, leg.side, terms.quantity * abs(leg.ratio), leg.intent


def _listed(terms: OrderTerms, standing: Standing) -> Iterator[Refused]:
    for instrument, *_ in _deltas(terms):
        symbol = instrument.symbol
        if not standing.market.knows(instrument, standing.now):
            if isinstance(instrument, Equity):
                yield Refused("ASSET_NOT_FOUND", f"asset not found for {symbol}")
            elif expires_at(instrument) <= standing.now:
                yield Refused("CONTRACT_EXPIRED", f'contract "{symbol}" is expired')
            else:
                yield Refused("CONTRACT_NOT_FOUND", f"option contract {symbol} not found")
        elif standing.market.latest(symbol) is None:
            yield Refused("NO_QUOTE", f"there is no quote for {symbol}")


def _timing(terms: OrderTerms, standing: Standing) -> Iterator[Refused]:
    tif = terms.time_in_force
    if tif.is_in_auction and not has_auctions(standing.sessions):
        message = f"a market that never closes has no auctions ({tif.value.lower()})"
        yield Refused("INVALID_TIME_IN_FORCE", message)
    elif tif.is_in_auction and not takes_orders(tif, standing.sessions, standing.now):
        yield Refused("INVALID_TIME_IN_FORCE", f"{tif.value.lower()} orders are not taken now")
    options = [
        (instrument, side, intent)
        for instrument, side, _, intent in _deltas(terms)
        if isinstance(instrument, OptionContract)
    ]
    if not options:
        return
    if terms.order_type is OrderType.MARKET and not standing.sessions.is_open(standing.now):
        message = "options market orders are only allowed during market hours"
        yield Refused("MARKET_CLOSED", message)
    for contract, side, _ in options:
        opens = standing.account.held(contract.symbol) * side.sign >= 0
        if opens and standing.now >= expires_at(contract) - CLOSING_ONLY_BEFORE_EXPIRY:
            message = f'contract "{contract.symbol}" expires soon, unable to open new positions'
            yield Refused("CONTRACT_EXPIRES_SOON", message)


def _quantity(
    terms: OrderTerms,
    standing: Standing,
    instrument: Instrument,
    side: Side,
    quantity: Decimal,
    intent: PositionIntent | None,
) -> Iterator[Refused]:
    """Closing takes at most what is held and free; opening must not meet an opening the other way.

    Alpaca refuses an order that would turn a long position into a short one, or back.
    """
    symbol = instrument.symbol
    held = standing.account.held(symbol)
    closes = held * side.sign < 0
    if intent is not None and (intent in _CLOSING) != closes:
        word = _inferred(side, closes=closes)
        message = f"position intent mismatch, inferred: {word}, specified: {intent.value}"
        yield Refused("POSITION_INTENT_MISMATCH", message)
        return
    if terms.order_class in _WITH_EXITS and closes != (terms.order_class is OrderClass.OCO):
        name = terms.order_class.value.lower()
        message = f"{name} orders must be {'entry' if closes else 'exit'} orders"
        yield Refused("INVALID_PURPOSE", message)
        return
    if closes:
        available = abs(held) - held_for_orders(symbol, side, standing.open_orders())
        if quantity > available:
            message = (
                "insufficient qty available for order "
                f"(requested: {quantity:f}, available: {available:f})"
            )
            yield Refused(INSUFFICIENT_QTY, message)
        return
    # Nothing is held, so that whatever works on the other side would open there.
    if held == 0 and standing.roots_on(symbol, side.opposite):
        ours, theirs = (
            ("long buy", "short sell") if side is Side.BUY else ("short sell", "long buy")
        )
        message = f"cannot open a {ours} while a {theirs} order is open"
        yield Refused("OPPOSITE_ORDER_OPEN", message)
    if side is Side.SELL and isinstance(instrument, Equity):
        yield from _short_sale(terms, standing)


def _inferred(side: Side, *, closes: bool) -> str:
    return f"{side.value.lower()}_to_{'close' if closes else 'open'}"


def _short_sale(terms: OrderTerms, standing: Standing) -> Iterator[Refused]:
    if terms.quantity != terms.quantity.to_integral_value():
        yield Refused("FRACTIONAL_QUANTITY", "fractional orders cannot be sold short")
    if standing.account.equity(standing.mark_of) < MIN_MARGIN_EQUITY:
        message = f"account is not allowed to short: equity below {MIN_MARGIN_EQUITY}"
        yield Refused("SHORTING_NOT_ALLOWED", message)


def _wash_trade(terms: OrderTerms, standing: Standing) -> Iterator[Refused]:
    """Two simple orders of one account must not be able to trade with each other.

    Orders with exits, spreads and trailing stops are exempt.
    """
    trailing = OrderType.TRAILING_STOP
    if terms.order_class is not OrderClass.SIMPLE or terms.order_type is trailing:
        return
    price = _wash_price(terms.order_type, terms.limit_price)
    for order in standing.roots_on(terms.instrument.symbol, terms.side.opposite):
        if order.order_class is not OrderClass.SIMPLE or order.order_type is trailing:
            continue
        other = _wash_price(order.order_type, order.limit_price)
        if price is None or other is None or terms.side.sign * (price - other) >= 0:
            message = "potential wash trade detected. use complex orders"
            yield Refused(WASH_TRADE, message)
            return


def _wash_price(order_type: OrderType, limit: Decimal | None) -> Decimal | None:
    """The price that bounds an order; None where it may trade anywhere."""
    return limit if order_type is OrderType.LIMIT else None


def _stop_against_market(terms: OrderTerms, standing: Standing) -> Iterator[Refused]:
    """A stop that travels with an order must not be reached already."""
    if terms.order_class not in _WITH_EXITS or terms.stop_loss is None:
        return
    exit_side = terms.side if terms.order_class is OrderClass.OCO else terms.side.opposite
    base = far_price(standing.market.latest(terms.instrument.symbol), exit_side)
    if base is not None and exit_side.sign * (terms.stop_loss - base) < MIN_STOP_DISTANCE:
        beyond = ">=" if exit_side is Side.BUY else "<="
        bound = base + exit_side.sign * MIN_STOP_DISTANCE
        message = f"stop_loss.stop_price must be {beyond} base_price: {bound}"
        yield Refused("STOP_TOO_CLOSE", message)


def _afford(terms: OrderTerms, standing: Standing) -> Admitted | Refused:
    """What the order ties up, against what is free."""
    if isinstance(terms.instrument, Equity) and not terms.legs:
        required = _share_margin(terms, standing)
    else:
        required = _option_cost(terms, standing)
    if required is None:
        message = "account not eligible to trade uncovered option contracts"
        return Refused("UNCOVERED_OPTION", message)
    excess = standing.account.excess(standing.mark_of, standing.reserved)
    if required > 0 and required > excess:
        words = "insufficient buying power"
        message = f"{words} (required: {required:.2f}, available: {max(ZERO, excess):.2f})"
        return Refused(INSUFFICIENT_BUYING_POWER, message)
    return Admitted(max(ZERO, required) / terms.quantity)


def _share_margin(terms: OrderTerms, standing: Standing) -> Decimal | None:
    """Half of what an opening costs. A sale may leave short calls without cover; else nothing."""
    symbol, side = terms.instrument.symbol, terms.side
    held = standing.account.held(symbol)
    if held * side.sign < 0:
        return _uncovering(terms, standing) if side is Side.SELL else ZERO
    price = _price_bound(terms, standing)
    if side is Side.SELL:
        ask = _far_side(standing, symbol, Side.BUY)
        price = max(price, ask * SHORT_SALE_MARKUP)
    return price * terms.quantity * SHARE_MARGIN


def _uncovering(terms: OrderTerms, standing: Standing) -> Decimal | None:
    """How much more the calls could lose once the shares are sold. None: they would be naked."""
    return _rise(standing, terms.instrument.symbol, (), terms.quantity)


def _option_cost(terms: OrderTerms, standing: Standing) -> Decimal | None:
    """Premium plus the rise in what the options on this underlying can lose."""
    changes = [
        OptionHolding(instrument, side.sign * quantity)
        for instrument, side, quantity, _ in _deltas(terms)
        if isinstance(instrument, OptionContract)
    ]
    rise = _rise(standing, terms.instrument.underlying, changes, ZERO)
    if rise is None:
        return None
    premium = _premium(terms, standing) * terms.quantity * changes[0].contract.multiplier
    return rise + premium


def _rise(
    standing: Standing, underlying: str, changes: Sequence[OptionHolding], shares_sold: Decimal
) -> Decimal | None:
    """By how much a requirement grows; None if it becomes unbounded, nothing if it was.

    The larger of two: with the rolls that work unfilled, and filled.
    """
    account, working = standing.account, standing.open_orders()
    pending, sold = _working_sales(underlying, working)
    worst: Decimal | None = None
    rolls = _working_rolls(working)
    for rolled in ([], rolls) if rolls else ([],):
        standing_already = [*pending, *rolled]
        before = account.requirement_of(underlying, standing_already, sold)
        after = account.requirement_of(
            underlying, [*standing_already, *changes], sold + shares_sold
        )
        if after is None:
            return None
        rise = after - before if before is not None else ZERO
        worst = rise if worst is None else max(worst, rise)
    return worst


def _working_rolls(open_orders: Iterable[VenueOrder]) -> list[OptionHolding]:
    """What working rolls would change: each takes away as much as it brings, at once."""
    return [
        OptionHolding(instrument, side.sign * quantity)
        for order in open_orders
        if order.rolls
        for instrument, side, quantity in order.deltas(order.leaves)
        if isinstance(instrument, OptionContract)
    ]


def _working_sales(
    underlying: str, open_orders: Iterable[VenueOrder]
) -> tuple[list[OptionHolding], Decimal]:
    """What working orders may take away from the cover of short calls: contracts, and shares.

    A spread that opens covers itself and does not count; what it or a purchase would add cannot
    be relied on before it has filled.
    """
    contracts: list[OptionHolding] = []
    shares = ZERO
    for order in open_orders:
        if order.status is VenueStatus.HELD or order.rolls:
            continue
        changes = []
        for instrument, side, quantity in order.deltas(order.leaves):
            if isinstance(instrument, OptionContract):
                changes.append(OptionHolding(instrument, side.sign * quantity))
            elif side is Side.SELL and instrument.symbol == underlying:
                shares += quantity
        calls = (one.quantity for one in changes if one.contract.right is OptionRight.CALL)
        if len(changes) == 1 or sum(calls, ZERO) < 0:
            contracts += [one for one in changes if one.quantity < 0]
    return contracts, shares


def _premium(terms: OrderTerms, standing: Standing) -> Decimal:
    """Dollars per share paid for one unit, negative if received."""
    if not terms.legs:
        return terms.side.sign * _price_bound(terms, standing)
    if terms.limit_price is not None:
        return terms.limit_price
    net = ZERO
    for leg in terms.legs:
        net += leg.ratio * (
            far_price(standing.market.latest(leg.contract.symbol), leg.side) or ZERO
        )
    return net


def _price_bound(terms: OrderTerms, standing: Standing) -> Decimal:
    """The price at which an order is checked: its limit, or the far side, or its stop if worse."""
    if terms.limit_price is not None:
        return terms.limit_price
    far = _far_side(standing, terms.instrument.symbol, terms.side)
    if terms.stop_price is None:
        return far
    return max(far, terms.stop_price)


def _far_side(standing: Standing, symbol: str, side: Side) -> Decimal:
    """What `side` would trade at; the middle where that side is empty or the quote is crossed."""
    quote = standing.market.latest(symbol)
    if quote is None:
        return ZERO
    price = far_price(quote, side)
    return price if price is not None else quote.mid


def reserved_margin(open_orders: Iterable[VenueOrder]) -> Decimal:
    """What all of `open_orders` keep reserved. Units: dollars."""
    return sum((order.margin_each * order.leaves for order in open_orders), ZERO)
