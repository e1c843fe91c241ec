"""What must be done, now, so that no filled share stays unprotected?

Decided from the book and the latest quotes alone. A position with levels is guarded in this order:
by stop orders that work at the broker; for whatever they do not cover, by watching quotes here and
exiting when a level is reached; and, where the venue can hold it, by placing the missing stop at
the broker again. The local watch has no gap: it begins with the first filled share.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from attrs import evolve, field, frozen

from cream.core.execution.book import Book
from cream.core.execution.guards import (
    Coverage,
    closes_at_any_price,
    coverage,
    exit_side,
    free_to_exit,
    holders_to_release,
    protected_quantity,
    working_exits,
)
from cream.core.execution.levels import Protection, Trigger, reached
from cream.core.model.ids import client_order_id, digest
from cream.core.model.instrument import Equity
from cream.core.model.market import Quote
from cream.core.model.order import (
    Order,
    OrderClass,
    OrderPurpose,
    OrderStatus,
    OrderTerms,
    OrderType,
    Side,
)
from cream.core.model.plan import PositionIntent, TimeInForce
from cream.core.resilience.backoff import Backoff

__all__ = [
    "Coverage",
    "ExitNow",
    "PlaceProtection",
    "ProtectionPolicy",
    "ProtectiveAction",
    "coverage",
    "decide",
    "exit_side",
    "holders_to_release",
    "in_the_way",
    "protected_quantity",
    "working_exits",
]

# However often the broker has refused, it is asked again at least this often. Units: seconds.
_LONGEST_WAIT = 60.0


@frozen(kw_only=True)
class ExitNow:
    """A level was reached: cancel `cancel_first`, then close `terms.quantity`.

    To be cancelled is what would add to the position and, where the stop was reached, what waits
    for a better price to close it.
    """

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
class ProtectionPolicy:
    """When a missing stop is placed at the broker again. Units: seconds.

    `settle_seconds` lets the broker's own legs appear first. Placements are `retry_seconds` apart,
    twice as long after each refusal (R-24); after `max_attempts` refusals in a row only the local
    watch remains. An exit that came to nothing is sent again after `exit_retry_seconds`, and then
    twice as long each time, for ever.
    """

    place_at_broker: bool = True
    settle_seconds: float = 1.0
    retry_seconds: float = 5.0
    max_attempts: int = 3
    exit_retry_seconds: float = 1.0
    uncovered_since: Mapping[str, datetime] = field(factory=dict)


def decide(
    book: Book,
    quote_of: Callable[[str], Quote | None],
    now: datetime,
    policy: ProtectionPolicy,
    symbols: Sequence[str] | None = None,
) -> Iterator[ProtectiveAction]:
    """What to do about each protected position (only `symbols`, where given).

    A reached level fires once: what an exit is on its way to close counts as taken care of.
    """
    chosen = list(book.protections) if symbols is None else symbols
    for symbol in chosen:
        protection = book.protections.get(symbol)
        if protection is None:
            continue
        cover = coverage(book, symbol)
        if cover.uncovered <= 0:
            continue
        quote = quote_of(protection.watched)
        position = book.positions[symbol]
        hit = reached(protection, position.quantity, quote) if quote is not None else None
        if hit is not None:
            if _may_exit(book, protection, now, policy):
                yield from _exit(book, protection, cover, hit)
        elif policy.place_at_broker and _may_place(book, protection, now, policy):
            yield _placement(book, protection, min(cover.uncovered, free_to_exit(book, symbol)))


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


def _may_exit(book: Book, protection: Protection, now: datetime, policy: ProtectionPolicy) -> bool:
    """At once, unless the last exits came to nothing: then only as often as the policy allows."""
    exits = _exits_of(book, protection)
    failures = _last_in_a_row(exits, _came_to_nothing)
    return failures == 0 or _has_waited(
        policy.exit_retry_seconds, failures - 1, exits[-1].updated_at, now
    )


def _came_to_nothing(order: Order) -> bool:
    """Whether the order reached the broker, or was refused, and ended without any fill."""
    never_left = order.status is OrderStatus.CANCELED and order.broker_order_id is None
    return order.status.is_closed and order.filled == 0 and not never_left


def _last_in_a_row(orders: Sequence[Order], condition: Callable[[Order], bool]) -> int:
    count = 0
    for order in reversed(orders):
        if not condition(order):
            break
        count += 1
    return count


def _has_waited(base: float, attempt: int, since: datetime, now: datetime) -> bool:
    wait = Backoff(base=base, cap=max(base, _LONGEST_WAIT)).ceiling(attempt)
    return now - since >= timedelta(seconds=wait)


def _exit(
    book: Book,
    protection: Protection,
    cover: Coverage,
    hit: tuple[Trigger, Decimal, Decimal],
) -> Iterator[ExitNow]:
    """The exit, if it closes anything: a target leaves alone what rests for a better price."""
    trigger, level, price = hit
    symbol = protection.instrument.symbol
    held = book.positions[symbol].quantity
    if trigger is Trigger.STOP_LOSS:
        cancel_first = in_the_way(book, symbol)
        quantity = cover.uncovered
    else:
        cancel_first = tuple(_entries_that_add(book, symbol, held))
        quantity = cover.uncovered - cover.resting
    if quantity <= 0:
        return
    terms = _close(book, protection, "exit", len(_exits_of(book, protection)), quantity)
    yield ExitNow(
        symbol=symbol,
        trigger=trigger,
        level=level,
        price=price,
        terms=terms,
        cancel_first=cancel_first,
    )


def in_the_way(book: Book, symbol: str) -> tuple[str, ...]:
    """Orders that have to go before all of the position is closed at the market, now."""
    held = book.positions[symbol].quantity
    return (*_entries_that_add(book, symbol, held), *_exits_that_wait(book, symbol, held))


def _entries_that_add(book: Book, symbol: str, held: Decimal) -> Iterator[str]:
    adding = exit_side(held).opposite
    for order in book.open_on(symbol):
        terms = order.terms
        if terms.purpose is OrderPurpose.ENTRY and terms.side is adding and not terms.legs:
            yield order.order_id


def _exits_that_wait(book: Book, symbol: str, held: Decimal) -> Iterator[str]:
    """An agent's exits at a price or by slices: at the stop there is nothing left to wait for."""
    for order in book.open_on(symbol):
        terms = order.terms
        if terms.purpose is not OrderPurpose.EXIT or terms.legs:
            continue
        if terms.side is exit_side(held) and (terms.is_tactic or not closes_at_any_price(order)):
            yield order.order_id


