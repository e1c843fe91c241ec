"""A verdict's numbers are short enough to read and never say that more passes than does."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cream.adapters.server.figures import check_figures, violation_figures
from cream.adapters.server.json_views import check_view, violation_view
from cream.adapters.server.wire_views import check_message, violation_message
from cream.core.model.verdict import Check, CheckResult, Severity, Unit, Violation

THIRD = Decimal(1) / Decimal(3)
MOST_PLACES = 9

numbers = st.decimals(
    min_value=Decimal(-(10**12)), max_value=Decimal(10**12), allow_nan=False, places=15
)


def violation(
    observed: Decimal | None = None,
    limit: Decimal | None = None,
    headroom: Decimal | None = None,
    unit: Unit = Unit.RATIO,
) -> Violation:
    return Violation(
        code="X",
        severity=Severity.ERROR,
        message="too much",
        observed=observed,
        limit=limit,
        headroom=headroom,
        unit=unit,
    )


@pytest.mark.parametrize(
    ("unit", "shown"),
    [
        (Unit.USD, "0.33"),
        (Unit.USD_PER_SHARE, "0.3333"),
        (Unit.SECONDS, "0.333"),
        (Unit.PERCENT, "0.3333"),
        (Unit.RATIO, "0.333333"),
        (Unit.NONE, "0.333333"),
        (Unit.SHARES, "0.333333333"),
        (Unit.CONTRACTS, "0.333333333"),
        (Unit.UNITS, "0.333333333"),
        (Unit.COUNT, "0.333333333"),
    ],
)
def test_headroom_is_cut_down_to_the_places_of_its_unit(unit: Unit, shown: str) -> None:
    assert violation_figures(violation(headroom=THIRD, unit=unit)).headroom == Decimal(shown)


@pytest.mark.parametrize(
    ("observed", "limit", "shown"),
    [
        ("0.10000000001", "0.10", ("0.100001", "0.10")),
        ("0.09999999999", "0.10", ("0.099999", "0.10")),
        ("0.00099999999", "0.001", ("0.000999", "0.001")),
        ("0.1000001", "0.1000002", ("0.100000", "0.100001")),
        ("0.1000002", "0.1000001", ("0.100001", "0.100000")),
        ("0.3333333333", "0.3333333333", ("0.333333", "0.333333")),
    ],
)
def test_what_was_observed_stays_on_its_side_of_the_limit(
    observed: str, limit: str, shown: tuple[str, str]
) -> None:
    found = violation_figures(violation(Decimal(observed), Decimal(limit)))

    assert (str(found.observed), str(found.limit)) == shown


@given(observed=numbers, limit=numbers, headroom=numbers, unit=st.sampled_from(Unit))
def test_nothing_is_shown_better_than_it_is(
    observed: Decimal, limit: Decimal, headroom: Decimal, unit: Unit
) -> None:
    found = violation_figures(violation(observed, limit, headroom, unit))

    assert found.observed is not None
    assert found.limit is not None
    assert found.headroom is not None
    assert found.headroom <= headroom
    assert (found.observed > found.limit) == (observed > limit)
    assert (found.observed < found.limit) == (observed < limit)
    for shown in (found.observed, found.limit, found.headroom):
        exponent = shown.as_tuple().exponent
        assert isinstance(exponent, int)
        assert exponent >= -MOST_PLACES


def test_a_number_that_is_short_is_shown_as_it_is_written() -> None:
    found = violation_figures(violation(Decimal("5"), Decimal("2.0"), Decimal("1E+3")))

    assert [str(one) for one in (found.observed, found.limit, found.headroom)] == [
        "5",
        "2.0",
        "1E+3",
    ]


def test_a_number_that_is_huge_and_long_is_shown_too() -> None:
    """An odd request is an odd answer, never a defect."""
    huge = Decimal("1" + "0" * 30 + "." + "3" * 20)

    found = violation_figures(violation(huge, Decimal(1), huge))

    assert found.headroom == Decimal("1" + "0" * 30 + ".333333")


def test_numbers_that_are_not_there_stay_away() -> None:
    found = violation_figures(violation(limit=Decimal(1)))

    assert (found.observed, found.limit, found.headroom) == (None, Decimal(1), None)


def test_both_apis_show_the_same_digits() -> None:
    one = violation(THIRD, Decimal("0.3"), THIRD, Unit.USD)
    check = Check(
        code="X",
        result=CheckResult.INFO,
        observed=THIRD,
        limit=Decimal("0.3"),
        unit=Unit.RATIO,
    )

    as_json, as_message = violation_view(one), violation_message(one)
    assert (as_json.observed, as_json.limit, as_json.headroom) == ("0.34", "0.3", "0.33")
    assert (as_message.observed, as_message.limit, as_message.headroom) == ("0.34", "0.3", "0.33")
    assert as_message.observed_value == 0.34
    assert check_view(check).observed == check_message(check).observed == "0.333334"
    assert (check_view(check).result, check_message(check).result) == ("INFO", 100)
    assert check_figures(check).headroom is None
