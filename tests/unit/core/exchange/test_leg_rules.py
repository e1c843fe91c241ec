"""Which rolls Alpaca takes in one order; the rules of each leg are shown with those of orders."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cream.core.exchange.alpaca_rules import violations_of
from cream.core.exchange.leg_rules import rolls_as_one
from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.model.order import OrderLeg
from cream.core.model.plan import PositionIntent
from tests.fakes.venue_lab import spread

NEAR, FAR = date(2026, 12, 18), date(2027, 1, 15)
CALL, PUT = OptionRight.CALL, OptionRight.PUT


def leg(
    ratio: int, right: OptionRight, strike: int, on: date, *, opens: bool, of: str = "AAPL"
) -> OrderLeg:
    word = f"{'buy' if ratio > 0 else 'sell'}_to_{'open' if opens else 'close'}"
    contract = OptionContract(of, on, right, Decimal(strike))
    return OrderLeg(contract, ratio, PositionIntent(word))


def out(ratio: int, right: OptionRight, strike: int, on: date = NEAR) -> OrderLeg:
    return leg(ratio, right, strike, on, opens=False)


def into(ratio: int, right: OptionRight, strike: int, on: date = FAR) -> OrderLeg:
    return leg(ratio, right, strike, on, opens=True)


ROLLS = {
    "a long call": ((out(-1, CALL, 240), into(1, CALL, 240)), True),
    "a long put to another strike": ((out(-1, PUT, 230), into(1, PUT, 225, NEAR)), True),
    "a short call": ((out(1, CALL, 240), into(-1, CALL, 240)), False),
    "a short put": ((out(1, PUT, 230), into(-1, PUT, 230)), False),
    "a vertical sold": (
        (out(1, CALL, 240), out(-1, CALL, 250), into(-1, CALL, 240), into(1, CALL, 250)),
        True,
    ),
    "a vertical bought": (
        (out(-1, CALL, 240), out(1, CALL, 250), into(1, CALL, 240), into(-1, CALL, 250)),
        True,
    ),
    "a vertical into a long call": (
        (out(-1, PUT, 230), out(1, PUT, 225), into(1, CALL, 240)),
        True,
    ),
    # The long call that is closed covers nothing, and the one that is opened is a put.
    "a long call into a short one": ((out(-1, CALL, 240), into(-1, CALL, 240)), False),
    "a vertical whose new long leg ends first": (
        (out(1, CALL, 240), out(-1, CALL, 250), into(-1, CALL, 240), into(1, CALL, 250, NEAR)),
        False,
    ),
    "the same contract twice": ((out(-1, CALL, 240), into(1, CALL, 240, NEAR)), False),
    "six legs": (
        tuple(out(1, PUT, 200 + n) for n in range(3)) + tuple(into(1, PUT, n) for n in (1, 2, 3)),
        False,
    ),
    "ratios that can be divided": ((out(-2, CALL, 240), into(2, CALL, 240)), False),
    "two underlyings": (
        (out(-1, CALL, 240), leg(1, CALL, 600, FAR, opens=True, of="SPY")),
        False,
    ),
    "what only opens": ((into(1, CALL, 240), into(-1, CALL, 250)), False),
    "what only closes": ((out(1, CALL, 240), out(-1, CALL, 250)), False),
    "nothing": ((), False),
}


@pytest.mark.parametrize("name", ROLLS)
def test_a_roll_is_one_order_exactly_where_it_covers_what_it_sells(name: str) -> None:
    legs, taken = ROLLS[name]

    assert rolls_as_one(legs) is taken


ANY_LEG = st.builds(
    leg,
    st.sampled_from((-2, -1, 1, 2)),
    st.sampled_from((CALL, PUT)),
    st.sampled_from((230, 240, 250)),
    st.sampled_from((NEAR, FAR)),
    opens=st.booleans(),
)


@given(st.lists(ANY_LEG, min_size=2, max_size=5))
def test_what_is_said_of_legs_is_what_is_said_of_the_order(legs: list[OrderLeg]) -> None:
    """The roller asks before there is an order; the gate and the venue ask with it."""
    mixed = len({one.opens for one in legs}) == 2

    assert rolls_as_one(legs) is (mixed and not violations_of(spread(tuple(legs))))
