"""Does a decision add to what is held or take from it, and on which side of the market?

The side follows from the action, the side of the position that is meant, and what is held: never
from the direction alone. A pair that means nothing is a fault, and so is one that means a holding
which is not there.
"""

from decimal import Decimal
from enum import Enum
from typing import Final, assert_never

from attrs import field, frozen

from cream.core.model.money import ZERO
from cream.core.model.order import Side
from cream.core.model.plan import Action, Decision, Direction, PositionIntent
from cream.core.model.side import BUY, SELL
from cream.core.model.verdict import Unit
from cream.core.options.spread import all_close

MISMATCH = "DIRECTION_ACTION_MISMATCH"
NOT_HELD = "POSITION_MISMATCH"


class Effect(Enum):
    """What an order does to the risk of its position."""

    INCREASE = "INCREASE"
    REDUCE = "REDUCE"


INCREASE: Final = Effect.INCREASE


@frozen
class Stance:
    """What a decision comes to. `intent` is the broker's word for it."""

    effect: Effect
    side: Side
    intent: PositionIntent = field(init=False, eq=False)

    def __attrs_post_init__(self) -> None:
        buy, sell = PositionIntent.BUY_TO_CLOSE, PositionIntent.SELL_TO_CLOSE
        if self.effect is INCREASE:
            buy, sell = PositionIntent.BUY_TO_OPEN, PositionIntent.SELL_TO_OPEN
        object.__setattr__(self, "intent", buy if self.side is BUY else sell)


@frozen(kw_only=True)
class Fault:
    """Why a decision cannot become an order, whatever the limits are.

    `field` is the decision's field at fault.
    """

    code: str
    message: str
    field: str = "action"
    observed: Decimal | None = None
    limit: Decimal | None = None
    unit: Unit = Unit.NONE


_BUY, _LONG = Action.BUY, Direction.LONG
_OPEN_LONG = Stance(Effect.INCREASE, BUY)
_OPEN_SHORT = Stance(Effect.INCREASE, SELL)
_CLOSE_LONG = Stance(Effect.REDUCE, SELL)
_CLOSE_SHORT = Stance(Effect.REDUCE, BUY)


def stance_of(decision: Decision, held: Decimal) -> Stance | Fault:
    """What `decision` comes to with `held` (signed) in its instrument."""
    if decision.legs:
        return _stance_of_legs(decision)
    action, direction = decision.action, decision.direction
    if action is _BUY and direction is _LONG and held >= ZERO:
        return _OPEN_LONG  # What most plans ask for.
    match action:
        case Action.BUY | Action.SELL if direction is Direction.FLAT:
            return _incoherent(action, direction, "say LONG or SHORT, or use CLOSE")
        case Action.BUY if direction is Direction.LONG:
            return _opening(_OPEN_LONG, held)
        case Action.SELL if direction is Direction.SHORT:
            return _opening(_OPEN_SHORT, held)
        case Action.BUY | Action.SELL | Action.CLOSE | Action.REDUCE:
            return _closing(decision, held)
        case Action.INCREASE:
            return _increasing(decision, held)
        case Action.HOLD | Action.NO_TRADE:
            return _incoherent(action, direction, "it asks for no order")
    assert_never(action)


def _stance_of_legs(decision: Decision) -> Stance | Fault:
    """A spread is always bought: its legs say what opens and what closes."""
    closing = all_close(decision.legs)
    action = decision.action
    if closing and action is Action.INCREASE:
        return _incoherent(action, decision.direction, "its legs close positions")
    if not closing and action in (Action.CLOSE, Action.REDUCE):
        return _incoherent(action, decision.direction, "its legs open positions")
    return Stance(Effect.REDUCE if closing else Effect.INCREASE, BUY)


def _opening(stance: Stance, held: Decimal) -> Stance | Fault:
    """Adding to a side while the other is held is no order: a venue takes no flip in one."""
    if held * stance.side.sign < 0:
        return Fault(
            code=NOT_HELD,
            message=f"{_words(held)} is held: close it first, open the other side then",
            observed=held,
            unit=Unit.UNITS,
        )
    return stance


def _increasing(decision: Decision, held: Decimal) -> Stance | Fault:
    direction = decision.direction
    if direction is Direction.LONG:
        return _opening(_OPEN_LONG, held)
    if direction is Direction.SHORT:
        return _opening(_OPEN_SHORT, held)
    if held:
        return _OPEN_LONG if held > 0 else _OPEN_SHORT
    return _missing("INCREASE adds to a position, and none is held", held)


def _closing(decision: Decision, held: Decimal) -> Stance | Fault:
    direction = decision.direction
    if held == 0:
        return _missing(f"{decision.action.value} reduces a position, and none is held", held)
    if (direction is Direction.LONG and held < 0) or (direction is Direction.SHORT and held > 0):
        return _missing(f"a {direction.value} position is meant, {_words(held)} is held", held)
    return _CLOSE_LONG if held > 0 else _CLOSE_SHORT


def _missing(message: str, held: Decimal) -> Fault:
    return Fault(code=NOT_HELD, message=message, observed=held, unit=Unit.UNITS)


def _incoherent(action: Action, direction: Direction, why: str) -> Fault:
    return Fault(
        code=MISMATCH, message=f"{action.value} with {direction.value} means nothing: {why}"
    )


def _words(held: Decimal) -> str:
    return f"a {'long' if held > 0 else 'short'} position of {abs(held):f}"
