"""What would be rolled is shown in a table; nothing is sent."""

import json
from typing import Any

import pytest

from cream.cli import exits
from cream.cli.main import main
from tests.unit.cli.fake_daemon import FakeDaemon, Json

PATH = "GET /v1/options/rolls"
ROLLS = [
    {
        "symbol": "AAPL  261127C00240000",
        "quantity": "-4",
        "outcome": "ROLL_URGENTLY",
        "reasons": ["urgent_expiry", "delta"],
        "why": None,
        "into": "AAPL  261224C00240000",
        "into_quantity": "-2",
        "units": 2,
        "close_ratio": 2,
        "open_ratio": 1,
        "net_middle": "-0.50",
        "net_natural": "-0.305",
        "net_limit": "-0.30",
    },
    {
        "symbol": "AAPL  261127P00230000",
        "quantity": "1",
        "outcome": "NONE",
        "reasons": ["profit_target"],
        "why": "the market is closed",
        **dict.fromkeys(("into", "into_quantity", "net_middle", "net_natural", "net_limit")),
    },
]


def reply(*rolls: Json, **changes: Any) -> tuple[int, Json]:
    shown = {"as_of": "2026-11-23T15:00:00Z", "enabled": True, "dry_run": True}
    return 200, {**shown, "rolls": list(rolls), **changes}


def test_each_option_has_a_line_with_what_would_be_done_and_why(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.replies[PATH] = reply(*ROLLS)

    assert main(["roll", "--dry-run"]) == exits.DONE

    heading, first, second, *rest = capsys.readouterr().out.splitlines()
    assert heading.split()[:3] == ["SYMBOL", "HELD", "OUTCOME"]
    assert "roll urgently" in first
    assert "AAPL  261224C00240000" in first
    assert first.index("-0.50") < first.index("-0.305") < first.index("-0.30 ")
    assert first.rstrip().endswith("urgent_expiry, delta")
    assert second.rstrip().endswith("profit_target; the market is closed")
    assert rest == ["", "Net prices per share, negative: a credit. Nothing was sent."]


def test_who_has_rolling_off_is_told_so(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.replies[PATH] = reply(ROLLS[1], enabled=False)

    assert main(["roll", "--dry-run"]) == exits.DONE

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Rolling is off (options.rolling.enabled): this is what it would say."
    assert len(lines) == 3, "without a roll there are no prices to explain"


def test_without_options_there_is_nothing_to_roll(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.replies[PATH] = reply()

    assert main(["roll", "--dry-run"]) == exits.DONE
    assert capsys.readouterr().out == "No options are held.\n"


def test_json_is_the_reply_as_it_came(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.replies[PATH] = reply(*ROLLS)

    assert main(["roll", "--dry-run", "--json"]) == exits.DONE

    assert json.loads(capsys.readouterr().out) == daemon.replies[PATH][1]


def test_nobody_rolls_by_leaving_a_word_out(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["roll"])

    assert caught.value.code == 2
    assert "--dry-run" in capsys.readouterr().err


UNDER_WAY = {
    "roll_id": "roll-1",
    "units": 2,
    "legs": [{"symbol": "AAPL  261127C00240000", "ratio": -1}],
    "into_legs": [{"symbol": "AAPL  261224C00240000", "ratio": -1}],
}
TOLD = "Under way: roll-1, 2 times -1 AAPL  261127C00240000 into -1 AAPL  261224C00240000"


def test_what_is_under_way_and_what_the_gate_refuses_is_told(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    legs = [{"symbol": "a", "ratio": 1}, {"symbol": "b", "ratio": -1}]
    refused = {**ROLLS[0], "refused": "TRADING_HALTED: enough", "legs": legs}
    daemon.replies[PATH] = reply(refused, under_way=[UNDER_WAY])

    assert main(["roll", "--dry-run"]) == exits.DONE

    first, _, row, *_ = capsys.readouterr().out.splitlines()
    assert first == TOLD
    assert row.startswith("AAPL  261127C00240000 +1 ")
    assert row.rstrip().endswith("the gate would refuse it: TRADING_HALTED: enough")


def test_a_roll_by_hand_needs_the_word_that_sends_it(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.replies["POST /v1/options/rolls"] = (200, UNDER_WAY)

    assert main(["roll", "--now", "AAPL261127C00240000"]) == exits.USAGE
    assert daemon.asked == []
    assert "say the word submit" in capsys.readouterr().err

    assert main(["roll", "--now", "AAPL261127C00240000", "submit"]) == exits.DONE
    assert daemon.asked[-1].content == {"symbol": "AAPL261127C00240000"}
    assert capsys.readouterr().out == TOLD + "\n"
    assert main(["roll", "--now", "AAPL261127C00240000", "submit", "--json"]) == exits.DONE
    assert json.loads(capsys.readouterr().out) == UNDER_WAY


def test_a_roll_by_hand_that_is_refused_says_why(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    error = {"code": "ROLL_REFUSED", "message": "the market is closed", "details": []}
    daemon.replies["POST /v1/options/rolls"] = (409, error)

    assert main(["roll", "--now", "AAPL261127C00240000", "submit"]) == exits.REFUSED
    assert "the market is closed" in capsys.readouterr().err


def test_one_of_the_two_has_to_be_said(daemon: FakeDaemon) -> None:
    for wrong in (["roll"], ["roll", "--dry-run", "--now", "AAPL261127C00240000"]):
        with pytest.raises(SystemExit):
            main(wrong)
