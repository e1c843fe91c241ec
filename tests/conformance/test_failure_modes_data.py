"""What has gone wrong with Alpaca's market data, and what the daemon does about it.

The whole daemon over the real adapter and the real feed, over loopback, at the sandbox; the fault
is switched on by name, as anyone can do over the control port. The numbers are those of
docs/sandbox.md.
"""

from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import trio
from attrs import evolve
from structlog.testing import capture_logs
from trio.testing import MockClock

from cream.adapters.feeds.alpaca.feed import AlpacaFeed
from cream.adapters.feeds.alpaca.settings import AlpacaFeedSettings
from cream.adapters.sandbox.data_plans import BASIC
from cream.core.market.health import FEED_STALE
from cream.core.model.instrument import Equity
from cream.core.model.market import Datum, Known, Stale
from cream.core.model.order import Order, OrderPurpose
from cream.core.model.plan import Decision, Size, SizeUnit
from cream.core.model.state import TradingState
from cream.core.options.occ import parse_instrument
from tests.conformance.alpaca_world import AlpacaLife, life
from tests.conformance.failure_world import QUIET_SECONDS, filled, same_as_at_the_venue
from tests.fakes.world import START, buy, close, plan_of

CALL = "AAPL261218C00240000"
PADDED = parse_instrument(CALL).symbol
FEED = AlpacaFeedSettings(symbols=("AAPL", "MSFT"), requests_per_minute=100_000)
# Longer than any quote counts as fresh.
LONG = 90.0


def streaming(start: datetime = START) -> AbstractAsyncContextManager[AlpacaLife]:
    return life(streamed=FEED, start=start)


def feed_of(one: AlpacaLife) -> AlpacaFeed:
    assert one.feed is not None
    return one.feed


def connections(one: AlpacaLife) -> set[int]:
    """Who listens to the sandbox's stream of shares: a connection that is opened anew differs."""
    clients = one.sandbox.tape.tell.__self__.clients
    return {key for key, client in clients.items() if not client.options}


def mark(one: AlpacaLife, symbol: str = "AAPL") -> Datum[Decimal]:
    """What the daemon values the symbol by."""
    datum: Datum[Decimal] = one.operations.portfolio.mark(symbol)
    return datum


def is_fresh(one: AlpacaLife, symbol: str = "AAPL") -> bool:
    return isinstance(mark(one, symbol), Known)


async def told(one: AlpacaLife) -> None:
    """The stream is live and has told of both shares."""
    await one.until(lambda: is_fresh(one) and is_fresh(one, "MSFT") and connections(one))


def at_the_market() -> Decision:
    return buy(limit=None, target="260.00")


async def refusals(one: AlpacaLife, decision: Decision, plan_id: str = "ask") -> set[str]:
    """The codes with which this would be refused now; none if it may go."""
    verdict = await one.operations.check_plan(plan_of(decision, plan_id=plan_id))
    return {each.code for each in verdict.violations if each.severity.refuses}


# 1 and 2: silence -------------------------------------------------------------------------------


async def test_1_a_stream_that_falls_silent_is_opened_anew(autojump_clock: MockClock) -> None:
    """Pings are answered and nothing is told. REST shows what was missed: that is a gap."""
    async with streaming() as one:
        await told(one)
        feed, before = feed_of(one), connections(one)
        one.fault("ws.mute_data")
        await one.until(lambda: feed.health().gap_count > 0)
        assert feed.stocks.connected
        await one.until(lambda: connections(one) and not connections(one) & before)
        one.heal()
        gaps = feed.health().gap_count
        await trio.sleep(LONG)
        assert feed.health().gap_count == gaps
        assert FEED_STALE not in feed.health().issues


async def test_1_in_silence_prices_are_asked_for(autojump_clock: MockClock) -> None:
    """What REST answers is a price like any other: values follow it, and entries may go."""
    async with streaming() as one:
        await told(one)
        one.fault("ws.mute_data")
        one.quote("AAPL", "239.00", "239.02")
        await one.until(lambda: mark(one) == Known(Decimal("239.01")))
        await trio.sleep(LONG)
        assert is_fresh(one)
        assert await refusals(one, at_the_market()) == set()


