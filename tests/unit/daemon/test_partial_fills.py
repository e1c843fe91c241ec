"""Orders that fill in part, under a clock that tests own: exact moments, and nothing sold twice."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import trio
from attrs import evolve
from trio.testing import MockClock

from cream.core.execution.partial_fills import PartialAction, PartialFillPolicy, Patience
from cream.core.model.order import OrderPurpose, OrderStatus, OrderType
from cream.core.model.plan import Guard
from cream.daemon.partial_fill_settings import PartialFillSettings
from cream.daemon.tree import TreeSettings
from tests.fakes.timeline import MILLISECOND, Timeline, timeline
from tests.fakes.world import Life, World, buy, close
from tests.unit.daemon.timed import about


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def line() -> Iterator[Timeline]:
    with timeline() as entries:
        yield entries


def cancelling(settings: TreeSettings) -> TreeSettings:
    policy = PartialFillPolicy(entry=Patience(300.0, PartialAction.CANCEL_REMAINING))
    return evolve(settings, partial_fills=policy)


async def filled_in_part(life: Life) -> float:
    """An entry for 20 that has filled 5 and then 5 more; when it last did."""
    life.quote("AAPL", "238.39", "238.41", size=5)
    await life.submit(buy())
    await life.until(lambda: life.held() == 5)
    await trio.sleep(100)
    life.quote("AAPL", "238.39", "238.42", size=5)
    await life.until(lambda: life.held() == 10)
    filled = trio.current_time()
    life.quote("AAPL", "239.00", "239.02", size=5)
    return filled


async def test_an_entry_keeps_its_partial_fill_and_the_rest_works_on(
    autojump_clock: MockClock, world: World, line: Timeline
) -> None:
    async with world.life() as life:
        filled = await filled_in_part(life)
        await trio.sleep_until(filled + 400)

        assert line.times("partial_fills.timed_out", action="keep_partial") == [about(filled + 300)]
        (entry,) = life.orders(OrderPurpose.ENTRY)
        assert entry.status is OrderStatus.PARTIALLY_FILLED
        assert life.operations.positions()[0].protected_quantity == 10


async def test_an_entrys_rest_is_cancelled_where_that_is_configured_and_what_filled_is_guarded(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(cancelling) as life:
        filled = await filled_in_part(life)
        await trio.sleep_until(filled + 300 - MILLISECOND)
        assert life.stubborn.requested("cancel") == []
        await trio.sleep_until(filled + 300 + MILLISECOND)
        assert [one.at for one in life.stubborn.requested("cancel")] == [about(filled + 300)]

        def guarded() -> bool:
            stops = [one for one in life.orders(OrderPurpose.STOP_LOSS) if one.is_open]
            return [one.terms.quantity for one in stops] == [Decimal(10)]

        await life.until(guarded)
        assert life.orders(OrderPurpose.ENTRY)[0].status is OrderStatus.CANCELED


async def test_an_exits_rest_goes_at_the_market_a_minute_after_its_last_fill(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await life.submit(buy())
        await life.until(lambda: life.held() == 20)
        life.quote("AAPL", "240.00", "240.02", size=6)
        await life.submit(close("20", limit="240.00"), plan_id="out")
        await life.until(lambda: life.held() == 14)
        filled = trio.current_time()
        life.quote("AAPL", "239.00", "239.02", size=500)

        await trio.sleep_until(filled + 60 - MILLISECOND)
        assert life.held() == 14
        await life.until(lambda: life.held() == 0)
        assert trio.current_time() < filled + 60 + 0.1
        first, rest = life.orders(OrderPurpose.EXIT)
        assert (first.status, first.filled) == (OrderStatus.CANCELED, 6)
        assert (rest.terms.order_type, rest.filled) == (OrderType.MARKET, 14)
        assert rest.terms.parent_order_id == first.order_id


async def test_a_stop_that_waits_for_its_limit_is_closed_at_the_market_after_ten_seconds(
    autojump_clock: MockClock, world: World
) -> None:
    guard = Guard(stop_limit_price=Decimal("228.00"))
    async with world.life() as life:
        await life.submit(buy(target=None, guard=guard))
        await life.until(lambda: life.held() == 20)
        life.quote("AAPL", "227.00", "227.02")
        reached = trio.current_time()

        await trio.sleep_until(reached + 10 - MILLISECOND)
        (waits,) = life.orders(OrderPurpose.EXIT)
        assert (waits.terms.order_type, waits.filled) == (OrderType.LIMIT, 0)
        await life.until(lambda: life.held() == 0)
        assert trio.current_time() < reached + 10.1
        assert sum(one.filled for one in life.orders(OrderPurpose.EXIT)) == 20


async def test_what_was_given_up_is_finished_by_the_next_life(
    autojump_clock: MockClock, world: World
) -> None:
    """Killed between the end of the old order and the beginning of the new one."""
    async with world.life() as life:
        await life.submit(buy())
        await life.until(lambda: life.held() == 20)
        life.quote("AAPL", "240.00", "240.02", size=6)
        await life.submit(close("20", limit="240.00"), plan_id="out")
        await life.until(lambda: life.held() == 14)
        life.quote("AAPL", "239.00", "239.02", size=500)
        life.stubborn.deaf_to = 1
        await life.until(lambda: life.tree.desk.book.timed_out, seconds=120)
        world.journal = world.journal.crash()
        life.die()

    async with world.life() as life:
        await life.until(lambda: life.held() == 0, seconds=120)
        assert sum(one.filled for one in life.orders(OrderPurpose.EXIT)) == 20


async def test_protection_follows_every_fill_within_its_turn(
    autojump_clock: MockClock, world: World
) -> None:
    """At each change of the book: what is held is protected, in whatever pieces it came."""
    async with world.life() as life:
        seen: list[tuple[Decimal, Decimal]] = []

        def note(_committed: object) -> None:
            views = life.operations.positions()
            seen.extend((abs(one.position.quantity), one.protected_quantity) for one in views)

        life.tree.desk.on_change(note)
        life.quote("AAPL", "238.39", "238.41", size=3)
        await life.submit(buy())
        for cents in range(41, 48):
            await trio.sleep(1)
            life.quote("AAPL", "238.39", f"238.{cents}", size=3)
        await life.until(lambda: life.held() == 20)
        life.quote("AAPL", "238.39", "238.60", size=500)
        await life.submit(close("7"), plan_id="out")
        await life.until(lambda: life.held() == 13)

        assert len({held for held, _ in seen}) >= 8
        assert all(held == protected for held, protected in seen)


def test_the_configuration_says_the_same_as_the_core_by_default() -> None:
    assert PartialFillSettings().policy == PartialFillPolicy()
