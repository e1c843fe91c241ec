"""What must be done, now, so that no filled share stays unprotected?

Decided from the book and the latest quotes alone. A position with levels is guarded in this order:
by stop orders that work at the broker; for whatever they do not cover, by watching quotes here and
exiting when a level is reached; and, where the venue can hold it, by placing the missing stop at
the broker again. The local watch has no gap: it begins with the first filled share.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from attrs import field, frozen

from cream.core.execution.book import Book
from cream.core.execution.levels import Protection, Trigger, reached
from cream.core.model.ids import client_order_id, digest
from cream.core.model.instrument import Equity
from cream.core.model.market import Quote
from cream.core.model.money import ZERO
from cream.core.model.order import (
    Order,
    OrderClass,
    OrderPurpose,
    OrderTerms,
    OrderType,
    Side,
)
from cream.core.model.plan import TimeInForce


@frozen(kw_only=True)
class ExitNow:
    """A level was reached: cancel what would add to the position, then close `terms.quantity`."""

    symbol: str
    trigger: Trigger
    level: Decimal
    price: Decimal
    terms: OrderTerms
    cancel_first: tuple[str, ...]


@frozen(kw_only=True)
class PlaceProtection:
    """The broker should hold this protective order."""

    symbol: str
    terms: OrderTerms


ProtectiveAction = ExitNow | PlaceProtection


@frozen(kw_only=True)
class Coverage:
    """How much of a position is guarded by what. Units: shares or contracts, unsigned."""

    held: Decimal
    at_broker: Decimal
    exiting: Decimal

    @property
    def uncovered(self) -> Decimal:
        """What neither a broker's stop nor a working exit takes care of."""
        return max(ZERO, self.held - self.at_broker - self.exiting)


def exit_side(quantity: Decimal) -> Side:
    """The side that closes a position of this sign."""
    return Side.SELL if quantity > 0 else Side.BUY


def working_exits(book: Book, symbol: str, side: Side) -> Iterator[Order]:
    """Open orders that would close `symbol`, protective or not."""
    for order in book.open_orders():
        terms = order.terms
        if terms.instrument.symbol != symbol or terms.side is not side or terms.is_tactic:
            continue
        if terms.purpose is not OrderPurpose.ENTRY:
            yield order


def coverage(book: Book, symbol: str) -> Coverage:
    """Who guards the position in `symbol`.

    A bracket's stop counts only once its entry is closed: until then the broker holds it back.
    """
    position = book.positions[symbol]
    at_broker = exiting = ZERO
    for order in working_exits(book, symbol, exit_side(position.quantity)):
        if order.terms.purpose is OrderPurpose.STOP_LOSS:
            at_broker += ZERO if _waits_for_entry(book, order) else order.leaves
        elif order.terms.purpose is OrderPurpose.EXIT:
            exiting += order.leaves
    return Coverage(held=abs(position.quantity), at_broker=at_broker, exiting=exiting)


def holders_to_release(book: Book, leaving: Order) -> Sequence[Order]:
    """Protective orders that must go before the exit `leaving` can be sent, newest first.

    A venue sells no share twice: what a stop or target works with is held for it. Orders of one
    group (a bracket's legs, an OCO pair) hold the same shares, so they count once and go together.
    """
    symbol = leaving.terms.instrument.symbol
    free = abs(book.position(leaving.terms.instrument).quantity)
    groups: dict[str, list[Order]] = {}
    for order in working_exits(book, symbol, leaving.terms.side):
        if order.terms.purpose.is_protective:
            groups.setdefault(_group(order), []).append(order)
        elif order.order_id != leaving.order_id:
            free -= order.leaves
    held = {name: max(order.leaves for order in group) for name, group in groups.items()}
    free -= sum(held.values(), ZERO)
    released: list[Order] = []
    for name in reversed(groups):
        if free >= leaving.terms.quantity:
            break
        free += held[name]
        released.extend(groups[name])
    return released


def _group(order: Order) -> str:
    """What ties an order to those that hold the same shares."""
    alone = order.terms.order_class is OrderClass.SIMPLE
    own_parent = order.terms.order_class is OrderClass.OCO and (
        order.terms.purpose is OrderPurpose.TAKE_PROFIT
    )
    if alone or own_parent or order.terms.parent_order_id is None:
        return order.order_id
    return order.terms.parent_order_id


def protected_quantity(book: Book, symbol: str) -> Decimal:
    """How much of the position has a stop, here or at the broker."""
    position = book.positions[symbol]
    cover = coverage(book, symbol)
    protection = book.protections.get(symbol)
    if protection is not None and protection.stop_loss is not None:
        return abs(position.quantity)
    return min(cover.at_broker, cover.held)


def _waits_for_entry(book: Book, stop: Order) -> bool:
    parent = book.find(stop.terms.parent_order_id or "")
    return parent is not None and parent.terms.purpose is OrderPurpose.ENTRY and parent.is_open


@frozen(kw_only=True)
class ProtectionPolicy:
    """When a missing stop is placed at the broker again. Units: seconds.

    `settle_seconds` lets the broker's own legs appear first; `retry_seconds` doubles with each
    attempt (R-24); after `max_attempts` only the local watch remains.
    """

    place_at_broker: bool = True
    settle_seconds: float = 1.0
    retry_seconds: float = 5.0
    max_attempts: int = 3
    uncovered_since: Mapping[str, datetime] = field(factory=dict)


