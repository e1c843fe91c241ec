"""Who walks the limit of an order from mid to natural? One task, a step at a time.

The task keeps nothing: which step is next follows from the book and the quotes
(`core/execution/walking.py`). What it decided on is decided again in the desk's turn, so that a
quote or a fill that came in between is seen.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import structlog
import trio

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.execution.tactics import TacticOver, TacticWaits
from cream.core.execution.walking import StepBack, StepDue, WalkPaused, next_walk_step
from cream.core.model.verdict import Violation
from cream.core.risk.decisions import Decide, Decided, ViewOf, request_cancels
from cream.core.risk.gate import Approved, Gate
from cream.daemon.desk import Desk

log = structlog.get_logger(__name__)

# Quotes do not wake a walk: while they keep it from going on it looks again after this.
_PAUSED_RETRY_SECONDS = 1.0
# A step refused by the gate is offered again after this many seconds: limits may free up.
_REFUSED_RETRY_SECONDS = 5.0


async def work_walk(
    order_id: str,
    desk: Desk,
    gate: Gate,
    view_of: ViewOf,
    ensure: Callable[[Sequence[str]], Awaitable[None]],
) -> None:
    """Work the walking parent until it is over.

    Raises: CreamError without a journal. Cancellation: the step that was intended stays.
    """
    terms = desk.book.order(order_id).terms
    await ensure([instrument.symbol for instrument, _, _ in terms.moves])
    # The parent, a step of it, or a holding of what they trade.
    subjects = [order_id, terms.instrument.symbol, *(one.symbol for one, _, _ in terms.moves)]
    paused = ""
    while True:
        now = desk.clock.now()
        step = next_walk_step(desk.book, desk.book.order(order_id), view_of(desk.book, now).quote)
        match step:
            case TacticWaits():
                await desk.wait_touched(*subjects)
            case WalkPaused(why):
                if why != paused:
                    log.info("walk_runner.walk_pauses", order_id=order_id, why=why)
                with trio.move_on_after(_PAUSED_RETRY_SECONDS):
                    await desk.wait_touched(*subjects)
            case StepDue(due_at=due_at) | StepBack(due_at=due_at) if due_at > now:
                with trio.move_on_after((due_at - now).total_seconds()):
                    await desk.wait_touched(*subjects)
            case StepDue() | StepBack() | TacticOver():
                refused = await desk.do(_take_step(order_id, gate, view_of))
                if isinstance(step, TacticOver) and not desk.book.order(order_id).is_open:
                    return
                if refused is not None:
                    log.warning("walk_runner.refused", order_id=order_id, code=refused.code)
                    with trio.move_on_after(_REFUSED_RETRY_SECONDS):
                        await desk.wait_touched(*subjects)
        paused = step.why if isinstance(step, WalkPaused) else ""


def _take_step(order_id: str, gate: Gate, view_of: ViewOf) -> Decide[Violation | None]:
    """Do what is due now, whatever that is by now."""

    def decide(book: Book, now: datetime) -> Decided[Violation | None]:
        parent = book.order(order_id)
        view = view_of(book, now)
        match next_walk_step(book, parent, view.quote):
            case StepDue(index=index, due_at=due_at, terms=terms) if due_at <= now:
                approved = gate.approve_slice(parent, terms, view)
                if not isinstance(approved, Approved):
                    return Decided(approved)
                intent = e.OrderIntended(at=now, terms=terms, reason=f"step {index} of WALK")
                return Decided(None, (intent,), sends=(approved,))
            case StepBack(order_id=child, due_at=due_at) if due_at <= now:
                events, cancels = request_cancels(
                    [book.order(child)], "the next step bids more", "walk", now
                )
                return Decided(None, events, cancels=cancels)
            case TacticOver(status, reason) if parent.is_open:
                over = e.OrderProgressed(at=now, order_id=order_id, status=status, reason=reason)
                return Decided(None, (over,))
        return Decided(None)

    return decide
