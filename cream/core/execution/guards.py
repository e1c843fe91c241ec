"""Who guards a position now, and who has to let go of it before it can be closed?

Orders of one group (a bracket's exits, an OCO pair) are after the same shares: what one of them has
filled, the others no longer guard or hold.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from attrs import frozen

from cream.core.execution.book import Book
from cream.core.execution.levels import stop_level
from cream.core.model.instrument import OptionContract
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

_STOPS = frozenset((OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP))


@frozen(kw_only=True)
class Coverage:
    """How much of a position is guarded by what. Units: shares or contracts, unsigned.

    `at_broker`: stops that the broker has. `exiting`: exits that close at any price, on their way
    or working. `resting`: exits that wait for a price; they guard nothing.
    """

    held: Decimal
    at_broker: Decimal
    exiting: Decimal
    resting: Decimal = ZERO

    @property
    def uncovered(self) -> Decimal:
        """What neither a broker's stop nor an exit at any price takes care of."""
        return max(ZERO, self.held - self.at_broker - self.exiting)


def exit_side(quantity: Decimal) -> Side:
    """The side that closes a position of this sign."""
    return Side.SELL if quantity > 0 else Side.BUY


def working_exits(book: Book, symbol: str, side: Side) -> Iterator[Order]:
    """Open orders that would close `symbol` alone, protective or not."""
    for order in book.open_on(symbol):
        terms = order.terms
        worked_elsewhere = terms.is_tactic or terms.legs
        if terms.side is side and terms.purpose is not OrderPurpose.ENTRY and not worked_elsewhere:
            yield order


def spreads_that_close(book: Book, symbol: str, side: Side) -> Iterator[tuple[Order, Decimal]]:
    """Open orders of several legs, one of which closes `symbol`, and how many contracts it closes.

    A roll is one, and so is an exit of a spread. Where one walks, its steps are meant.
    """
    position = book.positions.get(symbol)
    if position is None or not isinstance(position.instrument, OptionContract):
        return
    for order in book.open_on(position.instrument.underlying):
        if not order.terms.legs or order.terms.is_tactic:
            continue
        for leg in order.terms.legs:
            if leg.contract == position.instrument and not leg.opens and leg.side is side:
                yield order, abs(leg.ratio) * order.leaves


def coverage(book: Book, symbol: str) -> Coverage:
    """Who guards the position in `symbol`.

    A stop counts once the broker has it, and a bracket's stop only once its entry is closed: until
    then the broker holds it back. Where the plan wants a target and no stop, targets count.
    """
    protection = book.protections.get(symbol)
    wants_stop = protection is None or protection.stop_loss is not None
    quantity = book.positions[symbol].quantity
    exiting = resting = ZERO
    for order in working_exits(book, symbol, exit_side(quantity)):
        if order.terms.purpose is not OrderPurpose.EXIT or is_stop(order):
            continue
        if closes_at_any_price(order):
            exiting += order.leaves
        else:
            resting += order.leaves
    for order, contracts in spreads_that_close(book, symbol, exit_side(quantity)):
        if closes_at_any_price(order):
            exiting += contracts
        else:
            resting += contracts
    return Coverage(
        held=abs(quantity),
        at_broker=_guarded(book, symbol, with_targets=not wants_stop),
        exiting=exiting,
        resting=resting,
    )


def closes_at_any_price(order: Order) -> bool:
    """Whether the order waits for nothing: neither for a price nor for an auction."""
    terms = order.terms
    return terms.order_type is OrderType.MARKET and not terms.time_in_force.is_in_auction


def protected_quantity(book: Book, symbol: str) -> Decimal:
    """How much of the position has a stop, here or at the broker."""
    held = abs(book.positions[symbol].quantity)
    protection = book.protections.get(symbol)
    if protection is not None and protection.stop_loss is not None:
        return held
    return min(held, _guarded(book, symbol, with_targets=False))


def free_to_exit(book: Book, symbol: str) -> Decimal:
    """What no exit, protective or not, on its way or working, has laid hands on."""
    quantity = book.positions[symbol].quantity
    side = exit_side(quantity)
    others, groups = _holders(book, symbol, side)
    taken = sum((order.leaves for order in others), ZERO)
    taken += sum((hold_of(book, group) for group in groups.values()), ZERO)
    taken += sum((contracts for _, contracts in spreads_that_close(book, symbol, side)), ZERO)
    return max(ZERO, abs(quantity) - taken)


