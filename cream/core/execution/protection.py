"""What must be done, now, so that no filled share stays unprotected?

Decided from the book and the latest quotes alone. A position with levels is guarded in this order:
by stop orders that work at the broker; for whatever they do not cover, by watching quotes here and
exiting when a level is reached; and, where the venue can hold it, by placing the missing stop at
the broker again. The local watch has no gap: it begins with the first filled share.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
from cream.core.execution.levels import (
    Protection,
    Trigger,
    TriggerPrice,
    is_out_of_time,
    price_of,
    reached,
    stop_level,
)
from cream.core.execution.withdrawals import entries_that_add, in_the_way, outdated
from cream.core.model.ids import client_order_id, digest
from cream.core.model.instrument import Equity
from cream.core.model.market import Quote
from cream.core.model.money import ZERO
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
    "Look",
    "PlaceProtection",
    "ProtectionPolicy",
    "ProtectiveAction",
    "WithdrawProtection",
    "coverage",
    "decide",
    "exit_side",
    "holders_to_release",
    "in_the_way",
    "look",
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


@frozen(kw_only=True)
class WithdrawProtection:
    """The broker should work these no longer: they stand at levels that are no more."""

    symbol: str
    order_ids: tuple[str, ...]


ProtectiveAction = ExitNow | PlaceProtection | WithdrawProtection


@frozen(kw_only=True)
class ProtectionPolicy:
    """When a missing stop is placed at the broker again. Units: seconds.

    `settle_seconds` lets the broker's own legs appear first. Placements are `retry_seconds` apart,
    twice as long after each refusal; after `max_attempts` refusals in a row only the local
    watch remains. An exit that came to nothing is sent again after `exit_retry_seconds`, and then
    twice as long each time, for ever. Where a mass cancel takes protection too
    (`yields_to_mass_cancel`), none is placed while one is owed: the two would never come to an end.
    `trigger` is the price that levels are compared with. Who sees no fresh price (`blind`, after
    `blind_seconds`) cannot watch: those stops are placed at the broker in any case.
    """

    place_at_broker: bool = True
    yields_to_mass_cancel: bool = False
    settle_seconds: float = 1.0
    retry_seconds: float = 5.0
    max_attempts: int = 3
    exit_retry_seconds: float = 1.0
    trigger: TriggerPrice = TriggerPrice.EXECUTABLE
    uncovered_since: Mapping[str, datetime] = field(factory=dict)
    blind_seconds: float = 5.0
    blind: frozenset[str] = frozenset()


@frozen(kw_only=True)
class Look:
    """What a position needs now, and when time alone may change that (None: never)."""

    action: ProtectiveAction | None = None
    again_at: datetime | None = None


def decide(
    book: Book,
    quote_of: Callable[[str], Quote | None],
    now: datetime,
    policy: ProtectionPolicy,
    symbols: Iterable[str] | None = None,
) -> Iterator[ProtectiveAction]:
    """What to do about each protected position (only `symbols`, where given).

    Exits come first, those whose levels the price has passed first before the others.

    A reached level fires once: what an exit is on its way to close counts as taken care of.
    """
    chosen = list(book.protections) if symbols is None else symbols
    looks = (look(book, symbol, quote_of, now, policy).action for symbol in chosen)
    actions = [action for action in looks if action is not None]
    yield from sorted(actions, key=_passed_first)


def _passed_first(action: ProtectiveAction) -> tuple[int, Decimal]:
    """The further the price has gone past a level, the earlier it has passed it."""
    match action:
        case ExitNow(level=level, price=price):
            return 0, -abs(price - level) / level if level else -ZERO
        case PlaceProtection() | WithdrawProtection():
            return 1, ZERO


def look(
    book: Book,
    symbol: str,
    quote_of: Callable[[str], Quote | None],
    now: datetime,
    policy: ProtectionPolicy,
) -> Look:
    """What the position in `symbol` needs now."""
    protection = book.protections.get(symbol)
    if protection is None:
        return Look()
    cover = coverage(book, symbol)
    # Beyond its levels a guard is watched here only, whatever the broker holds.
    loose = cover.held - cover.exiting - _latched(book, protection)
    if loose <= 0 or (cover.uncovered <= 0 and protection.guard.is_plain):
        return Look()
    hit = _hit(protection, book.positions[symbol].quantity, quote_of, now, policy)
    closes = _to_close(protection, cover, loose, hit) if hit is not None else ZERO
    if hit is not None and closes > 0:
        due = _exit_due(book, protection, policy)
        if due is not None and due > now:
            return Look(again_at=due)
        return Look(action=_exit(book, protection, cover, hit, closes))
    again = protection.guard.exit_at
    if hit is None and min(cover.uncovered, loose) > 0:
        due = _placement_due(book, protection, policy)
        if due is not None and due <= now:
            return Look(action=_at_broker(book, protection, cover), again_at=again)
        again = _sooner(due, again)
    return Look(again_at=again if again is not None and again > now else None)


def _at_broker(book: Book, protection: Protection, cover: Coverage) -> ProtectiveAction:
    """Have what is missing placed, once nothing stands there at levels that are no more."""
    symbol = protection.instrument.symbol
    leftover = tuple(order.order_id for order in outdated(book, symbol))
    if leftover:
        return WithdrawProtection(symbol=symbol, order_ids=leftover)
    quantity = min(cover.uncovered, free_to_exit(book, symbol))
    return _placement(book, protection, quantity)


def _sooner(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((each for each in (one, other) if each is not None), default=None)


def _hit(
    protection: Protection,
    quantity: Decimal,
    quote_of: Callable[[str], Quote | None],
    now: datetime,
    policy: ProtectionPolicy,
) -> tuple[Trigger, Decimal, Decimal] | None:
    """What makes the position due to be closed now: its time, or a level."""
    quote = quote_of(protection.watched)
    if is_out_of_time(protection, now):
        price = price_of(protection, quantity, quote, policy.trigger) if quote is not None else None
        return Trigger.TIME_STOP, price or ZERO, price or ZERO
    return reached(protection, quantity, quote, policy.trigger) if quote is not None else None


def _latched(book: Book, protection: Protection) -> Decimal:
    """What the exit of an earlier trigger still works on at a price of its own."""
    order = book.find(protection.exit_order_id or "")
    return order.leaves if order is not None and not closes_at_any_price(order) else ZERO


def _to_close(
    protection: Protection, cover: Coverage, loose: Decimal, hit: tuple[Trigger, Decimal, Decimal]
) -> Decimal:
    """How much is to be closed here: what the broker's stop does not do at this same level."""
    trigger, level, _ = hit
    match trigger:
        case Trigger.TIME_STOP:
            return loose
        case Trigger.STOP_LOSS:
            return loose if level != protection.stop_loss else min(loose, cover.uncovered)
        case Trigger.TAKE_PROFIT:
            # A target leaves alone what rests for a better price.
            return min(loose, cover.uncovered) - cover.resting


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


