from decimal import Decimal

import pytest

from cream.core.model.instrument import OptionRight
from cream.core.risk.margin import available_margin, entry_margin, spread_margin
from tests.unit.core.risk.scenes import account, d, equity, option


def test_shares_take_half_of_their_value() -> None:
    """A short's 150 % less its proceeds is the same half."""
    assert entry_margin(equity("AAPL"), d(4770)) == d(2385)


def test_options_take_all_of_their_premium() -> None:
    assert entry_margin(option("240", OptionRight.CALL), d(1920)) == d(1920)


def test_spreads_take_what_they_can_lose() -> None:
    assert spread_margin(d(680)) == d(680)


@pytest.mark.parametrize(
    ("margin_used", "buying_power", "reserved", "there"),
    [
        (0, 200_000, 0, 100_000),
        (40_000, 120_000, 0, 60_000),
        (40_000, 80_000, 20_000, 40_000),
        (0, 2_000, 0, 2_000),
        (0, 2_000, 30_000, 2_000),
        (99_000, 2_000, 5_000, -4_000),
    ],
)
def test_what_is_there_is_what_margin_and_working_orders_leave(
    margin_used: int, buying_power: int, reserved: int, there: int
) -> None:
    """The broker's buying power bounds it, and has the working orders taken off already."""
    of = account(margin_used=d(margin_used), buying_power=d(buying_power))

    assert available_margin(of, Decimal(reserved)) == there
