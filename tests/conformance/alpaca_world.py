"""The whole daemon over the Alpaca adapter, over loopback, at a sandbox in the same process.

One market for both, one mock clock for all: what takes minutes at Alpaca takes a moment here.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import trio
from attrs import define, evolve

from cream.adapters.brokers.alpaca.broker import open_alpaca
from cream.adapters.brokers.alpaca.settings import AlpacaSettings
from cream.adapters.clock import ShiftedClock
from cream.adapters.feeds.alpaca.feed import AlpacaFeed, open_feed
from cream.adapters.feeds.alpaca.settings import AlpacaFeedSettings
from cream.adapters.feeds.settings import LISTED_PRICES, SyntheticSettings
from cream.adapters.feeds.synthetic import SyntheticMarket
from cream.adapters.sandbox.app import Sandbox
from cream.adapters.sandbox.charging import FeeMode
from cream.adapters.sandbox.data_plans import PLUS, DataPlan
from cream.adapters.sandbox.faults import read_fault
from cream.adapters.sandbox.server import SandboxSettings, serve_sandbox
from cream.core.exchange.calendar import SessionMode
from cream.core.model.order import Order, OrderPurpose
from cream.core.model.plan import Environment
from cream.core.model.secret import Secret
from cream.core.safety.heartbeat import HeartbeatLimits
from cream.daemon.settings import Settings
from cream.daemon.tree import Outside, TreeSettings
from cream.daemon.tree_settings import tree_settings
from cream.daemon.wiring import assemble
from tests.fakes.memory_journal import MemoryJournal
from tests.fakes.world import START, Life


@define(eq=False)
class AlpacaLife(Life):
    """A running daemon at a sandbox, and the sandbox itself.

    `feed` is where quotes come from, unless daemon and sandbox share one market.
    """

    sandbox: Any = None
    feed: AlpacaFeed | None = None

    async def until(self, condition: Callable[[], object], seconds: float = 60.0) -> None:
        """Wait for `condition()`, looking at every change of the book and four times a second."""
        with trio.fail_after(seconds):
            while not condition():
                with trio.move_on_after(0.25):
                    await self.tree.desk.wait_change()

    def fault(self, name: str, **parameters: Any) -> None:
        """As `POST /faults` does."""
        faults = self.sandbox.faults
        faults.arm(read_fault({"name": name} | parameters, faults.now()))

    def heal(self) -> None:
        """As `DELETE /faults` does."""
        self.sandbox.faults.clear()
        self.sandbox.exchange.advance()

    def at_venue(self) -> list[dict[str, Any]]:
        """The orders that the venue really has."""
        rows: list[dict[str, Any]] = self.sandbox.exchange.book()["orders"]
        return rows

    def held_at_venue(self) -> Decimal:
        """What the venue really holds of AAPL."""
        held = (
            Decimal(one["qty"])
            for one in self.sandbox.exchange.book()["positions"]
            if one["symbol"] == "AAPL"
        )
        return sum(held, Decimal(0))

    def entry(self) -> Order:
        """The only entry that the daemon has."""
        (order,) = self.orders(OrderPurpose.ENTRY)
        return order


def quick(settings: TreeSettings) -> TreeSettings:
    """A watchdog and a reconciler that look every few seconds."""
    limits = HeartbeatLimits(interval=5.0, timeout=2.0, grace=20.0)
    reconciler = evolve(settings.reconciler, interval=10.0, in_flight_interval=1.0)
    return evolve(
        settings,
        heartbeat=limits,
        reconciler=reconciler,
        levels_interval=1.0,
        ack_timeout=3.0,
    )


@asynccontextmanager
async def life(
    change: Callable[[TreeSettings], TreeSettings] = quick,
    ahead_seconds: float = 0.0,
    start: datetime = START,
    streamed: AlpacaFeedSettings | None = None,
    charged: FeeMode = FeeMode.PAPER,
    plan: DataPlan = PLUS,
    session: SessionMode = SessionMode.ALWAYS_OPEN,
    **alpaca: Any,
) -> AsyncIterator[AlpacaLife]:
    """A life of the daemon, stopped in order at the end of the block.

    `ahead_seconds`: how far the daemon's clock is ahead of the broker's. `streamed`: quotes come
    over the sandbox's data streams, so that its faults are in them. `charged`: what fees it takes.
    `plan`: how many symbols those may ask for. `session`: the hours of the market.
    """
    clock = ShiftedClock(start)
    market = SyntheticMarket(evolve(SyntheticSettings(), tick_rate=0, session=session), clock)
    async with trio.open_nursery() as nursery:
        sandbox_settings = SandboxSettings(requests_per_minute=100_000, fees=charged, plan=plan)
        opened = await nursery.start(
            serve_sandbox, sandbox_settings, market, clock, tuple(LISTED_PRICES)
        )
        sandbox: Sandbox = opened.sandbox
        settings = AlpacaSettings(
            api_key=Secret("PK-world"),
            api_secret=Secret("secret"),
            base_url=f"http://127.0.0.1:{opened.port}",
            **({"requests_per_minute": 100_000} | alpaca),
        )
        ours = ShiftedClock(start + timedelta(seconds=ahead_seconds))
        async with AsyncExitStack() as stack:
            opening = open_alpaca(settings, Environment.PAPER, ours, lambda: 0.5)
            broker = await stack.enter_async_context(opening)
            outside = Outside(
                account_id=(await broker.account()).account_id,
                clock=ours,
                broker=broker,
                market=market,
                journal=MemoryJournal(),
                draw=lambda: 0.5,
            )
            feed = None
            if streamed is not None:
                feed = await stack.enter_async_context(
                    open_feed(streamed, settings, Environment.PAPER, ours, lambda: 0.5)
                )
                outside = evolve(
                    outside, market=feed, sessions=feed.sessions, halted=feed.halted, detail=feed
                )
            tree = await assemble(change(tree_settings(Settings(), "test", "test")), outside)
            async with trio.open_nursery() as daemon:
                await daemon.start(market.move)
                await daemon.start(partial(tree.run, ()))
                await tree.recovered.wait()
                at_sandbox: Any = broker
                yield AlpacaLife(
                    tree, at_sandbox, at_sandbox, market, daemon, sandbox=sandbox, feed=feed
                )
                tree.stop()
                await tree.ended.wait()
                daemon.cancel_scope.cancel()
        nursery.cancel_scope.cancel()
