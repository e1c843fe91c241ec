"""The command; what it serves is in tests/unit/adapters/sandbox and tests/conformance."""

import socket
from pathlib import Path

import pytest

from cream.cli.main import main
from cream.cli.sandbox import _bars
from tests.conformance.sandbox_process import sandbox


@pytest.fixture(autouse=True)
def logs_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the command configures for a process of its own stays for all tests after this one."""
    monkeypatch.setattr("cream.cli.sandbox.configure", lambda level, form: None)


def test_a_clock_that_is_none_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sandbox", "--clock-start", "tomorrow"]) == 2
    assert "--clock-start" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--cash", "abc"),
        ("--cash", "-5"),
        ("--cash", "1e999999"),
        ("--cash", "NaN"),
        ("--port", "99999"),
        ("--control-port", "-1"),
        ("--tick-rate", "-1"),
        ("--tick-rate", "nan"),
        ("--keys", "nosecret"),
        ("--keys", ":"),
        ("--clock-start", "9999-12-31T23:59:59Z"),
        ("--clock-start", "0001-01-01"),
        ("--requests-per-minute", "0"),
        ("--bars", "/nowhere"),
    ],
)
def test_an_option_that_makes_no_sense_is_wrong_usage(
    capsys: pytest.CaptureFixture[str], option: str, value: str
) -> None:
    """Port 99999 was another one, and cash of NaN was taken."""
    assert main(["sandbox", option, value]) == 2
    shown = capsys.readouterr().err
    assert shown.startswith("cream sandbox: ")
    assert option in shown or value in shown


def test_files_of_one_share_are_joined(tmp_path: Path) -> None:
    """The second file had taken the place of the first."""
    header = "symbol,timestamp,open,high,low,close,volume\n"
    names = []
    for day in (24, 23):
        file = tmp_path / f"{day}.csv"
        file.write_text(f"{header}ACME,2026-11-{day}T15:00:00Z,1,1,1,1,1\n")
        names.append(str(file))
    assert [bar.start.day for bar in _bars(names)["ACME"]] == [23, 24]


def test_a_port_that_is_taken_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["sandbox", "--port", port, "--control-port", "0"]) == 69
    said = capsys.readouterr().err
    assert f"cannot listen on port {port} of 127.0.0.1: " in said
    assert "in use" in said


def test_it_says_where_it_is_and_lets_only_the_given_keys_in() -> None:
    with sandbox("--keys", "PK:secret") as one:
        assert one.account.startswith("PA")
        assert one.control.get(f"{one.url}/v2/account").status_code == 401
