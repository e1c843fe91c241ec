"""What becomes of an agent's entries when it falls silent."""

import pytest

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.model.errors import CreamError
from cream.core.model.order import OrderPurpose, OrderStatus, Side
from cream.core.model.promise import OnLoss, Promise
from cream.core.model.state import Cause, TradingState
from cream.core.risk.client_sessions import (
    MOST_SESSIONS,
    close,
    entries_of,
    keep,
    lose,
    promise_of,
)
from tests.fakes.builders import NOW, order_terms
from tests.fakes.ledger import Ledger


def promise(name: str = "s", on_loss: OnLoss = OnLoss.CANCEL_ENTRIES) -> Promise:
    return Promise(session_id=name, timeout_seconds=30.0, on_loss=on_loss)


def judged(plan_id: str, session_id: str, *order_ids: str) -> e.PlanJudged:
    return e.PlanJudged(
        at=NOW,
        plan_id=plan_id,
        cycle_id="c",
        content_hash=plan_id,
        ok=True,
        order_ids=order_ids,
        left_out=(),
        violations=(),
        policy_version="v",
        session_id=session_id,
    )


def kept(ledger: Ledger, one: Promise) -> tuple[e.Event, ...]:
    decided = keep(one, "me")(ledger.book, ledger.now)
    ledger.apply(*decided.events)
    return decided.events


def with_orders(on_loss: OnLoss) -> Ledger:
    """Two sessions with an entry each; the first has an exit and a closed entry besides."""
    ledger = Ledger()
    kept(ledger, promise("s", on_loss))
    kept(ledger, promise("other", on_loss))
    ledger.apply(judged("p", "s", "o-1", "o-2", "o-3"), judged("q", "other", "o-4"))
    ledger.work(order_terms("o-1"))
    ledger.enter(order_terms("o-2"))
    ledger.work(order_terms("o-3", side=Side.SELL, purpose=OrderPurpose.EXIT, limit="120"))
    ledger.work(order_terms("o-4"))
    return ledger


def lost(ledger: Ledger) -> tuple[str, ...]:
    decided = lose("s", lambda: True)(ledger.book, ledger.now)
    ledger.apply(*decided.events)
    return decided.cancels


def test_a_promise_is_noted_once_and_again_where_it_changes() -> None:
    ledger = Ledger()

    assert len(kept(ledger, promise())) == 1
    assert kept(ledger, promise()) == ()
    assert len(kept(ledger, promise(on_loss=OnLoss.REDUCE))) == 1
    assert promise_of(ledger.book.client_sessions["s"]) == promise(on_loss=OnLoss.REDUCE)


def test_only_the_entries_of_the_lost_session_are_cancelled() -> None:
    ledger = with_orders(OnLoss.CANCEL_ENTRIES)

    assert lost(ledger) == ("o-1",)
    assert ledger.order("o-1").status is OrderStatus.PENDING_CANCEL
    assert list(ledger.book.client_sessions) == ["other"]
    assert ledger.book.trading_state is TradingState.ACTIVE
    assert [one.order_id for one in entries_of(ledger.book, "other")] == ["o-4"]


def test_reducing_is_an_operators_to_lift_and_loosens_nothing() -> None:
    ledger = with_orders(OnLoss.REDUCE)
    assert lost(ledger) == ()
    restriction = ledger.book.restrictions[Cause.OPERATOR]
    assert (restriction.state, restriction.actor) == (TradingState.REDUCING, "session:s")

    halted = with_orders(OnLoss.REDUCE)
    halted.apply(
        e.TradingRestricted(
            at=NOW, cause=Cause.OPERATOR, state=TradingState.HALTED, reason="x", actor="kim"
        )
    )
    lost(halted)
    assert halted.book.trading_state is TradingState.HALTED


def test_nothing_may_follow_where_that_is_agreed() -> None:
    ledger = with_orders(OnLoss.NONE)

    assert lost(ledger) == ()
    assert ledger.order("o-1").status is OrderStatus.ACCEPTED
    assert "s" not in ledger.book.client_sessions


def test_a_sign_that_came_meanwhile_and_a_session_that_left_lose_nothing() -> None:
    ledger = with_orders(OnLoss.CANCEL_ENTRIES)
    assert lose("s", lambda: False)(ledger.book, NOW).events == ()

    left = close("s")(ledger.book, NOW)
    ledger.apply(*left.events)
    assert left.result
    assert lost(ledger) == ()
    assert not close("s")(ledger.book, NOW).result


def test_there_is_a_bound() -> None:
    ledger = Ledger(book=Book())
    for number in range(MOST_SESSIONS):
        kept(ledger, promise(f"s-{number}"))

    with pytest.raises(CreamError) as refused:
        keep(promise("one-more"), "me")(ledger.book, NOW)

    assert refused.value.kind.code == "BUSY"
    kept(ledger, promise("s-0", OnLoss.NONE))
