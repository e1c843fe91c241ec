from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from attrs import astuple
from hypothesis import given, settings
from hypothesis import strategies as st

from cream.core.model.instrument import Equity, OptionContract, OptionRight
from cream.core.model.market import Datum, Known, Stale, Unknown
from cream.core.options.greeks import (
    Exposure,
    PerShare,
    Totals,
    aggregate,
    by_underlying,
    contribution,
)

D = Decimal
NOW = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)
CALL = OptionContract("XYZ", date(2026, 12, 18), OptionRight.CALL, D(100))
FIGURES = PerShare(delta=0.5, gamma=0.02, vega=12.0, theta=-14.6, rho=5.0)


def exposure(
    quantity: int = 1,
    *,
    spot: Datum[Decimal] | None = None,
    figures: Datum[PerShare] | None = None,
    underlying: str = "XYZ",
    age: float = 2.0,
) -> Exposure:
    contract = OptionContract(underlying, CALL.expiration, CALL.right, CALL.strike)
    return Exposure(
        contract,
        D(quantity),
        spot or Known(D(100)),
        figures or Known(FIGURES),
        NOW - timedelta(seconds=age),
    )


def test_figures_a_share_become_the_positions_by_quantity_and_multiplier() -> None:
    found = contribution(CALL, D(-3), D(100), FIGURES)

    assert found == Totals(
        delta_shares=D("-150"),
        delta_dollars=D("-15000"),
        gamma_shares=D("-6"),
        gamma_dollars_per_percent=D("-600"),
        vega_dollars_per_point=D("-36"),
        theta_dollars_per_day=D("12"),
        rho_dollars_per_point=D("-15"),
    )


def test_shares_have_a_delta_and_nothing_else() -> None:
    shares = Exposure(Equity("XYZ"), D(150), Known(D(100)), Unknown("not asked for"), NOW)

    found = aggregate([shares], NOW)

    assert found.is_complete
    assert found.totals == Totals(delta_shares=D(150), delta_dollars=D(15_000))


def test_a_covered_call_nets_against_its_shares_in_its_underlying_only() -> None:
    shares = Exposure(Equity("XYZ"), D(100), Known(D(100)), Unknown(""), NOW)
    found = by_underlying([shares, exposure(-1), exposure(2, underlying="ABC")], NOW)

    assert list(found) == ["XYZ", "ABC"]
    assert found["XYZ"].totals.delta_shares == 50
    assert found["ABC"].totals.delta_shares == 100


def test_what_is_missing_is_named_and_never_zero() -> None:
    no_figures = exposure(figures=Unknown("no quote"))
    no_spot = exposure(spot=Unknown("no quote"), underlying="ABC")
    found = aggregate([exposure(), no_figures, no_spot], NOW)

    assert not found.is_complete
    assert len(found.missing) == 2
    assert found.totals == aggregate([exposure()], NOW).totals


def test_what_is_stale_counts_and_is_named_and_the_oldest_gives_the_age() -> None:
    old = exposure(figures=Stale(FIGURES, 30.0), age=30.0)
    old_spot = exposure(spot=Stale(D(100), 45.0), age=45.0)
    found = aggregate([exposure(), old, old_spot], NOW)

    assert not found.is_complete
    assert len(found.stale) == 2
    assert found.oldest_seconds == 45.0
    assert found.totals.delta_shares == 150


def test_figures_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        contribution(CALL, D(1), D(100), PerShare(float("nan"), 0.0, 0.0, 0.0, 0.0))


figures = st.builds(PerShare, *[st.floats(-100.0, 100.0)] * 5)
positions = st.lists(
    st.builds(
        lambda count, spot, one: exposure(count, spot=Known(spot), figures=Known(one)),
        st.integers(-500, 500),
        st.decimals(1, 1000, places=2),
        figures,
    ),
    max_size=6,
)


@given(positions, positions)
@settings(max_examples=100, deadline=None)
def test_the_whole_is_exactly_the_sum_of_its_parts(
    first: list[Exposure], second: list[Exposure]
) -> None:
    """In whatever way a portfolio is cut, and in whatever order."""
    whole = aggregate([*first, *second], NOW).totals

    assert whole == aggregate(first, NOW).totals + aggregate(second, NOW).totals
    assert whole == aggregate([*second, *first], NOW).totals
    assert all(isinstance(total, Decimal) for total in astuple(whole))
