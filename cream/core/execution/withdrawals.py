"""Which orders have to go: before a position is closed, and because it is not what it was?

Before all of it is closed at the market, what would add to it or waits for a better price goes.
And two things can leave an order at the broker behind. The holding becomes smaller by something
that no order of ours did (sold by hand, busted, called away): then a stop or a target works for
more than is held, and would turn the position over when it fills. Or a later entry puts the levels
elsewhere: then what was placed for the earlier one stands where nobody wants it any more.

A venue changes the quantity of no leg, so what is too large goes as a whole, and what is left of
the position is guarded anew.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from attrs import frozen

from cream.core.execution.book import Book
from cream.core.execution.guards import (
    closes_at_any_price,
    exit_side,
    group_of,
    hold_of,
    is_outdated,
    is_stop,
    spreads_that_close,
    waits_for_entry,
    working_exits,
)
from cream.core.model.money import ZERO
from cream.core.model.order import Order, OrderPurpose, OrderStatus, Side

# Why a stop is withdrawn, for whoever reads the order's story.
OTHER_LEVELS = "a later entry has other levels"


@frozen
class _Group:
    """Orders that are after the same units, and how many those are."""

    orders: Sequence[Order]
    hold: Decimal


def excess(book: Book, symbol: str) -> Sequence[Order]:
    """Orders without which no more is closed than is held.

    What waits for a better price goes first, then protection, the newest first, and last what
    closes at the market; what still fits stays. Strangers' orders are let be, and so is what has
    not left: the router measures it at the door.
    """
    position = book.positions.get(symbol)
    quantity = ZERO if position is None else position.quantity
    found: list[Order] = []
    for side in Side:
        held = abs(quantity) if quantity != 0 and exit_side(quantity) is side else ZERO
        groups = [
            _Group(group, hold_of(book, group)) for group in _at_broker(book, symbol, side).values()
        ]
        groups += [
            _Group([order], contracts)
            for order, contracts in spreads_that_close(book, symbol, side)
            if _works_for_us(order)
        ]
        found.extend(_beyond(groups, held))
    return found


def outdated(book: Book, symbol: str) -> Sequence[Order]:
    """Stops and targets at the broker that stand at other levels than the position has now."""
    side = exit_side(book.positions[symbol].quantity)
    groups = _at_broker(book, symbol, side).values()
    return [order for group in groups for order in group if is_outdated(book, order)]


def _at_broker(book: Book, symbol: str, side: Side) -> Mapping[str, Sequence[Order]]:
    """What of ours the broker works to close `symbol` and nobody has asked to go, oldest first."""
    groups: dict[str, list[Order]] = {}
    for order in working_exits(book, symbol, side):
        if _works_for_us(order) and not waits_for_entry(book, order):
            groups.setdefault(group_of(order), []).append(order)
    return groups


def _works_for_us(order: Order) -> bool:
    """Whether the broker has it, it is ours, and nobody has asked for it to go."""
    going = order.status is OrderStatus.PENDING_CANCEL or order.broker_order_id is None
    return not going and order.terms.purpose is not OrderPurpose.EXTERNAL


def _beyond(groups: Sequence[_Group], held: Decimal) -> Iterator[Order]:
    """What there is no room for. Nothing is kept at the cost of what is worth more."""
    room, least = held, 0
    for group in sorted(groups, key=lambda one: _worth(one.orders), reverse=True):
        worth = _worth(group.orders)
        if worth >= least and group.hold <= room:
            room -= group.hold
            continue
        least = max(least, worth)
        yield from group.orders


def _worth(group: Sequence[Order]) -> int:
    """How much it would be missed."""
    if any(closes_at_any_price(order) for order in group):
        return 2
    return 1 if any(order.terms.purpose.is_protective or is_stop(order) for order in group) else 0


def in_the_way(book: Book, symbol: str) -> tuple[str, ...]:
    """Orders that have to go before all of the position is closed at the market, now."""
    held = book.positions[symbol].quantity
    return (
        *entries_that_add(book, symbol, held),
        *_exits_that_wait(book, symbol, held),
        *_spreads_that_wait(book, symbol, held),
    )


def entries_that_add(book: Book, symbol: str, held: Decimal) -> Iterator[str]:
    """Entries that would make a holding of this sign larger."""
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


def _spreads_that_wait(book: Book, symbol: str, held: Decimal) -> Iterator[str]:
    """Exits of spreads and rolls that would close the same contracts, at a price or by steps."""
    contract = book.positions[symbol].instrument
    for order in book.open_on(contract.underlying):
        terms = order.terms
        waits = terms.is_tactic or not closes_at_any_price(order)
        closes = any(
            leg.contract == contract and not leg.opens and leg.side is exit_side(held)
            for leg in terms.legs
        )
        if waits and closes and terms.purpose is not OrderPurpose.EXTERNAL:
            yield order.order_id
