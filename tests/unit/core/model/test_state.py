"""The most restrictive cause decides."""

from itertools import permutations

from cream.core.model.state import Cause, Restriction, TradingState, most_restrictive
from tests.fakes.builders import NOW


def restriction(cause: Cause, state: TradingState) -> Restriction:
    return Restriction(cause=cause, state=state, reason="", actor="", since=NOW)


def test_without_causes_trading_is_active() -> None:
    assert most_restrictive({}) is TradingState.ACTIVE


def test_the_strictest_cause_wins_in_any_order() -> None:
    standing = (
        restriction(Cause.DISCONNECT, TradingState.REDUCING),
        restriction(Cause.OPERATOR, TradingState.HALTED),
        restriction(Cause.RECONCILIATION, TradingState.ACTIVE),
    )
    for order in permutations(standing):
        causes = {one.cause: one for one in order}
        assert most_restrictive(causes) is TradingState.HALTED
