"""Where stops and targets stand once a position has been rolled."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.model.plan import Guard, RiskDenomination
from cream.core.options.roll_levels import NO_PREMIUM, NotCarried, RollLevels, carried, fault_of

D = Decimal
CALL = OptionContract("AAPL", date(2026, 12, 18), OptionRight.CALL, D("240"))
PUT = evolve(CALL, right=OptionRight.PUT)
OWN = RollLevels(
    stop_loss=D("1.00"),
    take_profit=D("4.00"),
    denomination=RiskDenomination.OPTION_PRICE,
    guard=Guard(),
    premium=D("2.00"),
)
SHARE = evolve(OWN, denomination=RiskDenomination.UNDERLYING_PRICE, premium=None)


def test_levels_of_the_underlying_are_carried_as_they_are() -> None:
    guard = Guard(trail_percent=D(5), exit_at=datetime(2026, 12, 1, tzinfo=UTC))
    levels = evolve(SHARE, guard=guard)

    assert carried(levels, D("3.33"), owns=True) == levels


def test_levels_in_its_own_price_keep_their_ratio_and_are_reached_no_later() -> None:
    """3.33 is 1.665 times 2.00: 1.665 and 6.66."""
    long = carried(OWN, D("3.33"), owns=True)
    assert (long.stop_loss, long.take_profit, long.premium) == (D("1.67"), D("6.66"), D("3.33"))

    short = evolve(OWN, stop_loss=D("4.00"), take_profit=D("1.00"))
    moved = carried(short, D("3.33"), owns=False)
    assert (moved.stop_loss, moved.take_profit) == (D("6.66"), D("1.67"))


def test_the_distance_of_a_stop_that_follows_is_scaled_and_a_percentage_is_not() -> None:
    by_price = evolve(OWN, guard=Guard(trail_price=D("0.50"), stop_limit_price=D("0.90")))
    moved = carried(by_price, D("3.33"), owns=True).guard
    assert (moved.trail_price, moved.stop_limit_price) == (D("0.83"), D("1.49"))

    by_percent = evolve(OWN, guard=Guard(trail_percent=D(20)))
    assert carried(by_percent, D("3.33"), owns=True).guard == by_percent.guard


@given(
    st.decimals("0.05", 50, places=2),
    st.decimals("0.05", 50, places=2),
    st.decimals("0.05", "0.95", places=2),
    st.booleans(),
)
def test_what_is_risked_for_each_dollar_of_premium_never_grows(
    before: Decimal, after: Decimal, part: Decimal, owns: bool
) -> None:
    stop = before * (1 - part) if owns else before * (1 + part)
    levels = evolve(OWN, stop_loss=stop, take_profit=None, premium=before)

    moved = carried(levels, after, owns=owns).stop_loss

    assert moved is not None
    assert abs(after - moved) <= abs(before - stop) / before * after + D("1e-20")


@pytest.mark.parametrize(
    ("levels", "premium", "why"),
    [
        (evolve(OWN, premium=None), "1", NO_PREMIUM),
        (OWN, "0", "its levels are in its own price, and the new one has none"),
        (
            evolve(OWN, guard=Guard(trail_price=D("0.01"))),
            "1",
            "its stop would follow the price by less than a cent",
        ),
    ],
)
def test_what_cannot_be_carried_says_why(levels: RollLevels, premium: str, why: str) -> None:
    with pytest.raises(NotCarried) as caught:
        carried(levels, D(premium), owns=True)

    assert str(caught.value) == why


@pytest.mark.parametrize(
    ("levels", "contract", "owns", "fault"),
    [
        (OWN, CALL, True, None),
        (OWN, CALL, False, "its stop would be 1.00, and the price is 2.00"),
        (evolve(OWN, stop_loss=D(2)), CALL, True, "its stop would be 2, and the price is 2.00"),
        (evolve(OWN, take_profit=D(2)), CALL, True, "its target would be 2, and the price is 2.00"),
        (evolve(OWN, stop_loss=D(0)), CALL, True, "its stop would be 0, and the price is 2.00"),
        (evolve(OWN, stop_loss=None, take_profit=None), CALL, True, None),
        (evolve(SHARE, stop_loss=D(230), take_profit=D(250)), CALL, True, None),
        (evolve(SHARE, stop_loss=D(250), take_profit=D(230)), PUT, True, None),
        (evolve(SHARE, stop_loss=D(250), take_profit=D(230)), CALL, False, None),
        (evolve(SHARE, stop_loss=D(230), take_profit=D(250)), PUT, False, None),
        (
            evolve(SHARE, stop_loss=D(230), take_profit=D(250)),
            PUT,
            True,
            "its stop would be 230, and the price is 240",
        ),
    ],
)
def test_a_level_that_would_be_reached_at_once_is_no_level(
    levels: RollLevels, contract: OptionContract, owns: bool, fault: str | None
) -> None:
    assert fault_of(levels, contract, D(240), D("2.00"), owns=owns) == fault
