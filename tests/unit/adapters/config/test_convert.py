"""From the text of one setting to its value, exactly or not at all."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cream.adapters.config.convert import (
    MAX_WHOLE,
    NoValue,
    did_you_mean,
    expected_words,
    found_words,
    read,
)
from cream.adapters.config.kinds import Choice, Kind, Many, Maybe, Plain, Section, Table
from cream.adapters.config.problems import Origin
from cream.adapters.config.yaml_nodes import Scalar
from cream.core.model.secret import Secret
from cream.core.model.setting import Setting

ORIGIN = Origin("f", 1)


def value(text: str, kind: Plain | Choice, info: Setting | None = None) -> object:
    return read(Scalar(text, ORIGIN), kind, info or Setting())


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", "0"),
        ("50000", "50000"),
        ("+5", "5"),
        ("-5.25", "-5.25"),
        ("2.0", "2.0"),
        (".5", "0.5"),
        ("5.", "5"),
        ("1e3", "1E+3"),
        ("1.5E-3", "0.0015"),
        ("0.1", "0.1"),
        ("0.1000000000000000055511151231", "0.1000000000000000055511151231"),
        ("9999999999999999999999999999", "9999999999999999999999999999"),
    ],
)
def test_decimals_are_read_digit_by_digit(text: str, number: str) -> None:
    read_value = value(text, Plain.DECIMAL)

    assert isinstance(read_value, Decimal)
    assert read_value == Decimal(number)
    assert str(read_value) == str(Decimal(text))


NO_NUMBERS = [
    "", " ", "1 ", "1_000", "1,000", "0x1F", "0o7", "010", "00", "00.5", "1:30", "nan", ".nan",
    "NaN", ".inf", "-.inf", "inf", "Infinity", "1e", "e3", "--1", "1.2.3", "½", "١", "five", ".",
    "1e9999", "1" * 101,
]  # fmt: skip


@pytest.mark.parametrize("text", NO_NUMBERS)
@pytest.mark.parametrize("kind", [Plain.DECIMAL, Plain.FLOAT, Plain.WHOLE])
def test_what_is_not_plainly_a_finite_number_is_none(text: str, kind: Plain) -> None:
    assert isinstance(value(text, kind), NoValue)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("12345678901234567890123456789", "more than 28 digits cannot be kept exactly"),
        ("1e29", "beyond 10 to the 28 there are no amounts"),
        ("1e-29", "beyond 10 to the 28 there are no amounts"),
        ("1_000", "write the digits without separators"),
        ("1,000.50", "write the digits without separators"),
        ("010", "leave out the zeros in front: some readers take such a number for an octal one"),
        ("five", ""),
    ],
)
def test_a_decimal_that_is_none_says_why_where_that_is_known(text: str, hint: str) -> None:
    assert value(text, Plain.DECIMAL) == NoValue(hint)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0),
        ("-12", -12),
        ("+7", 7),
        (str(MAX_WHOLE), MAX_WHOLE),
        (str(MAX_WHOLE + 1), NoValue("it does not fit into 64 bits")),
        ("9" * 99, NoValue("it does not fit into 64 bits")),
        ("1.0", NoValue()),
        ("1e3", NoValue()),
    ],
)
def test_whole_numbers_have_neither_fraction_nor_exponent(text: str, expected: object) -> None:
    assert value(text, Plain.WHOLE) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2.5", 2.5),
        ("1e-7", 1e-7),
        ("1e300", 1e300),
        ("1e400", NoValue("it is beyond all floating-point numbers")),
    ],
)
def test_floats_are_finite(text: str, expected: object) -> None:
    assert value(text, Plain.FLOAT) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true", True),
        ("false", False),
        ("True", NoValue("did you mean true?")),
        ("yes", NoValue("did you mean true?")),
        ("OFF", NoValue("did you mean false?")),
        ("no", NoValue("did you mean false?")),
        ("1", NoValue("")),
        ("", NoValue("")),
    ],
)
def test_a_flag_is_true_or_false_in_these_very_letters(text: str, expected: object) -> None:
    assert value(text, Plain.FLAG) == expected


@pytest.mark.parametrize(("text", "kind"), [("true", Plain.FLAG), ("5", Plain.WHOLE)])
def test_quotes_make_a_text_unless_they_are_there_for_a_variable(text: str, kind: Plain) -> None:
    quoted = Scalar(text, ORIGIN, is_quoted=True)
    interpolated = Scalar(text, ORIGIN, is_quoted=True, variables=("X",))

    assert read(quoted, kind, Setting()) == NoValue("write it without quotes")
    assert not isinstance(read(interpolated, kind, Setting()), NoValue)


def test_a_decimal_may_be_quoted() -> None:
    assert read(Scalar("2.50", ORIGIN, is_quoted=True), Plain.DECIMAL, Setting()) == Decimal("2.5")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-05T14:30:00Z", datetime(2026, 1, 5, 14, 30, tzinfo=UTC)),
        ("2026-01-05t14:30:00z", datetime(2026, 1, 5, 14, 30, tzinfo=UTC)),
        ("2026-01-05 09:30:00.25-05:00", datetime(2026, 1, 5, 14, 30, 0, 250000, UTC)),
    ],
)
def test_a_time_has_its_zone_and_is_kept_in_utc(text: str, expected: datetime) -> None:
    read_value = value(text, Plain.INSTANT)

    assert read_value == expected
    assert isinstance(read_value, datetime)
    assert read_value.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-05", "2026-01-05T14:30:00", "2026-01-05T14:30Z", "14:30:00Z", "now", "",
        "2026-13-05T14:30:00Z", "2026-02-30T14:30:00Z", "2026-01-05T24:30:00Z",
        "2026-01-05T14:30:60Z", "2026-01-05T14:30:00+25:00", "0001-01-01T00:00:00+23:59",
        "2026-01-05T14:30:00.Z", "20260105T143000Z", "2026-01-05T14:30:00." + "1" * 100 + "Z",
    ],
)  # fmt: skip
def test_what_is_no_instant_is_refused(text: str) -> None:
    assert isinstance(value(text, Plain.INSTANT), NoValue)


@pytest.mark.parametrize("text", ["", "a\0b"])
def test_a_path_is_a_name_that_a_file_can_have(text: str) -> None:
    assert value(text, Plain.PATH) == NoValue()
    assert value("./data/x.db", Plain.PATH) == Path("data/x.db")


def test_a_choice_is_found_by_its_text_and_a_near_one_is_proposed() -> None:
    kind = Choice({"halt": 1, "log_and_continue": 2})

    assert value("halt", kind) == 1
    assert value("HALT", kind) == NoValue("did you mean halt?")
    assert value("stop", kind) == NoValue("")


@pytest.mark.parametrize(
    ("text", "info", "expected"),
    [
        ("any thing", Setting(), "any thing"),
        ("", Setting(), ""),
        ("b", Setting(choices=("a", "b")), "b"),
        ("B", Setting(choices=("a", "b")), NoValue("did you mean b?")),
        ("ab1", Setting(pattern="[a-z]+"), NoValue()),
        ("ab\n", Setting(pattern="[a-z]+"), NoValue()),
        ("ab", Setting(pattern="[a-z]+"), "ab"),
    ],
)
def test_choices_and_patterns_hold_for_the_whole_text(
    text: str, info: Setting, expected: object
) -> None:
    assert value(text, Plain.TEXT, info) == expected


def test_a_pattern_holds_for_secrets_too() -> None:
    assert value("abc", Plain.SECRET, Setting(pattern="[a-z]+")) == Secret("abc")
    assert value("123", Plain.SECRET, Setting(pattern="[a-z]+")) == NoValue()


@pytest.mark.parametrize("kind", [Plain.WHOLE, Plain.DECIMAL, Plain.FLOAT])
@pytest.mark.parametrize(("text", "within"), [("0", False), ("1", True), ("5", True), ("6", False)])
def test_bounds_hold_for_every_kind_of_number(kind: Plain, text: str, within: bool) -> None:
    info = Setting(gt=0, le=5)

    assert (value(text, kind, info) == float(text)) is within
    assert isinstance(value(text, kind, info), NoValue) is not within


@settings(deadline=None, max_examples=200)
@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=8
    )
)
def test_every_amount_survives_the_way_through_text(number: Decimal) -> None:
    for text in (str(number), format(number, "f")):
        read_value = value(text, Plain.DECIMAL)

        assert isinstance(read_value, Decimal)
        assert read_value.as_tuple() == Decimal(text).as_tuple()


@settings(deadline=None, max_examples=200)
@given(st.text())
def test_no_text_at_all_makes_reading_fail(text: str) -> None:
    for kind in Plain:
        value(text, kind, Setting())


@settings(deadline=None, max_examples=100)
@given(
    st.datetimes(
        min_value=datetime(1900, 1, 1),  # noqa: DTZ001 - Hypothesis puts the zone in
        timezones=st.sampled_from(
            [UTC, timezone(timedelta(hours=-5)), timezone(timedelta(hours=9))]
        ),
    )
)
def test_every_instant_survives_the_way_through_text(instant: datetime) -> None:
    assert value(instant.isoformat(), Plain.INSTANT) == instant


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("max_levrage", "did you mean max_leverage?"),
        ("MAX_LEVERAGE", "did you mean max_leverage?"),
        ("zzz", ""),
        ("max_leverage" * 100, ""),
    ],
)
def test_the_nearest_word_is_proposed_where_one_is_near(text: str, hint: str) -> None:
    assert did_you_mean(text, ["max_leverage", "max_notional"]) == hint


@pytest.mark.parametrize(
    ("scalar", "kind", "words"),
    [
        (Scalar("x", ORIGIN), Plain.TEXT, "'x'"),
        (Scalar("", ORIGIN), Plain.TEXT, "null"),
        (Scalar("", ORIGIN, is_quoted=True), Plain.TEXT, "''"),
        (Scalar("hunter2", ORIGIN), Plain.SECRET, "***"),
        (Scalar("x", ORIGIN, variables=("A", "B")), Plain.WHOLE, "'x' (from A, B)"),
        (Scalar("x", ORIGIN, variables=("A",)), Plain.SECRET, "*** (from A)"),
    ],
)
def test_a_message_names_what_was_found_but_never_a_secret(
    scalar: Scalar, kind: Plain, words: str
) -> None:
    assert found_words(scalar, kind) == words


@pytest.mark.parametrize(
    ("kind", "info", "words"),
    [
        (Plain.TEXT, Setting(), "text"),
        (Plain.TEXT, Setting(choices=("a", "b")), "one of a, b"),
        (Plain.SECRET, Setting(pattern="x+"), "a secret text that matches x+"),
        (Plain.WHOLE, Setting(ge=1, le=9, unit="pieces"), "a whole number >= 1 and <= 9 (pieces)"),
        (Plain.DECIMAL, Setting(gt="0.5"), "a number > 0.5"),
        (Choice({"a": 1, "b": 2}), Setting(), "one of a, b"),
        (Maybe(Plain.FLAG), Setting(), "true or false or null"),
        (Many(Plain.FLAG), Setting(), "a list (each entry after a dash; [] for none)"),
        (Table(Plain.FLAG), Setting(), "a table of names and values ({} for none)"),
        (Section(int), Setting(), "a section with keys of its own"),
    ],
)
def test_a_message_says_what_would_be_right(kind: Kind, info: Setting, words: str) -> None:
    assert expected_words(kind, info) == words
