"""A plan goes to the daemon as it stands in the file, and the verdict comes back in words."""

import io
import json
import sys
from pathlib import Path

import pytest

from cream.cli import exits
from cream.cli.main import main
from tests.unit.cli.fake_daemon import FakeDaemon, Json

CHECK, SUBMIT = "POST /v1/check-constraints", "POST /v1/submit-orders"

APPROVED: Json = {
    "ok": True,
    "violations": [],
    "suggestions": [],
    "orders": [
        {
            "decision_id": "d1",
            "symbol": "AAPL",
            "side": "BUY",
            "quantity": "20",
            "order_type": "LIMIT",
            "order_class": "BRACKET",
            "limit_price": "238.50",
            "stop_price": "228.50",
            "take_profit_price": "258.00",
        }
    ],
}
REFUSED: Json = {
    "ok": False,
    "violations": [
        {
            "code": "PER_INSTRUMENT_NOTIONAL",
            "severity": "ERROR",
            "message": "Too much.",
            "instrument_id": "AAPL",
        },
        {
            "code": "PLAN_STALE",
            "severity": "CRITICAL",
            "message": "Too old.",
            "instrument_id": None,
        },
    ],
    "suggestions": [
        {"decision_id": "d1", "quantity": "12"},
        {"decision_id": "d2", "quantity": None},
    ],
    "orders": [],
}
PLACED: Json = {
    "ok": True,
    "violations": [],
    "errors": [],
    "orders": [
        {
            "order_id": "o-1",
            "symbol": "AAPL",
            "side": "BUY",
            "requested_quantity": "20",
            "filled_quantity": "0",
            "status": "PENDING_NEW",
        }
    ],
}


@pytest.fixture
def plan(directory: Path) -> str:
    (directory / "plan.json").write_text('{"plan_id": "p1"}')
    return "plan.json"


def test_a_check_shows_the_orders_that_would_be_placed(
    plan: str, daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.replies[CHECK] = (200, APPROVED)

    assert main(["plan", "check", plan]) == exits.DONE
    first, headings, row = capsys.readouterr().out.splitlines()
    assert first == "approved"
    assert headings.split()[0] == "SIDE"
    assert row.split() == ["BUY", "20", "AAPL", "LIMIT", "238.50", "BRACKET", "228.50", "258.00"]
    assert daemon.asked[0].content == {"decision_plan": {"plan_id": "p1"}}
    assert daemon.asked[0].headers["content-type"] == "application/json"


def test_a_refusal_shows_every_violation_and_what_would_pass(
    plan: str, daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.replies[CHECK] = (200, REFUSED)

    assert main(["plan", "check", plan]) == exits.REFUSED
    assert capsys.readouterr().out == (
        "refused\n"
        "  ERROR PER_INSTRUMENT_NOTIONAL (AAPL): Too much.\n"
        "  CRITICAL PLAN_STALE (plan): Too old.\n"
        "  d1 would pass with 12\n"
    )


@pytest.mark.parametrize(("arguments", "partial"), [([], False), (["--allow-partial"], True)])
def test_a_submit_shows_the_placed_orders(
    arguments: list[str],
    partial: bool,
    plan: str,
    daemon: FakeDaemon,
    capsys: pytest.CaptureFixture[str],
) -> None:
    daemon.replies[SUBMIT] = (200, PLACED)

    assert main(["plan", "submit", plan, *arguments]) == exits.DONE
    first, _, row = capsys.readouterr().out.splitlines()
    assert first == "accepted"
    assert row.split() == ["o-1", "AAPL", "BUY", "20", "0", "PENDING_NEW"]
    params = {"allow_partial": partial}
    assert daemon.asked[0].content == {
        "decision_plan": {"plan_id": "p1"},
        "execution_params": params,
    }


def test_a_refused_submit_shows_violations_and_errors(
    plan: str, daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    errors = [
        {"code": "TACTIC_UNAVAILABLE", "message": "No VWAP.", "instrument_id": "AAPL"},
        {"code": "BUSY", "message": "Later.", "instrument_id": ""},
    ]
    violations = REFUSED["violations"][:1]
    daemon.replies[SUBMIT] = (
        200,
        {"ok": False, "violations": violations, "errors": errors, "orders": []},
    )

    assert main(["plan", "submit", plan]) == exits.REFUSED
    assert capsys.readouterr().out == (
        "refused\n"
        "  ERROR PER_INSTRUMENT_NOTIONAL (AAPL): Too much.\n"
        "  TACTIC_UNAVAILABLE (AAPL): No VWAP.\n"
        "  BUSY (plan): Later.\n"
    )


@pytest.mark.parametrize(
    ("action", "path", "reply", "exit_code"),
    [
        ("check", CHECK, APPROVED, exits.DONE),
        ("check", CHECK, REFUSED, exits.REFUSED),
        ("submit", SUBMIT, PLACED, exits.DONE),
    ],
)
def test_json_is_the_reply_as_it_came(
    action: str,
    path: str,
    reply: Json,
    exit_code: int,
    plan: str,
    daemon: FakeDaemon,
    capsys: pytest.CaptureFixture[str],
) -> None:
    daemon.replies[path] = (200, reply)

    assert main(["plan", action, plan, "--json"]) == exit_code
    assert json.loads(capsys.readouterr().out) == reply


def test_a_plan_may_come_from_standard_input(
    daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon.replies[CHECK] = (200, APPROVED)
    monkeypatch.setattr(sys, "stdin", io.StringIO('{"plan_id": "typed"}'))

    assert main(["plan", "check", "-"]) == exits.DONE
    assert daemon.asked[0].content["decision_plan"] == {"plan_id": "typed"}


@pytest.mark.parametrize("action", ["check", "submit"])
def test_the_daemon_judges_every_character_of_the_plan(
    action: str, directory: Path, daemon: FakeDaemon
) -> None:
    """Digits that a float would lose, a key that stands twice, NaN: none is decided here."""
    text = '{"limit": 238.40000000000000000001, "a": NaN, "a": 1e999, "é": "ü"}'
    (directory / "plan.json").write_text(text, encoding="utf-8")
    daemon.replies[CHECK] = (200, APPROVED)
    daemon.replies[SUBMIT] = (200, PLACED)

    assert main(["plan", action, "plan.json"]) == exits.DONE
    assert text in daemon.asked[0].body


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not json",
        b'{"a": 1',
        # Valid only together with what is put around it.
        b'{}, "execution_params": {"allow_partial": true}',
        b"\xff\xfe{}",
        b"[" * 100_000,
    ],
)
def test_what_is_no_json_is_wrong_usage_and_is_not_sent(
    content: bytes, directory: Path, daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    (directory / "plan.json").write_bytes(content)

    assert main(["plan", "submit", "plan.json"]) == exits.USAGE
    assert capsys.readouterr().err.startswith("plan.json: ")
    assert daemon.asked == []


def test_a_file_that_is_not_there_is_wrong_usage(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", "check", "nothing.json"]) == exits.USAGE
    assert "No such file" in capsys.readouterr().err
