"""How is everything closed at once? One market exit per position, decided in one turn."""

from datetime import datetime

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.execution.protection import coverage, exit_side
from cream.core.model.ids import client_order_id, digest
from cream.core.model.order import OrderClass, OrderPurpose, OrderTerms, OrderType
from cream.core.model.plan import TimeInForce
from cream.core.model.position import Position
from cream.core.risk.decisions import Decide, Decided, ViewOf
from cream.core.risk.gate import Approved, Gate


def close_everything(gate: Gate, view_of: ViewOf, reason: str) -> Decide[tuple[str, ...]]:
    """Intend an exit for all of each position that no exit works on yet; the answer is their ids.

    Exits are allowed in every trading state; the router releases protection before it sends them.
    """

    def decide(book: Book, now: datetime) -> Decided[tuple[str, ...]]:
        view = view_of(book, now)
        events: list[e.Event] = []
        sends: list[Approved] = []
        for symbol, position in book.positions.items():
            if position.is_flat or coverage(book, symbol).exiting > 0:
                continue
            approved = gate.approve_exit(_exit(book, position), view)
            if isinstance(approved, Approved):
                intent = e.OrderIntended(at=now, terms=approved.terms, reason=f"flatten: {reason}")
                events.append(intent)
                sends.append(approved)
        ids = tuple(one.terms.order_id for one in sends)
        return Decided(ids, tuple(events), tuple(sends))

    return decide


def _exit(book: Book, position: Position) -> OrderTerms:
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
        quantity=abs(position.quantity),
        purpose=OrderPurpose.EXIT,
    )
