"""What follows from a command? Each function here maps (book, now) to events and effects.

These are the commands that callers give: place, cancel, restrict. They are run by the one task that
owns the book (`daemon/desk.py`), which records the events and only then lets the effects happen.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Generic, TypeVar

from attrs import evolve, frozen

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.execution.tactics import open_slices
from cream.core.model.content import content_hash
from cream.core.model.errors import CreamError
from cream.core.model.order import Order, OrderStatus
from cream.core.model.plan import DecisionPlan
from cream.core.model.request import ExecutionParams, SingleOrder
from cream.core.model.state import Cause, TradingState
from cream.core.model.verdict import Verdict
from cream.core.risk.asked import asked_by_order, asked_by_plan, with_numbers
from cream.core.risk.gate import Approved, Gate
from cream.core.risk.view import PortfolioView

T = TypeVar("T")


@frozen
class Decided(Generic[T]):
    """An answer, what to record for it, and what to do once that is durable.

    `sends` are orders to hand to the router, `cancels` ids of orders to cancel at the broker.
    """

    result: T
    events: tuple[e.Event, ...] = ()
    sends: tuple[Approved, ...] = ()
    cancels: tuple[str, ...] = ()


Decide = Callable[[Book, datetime], Decided[T]]
ViewOf = Callable[[Book, datetime], PortfolioView]


@frozen(kw_only=True)
class Submission:
    """What became of a plan or single order. `verdict` is None for one answered before."""

    verdict: Verdict | None
    judged: e.PlanJudged


def submit_plan(
    plan: DecisionPlan, params: ExecutionParams, gate: Gate, view_of: ViewOf
) -> Decide[Submission]:
    """Judge `plan` and intend its orders, once: the same plan again gets the first answer."""
    fingerprint = content_hash(plan)
    asked = asked_by_plan(plan)

    def decide(book: Book, now: datetime) -> Decided[Submission]:
        known = _answered_before(book, plan.plan_id, fingerprint)
        if known is not None:
            return known
        if params.session_id and params.session_id not in book.client_sessions:
            message = f"no client session {params.session_id}: it begins with its first heartbeat"
            raise CreamError("NOT_FOUND", message)
        if plan.plan_id in book.options.rolls:
            raise CreamError("DUPLICATE_ID", f"{plan.plan_id} names a roll")
        verdict = gate.judge(plan, view_of(book, now), now, params.allow_partial)
        request = _Request(plan.plan_id, plan.cycle_id, fingerprint, asked, plan.rationale)
        return _under(params.session_id, _admit(gate, verdict, request, book, now))

    return decide


def _under(session_id: str, admitted: Decided[Submission]) -> Decided[Submission]:
    """The same, with the plan belonging to a client session."""
    if not session_id:
        return admitted
    judged = evolve(admitted.result.judged, session_id=session_id)
    return evolve(
        admitted,
        result=evolve(admitted.result, judged=judged),
        events=(judged, *admitted.events[1:]),
    )


def submit_order(order: SingleOrder, gate: Gate, view_of: ViewOf) -> Decide[Submission]:
    """Judge and intend one order, once per `client_order_id`."""
    plan_id = single_plan_id(order.client_order_id)
    fingerprint = content_hash(order)

    def decide(book: Book, now: datetime) -> Decided[Submission]:
        known = _answered_before(book, plan_id, fingerprint)
        if known is not None:
            return known
        if book.find(order.client_order_id) is not None:
            raise CreamError("DUPLICATE_ID", f"{order.client_order_id} names another order")
        verdict = gate.judge_order(order, view_of(book, now), now)
        request = _Request(plan_id, order.cycle_id, fingerprint, (asked_by_order(order),))
        return _admit(gate, verdict, request, book, now)

    return decide


def single_plan_id(client_order_id: str) -> str:
    """The plan id under which the answer to a single order is remembered."""
    return f"order:{client_order_id}"


def _answered_before(book: Book, plan_id: str, fingerprint: str) -> Decided[Submission] | None:
    judged = book.plans.get(plan_id)
    if judged is None:
        return None
    if judged.content_hash != fingerprint:
        raise CreamError("DUPLICATE_ID", f"{plan_id} was submitted before with other content")
    return Decided(Submission(verdict=None, judged=judged))


@frozen
class _Request:
    """What a plan or single order is known by, and what it asked for."""

    plan_id: str
    cycle_id: str
    fingerprint: str
    asked: tuple[e.Asked, ...]
    rationale: str = ""


def _admit(
    gate: Gate, verdict: Verdict, request: _Request, book: Book, now: datetime
) -> Decided[Submission]:
    approved = gate.approve(verdict) if verdict.ok else ()
    if any(book.find(one.terms.order_id) is not None for one in approved):
        # No plan has made it: a roll that is over has, and its id is a plan's.
        raise CreamError("DUPLICATE_ID", f"{request.plan_id} named something else")
    judged = e.PlanJudged(
        at=now,
        plan_id=request.plan_id,
        cycle_id=request.cycle_id,
        content_hash=request.fingerprint,
        ok=verdict.ok,
        order_ids=tuple(one.terms.order_id for one in approved),
        left_out=verdict.left_out,
        violations=verdict.violations,
        policy_version=verdict.policy_version,
        asked=request.asked,
        checks=with_numbers(verdict.checks),
        rationale=request.rationale,
    )
    intents = tuple(
        e.OrderIntended(at=now, terms=one.terms, reason=f"plan {request.plan_id}")
        for one in approved
    )
    sends = tuple(one for one in approved if not one.terms.is_tactic)
    submission = Submission(verdict=verdict, judged=judged)
    return Decided(submission, (judged, *intents), sends)


@frozen(kw_only=True)
class CancelAnswer:
    """What became of one request to cancel."""

    requested_id: str
    order_id: str | None
    accepted: bool
    code: str = ""
    message: str = ""


def cancel_orders(
    any_ids: Sequence[str], reason: str, actor: str
) -> Decide[tuple[CancelAnswer, ...]]:
    """Request the cancellation of each order; a tactic's slices go with it."""

    def decide(book: Book, now: datetime) -> Decided[tuple[CancelAnswer, ...]]:
        answers: list[CancelAnswer] = []
        orders: dict[str, Order] = {}
        for any_id in any_ids:
            order = book.find(any_id)
            answers.append(_answer(any_id, order))
            if order is not None and order.is_open:
                orders.update((one.order_id, one) for one in with_slices(book, order))
        events, cancels = request_cancels(orders.values(), reason, actor, now)
        return Decided(tuple(answers), events, cancels=cancels)

    return decide


