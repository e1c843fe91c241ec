from datetime import date
from decimal import Decimal

import pytest

from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.options.cover import lots, short_of, with_cover
from cream.core.options.spread import Holding, worst_payoff

EARLY, LATE = date(2026, 12, 18), date(2027, 1, 15)


def of(right: OptionRight, strike: int, count: int, on: date = EARLY) -> Holding:
    return OptionContract("AAPL", on, right, Decimal(strike)), Decimal(count)


def call(strike: int, count: int, on: date = EARLY) -> Holding:
    return of(OptionRight.CALL, strike, count, on)


def put(strike: int, count: int, on: date = EARLY) -> Holding:
    return of(OptionRight.PUT, strike, count, on)


@pytest.mark.parametrize(("shares", "calls"), [(99, 0), (100, 1), (250, 2), (-100, 0)])
def test_a_call_is_delivered_in_hundreds(shares: int, calls: int) -> None:
    assert lots(Decimal(shares)) == calls


def test_what_is_owned_of_a_kind_makes_up_for_what_is_sold_of_it() -> None:
    owned = (call(240, 1), call(250, -3), put(230, -1))

    assert short_of(owned, OptionRight.CALL) == 2
    assert short_of(owned, OptionRight.PUT) == 1


def test_covered_calls_are_left_out_the_lowest_strikes_first() -> None:
    left = with_cover((call(250, -1), call(240, -1)), Decimal(100))

    assert left == [call(250, -1)]
    assert worst_payoff(left) is None
    assert with_cover((call(250, -1), call(240, -1)), Decimal(200)) == []


def test_calls_that_others_cover_need_no_shares() -> None:
    owned = (call(240, 1), call(250, -1))

    assert with_cover(owned, Decimal(500)) == list(owned)


def test_a_put_costs_no_more_than_its_strike() -> None:
    left = with_cover((put(230, -2), put(220, 1)), Decimal(0))

    assert worst_payoff(left) == -(2 * 230 - 220)


def test_cash_stands_behind_puts_that_end_at_different_times() -> None:
    assert worst_payoff(with_cover((put(230, -1), put(220, -1, LATE)), Decimal(0))) == -450


def test_nothing_sold_needs_no_cover() -> None:
    assert with_cover((call(240, 1),), Decimal(0)) == [call(240, 1)]
