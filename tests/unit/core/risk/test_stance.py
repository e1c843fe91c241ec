from decimal import Decimal

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from cream.core.model.order import Side
from cream.core.model.plan import Action, Direction, PositionIntent
from cream.core.risk.stance import Effect, Fault, Stance, stance_of
from tests.unit.core.risk.scenes import VERTICAL_CLOSING, decision, spread

LONG, SHORT, FLAT = Direction.LONG, Direction.SHORT, Direction.FLAT
BUY, SELL = Action.BUY, Action.SELL
MISMATCH, NOT_HELD = "DIRECTION_ACTION_MISMATCH", "POSITION_MISMATCH"
OPENS_LONG, OPENS_SHORT = "buy_to_open", "sell_to_open"
CLOSES_LONG, CLOSES_SHORT = "sell_to_close", "buy_to_close"


@pytest.mark.parametrize(
    ("action", "direction", "when_flat", "when_long", "when_short"),
    [
        (BUY, LONG, OPENS_LONG, OPENS_LONG, NOT_HELD),
        (BUY, SHORT, NOT_HELD, NOT_HELD, CLOSES_SHORT),
        (BUY, FLAT, MISMATCH, MISMATCH, MISMATCH),
        (SELL, SHORT, OPENS_SHORT, NOT_HELD, OPENS_SHORT),
        (SELL, LONG, NOT_HELD, CLOSES_LONG, NOT_HELD),
        (SELL, FLAT, MISMATCH, MISMATCH, MISMATCH),
        (Action.CLOSE, FLAT, NOT_HELD, CLOSES_LONG, CLOSES_SHORT),
        (Action.CLOSE, LONG, NOT_HELD, CLOSES_LONG, NOT_HELD),
        (Action.CLOSE, SHORT, NOT_HELD, NOT_HELD, CLOSES_SHORT),
        (Action.INCREASE, LONG, OPENS_LONG, OPENS_LONG, NOT_HELD),
        (Action.INCREASE, SHORT, OPENS_SHORT, NOT_HELD, OPENS_SHORT),
        (Action.INCREASE, FLAT, NOT_HELD, OPENS_LONG, OPENS_SHORT),
        (Action.REDUCE, LONG, NOT_HELD, CLOSES_LONG, NOT_HELD),
        (Action.REDUCE, SHORT, NOT_HELD, NOT_HELD, CLOSES_SHORT),
        (Action.REDUCE, FLAT, NOT_HELD, CLOSES_LONG, CLOSES_SHORT),
        (Action.HOLD, LONG, MISMATCH, MISMATCH, MISMATCH),
        (Action.NO_TRADE, FLAT, MISMATCH, MISMATCH, MISMATCH),
    ],
)
def test_the_side_follows_from_action_direction_and_holding(
    action: Action, direction: Direction, when_flat: str, when_long: str, when_short: str
) -> None:
    asked = decision(action=action, direction=direction)

    def word(held: int) -> str:
        stance = stance_of(asked, Decimal(held))
        return stance.code if isinstance(stance, Fault) else stance.intent.value

    assert (word(0), word(20), word(-20)) == (when_flat, when_long, when_short)


@given(st.sampled_from(Action), st.sampled_from(Direction), st.integers(-5, 5))
def test_an_exit_always_goes_against_what_is_held(
    action: Action, direction: Direction, held: int
) -> None:
    """And an entry never does."""
    stance = stance_of(decision(action=action, direction=direction), Decimal(held))

    if isinstance(stance, Stance):
        against = stance.side.sign * held < 0
        assert against == (stance.effect is Effect.REDUCE)


@pytest.mark.parametrize(
    ("action", "closing", "expected"),
    [
        (Action.BUY, False, Effect.INCREASE),
        (Action.SELL, False, Effect.INCREASE),
        (Action.INCREASE, False, Effect.INCREASE),
        (Action.CLOSE, False, MISMATCH),
        (Action.REDUCE, False, MISMATCH),
        (Action.BUY, True, Effect.REDUCE),
        (Action.SELL, True, Effect.REDUCE),
        (Action.CLOSE, True, Effect.REDUCE),
        (Action.REDUCE, True, Effect.REDUCE),
        (Action.INCREASE, True, MISMATCH),
    ],
)
def test_the_legs_of_a_spread_say_whether_it_opens(
    action: Action, closing: bool, expected: Effect | str
) -> None:
    """A spread is bought whichever way: its legs carry the signs."""
    asked = spread(legs=VERTICAL_CLOSING) if closing else spread()

    stance = stance_of(evolve(asked, action=action), Decimal(0))

    if isinstance(stance, Fault):
        assert stance.code == expected
    else:
        assert (stance.effect, stance.side) == (expected, Side.BUY)


def test_a_fault_says_what_is_held() -> None:
    stance = stance_of(decision(), Decimal(-7))

    assert isinstance(stance, Fault)
    assert stance.observed == -7
    assert "a short position of 7" in stance.message


def test_each_stance_has_the_brokers_word() -> None:
    assert Stance(Effect.REDUCE, Side.SELL).intent is PositionIntent.SELL_TO_CLOSE
