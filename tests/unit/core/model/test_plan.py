"""Plans."""

import pytest

from cream.core.model.plan import Action


@pytest.mark.parametrize("action", list(Action))
def test_only_hold_and_no_trade_do_not_trade(action: Action) -> None:
    assert action.trades is (action not in (Action.HOLD, Action.NO_TRADE))
