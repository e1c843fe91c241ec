from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.options.occ import expires_at
from cream.core.pricing.curves import (
    RateCurve,
    days_between,
    implied_forward,
    year_fraction,
)


def test_a_year_is_365_days_to_the_second() -> None:
    now = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)

    assert year_fraction(now, now + timedelta(days=365)) == 1.0
    assert year_fraction(now, now + timedelta(minutes=1)) == 60 / 31_536_000
    assert year_fraction(now, now) == year_fraction(now, now - timedelta(days=1)) == 0.0


def test_on_the_last_day_the_minutes_to_the_close_in_new_york_are_left() -> None:
    contract = OptionContract("AAPL", date(2026, 12, 18), OptionRight.CALL, Decimal(240))
    half_past_three = datetime(2026, 12, 18, 20, 30, tzinfo=UTC)

    assert year_fraction(half_past_three, expires_at(contract)) == 30 * 60 / 31_536_000


def test_moments_without_a_zone_are_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        year_fraction(datetime(2026, 3, 2), datetime(2026, 3, 3, tzinfo=UTC))  # noqa: DTZ001


def test_days_are_calendar_days() -> None:
    assert days_between(date(2026, 2, 27), date(2026, 3, 2)) == 3


def test_a_curve_is_straight_between_its_points_and_level_beyond() -> None:
    curve = RateCurve(((0.25, 0.04), (1.0, 0.05), (2.0, 0.045)))

    assert curve.rate(0.0) == 0.04
    assert curve.rate(0.625) == pytest.approx(0.045)
    assert curve.rate(1.0) == 0.05
    assert curve.rate(9.0) == 0.045
    assert curve.discount(1.0) == pytest.approx(2.718281828459045**-0.05)
    assert RateCurve.flat(0.03).rate(7.0) == 0.03


@pytest.mark.parametrize(
    "points",
    [
        (),
        ((1.0, 0.04), (1.0, 0.05)),
        ((2.0, 0.04), (1.0, 0.05)),
        ((-1.0, 0.04),),
        ((1.0, float("nan")),),
    ],
)
def test_a_curve_that_is_none_is_refused(points: tuple[tuple[float, float], ...]) -> None:
    with pytest.raises(ValueError, match="curve"):
        RateCurve(points)


def test_the_forward_comes_from_parity_and_survives_a_bad_quote() -> None:
    discount, forward = 0.98, 101.0
    quotes = [
        (k, max(0.0, discount * (forward - k)) + 2.0, max(0.0, discount * (k - forward)) + 2.0)
        for k in (95.0, 100.0, 105.0)
    ]

    assert implied_forward(quotes, discount) == pytest.approx(forward)
    assert implied_forward([*quotes, (110.0, 50.0, 1.0)], discount) == pytest.approx(forward)
    assert implied_forward([(100.0, float("nan"), 1.0)], discount) is None
