"""Plans."""

import pytest

from cream.core.model.plan import Action
from tests.fakes.builders import AAPL
from tests.fakes.world import buy, plan_of


@pytest.mark.parametrize("action", list(Action))
def test_only_hold_and_no_trade_do_not_trade(action: Action) -> None:
    assert action.trades is (action not in (Action.HOLD, Action.NO_TRADE))


def test_a_plan_names_each_instrument_once() -> None:
    plan = plan_of(buy(decision_id="a"), buy(decision_id="b"))

    assert plan.instruments == (AAPL,)
