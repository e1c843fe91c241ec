"""The real daemon shows a chain over both interfaces and on the command line, and they agree."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cream.client import v1
from tests.integration.agents import ask
from tests.integration.daemon import Daemon, running

EXPIRATION = "2026-12-18"
CALL = "AAPL  261218C00240000"


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    folder: Path = tmp_path_factory.mktemp("chains")
    with running(folder) as one:
        yield one


def test_the_call_at_the_money_has_the_volatility_that_the_market_quotes_with(
    daemon: Daemon,
) -> None:
    chain = daemon.get(f"/v1/option-chain?underlying=AAPL&expiration={EXPIRATION}")

    assert chain["underlying_price"] == "238.40"
    assert not chain["underlying_is_stale"]
    (row,) = [one for one in chain["options"] if one["symbol"] == CALL]
    assert row["valuation_status"] == "OK"
    assert row["implied_volatility"] == pytest.approx(0.19, abs=0.002)
    assert 0.4 < row["delta"] < 0.6
    assert -0.3 < row["theta"] < 0 < row["vega"] < 0.5
    assert row["open_interest"] > 0
    assert row["flags"] == []


def test_grpc_and_the_command_line_show_the_same_chain(daemon: Daemon) -> None:
    """The market is moved by hand only, so that nothing changes in between but ages."""
    path = f"/v1/option-chain?underlying=AAPL&expiration={EXPIRATION}&type=CALL&limit=6"
    shown = daemon.get(path)

    reply = ask(
        daemon.grpc_port,
        lambda client: client.get_option_chain(
            "AAPL", expirations=[EXPIRATION], option_type=v1.OptionType.CALL, limit=6
        ),
    )
    command = subprocess.run(
        [
            *(sys.executable, "-m", "cream", "chain", "AAPL", "--expiration", EXPIRATION),
            *("--type", "call", "--limit", "6", "--json", "--url", daemon.url),
        ],
        cwd=daemon.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    options = reply.chain.options if reply.chain else []
    assert len(options) == len(shown["options"]) == 6
    assert reply.chain is not None
    assert reply.chain.matched == shown["matched"] > 6
    printed = json.loads(command.stdout)["options"]
    for ours, theirs, typed in zip(shown["options"], options, printed, strict=True):
        assert theirs.contract is not None
        assert theirs.quote is not None
        assert theirs.contract.strike == float(ours["strike"]) == float(typed["strike"])
        assert theirs.quote.ask == float(ours["ask"]) == float(typed["ask"])
        assert theirs.open_interest == ours["open_interest"] == typed["open_interest"]
        assert theirs.delta == pytest.approx(ours["delta"], abs=1e-3)
        assert typed["delta"] == pytest.approx(ours["delta"], abs=1e-3)


def test_a_whole_chain_fits_into_one_message(daemon: Daemon) -> None:
    reply = ask(daemon.grpc_port, lambda client: client.get_option_chain("SPY"))

    assert reply.chain is not None
    assert len(reply.chain.options) == reply.chain.matched > 1_000
    valued = [one for one in reply.chain.options if one.delta is not None]
    assert len(valued) > 0.7 * reply.chain.matched


def test_a_market_that_stands_still_is_flagged_in_words(daemon: Daemon, tmp_path: Path) -> None:
    daemon.post("/v1/simulation/fault", {"name": "stale_quotes"})
    path = f"/v1/option-chain?underlying=AAPL&expiration={EXPIRATION}&limit=2"
    daemon.eventually("the quotes are old", lambda: daemon.get(path)["underlying_is_stale"])

    done = subprocess.run(
        [sys.executable, "-m", "cream", "chain", "AAPL", "--limit", "2", "--url", daemon.url],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert "(stale)" in done.stdout.splitlines()[0]
    assert done.stdout.count("stale, ") == 2