def decide(
    book: Book,
    quote_of: Callable[[str], Quote | None],
    now: datetime,
    policy: ProtectionPolicy,
    symbols: Sequence[str] | None = None,
) -> Iterator[ProtectiveAction]:
    """What to do about each protected position (only `symbols`, where given)."""
    chosen = list(book.protections) if symbols is None else symbols
    for symbol in chosen:
        protection = book.protections.get(symbol)
        if protection is None or _exit_works(book, protection):
            continue
        cover = coverage(book, symbol)
        if cover.uncovered <= 0:
            continue
        quote = quote_of(protection.watched)
        position = book.positions[symbol]
        hit = reached(protection, position.quantity, quote) if quote is not None else None
        if hit is not None:
            yield _exit(book, protection, cover.uncovered, hit)
        elif policy.place_at_broker and _may_place(book, protection, now, policy):
            yield _placement(book, protection, cover.uncovered)


def _exit_works(book: Book, protection: Protection) -> bool:
    """A reached level fires once: nothing more happens while its exit works."""
    if protection.exit_order_id is None:
        return False
    order = book.find(protection.exit_order_id)
    return order is not None and order.is_open


def _exits_of(book: Book, protection: Protection) -> Sequence[Order]:
    """Exits that reached levels of this entry have caused so far."""
    children = book.children(protection.entry_order_id)
    return [order for order in children if order.terms.purpose is OrderPurpose.EXIT]


def _placed_for(book: Book, protection: Protection) -> Sequence[Order]:
    """Protective orders that were placed after the entry, not with it as legs of its bracket."""
    alone = (OrderClass.OCO, OrderClass.SIMPLE)
    return [
        order
        for order in book.children(protection.entry_order_id)
        if order.terms.purpose.is_protective and order.terms.order_class in alone
    ]


def _exit(
    book: Book,
    protection: Protection,
    quantity: Decimal,
    hit: tuple[Trigger, Decimal, Decimal],
) -> ExitNow:
    trigger, level, price = hit
    symbol = protection.instrument.symbol
    held = book.positions[symbol].quantity
    entry = book.order(protection.entry_order_id).terms
    attempt = len(_exits_of(book, protection))
    order_id = "o" + digest(entry.order_id, "exit", str(attempt))
    terms = OrderTerms(
        order_id=order_id,
        client_order_id=client_order_id(order_id),
        plan_id=entry.plan_id,
        cycle_id=entry.cycle_id,
        decision_id=entry.decision_id,
        instrument=protection.instrument,
        side=exit_side(held),
        order_type=OrderType.MARKET,
        order_class=OrderClass.SIMPLE,
        time_in_force=TimeInForce.DAY,
        quantity=quantity,
        purpose=OrderPurpose.EXIT,
        parent_order_id=entry.order_id,
    )
    return ExitNow(
        symbol=symbol,
        trigger=trigger,
        level=level,
        price=price,
        terms=terms,
        cancel_first=tuple(_entries_that_add(book, symbol, held)),
    )


def _entries_that_add(book: Book, symbol: str, held: Decimal) -> Iterator[str]:
    adding = Side.BUY if held > 0 else Side.SELL
    for order in book.open_orders():
        terms = order.terms
        entry = terms.purpose is OrderPurpose.ENTRY
        if entry and terms.instrument.symbol == symbol and terms.side is adding:
            yield order.order_id


def _may_place(book: Book, protection: Protection, now: datetime, policy: ProtectionPolicy) -> bool:
    """Only shares, only once the entry is done, and only as often as the policy allows."""
    if not isinstance(protection.instrument, Equity):
        return False
    symbol = protection.instrument.symbol
    since = policy.uncovered_since.get(symbol)
    if since is None or now - since < timedelta(seconds=policy.settle_seconds):
        return False
    held = book.positions[symbol].quantity
    if any(True for _ in _entries_that_add(book, symbol, held)):
        return False
    placed = _placed_for(book, protection)
    if not placed:
        return True
    if len(placed) >= policy.max_attempts and all(order.filled == 0 for order in placed[-3:]):
        return False
    wait = policy.retry_seconds * 2 ** (len(placed) - 1)
    return now - placed[-1].updated_at >= timedelta(seconds=min(wait, 60))


def _placement(book: Book, protection: Protection, quantity: Decimal) -> PlaceProtection:
    symbol = protection.instrument.symbol
    held = book.positions[symbol].quantity
    entry = book.order(protection.entry_order_id).terms
    attempt = len(_placed_for(book, protection))
    order_id = "o" + digest(entry.order_id, "protect", str(attempt))
    stop, target = protection.stop_loss, protection.take_profit
    both = stop is not None and target is not None
    order_type = OrderType.LIMIT if target is not None else OrderType.STOP
    terms = OrderTerms(
        order_id=order_id,
        client_order_id=client_order_id(order_id),
        plan_id=entry.plan_id,
        cycle_id=entry.cycle_id,
        decision_id=entry.decision_id,
        instrument=protection.instrument,
        side=exit_side(held),
        order_type=order_type,
        order_class=OrderClass.OCO if both else OrderClass.SIMPLE,
        time_in_force=TimeInForce.GTC,
        quantity=quantity,
        purpose=OrderPurpose.TAKE_PROFIT if target is not None else OrderPurpose.STOP_LOSS,
        limit_price=target,
        stop_price=stop if target is None else None,
        take_profit=target if both else None,
        stop_loss=stop if both else None,
        parent_order_id=entry.order_id,
    )
    return PlaceProtection(symbol=symbol, terms=terms)
