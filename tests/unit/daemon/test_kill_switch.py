"""The kill switch says what becomes of every order that it is after."""

from datetime import datetime
from decimal import Decimal

from attrs import evolve

from cream.core.execution import events as e
from cream.core.model.order import OrderPurpose, OrderStatus, Side
from cream.core.model.state import Cause, TradingState
from cream.core.safety.mass_cancel import MassCancelPolicy
from cream.daemon.kill_switch import pull, pull_without_journal, results
from tests.fakes.builders import NOW, bracket, order_terms, tactic
from tests.fakes.ledger import Ledger

POLICY = MassCancelPolicy()


def pulled(ledger: Ledger, policy: MassCancelPolicy = POLICY, now: datetime = NOW) -> list[str]:
    """Pull the switch; the orders that it is after."""
    decided = pull(policy, "runaway", "kim")(ledger.book, now)
    assert not decided.sends
    ledger.apply(*decided.events)
    return list(decided.result)


def test_halt_debt_and_cancels_are_one_record() -> None:
    ledger = Ledger()
    ledger.work(order_terms("rest", limit="90"))

    decided = pull(POLICY, "runaway", "kim")(ledger.book, NOW)

    kinds = [type(one) for one in decided.events]
    assert kinds == [e.TradingRestricted, e.MassCancelOwed, e.CancelRequested]
    # The mass canceller sends them; sent here as well they would cost the rate budget twice.
    assert decided.cancels == ()


def test_everything_that_works_is_named_and_on_its_way_out() -> None:
    ledger = Ledger()
    ledger.work(order_terms("rest", limit="90"))
    ledger.intend(order_terms("unsent", limit="91"), tactic("worked"))

    order_ids = pulled(ledger)

    told = results(ledger.book, order_ids)
    assert [one.requested_id for one in told] == ["rest", "unsent", "worked"]
    assert all(one.accepted and not one.code for one in told)
    assert {one.order.status for one in told if one.order} == {OrderStatus.PENDING_CANCEL}
    assert ledger.book.restrictions[Cause.OPERATOR].state is TradingState.HALTED
    assert ledger.book.restrictions[Cause.OPERATOR].actor == "kim"


def test_protection_and_what_has_ended_are_not_named() -> None:
    ledger = Ledger()
    ledger.enter(bracket("in"))
    ledger.work(order_terms("gone", limit="90"))
    ledger.end(order_terms("gone", limit="90"), OrderStatus.CANCELED)

    assert pulled(ledger) == []
    protective = [one for one in ledger.book.open_orders() if one.terms.purpose.is_protective]
    assert protective
    assert all(one.status is not OrderStatus.PENDING_CANCEL for one in protective)


def test_protection_goes_too_where_the_policy_says_so() -> None:
    ledger = Ledger()
    ledger.enter(bracket("in"))

    order_ids = pulled(ledger, evolve(POLICY, keep_protection=False))

    purposes = {ledger.order(one).terms.purpose for one in order_ids}
    assert purposes == {OrderPurpose.STOP_LOSS, OrderPurpose.TAKE_PROFIT}


def test_an_order_that_fills_in_the_meantime_was_not_cancelled() -> None:
    ledger = Ledger()
    filling, going = order_terms("fills", "10", limit="100"), order_terms("goes", limit="90")
    ledger.work(filling)
    ledger.work(going)
    order_ids = pulled(ledger)
    ledger.fill(filling, "10")
    ledger.end(going, OrderStatus.CANCELED)

    filled, gone = results(ledger.book, order_ids)

    assert (filled.accepted, filled.code) == (False, "ORDER_NOT_CANCELABLE")
    assert filled.message == "the order is FILLED"
    assert (gone.accepted, gone.code) == (True, "")
    assert gone.order is not None
    assert gone.order.status is OrderStatus.CANCELED


def test_a_second_pull_asks_for_nothing_twice() -> None:
    ledger = Ledger()
    ledger.work(order_terms("rest", limit="90"))
    first = pulled(ledger)

    decided = pull(POLICY, "still", "lee")(ledger.book, NOW)

    assert list(decided.result) == first
    assert [type(one) for one in decided.events] == [e.TradingRestricted]


def test_without_a_journal_only_cancels_leave() -> None:
    ledger = Ledger()
    ledger.work(order_terms("rest", limit="90", side=Side.BUY))

    decided = pull_without_journal(POLICY, "runaway", "kim")(ledger.book, NOW)

    assert decided.result == decided.cancels == ("rest",)
    assert [type(one) for one in decided.events] == [e.CancelRequested]
    assert ledger.order("rest").terms.quantity == Decimal(100)
