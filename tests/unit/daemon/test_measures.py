"""What a scrape shows is the daemon as it is at that moment."""

from pathlib import Path
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from cream.core.model.errors import CreamError
from cream.core.model.state import TradingState
from cream.daemon.measures import measures
from tests.fakes.world import Life, World, buy


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def scraped(life: Life) -> dict[str, dict[tuple[str, ...], float]]:
    """Every sample, by the name of the metric and the values of its labels."""
    return {name: dict(samples) for name, _, _, samples, _ in measures(life.tree)}


def value(life: Life, name: str, *labels: str) -> Any:
    return scraped(life)[name].get(labels)


async def test_every_metric_has_one_name_a_help_and_as_many_labels_as_it_says(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await life.submit(buy())
        readings = list(measures(life.tree))

    names = [name for name, *_ in readings]
    assert len(names) == len(set(names))
    for name, about, labels, samples, _ in readings:
        assert name.startswith("cream_")
        assert about.endswith(".")
        assert all(len(key) == len(labels) for key, _ in samples)


async def test_orders_holdings_and_fills_are_counted(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        before = scraped(life)
        assert before["cream_orders_open"] == {}
        assert before["cream_positions_held"][()] == before["cream_fills"][()] == 0

        await life.submit(buy())
        await life.until(lambda: life.held() == 20)
        await life.until(lambda: value(life, "cream_orders_open", "ACCEPTED") == 1)

        after = scraped(life)
        assert after["cream_orders_open"] == {("ACCEPTED",): 1, ("HELD",): 1}
        assert after["cream_positions_held"][()] == after["cream_fills"][()] == 1
        assert after["cream_late_fills"][()] == after["cream_positions_unprotected"][()] == 0
        assert after["cream_journal_sequence"][()] == life.tree.desk.book.sequence


async def test_a_holding_without_a_stop_is_told(autojump_clock: MockClock, world: World) -> None:
    async with world.life() as life:
        await life.submit(buy())
        await life.until(lambda: life.held() == 20)
        life.tree.desk.book.protections.clear()
        stops = [one for one in life.orders() if one.terms.purpose.is_protective]
        await life.operations.cancel_orders([one.order_id for one in stops], "test", "kim")

        await life.until(lambda: value(life, "cream_positions_unprotected") == 1)


async def test_exactly_one_state_and_one_link_is_in_force(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await life.until(lambda: value(life, "cream_ready") == 1)
        assert value(life, "cream_trading_state", "ACTIVE") == 1

        await life.operations.set_trading_state(TradingState.HALTED, "news", "kim")
        life.broker.disconnect(5)
        await life.until(lambda: value(life, "cream_broker_link", "CONNECTED") == 0)

        shown = scraped(life)
        assert shown["cream_trading_state"] == {("ACTIVE",): 0, ("REDUCING",): 0, ("HALTED",): 1}
        assert sum(shown["cream_broker_link"].values()) == 1
        assert shown["cream_ready"][()] == 0


async def test_silence_grows_while_the_broker_says_nothing(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        life.broker.disconnect(60)
        await trio.sleep(20)

        assert value(life, "cream_broker_silence_seconds") >= 20


async def test_a_lost_journal_is_told(autojump_clock: MockClock, world: World) -> None:
    async with world.life() as life:
        assert value(life, "cream_journal_failed") == 0
        world.journal.fail_next_commit()
        with pytest.raises(CreamError):
            await life.submit(buy())

        assert value(life, "cream_journal_failed") == 1


async def test_every_subsystem_is_up_and_its_restarts_are_counted(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await life.until(lambda: set(scraped(life)["cream_subsystem_up"].values()) == {1})

        life.tree.supervisor.interrupt("reconciler")
        await life.until(lambda: value(life, "cream_subsystem_restarts", "reconciler") == 1, 120)
        await life.until(lambda: value(life, "cream_subsystem_up", "reconciler") == 1, 120)


async def test_quotes_subscribers_and_waiting_messages_are_counted(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        before = value(life, "cream_quotes")
        life.quote("AAPL", "239.00", "239.02")
        await life.until(lambda: value(life, "cream_quotes") > before)

        async with life.operations.subscribe():
            assert value(life, "cream_subscribers") == 1
        shown = scraped(life)
        assert shown["cream_subscribers"][()] == shown["cream_subscribers_dropped"][()] == 0
        assert shown["cream_channel_depth"] == {("commands",): 0, ("batches",): 0, ("jobs",): 0}
