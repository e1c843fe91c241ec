"""What only PostgreSQL can do wrong: acknowledge what it may lose, serve two, go away."""

import signal
from pathlib import Path

import psycopg
import pytest
import trio
from sqlalchemy import make_url

from cream.adapters.store.journal_log import JournalLog
from cream.adapters.store.opening import open_journal
from cream.adapters.store.postgres_server import open_for_reading, open_for_writing
from cream.adapters.store.settings import PersistenceSettings
from cream.cli.main import main
from cream.core.model.errors import JournalFailed
from cream.core.model.plan import Environment
from cream.core.model.secret import Secret
from tests.databases import postgres
from tests.unit.adapters.store.examples import records

PAPER = Environment.PAPER


def opened(url: str, account_id: str = "PA-1") -> JournalLog:
    database = open_for_writing(make_url(url), PAPER, account_id, 300)
    return JournalLog.over(database, PAPER, account_id)


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("fsync=off", "answers off for fsync"),
        ("full_page_writes=off", "answers off for full_page_writes"),
        ("default_transaction_read_only=on", "answers on for transaction_read_only"),
    ],
)
def test_a_server_that_may_lose_what_it_acknowledged_is_refused(setting: str, told: str) -> None:
    try:
        with postgres.running(setting) as server, pytest.raises(JournalFailed, match=told):
            opened(server.url("postgres"))
    except postgres.NoServer as error:
        pytest.skip(str(error))


def test_a_session_commits_synchronously_whatever_the_server_does_by_itself(
    postgres_server: postgres.Server,
) -> None:
    url = postgres_server.emptied()
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("ALTER ROLE cream SET synchronous_commit = off")
        try:
            log = opened(url)
            log.append(records(1))
            shown = log._database.driver.execute("SHOW synchronous_commit").fetchone()  # type: ignore[attr-defined]
            log.close()
        finally:
            other.execute("ALTER ROLE cream RESET synchronous_commit")

    assert shown == ("on",)


def test_two_daemons_never_share_an_account(postgres_server: postgres.Server) -> None:
    """Two accounts share a database, though."""
    url = postgres_server.emptied()
    first, other = opened(url), opened(url, "PA-2")

    with pytest.raises(JournalFailed, match="in use by the session with server process"):
        opened(url)
    first.close()

    second = opened(url)
    second.append(records(1))
    other.append(records(1))
    second.close()
    other.close()


def test_a_session_that_was_ended_fails_the_commit_for_good(
    postgres_server: postgres.Server,
) -> None:
    """Whether its last commit happened is for the next start to find out."""
    url = postgres_server.emptied()
    log = opened(url)
    log.append(records(2))
    with psycopg.connect(url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
            "AND application_name = 'cream'"
        )

    with pytest.raises(JournalFailed, match="start Cream again"):
        log.append(records(1, after=2))
    with pytest.raises(JournalFailed):
        log.append(records(1, after=2))
    log.close()

    again = opened(url)
    assert list(again.load()) == records(2)
    again.close()


def test_a_lock_that_somebody_holds_is_waited_for_only_so_long(
    postgres_server: postgres.Server,
) -> None:
    url = postgres_server.emptied()
    log = opened(url)
    with psycopg.connect(url) as other:
        other.execute("LOCK TABLE journal")

        with pytest.raises(JournalFailed, match="another program holds the table"):
            log.append(records(1))
    log.close()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://cream:hunter2@127.0.0.1:1/x", "see that the server runs"),
        ("postgresql://cream:hunter2@/nowhere?host=/nonexistent", "see that the server runs"),
    ],
)
def test_a_server_that_cannot_be_reached_is_named_without_its_password(url: str, told: str) -> None:
    with pytest.raises(JournalFailed, match=told) as caught:
        opened(url)

    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in repr(caught.value.__cause__)


def test_a_database_that_is_not_there_is_asked_for(postgres_server: postgres.Server) -> None:
    with pytest.raises(JournalFailed, match=r'"missing" does not exist; .*database_url is right'):
        opened(postgres_server.url("missing"))


async def test_a_server_that_dies_fails_the_journal_and_loses_nothing() -> None:
    try:
        with postgres.running() as server:
            settings = PersistenceSettings(database_url=Secret(server.url("postgres")))
            journal = await open_journal(settings, PAPER, "PA-1")
            await journal.commit(records(3))
            server.process.send_signal(signal.SIGQUIT)
            await trio.sleep(0.5)

            with pytest.raises(JournalFailed):
                await journal.commit(records(1, after=3))
            await journal.aclose()
    except postgres.NoServer as error:
        pytest.skip(str(error))


def test_commands_read_the_journal_on_the_server(
    postgres_server: postgres.Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    url = postgres_server.emptied()
    log = opened(url)
    log.append(records(5))
    log.close()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text(f'persistence: {{database_url: "{url}"}}\n')

    assert main(["journal", "verify"]) == 0
    assert "PAPER PA-1: 5 records" in capsys.readouterr().out
    assert main(["journal", "compact", "--older-than-days", "0"]) == 0


def test_what_is_read_cannot_be_written(postgres_server: postgres.Server) -> None:
    url = postgres_server.emptied()
    opened(url).close()
    reading = open_for_reading(make_url(url))

    with pytest.raises(JournalFailed, match="the database only reads"), reading.told("it"):
        reading.driver.execute("DELETE FROM journal")
    reading.close()
