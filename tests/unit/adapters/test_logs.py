"""One fact a line, in the form that was asked for, and never a reason to stop."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from cream.adapters import logs
from cream.core.model.secret import Secret


@pytest.fixture(autouse=True)
def _settings_of_the_tests_return() -> Iterator[None]:
    before = structlog.get_config()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.configure(**before)
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(printed: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in printed.splitlines()]


@pytest.mark.parametrize(
    ("environ", "level"),
    [
        ({}, "info"),
        ({"CREAM_LOG": ""}, "info"),
        ({"CREAM_LOG": "debug"}, "debug"),
        ({"RUST_LOG": "warn"}, "warn"),
        ({"CREAM_LOG": " Error "}, "error"),
        ({"CREAM_LOG": "debug", "RUST_LOG": "error"}, "debug"),
        ({"CREAM_LOG": "loud", "RUST_LOG": "error"}, "error"),
        ({"RUST_LOG": "debug,h2=warn"}, "debug"),
        ({"RUST_LOG": "h2=warn,hyper=off,trace"}, "trace"),
        ({"RUST_LOG": "h2=debug"}, "info"),
    ],
)
def test_the_environment_s_level_wins(environ: dict[str, str], level: str) -> None:
    assert logs.level_of("info", environ) == level


def test_a_line_of_json_has_its_event_level_time_and_facts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("info", "json")
    structlog.get_logger("any").info("desk.order_booked", quantity=5)

    [line] = lines(capsys.readouterr().out)
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "desk.order_booked", "level": "info", "quantity": 5}


@pytest.mark.parametrize(
    ("level", "seen"),
    [
        ("trace", ["debug", "info", "warning", "error", "critical"]),
        ("debug", ["debug", "info", "warning", "error", "critical"]),
        ("info", ["info", "warning", "error", "critical"]),
        ("warn", ["warning", "error", "critical"]),
        ("warning", ["warning", "error", "critical"]),
        ("error", ["error", "critical"]),
    ],
)
def test_lines_below_the_level_are_not_printed(
    level: str, seen: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(level, "json")
    log = structlog.get_logger()
    for method in (log.debug, log.info, log.warning, log.error, log.critical):
        method("a.b")

    assert [line["level"] for line in lines(capsys.readouterr().out)] == seen


def test_libraries_are_heard_from_warnings_up_in_the_same_form(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("debug", "json")
    library = logging.getLogger("some.library")
    library.info("chatter")
    library.warning("%d retries left", 2)
    try:
        raise OSError("gone")
    except OSError:
        library.exception("lost")

    first, second = lines(capsys.readouterr().out)
    assert (first["event"], first["level"]) == ("2 retries left", "warning")
    assert second["exception"][0]["exc_type"] == "OSError"


def test_to_configure_again_does_not_double_the_lines(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", "json")
    logs.configure("error", "json")
    library = logging.getLogger("some.library")
    library.warning("not any more")
    library.error("once")

    assert [line["event"] for line in lines(capsys.readouterr().out)] == ["once"]


def fail_with_a_key_at_hand() -> None:
    api_key = "AKIA-very-secret"
    raise ExceptionGroup("two tasks failed", [ValueError(len(api_key)), OSError("gone")])


@pytest.mark.parametrize("form", ["json", "pretty"])
def test_a_traceback_shows_every_leaf_and_no_local_variable(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("info", form)
    try:
        fail_with_a_key_at_hand()
    except ExceptionGroup as group:
        structlog.get_logger().error("a.failed", exc_info=group)
        logging.getLogger("some.library").error("too", exc_info=group)

    printed = capsys.readouterr().out
    assert "AKIA" not in printed
    for leaf in ("ValueError", "OSError"):
        assert printed.count(leaf) >= 2
    assert printed.count("fail_with_a_key_at_hand") >= 2


def test_a_secret_stays_one(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", "json")
    structlog.get_logger().info("a.configured", key=Secret("AKIA-very-secret"))

    printed = capsys.readouterr().out
    assert "AKIA" not in printed
    assert "***" in printed


def test_without_a_terminal_pretty_has_no_colours_and_auto_is_json(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("info", "pretty")
    structlog.get_logger().info("a.b", one=1)
    pretty = capsys.readouterr().out
    logs.configure("info", "auto")
    structlog.get_logger().info("a.b", one=1)

    assert "\x1b" not in pretty
    assert "one=1" in pretty
    assert lines(capsys.readouterr().out)[0]["one"] == 1


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_auto_is_pretty(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    logs.configure("info", "auto")
    structlog.get_logger().info("a.b", one=1)

    assert "\x1b[" in terminal.getvalue()


class Broken(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError


class Closed(io.StringIO):
    def write(self, text: str) -> int:
        raise ValueError("I/O operation on closed file")


@pytest.mark.parametrize("output", [Broken, Closed])
def test_a_line_that_cannot_be_printed_stops_nobody(
    output: type[io.StringIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    logs.configure("info", "json")
    monkeypatch.setattr(sys, "stdout", output())

    structlog.get_logger().error("a.b")
