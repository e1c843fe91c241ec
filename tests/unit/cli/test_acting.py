"""What an operator asks for is sent with who asked, and the outcome is told."""

import getpass
import json
import os
from typing import Any

import pytest

from cream.cli import exits
from cream.cli.main import main
from tests.unit.cli.fake_daemon import FakeDaemon, Json

CANCEL, STATE = "POST /v1/cancel-orders", "POST /v1/trading-state"


def cancelled(**result: Any) -> tuple[int, Json]:
    return 200, {"results": [{"order_id": "o-1", **result}]}


@pytest.fixture(autouse=True)
def _operator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "ada")


def test_an_accepted_cancel_tells_the_status(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.replies[CANCEL] = cancelled(accepted=True, status="PENDING_CANCEL")

    assert main(["cancel", "o-1"]) == exits.DONE
    assert capsys.readouterr().out == "o-1: PENDING_CANCEL\n"
    assert daemon.asked[0].content == {"order_ids": ["o-1"]}


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            {"error": {"code": "ORDER_NOT_CANCELABLE", "message": "It is closed."}},
            "ORDER_NOT_CANCELABLE: It is closed.",
        ),
        ({"error": "It is closed."}, "It is closed."),
        ({"error": None}, "FILLED"),
        ({}, "FILLED"),
    ],
)
def test_a_cancel_that_is_not_accepted_says_why(
    error: Json, words: str, daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.replies[CANCEL] = cancelled(accepted=False, status="FILLED", **error)

    assert main(["cancel", "o-1"]) == exits.REFUSED
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", f"o-1: {words}\n")


@pytest.mark.parametrize(("accepted", "exit_code"), [(True, 0), (False, 1)])
def test_a_cancel_in_json_is_the_reply_with_the_same_exit_code(
    accepted: bool, exit_code: int, daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.replies[CANCEL] = cancelled(accepted=accepted, status="FILLED")

    assert main(["cancel", "o-1", "--json"]) == exit_code
    assert json.loads(capsys.readouterr().out) == daemon.replies[CANCEL][1]


@pytest.mark.parametrize(
    ("arguments", "body"),
    [
        (["halt", "--reason", "news"], {"state": "HALTED", "reason": "news"}),
        (["reduce", "--reason", "late"], {"state": "REDUCING", "reason": "late"}),
        (["resume"], {"state": "ACTIVE", "reason": "resumed"}),
        (["resume", "--reason", "calm"], {"state": "ACTIVE", "reason": "calm"}),
        (["resume", "--force"], {"state": "ACTIVE", "reason": "resumed", "force": True}),
    ],
)
def test_a_state_is_asked_for_with_its_reason_and_who_asks(
    arguments: list[str],
    body: Json,
    daemon: FakeDaemon,
    capsys: pytest.CaptureFixture[str],
) -> None:
    daemon.replies[STATE] = (200, {"state": body["state"], "causes": []})

    assert main(arguments) == exits.DONE
    assert daemon.asked[0].content == {**body, "actor": "cli:ada"}
    assert capsys.readouterr().out == f"{body['state']}\n"


def test_the_causes_that_stand_are_told(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    cause = {
        "cause": "reconciliation",
        "state": "REDUCING",
        "reason": "2 strangers",
        "actor": "reconciler",
        "since": "2026-03-02T15:00:00Z",
    }
    reply = {"state": "REDUCING", "causes": [cause]}
    daemon.replies[STATE] = (200, reply)

    assert main(["resume"]) == exits.DONE
    told = "  reconciliation: 2 strangers (reconciler, 2026-03-02T15:00:00Z)\n"
    assert capsys.readouterr().out == "REDUCING\n" + told

    assert main(["resume", "--json"]) == exits.DONE
    assert json.loads(capsys.readouterr().out) == reply


def test_a_state_that_is_not_cleared_is_a_refusal(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    error = {"code": "STATE_NOT_CLEARED", "message": "disconnect stands", "details": []}
    daemon.replies[STATE] = (409, error)

    assert main(["resume"]) == exits.REFUSED
    assert capsys.readouterr().err == "STATE_NOT_CLEARED: disconnect stands\n"


@pytest.mark.parametrize("action", ["halt", "reduce"])
def test_whoever_restricts_says_why(action: str, daemon: FakeDaemon) -> None:
    with pytest.raises(SystemExit) as ended:
        main([action])

    assert ended.value.code == exits.USAGE
    assert daemon.asked == []


@pytest.mark.parametrize("error", [KeyError("uid not found"), OSError("No username set")])
def test_a_user_without_a_name_is_a_number(
    error: Exception, daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nameless() -> str:
        raise error

    monkeypatch.setattr(getpass, "getuser", nameless)
    daemon.replies[STATE] = (200, {"state": "HALTED", "causes": []})

    assert main(["halt", "--reason", "x"]) == exits.DONE
    assert daemon.asked[0].content["actor"] == f"cli:{os.getuid()}"


@pytest.mark.parametrize(("arguments", "flatten"), [([], False), (["--flatten", "submit"], True)])
def test_the_kill_switch_closes_positions_only_with_the_word_submit(
    arguments: list[str],
    flatten: bool,
    daemon: FakeDaemon,
    capsys: pytest.CaptureFixture[str],
) -> None:
    cause = {"cause": "operator", "reason": "enough", "actor": "local", "since": "now"}
    daemon.replies["POST /v1/kill-switch"] = 200, {"state": "HALTED", "causes": [cause]}

    assert main(["kill", "--reason", "enough", *arguments]) == exits.DONE
    assert capsys.readouterr().out == "HALTED\n  operator: enough (local, now)\n"
    assert daemon.asked[0].content == {"reason": "enough", "flatten": flatten}


def test_the_kill_switch_does_not_close_positions_for_another_word(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["kill", "--reason", "enough", "--flatten", "yes"])

    assert ended.value.code == exits.USAGE


@pytest.mark.parametrize(("remaining", "code"), [([], exits.DONE), (["o-2"], exits.REFUSED)])
def test_a_mass_cancel_tells_what_is_still_open(
    remaining: list[str], code: int, daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.replies["POST /v1/mass-cancel"] = (
        200,
        {
            "requested": 2,
            "confirmed": 2 - len(remaining),
            "complete": not remaining,
            "remaining": remaining,
        },
    )

    assert main(["mass-cancel", "--reason", "test"]) == code
    printed = capsys.readouterr().out
    assert printed.startswith(f"{2 - len(remaining)} of 2 cancelled\n")
    assert [f"  still open: {one}" in printed for one in remaining] == [True] * len(remaining)
    assert main(["mass-cancel", "--reason", "test", "--json"]) == code


EXERCISED = {
    "request_id": "x-1",
    "symbol": "AAPL  261218C00240000",
    "quantity": "2",
    "instruction": "exercise",
    "outcome": "taken",
    "message": "",
}


@pytest.mark.parametrize(("quantity", "sent"), [("2", {"quantity": "2"}), ("all", {})])
def test_an_exercise_needs_the_word_that_sends_it(
    quantity: str,
    sent: dict[str, str],
    daemon: FakeDaemon,
    capsys: pytest.CaptureFixture[str],
) -> None:
    daemon.replies["POST /v1/options/exercise"] = (200, EXERCISED)
    command = ["exercise", "AAPL261218C00240000", quantity]
    with pytest.raises(SystemExit):
        main(command)
    capsys.readouterr()

    assert main([*command, "submit"]) == exits.DONE
    assert capsys.readouterr().out == "2 AAPL  261218C00240000 taken\n"
    assert daemon.asked[-1].content == {"symbol": "AAPL261218C00240000", **sent}
    assert main([*command, "submit", "--json"]) == exits.DONE


def test_what_was_not_taken_is_told_with_its_reason(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    reply = {**EXERCISED, "outcome": "refused", "message": "too late"}
    daemon.replies["POST /v1/options/do-not-exercise"] = (200, reply)

    assert main(["do-not-exercise", "AAPL261218C00240000", "submit"]) == exits.REFUSED
    assert capsys.readouterr().out.endswith("refused: too late\n")
