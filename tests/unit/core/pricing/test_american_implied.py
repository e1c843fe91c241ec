import numpy as np

from cream.core.pricing import american
from cream.core.pricing.american_chain import build
from cream.core.pricing.american_implied import implied_volatility, solve
from cream.core.pricing.exercise_boundary import REFERENCE
from cream.core.pricing.rows import Status, contracts
from tests.unit.core.pricing import market


def test_converged_prices_of_the_out_of_the_money_side_give_the_smile_back() -> None:
    """Within 1e-4 wherever more than a cent of time value is left."""
    batch, sigma = market.chain(strikes=9)
    side = batch.sign * (batch.spot - batch.strike) < 0.0
    batch, sigma = batch.take(side), sigma[side]
    paid = american.prices(batch, sigma, REFERENCE)
    found, status = implied_volatility(build(batch), paid)
    told = paid > 0.01

    assert told.sum() > 40
    assert np.all(status[told] == Status.OK)
    assert np.abs(found - sigma)[told].max() <= 1e-4


def test_each_row_says_why_it_has_no_volatility() -> None:
    price = np.array([6.0, 5.0, 4.0, 105.0, float("nan"), 104.9, 10.0])
    years = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 1e-3, 0.0])
    chain = build(contracts(-1.0, 100.0, 105.0, 0.03, 0.01, years))
    found, status = implied_volatility(chain, price)

    assert [Status(code).name for code in status] == [
        "OK",
        "BELOW_INTRINSIC",
        "BELOW_INTRINSIC",
        "ABOVE_MAXIMUM",
        "BAD_INPUT",
        "NOT_BRACKETED",
        "BAD_INPUT",
    ]
    assert np.isnan(found[1:]).all()
    assert np.isclose(chain.values(found[:1], np.array([0])).price[0], 6.0, atol=1e-7)


def test_nothing_to_solve_is_no_work() -> None:
    def never(rows: np.ndarray, sigma: np.ndarray) -> np.ndarray:
        raise AssertionError("no row had a volatility to find")

    batch = contracts(-1.0, 100.0, 105.0, 0.03, 0.01, 1.0)
    found, status = solve(batch, np.array([1.0]), never)

    assert status[0] == Status.BELOW_INTRINSIC
    assert np.isnan(found[0])


def test_a_pricer_without_an_answer_ends_the_search_of_its_row() -> None:
    batch = contracts(-1.0, 100.0, 105.0, 0.03, 0.01, 1.0)

    found, status = solve(batch, np.array([8.0]), lambda rows, sigma: sigma * np.nan)

    assert status[0] == Status.NOT_BRACKETED
    assert np.isnan(found[0])


def test_a_step_that_leaves_the_bracket_is_halved_instead() -> None:
    """A price that is flat, then steep: Newton's step from the flat part is of no use."""
    batch = contracts(-1.0, 100.0, 100.0, 0.0, 0.0, 1.0)

    def bent(rows: np.ndarray, sigma: np.ndarray) -> np.ndarray:
        return np.where(sigma < 1.0, 1e-6 * sigma, 1e-6 + 50.0 * (sigma - 1.0))

    found, status = solve(batch, np.array([25.0]), bent, guess=np.array([0.2]))

    assert status[0] == Status.OK
    assert np.isclose(found[0], 1.5)
