"""Orders and their words."""

from decimal import Decimal

import pytest
from attrs import evolve

from cream.core.model.order import (
    Order,
    OrderClass,
    OrderLeg,
    OrderPurpose,
    OrderStatus,
    Side,
)
from cream.core.model.order_state import standing
from cream.core.model.plan import PositionIntent
from tests.fakes.builders import CALL, HIGHER_CALL, NOW, leg, order_terms, spread, tactic


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


def test_a_roll_opens_what_its_legs_open_and_closes_what_they_close() -> None:
    legs = (leg(CALL, -1, closes=True), leg(HIGHER_CALL, 2))
    roll = order_terms(
        quantity="3", purpose=OrderPurpose.ROLL, order_class=OrderClass.MLEG, legs=legs
    )

    assert roll.closing == ((CALL, Side.SELL, 3),)
    assert roll.opening_legs == legs[1:]
    assert roll.moves == ((CALL, Side.SELL, 3), (HIGHER_CALL, Side.BUY, 6))


def test_an_exit_closes_all_that_it_trades_and_an_entry_nothing() -> None:
    exit_terms = order_terms(quantity="3", side=Side.SELL, purpose=OrderPurpose.EXIT)
    assert exit_terms.closing == exit_terms.moves
    assert spread().closing == ()
    assert spread().opening_legs == spread().legs
    out = (leg(CALL, -1, closes=True), leg(HIGHER_CALL, 1, closes=True))
    closing = spread(legs=out, purpose=OrderPurpose.EXIT)
    assert (closing.closing, closing.opening_legs) == (closing.moves, ())


def test_entries_and_rolls_open_and_nothing_else_does() -> None:
    opening = {one for one in OrderPurpose if one.opens}

    assert opening == {OrderPurpose.ENTRY, OrderPurpose.ROLL}
    assert not any(one.is_protective for one in opening)
    assert {one for one in PositionIntent if one.opens} == {
        PositionIntent.BUY_TO_OPEN,
        PositionIntent.SELL_TO_OPEN,
    }