async def test_1_without_any_price_nothing_is_bought_and_everything_may_be_sold(
    autojump_clock: MockClock,
) -> None:
    """Neither stream nor REST: quotes count as stale, feed and symbols are told to be."""
    async with streaming() as one:
        await told(one)
        await filled(one, buy())
        one.fault("ws.mute_data")
        one.fault("rest.503_on", path="/v2/stocks")
        await one.until(lambda: isinstance(mark(one), Stale))
        health = feed_of(one).health()
        assert health.stale_symbols == ("AAPL", "MSFT")
        assert FEED_STALE in health.issues
        assert await refusals(one, at_the_market()) == {"RISK_INPUT_UNKNOWN"}
        assert (await one.submit(close("20"), plan_id="out")).verdict.ok
        await one.until(lambda: one.held() == 0)
        one.heal()
        await one.until(lambda: is_fresh(one))
        assert await refusals(one, at_the_market()) == set()


async def test_2_one_silent_share_is_asked_for_and_the_stream_is_kept(
    autojump_clock: MockClock,
) -> None:
    """The others are told as before, so that nothing is wrong with the connection."""
    async with streaming() as one:
        await told(one)
        feed, before = feed_of(one), connections(one)
        one.fault("ws.mute_symbol", symbol="AAPL")
        one.quote("AAPL", "239.00", "239.02")
        await one.until(lambda: mark(one) == Known(Decimal("239.01")))
        assert feed.health().gap_count > 0
        await trio.sleep(LONG)
        assert is_fresh(one)
        assert connections(one) == before


async def test_2_a_share_that_nobody_quotes_is_stale_alone(autojump_clock: MockClock) -> None:
    async with streaming() as one:
        await told(one)
        one.fault("ws.mute_symbol", symbol="AAPL")
        one.fault("rest.503_on", path="/v2/stocks")
        await one.until(lambda: isinstance(mark(one), Stale))
        assert feed_of(one).health().stale_symbols == ("AAPL",)
        assert await refusals(one, at_the_market()) == {"RISK_INPUT_UNKNOWN"}
        other = buy("2", instrument=Equity("MSFT"), limit=None, stop="500.00", target="540.00")
        assert await refusals(one, other) == set()


# 32: prices that are none -----------------------------------------------------------------------


async def test_32_a_test_of_the_exchange_moves_no_value_and_reaches_no_stop(
    autojump_clock: MockClock,
) -> None:
    """Prints and quotes of 1.10 in the session, between those of the market."""
    async with streaming() as one:
        await told(one)
        await filled(one, buy())
        one.fault("data.test_prints")
        seen: set[Decimal] = set()
        one.tree.operations.board.listen(lambda quote: seen.add(quote.bid))
        await trio.sleep(QUIET_SECONDS)
        assert dict(feed_of(one).health().unusable_quotes)["jump"] > 10
        assert min(seen) > 200
        assert feed_of(one).tape.lasts["AAPL"] > 200
        assert one.held() == 20
        assert [order.order_id for order in one.orders(OrderPurpose.EXIT)] == []
        same_as_at_the_venue(one)


async def test_32_off_the_session_nothing_is_a_price(autojump_clock: MockClock) -> None:
    """A Friday evening half a minute before the last of the day: what comes later is a test."""
    async with streaming(datetime(2026, 11, 21, 0, 59, 30, tzinfo=UTC)) as one:
        await told(one)
        last = feed_of(one).latest("AAPL")
        assert last is not None
        await trio.sleep(LONG)
        one.fault("data.test_prints")
        await trio.sleep(QUIET_SECONDS)
        stands = feed_of(one).latest("AAPL")
        assert stands is not None
        assert (stands.bid, stands.ask) == (last.bid, last.ask)
        assert stands.at < datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
        assert dict(feed_of(one).health().unusable_quotes)["off_session"] > 10
        assert feed_of(one).tape.lasts["AAPL"] > 200


