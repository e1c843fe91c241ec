"""How does what the broker shows differ from what we believe, and what follows?

Pure: a snapshot of the broker and the book go in; events, open questions and discrepancies come
out. Absence is never read as an end: an order that the broker's list lacks becomes a question, and
only its answer becomes an event (R-15, R-16). Nothing here cancels anything.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum

from attrs import frozen

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.execution.reports import Reading, read_update
from cream.core.model.broker import BrokerOrder, BrokerPosition, OrderUpdate
from cream.core.model.ids import digest
from cream.core.model.instrument import Instrument
from cream.core.model.money import ZERO
from cream.core.model.order import OrderPurpose, OrderStatus, OrderTerms


class DiscrepancyKind(Enum):
    """How the broker and the book differ."""

    UNKNOWN_AT_BROKER = "UNKNOWN_AT_BROKER"
    MISSING_AT_BROKER = "MISSING_AT_BROKER"
    POSITION_QUANTITY = "POSITION_QUANTITY"
    MISSING_EXECUTIONS = "MISSING_EXECUTIONS"


@frozen(kw_only=True)
class Discrepancy:
    """One difference. `critical` ones restrict trading until they are resolved."""

    kind: DiscrepancyKind
    subject: str
    ours: str
    theirs: str
    critical: bool


@frozen(kw_only=True)
class BrokerSnapshot:
    """What the broker showed. Taken between two moments of our book, hence the two sequences:
    a difference counts only if the book did not move in between.
    """

    open_orders: Sequence[BrokerOrder]
    positions: Sequence[BrokerPosition]
    sequence_before: int


@frozen(kw_only=True)
class Reconciliation:
    """What follows: events to record, orders to ask about, and what differed."""

    reading: Reading
    ask_by_broker_id: tuple[str, ...]
    ask_by_client_id: tuple[str, ...]
    discrepancies: tuple[Discrepancy, ...]

    @property
    def clean(self) -> bool:
        """Whether nothing critical differs and nothing is left to ask."""
        return not any(one.critical for one in self.discrepancies)


def reconcile(book: Book, snapshot: BrokerSnapshot, now: datetime) -> Reconciliation:
    """Compare. Idempotent: once its events are applied, a second pass finds nothing more."""
    reading = Reading()
    listed: set[str] = set()
    for shown in snapshot.open_orders:
        listed.add(shown.broker_order_id)
        listed.update(leg.broker_order_id for leg in shown.legs)
        reading += read_update(book, OrderUpdate(event="listed", order=shown), now)
    by_broker, by_client = _questions(book, listed)
    quiet = book.sequence == snapshot.sequence_before
    settled = quiet and not (by_broker or by_client or reading.missing_executions)
    discrepancies = [*_unknown(reading), *_missing(book, by_broker)]
    discrepancies += _unbooked(reading)
    if settled:
        discrepancies += _positions(book, snapshot.positions)
    return Reconciliation(
        reading=reading,
        ask_by_broker_id=tuple(by_broker),
        ask_by_client_id=tuple(by_client),
        discrepancies=tuple(discrepancies),
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


def _unknown(reading: Reading) -> Iterator[Discrepancy]:
    for shown in reading.unknown:
        yield Discrepancy(
            kind=DiscrepancyKind.UNKNOWN_AT_BROKER,
            subject=shown.broker_order_id,
            ours="absent",
            theirs=f"{shown.side.value} {shown.quantity} {shown.instrument.symbol}",
            critical=False,
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


def _unbooked(reading: Reading) -> Iterator[Discrepancy]:
    for order_id in reading.missing_executions:
        yield Discrepancy(
            kind=DiscrepancyKind.MISSING_EXECUTIONS,
            subject=order_id,
            ours="fewer fills",
            theirs="more filled",
            critical=False,
        )


def _positions(book: Book, theirs: Sequence[BrokerPosition]) -> Iterator[Discrepancy]:
    held = {one.instrument.symbol: one for one in theirs}
    symbols = list(dict.fromkeys([*book.positions, *held]))
    for symbol in symbols:
        ours = book.positions[symbol].quantity if symbol in book.positions else ZERO
        broker = held[symbol].quantity if symbol in held else ZERO
        if ours != broker:
            yield Discrepancy(
                kind=DiscrepancyKind.POSITION_QUANTITY,
                subject=symbol,
                ours=str(ours),
                theirs=str(broker),
                critical=True,
            )


def adoption(shown: BrokerOrder, now: datetime) -> e.ChildListed:
    """The event that takes a stranger's order into the book as EXTERNAL, to be watched only."""
    order_id = "o" + digest("external", shown.broker_order_id)
    terms = OrderTerms(
        order_id=order_id,
        client_order_id=shown.client_order_id,
        plan_id="",
        cycle_id="",
        decision_id="",
        instrument=shown.instrument,
        side=shown.side,
        order_type=shown.order_type,
        order_class=shown.order_class,
        time_in_force=shown.time_in_force,
        quantity=shown.quantity,
        purpose=OrderPurpose.EXTERNAL,
        limit_price=shown.limit_price,
        stop_price=shown.stop_price,
    )
    status = shown.status if not shown.status.is_closed else OrderStatus.ACCEPTED
    return e.ChildListed(at=now, terms=terms, broker_order_id=shown.broker_order_id, status=status)


def adjustments(
    book: Book,
    discrepancies: Sequence[Discrepancy],
    positions: Sequence[BrokerPosition],
    now: datetime,
) -> Iterator[e.PositionAdjusted]:
    """The events that make our positions the broker's, which are the truth (R-11)."""
    held: Mapping[str, BrokerPosition] = {one.instrument.symbol: one for one in positions}
    for one in discrepancies:
        if one.kind is not DiscrepancyKind.POSITION_QUANTITY:
            continue
        shown = held.get(one.subject)
        instrument: Instrument = (
            shown.instrument if shown is not None else book.positions[one.subject].instrument
        )
        yield e.PositionAdjusted(
            at=now,
            instrument=instrument,
            quantity=shown.quantity if shown is not None else ZERO,
            average_price=shown.average_price if shown is not None else Decimal(0),
            reason=f"the broker holds {one.theirs}, the book had {one.ours}",
        )
