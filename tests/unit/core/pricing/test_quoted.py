import pytest
from hypothesis import given
from hypothesis import strategies as st

from cream.core.model.instrument import OptionRight
from cream.core.pricing import tree
from cream.core.pricing.black_scholes import value
from cream.core.pricing.quoted import american_valuation_at, american_valuation_with, valuation_at
from cream.core.pricing.tree import Payment, option


@given(
    st.sampled_from(OptionRight),
    st.floats(50, 200),
    st.floats(80, 120),
    st.floats(0.01, 2),
    st.floats(0.05, 2),
)
def test_the_volatility_of_a_price_gives_that_price(
    right: OptionRight, spot: float, strike: float, years: float, volatility: float
) -> None:
    price = value(right, spot, strike, years, volatility, 0.04).price

    found = valuation_at(right, spot, strike, years, price, 0.04)

    assert found.price == pytest.approx(price, abs=1e-3)


@pytest.mark.parametrize("price", [0.0, 1e6])
def test_a_price_that_no_volatility_gives_is_read_with_the_nearest(price: float) -> None:
    found = valuation_at(OptionRight.CALL, 100.0, 100.0, 0.5, price, 0.04)

    assert 0 <= found.delta <= 1


def test_nothing_is_found_for_a_share_that_is_worth_nothing() -> None:
    with pytest.raises(ValueError, match="above zero"):
        valuation_at(OptionRight.PUT, 0.0, 100.0, 0.5, 1.0, 0.04)


@given(
    st.sampled_from(OptionRight),
    st.floats(80, 120),
    st.floats(85, 115),
    st.floats(0.02, 1),
    st.floats(0.15, 1.5),
    st.sampled_from([0.0, 0.5, 1.5]),
)
def test_the_price_of_an_american_option_is_given_back(
    right: OptionRight, spot: float, strike: float, years: float, volatility: float, paid: float
) -> None:
    payments = [Payment(years / 2, paid)]
    one = option(right, spot, strike, years, payments)
    price = tree.price(one, volatility, 0.04)

    found = american_valuation_at(right, spot, strike, years, price, 0.04, payments)

    assert found.price == pytest.approx(price, abs=0.02)
    assert -1.0 <= found.delta <= 1.0


def test_an_option_that_has_ended_is_worth_what_it_pays() -> None:
    found = american_valuation_at(OptionRight.PUT, 90.0, 100.0, -0.01, 10.0, 0.04)

    assert (found.price, found.delta) == (10.0, -1.0)


@given(
    st.sampled_from(OptionRight),
    st.floats(85, 115),
    st.floats(0.02, 1),
    st.floats(0.15, 1.5),
    st.sampled_from([0.0, 1.5]),
)
def test_a_volatility_and_the_price_that_it_gives_say_the_same(
    right: OptionRight, strike: float, years: float, volatility: float, paid: float
) -> None:
    payments = [Payment(years / 2, paid)] if paid else []
    told = american_valuation_with(right, 100.0, strike, years, volatility, 0.04, payments)
    found = american_valuation_at(right, 100.0, strike, years, told.price, 0.04, payments)
    assert found.price == pytest.approx(told.price, abs=0.02)
    assert told.vega >= 0


def test_what_has_ended_is_worth_what_exercise_brings_at_any_volatility() -> None:
    ended = american_valuation_with(OptionRight.PUT, 90.0, 100.0, 0.0, 0.3, 0.04)
    assert (ended.price, ended.delta) == (10.0, -1.0)


def test_a_volatility_beyond_all_bounds_is_read_as_the_nearest() -> None:
    wild = american_valuation_with(OptionRight.PUT, 100.0, 100.0, 0.5, 50.0, 0.04)
    assert 0 < wild.price <= 100
