"""Commands find the daemon, carry the token, and say in one line what went wrong."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from cream.cli import exits
from cream.cli.main import main
from tests.unit.cli.fake_daemon import FakeDaemon, Replies, serving, tls_of

NO_ORDERS: Replies = {"GET /v1/orders": (200, {"orders": []})}


@pytest.fixture
def other() -> Iterator[FakeDaemon]:
    """A daemon that nothing in the environment names."""
    with serving(FakeDaemon(replies=NO_ORDERS)) as one:
        yield one


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_the_option_wins_over_the_environment(daemon: FakeDaemon, other: FakeDaemon) -> None:
    assert main(["orders", "--url", other.url + "/"]) == exits.DONE

    assert [one.path for one in other.asked] == ["/v1/orders"]
    assert daemon.asked == []


def test_without_either_the_configuration_says_where_the_daemon_is(
    other: FakeDaemon, directory: Path
) -> None:
    port = other.url.rsplit(":", 1)[1]
    (directory / "config.yaml").write_text(f"server: {{http_port: {port}}}\n")
    (directory / "other.yaml").write_text(f"server: {{http_port: {closed_port()}}}\n")

    assert main(["orders"]) == exits.DONE
    assert main(["orders", "--config", "other.yaml"]) == exits.UNREACHABLE


def test_an_ipv6_address_is_put_in_brackets(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    port = closed_port()
    server = f'server: {{bind_address: "::1", http_port: {port}}}\n'
    (directory / "config.yaml").write_text(server)

    assert main(["orders"]) == exits.UNREACHABLE
    assert f"no daemon answers at http://[::1]:{port}: " in capsys.readouterr().err


def test_a_configuration_that_cannot_be_used_is_told_with_its_problems(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (directory / "config.yaml").write_text("server: {http_port: many}\n")

    assert main(["orders"]) == exits.CONFIGURATION
    printed = capsys.readouterr().err
    assert "no --url, no CREAM_URL" in printed
    assert "config.yaml:1: server.http_port" in printed


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:50051",
        "ftp://127.0.0.1",
        "unix:/tmp/x",
        "http://",
        "http://[broken",
        "http://host:many",
        "HTTP://host",
        "http://host:99999",
    ],
)
@pytest.mark.parametrize("command", ["orders", "watch"])
def test_a_url_of_another_kind_is_wrong_usage(
    command: str, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "--url", url]) == exits.USAGE
    assert "is no http:// or https:// URL" in capsys.readouterr().err


def test_a_daemon_that_is_not_there_is_unreachable(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["positions", "--url", f"http://127.0.0.1:{closed_port()}"]) == exits.UNREACHABLE

    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Start it with `cream run`" in printed.err


@pytest.mark.parametrize(
    ("arguments", "doubtful"),
    [(["orders"], False), (["cancel", "o-1"], True), (["halt", "--reason", "x"], True)],
)
def test_after_a_lost_answer_a_command_does_not_pretend_that_nothing_happened(
    arguments: list[str],
    doubtful: bool,
    daemon: FakeDaemon,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for path in ("GET /v1/orders", "POST /v1/cancel-orders", "POST /v1/trading-state"):
        daemon.replies[path] = (200, None)

    assert main(arguments) == exits.UNREACHABLE
    printed = capsys.readouterr().err
    assert "did not answer to the end" in printed
    assert ("look before asking again" in printed) is doubtful


@pytest.mark.parametrize(
    ("arguments", "environment", "sent"),
    [
        ([], None, None),
        ([], "from-environment", "Bearer from-environment"),
        (["--token", "given"], None, "Bearer given"),
        (["--token", "given"], "from-environment", "Bearer given"),
    ],
)
def test_the_token_goes_with_the_request(
    arguments: list[str],
    environment: str | None,
    sent: str | None,
    daemon: FakeDaemon,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    daemon.replies.update(NO_ORDERS)
    if environment is not None:
        monkeypatch.setenv("CREAM_TOKEN", environment)

    assert main(["orders", *arguments]) == exits.DONE
    assert daemon.asked[0].headers.get("authorization") == sent


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_no_proxy_sees_what_is_said_to_the_daemon(
    variable: str, daemon: FakeDaemon, other: FakeDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon.replies.update(NO_ORDERS)
    monkeypatch.setenv(variable, other.url)

    assert main(["orders", "--token", "secret"]) == exits.DONE
    assert other.asked == []


@pytest.mark.parametrize(
    ("status", "code", "exit_code"),
    [
        (401, "UNAUTHENTICATED", exits.NOT_LET_IN),
        (403, "FORBIDDEN", exits.NOT_LET_IN),
        (400, "INVALID_REQUEST", exits.REFUSED),
        (409, "DUPLICATE_ID", exits.REFUSED),
        (503, "NOT_READY", exits.REFUSED),
    ],
)
def test_an_error_is_told_in_the_daemon_s_words_with_every_field(
    status: int,
    code: str,
    exit_code: int,
    daemon: FakeDaemon,
    capsys: pytest.CaptureFixture[str],
) -> None:
    details = [
        {"field": "decisions[0].size", "problem": "must be above 0"},
        {"field": "environment", "problem": "must be PAPER or LIVE"},
    ]
    error = {"code": code, "message": "No.", "grpc_code": "X", "details": details}
    daemon.replies["GET /v1/positions"] = (status, error)

    assert main(["positions"]) == exit_code
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == (
        f"{code}: No.\n  decisions[0].size: must be above 0\n  environment: must be PAPER or LIVE\n"
    )


def test_an_error_without_details_is_one_line(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.replies["GET /v1/positions"] = (404, {"code": "NOT_FOUND", "message": "No."})

    assert main(["positions"]) == exits.REFUSED
    assert capsys.readouterr().err == "NOT_FOUND: No.\n"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"<html>a router</html>"),
        (200, b"\xff\xfe"),
        (200, b""),
        (200, [1, 2]),
        (404, {"detail": "Not Found"}),
        (502, b"Bad Gateway"),
    ],
)
def test_what_is_no_cream_daemon_is_unreachable(
    status: int,
    body: bytes | list[int] | dict[str, str],
    daemon: FakeDaemon,
    capsys: pytest.CaptureFixture[str],
) -> None:
    daemon.replies["GET /v1/orders"] = (status, body)

    assert main(["orders"]) == exits.UNREACHABLE
    assert f"answered {status}, but not as Cream does" in capsys.readouterr().err


def test_an_https_url_is_trusted_by_its_certificate_alone(
    directory: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    authority = trustme.CA()
    with serving(FakeDaemon(replies=NO_ORDERS), tls_of(authority)) as daemon:
        assert main(["orders", "--url", daemon.url, "--token", "secret"]) == exits.UNREACHABLE
        assert "CERTIFICATE_VERIFY_FAILED" in capsys.readouterr().err
        assert daemon.asked == []

        authority.cert_pem.write_to_path(directory / "ca.pem")
        monkeypatch.setenv("SSL_CERT_FILE", str(directory / "ca.pem"))
        assert main(["orders", "--url", daemon.url]) == exits.DONE


@pytest.mark.parametrize("token", ["ä", "a b", "a\nb"])
def test_a_token_that_can_be_none_is_told_before_anything_is_sent(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str], token: str
) -> None:
    for command in (["orders"], ["watch", "--count", "1"]):
        assert main([*command, "--token", token]) == exits.USAGE

        told = capsys.readouterr().err
        assert (
            told == "the token (--token, CREAM_TOKEN) holds a blank or a character beyond ASCII\n"
        )
    assert daemon.asked == []