# 33: options without quotes ---------------------------------------------------------------------


def one_call(limit: str | None) -> Decision:
    bought = buy(
        "1",
        instrument=parse_instrument(CALL),
        limit=limit,
    )
    return evolve(bought, size=Size(Decimal(1), SizeUnit.CONTRACTS))


async def test_33_options_whose_quotes_are_old_are_not_bought(autojump_clock: MockClock) -> None:
    """The shares go on; the stream of options is silent, and REST shows quotes of before."""
    async with streaming() as one:
        await told(one)
        assert await refusals(one, one_call(None)) == set()
        assert await refusals(one, one_call("4.31")) == set()
        one.fault("data.opra_gap", seconds=720)
        await one.until(lambda: isinstance(mark(one, PADDED), Stale))
        assert is_fresh(one)
        assert await refusals(one, one_call(None)) == {"RISK_INPUT_UNKNOWN"}
        assert await refusals(one, one_call("4.31")) == {"RISK_INPUT_UNKNOWN"}
        one.heal()
        await one.until(lambda: is_fresh(one, PADDED))
        assert await refusals(one, one_call(None)) == set()


# 34: quotes of a bad market ---------------------------------------------------------------------


@pytest.mark.parametrize(("name", "why"), [("data.zero_side", "one_sided"), ("data.wide", "wide")])
async def test_34_what_has_one_side_or_is_too_wide_is_no_price(
    autojump_clock: MockClock, name: str, why: str
) -> None:
    """The last good quote stands until it is too old; REST shows no better one."""
    async with streaming() as one:
        await told(one)
        one.fault(name, symbol="AAPL")
        one.quote("AAPL", "239.00", "239.02")
        await trio.sleep(1)
        assert mark(one) == Known(Decimal("238.40"))
        await one.until(lambda: isinstance(mark(one), Stale))
        assert mark(one).value == Decimal("238.40")  # type: ignore[union-attr]
        assert dict(feed_of(one).health().unusable_quotes)[why] > 0
        assert await refusals(one, at_the_market()) == {"RISK_INPUT_UNKNOWN"}
        one.heal()
        await one.until(lambda: mark(one) == Known(Decimal("239.01")))
        assert await refusals(one, at_the_market()) == set()


# 48: halts --------------------------------------------------------------------------------------


def halted(one: AlpacaLife) -> None:
    """As `POST /halt` does."""
    one.sandbox.exchange.halt("AAPL")
    one.sandbox.tape.halt("AAPL", "LUDP")


def resumed(one: AlpacaLife) -> None:
    """As `POST /resume` does."""
    one.sandbox.tape.resume("AAPL")
    one.sandbox.exchange.resume("AAPL")


async def holding_a_call(one: AlpacaLife) -> None:
    """One call, whose stop is a price of the share and is watched here alone."""
    await told(one)
    await one.submit(one_call(None))
    await one.until(lambda: one.held(PADDED) == 1)


async def test_48_a_stop_that_is_reached_in_a_halt_waits_for_its_end(
    autojump_clock: MockClock,
) -> None:
    """No order at any price goes into a halt; the first fresh quote after it decides."""
    async with streaming() as one:
        await holding_a_call(one)
        halted(one)
        await one.until(lambda: feed_of(one).halted("AAPL") is not None)
        one.quote("AAPL", "220.00", "220.02")
        await trio.sleep(QUIET_SECONDS)
        assert one.orders(OrderPurpose.EXIT) == []
        resumed(one)
        await one.until(lambda: one.held(PADDED) == 0)
        (out,) = one.orders(OrderPurpose.EXIT)
        assert out.filled == 1


