"""The feed is told what the book needs, as it changes."""

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from pathlib import Path

from attrs import evolve
from trio.testing import MockClock

from cream.core.market.subscriptions import BOOK
from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.model.plan import Size, SizeUnit, StrategyFamily
from cream.daemon.interest import Interest, needed_by
from tests.fakes.world import World, buy

CALL = OptionContract("AAPL", date(2026, 12, 18), OptionRight.CALL, Decimal(240))


class Told:
    """The part of a feed that is told."""

    def __init__(self) -> None:
        self.wanted: list[tuple[object, frozenset[str]]] = []

    def follow(self, consumer: object, symbols: Collection[str]) -> None:
        self.wanted.append((consumer, frozenset(symbols)))


async def test_what_works_and_what_is_held_is_needed_with_its_underlying(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    async with World(tmp_path).life() as life:
        assert needed_by(life.tree.desk.book) == frozenset()
        await life.submit(buy(limit="200.00", stop="190.00", target=None), plan_id="rests")
        call = buy(instrument=CALL, stop="230.00", target=None, limit=None)
        size = Size(Decimal(3), SizeUnit.CONTRACTS)
        plan = evolve(call, size=size, strategy_family=StrategyFamily.OPTION_LONG)
        await life.submit(plan, plan_id="call")
        await life.until(lambda: life.held(CALL.symbol) == 3)

        assert needed_by(life.tree.desk.book) == {"AAPL", CALL.symbol}


async def test_the_feed_is_told_at_once_and_after_every_change(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    async with World(tmp_path).life() as life:
        told = Told()
        feed = Interest(life.tree.desk, told)  # type: ignore[arg-type]
        life.nursery.start_soon(feed.run)
        await life.until(lambda: told.wanted == [(BOOK, frozenset())])

        await life.submit(buy(limit="200.00", stop="190.00", target=None))

        await life.until(lambda: told.wanted[-1] == (BOOK, {"AAPL"}))
