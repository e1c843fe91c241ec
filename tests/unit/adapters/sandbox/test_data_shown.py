from decimal import Decimal

import pytest

from cream.adapters.sandbox.data_shown import Shown
from cream.adapters.sandbox.faults import Armed, FaultName
from cream.core.model.instrument import Equity, Instrument
from cream.core.model.market import Quote
from cream.core.options.occ import parse_instrument
from tests.unit.adapters.sandbox.lab import NEAR, lab

AAPL, MSFT = Equity("AAPL"), Equity("MSFT")
OPTION = parse_instrument(NEAR)


def latest(shown: Shown, instrument: Instrument) -> Quote:
    quote = shown.latest(instrument)
    assert quote is not None
    return quote


async def test_without_a_fault_the_market_is_shown() -> None:
    shown = lab().sandbox.shown
    quote = latest(shown, AAPL)
    assert (quote.bid, quote.ask) == (Decimal("238.39"), Decimal("238.41"))
    assert shown.live(AAPL, quote) == quote
    assert shown.latest(Equity("ZZZZ")) is None


@pytest.mark.parametrize(
    ("fault", "muted"),
    [
        (Armed(name=FaultName.MUTE_DATA), {"AAPL", "MSFT", OPTION.symbol}),
        (Armed(name=FaultName.MUTE_SYMBOL, symbol="AAPL"), {"AAPL", OPTION.symbol}),
        (Armed(name=FaultName.OPRA_GAP), {OPTION.symbol}),
    ],
)
async def test_a_stream_keeps_silent_about_what_the_fault_says(
    fault: Armed, muted: set[str]
) -> None:
    sandbox = lab().sandbox
    sandbox.faults.arm(fault)
    silent = {one.symbol for one in (AAPL, MSFT, OPTION) if sandbox.shown.mutes(one)}
    assert silent == muted


async def test_a_gap_of_the_options_feed_leaves_old_quotes() -> None:
    sandbox = lab().sandbox
    before = latest(sandbox.shown, OPTION)
    sandbox.faults.arm(Armed(name=FaultName.OPRA_GAP, seconds=100))
    old = latest(sandbox.shown, OPTION)
    assert (before.at - old.at).total_seconds() == 100
    sandbox.exchange.market.set_quote("AAPL", Decimal(300), Decimal(301), 1, 1)
    assert latest(sandbox.shown, OPTION) == old
    sandbox.faults.clear()
    assert latest(sandbox.shown, OPTION).bid > old.bid


async def test_quotes_can_be_wide_or_lack_a_side() -> None:
    sandbox = lab().sandbox
    sandbox.faults.arm(Armed(name=FaultName.WIDE, symbol="AAPL"))
    wide = latest(sandbox.shown, AAPL)
    assert (wide.bid, wide.ask) == (Decimal("190.71"), Decimal("286.09"))
    assert latest(sandbox.shown, MSFT).ask < 513
    sandbox.faults.arm(Armed(name=FaultName.ZERO_SIDE))
    quote = latest(sandbox.shown, MSFT)
    assert (quote.bid, quote.bid_size) == (0, 0)
