"""What is the one story in which the daemon is made to die at every single effect?

A bracket that fills in parts and is stopped out, a resting entry that is cancelled, a short
position over a reconnect that is closed, a kill switch and its end: every kind of fact that is made
durable, and every kind of request. Nothing happens by chance in it.
"""

from collections.abc import Awaitable, Callable
from decimal import Decimal

import trio
from attrs import evolve

from cream.core.model.instrument import Equity
from cream.core.model.plan import (
    Action,
    Decision,
    DecisionPlan,
    Direction,
    Environment,
    Size,
    SizeUnit,
)
from cream.core.operations import Operations
from tests.simulation.agents import Agents
from tests.simulation.chance import Chance
from tests.simulation.history import History
from tests.simulation.life import Crashes
from tests.simulation.network import Sky
from tests.simulation.profiles import CALM
from tests.simulation.scheduling import Trace, run
from tests.simulation.seasons import Season
from tests.simulation.world import World

_HORIZON = 34.0
_HEAL, _STILL = 12.0, 4.0


async def script(history: History) -> None:
    """The story."""
    agents = history.agents
    history.mover.stands_still = True
    start = history.world.nursery.start_soon
    await trio.sleep_until(3.3)
    start(agents.submit, _plan("stopped", "AAPL", 20, "238.50", "236.00", "244.00"))
    await trio.sleep_until(8.3)
    history.mover.set_price("AAPL", 235.50)
    await trio.sleep_until(9.3)
    start(agents.submit, _plan("rests", "MSFT", 7, "500.00", "490.00", "520.00"))
    await trio.sleep_until(12.3)
    start(_cancel_all, agents)
    await trio.sleep_until(14.3)
    start(agents.submit, _plan("short", "XOM", -9, "115.90", "118.00", "111.00"))
    await trio.sleep_until(16.3)
    history.exchange.network.becomes(Sky.REFUSING)
    await trio.sleep_until(17.1)
    history.exchange.network.becomes(Sky.CLEAR)
    await trio.sleep_until(20.3)
    start(agents.submit, _close("XOM", 4))
    await trio.sleep_until(23.3)
    await history.person.kill(flatten=True)
    await trio.sleep(3)
    await history.person.resume()


async def _cancel_all(agents: Agents) -> None:
    async def cancel(operations: Operations) -> None:
        going = [one.order_id for one in operations.orders() if one.is_open]
        await operations.cancel_orders(going, "the story wants it", "agent")

    await agents.door.call(cancel)


def _plan(
    name: str, symbol: str, quantity: int, limit: str, stop: str, target: str
) -> DecisionPlan:
    long = quantity > 0
    return plan_of(
        name,
        Decision(
            decision_id="d",
            instrument=Equity(symbol),
            action=Action.BUY if long else Action.SELL,
            direction=Direction.LONG if long else Direction.SHORT,
            size=Size(Decimal(abs(quantity)), SizeUnit.SHARES),
            limit_price=Decimal(limit),
            stop_loss=Decimal(stop),
            take_profit=Decimal(target),
        ),
    )


def _close(symbol: str, quantity: int) -> DecisionPlan:
    return plan_of(
        "close",
        Decision(
            decision_id="d",
            instrument=Equity(symbol),
            action=Action.CLOSE,
            direction=Direction.FLAT,
            size=Size(Decimal(quantity), SizeUnit.SHARES),
        ),
    )


def plan_of(name: str, decision: Decision) -> DecisionPlan:
    return DecisionPlan(
        plan_id=name,
        cycle_id=name,
        environment=Environment.PAPER,
        decisions=(decision,),
        risk_manager_approved=True,
        critic_approved=True,
    )


Script = Callable[[History], Awaitable[None]]


def play(
    at_effect: frozenset[int],
    *,
    keep_lines: bool = False,
    told: Script = script,
    season: Season = Season.SHARES,
    horizon: float = _HORIZON,
) -> tuple[History, Trace]:
    """Run the story, in which the daemon dies at these effects. Raises what it raises."""
    chance, trace = Chance(0), Trace(keep_lines=keep_lines)
    played: list[History] = []

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            profile = evolve(CALM, horizon=horizon)
            world = World(0, profile, chance, trace, nursery, season)
            crashes = Crashes(world, at_effect)
            crashes.struck = lambda point: chance.sometimes(f"died: {point}")
            history = History(world, crashes)
            history.script = told
            history.heal_seconds, history.still_seconds = _HEAL, _STILL
            played.append(history)
            await history.run()

    try:
        run(0, trace, main)
    except BaseException:
        if not played or played[0].world.violation is None:
            raise
    return played[0], trace