def holders_to_release(book: Book, leaving: Order) -> Sequence[Order]:
    """Orders that must be gone before the exit `leaving` can be sent, newest first, no more.

    A venue sells no share twice: what a stop or target works with is held for it; a group counts
    once and goes together. It also lets nobody sell to himself: before an exit at the market,
    entries that are being cancelled must be gone. Nothing is released for an exit that closes more
    than is held: it is going to be refused.
    """
    terms = leaving.terms
    symbol = terms.instrument.symbol
    quantity = book.position(terms.instrument).quantity
    if terms.legs or terms.quantity > abs(quantity) or exit_side(quantity) is not terms.side:
        return ()
    others, groups = _holders(book, symbol, terms.side, leaving.order_id)
    free = abs(quantity) - sum((order.leaves for order in others), ZERO)
    hold = {name: hold_of(book, group) for name, group in groups.items()}
    for order, contracts in spreads_that_close(book, symbol, terms.side):
        hold[order.order_id] = contracts
        if order.status is OrderStatus.PENDING_CANCEL:
            groups[order.order_id] = [order]
    free -= sum(hold.values(), ZERO)
    released: list[str] = []
    newest_first = list(reversed(groups))
    for name in sorted(newest_first, key=lambda name: not _is_going(groups[name])):
        if free >= terms.quantity:
            break
        free += hold[name]
        released.append(name)
    needed = []
    for name in released:
        if free - hold[name] >= terms.quantity:
            free -= hold[name]
        else:
            needed.append(name)
    crossing = _crossing(book, leaving) if closes_at_any_price(leaving) else ()
    return [*crossing, *(order for name in needed for order in groups[name])]


def _crossing(book: Book, leaving: Order) -> Iterator[Order]:
    """Entries on the other side that the broker has and that are on their way out.

    One that nobody knows to be there is not waited for: to prove that it is absent takes longer
    than a stop can wait. Should it be there after all, the broker refuses, and the exit is tried
    again.
    """
    for order in book.open_on(leaving.terms.instrument.symbol):
        terms = order.terms
        if terms.purpose is not OrderPurpose.ENTRY or order.broker_order_id is None or terms.legs:
            continue
        if terms.side is not leaving.terms.side and order.status is OrderStatus.PENDING_CANCEL:
            yield order


def _holders(
    book: Book, symbol: str, side: Side, leaving: str = ""
) -> tuple[list[Order], dict[str, list[Order]]]:
    """Who holds shares of `symbol`: exits that stay, and groups that could let go, oldest first."""
    stay: list[Order] = []
    groups: dict[str, list[Order]] = {}
    for order in working_exits(book, symbol, side):
        if order.order_id == leaving or waits_for_entry(book, order):
            continue
        purpose = order.terms.purpose
        going = purpose is OrderPurpose.EXIT and order.status is OrderStatus.PENDING_CANCEL
        if purpose.is_protective or going:
            groups.setdefault(group_of(order), []).append(order)
        else:
            stay.append(order)
    return stay, groups


def _is_going(group: Sequence[Order]) -> bool:
    return all(order.status is OrderStatus.PENDING_CANCEL for order in group)


def hold_of(book: Book, group: Sequence[Order]) -> Decimal:
    """How much is held for orders that are after the same shares."""
    return max((_leaves(book, order) for order in group), default=ZERO)


def _guarded(book: Book, symbol: str, *, with_targets: bool) -> Decimal:
    """How much stops, or stops and targets, that the broker has are going to close."""
    side = exit_side(book.positions[symbol].quantity)
    groups: dict[str, Decimal] = {}
    for order in working_exits(book, symbol, side):
        if order.broker_order_id is None or waits_for_entry(book, order):
            continue
        if is_outdated(book, order):
            continue
        guards = is_stop(order) or (
            with_targets and order.terms.purpose is OrderPurpose.TAKE_PROFIT
        )
        if guards:
            name = group_of(order)
            groups[name] = max(groups.get(name, ZERO), _leaves(book, order))
    return sum(groups.values(), ZERO)


def is_stop(order: Order) -> bool:
    """A stop of a plan, or one that an agent gave as an exit of its own."""
    purpose = order.terms.purpose
    if purpose is OrderPurpose.EXIT:
        return order.terms.order_type in _STOPS
    return purpose is OrderPurpose.STOP_LOSS


