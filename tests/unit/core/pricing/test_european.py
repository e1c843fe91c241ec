"""European prices and Greeks: against mpmath, QuantLib, finite differences, and what must hold."""

import numpy as np
import QuantLib as ql  # noqa: N813
from hypothesis import given, settings
from hypothesis import strategies as st

from cream.core.model.instrument import OptionRight
from cream.core.pricing import black_scholes
from cream.core.pricing.european import BLOCK_ROWS, Greeks, greeks, prices
from cream.core.pricing.rows import Contracts, Status, contracts
from tests.unit.core.pricing import market

SIGNS = st.sampled_from([1.0, -1.0])
SPOTS = st.floats(1.0, 1_000.0)
RATIOS = st.floats(0.5, 2.0)
RATES = st.floats(-0.02, 0.12)
YIELDS = st.floats(0.0, 0.08)
YEARS = st.floats(0.002, 3.0)
SIGMAS = st.floats(0.05, 1.5)


def test_prices_are_those_of_forty_digits_wherever_they_lie() -> None:
    table = market.hard(seed=11, each=60)
    exact = np.array([market.exact_price(row) for row in table.T])

    error = np.abs(prices(market.batch_of(table), table[6]) - exact)

    assert np.all(error <= np.maximum(1e-9, 1e-14 * np.maximum(table[1], table[2])))
    assert np.all(error / np.maximum(table[1], table[2]) <= 1e-14)


def test_quantlib_says_the_same_of_a_chain() -> None:
    """Price within 1e-9; Greeks within 1e-9 of their natural scale."""
    batch, sigma = market.chain(strikes=12)
    ours = greeks(batch, sigma)
    for row in range(batch.size):
        years, spread = batch.years[row], sigma[row] * np.sqrt(batch.years[row])
        kind = ql.Option.Call if batch.sign[row] > 0 else ql.Option.Put
        spot, discount = batch.spot[row], np.exp(-batch.rate[row] * years)
        forward = spot * np.exp((batch.rate[row] - batch.dividend_yield[row]) * years)
        theirs = ql.BlackCalculator(
            ql.PlainVanillaPayoff(kind, batch.strike[row]), forward, spread, discount
        )
        assert abs(ours.price[row] - theirs.value()) <= 1e-9
        assert abs(ours.delta[row] - theirs.delta(spot)) <= 1e-9
        assert abs(ours.gamma[row] - theirs.gamma(spot)) <= 1e-9
        assert abs(ours.vega[row] - theirs.vega(years)) <= 1e-9 * spot
        assert abs(ours.theta[row] - theirs.theta(spot, years)) <= 1e-9 * spot / years
        assert abs(ours.rho[row] - theirs.rho(years)) <= 1e-9 * spot


def test_the_scalar_kernel_of_the_simulated_market_agrees() -> None:
    batch, sigma = market.chain(strikes=3)
    ours = greeks(batch, sigma)
    for row in range(batch.size):
        right = OptionRight.CALL if batch.sign[row] > 0 else OptionRight.PUT
        terms = (batch.spot, batch.strike, batch.years, sigma, batch.rate, batch.dividend_yield)
        scalar = black_scholes.value(right, *(float(term[row]) for term in terms))
        for name in ("price", "delta", "gamma", "vega", "theta", "rho"):
            assert np.isclose(getattr(ours, name)[row], getattr(scalar, name), atol=1e-12)


def one(
    sign: float, spot: float, ratio: float, rate: float, carry: float, years: float
) -> Contracts:
    return contracts(sign, spot, spot * ratio, rate, carry, years)


@given(SPOTS, RATIOS, RATES, YIELDS, YEARS, SIGMAS)
@settings(max_examples=100, deadline=None)
def test_put_call_parity(
    spot: float, ratio: float, rate: float, carry: float, years: float, sigma: float
) -> None:
    call, put = (prices(one(sign, spot, ratio, rate, carry, years), sigma)[0] for sign in (1, -1))
    forward = spot * np.exp(-carry * years) - spot * ratio * np.exp(-rate * years)

    assert abs(call - put - forward) <= 1e-12 * spot * max(1.0, ratio) * 4


@given(SIGNS, SPOTS, RATIOS, RATES, YIELDS, YEARS, SIGMAS)
@settings(max_examples=100, deadline=None)
def test_bounds_monotonicity_and_convexity(
    sign: float,
    spot: float,
    ratio: float,
    rate: float,
    carry: float,
    years: float,
    sigma: float,
) -> None:
    """Between what is certain and the most it can pay; dearer with volatility; convex in strike."""
    strike = spot * ratio
    three = contracts(sign, spot, strike * np.array([0.98, 1.0, 1.02]), rate, carry, years)
    low, middle, high = prices(three, sigma)
    asset, cash = spot * np.exp(-carry * years), strike * np.exp(-rate * years)
    slack = 1e-12 * max(spot, strike)

    assert max(sign * (asset - cash), 0.0) - slack <= middle
    assert middle <= (asset if sign > 0 else cash) + slack
    assert sign * (low - high) >= -slack
    assert low + high - 2 * middle >= -slack
    assert prices(three, sigma * 1.1)[1] >= middle - slack


