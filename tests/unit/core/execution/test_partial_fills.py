"""How long an order is let be after its last fill, and what becomes of the rest."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from attrs import evolve

from cream.core.execution import events as e
from cream.core.execution.partial_fills import (
    PartialAction,
    PartialFillPolicy,
    Patience,
    due_at,
    patience_with,
    timed_out,
    to_resubmit,
)
from cream.core.model.order import OrderPurpose, OrderStatus, OrderTerms, OrderType, Side
from cream.core.model.plan import Guard
from tests.fakes.builders import NOW, bracket, order_terms, tactic
from tests.fakes.ledger import Ledger
from tests.fakes.rolls import a_roll_owed

POLICY = PartialFillPolicy()


def an_exit(order_id: str = "o-out", quantity: str = "100", **changes: object) -> OrderTerms:
    return evolve(
        order_terms(order_id, quantity, side=Side.SELL, limit="120", purpose=OrderPurpose.EXIT),
        plan_id="p",
        **changes,
    )


def held_and_leaving(**changes: object) -> Ledger:
    """100 shares, and an exit for all of them that has sold 40."""
    ledger = Ledger()
    ledger.enter(order_terms("o-in"))
    ledger.work(an_exit(**changes))
    ledger.wait(30)
    ledger.trade("o-out", "40")
    return ledger


def seconds(moment: datetime | None, since: datetime = NOW) -> float | None:
    return None if moment is None else (moment - since).total_seconds()


def out_of(ledger: Ledger, policy: PartialFillPolicy = POLICY) -> list[tuple[str, PartialAction]]:
    ids = [one.order_id for one in ledger.book.orders()]
    found = timed_out(ledger.book, ids, ledger.now, policy)
    return [(one.order.order_id, one.action) for one in found]


def resubmitted(ledger: Ledger) -> list[OrderTerms]:
    return list(to_resubmit(ledger.book, [one.order_id for one in ledger.book.orders()]))


@pytest.mark.parametrize(
    ("after", "out"), [(59.999, False), (60.0, True), (60.001, True), (3600.0, True)]
)
def test_patience_is_measured_from_the_last_fill(after: float, out: bool) -> None:
    ledger = held_and_leaving()
    ledger.now = NOW + timedelta(seconds=30 + after)

    assert out_of(ledger) == ([("o-out", PartialAction.RESUBMIT_MARKET)] if out else [])


def test_another_fill_begins_it_anew() -> None:
    ledger = held_and_leaving()
    ledger.wait(50)
    ledger.trade("o-out", "10")

    assert seconds(due_at(ledger.book, ledger.order("o-out"), POLICY)) == 30 + 50 + 60


def test_each_purpose_has_its_own() -> None:
    ledger = Ledger()
    ledger.enter(bracket())
    entry, target, stop = ledger.book.orders()
    fired = evolve(an_exit("o-fired", parent_order_id="o-entry"), plan_id="p")
    ledger.intend(fired, an_exit("o-out"), tactic())
    for order, seconds_let in ((entry, 300), (target, 120), (stop, 10)):
        patience = patience_with(ledger.book, order, POLICY)
        assert patience is not None
        assert patience.seconds == seconds_let
    named = {"o-fired": 10.0, "o-out": 60.0}
    for order_id, seconds_let in named.items():
        patience = patience_with(ledger.book, ledger.order(order_id), POLICY)
        assert patience is not None
        assert patience.seconds == seconds_let
    assert patience_with(ledger.book, ledger.order("o-tactic"), POLICY) is None


def test_what_has_not_filled_at_all_is_let_be_but_for_a_stop_that_waits_for_its_limit() -> None:
    ledger = Ledger()
    ledger.enter(evolve(order_terms("o-in"), guard=Guard(stop_limit_price=Decimal(94))))
    ledger.work(an_exit("o-out"))
    ledger.work(an_exit("o-fired", "50", parent_order_id="o-in"))

    assert due_at(ledger.book, ledger.order("o-out"), POLICY) is None
    assert seconds(due_at(ledger.book, ledger.order("o-fired"), POLICY)) == 10


def test_what_is_over_or_out_of_patience_already_is_not_so_again() -> None:
    ledger = held_and_leaving()
    ledger.apply(e.PartialTimedOut(at=NOW, order_id="o-out", action="keep_partial"))
    ledger.wait(1_000)

    assert out_of(ledger) == []
    assert due_at(ledger.book, ledger.order("o-in"), POLICY) is None


# What is left ----------------------------------------------------------------------------------


def given_up(action: PartialAction, filled_meanwhile: str = "0") -> Ledger:
    ledger = held_and_leaving()
    ledger.apply(e.PartialTimedOut(at=ledger.now, order_id="o-out", action=action.value))
    ledger.ask_cancel("o-out")
    assert resubmitted(ledger) == [], "nothing is sent while it may still fill"
    if filled_meanwhile != "0":
        ledger.trade("o-out", filled_meanwhile)
    ledger.apply(
        e.OrderProgressed(
            at=ledger.now, order_id="o-out", status=OrderStatus.CANCELED, reason="test"
        )
    )
    return ledger


@pytest.mark.parametrize("action", [a for a in PartialAction if a.resubmits])
@pytest.mark.parametrize(("meanwhile", "left"), [("0", 60), ("25", 35)])
def test_what_is_left_goes_at_the_market_once_the_end_is_confirmed(
    action: PartialAction, meanwhile: str, left: int
) -> None:
    ledger = given_up(action, meanwhile)

    (terms,) = resubmitted(ledger)

    assert (terms.order_type, terms.quantity) == (OrderType.MARKET, left)
    assert (terms.side, terms.purpose) == (Side.SELL, OrderPurpose.EXIT)
    assert terms.parent_order_id == "o-out"
    ledger.intend(terms)
    assert resubmitted(ledger) == []


@pytest.mark.parametrize("action", [a for a in PartialAction if not a.resubmits])
def test_other_actions_send_nothing_anew(action: PartialAction) -> None:
    assert resubmitted(given_up(action)) == []


def test_an_order_that_filled_while_it_was_cancelled_leaves_nothing() -> None:
    ledger = held_and_leaving()
    ledger.apply(e.PartialTimedOut(at=NOW, order_id="o-out", action="resubmit_market"))
    ledger.ask_cancel("o-out")
    ledger.trade("o-out", "60")

    assert resubmitted(ledger) == []


def test_no_share_is_sold_that_another_exit_works_on() -> None:
    ledger = given_up(PartialAction.RESUBMIT_MARKET)
    ledger.intend(an_exit("o-other", "50"))

    (terms,) = resubmitted(ledger)
    assert terms.quantity == 10


@pytest.mark.parametrize(
    ("action", "again"),
    [
        (PartialAction.RESUBMIT_MARKET, PartialAction.KEEP_PARTIAL),
        (PartialAction.AGGRESSIVE_RESUBMIT, PartialAction.AGGRESSIVE_RESUBMIT),
    ],
)
def test_once_or_again_and_again(action: PartialAction, again: PartialAction) -> None:
    policy = evolve(POLICY, exit=Patience(60.0, action))
    ledger = given_up(action)
    (terms,) = resubmitted(ledger)
    ledger.work(terms)
    ledger.trade(terms.order_id, "5")
    ledger.wait(60)

    assert out_of(ledger, policy) == [(terms.order_id, again)]


def test_an_order_of_a_roll_has_the_patience_of_the_roll() -> None:
    """What is left of it is priced anew there, and never sold at the market."""
    ledger = held_and_leaving()
    order = ledger.order("o-out")
    assert patience_with(ledger.book, order, POLICY) is not None

    ledger.apply(a_roll_owed(roll_id=order.terms.plan_id))

    assert patience_with(ledger.book, order, POLICY) is None
    ledger.wait(3600)
    assert out_of(ledger) == []
