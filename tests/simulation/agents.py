"""What do the daemon's callers do? They trade, change their minds, repeat themselves, and forget.

An agent talks to whichever life of the daemon is up, over a connection that dies with it. It keeps
what it was told in its memory (`orders_asked.py`), by which every later life is judged.
"""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import TypeVar

import trio
from attrs import define, evolve, field

from cream.core.model.errors import CreamError
from cream.core.model.instrument import Equity, OptionContract
from cream.core.model.order import OrderPurpose
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
from cream.core.operations import Operations
from tests.simulation.exchange import Exchange
from tests.simulation.judge_broker import SIGN_OF
from tests.simulation.life import Process
from tests.simulation.option_plans import OptionPlans
from tests.simulation.orders_asked import Memory
from tests.simulation.seasons import HIGH
from tests.simulation.world import ProcessDied

T = TypeVar("T")

# Seconds between what agents do, on average, and how long a caller waits for an answer.
_EVERY = 4.0
_PATIENCE = 20.0
_CENT = Decimal("0.01")

# What agents do, and how often of a hundred.
_DEEDS = {
    "enter": 30,
    "rest": 18,
    "exit": 14,
    "exit at a price": 5,
    "work": 5,
    "cancel": 16,
    "repeat": 6,
    "contradict": 2,
    "look": 4,
}
# And where there are options.
_OPTION_DEEDS = {"option": 14, "spread": 12, "close spread": 5}


@define(eq=False)
class Door:
    """How callers reach the daemon: the operations of the life that is up, and its process."""

    operations: Operations | None = None
    process: Process | None = None

    async def call(
        self, act: Callable[[Operations], Awaitable[T]], patience: float = _PATIENCE
    ) -> T | None:
        """The answer; None where there is none: refused, out of patience, or the daemon died."""
        operations, process = self.operations, self.process
        if operations is None or process is None or not process.is_alive:
            await trio.lowlevel.checkpoint()
            return None
        with trio.move_on_after(patience) as scope:
            process.ties(scope)
            try:
                answer = await act(operations)
                process.effect(f"api/6 done, the caller not told/{'+'.join(process.committed)}")
                return answer
            except CreamError as error:
                process.world.chance.sometimes(f"a caller was told {error.kind.code}")
            except ProcessDied:
                pass
            finally:
                process.unties(scope)
        return None


