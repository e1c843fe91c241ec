"""A chain is what is listed, narrowed, valued, and flagged."""

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from cream.core.model.errors import CreamError
from cream.core.model.market import Quote
from cream.core.options.chain import (
    ChainFilter,
    FeedFigures,
    FiguresFrom,
    ListedOption,
    QuoteFlag,
    ValuationStatus,
)
from cream.core.options.greeks import PerShare
from cream.core.pricing.historical import historical_volatility
from cream.daemon.chains import Chains
from cream.daemon.valuations import InlineOffload, OptionValuations, Rates
from cream.daemon.volatilities import HistoricalVolatilities
from tests.fakes.chains import NOW, SHARE, FakeChains, contract, listed
from tests.unit.daemon.test_valuations import Stopped
from tests.unit.daemon.test_volatilities import CLOSES, Detail, past

ALL = ChainFilter(underlying="AAPL")
FEED = FeedFigures(
    implied_volatility=0.25,
    greeks=PerShare(delta=0.4, gamma=0.02, vega=20.0, theta=-30.0, rho=7.0),
)


def chains(*options: ListedOption, share: Quote | None = SHARE) -> Chains:
    clock = Stopped()
    return Chains(
        source=FakeChains(options, share),
        valuations=OptionValuations(InlineOffload(), clock, Rates(0.04, 0.01)),
        clock=clock,
        stale_after_seconds=5.0,
    )


async def test_each_row_has_its_quote_its_worth_and_its_flaws() -> None:
    old = NOW - timedelta(seconds=6)
    made = chains(
        listed(contract("240"), "5.10", "5.20"),
        listed(contract("245"), "3.10", "3.00"),
        listed(contract("250"), "1.50", "1.60", old),
        listed(contract("400"), "0", "0.01"),
        ListedOption(contract=contract("260"), quote=None),
    )

    chain = await made.chain(ALL)

    assert (chain.symbol, chain.matched, chain.as_of) == ("AAPL", 5, NOW)
    assert (chain.rate, chain.dividend_yield) == (0.04, 0.01)
    assert chain.underlying == SHARE
    assert chain.underlying_age_seconds == 0.0
    assert not chain.underlying_is_stale
    by_strike = {str(row.listed.contract.strike): row for row in chain.rows}
    assert list(by_strike) == ["240", "245", "250", "260", "400"]
    assert by_strike["240"].flags == ()
    assert by_strike["240"].valuation.status is ValuationStatus.OK
    assert by_strike["245"].flags == (QuoteFlag.CROSSED,)
    assert by_strike["245"].valuation.status is ValuationStatus.NO_PRICE
    assert by_strike["245"].valuation.figures_from is FiguresFrom.SMILE
    assert by_strike["250"].flags == (QuoteFlag.STALE,)
    assert by_strike["250"].quote_age_seconds == 6.0
    assert by_strike["250"].valuation.greeks is not None, "stale figures are shown as such"
    assert by_strike["260"].flags == (QuoteFlag.NO_QUOTE,)
    assert by_strike["260"].quote_age_seconds is None
    assert by_strike["400"].flags == (QuoteFlag.NO_BID,)


async def test_only_what_is_asked_for_is_valued() -> None:
    made = chains(*(listed(contract(str(strike)), "5", "6") for strike in range(200, 260)))

    chain = await made.chain(evolve(ALL, limit=3))

    assert [int(row.listed.contract.strike) for row in chain.rows] == [237, 238, 239]
    assert chain.matched == 60
    assert made.valuations.worked_out == 3


async def test_an_old_quote_of_the_underlying_is_said_to_be_old() -> None:
    old = evolve(SHARE, at=NOW - timedelta(seconds=5.5))
    option = listed(contract("240"), "5.10", "5.20")

    chain = await chains(option, share=old).chain(ALL)
    without = await chains(option, share=None).chain(ALL)

    assert chain.underlying_is_stale
    assert chain.underlying_age_seconds == 5.5
    assert without.underlying_is_stale
    assert without.underlying_age_seconds is None
    assert without.rows[0].valuation.status is ValuationStatus.NO_SPOT


async def test_greeks_of_the_feed_go_before_our_own_and_are_marked() -> None:
    one = evolve(listed(contract("240"), "5.10", "5.20"), figures=FEED)

    chain = await chains(one, listed(contract("250"), "1.50", "1.60")).chain(ALL)

    first, second = (row.valuation for row in chain.rows)
    assert first.figures_from is FiguresFrom.FEED
    assert (first.implied_volatility, first.greeks) == (0.25, FEED.greeks)
    assert second.figures_from is FiguresFrom.QUOTE


@pytest.mark.parametrize("implied", [True, False])
async def test_what_the_share_has_done_stands_in_for_quotes(implied: bool) -> None:
    """Where quotes are not asked, neither are the Greeks of the feed, which has asked them."""
    made = chains(
        listed(contract("240"), "5.10", "5.20"),
        evolve(listed(contract("260"), "1.00", "1.10"), figures=FEED),
        ListedOption(contract=contract("400"), quote=None),
    )
    made.valuations.rates = Rates(0.04, 0.01, implied=implied, window_days=3)
    detail: Any = Detail({"AAPL": past(*CLOSES)})
    made.valuations.volatilities = HistoricalVolatilities(detail, made.clock, 3)

    rows = (await made.chain(ALL)).rows

    history = historical_volatility([float(close) for close in CLOSES])
    sources = [one.valuation.figures_from for one in rows]
    if implied:
        assert sources == [FiguresFrom.QUOTE, FiguresFrom.FEED, FiguresFrom.HISTORY]
    else:
        assert sources == [FiguresFrom.HISTORY] * 3
        assert rows[0].valuation.implied_volatility == history
    assert rows[2].valuation.implied_volatility == history
    again = await made.chain(ALL)
    assert [one.valuation for one in again.rows] == [one.valuation for one in rows]
    assert made.valuations.worked_out == 3
    assert len(detail.asked) == 1


async def test_without_a_source_no_chain_is_offered() -> None:
    made = evolve(chains(), source=None)

    with pytest.raises(CreamError) as caught:
        await made.chain(ALL)

    assert caught.value.kind.code == "UNIMPLEMENTED"


async def test_what_the_source_refuses_its_caller_hears() -> None:
    with pytest.raises(CreamError) as caught:
        await chains().chain(evolve(ALL, underlying="XOM"))

    assert caught.value.kind.code == "NOT_FOUND"
