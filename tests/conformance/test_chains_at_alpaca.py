"""At the sandbox a chain is what its market quotes, page by page, and the feed's Greeks agree."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal

import pytest
import trio
from attrs import evolve, frozen

from cream.adapters.brokers.alpaca import chains as module
from cream.adapters.brokers.alpaca.broker import open_alpaca
from cream.adapters.brokers.alpaca.chains import AlpacaChains, Tapes, open_chains
from cream.adapters.brokers.alpaca.settings import AlpacaSettings
from cream.adapters.clock import ShiftedClock
from cream.adapters.feeds.alpaca.settings import AlpacaFeedSettings
from cream.adapters.feeds.settings import LISTED_PRICES, SyntheticSettings
from cream.adapters.feeds.synthetic import SyntheticMarket
from cream.adapters.sandbox.server import SandboxSettings, serve_sandbox
from cream.core.model.errors import CreamError
from cream.core.model.instrument import OptionRight
from cream.core.model.plan import Environment
from cream.core.model.secret import Secret
from cream.core.options.chain import ChainFilter, FiguresFrom
from cream.daemon.chains import Chains
from cream.daemon.root import _broker_end
from cream.daemon.settings import BrokersSettings, FeedsSettings, Settings
from cream.daemon.valuations import InlineOffload, OptionValuations, Rates
from tests.fakes.world import START

# The sandbox reads its quotes with this rate.
RATES = Rates(0.04, 0.0)


@frozen
class Place:
    """A source of chains at a sandbox, and the sandbox's own market."""

    chains: AlpacaChains
    market: SyntheticMarket
    clock: ShiftedClock


@asynccontextmanager
async def sandbox() -> AsyncIterator[Place]:
    clock = ShiftedClock(START)
    market = SyntheticMarket(evolve(SyntheticSettings(), tick_rate=0), clock)
    async with trio.open_nursery() as nursery:
        wide = SandboxSettings(requests_per_minute=100_000)
        opened = await nursery.start(serve_sandbox, wide, market, clock, tuple(LISTED_PRICES))
        url = f"http://127.0.0.1:{opened.port}"
        settings = AlpacaSettings(
            api_key=Secret("PK-world"),
            api_secret=Secret("secret"),
            base_url=url,
            data_url=url,
            requests_per_minute=100_000,
        )
        async with (
            open_alpaca(settings, Environment.PAPER, clock, lambda: 0.5) as broker,
            open_chains(settings, Environment.PAPER, broker.api.rest) as chains,
        ):
            yield Place(chains, market, clock)
        nursery.cancel_scope.cancel()


async def test_a_chain_of_many_pages_is_what_the_market_quotes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with sandbox() as place:
        whole = await place.chains.listing(ChainFilter(underlying="AAPL"))
        monkeypatch.setattr(module, "SNAPSHOTS_A_PAGE", 100)
        paged = await place.chains.listing(ChainFilter(underlying="AAPL"))
        quotes = {one.contract: place.market.latest(one.contract.symbol) for one in whole.options}
        share = place.market.latest("AAPL")

    assert len(whole.options) > 200
    assert [one.contract for one in paged.options] == [one.contract for one in whole.options]
    for one in whole.options:
        theirs, ours = one.quote, quotes[one.contract]
        assert theirs is not None
        assert ours is not None
        assert (theirs.bid, theirs.ask) == (ours.bid, ours.ask)
    assert share is not None
    assert whole.underlying is not None
    assert (whole.underlying.bid, whole.underlying.ask) == (share.bid, share.ask)


async def test_a_chain_reads_the_feeds_of_the_settings() -> None:
    """As `cream run` opens it."""
    async with sandbox() as place:
        url = str(place.chains.data.client.base_url)
        own = AlpacaSettings(api_key=Secret("k"), api_secret=Secret("s"), base_url=url)
        settings = evolve(
            Settings(),
            brokers=BrokersSettings(active="alpaca", alpaca=own),
            feeds=FeedsSettings(alpaca=AlpacaFeedSettings(feed="sip", option_feed="opra")),
        )
        async with _broker_end(settings, place.clock, lambda: 0.5) as end:
            assert isinstance(end.chains, AlpacaChains)
            assert end.chains.tapes == Tapes(shares="sip", options="opra")
            listing = await end.chains.listing(ChainFilter(underlying="AAPL"))
    assert listing.options


async def test_a_filter_holds_at_alpaca() -> None:
    async with sandbox() as place:
        everything = await place.chains.listing(ChainFilter(underlying="AAPL"))
        day = everything.options[0].contract.expiration
        wanted = ChainFilter(
            underlying="AAPL",
            expirations=(day, day + timedelta(days=1)),
            right=OptionRight.CALL,
            min_strike=Decimal(220),
            max_strike=Decimal(260),
        )
        narrowed = await place.chains.listing(wanted)

    expected = {one.contract for one in everything.options if wanted.admits(one.contract)}
    assert {one.contract for one in narrowed.options} == expected != set()


async def test_the_feeds_greeks_and_ours_mean_the_same() -> None:
    """Units above all: theta per year here, per day there; vega and rho per 1.00 and per point."""
    async with sandbox() as place:
        valuations = OptionValuations(InlineOffload(), place.clock, RATES)
        chain = await Chains(place.chains, valuations, place.clock, 5.0).chain(
            ChainFilter(underlying="AAPL", right=OptionRight.CALL)
        )

    compared = 0
    for row in chain.rows:
        shown, own = row.valuation, valuations.last(row.listed.contract)
        assert own is not None
        if own.figures_from is not FiguresFrom.QUOTE or row.listed.figures is None:
            continue
        assert shown.figures_from is FiguresFrom.FEED
        assert own.greeks is not None
        assert shown.greeks is not None
        if not 0.1 < own.greeks.delta < 0.9:
            continue
        compared += 1
        assert shown.implied_volatility == pytest.approx(own.implied_volatility, abs=0.01)
        assert shown.greeks.delta == pytest.approx(own.greeks.delta, abs=0.02)
        assert shown.greeks.theta == pytest.approx(own.greeks.theta, rel=0.1)
        assert shown.greeks.vega == pytest.approx(own.greeks.vega, rel=0.1)
        assert shown.greeks.rho == pytest.approx(own.greeks.rho, rel=0.1)
    assert compared > 20


async def test_what_alpaca_does_not_list_is_not_found() -> None:
    async with sandbox() as place:
        with pytest.raises(CreamError) as caught:
            await place.chains.listing(ChainFilter(underlying="ZZZZ"))

    assert caught.value.kind.code == "NOT_FOUND"