@define(eq=False)
class Agents:
    """All callers of one history."""

    exchange: Exchange
    memory: Memory
    door: Door
    acknowledged: int = 0
    _plans: list[DecisionPlan] = field(factory=list)
    _options: OptionPlans = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._options = OptionPlans(self.exchange)

    async def run(self, until: float) -> None:
        """Do something every few seconds, without waiting for the last thing's answer."""
        chance = self.exchange.world.chance
        weights = _DEEDS | (_OPTION_DEEDS if self.exchange.world.season.days else {})
        deeds = [name for name, weight in weights.items() for _ in range(weight)]
        number = 0
        async with trio.open_nursery() as nursery:
            while trio.current_time() < until:
                await trio.sleep(chance.uniform(0.1, 2 * _EVERY, "pause", number))
                deed = chance.choose(deeds, "deed", number)
                nursery.start_soon(self._do, deed, number)
                number += 1
            await trio.sleep(_PATIENCE)
            nursery.cancel_scope.cancel()

    async def enter(self, name: str) -> None:
        """Submit an entry at the market."""
        await self.submit(self._entry("enter", name))

    async def _do(self, deed: str, number: int) -> None:
        match deed:
            case "enter" | "rest" | "work":
                await self.submit(self._entry(deed, number))
            case "option":
                await self.submit(self._plan(number, self._options.single(number)))
            case "spread":
                await self.submit(self._plan(number, self._options.spread(number, opens=True)))
            case "close spread":
                await self._close_spread(number)
            case "exit" | "exit at a price":
                plan = self._exit(deed, number)
                if plan is not None:
                    await self.submit(plan)
            case "cancel":
                await self._cancel(number)
            case "repeat" | "contradict":
                await self._again(deed, number)
            case _:
                await self.door.call(self._look)

    # Plans --------------------------------------------------------------------------------------

    def _entry(self, deed: str, number: object) -> DecisionPlan:
        chance = self.exchange.world.chance
        symbol = chance.choose(list(SIGN_OF), "symbol", number)
        sign = SIGN_OF[symbol]
        quote = self.exchange.market.latest(symbol)
        assert quote is not None
        away = (
            Decimal("0.0015")
            if deed != "rest"
            else -Decimal(f"{chance.uniform(0.002, 0.02, 'rests at', number):.4f}")
        )
        price = _cents(quote.mid * (1 + sign * away))
        risk = Decimal(f"{chance.uniform(0.003, 0.02, 'risk', number):.4f}")
        reward = risk * Decimal(f"{chance.uniform(1.7, 3, 'reward', number):.2f}")
        worked = deed == "work"
        quantity = chance.below(40, "quantity", number) + 1
        return self._plan(
            number,
            Decision(
                decision_id="d",
                instrument=Equity(symbol),
                action=Action.BUY if sign > 0 else Action.SELL,
                direction=Direction.LONG if sign > 0 else Direction.SHORT,
                size=Size(Decimal(quantity), SizeUnit.SHARES),
                limit_price=price,
                stop_loss=_cents(price * (1 - sign * risk)),
                take_profit=_cents(price * (1 + sign * reward)),
                tactic="TWAP" if worked else None,
                tactic_params=(
                    {"duration_minutes": 1, "slice_interval_seconds": 15} if worked else {}
                ),
            ),
        )

    def _exit(self, deed: str, number: int) -> DecisionPlan | None:
        """Close some of what is held, as far as the agent can see."""
        chance, operations = self.exchange.world.chance, self.door.operations
        if operations is None:
            return None
        held = [one.position for one in operations.positions() if not one.position.is_flat]
        if not held:
            return None
        position = held[chance.below(len(held), "closes", number)]
        whole = chance.draw("closes all", number) < 0.5
        quantity = abs(position.quantity)
        if not whole:
            quantity = Decimal(1 + chance.below(int(quantity), "closes so many", number))
        quote = self.exchange.market.latest(position.instrument.symbol)
        assert quote is not None
        sign = 1 if position.quantity > 0 else -1
        is_option = isinstance(position.instrument, OptionContract)
        unit = SizeUnit.CONTRACTS if is_option else SizeUnit.SHARES
        return self._plan(
            number,
            Decision(
                decision_id="d",
                instrument=position.instrument,
                action=Action.CLOSE,
                direction=Direction.FLAT,
                size=Size(quantity, unit),
                limit_price=(
                    _cents(quote.mid * (1 + sign * Decimal("0.004")))
                    if deed == "exit at a price"
                    else None
                ),
            ),
        )

    def _plan(self, number: object, decision: Decision) -> DecisionPlan:
        return DecisionPlan(
            plan_id=f"p{number}",
            cycle_id=f"p{number}",
            environment=Environment.PAPER,
            decisions=(decision,),
            risk_manager_approved=True,
            critic_approved=True,
        )

    async def submit(self, plan: DecisionPlan) -> None:
        """Submit a plan for the first time, and remember what comes of it."""
        self.memory.will_submit(plan)
        self._plans.append(plan)
        await self._submit_again(plan)

    async def _submit_again(self, plan: DecisionPlan) -> None:
        result = await self.door.call(lambda to: to.submit_plan(plan, ExecutionParams()))
        if result is None:
            return
        order_ids = tuple(one.order_id for one in result.orders)
        self.exchange.world.trace.note(f"answered {plan.plan_id} with {order_ids}")
        self.memory.was_answered(plan.plan_id, order_ids)
        self.acknowledged += bool(order_ids)
        for one in result.verdict.violations:
            self.exchange.world.chance.sometimes(f"the gate refused: {one.code}")

    async def _close_spread(self, number: int) -> None:
        """Close some spreads, as far as the agent can see any."""
        operations, contract = self.door.operations, self.exchange.world.season.contract(HIGH)
        if operations is None:
            return
        for one in operations.positions():
            if one.position.instrument == contract and not one.position.is_flat:
                most = abs(one.position.quantity)
                decision = self._options.spread(number, opens=False, most=most)
                await self.submit(self._plan(number, decision))

    # Everything else ----------------------------------------------------------------------------

    async def _again(self, deed: str, number: int) -> None:
        """Submit one of the last plans again; or something else under its name."""
        if not self._plans:
            return
        chance = self.exchange.world.chance
        plan = self._plans[-1 - chance.below(min(len(self._plans), 6), "again", number)]
        if deed == "repeat":
            await self._submit_again(plan)
        elif plan.plan_id in self.memory.acknowledged:
            other = evolve(plan.decisions[0], size=Size(Decimal(7_777), SizeUnit.SHARES))
            changed = evolve(plan, decisions=(other,))
            answer = await self.door.call(lambda to: to.submit_plan(changed, ExecutionParams()))
            self.exchange.world.demand(
                answer is None, "I15", f"{plan.plan_id} was answered with other content"
            )

    async def _cancel(self, number: int) -> None:
        operations, chance = self.door.operations, self.exchange.world.chance
        if operations is None:
            return
        going = [
            one.order_id
            for one in operations.orders()
            if one.is_open
            and one.terms.purpose in (OrderPurpose.ENTRY, OrderPurpose.EXIT)
            and one.order_id in self.memory.acknowledged.get(one.terms.plan_id, ())
        ]
        if not going:
            return
        chosen = chance.choose(going, "cancels", number)
        results = await self.door.call(lambda to: to.cancel_orders([chosen], "an agent", "agent"))
        if results and results[0].accepted:
            self.memory.cancelled[chosen] = None
            chance.sometimes("a cancel was taken")

    async def listen(self) -> None:
        """Follow every change, as a dashboard does (I17): in order, without a gap, or to an end."""
        while True:
            await trio.sleep(1)
            if self.door.operations is not None:
                await self.door.call(self._follow, patience=float("inf"))

    async def _follow(self, operations: Operations) -> None:
        async with operations.subscribe() as updates:
            last = updates.sequence
            async for update in updates:
                if update.sequence <= updates.sequence:
                    continue  # durable only now, and part of what was true at the beginning
                follows = update.sequence == last + 1
                text = f"update {update.sequence} came after {last}"
                self.exchange.world.demand(follows, "I17", text)
                last = update.sequence

    async def _look(self, operations: Operations) -> None:
        await trio.lowlevel.checkpoint()
        operations.orders()
        operations.positions()
        operations.readiness()
        operations.supervision()


def _cents(price: Decimal) -> Decimal:
    return price.quantize(_CENT)
