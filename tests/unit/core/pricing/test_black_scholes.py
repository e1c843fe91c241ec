"""Black-Scholes-Merton against reference values, and the identities that hold for every input."""

import csv
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cream.core.model.instrument import OptionRight
from cream.core.pricing.black_scholes import Valuation, intrinsic, price, value

REFERENCE = Path(__file__).parents[3] / "data" / "european-options.csv"
ROWS = list(csv.DictReader(REFERENCE.read_text(encoding="utf-8").splitlines()))
CALL, PUT = OptionRight.CALL, OptionRight.PUT

prices = st.floats(1.0, 1_000.0)
years = st.floats(0.0, 3.0)
volatilities = st.floats(0.0, 1.5)
rates = st.floats(-0.02, 0.10)


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_price_and_greeks_agree_with_the_reference(row: dict[str, str]) -> None:
    right = CALL if row["flag"] == "c" else PUT
    names = ("spot", "strike", "t_years", "sigma", "rate", "div_yield")
    found = value(right, *(float(row[name]) for name in names))

    columns = ("price", "delta", "gamma", "vega", "rho")
    for column in columns:
        tolerance = float(row[f"{column}_tol"])
        assert getattr(found, column) == pytest.approx(float(row[column]), abs=tolerance)
    theta = float(row["theta_per_year"])
    assert found.theta == pytest.approx(theta, abs=float(row["theta_tol"]))


@given(prices, prices, years, volatilities, rates, rates)
def test_a_call_less_a_put_is_worth_the_forward(
    spot: float, strike: float, time: float, sigma: float, rate: float, dividends: float
) -> None:
    call = price(CALL, spot, strike, time, sigma, rate, dividends)
    put = price(PUT, spot, strike, time, sigma, rate, dividends)
    forward = spot * math.exp(-dividends * time) - strike * math.exp(-rate * time)
    assert call - put == pytest.approx(forward, abs=1e-9 * (spot + strike))


@given(prices, prices, st.floats(0.01, 3.0), st.floats(0.05, 1.5), rates)
def test_a_price_lies_between_certainty_and_the_whole_underlying(
    spot: float, strike: float, time: float, sigma: float, rate: float
) -> None:
    discounted = strike * math.exp(-rate * time)
    call = price(CALL, spot, strike, time, sigma, rate)
    put = price(PUT, spot, strike, time, sigma, rate)
    slack = 1e-9 * (spot + strike)
    assert max(0.0, spot - discounted) - slack <= call <= spot + slack
    assert max(0.0, discounted - spot) - slack <= put <= discounted + slack


@given(st.floats(50.0, 200.0), st.floats(0.05, 2.0), st.floats(0.1, 1.0), rates)
def test_greeks_are_the_slopes_of_the_price(
    spot: float, time: float, sigma: float, rate: float
) -> None:
    strike, step = 100.0, 1e-4

    def at(right: OptionRight, **moved: float) -> float:
        arguments = {"spot": spot, "years": time, "volatility": sigma, "rate": rate} | moved
        return price(right, strike=strike, **arguments)

    for right in (CALL, PUT):
        found = value(right, spot, strike, time, sigma, rate)
        slopes = {
            "delta": (at(right, spot=spot + step) - at(right, spot=spot - step)),
            "vega": (at(right, volatility=sigma + step) - at(right, volatility=sigma - step)),
            "rho": (at(right, rate=rate + step) - at(right, rate=rate - step)),
            "theta": (at(right, years=time - step) - at(right, years=time + step)),
        }
        for name, rise in slopes.items():
            assert getattr(found, name) == pytest.approx(rise / (2 * step), rel=1e-3, abs=1e-3)


@pytest.mark.parametrize("time", [0.0, -0.5])
@pytest.mark.parametrize("sigma", [0.0, 0.3])
def test_an_expired_option_is_worth_its_intrinsic_value(time: float, sigma: float) -> None:
    assert value(CALL, 110.0, 100.0, time, sigma, 0.05) == Valuation(10.0, 1.0, 0.0, 0.0, 0.0, 0.0)
    assert value(PUT, 110.0, 100.0, time, sigma, 0.05) == Valuation(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    assert value(PUT, 90.0, 100.0, time, sigma, 0.05).delta == -1.0


def test_without_volatility_an_option_pays_what_the_forward_says() -> None:
    found = value(CALL, 100.0, 95.0, 1.0, 0.0, 0.05, 0.02)
    expected = 100.0 * math.exp(-0.02) - 95.0 * math.exp(-0.05)
    assert found.price == pytest.approx(expected)
    assert found.delta == pytest.approx(math.exp(-0.02))
    assert found.rho == pytest.approx(95.0 * math.exp(-0.05))
    assert found.theta == pytest.approx(0.02 * 100 * math.exp(-0.02) - 0.05 * 95 * math.exp(-0.05))
    assert (found.gamma, found.vega) == (0.0, 0.0)


def test_no_volatility_is_the_limit_of_little_volatility() -> None:
    almost = value(PUT, 90.0, 100.0, 0.5, 1e-4, 0.03)
    none = value(PUT, 90.0, 100.0, 0.5, 0.0, 0.03)
    assert almost.price == pytest.approx(none.price, abs=1e-9)
    assert almost.theta == pytest.approx(none.theta, abs=1e-6)


def test_intrinsic_value_is_what_exercise_brings() -> None:
    assert intrinsic(CALL, 105.0, 100.0) == 5.0
    assert intrinsic(PUT, 105.0, 100.0) == 0.0
    assert intrinsic(PUT, 95.0, 100.0) == 5.0


@pytest.mark.parametrize(
    "arguments",
    [
        (0.0, 100.0, 1.0, 0.2, 0.05),
        (100.0, -1.0, 1.0, 0.2, 0.05),
        (math.nan, 100.0, 1.0, 0.2, 0.05),
        (100.0, 100.0, math.inf, 0.2, 0.05),
        (100.0, 100.0, 1.0, math.nan, 0.05),
    ],
)
def test_nonsense_is_refused(arguments: tuple[float, float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="must be"):
        value(CALL, *arguments)
