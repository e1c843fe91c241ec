"""Every command can be typed, a mistake is told, and an exit code means what it says."""

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import cream
from cream.cli import exits, reading
from cream.cli import main as command_line
from cream.cli.main import main, parser
from tests.unit.cli.fake_daemon import FakeDaemon

ROOT = Path(__file__).parents[3]


def run_alone(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    """`python -m cream` as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "cream", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_version_is_printed_by_the_module_too() -> None:
    ended = run_alone("--version")

    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == f"cream {cream.__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["dance"],
        ["plan"],
        ["plan", "check"],
        ["config", "dance"],
        ["cancel"],
        ["orders", "--closed"],
        ["watch", "--count", "many"],
        ["watch", "--count", "0"],
        ["watch", "--count", "-1"],
        ["run", "--broker", "bank"],
    ],
)
def test_wrong_usage_is_told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert ended.value.code == exits.USAGE
    assert "usage: cream" in capsys.readouterr().err


def commands(of: argparse.ArgumentParser, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every command with its subcommands."""
    for action in of._actions:
        if isinstance(action, argparse._SubParsersAction):
            return [
                full
                for name, inner in action.choices.items()
                for full in commands(inner, (*path, name))
            ]
    return [path]


def test_these_are_the_commands() -> None:
    assert sorted(" ".join(path) for path in commands(parser())) == [
        "activities",
        "backtest",
        "cancel",
        "chain",
        "config check",
        "config schema",
        "config show",
        "do-not-exercise",
        "exercise",
        "explain",
        "fees",
        "halt",
        "journal compact",
        "journal export",
        "journal verify",
        "kill",
        "mass-cancel",
        "orders",
        "payoff",
        "plan check",
        "plan submit",
        "positions",
        "price",
        "reconcile",
        "reduce",
        "replay",
        "resume",
        "roll",
        "run",
        "sandbox",
        "status",
        "watch",
    ]


@pytest.mark.parametrize("path", commands(parser()))
def test_every_command_has_help(path: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*path, "--help"])

    assert ended.value.code == 0
    assert f"usage: cream {' '.join(path)}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "path", [one for one in commands(parser()) if one not in (("run",), ("sandbox",))]
)
def test_every_command_that_answers_can_answer_in_json(
    path: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([*path, "--help"])

    assert "--json" in capsys.readouterr().out


def test_only_what_says_submit_can_send_an_order(daemon: FakeDaemon, directory: Path) -> None:
    (directory / "plan.json").write_text("{}")
    main(["plan", "check", "plan.json"])
    main(["plan", "submit", "plan.json"])

    assert [one.path for one in daemon.asked] == ["/v1/check-constraints", "/v1/submit-orders"]


def test_a_defect_is_not_taken_for_a_refusal(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.replies["GET /v1/orders"] = (200, {"bestellungen": []})

    assert main(["orders"]) == exits.DEFECT
    assert "KeyError" in capsys.readouterr().err


def test_an_interrupted_command_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(options: argparse.Namespace) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(reading, "_orders", interrupted)

    assert main(["orders"]) == exits.INTERRUPTED


@pytest.mark.parametrize("arguments", [["config", "schema"], ["config", "show"]])
def test_a_reader_that_has_read_enough_is_no_failure(arguments: list[str]) -> None:
    """`cream orders | head -1`: nothing on standard error, and 0."""
    reading_end, writing_end = os.pipe()
    os.close(reading_end)
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "cream", *arguments],
            cwd=ROOT,
            stdout=writing_end,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        os.close(writing_end)

    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_parser_s_text_names_every_exit_code() -> None:
    text = command_line.__doc__ or ""
    codes = {value for name, value in vars(exits).items() if name.isupper()}

    assert {int(word) for word in re.findall(r"\b\d+\b", text)} == codes
