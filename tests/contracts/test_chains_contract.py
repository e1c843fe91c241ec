"""What everyone may expect of a source of option chains: the fake, the simulated market, Alpaca."""

from datetime import date
from decimal import Decimal

import httpx
import pytest

from cream.adapters.brokers.alpaca.chains import AlpacaChains
from cream.adapters.clock import ShiftedClock
from cream.adapters.feeds.settings import SyntheticSettings
from cream.adapters.feeds.synthetic import SyntheticMarket
from cream.adapters.feeds.synthetic_chain import SyntheticChains
from cream.core.model.errors import CreamError
from cream.core.model.instrument import OptionRight
from cream.core.options.chain import ChainFilter
from cream.core.ports import OptionChains
from tests.fakes.chains import FAR, NEAR, NOW, FakeChains, contract, listed
from tests.unit.adapters.brokers.alpaca.scripted import Script, ok

STAMP = "2026-11-23T14:59:59Z"


def fake() -> OptionChains:
    return FakeChains(
        tuple(
            listed(contract(strike, right, day), "1.00", "1.10")
            for strike in ("230", "240", "250")
            for right in ("C", "P")
            for day in (NEAR, FAR)
        )
    )


def simulated() -> OptionChains:
    settings, clock = SyntheticSettings(tick_rate=0), ShiftedClock(NOW)
    return SyntheticChains(SyntheticMarket(settings, clock), settings, clock)


def alpaca() -> OptionChains:
    """An Alpaca that does not care what it is asked for, but knows only AAPL."""
    quote = {"t": STAMP, "bp": 238.39, "bs": 1, "ap": 238.41, "as": 1}
    symbols = [
        f"AAPL{day:%y%m%d}{right}{strike * 1000:08d}"
        for day in (NEAR, FAR)
        for right in ("C", "P")
        for strike in (230, 240, 250)
    ]

    async def answer(request: httpx.Request) -> httpx.Response:
        if "ZZZZ" in request.url.path:
            return ok({"message": "not found"}, 404)
        if "stocks" in request.url.path:
            return ok({"symbol": "AAPL", "quote": quote})
        if "contracts" in request.url.path:
            return ok({"option_contracts": [], "next_page_token": None})
        rows = {symbol: {"latestQuote": {**quote, "bp": 5, "ap": 6}} for symbol in symbols}
        return ok({"snapshots": rows, "next_page_token": None})

    rest = Script(*[answer] * 10).rest()
    return AlpacaChains(rest, rest, rest.clock)


@pytest.fixture(params=[fake, simulated, alpaca])
async def chains(request: pytest.FixtureRequest) -> OptionChains:
    made: OptionChains = request.param()
    return made


async def test_a_listing_is_of_the_underlying_and_has_its_quote(chains: OptionChains) -> None:
    listing = await chains.listing(ChainFilter(underlying="AAPL"))

    assert listing.symbol == "AAPL"
    assert listing.underlying is not None
    assert listing.underlying.symbol == "AAPL"
    named = [one.contract for one in listing.options]
    assert len(named) == len(set(named)) >= 12
    assert {one.underlying for one in named} == {"AAPL"}
    quotes = [one.quote for one in listing.options if one.quote is not None]
    assert quotes
    assert {one.symbol for one in quotes} <= {one.symbol for one in named}


@pytest.mark.parametrize(
    "wanted",
    [
        ChainFilter(underlying="AAPL", expirations=(NEAR,)),
        ChainFilter(underlying="AAPL", right=OptionRight.PUT),
        ChainFilter(underlying="AAPL", min_strike=Decimal(235), max_strike=Decimal(245)),
    ],
)
async def test_what_was_not_asked_for_may_come_but_nothing_asked_for_is_missing(
    chains: OptionChains, wanted: ChainFilter
) -> None:
    """Whoever asks narrows once more; a limit is never the source's to apply."""
    everything = await chains.listing(ChainFilter(underlying="AAPL"))
    narrowed = await chains.listing(wanted)

    admitted = {one.contract for one in everything.options if wanted.admits(one.contract)}
    assert admitted
    assert admitted <= {one.contract for one in narrowed.options}


async def test_an_underlying_without_options_is_not_found(chains: OptionChains) -> None:
    with pytest.raises(CreamError) as caught:
        await chains.listing(ChainFilter(underlying="ZZZZ"))

    assert caught.value.kind.code == "NOT_FOUND"
    assert chains.name


async def test_a_day_on_which_nothing_expires_has_no_options(chains: OptionChains) -> None:
    nowhere = ChainFilter(underlying="AAPL", expirations=(date(2026, 12, 20),))

    listing = await chains.listing(nowhere)

    assert not [one for one in listing.options if nowhere.admits(one.contract)]
