"""What the stop monitor does while a symbol is halted, and when it cannot see the price."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import trio
from attrs import define, evolve, field
from trio.testing import MockClock

from cream.core.model.market import MarketStatus, Quote
from cream.core.model.order import OrderPurpose, OrderType
from cream.core.model.plan import Guard
from cream.core.model.ticks import Bar
from cream.daemon.tree import TreeSettings
from tests.fakes.world import START, World, buy
from tests.unit.daemon.test_stop_monitor import CALL, call, holding


@define
class Feed:
    """What a feed has beyond quotes, as the test says."""

    halts: dict[str, str] = field(factory=dict)
    from_before: set[str] = field(factory=set)

    def halted(self, symbol: str) -> str | None:
        return self.halts.get(symbol)

    def counts(self, quote: Quote) -> bool:
        return quote.symbol not in self.halts and quote.symbol not in self.from_before

    async def bars(self, *_args: object, **_adjusted: object) -> tuple[Bar, ...]:
        """It has none."""
        await trio.lowlevel.checkpoint()
        return ()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def with_feed(monkeypatch: pytest.MonkeyPatch, feed: Feed) -> None:
    """Assemble every tree of this test over `feed`."""
    from cream.daemon import wiring
    from tests.fakes import world as fakes

    async def assemble(settings: Any, outside: Any) -> Any:
        return await wiring.assemble(settings, evolve(outside, detail=feed, halted=feed.halted))

    monkeypatch.setattr(fakes, "assemble", assemble)
    # The rest of a feed's detail is not asked here.
    monkeypatch.setattr(Feed, "follow", lambda *_: None, raising=False)


async def test_no_exit_goes_into_a_halt_and_levels_are_judged_on_quotes_after_it(
    autojump_clock: MockClock, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = Feed()
    with_feed(monkeypatch, feed)
    async with world.life() as life:
        await holding(life)
        feed.halts = {"AAPL": "Trading Halt", CALL.symbol: "Trading Halt"}
        life.quote("AAPL", "229.00", "229.02")
        await trio.sleep(300)
        assert not life.orders(OrderPurpose.EXIT)

        feed.halts, feed.from_before = {}, {"AAPL"}
        await trio.sleep(5)
        assert not life.orders(OrderPurpose.EXIT), "the last quote is from before the halt"

        feed.from_before = set()
        life.quote("AAPL", "228.00", "228.02")
        await life.until(lambda: life.held(CALL.symbol) == 0)


async def test_a_time_that_is_up_in_a_halt_waits_for_its_end(
    autojump_clock: MockClock, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It needs no quote, so only the halt holds it back."""
    feed = Feed()
    with_feed(monkeypatch, feed)
    async with world.life() as life:
        due = START + timedelta(minutes=10)
        await life.submit(call(guard=Guard(exit_at=due)))
        await life.until(lambda: life.held(CALL.symbol) == 3)
        feed.halts = {CALL.symbol: "Trading Halt"}
        await trio.sleep(660)
        assert not life.orders(OrderPurpose.EXIT)

        feed.halts = {}
        await life.until(lambda: life.held(CALL.symbol) == 0)


def watched_here(settings: TreeSettings) -> TreeSettings:
    policy = evolve(settings.protection, place_at_broker=False, blind_seconds=5.0)
    return evolve(settings, protection=policy)


async def bare(life: Any) -> None:
    """Shares whose stop nobody holds at the venue."""
    await life.submit(buy(limit=None, stop="230.00", target=None))
    await life.until(lambda: life.held("AAPL") > 0)
    stops: Sequence[Any] = life.orders(OrderPurpose.STOP_LOSS)
    await life.operations.cancel_orders([one.order_id for one in stops], "test", "me")
    await life.until(lambda: all(one.status.is_closed for one in stops_of(life)))


def stops_of(life: Any) -> list[Any]:
    return list(life.orders(OrderPurpose.STOP_LOSS))


async def test_a_stop_that_sees_no_price_goes_to_the_broker_after_all(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(watched_here) as life:
        await bare(life)
        await trio.sleep(60)
        before = len(stops_of(life))
        assert all(one.status.is_closed for one in stops_of(life)), "fresh quotes are enough"

        life.market.freeze(True)
        stale, blind = 5, 5
        await trio.sleep(stale + blind - 2)
        assert len(stops_of(life)) == before
        await life.until(lambda: any(not one.status.is_closed for one in stops_of(life)))

        (placed,) = [one for one in stops_of(life) if not one.status.is_closed]
        assert placed.terms.order_type is OrderType.STOP
        assert str(placed.terms.stop_price) == "230.00"


async def test_outside_the_session_no_price_has_to_be_seen(
    autojump_clock: MockClock, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world.life(watched_here) as life:
        await bare(life)
        before = len(stops_of(life))
        closed = lambda _self, _now: MarketStatus.CLOSED  # noqa: E731
        monkeypatch.setattr(type(life.market), "status", closed)
        life.market.freeze(True)
        await trio.sleep(600)

        assert len(stops_of(life)) == before
