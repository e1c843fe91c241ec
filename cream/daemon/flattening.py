"""How is everything closed at once? One market exit per position, decided in one turn.

That it has to be closed is a debt (`FlattenOwed`), so that it survives a crash. The flattener pays
it, once the mass cancel is through, while the market is open, for whatever is left of each
position, and again where an exit came to nothing.
"""

from datetime import datetime
from decimal import Decimal

import structlog
import trio
from attrs import define

from cream.core.exchange.calendar import Sessions
from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.execution.protection import coverage, exit_side, in_the_way
from cream.core.model.errors import CreamError
from cream.core.model.ids import client_order_id, digest
from cream.core.model.order import OrderClass, OrderPurpose, OrderTerms, OrderType
from cream.core.model.plan import TimeInForce
from cream.core.model.position import Position
from cream.core.model.verdict import Violation
from cream.core.resilience.backoff import Backoff
from cream.core.risk.decisions import Decide, Decided, ViewOf, request_cancels
from cream.core.risk.gate import Approved, Gate
from cream.core.risk.view import without
from cream.daemon.desk import Desk

log = structlog.get_logger(__name__)

# Between two looks at what is left to close: an exit that came to nothing is sent anew, a position
# that reconciliation finds is closed too.
_AGAIN = Backoff(base=1.0, cap=30.0)
# A session that opens in less than this is waited for that long: no wait may be lost in rounding.
_SHORTEST_WAIT_SECONDS = 0.001


@define
class Flattener:
    """The flattener's collaborators.

    `patience` is how long it waits for a mass cancel that no broker confirms. Units: seconds.
    """

    desk: Desk
    gate: Gate
    view_of: ViewOf
    sessions: Sessions
    patience: float

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Pay the debt whenever there is one.

        Cancellation: exits that were intended stay; the debt stands until it is paid.
        """
        task_status.started()
        while True:
            if self.desk.book.flatten_owed is None:
                await self.desk.wait_change()
                continue
            await self._await_cancels()
            await self._pay()

    async def _await_cancels(self) -> None:
        with trio.move_on_after(self.patience):
            while self.desk.book.mass_cancel_owed is not None:
                await self.desk.wait_change()

    async def _pay(self) -> None:
        attempt = 0
        while (owed := self.desk.book.flatten_owed) is not None:
            now = self.desk.clock.now()
            if not self.sessions.is_open(now):
                await self._await_session(now)
                continue
            try:
                await self.desk.do(close_everything(self.gate, self.view_of, owed.reason))
                await self.desk.do(_settled_if_flat)
            except CreamError as error:
                # Without a journal no exit leaves; protection at the broker stays.
                log.error("flattening.not_possible", code=error.kind.code)
            with trio.move_on_after(_AGAIN.ceiling(attempt)):
                await self._await_flat()
            attempt += 1

    async def _await_session(self, now: datetime) -> None:
        """Until the market opens, or the debt is called off."""
        opens_at = self.sessions.next_open(now)
        log.warning("flattening.waits_for_session", opens_at=opens_at.isoformat())
        wait = (opens_at - now).total_seconds()
        with trio.move_on_after(max(wait, _SHORTEST_WAIT_SECONDS)):
            while self.desk.book.flatten_owed is not None:
                await self.desk.wait_change()

    async def _await_flat(self) -> None:
        while self.desk.book.flatten_owed is not None and not _is_done(self.desk.book):
            await self.desk.wait_change()


def _is_done(book: Book) -> bool:
    """Nothing is held, and nothing that could still fill is on its way out."""
    return book.mass_cancel_owed is None and all(one.is_flat for one in book.positions.values())


def _settled_if_flat(book: Book, now: datetime) -> Decided[None]:
    if book.flatten_owed is None or not _is_done(book):
        return Decided(None)
    return Decided(None, (e.FlattenSettled(at=now, reason="nothing is held any more"),))


def close_everything(gate: Gate, view_of: ViewOf, reason: str) -> Decide[tuple[str, ...]]:
    """Intend an exit for what no exit at any price works on yet; the answer is their ids.

    Exits are allowed in every trading state. What waits for a better price to close, or would add,
    is cancelled; the router waits for that, and releases protection, before it sends the exits.
    """

    def decide(book: Book, now: datetime) -> Decided[tuple[str, ...]]:
        view = view_of(book, now)
        events: list[e.Event] = []
        sends: list[Approved] = []
        cancels: list[str] = []
        # What is owed before what is owned: a short leg is never left without the long one.
        for symbol, position in sorted(book.positions.items(), key=lambda one: one[1].quantity > 0):
            if position.is_flat:
                continue
            cover = coverage(book, symbol)
            quantity = cover.held - cover.exiting
            if quantity <= 0:
                continue
            going = in_the_way(book, symbol)
            terms = _exit(book, position, quantity)
            approved = gate.approve_exit(terms, without(going, view))
            if isinstance(approved, Violation):
                log.error("flattening.exit_refused", symbol=symbol, code=approved.code)
                continue
            orders = [book.order(one) for one in going]
            asked, wanted = request_cancels(orders, f"flatten: {reason}", "flattening", now)
            events += asked
            cancels += wanted
            events.append(e.OrderIntended(at=now, terms=terms, reason=f"flatten: {reason}"))
            sends.append(approved)
        ids = tuple(one.terms.order_id for one in sends)
        return Decided(ids, tuple(events), tuple(sends), tuple(cancels))

    return decide


def _exit(book: Book, position: Position, quantity: Decimal) -> OrderTerms:
    symbol = position.instrument.symbol
    # The journal's length makes the id new for each flatten and the same in a replay.
    order_id = "o" + digest("flatten", symbol, str(book.sequence))
    return OrderTerms(
        order_id=order_id,
        client_order_id=client_order_id(order_id),
        plan_id="",
        cycle_id="",
        decision_id="",
        instrument=position.instrument,
        side=exit_side(position.quantity),
        order_type=OrderType.MARKET,
        order_class=OrderClass.SIMPLE,
        time_in_force=TimeInForce.DAY,
        quantity=quantity,
        purpose=OrderPurpose.EXIT,
    )
