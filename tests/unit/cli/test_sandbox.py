"""The command; what it serves is in tests/unit/adapters/sandbox and tests/conformance."""

import socket

import pytest

from cream.cli.main import main
from tests.conformance.sandbox_process import sandbox


@pytest.fixture(autouse=True)
def logs_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the command configures for a process of its own stays for all tests after this one."""
    monkeypatch.setattr("cream.cli.sandbox.configure", lambda level, form: None)


def test_a_clock_that_is_none_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sandbox", "--clock-start", "tomorrow"]) == 2
    assert "--clock-start" in capsys.readouterr().err


def test_a_port_that_is_taken_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["sandbox", "--port", port, "--control-port", "0"]) == 69
    assert "in use" in capsys.readouterr().err


def test_it_says_where_it_is_and_lets_only_the_given_keys_in() -> None:
    with sandbox("--keys", "PK:secret") as one:
        assert one.account.startswith("PA")
        assert one.control.get(f"{one.url}/v2/account").status_code == 401
