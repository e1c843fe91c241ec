"""Orders and their words."""

from decimal import Decimal

import pytest
from attrs import evolve

from cream.core.model.order import Order, OrderLeg, OrderPurpose, OrderStatus, Side
from cream.core.model.order_state import standing
from cream.core.model.plan import PositionIntent
from tests.fakes.builders import CALL, NOW, order_terms, tactic


def order(status: OrderStatus, filled: str = "0") -> Order:
    return Order(
        terms=order_terms(quantity="100"),
        state=standing(status),
        intended_at=NOW,
        updated_at=NOW,
        filled=Decimal(filled),
    )


def test_sides_have_signs_and_opposites() -> None:
    assert (Side.BUY.sign, Side.SELL.sign) == (1, -1)
    assert (Side.BUY.opposite, Side.SELL.opposite) == (Side.SELL, Side.BUY)


@pytest.mark.parametrize("status", list(OrderStatus))
def test_four_ends_close_an_order(status: OrderStatus) -> None:
    ends = {"FILLED", "CANCELED", "REJECTED", "EXPIRED"}

    assert status.is_closed is (status.value in ends)
    assert order(status).is_open is (status.value not in ends)


def test_a_closed_order_leaves_nothing() -> None:
    assert order(OrderStatus.PARTIALLY_FILLED, "30").leaves == 70
    assert order(OrderStatus.CANCELED, "30").leaves == 0
    assert order(OrderStatus.ACCEPTED, "130").leaves == 0


def test_only_stops_and_targets_protect() -> None:
    protective = {purpose for purpose in OrderPurpose if purpose.is_protective}

    assert protective == {OrderPurpose.STOP_LOSS, OrderPurpose.TAKE_PROFIT}


def test_the_sign_of_a_ratio_is_its_side() -> None:
    leg = OrderLeg(CALL, -1, PositionIntent.SELL_TO_OPEN)

    assert (leg.side, evolve(leg, ratio=2).side) == (Side.SELL, Side.BUY)


def test_a_parent_of_slices_is_a_tactic() -> None:
    assert tactic().is_tactic
    assert not order_terms().is_tactic
