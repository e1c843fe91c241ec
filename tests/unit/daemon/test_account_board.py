"""The account's figures are fresh, or are said not to be; nobody waits for them for ever."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from functools import partial

import pytest
import trio
from attrs import define, evolve, field
from trio.testing import MockClock

from cream.core.model.account import Account
from cream.core.model.errors import BrokerUnavailable
from cream.core.model.market import Known, Stale, Unknown
from cream.daemon.account_board import AccountBoard
from tests.fakes.operations_data import ACCOUNT

STALE_AFTER = 60.0


@define
class Teller:
    """A broker that tells the account's figures, each time a dollar more, and counts how often."""

    asked: int = 0
    takes: float = 0.0
    is_away: bool = False

    async def account(self) -> Account:
        self.asked += 1
        equity = ACCOUNT.equity + self.asked
        await trio.sleep(self.takes)
        if self.is_away:
            raise BrokerUnavailable("away")
        return evolve(ACCOUNT, equity=equity)


@define
class Bench:
    teller: Teller = field(factory=Teller)
    fills: int = 0
    changed: trio.Event = field(factory=trio.Event)
    board: AccountBoard = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.board = AccountBoard(
            self.teller,  # type: ignore[arg-type] - only this is asked of it
            lambda: self.fills,
            STALE_AFTER,
        )

    async def wait_change(self) -> None:
        await self.changed.wait()

    def fill(self) -> None:
        self.fills += 1
        self.changed.set()
        self.changed = trio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with trio.open_nursery() as nursery:
            await nursery.start(partial(self.board.run, self.wait_change))
            await trio.testing.wait_all_tasks_blocked()
            yield
            nursery.cancel_scope.cancel()


@pytest.fixture
def bench() -> Bench:
    return Bench()


# How old they are -------------------------------------------------------------------------------


async def test_what_nobody_has_told_is_unknown(autojump_clock: MockClock, bench: Bench) -> None:
    assert isinstance(bench.board.datum(), Unknown)
    assert not bench.board.is_current


async def test_figures_are_known_until_they_are_old(
    autojump_clock: MockClock, bench: Bench
) -> None:
    told = await bench.board.fetch()

    assert told.equity == Decimal("100001.00")
    await trio.sleep(STALE_AFTER)
    assert bench.board.datum() == Known(told)
    assert bench.board.is_current
    await trio.sleep(0.5)
    assert bench.board.datum() == Stale(told, STALE_AFTER + 0.5)
    assert not bench.board.is_current


async def test_figures_from_before_the_last_fill_are_stale_and_still_current(
    autojump_clock: MockClock, bench: Bench
) -> None:
    """They do not know what it cost; that does not make the daemon unready."""
    told = await bench.board.fetch()
    bench.fill()

    assert bench.board.datum() == Stale(told, 0.0)
    assert bench.board.is_current


async def test_figures_that_were_on_their_way_while_an_order_filled_are_stale(
    autojump_clock: MockClock, bench: Bench
) -> None:
    bench.teller.takes = 1.0
    async with trio.open_nursery() as nursery:
        nursery.start_soon(bench.board.fetch)
        await trio.sleep(0.5)
        bench.fill()

    assert isinstance(bench.board.datum(), Stale)


# Freshening -------------------------------------------------------------------------------------


async def test_fresh_figures_are_not_asked_for_again(
    autojump_clock: MockClock, bench: Bench
) -> None:
    await bench.board.freshen(2.0)
    await trio.sleep(STALE_AFTER / 2)
    await bench.board.freshen(2.0)
    assert bench.teller.asked == 1

    await trio.sleep(1.0)
    await bench.board.freshen(2.0)
    bench.fill()
    await bench.board.freshen(2.0)

    assert bench.teller.asked == 3
    assert isinstance(bench.board.datum(), Known)


async def test_a_broker_that_is_slow_or_away_leaves_the_figures_as_they_are(
    autojump_clock: MockClock, bench: Bench
) -> None:
    told = await bench.board.fetch()
    bench.fill()
    bench.teller.takes = 100.0
    began = trio.current_time()
    await bench.board.freshen(2.0)
    assert trio.current_time() - began == 2.0

    bench.teller.takes, bench.teller.is_away = 0.0, True
    await bench.board.freshen(2.0)

    assert bench.board.datum() == Stale(told, 2.0)


async def test_who_fetches_is_told_that_the_broker_is_away(
    autojump_clock: MockClock, bench: Bench
) -> None:
    bench.teller.is_away = True

    with pytest.raises(BrokerUnavailable):
        await bench.board.fetch()

    assert isinstance(bench.board.datum(), Unknown)


# The reader -------------------------------------------------------------------------------------


async def test_the_reader_keeps_the_figures_from_growing_old(
    autojump_clock: MockClock, bench: Bench
) -> None:
    async with bench.running():
        for _ in range(100):
            await trio.sleep(5.0)
            assert isinstance(bench.board.datum(), Known)

    assert bench.teller.asked <= 2 + 500 / (STALE_AFTER / 2)


async def test_the_reader_asks_once_after_a_burst_of_fills(
    autojump_clock: MockClock, bench: Bench
) -> None:
    async with bench.running():
        for _ in range(20):
            bench.fill()
            await trio.sleep(0.01)
        await trio.sleep(1.0)

        assert bench.teller.asked == 2
        assert isinstance(bench.board.datum(), Known)


async def test_the_reader_outlives_a_broker_that_is_away(
    autojump_clock: MockClock, bench: Bench
) -> None:
    bench.teller.is_away = True
    async with bench.running():
        await trio.sleep(10.0)
        bench.teller.is_away = False
        bench.fill()
        await trio.sleep(1.0)

        assert isinstance(bench.board.datum(), Known)