def is_outdated(book: Book, order: Order) -> bool:
    """Whether a stop or target stands where the levels of its position are no more.

    A later entry has put them elsewhere. What it was sent with counts, not what the broker made of
    it. One that follows the price may stand anywhere on the way that the level has come; and for a
    position that has no stop now, none is given up.
    """
    symbol = order.terms.instrument.symbol
    protection = book.protections.get(symbol)
    if protection is None or not order.terms.purpose.is_protective:
        return False
    root = book.find(group_of(order))
    if root is None:
        return False
    stop, target = _asked_levels(root.terms)
    level = stop_level(protection, book.positions[symbol].quantity)
    if level is None:
        return stop is None and target != protection.take_profit
    if stop is None or target != protection.take_profit:
        return True
    first = stop if protection.stop_loss is None else protection.stop_loss
    return not min(first, level) <= stop <= max(first, level)


def _asked_levels(terms: OrderTerms) -> tuple[Decimal | None, Decimal | None]:
    """The stop and the target that a group of exits was sent with."""
    if terms.order_class is not OrderClass.SIMPLE:
        return terms.stop_loss, terms.take_profit
    if terms.purpose is OrderPurpose.STOP_LOSS:
        return terms.stop_price, None
    return None, terms.limit_price


def waits_for_entry(book: Book, order: Order) -> bool:
    """Whether the broker holds the order back until its entry is done."""
    return entry_that_holds_back(book, order) is not None


def only_waits(book: Book, order: Order) -> bool:
    """Whether the order is an open entry, or a leg that works once such a one is done."""
    if order.terms.purpose is OrderPurpose.ENTRY:
        return order.is_open
    return waits_for_entry(book, order)


def concerned(
    book: Book, orders: Sequence[Order], symbols: Sequence[str], *, asked_again: bool
) -> dict[str, None]:
    """Symbols of which a record that changed these may have changed what is held, guarded or closed
    too much. `asked_again`: it said that an order is still there that was to go.

    Where no level is watched, an open entry and the legs that wait for it change nothing of that;
    and most of what happens at all happens to those.
    """
    found = dict.fromkeys(symbols)
    for order in orders:
        idle = not asked_again and only_waits(book, order)
        # A leg may close what is guarded, and the order may come to nothing.
        for symbol in order.terms.symbols:
            if symbol in book.protections or not idle:
                found[symbol] = None
    return found


def entry_that_holds_back(book: Book, order: Order) -> Order | None:
    """The open entry without whose fill `order`, a leg of it, does not work; None for others."""
    parent = book.find(order.terms.parent_order_id or "")
    if parent is None or not is_leg(order.terms):
        return None
    return parent if parent.terms.purpose is OrderPurpose.ENTRY and parent.is_open else None


def protects_now(book: Book, order: Order) -> bool:
    """Whether Cream itself sent this exit: at a level of its parent's, or to flatten (no plan)."""
    terms = order.terms
    if terms.purpose is not OrderPurpose.EXIT:
        return False
    parent = book.find(terms.parent_order_id or "")
    return not terms.plan_id or (parent is not None and parent.terms.purpose.opens)


def is_leg(terms: OrderTerms) -> bool:
    """Whether the broker made the order with another one, as one of its exits."""
    if terms.parent_order_id is None:
        return False
    match terms.order_class:
        case OrderClass.BRACKET | OrderClass.OTO:
            return terms.purpose.is_protective
        case OrderClass.OCO:
            return terms.purpose is OrderPurpose.STOP_LOSS
        case _:
            return False


def group_of(order: Order) -> str:
    """What ties an order to those that are after the same shares."""
    parent = order.terms.parent_order_id
    return parent if parent is not None and is_leg(order.terms) else order.order_id


def _leaves(book: Book, order: Order) -> Decimal:
    """What is left for the order to close: never more than for the others of its group.

    What one of them has filled, all have lost, whether or not the broker has told so already.
    """
    name = group_of(order)
    root = book.find(name)
    assert root is not None, "a leg is listed under a parent that is known"
    members = [
        one
        for one in (root, *book.children(name))
        if one.terms.purpose.is_protective and group_of(one) == name
    ]
    left = root.terms.quantity - sum((one.filled for one in members), ZERO)
    still_open = [one.leaves for one in members if one.is_open]
    return max(ZERO, min([order.leaves, left, *still_open]))
