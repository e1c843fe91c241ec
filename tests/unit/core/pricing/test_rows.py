import numpy as np
import pytest

from cream.core.pricing.rows import (
    Contracts,
    Status,
    codes,
    column,
    contracts,
    usable,
    usable_volatility,
)


def one(**changed: float) -> Contracts:
    terms = {"sign": 1.0, "spot": 100.0, "strike": 100.0, "rate": 0.05}
    terms |= {"dividend_yield": 0.01, "years": 0.5}
    return contracts(**(terms | changed))


def test_scalars_are_repeated_to_the_length_of_the_longest_column() -> None:
    batch = contracts(1.0, 100.0, np.array([90.0, 100.0, 110.0]), 0.05, 0.0, 0.5)

    assert batch.size == 3
    assert batch.spot.tolist() == [100.0, 100.0, 100.0]
    assert column(0.2, 3).tolist() == [0.2, 0.2, 0.2]


def test_rows_can_be_taken() -> None:
    batch = contracts(1.0, 100.0, np.array([90.0, 100.0, 110.0]), 0.05, 0.0, 0.5)

    assert batch.take(slice(1, 3)).strike.tolist() == [100.0, 110.0]
    assert batch.take(batch.strike > 95.0).intrinsic().tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    "changed",
    [
        {"spot": 0.0},
        {"spot": float("nan")},
        {"spot": float("inf")},
        {"strike": -1.0},
        {"rate": float("nan")},
        {"dividend_yield": float("inf")},
        {"years": float("nan")},
        {"years": 1e6},
        {"rate": 300.0, "years": 1.0},
        {"sign": 0.0},
        {"spot": 1e-10},
        {"strike": 1e13},
    ],
)
def test_a_row_outside_its_domain_is_not_usable(changed: dict[str, float]) -> None:
    assert usable(one()).all()
    assert not usable(one(**changed)).any()


def test_an_expired_row_is_usable() -> None:
    """It is worth its intrinsic value; only a volatility cannot be had from it."""
    assert usable(one(years=-1.0)).all()


def test_volatility_is_zero_or_more_and_not_absurd() -> None:
    given = np.array([0.0, 0.2, -0.1, float("nan"), float("inf"), 1e9])

    assert usable_volatility(given).tolist() == [True, True, False, False, False, False]


def test_codes_say_what_is_wrong() -> None:
    assert codes(np.array([True, False])).tolist() == [Status.OK, Status.BAD_INPUT]