def _may_place(book: Book, protection: Protection, now: datetime, policy: ProtectionPolicy) -> bool:
    """Only shares that nothing else holds, only once the entry is done, and not too often."""
    if not isinstance(protection.instrument, Equity):
        return False
    symbol = protection.instrument.symbol
    since = policy.uncovered_since.get(symbol)
    if since is None or now - since < timedelta(seconds=policy.settle_seconds):
        return False
    held = book.positions[symbol].quantity
    if any(True for _ in _entries_that_add(book, symbol, held)):
        return False
    if free_to_exit(book, symbol) <= 0:
        return False
    placed = _placed_for(book, protection)
    if not placed:
        return True
    refusals = _last_in_a_row(placed, lambda order: order.status is OrderStatus.REJECTED)
    if refusals >= policy.max_attempts:
        return False
    attempt = max(0, refusals - 1)
    return _has_waited(policy.retry_seconds, attempt, placed[-1].intended_at, now)


def _placement(book: Book, protection: Protection, quantity: Decimal) -> PlaceProtection:
    stop, target = protection.stop_loss, protection.take_profit
    both = stop is not None and target is not None
    terms = evolve(
        _close(book, protection, "protect", len(_placed_for(book, protection)), quantity),
        order_type=OrderType.LIMIT if target is not None else OrderType.STOP,
        order_class=OrderClass.OCO if both else OrderClass.SIMPLE,
        time_in_force=TimeInForce.GTC,
        purpose=OrderPurpose.TAKE_PROFIT if target is not None else OrderPurpose.STOP_LOSS,
        limit_price=target,
        stop_price=stop if target is None else None,
        take_profit=target if both else None,
        stop_loss=stop if both else None,
    )
    return PlaceProtection(symbol=protection.instrument.symbol, terms=terms)


def _close(
    book: Book, protection: Protection, role: str, attempt: int, quantity: Decimal
) -> OrderTerms:
    """A market order that closes, as a child of the entry. Its intent keeps it from opening."""
    entry = book.order(protection.entry_order_id).terms
    side = exit_side(book.positions[protection.instrument.symbol].quantity)
    sells = side is Side.SELL
    order_id = "o" + digest(entry.order_id, role, str(attempt))
    return OrderTerms(
        order_id=order_id,
        client_order_id=client_order_id(order_id),
        plan_id=entry.plan_id,
        cycle_id=entry.cycle_id,
        decision_id=entry.decision_id,
        instrument=protection.instrument,
        side=side,
        order_type=OrderType.MARKET,
        order_class=OrderClass.SIMPLE,
        time_in_force=TimeInForce.DAY,
        quantity=quantity,
        purpose=OrderPurpose.EXIT,
        position_intent=PositionIntent.SELL_TO_CLOSE if sells else PositionIntent.BUY_TO_CLOSE,
        parent_order_id=entry.order_id,
    )
