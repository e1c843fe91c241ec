"""Money is exact, and rounded only where a tick says so."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cream.core.model.money import (
    average,
    cut,
    decimal_from_float,
    decimal_text,
    floor_units,
    is_multiple,
    round_to_tick_down,
    round_to_tick_up,
    share_of,
    trim,
)

prices = st.decimals(min_value="0.0001", max_value="100000", places=6)


@pytest.mark.parametrize(("number", "text"), [(0.1, "0.1"), (238.5, "238.5"), (1e-7, "1E-7")])
def test_a_float_becomes_the_decimal_that_prints_like_it(number: float, text: str) -> None:
    assert decimal_from_float(number) == Decimal(text)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_is_not_a_number_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        decimal_from_float(number)


@given(prices)
def test_a_price_lies_between_its_ticks(price: Decimal) -> None:
    tick = Decimal("0.01")
    down, up = round_to_tick_down(price, tick), round_to_tick_up(price, tick)

    assert down <= price <= up
    assert up - down in (0, tick)
    assert is_multiple(down, tick)
    assert is_multiple(up, tick)


@given(prices)
def test_trimming_changes_no_value(price: Decimal) -> None:
    assert trim(price) == price


@pytest.mark.parametrize(
    ("given_text", "trimmed"),
    [("245", "245.00"), ("245.0", "245.00"), ("1.2300", "1.23"), ("0.1234", "0.1234")],
)
def test_trimmed_prices_have_at_least_cents(given_text: str, trimmed: str) -> None:
    assert str(trim(Decimal(given_text))) == trimmed


def test_units_are_cut_toward_less() -> None:
    assert floor_units(Decimal("20.96")) == 20


def test_an_average_has_no_tail() -> None:
    assert str(average(Decimal(10), Decimal(4))) == "2.50"
    assert str(average(Decimal(1), Decimal(3))) == "0.3333333333"


def test_text_never_has_an_exponent() -> None:
    assert decimal_text(Decimal("1E+3")) == "1000"


@given(prices, st.integers(1, 1000), st.integers(1, 1000))
def test_a_share_and_the_rest_are_the_whole(total: Decimal, part: int, more: int) -> None:
    whole = Decimal(part + more)
    share = share_of(total, Decimal(part), whole)

    assert share + (total - share) == total
    assert abs(share - total * part / whole) <= Decimal("5e-11")
    assert share_of(total, whole, whole) is total


@pytest.mark.parametrize("size", ["1E+30", "123456789012345678901234567890.12"])
def test_numbers_of_odd_size_are_no_errors(size: str) -> None:
    """Whether an order is absurd is for the gate to say, not for arithmetic to fall over."""
    number = Decimal(size)

    assert is_multiple(number, Decimal("0.01"))
    assert not is_multiple(number, 2 * number)
    assert average(number, Decimal(1)) == trim(number) == number


def test_a_number_is_cut_only_where_it_is_too_long() -> None:
    assert str(cut(Decimal("1.2349"), 2, ROUND_FLOOR)) == "1.23"
    assert str(cut(Decimal("1.2341"), 2, ROUND_CEILING)) == "1.24"
    assert str(cut(Decimal("1.2"), 2, ROUND_FLOOR)) == "1.2"
    assert str(cut(Decimal("1E+5"), 2, ROUND_FLOOR)) == "1E+5"
