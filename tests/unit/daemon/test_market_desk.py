"""What callers see of the market, and what following it asks of the feed."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import trio
from attrs import define, field
from trio.testing import MockClock

from cream.core.market.health import FeedHealth
from cream.core.market.subscriptions import Onlooker
from cream.core.model.errors import BrokerUnavailable, CreamError
from cream.core.model.ticks import Bar, DayStatistics
from cream.daemon.market_desk import BARS_SHOWN, MarketDesk
from tests.fakes.world import START, World

CALL = "AAPL  261218C00240000"
DAY = DayStatistics(symbol="AAPL", high=Decimal(240))
HEALTH = FeedHealth(
    last_message_age_seconds=0.5,
    messages_per_second=2.0,
    gap_count=1,
    latency_p50_milliseconds=1.0,
    latency_p95_milliseconds=2.0,
    latency_p99_milliseconds=3.0,
    health_score=0.6,
    issues=("feed_stale",),
    stale_symbols=("XOM",),
)


def bar(minutes: int, at_minute: int = 0, symbol: str = "AAPL") -> Bar:
    one = Decimal(1)
    return Bar(
        symbol=symbol,
        at=START + timedelta(minutes=at_minute),
        minutes=minutes,
        open=one,
        high=one,
        low=one,
        close=one,
        volume=one,
    )


@define
class Detail:
    """What a feed has beyond quotes, as the test says."""

    follows: dict[object, frozenset[str]] = field(factory=dict)
    listeners: dict[object, Callable[[Bar, str], None]] = field(factory=dict)
    asked: list[tuple[str, int, int]] = field(factory=list)
    fails: bool = False

    def follow(self, consumer: object, symbols: Collection[str]) -> None:
        self.follows[consumer] = frozenset(symbols)
        if not symbols:
            del self.follows[consumer]

    def halted(self, symbol: str) -> str | None:
        return "Trading Halt" if symbol == "XOM" else None

    def microstructure(self, symbol: str) -> None:
        return None

    def health(self) -> FeedHealth:
        return HEALTH

    async def days(self, symbols: Sequence[str]) -> Mapping[str, DayStatistics]:
        await trio.lowlevel.checkpoint()
        return {"AAPL": DAY}

    async def bars(self, symbol: str, minutes: int, count: int) -> Sequence[Bar]:
        await trio.lowlevel.checkpoint()
        self.asked.append((symbol, minutes, count))
        if self.fails:
            raise BrokerUnavailable("no answer")
        return [bar(minutes, symbol=symbol)]

    def on_bar(self, key: object, listener: Callable[[Bar, str], None] | None) -> None:
        if listener is None:
            del self.listeners[key]
        else:
            self.listeners[key] = listener

    def tell(self, one: Bar, kind: str = "minute") -> None:
        for listener in list(self.listeners.values()):
            listener(one, kind)


def desk(life: Any, detail: Detail | None) -> MarketDesk:
    operations = life.operations
    unchecked: Any = detail
    return MarketDesk(life.market, operations.board, operations.portfolio, unchecked)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def test_a_symbol_comes_with_all_that_the_feed_knows(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        detail = Detail()

        aapl, xom = await desk(life, detail).symbols(["AAPL", "XOM"], [5, 60])

        assert aapl.quote == life.market.latest("AAPL")
        assert (aapl.day, aapl.halted, xom.day, xom.halted) == (DAY, None, None, "Trading Halt")
        assert [one.minutes for one in aapl.bars] == [5, 60]
        assert {count for _, _, count in detail.asked} == {BARS_SHOWN}
        assert len(detail.asked) == 4


async def test_without_detail_there_are_quotes(autojump_clock: MockClock, world: World) -> None:
    async with world.life() as life:
        (aapl,) = await desk(life, None).symbols(["AAPL"], [])
        assert aapl.quote is not None
        async with desk(life, None).bars(["AAPL"], [5]), desk(life, None).quotes(["AAPL"]) as some:
            assert (await anext(some)).symbol == "AAPL"


async def test_a_feed_that_does_not_answer_and_too_many_bars_are_errors(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        one = desk(life, Detail(fails=True))
        with pytest.raises(CreamError) as failed:
            await one.symbols(["AAPL"], [5])
        with pytest.raises(CreamError) as refused:
            await one.symbols(["AAPL"] * 61, [5])

        assert (failed.value.kind.code, refused.value.kind.code) == ("NOT_READY", "INVALID_REQUEST")


async def test_who_follows_is_a_consumer_for_as_long(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        detail = Detail()
        one = desk(life, detail)
        async with one.quotes(["AAPL"]), one.bars(["XOM"], [1]):
            assert sorted(map(sorted, detail.follows.values())) == [["AAPL"], ["XOM"]]
        assert not detail.follows
        assert not detail.listeners


async def test_options_that_are_only_shown_are_needed_by_nobody(
    autojump_clock: MockClock, world: World
) -> None:
    """Nobody asks after their silence, which would take the requests that stops depend on."""
    async with world.life() as life:
        detail = Detail()
        async with desk(life, detail).quotes(["AAPL", CALL]):
            looked_at = {isinstance(who, Onlooker): what for who, what in detail.follows.items()}
            assert looked_at == {False: {"AAPL"}, True: {CALL}}
        assert not detail.follows


async def test_options_of_the_simulated_market_are_told_as_their_share_moves(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life, desk(life, None).quotes([CALL]) as quotes:
        first = await anext(quotes)
        life.quote("AAPL", "300.00", "300.02")
        with trio.fail_after(5):
            while (later := await anext(quotes)).bid <= first.bid + 50:
                pass
        assert later.symbol == CALL


async def test_bars_come_as_they_end_and_a_slow_reader_gets_the_newest(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        detail = Detail()
        async with desk(life, detail).bars(["AAPL"], [1, 5, 1440]) as bars:
            for minute in range(6):
                detail.tell(bar(1, minute))
            detail.tell(bar(1, 6, "XOM"))
            detail.tell(bar(1440), "day")
            told = [await anext(bars) for _ in range(3)]

            assert [(one.minutes, one.at) for one in told] == [
                (1, START + timedelta(minutes=5)),
                (5, START),
                (1440, START),
            ]
            with trio.move_on_after(1) as waited:
                await anext(bars)
            assert waited.cancelled_caught


async def test_the_health_of_a_real_feed_is_its_own(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        health = desk(life, Detail()).health()

        assert (health.healthy, health.issues, health.stale_symbols) == (
            False,
            ("feed_stale",),
            ("XOM",),
        )
        assert health.health is HEALTH
