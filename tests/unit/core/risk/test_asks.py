import pytest
from attrs import evolve

from cream.core.model.order import OrderType, Side
from cream.core.model.plan import Action, Direction, Environment, RiskDenomination, SizeUnit
from cream.core.risk.asks import ask_of, asks_of, plan_of, single_plan_id
from tests.unit.core.risk.scenes import buy, d, decision, plan, single

PAPER = Environment.PAPER


def test_what_trades_nothing_is_not_asked_for() -> None:
    """The others keep their place in the plan."""
    hold = decision(action=Action.HOLD, decision_id="hold")
    nothing = decision(action=Action.NO_TRADE, decision_id="none")

    asks = asks_of(plan(hold, buy(), nothing, buy("MSFT")))

    assert [ask.index for ask in asks] == [1, 3]
    assert asks[0].path("size.quantity") == "decisions[1].size.quantity"


@pytest.mark.parametrize(
    ("side", "held", "action", "direction"),
    [
        (Side.BUY, 0, Action.BUY, Direction.LONG),
        (Side.BUY, 5, Action.BUY, Direction.LONG),
        (Side.BUY, -5, Action.BUY, Direction.SHORT),
        (Side.SELL, 0, Action.SELL, Direction.SHORT),
        (Side.SELL, -5, Action.SELL, Direction.SHORT),
        (Side.SELL, 5, Action.SELL, Direction.LONG),
    ],
)
def test_a_single_order_that_reduces_what_is_held_is_an_exit(
    side: Side, held: int, action: Action, direction: Direction
) -> None:
    (found,) = plan_of(single(side=side), PAPER, d(held)).decisions

    assert (found.action, found.direction) == (action, direction)


def test_a_single_order_needs_no_approval_and_has_a_plan_of_its_own() -> None:
    found = plan_of(single(client_order_id="abc"), PAPER, d(0))

    assert (found.risk_manager_approved, found.critic_approved) == (True, True)
    assert found.plan_id == single_plan_id("abc") == "order:abc"
    assert found.timestamp is None


def test_a_single_option_order_counts_contracts_and_has_levels_of_its_own_price() -> None:
    found = plan_of(single("NVDA  261218C00190000"), PAPER, d(0)).decisions[0]

    assert found.size.unit is SizeUnit.CONTRACTS
    assert found.denomination is RiskDenomination.OPTION_PRICE


def test_a_single_order_keeps_what_a_decision_cannot_say() -> None:
    order = evolve(single(), order_type=OrderType.STOP_LIMIT, stop_price=d(240))

    ask = ask_of(order, plan_of(order, PAPER, d(0)))

    assert (ask.order_type, ask.stop_price) == (OrderType.STOP_LIMIT, d(240))
    assert ask.client_order_id == "mine-1"


def test_a_single_order_is_told_of_its_own_fields() -> None:
    order = single()
    ask = ask_of(order, plan_of(order, PAPER, d(0)))

    assert ask.path("size.quantity") == "quantity"
    assert ask.path("stop_loss_level") == "stop_loss_price"
    assert ask.path("limit_price") == "limit_price"
