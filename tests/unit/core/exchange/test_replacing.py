from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from cream.core.exchange.replacing import OrderChange
from cream.core.model.broker import Accepted, BrokerOrder, OrderUpdate, Refused
from cream.core.model.order import OrderClass, OrderStatus, OrderType, Side
from cream.core.model.plan import TimeInForce
from tests.fakes.venue_lab import Lab, bracket, call, leg, oco, spread, terms

_ids = iter(range(1, 1_000))


def replace(
    lab: Lab, order: BrokerOrder, client_order_id: str | None = None, **changes: Any
) -> tuple[BrokerOrder | Refused, Sequence[OrderUpdate]]:
    lab.now += timedelta(seconds=1)
    change = OrderChange(client_order_id=client_order_id or f"new-{next(_ids)}", **changes)
    outcome, updates = lab.venue.replace(order.broker_order_id, change, lab.now)
    if isinstance(outcome, Accepted):
        return outcome.order, updates
    assert isinstance(outcome, Refused)
    return outcome, updates


def replaced(lab: Lab, order: BrokerOrder, **changes: Any) -> BrokerOrder:
    new, _ = replace(lab, order, **changes)
    assert isinstance(new, BrokerOrder), new
    return lab.order(new)


def refused(lab: Lab, order: BrokerOrder, **changes: Any) -> str:
    refusal, updates = replace(lab, order, **changes)
    assert isinstance(refusal, Refused)
    assert updates == ()
    return refusal.code


def test_another_order_takes_the_place_and_the_old_one_is_over() -> None:
    lab = Lab()
    old = lab.accepted(terms(limit="200.00"))
    new = replaced(lab, old, limit_price=Decimal("201.00"), client_order_id="mine")
    assert (new.client_order_id, new.limit_price, new.quantity) == ("mine", Decimal("201.00"), 10)
    assert new.broker_order_id != old.broker_order_id
    assert lab.order(old).raw_status == "replaced"
    assert not lab.order(old).legs
    assert lab.venue.open_orders() == [new]


def test_the_end_of_the_old_one_is_told_before_the_new_one_works() -> None:
    lab = Lab()
    old = lab.accepted(terms(limit="200.00"))
    _, updates = replace(lab, old, limit_price=Decimal("201.00"))
    assert [one.event for one in updates] == ["replaced", "new"]
    assert updates[0].order.broker_order_id == old.broker_order_id


def test_what_the_market_offers_is_taken_at_once() -> None:
    lab = Lab()
    new = replaced(lab, lab.accepted(terms(limit="200.00")), limit_price=Decimal("239.00"))
    assert new.status is OrderStatus.FILLED
    assert lab.held("AAPL") == 10


def test_the_quantity_is_the_total_of_both_orders() -> None:
    lab = Lab()
    lab.quote("AAPL", "238.39", "238.41", ask_size=4)
    old = lab.accepted(terms(quantity="10", limit="238.41"))
    new = replaced(lab, old, quantity=Decimal(6), limit_price=Decimal("238.00"))
    assert (lab.order(old).filled, new.quantity) == (4, 2)


def test_an_order_that_costs_more_than_there_is_keeps_its_place() -> None:
    lab = Lab(cash="2500")
    old = lab.accepted(terms(quantity="10", limit="200.00"))
    code = refused(lab, old, quantity=Decimal(1000))
    assert code == "INSUFFICIENT_BUYING_POWER"
    assert lab.order(old).status is OrderStatus.ACCEPTED


