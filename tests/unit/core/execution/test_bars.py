"""What a bar does to a stop and a target, and which comes first where it does both."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cream.core.execution.bars import (
    Bar,
    BarExit,
    SameBarPriority,
    first_reached,
    low_comes_first,
)
from cream.core.execution.levels import Trigger

STOP, TARGET = Trigger.STOP_LOSS, Trigger.TAKE_PROFIT
FIRST, LAST, ORDER = SameBarPriority


def bar(opens: str, high: str, low: str, close: str) -> Bar:
    return Bar(open=Decimal(opens), high=Decimal(high), low=Decimal(low), close=Decimal(close))


UP, DOWN, DOJI = (
    bar("100", "111", "94", "101"),
    bar("100", "111", "94", "99"),
    bar("100", "111", "94", "100"),
)


@pytest.mark.parametrize(
    ("rising", "shown", "priority", "trigger"),
    [
        (True, UP, FIRST, STOP),
        (True, UP, LAST, TARGET),
        (True, UP, ORDER, STOP),
        (True, DOWN, ORDER, TARGET),
        (True, DOJI, ORDER, TARGET),
        (False, UP, ORDER, TARGET),
        (False, DOWN, ORDER, STOP),
        (False, DOJI, ORDER, STOP),
        (False, UP, FIRST, STOP),
        (False, DOWN, LAST, TARGET),
    ],
)
def test_where_a_bar_reached_both_the_policy_decides(
    rising: bool, shown: Bar, priority: SameBarPriority, trigger: Trigger
) -> None:
    """A doji counts as a bar that goes down: high before low."""
    stop, target = (Decimal(95), Decimal(110)) if rising else (Decimal(110), Decimal(95))
    exits = first_reached(shown, stop=stop, target=target, rising=rising, priority=priority)

    assert exits is not None
    assert exits.trigger is trigger
    assert exits.price == (stop if trigger is STOP else target)


@pytest.mark.parametrize(
    ("shown", "rising", "expected"),
    [
        (bar("90", "96", "89", "95"), True, BarExit(STOP, Decimal(90))),
        (bar("112", "113", "94", "95"), True, BarExit(TARGET, Decimal(112))),
        (bar("112", "113", "94", "95"), False, BarExit(STOP, Decimal(112))),
        (bar("90", "111", "89", "95"), False, BarExit(TARGET, Decimal(90))),
        (bar("100", "109", "96", "98"), True, None),
        (bar("100", "110", "96", "98"), True, BarExit(TARGET, Decimal(110))),
        (bar("100", "101", "95", "98"), True, BarExit(STOP, Decimal(95))),
    ],
)
@pytest.mark.parametrize("priority", list(SameBarPriority))
def test_a_gap_is_filled_at_the_open_and_one_level_alone_at_itself(
    shown: Bar, rising: bool, expected: BarExit | None, priority: SameBarPriority
) -> None:
    stop, target = (Decimal(95), Decimal(110)) if rising else (Decimal(110), Decimal(95))
    exits = first_reached(shown, stop=stop, target=target, rising=rising, priority=priority)

    assert exits == expected


prices = st.decimals(min_value=1, max_value=200, places=2)


@settings(max_examples=60)
@given(
    st.lists(prices, min_size=4, max_size=4),
    prices,
    prices,
    st.booleans(),
    st.sampled_from(SameBarPriority),
)
def test_the_price_of_an_exit_is_one_that_the_bar_traded_at(
    four: list[Decimal], stop: Decimal, target: Decimal, rising: bool, priority: SameBarPriority
) -> None:
    shown = Bar(open=four[0], close=four[1], high=max(four), low=min(four))

    exits = first_reached(shown, stop=stop, target=target, rising=rising, priority=priority)
    without = first_reached(shown, stop=None, target=None, rising=rising, priority=priority)

    assert without is None
    if exits is not None:
        assert shown.low <= exits.price <= shown.high


@pytest.mark.parametrize("shown", [UP, DOWN, DOJI])
@pytest.mark.parametrize("rising", [True, False])
def test_the_low_comes_first_where_the_stop_does_and_is_below(shown: Bar, rising: bool) -> None:
    """By the colour of the bar it is the same for everybody."""
    assert low_comes_first(shown, rising=rising, priority=FIRST) is rising
    assert low_comes_first(shown, rising=rising, priority=LAST) is not rising
    assert low_comes_first(shown, rising=rising, priority=ORDER) is (shown is UP)
