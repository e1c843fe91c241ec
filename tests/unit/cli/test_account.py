"""`cream activities` and `cream fees`, at a daemon that only answers."""

import json
from typing import Any

import pytest

from cream.cli import exits
from cream.cli.main import main
from tests.unit.cli.fake_daemon import FakeDaemon


def row(**changes: Any) -> dict[str, Any]:
    return {
        "date": "2026-11-24",
        "word": "FEE",
        "sub_word": "TAF",
        "symbol": "",
        "quantity": None,
        "price": None,
        "net_amount": "-0.02",
        "status": "executed",
    } | changes


def test_every_page_is_read(daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]) -> None:
    asked = "GET /v1/activities?type=FEE&type=SPLIT&since=2026-11-01&limit=1000"
    daemon.replies[asked] = (200, {"activities": [row()], "next_cursor": "2026-11-24:a b"})
    second = {"activities": [row(word="SPLIT", sub_word="")], "next_cursor": None}
    daemon.replies[asked + "&cursor=2026-11-24%3Aa+b"] = (200, second)
    command = ["activities", "--type", "FEE", "--type", "SPLIT", "--since", "2026-11-01"]

    assert main(command) == exits.DONE
    assert capsys.readouterr().out == (
        "DATE        TYPE   KIND  SYMBOL  QTY  PRICE  AMOUNT  STATUS\n"
        "2026-11-24  FEE    TAF             -      -   -0.02  executed\n"
        "2026-11-24  SPLIT                  -      -   -0.02  executed\n"
    )
    assert main([*command, "--json"]) == exits.DONE
    rows = json.loads(capsys.readouterr().out)["activities"]
    assert [one["word"] for one in rows] == ["FEE", "SPLIT"]


def test_what_cannot_be_asked_for_is_told_in_the_daemon_s_words(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    problem = {"field": "until", "problem": "must be a day"}
    refusal = {"code": "INVALID_REQUEST", "message": "until: must be a day", "details": [problem]}
    daemon.replies["GET /v1/activities?until=now&limit=1000"] = (400, refusal)
    assert main(["activities", "--until", "now"]) == exits.REFUSED
    assert "until: must be a day" in capsys.readouterr().err


def test_estimates_stand_beside_what_was_charged(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    day = {"date": "2026-11-24", "kind": "TAF", "estimated": "0.01"}
    days = [day | {"charged": "0.03", "differs": True}, day | {"charged": None, "differs": None}]
    daemon.replies["GET /v1/fees"] = (200, {"fees": days})

    assert main(["fees"]) == exits.DONE
    assert capsys.readouterr().out == (
        "DAY         KIND  ESTIMATED  CHARGED  DIFFERS\n"
        "2026-11-24  TAF        0.01     0.03  True\n"
        "2026-11-24  TAF        0.01        -  -\n"
    )
    assert main(["fees", "--json"]) == exits.DONE
    assert json.loads(capsys.readouterr().out) == {"fees": days}
