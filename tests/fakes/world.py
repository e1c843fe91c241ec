"""The whole daemon in one process: the real tree over the real venue, with a journal in memory.

No threads and no sockets, so that `autojump_clock` drives every delay: a test that waits an hour
takes a moment, and due times can be asserted exactly.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import trio
from attrs import define, evolve, field

from cream.adapters.brokers.levers import SimulationLevers
from cream.adapters.brokers.simulated import SimulatedBroker
from cream.adapters.brokers.simulated_settings import SimulatedSettings
from cream.adapters.clock import ShiftedClock
from cream.adapters.feeds.settings import SyntheticSettings
from cream.adapters.feeds.synthetic import SyntheticMarket
from cream.adapters.feeds.synthetic_chain import SyntheticChains
from cream.core.exchange.calendar import SessionMode
from cream.core.model.instrument import Equity, Instrument
from cream.core.model.order import Order, OrderPurpose
from cream.core.model.plan import (
    Action,
    Decision,
    DecisionPlan,
    Direction,
    Environment,
    Size,
    SizeUnit,
)
from cream.core.model.request import ExecutionParams
from cream.core.operations import PlanResult
from cream.core.ports import OptionChains
from cream.daemon.settings import Settings
from cream.daemon.tree import Outside, Tree, TreeSettings
from cream.daemon.tree_settings import tree_settings
from cream.daemon.wiring import assemble
from tests.fakes.memory_archive import MemoryArchive
from tests.fakes.memory_journal import MemoryJournal
from tests.fakes.stubborn_broker import StubbornBroker

# A Monday morning in New York, in session.
START = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
# What an entry with a stop and a target is at the broker: itself and its two exits.
BRACKET = 3


@define(eq=False)
class World:
    """One account at one venue, through several lives of the daemon."""

    folder: Path
    journal: MemoryJournal = field(factory=MemoryJournal)
    start: datetime = START
    session: SessionMode = SessionMode.ALWAYS_OPEN
    archive: MemoryArchive | None = None
    trusted: bool = True
    distrusted: bool = False
    passed: timedelta = timedelta(0)
    unreachable_for: float = 0
    sold_by_hand: Decimal = Decimal(0)
    knows_no_orders: bool = False
    chains: OptionChains | None = None

    def later(self, seconds: float) -> None:
        """Let time pass between two lives."""
        self.passed += timedelta(seconds=seconds)

    @asynccontextmanager
    async def life(
        self, change: Callable[[TreeSettings], TreeSettings] = lambda settings: settings
    ) -> AsyncIterator["Life"]:
        """A life of the daemon, stopped in order at the end of the block."""
        clock = ShiftedClock(self.start + self.passed)
        quotes = evolve(SyntheticSettings(), tick_rate=0, session=self.session)
        market = SyntheticMarket(quotes, clock)
        settings = evolve(SimulatedSettings(), db_path=str(self.folder / "venue.db"))
        broker = SimulatedBroker.open(settings, market, clock)
        try:
            stubborn = StubbornBroker(
                broker, sold_by_hand=self.sold_by_hand, knows_no_orders=self.knows_no_orders
            )
            account_id = (await broker.account()).account_id
            broker.disconnect(self.unreachable_for)
            outside = Outside(
                account_id=account_id,
                clock=clock,
                broker=stubborn,
                market=market,
                journal=self.journal,
                archive=self.archive,
                draw=lambda: 0.5,
                levers=SimulationLevers(broker, market),
                sessions=market.sessions,
                chains=self.chains or SyntheticChains(market, quotes, clock),
                trusted=self.trusted,
                distrust=self._distrust,
            )
            tree = await assemble(change(tree_settings(Settings(), "test", "test")), outside)
            async with trio.open_nursery() as nursery:
                await nursery.start(market.move)
                await nursery.start(broker.run)
                await nursery.start(partial(tree.run, ()))
                life = Life(tree, broker, stubborn, market, nursery)
                yield life
                if not life.is_dead:
                    tree.stop()
                    await tree.ended.wait()
                nursery.cancel_scope.cancel()
        finally:
            broker.close()

    def _distrust(self) -> None:
        self.distrusted = True


@define(eq=False)
class Life:
    """A running daemon, and what tests say to it."""

    tree: Tree
    broker: SimulatedBroker
    stubborn: StubbornBroker
    market: SyntheticMarket
    nursery: trio.Nursery
    is_dead: bool = False

    @property
    def operations(self) -> Any:
        return self.tree.operations

    def quote(self, symbol: str, bid: str, ask: str, size: int = 1_000) -> None:
        """Move the market."""
        self.market.set_quote(symbol, Decimal(bid), Decimal(ask), size, size)

    async def submit(self, *decisions: Decision, plan_id: str = "p", **params: Any) -> PlanResult:
        """Submit a plan of these decisions."""
        plan = plan_of(*decisions, plan_id=plan_id)
        result: PlanResult = await self.operations.submit_plan(plan, ExecutionParams(**params))
        return result

    def orders(self, purpose: OrderPurpose | None = None) -> list[Order]:
        """The orders of this purpose, oldest first."""
        every = self.tree.desk.book.orders()
        return [one for one in every if purpose is None or one.terms.purpose is purpose]

    def held(self, symbol: str = "AAPL") -> Decimal:
        """What is held, signed."""
        position = self.tree.desk.book.positions.get(symbol)
        return position.quantity if position is not None else Decimal(0)

    async def until(self, condition: Callable[[], object], seconds: float = 60.0) -> None:
        """Wait for `condition()`, looking at every change of the book and every 10 ms."""
        with trio.fail_after(seconds):
            while not condition():
                with trio.move_on_after(0.01):
                    await self.tree.desk.wait_change()

    def die(self) -> None:
        """End all tasks at once, as far as a process can be ended from inside."""
        self.is_dead = True
        self.nursery.cancel_scope.cancel()


def plan_of(*decisions: Decision, plan_id: str = "p") -> DecisionPlan:
    """An approved plan."""
    return DecisionPlan(
        plan_id=plan_id,
        cycle_id=plan_id,
        environment=Environment.PAPER,
        decisions=decisions,
        risk_manager_approved=True,
        critic_approved=True,
    )


def buy(
    quantity: str = "20",
    *,
    instrument: Instrument | None = None,
    limit: str | None = "238.50",
    stop: str | None = "228.50",
    target: str | None = "253.50",
    decision_id: str = "d",
    **changes: Any,
) -> Decision:
    """A long entry in AAPL, as the market stands at the start."""
    return Decision(
        decision_id=decision_id,
        instrument=instrument or Equity("AAPL"),
        action=changes.pop("action", Action.BUY),
        direction=changes.pop("direction", Direction.LONG),
        size=Size(Decimal(quantity), SizeUnit.SHARES),
        limit_price=Decimal(limit) if limit is not None else None,
        stop_loss=Decimal(stop) if stop is not None else None,
        take_profit=Decimal(target) if target is not None else None,
        **changes,
    )


def close(quantity: str, **changes: Any) -> Decision:
    """An exit at the market."""
    return buy(
        quantity,
        limit=changes.pop("limit", None),
        stop=None,
        target=None,
        action=Action.CLOSE,
        direction=Direction.FLAT,
        **changes,
    )
