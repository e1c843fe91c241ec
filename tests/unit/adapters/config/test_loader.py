"""A whole file: environment, overrides, inactive sections, and nothing but ConfigErrors."""

from collections.abc import Callable
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from cream.adapters.config.loader import MAX_FILE_BYTES, Loaded, load, load_bytes
from cream.adapters.config.problems import ConfigErrors
from cream.core.model.secret import Secret
from tests.unit.adapters.config.sample_settings import Engine, Mode


def engine(text: str, **environ: str) -> Engine:
    return load_bytes(text.encode(), Engine, environ=environ).settings


def said(raw: bytes | str, **environ: str) -> list[str]:
    content = raw if isinstance(raw, bytes) else raw.encode()
    with pytest.raises(ConfigErrors) as caught:
        load_bytes(content, Engine, environ=environ)
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    "raw", [b"", b"\n", b"# nothing\n", b"---\n", b"null", b"{}", b"\xef\xbb\xbf"]
)
def test_an_empty_file_is_all_defaults(raw: bytes) -> None:
    loaded = load_bytes(raw, Engine, environ={})

    assert loaded == Loaded(Engine(), frozenset(), None, sha256(raw).hexdigest())


def test_a_file_is_loaded_with_its_path_and_what_it_gives(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(b"mode: PAPER\nlimits: {max_leverage: 3}\n")

    loaded = load(path, Engine, environ={})

    assert loaded.path == path
    assert loaded.given == {"mode", "limits", "limits.max_leverage"}
    assert loaded.settings.limits.max_leverage == Decimal(3)
    assert loaded.text_hash == sha256(path.read_bytes()).hexdigest()


def test_without_a_file_the_environment_still_counts() -> None:
    loaded = load(None, Engine, environ={"ALPACA_BASE_URL": "http://[::1]"})

    assert loaded.settings.brokers.alpaca.base_url == "http://[::1]"
    assert loaded.given == {"brokers", "brokers.alpaca", "brokers.alpaca.base_url"}


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda folder: folder / "absent.yaml", "No such file or directory"),
        (lambda folder: folder, "Is a directory"),
        (lambda folder: folder / "a\0b", "embedded null byte"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_problem_of_the_configuration(
    tmp_path: Path, make: Callable[[Path], Path], reason: str
) -> None:
    with pytest.raises(ConfigErrors, match=reason):
        load(make(tmp_path), Engine, environ={})


def test_problems_name_the_file_and_the_line(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("mode: PAPER\nenabled: maybe\n")

    with pytest.raises(ConfigErrors) as caught:
        load(path, Engine, environ={})

    assert str(caught.value) == f"{path}:2: enabled: found 'maybe', expected true or false"


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (b"mode: PAPER\n# \xff\n", "configuration:2: found the byte 0xff, expected UTF-8"),
        ("mode: PAPER".encode("utf-16"), "configuration:1: found the byte 0xff, expected UTF-8"),
        (b"[1, 2]", "configuration:1: found a list, expected sections with keys and values"),
        (b"5", "configuration:1: found a single value, expected sections with keys and values"),
        (
            b"#" * (MAX_FILE_BYTES + 1),
            f"configuration: found a larger file, expected at most {MAX_FILE_BYTES} bytes",
        ),
    ],
)
def test_a_file_that_is_no_configuration_at_all_says_so(raw: bytes, line: str) -> None:
    assert said(raw) == [line]


def test_everything_wrong_is_said_at_once_in_the_order_of_the_file() -> None:
    text = """\
mode: paper
enabled: yes
server: {http_port: 1, grpc_port: 1}
limits:
  max_levrage: 3
  max_notional: -5
  max_notional: 6
breaker: {threshold: .nan}
brokers:
  alpaca:
    api_key: ${NOPE}
    timeout_s: .inf
prices: {A: 0}
level: !!int 1
"""
    lines = said(text, ALPACA_RETRIES="often")

    assert [line.split(": found")[0].removeprefix("configuration:") for line in lines] == [
        "1: mode",
        "2: enabled",
        "3: server.grpc_port: must differ from http_port",
        "5: limits.max_levrage",
        "6: limits.max_notional",
        "7: limits.max_notional",
        "8: breaker.threshold",
        "11: brokers.alpaca.api_key",
        "12: brokers.alpaca.timeout_s",
        "13: prices.A",
        "14: level",
        "environment variable ALPACA_RETRIES: brokers.alpaca.retries",
    ]


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("mode: ${MODE}", Mode.LIVE),
        ("mode: '${MODE}'", Mode.LIVE),
        ("mode: ${M:-PAPER}", Mode.PAPER),
        ("mode: LI${X}E", Mode.LIVE),
    ],
)
def test_variables_are_resolved_inside_values(text: str, mode: Mode) -> None:
    text += "\nbrokers: {alpaca: {api_key: k}}"

    assert engine(text, MODE="LIVE", X="V").mode is mode


