"""How does what the broker shows differ from what we believe, and what follows?

Pure: a snapshot of the broker and the book go in; events, open questions and discrepancies come
out. Absence is never read as an end: an order that the broker's list lacks becomes a question, and
only its answer becomes an event. Nothing here cancels anything.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum

from attrs import evolve, frozen

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.execution.guards import is_leg
from cream.core.execution.replacements import before_it
from cream.core.execution.reports import Reading, read_update
from cream.core.model.broker import BrokerOrder, BrokerPosition, Difference, OrderUpdate
from cream.core.model.ids import CLIENT_ID_PREFIX
from cream.core.model.instrument import Instrument
from cream.core.model.money import ZERO
from cream.core.model.order import (
    Order,
    OrderClass,
    OrderPurpose,
    OrderType,
)

# Orders whose prices stay as they were sent. A trailing stop's move with the market.
_FIXED_PRICES = frozenset((OrderType.LIMIT, OrderType.STOP, OrderType.STOP_LIMIT))


class DiscrepancyKind(Enum):
    """How the broker and the book differ. The values are reason codes, kept in the journal."""

    UNKNOWN_AT_BROKER = "UNKNOWN_AT_BROKER"
    ORPHAN = "ORPHAN"
    MISSING_AT_BROKER = "MISSING_AT_BROKER"
    ORDER_STATE = "ORDER_STATE"
    ORDER_QUANTITY = "ORDER_QUANTITY"
    ORDER_PRICE = "ORDER_PRICE"
    POSITION_QUANTITY = "POSITION_QUANTITY"
    POSITION_PRICE = "POSITION_PRICE"
    MISSING_EXECUTIONS = "MISSING_EXECUTIONS"
    CASH = "CASH"
    FEES = "FEES"


@frozen(kw_only=True)
class Discrepancy:
    """One difference. `critical` ones restrict trading until they are resolved."""

    kind: DiscrepancyKind
    subject: str
    ours: str
    theirs: str
    critical: bool

    def __str__(self) -> str:
        return f"{self.subject}: we have {self.ours}, the broker {self.theirs}"


@frozen(kw_only=True)
class BrokerSnapshot:
    """What the broker showed, asked for when the book stood at `sequence_before`.

    A holding that changed here since then is not compared: the broker may have shown it as before.
    None is compared where `positions` were not asked for.
    """

    open_orders: Sequence[BrokerOrder]
    positions: Sequence[BrokerPosition] | None
    sequence_before: int


@frozen(kw_only=True)
class Tolerances:
    """Differences of holdings that are not counted. Units: shares or contracts; a fraction of the
    broker's average price (None: whatever that is).
    """

    quantity: Decimal = ZERO
    price: Decimal | None = None


EXACT = Tolerances()


@frozen(kw_only=True)
class Reconciliation:
    """What follows: events to record, orders to ask about, and what differed."""

    reading: Reading
    ask_by_broker_id: tuple[str, ...]
    ask_by_client_id: tuple[str, ...]
    discrepancies: tuple[Discrepancy, ...]

    @property
    def clean(self) -> bool:
        """Whether nothing critical differs. Questions may be open all the same."""
        return not any(one.critical for one in self.discrepancies)


def reconcile(
    book: Book,
    snapshot: BrokerSnapshot,
    now: datetime,
    *,
    orphans_are_critical: bool = False,
    tolerances: Tolerances = EXACT,
) -> Reconciliation:
    """Compare. Idempotent: once its events are applied, a second pass finds nothing more."""
    reading = Reading()
    # Pages may overlap, so an order can be listed twice.
    orders = {shown.broker_order_id: shown for shown in snapshot.open_orders}
    listed = set(orders)
    for shown in orders.values():
        listed.update(leg.broker_order_id for leg in shown.legs)
        reading += read_update(book, OrderUpdate(event="listed", order=shown), now)
    by_broker, by_client = _questions(book, listed)
    missing = [*_missing(book, by_broker), *_unbooked(reading)]
    strangers, parents = _strangers(book, reading.unknown)
    by_broker += [one for one in parents if one not in by_broker and one not in by_client]
    asked = [*by_broker, *by_client, *reading.missing_executions]
    doubtful = _doubtful(book, asked, reading.unknown)
    differing = _positions(book, snapshot, doubtful, tolerances)
    compared = (one for shown in orders.values() for one in _order(book, shown))
    return Reconciliation(
        reading=evolve(reading, unknown=strangers),
        ask_by_broker_id=tuple(by_broker),
        ask_by_client_id=tuple(by_client),
        discrepancies=(
            *_unknown(reading.unknown, orphans_are_critical),
            *missing,
            *compared,
            *differing,
        ),
    )


def _questions(book: Book, listed: set[str]) -> tuple[list[str], list[str]]:
    """Orders that are open here and were not listed: by broker id, and those without one."""
    by_broker: list[str] = []
    by_client: list[str] = []
    for order in book.open_orders():
        if order.terms.is_tactic:
            continue
        if order.broker_order_id is None:
            by_client.append(order.order_id)
        elif order.broker_order_id not in listed:
            by_broker.append(order.order_id)
    return by_broker, by_client


def _strangers(
    book: Book, unknown: Sequence[BrokerOrder]
) -> tuple[tuple[BrokerOrder, ...], tuple[str, ...]]:
    """Which unknown orders are nobody's here, and which orders of ours to ask about the others.

    The broker names the legs that it makes itself and lists them alone once their parent is
    closed. Until a parent whose legs were never seen has been asked, such an order may be its leg.
    """
    if not unknown:
        return (), ()
    childless = [order for order in book.orders() if _misses_legs(book, order)]
    strangers: list[BrokerOrder] = []
    parents: dict[str, None] = {}
    for shown in unknown:
        possible = [order for order in childless if _may_be_leg(shown, order)]
        if not possible:
            strangers.append(shown)
        parents.update((order.order_id, None) for order in possible)
    return tuple(strangers), tuple(parents)


def _misses_legs(book: Book, order: Order) -> bool:
    """Whether the broker should have made legs with the order, and none was seen so far."""
    terms = order.terms
    match terms.purpose:
        case OrderPurpose.ENTRY:
            brings_legs = terms.order_class in (OrderClass.BRACKET, OrderClass.OTO)
        case OrderPurpose.TAKE_PROFIT:
            brings_legs = terms.order_class is OrderClass.OCO
        case _:
            return False
    sent = order.broker_order_id is not None or order.is_open
    return brings_legs and sent and not book.children(order.order_id)


def _may_be_leg(shown: BrokerOrder, parent: Order) -> bool:
    terms = parent.terms
    side = terms.side if terms.order_class is OrderClass.OCO else terms.side.opposite
    return (
        not shown.legs
        and shown.order_class is terms.order_class
        and shown.instrument == terms.instrument
        and shown.side is side
        and shown.quantity <= terms.quantity
    )


def _doubtful(
    book: Book, order_ids: Sequence[str], unknown: Sequence[BrokerOrder]
) -> set[str] | None:
    """Symbols whose holding an open question may still change; None where it may be any."""
    symbols = {one.instrument.symbol for shown in unknown for one in (shown, *shown.legs)}
    for order_id in order_ids:
        order = book.find(order_id)
        if order is None:
            # Listed in this very pass: the next one knows it.
            return None
        symbols.add(order.terms.instrument.symbol)
        symbols.update(leg.contract.symbol for leg in order.terms.legs)
    return symbols


def is_orphan(shown: BrokerOrder) -> bool:
    """Whether an order that nobody here knows bears a name that only Cream gives."""
    return shown.client_order_id.startswith(CLIENT_ID_PREFIX)


def _unknown(unknown: Sequence[BrokerOrder], orphans_are_critical: bool) -> Iterator[Discrepancy]:
    for shown in unknown:
        kind = DiscrepancyKind.ORPHAN if is_orphan(shown) else DiscrepancyKind.UNKNOWN_AT_BROKER
        yield Discrepancy(
            kind=kind,
            subject=shown.broker_order_id,
            ours="absent",
            theirs=f"{shown.side.value} {shown.quantity:f} {shown.instrument.symbol}",
            critical=orphans_are_critical and kind is DiscrepancyKind.ORPHAN,
        )


def _order(book: Book, shown: BrokerOrder) -> Iterator[Discrepancy]:
    """In what an order that both sides know differs, where no report is going to explain it."""
    order = book.find(shown.broker_order_id)
    if order is None or order.broker_order_id != shown.broker_order_id:
        return
    known = order.broker_updated_at
    if known is not None and shown.updated_at < known:
        # The list is older than what the stream has told: it says nothing against it.
        return
    lives = shown.status is not None and not shown.status.is_closed
    if order.status.is_closed and lives and shown.updated_at != known:
        yield _differs(
            DiscrepancyKind.ORDER_STATE, order, order.status.value, shown.raw_status, critical=True
        )
    ours, theirs = order.terms.quantity, before_it(order, shown) + shown.quantity
    if not order.terms.legs and ours != theirs and not (is_leg(order.terms) and theirs < ours):
        yield _differs(DiscrepancyKind.ORDER_QUANTITY, order, f"{ours:f}", f"{theirs:f}")
    prices = (order.terms.limit_price, order.terms.stop_price)
    if order.terms.order_type in _FIXED_PRICES and prices != (shown.limit_price, shown.stop_price):
        theirs_told = f"{shown.limit_price}/{shown.stop_price}"
        yield _differs(DiscrepancyKind.ORDER_PRICE, order, f"{prices[0]}/{prices[1]}", theirs_told)


def _differs(
    kind: DiscrepancyKind, order: Order, ours: str, theirs: str, *, critical: bool = False
) -> Discrepancy:
    return Discrepancy(
        kind=kind, subject=order.order_id, ours=ours, theirs=theirs, critical=critical
    )


def _missing(book: Book, order_ids: Sequence[str]) -> Iterator[Discrepancy]:
    for order_id in order_ids:
        yield Discrepancy(
            kind=DiscrepancyKind.MISSING_AT_BROKER,
            subject=order_id,
            ours=book.order(order_id).status.value,
            theirs="not listed as open",
            critical=False,
        )


def lost(order: Order) -> Discrepancy:
    """An order that the broker once had, and of which it is proven that it has it no more."""
    return _differs(
        DiscrepancyKind.MISSING_AT_BROKER,
        order,
        order.status.value,
        "not known any more",
        critical=True,
    )


def _unbooked(reading: Reading) -> Iterator[Discrepancy]:
    for order_id in reading.missing_executions:
        yield Discrepancy(
            kind=DiscrepancyKind.MISSING_EXECUTIONS,
            subject=order_id,
            ours="fewer fills",
            theirs="more filled",
            critical=False,
        )


def _positions(
    book: Book, snapshot: BrokerSnapshot, doubtful: set[str] | None, tolerances: Tolerances
) -> Iterator[Discrepancy]:
    """Holdings that differ, where neither a question nor a fill in the meantime explains it."""
    if snapshot.positions is None or doubtful is None:
        return
    if book.position_sequence > snapshot.sequence_before:
        return
    shown = {one.instrument.symbol: one for one in snapshot.positions}
    for symbol in dict.fromkeys([*book.positions, *shown]):
        if symbol in doubtful:
            continue
        ours = _held(book, symbol)
        theirs = shown[symbol].quantity if symbol in shown else ZERO
        if abs(ours - theirs) > tolerances.quantity:
            yield Discrepancy(
                kind=DiscrepancyKind.POSITION_QUANTITY,
                subject=symbol,
                ours=str(ours),
                theirs=str(theirs),
                critical=True,
            )
        elif symbol in shown:
            yield from _average(book, shown[symbol], tolerances)


def _average(book: Book, shown: BrokerPosition, tolerances: Tolerances) -> Iterator[Discrepancy]:
    """What a holding has cost, where the two sides remember it differently. Nothing follows."""
    symbol = shown.instrument.symbol
    position = book.positions.get(symbol)
    ours = ZERO if position is None or position.is_flat else position.average_price
    theirs = shown.average_price
    if tolerances.price is None or ours <= 0 or theirs <= 0:
        return
    if abs(ours - theirs) > tolerances.price * theirs:
        yield Discrepancy(
            kind=DiscrepancyKind.POSITION_PRICE,
            subject=symbol,
            ours=f"{ours:f}",
            theirs=f"{theirs:f}",
            critical=False,
        )


def _held(book: Book, symbol: str) -> Decimal:
    position = book.positions.get(symbol)
    return position.quantity if position is not None else ZERO


def differences(discrepancies: Iterable[Discrepancy]) -> tuple[Difference, ...]:
    """The discrepancies as the journal keeps them."""
    return tuple(
        Difference(
            kind=one.kind.value,
            subject=one.subject,
            ours=one.ours,
            theirs=one.theirs,
            critical=one.critical,
        )
        for one in discrepancies
    )


def adjustments(
    book: Book,
    discrepancies: Sequence[Discrepancy],
    positions: Sequence[BrokerPosition],
    now: datetime,
) -> Iterator[e.PositionAdjusted]:
    """The events that make our positions the broker's, which are the truth.

    A holding that has moved since it was compared is left for the next comparison.
    """
    shown = {one.instrument.symbol: one for one in positions}
    for one in discrepancies:
        if one.kind is not DiscrepancyKind.POSITION_QUANTITY:
            continue
        if one.ours != str(_held(book, one.subject)):
            continue
        theirs = shown.get(one.subject) or _nothing(book.positions[one.subject].instrument)
        yield e.PositionAdjusted(
            at=now,
            instrument=theirs.instrument,
            quantity=theirs.quantity,
            average_price=theirs.average_price,
            reason=f"the broker holds {one.theirs}, the book had {one.ours}",
        )


def _nothing(instrument: Instrument) -> BrokerPosition:
    return BrokerPosition(instrument=instrument, quantity=ZERO, average_price=ZERO)