def _exit_due(book: Book, protection: Protection, policy: ProtectionPolicy) -> datetime | None:
    """None: at once. Later where the last exits came to nothing: as the policy allows."""
    exits = _exits_of(book, protection)
    failures = _last_in_a_row(exits, _came_to_nothing)
    if failures == 0:
        return None
    return _waited(policy.exit_retry_seconds, failures - 1, exits[-1].updated_at)


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


def _waited(base: float, attempt: int, since: datetime) -> datetime:
    wait = Backoff(base=base, cap=max(base, _LONGEST_WAIT)).ceiling(attempt)
    return since + timedelta(seconds=wait)


def _exit(
    book: Book,
    protection: Protection,
    cover: Coverage,
    hit: tuple[Trigger, Decimal, Decimal],
    quantity: Decimal,
) -> ExitNow:
    trigger, level, price = hit
    symbol = protection.instrument.symbol
    held = book.positions[symbol].quantity
    going = entries_that_add(book, symbol, held)
    attempt = len(_exits_of(book, protection))
    terms = _close(book, protection, "exit", attempt, quantity)
    limit = protection.guard.stop_limit_price
    if trigger is Trigger.STOP_LOSS and limit is not None and attempt == 0:
        terms = evolve(terms, order_type=OrderType.LIMIT, limit_price=limit)
    return ExitNow(
        symbol=symbol,
        trigger=trigger,
        level=level,
        price=price,
        terms=terms,
        cancel_first=tuple(going) if trigger is Trigger.TAKE_PROFIT else in_the_way(book, symbol),
    )


def _placement_due(book: Book, protection: Protection, policy: ProtectionPolicy) -> datetime | None:
    """When the broker may be asked to hold the stop, or to let go of one at other levels, if ever.

    Only shares that nothing else holds for the levels of now, only once the entry is done, and not
    too often. A stop with a limit and a position without levels are watched here only.
    """
    symbol = protection.instrument.symbol
    since = policy.uncovered_since.get(symbol)
    held = book.positions[symbol].quantity
    if since is None or any(True for _ in entries_that_add(book, symbol, held)):
        return None
    settled = since + timedelta(seconds=policy.settle_seconds)
    leftover = bool(outdated(book, symbol))
    if not _can_be_placed(book, protection, policy):
        return settled if leftover else None
    if free_to_exit(book, symbol) <= 0 and not leftover:
        return None
    placed = _placed_for(book, protection)
    if not placed:
        return settled
    refusals = _last_in_a_row(placed, lambda order: order.status is OrderStatus.REJECTED)
    if refusals >= policy.max_attempts:
        return None
    attempt = max(0, refusals - 1)
    return max(settled, _waited(policy.retry_seconds, attempt, placed[-1].intended_at))


def _can_be_placed(book: Book, protection: Protection, policy: ProtectionPolicy) -> bool:
    has_levels = protection.stop_loss is not None or protection.take_profit is not None
    limited = protection.guard.stop_limit_price is not None
    yields = policy.yields_to_mass_cancel and book.mass_cancel_owed is not None
    places = policy.place_at_broker or protection.instrument.symbol in policy.blind
    wanted = places and has_levels and not limited and not yields
    return wanted and isinstance(protection.instrument, Equity)


def _placement(book: Book, protection: Protection, quantity: Decimal) -> PlaceProtection:
    held = book.positions[protection.instrument.symbol].quantity
    stop, target = stop_level(protection, held), protection.take_profit
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