@pytest.mark.parametrize("value", ["null", "{a: 1}", "# x", "- x", "a: b", "${A}", "*x", "'", "$$"])
def test_the_value_of_a_variable_is_inert(value: str) -> None:
    loaded = engine("brokers: {alpaca: {api_key: '${KEY}'}}", KEY=value, A="poison")

    assert loaded.brokers.alpaca.api_key == Secret(value)


def test_a_number_from_a_variable_needs_no_care_for_quotes() -> None:
    loaded = engine("server: {http_port: '${PORT}'}\nenabled: ${ON}", PORT="7", ON="false")

    assert (loaded.server.http_port, loaded.enabled) == (7, False)


def test_a_wrong_value_from_a_variable_names_the_variable() -> None:
    assert said("level: ${LEVEL}", LEVEL="9") == [
        "configuration:1: level: found '9' (from LEVEL), expected one of 1, 2, 3"
    ]


def test_the_environment_wins_over_the_file_and_the_command_line_over_both() -> None:
    text, environ = b"mode: PAPER\nbrokers: {alpaca: {api_key: k}}", {"CREAM_ENV": "LIVE"}

    from_environment = load_bytes(text, Engine, environ=environ)
    overridden = load_bytes(text, Engine, environ=environ, overrides=[("mode", "PAPER")])

    assert from_environment.settings.mode is Mode.LIVE
    assert overridden.settings.mode is Mode.PAPER


def test_a_mistake_on_the_command_line_is_one_of_the_problems() -> None:
    overrides = [("brokers.activ", "alpaca"), ("level", "7"), ("enabled.x", "1"), ("fee", "")]

    with pytest.raises(ConfigErrors) as caught:
        load_bytes(b"enabled: true", Engine, environ={}, overrides=overrides)

    assert str(caught.value).splitlines() == [
        "configuration:1: enabled.x: found a value for enabled, which then has no keys of its "
        "own, expected a section",
        "command line: brokers.activ: found an unknown key, expected one of active, alpaca; did "
        "you mean active?",
        "command line: fee: found '', expected one of flat, tiered",
        "command line: level: found '7', expected one of 1, 2, 3",
    ]


def unless_active(text_at: Callable[[str], str | None]) -> frozenset[str]:
    return frozenset() if text_at("brokers.active") == "alpaca" else frozenset({"brokers.alpaca"})


KEYS = "brokers: {active: '${BROKER:-simulated}', alpaca: {api_key: '${KEY}', retries: '${R}'}}"


def test_an_unset_variable_is_no_error_where_the_section_is_not_in_use() -> None:
    loaded = load_bytes(KEYS.encode(), Engine, environ={}, inactive=unless_active)

    assert loaded.settings.brokers.alpaca.api_key == Secret("")
    assert loaded.settings.brokers.alpaca.retries is None
    assert "brokers.alpaca.api_key" not in loaded.given


@pytest.mark.parametrize(
    ("environ", "overrides"),
    [({"BROKER": "alpaca"}, ()), ({}, [("brokers.active", "alpaca")])],
)
def test_whether_a_section_is_in_use_is_judged_by_what_counts_in_the_end(
    environ: dict[str, str], overrides: list[tuple[str, str]]
) -> None:
    with pytest.raises(ConfigErrors) as caught:
        load_bytes(
            KEYS.encode(), Engine, environ=environ, overrides=overrides, inactive=unless_active
        )

    assert [problem.path for problem in caught.value.problems] == [
        "brokers.alpaca.api_key",
        "brokers.alpaca.retries",
    ]