async def test_48_a_price_of_before_the_halt_or_of_it_reaches_nothing(
    autojump_clock: MockClock,
) -> None:
    """It fell in the halt and is back at its end."""
    async with streaming() as one:
        await holding_a_call(one)
        halted(one)
        await one.until(lambda: feed_of(one).halted("AAPL") is not None)
        assert "SYMBOL_HALTED" in await refusals(one, at_the_market())
        one.quote("AAPL", "220.00", "220.02")
        await trio.sleep(QUIET_SECONDS)
        one.quote("AAPL", "239.00", "239.02")
        resumed(one)
        await one.until(lambda: mark(one) == Known(Decimal("239.01")))
        await trio.sleep(QUIET_SECONDS)
        assert one.orders(OrderPurpose.EXIT) == []
        assert one.held(PADDED) == 1


async def test_48_a_stop_that_the_venue_gave_up_in_a_halt_is_placed_again(
    autojump_clock: MockClock,
) -> None:
    async with streaming() as one:
        await told(one)
        await filled(one, buy())
        before = {order.broker_order_id for order in stops(one)}
        halted(one)
        for order_id in one.sandbox.exchange.open_ids():
            one.sandbox.exchange.cancel(order_id)
        await one.until(lambda: not stops(one))
        resumed(one)
        await one.until(lambda: stops(one))
        (stop,) = stops(one)
        assert stop.broker_order_id not in before
        assert (stop.terms.stop_price, stop.leaves) == (Decimal("228.50"), 20)
        same_as_at_the_venue(one)
        assert one.held() == 20


def stops(one: AlpacaLife) -> list[Order]:
    """What the venue has to close the shares with at the stop."""
    every = one.orders(OrderPurpose.STOP_LOSS)
    return [order for order in every if order.is_open and order.broker_order_id is not None]


# 26: splits -------------------------------------------------------------------------------------


async def test_26_orders_of_before_a_split_go_and_nothing_is_sold_by_them(
    autojump_clock: MockClock,
) -> None:
    """Two for one while it does not trade. What stands at prices of before is taken away and not
    placed again; somebody is told, and nothing is added before an operator says so.
    """
    async with streaming() as one:
        await told(one)
        await filled(one, buy())
        halted(one)
        await one.until(lambda: feed_of(one).halted("AAPL") is not None)
        with capture_logs() as logs:
            one.sandbox.exchange.split("AAPL", Decimal(2))
            await one.until(lambda: one.held() == 40)
            await one.until(lambda: one.sandbox.exchange.open_ids() == [])
        assert "reconciler.holding_split" in [line["event"] for line in logs]
        resumed(one)
        await one.until(lambda: mark(one) == Known(Decimal("119.20")))
        await trio.sleep(LONG)
        assert (one.held(), one.held_at_venue()) == (40, 40)
        assert one.orders(OrderPurpose.EXIT) == []
        assert not [order for order in one.orders() if order.is_open]
        assert one.operations.positions()[0].protected_quantity == 0
        other = buy("2", instrument=Equity("MSFT"), limit=None, stop="500.00", target="540.00")
        assert "TRADING_REDUCING" in await refusals(one, other)
        await one.operations.set_trading_state(TradingState.ACTIVE, "levels are set anew", "me")
        assert await refusals(one, other, "after") == set()
        same_as_at_the_venue(one)


# What a plan admits -----------------------------------------------------------------------------


async def test_where_a_plan_admits_few_symbols_what_is_held_gets_its_place(
    autojump_clock: MockClock,
) -> None:
    """Error 405 refuses a request as a whole. What is bought later is more important still."""
    names = tuple(f"{first}YM{chr(65 + number)}" for first in "SZ" for number in range(20))
    settings = evolve(FEED, symbols=names)
    async with life(streamed=settings, plan=BASIC) as one:
        stream = feed_of(one).stocks
        await one.until(lambda: len(stream._granted) == 30)
        await filled(one, buy())
        await one.until(lambda: "AAPL" in stream._granted)

        await trio.sleep(5)

        assert len(stream._granted) == 30
        assert stream.refused == stream.wanted - stream._granted
        assert len(stream.refused) == 11
        assert is_fresh(one)
        same_as_at_the_venue(one)
