"""The list of options: real expirations, strikes that stand still, interest that never moves."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cream.core.exchange.calendar import is_trading_day
from cream.core.exchange.option_listing import (
    HIGHEST_STRIKE,
    STRIKES_A_SIDE,
    contracts,
    expirations,
    open_interest,
    strikes,
)
from cream.core.options.expirations import Cycle, cycle_of
from cream.core.options.occ import parse_occ
from tests.fakes.chains import contract

MONDAY = date(2026, 11, 23)
CENTRE = Decimal("238.40")


def test_weeklies_come_for_two_months_and_monthlies_for_a_year() -> None:
    days = expirations(MONDAY, is_trading_day)

    assert days == sorted(set(days))
    assert days[0] == date(2026, 11, 27)
    assert date(2026, 12, 24) in days, "the Friday is Christmas: the Thursday expires"
    assert date(2026, 12, 18) in days
    assert days[-1] == date(2027, 11, 19)
    assert all(cycle_of(day, is_trading_day) is not Cycle.DAILY for day in days)


def test_what_expires_today_is_still_listed_and_what_expired_yesterday_is_not() -> None:
    friday = date(2026, 12, 18)

    assert expirations(friday, is_trading_day)[0] == friday
    assert expirations(friday + timedelta(days=1), is_trading_day)[0] == date(2026, 12, 24)


@settings(max_examples=60)
@given(st.dates(date(2024, 1, 1), date(2030, 1, 1)))
def test_on_any_day_there_is_something_to_expire_in_the_next_ten_days(day: date) -> None:
    days = expirations(day, is_trading_day)

    assert all(is_trading_day(one) and one >= day for one in days)
    assert days[0] <= day + timedelta(days=10)


@settings(max_examples=100)
@given(st.decimals("0.05", "90000", places=2))
def test_strikes_reach_far_to_both_sides_of_any_price(price: Decimal) -> None:
    grid = strikes(price)

    assert grid == sorted(set(grid))
    assert 0 < grid[0] <= max(price, grid[0])
    assert grid[-1] > price
    assert all(parse_occ(contract(f"{one}").symbol).strike == one for one in (grid[0], grid[-1]))
    assert len(grid) <= 2 * STRIKES_A_SIDE + 6


def test_strikes_stand_still_while_the_price_does_little() -> None:
    assert strikes(Decimal("238.40")) == strikes(Decimal("240.10"))
    assert strikes(Decimal("238.40")) != strikes(Decimal("251"))


@pytest.mark.parametrize("price", ["1000000", "99999.99"])
def test_a_strike_that_no_symbol_can_name_is_not_listed(price: str) -> None:
    assert all(strike <= HIGHEST_STRIKE for strike in strikes(Decimal(price)))


def test_every_contract_is_listed_once() -> None:
    listed = list(contracts("AAPL", CENTRE, MONDAY, is_trading_day))

    assert len(set(listed)) == len(listed)
    grid, days = strikes(CENTRE), expirations(MONDAY, is_trading_day)
    assert len(listed) == 2 * len(grid) * len(days)


def test_open_interest_is_the_same_always_and_most_near_the_money() -> None:
    def interest(low: int, high: int) -> int:
        return sum(open_interest(contract(str(strike)), CENTRE) for strike in range(low, high))

    assert open_interest(contract("240"), CENTRE) == open_interest(contract("240"), CENTRE)
    assert open_interest(contract("240"), CENTRE) != open_interest(contract("240", "P"), CENTRE)
    assert interest(220, 260) > 2 * interest(300, 340) > 0