def test_what_is_wrong_in_a_section_that_is_not_in_use_is_still_wrong() -> None:
    text = b"brokers: {alpaca: {api_kee: 1, timeout_s: 0}}"

    with pytest.raises(ConfigErrors) as caught:
        load_bytes(text, Engine, environ={}, inactive=unless_active)

    assert len(caught.value.problems) == 2


def test_anchors_and_merge_keys_serve_to_say_things_once() -> None:
    loaded = engine("breaker: &b {threshold: 0.3, calls: 7}\nfeed_breaker: {<<: *b, calls: 8}")

    assert loaded.feed_breaker == evolve(loaded.breaker, calls=8)


@pytest.mark.parametrize(
    "text",
    [
        "brokers: {alpaca: {api_secret: HUNTER2}}",
        "brokers: {alpaca: {api_secret: [HUNTER2]}}",
        "brokers: {alpaca: {api_secret: '${KEY}'}}",
        "brokers: {alpaca: {api_secret: 'x${HUNTER2'}}",
        "brokers: {alpaca: {api_secret: '${HUNTER2!}'}}",
        "brokers: {alpaca: {api_secret: !HUNTER2 }}",
        "brokers: {alpaca: {api_secret: *HUNTER2 }}",
        "brokers: {alpaca: HUNTER2}",
        "brokers: {alpaca: {api_sekret: HUNTER2}}",
        "brokers: {alpaca: {api_secret: {HUNTER2: 1}}}",
        "tokens: HUNTER2",
    ],
)
def test_no_message_repeats_a_secret(text: str) -> None:
    assert "HUNTER2" not in "".join(said(text, KEY="HUNTER2"))


FRAGMENTS = [
    "mode", "enabled", "server", "http_port", "brokers", "alpaca", "api_key", "limits", "symbols",
    "prices", "tokens", "clock_start", "max_delta", "max_delta_shares", "null", "true", "5",
    "-1.5", "1e5", ".nan", "2026-01-05T14:30:00Z", ":", ": ", "\n", "\n  ", "\n    ", "- ", "[",
    "]", "{", "}", ", ", "&a ", "*a", "<<", "!", "!!str ", "'", '"', "|", ">", "?", "? ", "%",
    "${", "}", "${A}", "${B}", "${B:-x}", "$$", "---\n", "...\n", "\t", "#", "@", "\\", "\ufeff",
    "\x85", "\0", "ü",
]  # fmt: skip


def outcome_of(raw: bytes) -> Loaded[Engine] | ConfigErrors:
    try:
        return load_bytes(raw, Engine, environ={"A": "1"})
    except ConfigErrors as error:
        return error


@settings(deadline=None, max_examples=300)
@given(
    st.one_of(
        st.binary(max_size=60),
        st.text(max_size=60).map(lambda text: text.encode(errors="replace")),
        st.lists(st.sampled_from(FRAGMENTS), max_size=25).map(
            lambda parts: "".join(parts).encode()
        ),
    )
)
def test_any_file_loads_or_says_what_is_wrong_line_by_line(raw: bytes) -> None:
    outcome = outcome_of(raw)

    if isinstance(outcome, ConfigErrors):
        assert outcome.problems
        assert len(str(outcome).splitlines()) == len(outcome.problems)
    else:
        assert isinstance(outcome.settings, Engine)


@settings(deadline=None, max_examples=100)
@given(
    st.dictionaries(
        st.sampled_from(["http_port", "grpc_port", "bind_address", "nonsense"]),
        st.one_of(st.integers(), st.text("0123456789.a", max_size=5).map(repr)),
        min_size=1,
    )
)
def test_every_wrong_setting_is_named_and_no_right_one(given_values: dict[str, object]) -> None:
    text = "server:\n" + "".join(f"  {key}: {value}\n" for key, value in given_values.items())
    wrong = {f"server.{key}" for key, value in given_values.items() if not _is_right(key, value)}

    outcome = outcome_of(text.encode())

    problems = outcome.problems if isinstance(outcome, ConfigErrors) else ()
    assert {problem.path for problem in problems if problem.found} == wrong
    assert {problem.path for problem in problems if not problem.found} <= {"server.grpc_port"}


def _is_right(key: str, value: object) -> bool:
    match key, value:
        case "bind_address", _:
            digits = str(value).strip("'")
            return digits != "" and set(digits) <= set("0123456789.")
        case "http_port" | "grpc_port", int():
            return 1 <= value <= 65535
        case _:
            return False
