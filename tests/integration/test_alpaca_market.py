"""`cream run --broker alpaca` on the data streams and data REST of the sandbox."""

import asyncio
import itertools
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cream.client import CreamClient, v1
from tests.conformance.sandbox_process import Sandbox, sandbox
from tests.integration.agents import ask
from tests.integration.daemon import Daemon, running
from tests.integration.test_alpaca_run import ALWAYS_OPEN, KEYS, PLAN, alpaca

SECONDS = 30.0
# The daemon alone watches the stop, so that it is the feed that makes it fire.
WATCHED_HERE = {"use_bracket_orders": False}


def until(condition: Callable[[], Any], seconds: float = SECONDS) -> Any:
    """What `condition` says, once it says something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("it did not come about in time")


def symbol(daemon: Daemon, name: str, more: str = "") -> dict[str, Any]:
    (row,) = daemon.get(f"/v1/market?symbols={name}{more}")["symbols"]
    return dict(row)


def test_quotes_of_the_stream_are_shown_with_bars_and_the_day(tmp_path: Path) -> None:
    with (
        sandbox(clock_start=None) as one,
        running(tmp_path, KEYS, brokers=alpaca(one), feeds=ALWAYS_OPEN) as daemon,
    ):
        assert symbol(daemon, "AAPL")["quote"]["bid"] == "238.39", "asked for at once over REST"
        # The subscription has to stand before the market moves.
        until(lambda: daemon.get("/v1/feed-health")["messages_per_second"])
        one.quote("AAPL", "250.11", "250.13")
        until(lambda: symbol(daemon, "AAPL")["quote"]["bid"] == "250.11")

        shown = symbol(daemon, "AAPL", "&timeframes=1,1440")

        assert shown["microstructure"]["spread"] == "0.02"
        assert shown["halted"] is None
        assert {bar["timeframe_minutes"] for bar in shown["bars"]} == {1, 1440}
        assert shown["day"]["previous_close"] is not None
        health = daemon.get("/v1/feed-health")
        assert health["provider"] == "alpaca-iex"
        assert health["latency_p99_ms"] is not None

        assert "cream_feed_latency_seconds" in daemon.http.get("/metrics").text

        one.control.post("/halt", json={"symbol": "AAPL"})
        assert "LUDP" in until(lambda: symbol(daemon, "AAPL")["halted"])
        one.control.post("/resume", json={"symbol": "AAPL"})
        until(lambda: symbol(daemon, "AAPL")["halted"] is None)


def held(one: Sandbox) -> list[dict[str, Any]]:
    return [row for row in one.book()["positions"] if row["symbol"] == "AAPL"]


def test_a_stop_that_only_the_daemon_watches_fires_on_the_stream(tmp_path: Path) -> None:
    """The legs at the venue are cancelled; from then on the price comes from Alpaca's stream."""
    with (
        sandbox(clock_start=None) as one,
        running(
            tmp_path, KEYS, brokers=alpaca(one), feeds=ALWAYS_OPEN, stops=WATCHED_HERE
        ) as daemon,
    ):
        submitted = daemon.post(
            "/v1/submit-orders", {"decision_plan": json.loads(PLAN.read_text())}
        )
        assert submitted["ok"]
        until(lambda: held(one))
        legs = [
            row["order_id"]
            for row in daemon.get("/v1/orders")["orders"]
            if row["purpose"] in ("STOP_LOSS", "TAKE_PROFIT")
        ]
        daemon.post("/v1/cancel-orders", {"order_ids": legs})
        until(lambda: not [row for row in one.book()["orders"] if row["status"] in ("new", "held")])

        one.quote("AAPL", "200.00", "200.02")

        until(lambda: not held(one))


def test_options_are_streamed_with_their_share(tmp_path: Path) -> None:
    """First as the chain has them, then as Alpaca's option stream tells of them."""

    async def move(one: Sandbox) -> None:
        """Again and again: the subscription has to stand before the market moves."""
        for bid in itertools.cycle(("250.11", "250.15")):
            one.quote("AAPL", bid, "250.20")
            await asyncio.sleep(0.25)

    async def followed(client: CreamClient) -> tuple[v1.OptionQuote, v1.OptionQuote]:
        """A row of the chain, and a quote of the same option that is dollars above it."""
        rows: dict[tuple[Any, ...], v1.OptionQuote] = {}
        async with client.subscribe_market_data(["AAPL"], include_options=True) as updates:
            moving: asyncio.Task[None] | None = None
            async for update in updates:
                told = update.option_quote
                if told is None:
                    continue
                contract = told.contract
                key = (contract.expiration, contract.strike, contract.option_type)
                first = rows.setdefault(key, told)
                if len(rows) == 200 and moving is None:
                    moving = asyncio.create_task(move(one))
                if told.quote is None or first.quote is None or moving is None:
                    continue
                if told.quote.bid > first.quote.bid + 3:
                    moving.cancel()
                    return first, told
        raise AssertionError("the stream ended")

    with (
        sandbox(clock_start=None) as one,
        running(tmp_path, KEYS, brokers=alpaca(one), feeds=ALWAYS_OPEN) as daemon,
    ):
        row, later = ask(daemon.grpc_port, followed)

    assert row.valuation_status
    assert row.figures_from == "FEED"
    assert (later.valuation_status, later.delta, later.flags) == ("", None, [])


def test_a_chain_has_quotes_and_greeks(tmp_path: Path) -> None:
    with (
        sandbox(clock_start=None) as one,
        running(tmp_path, KEYS, brokers=alpaca(one), feeds=ALWAYS_OPEN) as daemon,
    ):
        shown = daemon.get("/v1/option-chain?underlying=AAPL&type=CALL&limit=3")

    assert (shown["underlying_price"], len(shown["options"])) == ("238.40", 3)
    assert all(
        row["bid"] and row["implied_volatility"] and row["delta"] for row in shown["options"]
    )
