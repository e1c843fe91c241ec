from decimal import Decimal

import numpy as np

from cream.core.pricing import american, builders, european
from cream.core.pricing.quotes import Style
from cream.core.pricing.rows import contracts
from cream.core.pricing.strategies import profit_at
from cream.core.pricing.surfaces import Assumptions, crossings, profit_surface, values
from tests.unit.core.pricing.legs import FAR, call, put

SPOTS = np.linspace(80.0, 120.0, 41)


def test_at_expiration_the_surface_is_the_payoff() -> None:
    strategy = builders.iron_condor(put(90), put(95), call(105), call(110))
    assumed = Assumptions((0.25,) * 4, (0.3,) * 4, rate=0.04)

    (found,) = profit_surface(strategy, -2.0, SPOTS, [0.25], assumed)

    exact = [float(profit_at(strategy, Decimal(-2), Decimal(spot))) for spot in SPOTS]
    assert np.allclose(found, exact, atol=1e-9)


def test_before_it_is_the_sum_of_the_legs_by_the_model() -> None:
    strategy = builders.vertical(put(100), put(90))
    by_style = {
        Style.AMERICAN: lambda strike: american.prices(
            contracts(-1.0, SPOTS, strike, 0.04, 0.0, 0.4), 0.3
        ),
        Style.EUROPEAN: lambda strike: european.prices(
            contracts(-1.0, SPOTS, strike, 0.04, 0.0, 0.4), 0.3
        ),
    }
    for style, price in by_style.items():
        assumed = Assumptions((0.5, 0.5), (0.3, 0.3), rate=0.04, style=style)
        assert np.allclose(
            values(strategy, SPOTS, assumed, passed=0.1), price(100.0) - price(90.0), atol=5e-3
        )


def test_shares_count_at_their_price() -> None:
    covered = builders.covered_call(call(110))
    assumed = Assumptions((0.0,), (0.3,))

    assert np.allclose(values(covered, SPOTS, assumed), np.minimum(SPOTS, 110.0))


def test_a_calendar_is_worth_most_at_its_strike() -> None:
    calendar = builders.calendar(call(100), call(100, FAR))
    assumed = Assumptions((0.0, 28 / 365), (0.3, 0.3))
    (profits,) = profit_surface(calendar, 2.0, SPOTS, [0.0], assumed)

    assert SPOTS[profits.argmax()] == 100.0
    low, high = crossings(SPOTS, profits)
    assert 80.0 < low < 100.0 < high < 120.0


def test_crossings_include_points_on_zero() -> None:
    spots = np.array([1.0, 2.0, 3.0, 4.0])

    assert crossings(spots, np.array([-1.0, 1.0, 0.0, -2.0])) == (1.5, 3.0)
    assert crossings(spots, np.ones(4)) == ()
