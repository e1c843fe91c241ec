"""How the venue makes an order and its exits, and how it shows them."""

from decimal import Decimal

import pytest

from cream.core.exchange.alpaca_status import VenueStatus
from cream.core.exchange.venue_order import Role, VenueOrder, children_from, root_from, shown
from cream.core.model.ids import CLIENT_ID_PREFIX
from cream.core.model.instrument import Equity
from cream.core.model.order import OrderClass, OrderTerms, OrderType, Side
from tests.fakes.venue_lab import NOON, bracket, call, leg, oco, spread, terms


def root(of: OrderTerms) -> VenueOrder:
    return root_from(of, 1, NOON, NOON, Decimal(0))


def test_a_bracket_has_a_target_and_a_stop_on_the_other_side() -> None:
    order = bracket()
    target, stop = children_from(order, root(order))
    assert (target.role, target.order_type, target.side) == (
        Role.TAKE_PROFIT,
        OrderType.LIMIT,
        Side.SELL,
    )
    assert (stop.role, stop.order_type, stop.side) == (Role.STOP_LOSS, OrderType.STOP, Side.SELL)
    assert (target.limit_price, target.stop_price) == (Decimal("253.50"), None)
    assert (stop.limit_price, stop.stop_price) == (None, Decimal("228.50"))
    assert {target.status, stop.status} == {VenueStatus.HELD}


def test_an_oco_is_its_own_target_and_has_a_stop_on_its_own_side() -> None:
    order = oco()
    (stop,) = children_from(order, root(order))
    assert (stop.role, stop.side) == (Role.STOP_LOSS, Side.SELL)


@pytest.mark.parametrize("order", [terms(), spread((leg(call("240"), 1), leg(call("250"), -1)))])
def test_other_orders_have_no_children(order: OrderTerms) -> None:
    assert children_from(order, root(order)) == ()


def test_levels_that_are_watched_elsewhere_do_not_reach_the_venue() -> None:
    simple = terms(limit="238.50", take_profit="250", stop_loss="230")
    assert children_from(simple, root(simple)) == ()


def test_every_member_has_ids_of_its_own_and_the_venues_are_not_ours() -> None:
    order = bracket()
    parent = root(order)
    members = (parent, *children_from(order, parent))
    assert len({one.broker_order_id for one in members}) == 3
    assert len({one.client_order_id for one in members}) == 3
    assert parent.client_order_id.startswith(CLIENT_ID_PREFIX)
    assert not any(one.client_order_id.startswith(CLIENT_ID_PREFIX) for one in members[1:])


def test_a_stop_is_a_stop_until_it_is_elected() -> None:
    order = root(terms(Side.SELL, stop="230"))
    assert order.is_stop
    order.elected = True
    assert not order.is_stop


def test_nothing_is_left_of_a_closed_order() -> None:
    order = root(terms(quantity="10"))
    order.filled = Decimal(4)
    assert order.leaves == 6
    order.status = VenueStatus.CANCELED
    assert order.leaves == 0


def test_a_spread_is_shown_on_its_underlying_with_its_legs() -> None:
    order = root(spread((leg(call("240"), 1), leg(call("250"), -1)), "5", "3.10"))
    order.legs[1].filled, order.legs[1].notional = Decimal(2), Decimal("2.46")
    view = shown(order)
    assert (view.instrument, view.order_class) == (Equity("AAPL"), OrderClass.MLEG)
    assert [one.quantity for one in view.legs] == [5, 5]
    assert [one.side for one in view.legs] == [Side.BUY, Side.SELL]
    assert [one.average_price for one in view.legs] == [None, Decimal("1.23")]
    assert order.trades_in(call("250").symbol)
    assert not order.trades_in("AAPL")
