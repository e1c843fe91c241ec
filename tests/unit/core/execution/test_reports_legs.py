"""What reports say of the legs that a broker makes itself."""

from decimal import Decimal

import pytest
from attrs import evolve

from cream.core.execution import events as e
from cream.core.execution.reports import Reading
from cream.core.model.order import OrderClass, OrderPurpose, OrderStatus, OrderType, Side
from tests.fakes.builders import (
    NOW,
    bracket,
    execution,
    later,
    order_terms,
    shown,
    with_exits,
)
from tests.fakes.ledger import Ledger

S = OrderStatus
TERMS = order_terms()


def working() -> Ledger:
    ledger = Ledger()
    ledger.work(TERMS)
    return ledger


def kinds(reading: Reading) -> list[str]:
    return [type(one).__name__ for one in reading.events]


# Legs of brackets -------------------------------------------------------------------------------


def test_readings_add_up() -> None:
    first = Reading(missing_executions=("a",), missing_since=later(5))
    second = Reading(unknown=(shown(TERMS),), missing_since=later(3))

    total = first + second + Reading()

    assert total.missing_executions == ("a",)
    assert total.unknown == (shown(TERMS),)
    assert total.missing_since == later(3)


def test_the_legs_of_a_bracket_are_listed_once_under_their_parent() -> None:
    """With the terms that the broker shows, their purpose told by their type."""
    ledger, entry = Ledger(), bracket()
    ledger.intend(entry)

    first = ledger.report(with_exits(entry))
    again = ledger.report(with_exits(entry, updated=1))

    assert kinds(first) == ["OrderAcknowledged", "ChildListed", "ChildListed"]
    assert again.events == ()
    target, stop = ledger.book.children("o-entry")
    assert (target.terms.purpose, target.terms.limit_price) == (OrderPurpose.TAKE_PROFIT, 110)
    assert (stop.terms.purpose, stop.terms.stop_price) == (OrderPurpose.STOP_LOSS, 95)
    for child in (target, stop):
        assert child.status is S.HELD
        assert child.terms.side is Side.SELL
        assert child.terms.order_class is OrderClass.BRACKET
        assert child.terms.plan_id == entry.plan_id
        assert child.intended_at == ledger.order("o-entry").intended_at


def test_a_leg_twice_in_one_message_is_one_leg() -> None:
    ledger, entry = Ledger(), bracket()
    ledger.intend(entry)
    order = with_exits(entry)

    ledger.report(evolve(order, legs=order.legs + order.legs))

    assert len(ledger.book.children("o-entry")) == 2


def test_a_leg_that_the_broker_replaced_is_a_leg_more_and_the_old_one_ends() -> None:
    """Whoever moves a stop by hand makes another order of it."""
    ledger, entry = Ledger(), bracket()
    ledger.enter(entry)
    order = with_exits(entry, S.FILLED, "100")
    old = order.legs[1]
    new = evolve(old, broker_order_id="b-new", client_order_id="new", stop_price=Decimal(97))

    ledger.report(evolve(order, legs=(order.legs[0], new)))
    ledger.report(evolve(old, status=S.CANCELED, raw_status="replaced"))

    stops = [
        one
        for one in ledger.book.children("o-entry")
        if one.terms.purpose is OrderPurpose.STOP_LOSS
    ]
    assert [(one.status, one.terms.stop_price) for one in stops] == [
        (S.CANCELED, 95),
        (S.HELD, 97),
    ]


@pytest.mark.parametrize("end", [S.CANCELED, S.EXPIRED, S.REJECTED])
def test_a_leg_that_has_ended_before_it_was_seen_guards_nothing(end: S) -> None:
    ledger, entry = Ledger(), bracket()
    ledger.intend(entry)

    ledger.report(with_exits(entry, end, exits=end))

    assert [one.status for one in ledger.book.children("o-entry")] == [end, end]
    assert list(ledger.book.open_orders()) == []


def test_a_leg_that_has_filled_before_it_was_seen_asks_for_its_executions() -> None:
    """A stop that fired while nobody listened: until it is booked we would hold what is sold."""
    ledger, entry = Ledger(), bracket()
    ledger.intend(entry)
    ledger.wait(7200)
    order = with_exits(entry, S.FILLED, "100", exits=S.CANCELED)
    sold = evolve(order.legs[1], status=S.FILLED, filled=Decimal(100))

    reading = ledger.report(
        evolve(order, legs=(order.legs[0], sold)), execution(entry, "x-1", "100")
    )

    stop = ledger.book.children("o-entry")[1]
    assert stop.status is S.HELD
    assert reading.missing_executions == (stop.order_id,)
    assert reading.missing_since == NOW

    ledger.executions(
        [
            execution(
                entry,
                "x-2",
                "100",
                "95",
                side=Side.SELL,
                broker_order_id=sold.broker_order_id,
            )
        ]
    )
    assert ledger.order(stop.order_id).status is S.FILLED
    assert ledger.held() == 0