def _answer(any_id: str, order: Order | None) -> CancelAnswer:
    if order is None:
        return CancelAnswer(
            requested_id=any_id,
            order_id=None,
            accepted=False,
            code="NOT_FOUND",
            message="no order has this id",
        )
    if order.is_open:
        return CancelAnswer(requested_id=any_id, order_id=order.order_id, accepted=True)
    return CancelAnswer(
        requested_id=any_id,
        order_id=order.order_id,
        accepted=order.status is OrderStatus.CANCELED,
        code="" if order.status is OrderStatus.CANCELED else "ORDER_NOT_CANCELABLE",
        message=f"the order is {order.status.value}",
    )


def with_slices(book: Book, order: Order) -> Iterator[Order]:
    """The order, and if it is worked by a tactic its open slices."""
    yield order
    if order.terms.is_tactic:
        yield from open_slices(book, order)


def request_cancels(
    orders: Iterable[Order], reason: str, actor: str, now: datetime
) -> tuple[tuple[e.Event, ...], tuple[str, ...]]:
    """Events and effects that ask for `orders` to be cancelled. Asking again is allowed."""
    events: list[e.Event] = []
    cancels: list[str] = []
    for order in orders:
        if order.status is not OrderStatus.PENDING_CANCEL:
            events.append(
                e.CancelRequested(at=now, order_id=order.order_id, reason=reason, actor=actor)
            )
        if not order.terms.is_tactic:
            cancels.append(order.order_id)
    return tuple(events), tuple(cancels)


def restrict(cause: Cause, state: TradingState, reason: str, actor: str) -> Decide[None]:
    """Let `cause` demand `state`. The first reason stands until the cause is lifted."""

    def decide(book: Book, now: datetime) -> Decided[None]:
        standing = book.restrictions.get(cause)
        if standing is not None and standing.state is state and cause is not Cause.OPERATOR:
            return Decided(None)
        event = e.TradingRestricted(at=now, cause=cause, state=state, reason=reason, actor=actor)
        return Decided(None, (event,))

    return decide


def lift(causes: Sequence[Cause], reason: str, actor: str) -> Decide[None]:
    """Withdraw each of `causes` that stands."""

    def decide(book: Book, now: datetime) -> Decided[None]:
        events = tuple(
            e.RestrictionLifted(at=now, cause=cause, reason=reason, actor=actor)
            for cause in causes
            if cause in book.restrictions
        )
        return Decided(None, events)

    return decide


def owe_mass_cancel(reason: str) -> Decide[None]:
    """Write down that every working entry has to go; a second debt adds nothing to the first."""

    def decide(book: Book, now: datetime) -> Decided[None]:
        if book.mass_cancel_owed is not None:
            return Decided(None)
        return Decided(None, (e.MassCancelOwed(at=now, reason=reason),))

    return decide


def owe_flatten(reason: str, actor: str) -> Decide[None]:
    """Write down that every position has to be closed; a second debt adds nothing to the first."""

    def decide(book: Book, now: datetime) -> Decided[None]:
        if book.flatten_owed is not None:
            return Decided(None)
        return Decided(None, (e.FlattenOwed(at=now, reason=reason, actor=actor),))

    return decide


def settle_flatten(reason: str) -> Decide[None]:
    """Write down that no position has to be closed any more, if one had to."""

    def decide(book: Book, now: datetime) -> Decided[None]:
        if book.flatten_owed is None:
            return Decided(None)
        return Decided(None, (e.FlattenSettled(at=now, reason=reason),))

    return decide


def together(*decisions: Decide[None]) -> Decide[None]:
    """Several decisions as one: recorded together or not at all.

    They must not depend on each other: each is shown the book as it was before all of them.
    """

    def decide(book: Book, now: datetime) -> Decided[None]:
        whole: Decided[None] = Decided(None)
        for one in decisions:
            part = one(book, now)
            whole = evolve(
                whole,
                events=whole.events + part.events,
                sends=whole.sends + part.sends,
                cancels=whole.cancels + part.cancels,
            )
        return whole

    return decide
