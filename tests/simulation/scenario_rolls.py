"""What is the story of rolls in which the daemon is made to die at every single effect?

A put that is owed is rolled by two orders, a call spread by one; what was opened is closed at the
end by a kill switch. Nothing happens by chance in it.
"""

from decimal import Decimal

import trio
from attrs import evolve

from cream.core.model.plan import Action, Decision, Direction, RiskDenomination, Size, SizeUnit
from tests.simulation.history import History
from tests.simulation.option_plans import OptionPlans
from tests.simulation.scenario import plan_of, play
from tests.simulation.scheduling import Trace
from tests.simulation.seasons import PUT, Season

# An order without an answer when trading is stopped: that it is absent takes 30 s to prove.
_HORIZON = 62.0
_MORE = Decimal("0.01")
_TWO = Size(Decimal(2), SizeUnit.CONTRACTS)


async def roll_script(history: History) -> None:
    """The story."""
    agents, plans = history.agents, OptionPlans(history.exchange)
    history.mover.stands_still = True
    start = history.world.nursery.start_soon
    await trio.sleep_until(3.3)
    start(agents.submit, plan_of("put", _put(history)))
    await trio.sleep_until(5.3)
    spread = plans.spread("story", opens=True)
    asked, bid = (history.exchange.market.latest(leg.contract.symbol) for leg in spread.legs)
    assert asked is not None
    assert bid is not None
    paid = asked.ask - bid.bid + _MORE
    start(agents.submit, plan_of("spread", evolve(spread, size=_TWO, net_limit_price=paid)))
    await trio.sleep_until(32.3)
    await history.person.kill(flatten=True)
    await trio.sleep(3)
    await history.person.resume()


def _put(history: History) -> Decision:
    contract = history.world.season.contract(PUT)
    quote = history.exchange.market.latest(contract.symbol)
    assert quote is not None
    price = quote.bid - _MORE
    return Decision(
        decision_id="d",
        instrument=contract,
        action=Action.SELL,
        direction=Direction.SHORT,
        size=_TWO,
        limit_price=price,
        stop_loss=(price * Decimal("1.5")).quantize(_MORE),
        take_profit=(price * Decimal("0.1")).quantize(_MORE),
        denomination=RiskDenomination.OPTION_PRICE,
    )


def play_rolls(at_effect: frozenset[int], *, keep_lines: bool = False) -> tuple[History, Trace]:
    """Run the story of rolls, in which the daemon dies at these effects."""
    return play(
        at_effect,
        keep_lines=keep_lines,
        told=roll_script,
        season=Season.ROLLING,
        horizon=_HORIZON,
    )