def test_what_a_stranger_s_order_brings_along_is_a_stranger_s_too() -> None:
    """Else a mass cancel or an exit of ours would cancel it."""
    ledger = Ledger()
    terms = evolve(bracket("o-x"), purpose=OrderPurpose.EXTERNAL)
    ledger.apply(e.ChildListed(at=NOW, terms=terms, broker_order_id="b-o-x", status=S.ACCEPTED))

    ledger.report(with_exits(terms))

    purposes = [one.terms.purpose for one in ledger.book.children("o-x")]
    assert purposes == [OrderPurpose.EXTERNAL, OrderPurpose.EXTERNAL]


@pytest.mark.parametrize(
    ("order_type", "purpose"),
    [
        (OrderType.LIMIT, OrderPurpose.TAKE_PROFIT),
        (OrderType.STOP, OrderPurpose.STOP_LOSS),
        (OrderType.STOP_LIMIT, OrderPurpose.STOP_LOSS),
        (OrderType.TRAILING_STOP, OrderPurpose.STOP_LOSS),
    ],
)
def test_a_leg_that_waits_for_a_worse_price_is_a_stop(
    order_type: OrderType, purpose: OrderPurpose
) -> None:
    ledger, entry = Ledger(), bracket()
    ledger.intend(entry)
    order = with_exits(entry)

    ledger.report(evolve(order, legs=(evolve(order.legs[0], order_type=order_type),)))

    (child,) = ledger.book.children("o-entry")
    assert child.terms.purpose is purpose


def test_a_leg_that_the_broker_reduced_is_for_less_here_too() -> None:
    """Shares that seem to be guarded and are not would be watched by nobody."""
    ledger, entry = Ledger(), bracket()
    ledger.enter(entry)
    stop = with_exits(entry, S.FILLED, "100").legs[1]

    ledger.report(evolve(stop, quantity=Decimal(60)))
    child = ledger.book.children("o-entry")[1]
    assert (child.terms.quantity, child.leaves, child.status) == (60, 60, S.HELD)

    ledger.report(evolve(stop, quantity=Decimal(100)))
    assert ledger.order(child.order_id).leaves == 60, "an older report does not raise it"

    sold = execution(entry, "x-1", "60", "95", side=Side.SELL, broker_order_id=stop.broker_order_id)
    ledger.report(evolve(stop, quantity=Decimal(60), status=S.FILLED, filled=Decimal(60)), sold)
    assert ledger.order(child.order_id).status is S.FILLED
    assert ledger.held() == 40


def test_a_leg_that_is_reduced_to_what_it_has_filled_is_filled() -> None:
    ledger, entry = Ledger(), bracket()
    ledger.enter(entry)
    target = with_exits(entry, S.FILLED, "100").legs[0]
    child = ledger.book.children("o-entry")[0]
    ledger.trade(child.order_id, "60", "110")

    ledger.report(
        evolve(target, quantity=Decimal(60), filled=Decimal(60), status=S.PARTIALLY_FILLED)
    )

    assert ledger.order(child.order_id).status is S.FILLED


@pytest.mark.parametrize("quantity", ["0", "39", "100", "101"])
def test_a_figure_that_makes_no_sense_reduces_nothing(quantity: str) -> None:
    ledger, entry = Ledger(), bracket()
    ledger.enter(entry)
    target = with_exits(entry, S.FILLED, "100").legs[0]
    child = ledger.book.children("o-entry")[0]
    ledger.trade(child.order_id, "40", "110")

    reading = ledger.report(
        evolve(target, quantity=Decimal(quantity), filled=Decimal(40), status=S.PARTIALLY_FILLED)
    )

    assert reading.events == ()
    assert ledger.order(child.order_id).terms.quantity == 100


def test_what_we_sent_is_for_what_we_sent() -> None:
    """Only legs are the broker's to size; of our own orders the terms never change."""
    ledger = working()

    ledger.report(shown(TERMS, S.ACCEPTED, quantity="60", updated=1))

    assert ledger.order("o-entry").terms.quantity == 100
