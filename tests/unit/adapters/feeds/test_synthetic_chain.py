"""The simulated market lists what its exchange lists, quoted as it quotes everything."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from cream.adapters.clock import ShiftedClock
from cream.adapters.feeds.settings import SyntheticSettings
from cream.adapters.feeds.synthetic import SyntheticMarket
from cream.adapters.feeds.synthetic_chain import SyntheticChains
from cream.core.model.errors import CreamError
from cream.core.options.chain import ChainFilter, select
from tests.fakes.chains import NEAR, NOW, contract

CLOSING = datetime(2026, 12, 18, 20, 59, tzinfo=UTC)
CLOSED = datetime(2026, 12, 18, 21, 0, tzinfo=UTC)


def chains(at: datetime = NOW) -> SyntheticChains:
    settings, clock = SyntheticSettings(tick_rate=0), ShiftedClock(at)
    return SyntheticChains(SyntheticMarket(settings, clock), settings, clock)


async def test_a_listing_has_both_rights_at_every_strike_with_the_markets_own_quotes() -> None:
    source = chains()

    listing = await source.listing(ChainFilter(underlying="AAPL"))

    assert listing.underlying == source.market.latest("AAPL")
    rows, matched = select(ChainFilter(underlying="AAPL"), listing.options, Decimal("238.40"))
    assert matched == len({one.contract for one in rows}) > 1_000
    by_contract = {one.contract: one for one in rows}
    chosen = by_contract[contract("240")]
    assert chosen.quote == source.market.latest(contract("240").symbol)
    assert chosen.open_interest is not None
    assert chosen.volume is None, "a market without trades knows of no volume"
    assert contract("240", "P") in by_contract


async def test_only_what_the_filter_admits_is_quoted() -> None:
    wanted = ChainFilter(underlying="AAPL", expirations=(NEAR,), min_strike=Decimal(240))

    listing = await chains().listing(wanted)

    assert listing.options
    assert all(wanted.admits(one.contract) for one in listing.options)


async def test_what_expires_today_is_listed_to_its_last_minute_and_not_after_it() -> None:
    wanted = ChainFilter(underlying="AAPL", expirations=(NEAR,))

    assert (await chains(CLOSING).listing(wanted)).options
    assert not (await chains(CLOSED).listing(wanted)).options


async def test_an_underlying_that_is_not_listed_has_no_chain() -> None:
    with pytest.raises(CreamError) as caught:
        await chains().listing(ChainFilter(underlying="ZZZZ"))

    assert caught.value.kind.code == "NOT_FOUND"
    assert chains().name == "synthetic"
