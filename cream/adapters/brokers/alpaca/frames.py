"""What does a message of the order stream say, and what does it mean for an order?

A fill on the stream is believed only if it continues what was seen: the filled total after it,
less its own quantity, is the total before it. Where that does not add up (a frame was lost, came
twice, or shows an order that is further on), the order is passed on without the fill; the account's
history has the executions, and whoever sees a total without them asks there.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal

import structlog
from attrs import define, evolve, field, frozen

from cream.adapters.brokers.alpaca.document import SchemaMismatch, Stamp, decode_json, read
from cream.adapters.brokers.alpaca.fees import with_fees
from cream.adapters.brokers.alpaca.mapping import (
    broker_order,
    execution_id,
    instrument,
    side_of,
)
from cream.adapters.brokers.alpaca.models import AlpacaOrder, AlpacaTradeUpdate
from cream.core.model.broker import Execution, OrderUpdate
from cream.core.model.money import ZERO

log = structlog.get_logger(__name__)

TRADE_UPDATES, AUTHORIZATION, LISTENING = "trade_updates", "authorization", "listening"

_FILLS = frozenset(("fill", "partial_fill"))
# What was traded is taken back or changed afterwards: it is booked so, and a person has to look.
_BUST, _CORRECT = "trade_bust", "trade_correct"
_CORRECTIONS = frozenset((_BUST, _CORRECT, "restated"))
# Executions whose names are remembered, for what is corrected of them later.
_MOST_NAMES = 50_000
# Orders whose totals are remembered; more are not open at one time.
_MOST_ORDERS = 50_000


@frozen
class Message:
    """One message: the stream that it belongs to (or the action that it names) and its content."""

    stream: str
    data: object


def messages_in(frame: str | bytes) -> Iterator[Message]:
    """The messages in a frame, text or binary, one or a list of them.

    Raises: SchemaMismatch.
    """
    document = decode_json(frame)
    for one in document if isinstance(document, list) else [document]:
        if not isinstance(one, Mapping):
            raise SchemaMismatch("$", "is no message")
        yield Message(str(one.get("stream") or one.get("action") or ""), one.get("data"))


def text_at(data: object, name: str) -> str:
    """The text `name` in `data`; empty where there is none."""
    value = data.get(name) if isinstance(data, Mapping) else None
    return value if isinstance(value, str) else ""


@define
class ExecutionNames:
    """How Alpaca's stream called the executions that we name by order and running total.

    Kept for all connections of an account: a bust comes minutes or hours after the fill.
    """

    _names: dict[str, str] = field(factory=dict)

    def learn(self, theirs: str, ours: str) -> None:
        """The execution `theirs` is booked as `ours`."""
        if theirs:
            self._names[theirs] = ours
        while len(self._names) > _MOST_NAMES:
            del self._names[next(iter(self._names))]

    def ours(self, theirs: str) -> str | None:
        """Our name for the execution, if this process has seen it."""
        return self._names.get(theirs)


@define
class FrameReader:
    """Reads the frames of one connection."""

    names: ExecutionNames = field(factory=ExecutionNames)
    estimates_fees: bool = False
    _filled: dict[str, Decimal] = field(factory=dict)

    def updates_in(self, frame: str | bytes) -> Iterator[OrderUpdate]:
        """What the frame tells of orders. What cannot be read is logged and left out."""
        try:
            messages = list(messages_in(frame))
        except SchemaMismatch as error:
            log.error("alpaca.frame_unreadable", error=str(error), frame=_shown(frame))
            return
        for message in messages:
            if message.stream != TRADE_UPDATES or message.data is None:
                log.info("alpaca.message_passed_over", stream=message.stream)
                continue
            try:
                update = read(AlpacaTradeUpdate, message.data)
                yield self._update(update)
            except SchemaMismatch as error:
                log.error("alpaca.update_unreadable", error=str(error), frame=_shown(frame))

    def _update(self, update: AlpacaTradeUpdate) -> OrderUpdate:
        if update.event in _CORRECTIONS:
            log.error("alpaca.trade_corrected", what=update.event, order=update.order.id)
        executions: tuple[Execution, ...] = ()
        busted: tuple[str, ...] = ()
        if update.event in _FILLS:
            executions = tuple(self._executions(update))
            self._remember(update.order)
        elif update.event in (_BUST, _CORRECT):
            executions, busted = self._amended(update)
            self._filled[update.order.id] = update.order.filled_qty
        else:
            self._remember(update.order)
        if self.estimates_fees:
            executions = tuple(map(with_fees, executions))
        return OrderUpdate(
            event=update.event,
            order=broker_order(update.order),
            executions=executions,
            busted=busted,
        )

    def _amended(self, update: AlpacaTradeUpdate) -> tuple[tuple[Execution, ...], tuple[str, ...]]:
        """What takes the place of an execution, or the execution that is taken back.

        Neither where it cannot be said which one is meant: the alarm has been raised, and the
        comparison of holdings finds the rest.
        """
        order = update.order
        before = self.names.ours(update.previous_execution_id or update.execution_id)
        if before is None or order.order_class == "mleg":
            log.error("alpaca.correction_unexplained", order=order.id, what=update.event)
            return (), ()
        if update.event == _BUST:
            return (), (before,)
        if update.qty is None or update.price is None or update.qty <= 0:
            log.error("alpaca.correction_unexplained", order=order.id, what=update.event)
            return (), ()
        # Beside the running total Alpaca's own name: the total alone is the name of `before`.
        made = _execution(order, order.id, update.qty, update.price, update.timestamp)
        name = f"{before}~{update.execution_id or made.execution_id}"
        self.names.learn(update.execution_id, name)
        return (evolve(made, execution_id=name, corrects=before),), ()

    def _executions(self, update: AlpacaTradeUpdate) -> Iterator[Execution]:
        order = update.order
        if order.order_class == "mleg":
            yield from self._leg_executions(update)
            return
        traded = self._continued(order, update.qty)
        if traded is None or update.price is None:
            return
        made = _execution(order, order.id, traded, update.price, update.timestamp)
        self.names.learn(update.execution_id, made.execution_id)
        yield made

    def _leg_executions(self, update: AlpacaTradeUpdate) -> Iterator[Execution]:
        """Of a spread, those of all its legs, or none: one leg alone is half a trade."""
        by_id = {leg.id: leg for leg in update.order.legs}
        found = []
        for fill in update.legs:
            leg = by_id.get(fill.order_id)
            traded = self._continued(leg, fill.qty) if leg is not None else None
            if leg is None or traded is None:
                return
            at = fill.timestamp or update.timestamp
            found.append(_execution(leg, update.order.id, traded, fill.price, at))
        yield from found

    def _continued(self, order: AlpacaOrder, quantity: Decimal | None) -> Decimal | None:
        """`quantity`, if the order's total is what was seen before plus just that."""
        if quantity is None or quantity <= 0:
            return None
        before = self._filled.get(order.id, ZERO)
        if order.filled_qty - quantity == before:
            return quantity
        if order.filled_qty > before:
            log.warning("alpaca.fill_out_of_line", order=order.id, filled=str(order.filled_qty))
        return None

    def _remember(self, order: AlpacaOrder) -> None:
        for one in (order, *order.legs):
            # Most orders never fill, and of those nothing need be remembered.
            if one.filled_qty > 0:
                self._filled[one.id] = max(one.filled_qty, self._filled.get(one.id, ZERO))
        while len(self._filled) > _MOST_ORDERS:
            del self._filled[next(iter(self._filled))]


def _execution(
    order: AlpacaOrder, parent_id: str, quantity: Decimal, price: Decimal, at: Stamp | None
) -> Execution:
    moment = at or order.filled_at or order.updated_at
    if moment is None:
        raise SchemaMismatch("$.timestamp", "is missing from a fill")
    return Execution(
        execution_id=execution_id(order.id, order.filled_qty),
        broker_order_id=parent_id,
        instrument=instrument(order.symbol),
        side=side_of(order.side),
        quantity=quantity,
        price=price,
        executed_at=moment.at,
    )


def _shown(frame: str | bytes) -> str:
    return repr(frame[:500])