def test_what_the_old_order_reserved_is_free_for_the_new_one() -> None:
    lab = Lab(cash="10000")
    old = lab.accepted(terms(quantity="90", limit="200.00"))
    assert replaced(lab, old, quantity=Decimal(95)).quantity == 95


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "NOTHING_CHANGED"),
        ({"quantity": Decimal(10), "limit_price": Decimal("200.00")}, "NOTHING_CHANGED"),
        ({"quantity": Decimal("5.5")}, "FRACTIONAL_QUANTITY"),
        ({"quantity": Decimal(0)}, "INVALID_QUANTITY"),
        ({"limit_price": Decimal("200.001")}, "SUB_PENNY_PRICE"),
        ({"time_in_force": TimeInForce.OPG}, "INVALID_TIME_IN_FORCE"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused(changes: dict[str, Any], code: str) -> None:
    lab = Lab()
    assert refused(lab, lab.accepted(terms(limit="200.00")), **changes) == code


def test_what_is_over_or_unknown_has_no_successor() -> None:
    lab = Lab()
    old = lab.accepted(terms())
    assert refused(lab, old, limit_price=Decimal(1)) == "ORDER_NOT_REPLACEABLE"
    gone, _ = lab.venue.replace("nothing", OrderChange(client_order_id="x"), lab.now)
    assert isinstance(gone, Refused)
    assert gone.code == "NOT_FOUND"


def test_an_id_that_is_taken_is_refused() -> None:
    lab = Lab()
    old = lab.accepted(terms(limit="200.00"))
    code = refused(lab, old, limit_price=Decimal("201.00"), client_order_id=old.client_order_id)
    assert code == "CLIENT_ORDER_ID_NOT_UNIQUE"


def test_the_entry_of_a_bracket_hands_its_exits_on() -> None:
    lab = Lab()
    old = lab.accepted(bracket(limit="200.00", stop_loss="190.00"))
    new = replaced(lab, old, limit_price=Decimal("239.00"))
    assert new.status is OrderStatus.FILLED
    assert [one.broker_order_id for one in new.legs] == [one.broker_order_id for one in old.legs]
    assert lab.order(old).legs == ()
    lab.quote("AAPL", "189.00", "189.02")
    assert lab.held("AAPL") == 0


def test_a_stop_that_is_held_can_be_moved() -> None:
    lab = Lab()
    entry = lab.accepted(bracket())
    stop = next(one for one in lab.order(entry).legs if one.order_type is OrderType.STOP)
    new = replaced(lab, stop, stop_price=Decimal("235.00"))
    assert new.status is OrderStatus.HELD
    assert new.broker_order_id in [one.broker_order_id for one in lab.order(entry).legs]
    lab.quote("AAPL", "234.00", "234.02")
    assert lab.order(new).status is OrderStatus.FILLED
    assert lab.held("AAPL") == 0


def test_a_target_can_be_moved_and_still_ends_its_stop() -> None:
    lab = Lab()
    entry = lab.accepted(bracket())
    target = next(one for one in lab.order(entry).legs if one.order_type is OrderType.LIMIT)
    replaced(lab, target, limit_price=Decimal("250.00"))
    lab.quote("AAPL", "250.10", "250.12")
    assert lab.held("AAPL") == 0
    assert lab.venue.open_orders() == []


def test_the_quantity_of_an_exit_is_not_changed() -> None:
    lab = Lab()
    entry = lab.accepted(bracket(limit="200.00", stop_loss="190.00"))
    assert refused(lab, entry, quantity=Decimal(5)) == "INVALID_REPLACEMENT"
    assert refused(lab, entry.legs[0], quantity=Decimal(5)) == "INVALID_REPLACEMENT"
    assert refused(lab, entry.legs[1], stop_price=Decimal("190.001")) == "SUB_PENNY_PRICE"


def test_an_oco_keeps_its_stop() -> None:
    lab = Lab()
    lab.accepted(terms())
    old = lab.accepted(oco())
    new = replaced(lab, old, limit_price=Decimal("250.00"))
    lab.quote("AAPL", "228.40", "228.42")
    assert lab.held("AAPL") == 0
    assert lab.order(new).status is OrderStatus.CANCELED


@pytest.mark.parametrize(("name", "stop"), [("trail_price", "235.39"), ("trail_percent", "231.23")])
def test_a_trail_stays_in_its_unit(name: str, stop: str) -> None:
    lab = Lab()
    lab.accepted(terms())
    trails: dict[str, Any] = {name: "2"}
    old = lab.accepted(terms(Side.SELL, order_type=OrderType.TRAILING_STOP, **trails))
    lab.quote("AAPL", "238.39", "238.41")
    new = replaced(lab, old, trail=Decimal(3))
    lab.quote("AAPL", "238.39", "238.41")
    assert lab.order(new).stop_price == Decimal(stop)


def test_a_spread_is_replaced_with_its_legs() -> None:
    lab = Lab()
    lab.market.set(call("240").symbol, "4.30", "4.31")
    lab.market.set(call("250").symbol, "1.23", "1.24")
    legs = (leg(call("240"), 1), leg(call("250"), -1))
    old = lab.accepted(spread(legs, "2", "1.00"))
    new = replaced(lab, old, limit_price=Decimal("3.10"))
    assert (new.status, new.average_price) == (OrderStatus.FILLED, Decimal("3.08"))
    assert {one.broker_order_id for one in new.legs}.isdisjoint(
        one.broker_order_id for one in old.legs
    )


def test_an_entry_with_one_exit_cannot_be_replaced() -> None:
    """Alpaca does not support it yet."""
    lab = Lab()
    order = lab.accepted(
        evolve(
            bracket(limit="200.00"),
            stop_loss=Decimal("190.00"),
            order_class=OrderClass.OTO,
            take_profit=None,
        )
    )
    assert refused(lab, order, limit_price=Decimal("201.00")) == "INVALID_REPLACEMENT"
