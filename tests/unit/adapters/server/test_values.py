"""Each value lies in its domain, or a note says why not; nothing in between."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cream.adapters.server import values
from cream.adapters.server.problems import Problems
from cream.adapters.server.strict_json import Json, JsonObject, NotFinite
from cream.core.model.errors import CreamError
from cream.core.model.instrument import Equity, OptionContract
from cream.core.model.money import decimal_text
from cream.core.model.plan import Action


def notes(problems: Problems) -> list[str]:
    try:
        problems.raise_any()
    except CreamError as error:
        return [each.problem for each in error.problems]
    return []


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("238.50", "238.50"),
        ("+5", "5"),
        ("-5", "-5"),
        ("1e3", "1E+3"),
        (7, "7"),
        (Decimal("0.10"), "0.10"),
        ("-0", "0"),
        ("0e999999999", "0"),
    ],
)
def test_a_decimal_is_read_from_its_text(value: Json, number: str) -> None:
    problems = Problems()

    assert values.decimal_value(value, "x", problems) == Decimal(number)
    assert not notes(problems)


@pytest.mark.parametrize(
    "value",
    [
        "NaN",
        "sNaN",
        "Infinity",
        "-inf",
        " 5",
        "5 ",
        "",
        "5,0",
        "0x10",
        ".5",
        "1_000",  # the text of a program, not of a price
        "5.",
        "٥",  # an Arabic digit, which Decimal would take
        "1e10000000000",
        "1e400",
        "1e-400",
        10**60,
        "9" * 65,
        NotFinite("NaN"),
        True,
        False,
        [],
        JsonObject(),
        None,
    ],
)
def test_what_is_no_decimal_is_noted(value: Json) -> None:
    problems = Problems()

    assert values.decimal_value(value, "x", problems) is None
    assert len(notes(problems)) == 1


@given(st.decimals(allow_nan=True, allow_infinity=True))
def test_a_decimal_that_is_let_in_has_a_short_plain_text(number: Decimal) -> None:
    """An exponent of a million would make the text of the reply a megabyte long."""
    found = values.decimal_value(str(number), "x", Problems())

    assert found is None or len(decimal_text(found)) < 200


@pytest.mark.parametrize(
    ("number", "bounds", "words"),
    [
        ("0", {"above": Decimal(0)}, "must be above 0, was 0"),
        ("-5", {"above": Decimal(0)}, "must be above 0, was -5"),
        ("-1", {"least": Decimal(0)}, "must be at least 0, was -1"),
        ("1e30", {}, "must be at most 1000000000, was 1E+30"),
        ("-1e30", {"least": Decimal("-1e40")}, "must be at most 1000000000"),
        ("1.5", {"most": Decimal(1)}, "must be at most 1, was 1.5"),
        ("0.0000000001", {}, "may have 9 decimal places"),
    ],
)
def test_a_number_out_of_its_domain_is_noted_with_the_bound(
    number: str, bounds: dict[str, Decimal], words: str
) -> None:
    problems = Problems()

    assert values.within(Decimal(number), "x", problems, **bounds) is None
    (note,) = notes(problems)
    assert words in note


def test_a_number_in_its_domain_is_given_back() -> None:
    problems = Problems()

    assert values.within(None, "x", problems) is None
    assert values.within(Decimal("1.500000000000"), "x", problems) == Decimal("1.5")
    assert not notes(problems)


@pytest.mark.parametrize(("number", "count"), [("5", 0), ("5.00", 0), ("1E+3", 0), ("1.250", 2)])
def test_zeros_behind_the_point_are_no_places(number: str, count: int) -> None:
    assert values.places(Decimal(number)) == count
    assert values.is_whole(Decimal(number)) == (count == 0)


@pytest.mark.parametrize(
    ("value", "words"),
    [("1.5", "whole number"), (0, "from 1 to 9"), ("10", "from 1 to 9"), ("x", "decimal")],
)
def test_what_is_no_integer_in_its_bounds_is_noted(value: Json, words: str) -> None:
    problems = Problems()

    assert values.whole_value(value, "x", problems, least=1, most=9) is None
    assert words in notes(problems)[0]


def test_an_integer_may_be_a_text_or_have_zeros_behind_its_point() -> None:
    for value in (3, "3", Decimal("3.0")):
        assert values.whole_value(value, "x", Problems(), least=1, most=9) == 3


@pytest.mark.parametrize("value", ["a" * 6, "a\x00", "\ud800", 5, None])
def test_a_text_that_cannot_be_stored_everywhere_is_noted(value: Json) -> None:
    """PostgreSQL has no NUL, and half a surrogate pair is no UTF-8."""
    problems = Problems()

    assert values.text_value(value, "x", problems, longest=5) is None
    assert len(notes(problems)) == 1


@pytest.mark.parametrize("value", ["", " a", "a\n", "a\tb", "a" * 129, "\u200b", 7])
def test_a_name_that_could_be_mistaken_for_another_is_noted(value: Json) -> None:
    problems = Problems()

    assert values.identifier_value(value, "x", problems) is None
    assert len(notes(problems)) == 1


def test_a_name_may_hold_what_agents_use() -> None:
    for name in ("cycle-1", "a b", "2026-11-23T15:00:00Z", "Ω"):
        assert values.identifier_value(name, "x", Problems()) == name


@pytest.mark.parametrize("value", ["buy", "HODL", 1, None, True])
def test_an_unknown_word_is_noted_with_all_that_are_known(value: Json) -> None:
    problems = Problems()

    assert values.choice_value(value, "x", problems, Action) is None
    assert "BUY, SELL, HOLD, CLOSE, NO_TRADE, INCREASE, REDUCE" in notes(problems)[0]


def test_a_symbol_names_a_share_or_an_option() -> None:
    option = values.instrument_value("AAPL  261218C00240000", "x", Problems())

    assert values.instrument_value("AAPL", "x", Problems()) == Equity("AAPL")
    assert isinstance(option, OptionContract)


@pytest.mark.parametrize("value", ["aapl", "", "AAPL1 261218C00240000", "NOT A SYMBOL", 5])
def test_what_names_no_instrument_is_noted(value: Json) -> None:
    problems = Problems()

    assert values.instrument_value(value, "x", problems) is None
    assert len(notes(problems)) == 1


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-23T15:00:00Z", datetime(2026, 11, 23, 15, tzinfo=UTC)),
        ("2026-11-23t15:00:00z", datetime(2026, 11, 23, 15, tzinfo=UTC)),
        ("2026-11-23 10:00:00-05:00", datetime(2026, 11, 23, 15, tzinfo=UTC)),
        ("2026-11-23T20:30:00.5+05:30", datetime(2026, 11, 23, 15, 0, 0, 500_000, tzinfo=UTC)),
        (
            "2026-11-23T15:00:00.123456789Z",
            datetime(2026, 11, 23, 15, 0, 0, 123_456, tzinfo=UTC),
        ),
    ],
)
def test_a_time_with_its_zone_is_a_moment(text: str, moment: datetime) -> None:
    assert values.instant_value(text, "x", Problems()) == moment


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-23",
        "2026-11-23T15:00:00",
        "2026-11-23T15:00Z",
        "2026-13-01T00:00:00Z",
        "2026-11-23T24:00:00Z",
        "2026-06-30T23:59:60Z",
        "2026-11-23T15:00:00+24:00",
        "2026-11-23T15:00:00+05:60",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "",
        "now",
        1764000000,
        None,
    ],
)
def test_what_is_no_moment_is_noted(value: Json) -> None:
    problems = Problems()

    assert values.instant_value(value, "x", problems) is None
    assert len(notes(problems)) == 1


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_moment_survives_its_text(moment: datetime) -> None:
    text = moment.isoformat()

    assert values.instant_value(text, "x", Problems()) == moment
