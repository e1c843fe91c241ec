"""What does the operator do? Stops and resumes trading, looks after restarts, clears what only a
person may clear; and what does a stranger do at the broker's own website?
"""

from collections.abc import Awaitable, Callable
from decimal import Decimal

import trio
from attrs import define

from cream.core.model.ids import client_order_id
from cream.core.model.instrument import Equity
from cream.core.model.order import OrderClass, OrderPurpose, OrderTerms, OrderType, Side
from cream.core.model.plan import TimeInForce
from cream.core.model.state import Cause, TradingState
from cream.core.operations import Operations
from tests.simulation.agents import Door
from tests.simulation.exchange import Exchange
from tests.simulation.judge_broker import BrokerJudge
from tests.simulation.orders_asked import Memory

# How many deeds of the operator a history has at most, and how often he looks.
_DEEDS = 4
_LOOKS_EVERY = 5.0
_STRANGERS = 2
# How long a halt waits for an entry that it may catch on its way out, and how often it looks.
_MEANWHILE, _GLANCE = 1.0, 0.002


@define(eq=False)
class Person:
    """The operator. `restart` asks the daemon to stop in order; it is then started again.

    `enter` has an agent submit an entry, at the very moment in which trading is stopped.
    """

    exchange: Exchange
    memory: Memory
    door: Door
    restart: Callable[[], None]
    enter: Callable[[str], Awaitable[None]]
    is_busy: bool = False

    async def run(self, until: float) -> None:
        """Do this history's deeds."""
        chance = self.exchange.world.chance
        count = chance.below(_DEEDS + 1, "operator's deeds")
        times = sorted(chance.uniform(20, until, "operator at", n) for n in range(count))
        for index, at in enumerate(times):
            await trio.sleep_until(at)
            deed = chance.choose(
                ("halt", "reduce", "kill", "kill and flatten", "mass cancel", "restart"),
                "operator does",
                index,
            )
            self.exchange.world.trace.note(f"the operator: {deed}")
            chance.sometimes(f"the operator: {deed}")
            await self._do(deed)
            await trio.sleep(chance.uniform(5, 40, "operator waits", index))
            await self.resume()

    async def look_after(self) -> None:
        """Clear what waits for a person, and restart a daemon whose journal has failed."""
        while True:
            await trio.sleep(_LOOKS_EVERY)
            operations = self.door.operations
            if operations is None or self.memory.halted or self.is_busy:
                continue
            causes = {one.cause for one in operations.trading_state().restrictions}
            if any(one.startswith("journal") for one in operations.readiness().reasons):
                self.exchange.world.chance.sometimes("a failed journal made a person restart")
                self.restart()
            elif causes & {Cause.PERSISTENCE, Cause.OPERATOR, Cause.RECONCILIATION}:
                await self.resume()

    async def resume(self) -> None:
        """Let trading go on."""
        self.memory.halted = False
        await self.door.call(
            lambda to: to.set_trading_state(TradingState.ACTIVE, "looked", "person", force=True)
        )

    async def _do(self, deed: str) -> None:
        self.is_busy = True
        try:
            await self._act(deed)
        finally:
            self.is_busy = False

    async def _act(self, deed: str) -> None:
        world = self.exchange.world
        if deed in ("halt", "reduce", "kill", "kill and flatten"):
            name = f"at {trio.current_time():.3f}"
            world.nursery.start_soon(self.enter, name)
            await self._intended(f"p{name}")
        match deed:
            case "halt" | "reduce":
                state = TradingState.HALTED if deed == "halt" else TradingState.REDUCING
                done = await self.door.call(lambda to: to.set_trading_state(state, "why", "person"))
                self.memory.halted = done is not None
            case "kill" | "kill and flatten":
                await self.kill(flatten=deed != "kill")
            case "mass cancel":
                await self.door.call(lambda to: to.mass_cancel("a person wants it", "person"))
            case _:
                self.restart()

    async def _intended(self, plan_id: str) -> None:
        """Wait, not for long, until an order of the plan is on its way to the disk."""
        operations = self.door.operations
        with trio.move_on_after(_MEANWHILE):
            while operations is not None and not any(  # noqa: ASYNC110 - as a caller would
                one.terms.plan_id == plan_id for one in operations.orders()
            ):
                await trio.sleep(_GLANCE)

    async def kill(self, *, flatten: bool) -> None:
        """Stop trading, cancel what works, and close what is held if wanted."""

        self.is_busy = True

        async def kill(operations: Operations) -> bool:
            view = await operations.kill_switch("enough", "person", flatten)
            return not view.trading_state.state.allows_increases

        done = await self.door.call(kill)
        self.exchange.world.demand(done is not False, "I20", "a kill switch has halted nothing")
        self.memory.halted, self.is_busy = bool(done), False


@define(eq=False)
class Stranger:
    """Somebody with the same account, who puts orders there by hand. They are not to be touched."""

    exchange: Exchange
    judge: BrokerJudge

    async def run(self, until: float) -> None:
        """Leave orders that rest far from the market, and take some away again."""
        chance = self.exchange.world.chance
        for index in range(chance.below(_STRANGERS + 1, "strangers")):
            await trio.sleep(chance.uniform(5, until / 3, "stranger at", index))
            terms = _far_away(index)
            outcome, updates = self.exchange.venue.submit(terms, self.exchange.now())
            order = self.exchange.book.find(terms.client_order_id)
            if order is None:
                continue
            self.exchange.world.trace.note(f"a stranger's order: {type(outcome).__name__}")
            self.judge.strangers.add(order.broker_order_id)
            self.exchange.emit(updates)
            if chance.draw("stranger takes it back", index) < 0.5:
                await trio.sleep(chance.uniform(1, 60, "stranger waits", index))
                _, updates = self.exchange.venue.cancel(order.broker_order_id, self.exchange.now())
                self.exchange.emit(updates)


def _far_away(index: int) -> OrderTerms:
    order_id = f"stranger-{index}"
    return OrderTerms(
        order_id=order_id,
        client_order_id=client_order_id(order_id),
        plan_id="",
        cycle_id="",
        decision_id="",
        instrument=Equity("SPY"),
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        order_class=OrderClass.SIMPLE,
        time_in_force=TimeInForce.GTC,
        quantity=Decimal(1 + index),
        purpose=OrderPurpose.EXTERNAL,
        limit_price=Decimal("300.00"),
    )