def test_greeks_are_the_derivatives_of_prices_and_of_each_other() -> None:
    chance = np.random.default_rng(5)
    n = 200
    sign, spot = chance.choice([-1.0, 1.0], n), chance.uniform(50.0, 150.0, n)
    strike = spot * chance.uniform(0.8, 1.25, n)
    rate, carry = chance.uniform(-0.01, 0.1, n), chance.uniform(0.0, 0.06, n)
    years, sigma = chance.uniform(0.1, 2.0, n), chance.uniform(0.15, 0.8, n)

    def at(**moved: float) -> Greeks:
        batch = contracts(
            sign,
            spot + moved.get("spot", 0.0),
            strike,
            rate + moved.get("rate", 0.0),
            carry,
            years + moved.get("years", 0.0),
        )
        return greeks(batch, sigma + moved.get("sigma", 0.0), second_order=True)

    def slope(name: str, by: str, step: float) -> np.ndarray:
        up, down = getattr(at(**{by: step}), name), getattr(at(**{by: -step}), name)
        return (up - down) / (2 * step)

    here = at()
    assert np.allclose(here.delta, slope("price", "spot", 1e-4), atol=1e-7)
    assert np.allclose(here.gamma, slope("delta", "spot", 1e-4), atol=1e-7)
    assert np.allclose(here.vega, slope("price", "sigma", 1e-5), atol=1e-5)
    assert np.allclose(here.rho, slope("price", "rate", 1e-5), atol=1e-5)
    assert np.allclose(here.theta, -slope("price", "years", 1e-5), atol=1e-5)
    assert np.allclose(here.vanna, slope("delta", "sigma", 1e-5), atol=1e-6)
    assert np.allclose(here.volga, slope("vega", "sigma", 1e-5), atol=1e-4)
    assert np.allclose(here.charm, -slope("delta", "years", 1e-5), atol=1e-6)


def test_a_contract_in_the_money_is_never_worth_nothing_on_its_last_day() -> None:
    """To the minute: one second before the close, and at and after it."""
    seconds = np.array([60.0, 1.0, 0.0, -5.0])
    batch = contracts(1.0, 100.0, 99.0, 0.05, 0.0, seconds / 31_536_000)

    found = greeks(batch, 0.3)

    assert np.all(found.price >= 0.999)
    assert found.delta.tolist()[1:] == [1.0, 1.0, 1.0]
    assert found.price[2:].tolist() == [1.0, 1.0]


def test_without_volatility_the_certain_payment_is_discounted() -> None:
    batch = contracts(np.array([1.0, -1.0]), 100.0, 100.0, 0.05, 0.01, 1.0)

    found = greeks(batch, 0.0, second_order=True)

    assert np.isclose(found.price[0], 100 * np.exp(-0.01) - 100 * np.exp(-0.05))
    assert found.price[1] == 0.0
    assert found.vega.tolist() == [0.0, 0.0]
    assert np.isclose(found.charm[0], 0.01 * np.exp(-0.01))
    assert np.allclose(prices(batch, 0.0), found.price)


def test_a_bad_row_spoils_nobody_elses_answer() -> None:
    spot = np.array([100.0, float("nan"), -1.0, 100.0, 100.0])
    sigma = np.array([0.2, 0.2, 0.2, float("inf"), 0.2])
    found = greeks(contracts(1.0, spot, 100.0, 0.05, 0.0, 1.0), sigma)

    assert found.status.tolist() == [
        Status.OK,
        Status.BAD_INPUT,
        Status.BAD_INPUT,
        Status.BAD_INPUT,
        Status.OK,
    ]
    assert np.isnan(found.price[1:4]).all()
    assert (
        found.price[0]
        == found.price[4]
        == prices(contracts(1.0, 100.0, 100.0, 0.05, 0.0, 1.0), 0.2)[0]
    )


def test_blocks_do_not_show_in_the_answers() -> None:
    size = BLOCK_ROWS + 7
    batch = contracts(1.0, 100.0, np.linspace(50.0, 150.0, size), 0.05, 0.0, 1.0)

    whole = greeks(batch, 0.2)

    assert np.array_equal(whole.price, prices(batch, 0.2))
    last = greeks(batch.take(slice(size - 1, size)), 0.2)
    assert whole.delta[-1] == last.delta[0]
