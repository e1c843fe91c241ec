"""What do intents buy and sell, instrument by instrument?"""

from collections.abc import Iterable
from decimal import Decimal

from attrs import define

from cream.core.model.instrument import Instrument
from cream.core.model.money import ZERO
from cream.core.model.side import BUY
from cream.core.risk.intents import Intent


@define
class Moves:
    """Units of one instrument bought and sold."""

    instrument: Instrument
    bought: Decimal = ZERO
    sold: Decimal = ZERO

    @property
    def units(self) -> Decimal:
        """Both together."""
        return self.bought + self.sold


def moves_of(intents: Iterable[Intent]) -> dict[str, Moves]:
    """What these intents buy and sell, symbol by symbol."""
    moves: dict[str, Moves] = {}
    for intent in intents:
        if not intent.is_spread:
            assert intent.stance is not None, "only what was worked out is added up"
            assert intent.quantity is not None, "only what was sized is added up"
            move = moves.get(intent.instrument.symbol)
            if move is None:
                move = moves[intent.instrument.symbol] = Moves(intent.instrument)
            if intent.stance.side is BUY:
                move.bought += intent.quantity
            else:
                move.sold += intent.quantity
            continue
        for instrument, quantity in intent.contracts():
            move = moves.setdefault(instrument.symbol, Moves(instrument))
            if quantity > 0:
                move.bought += quantity
            else:
                move.sold -= quantity
    return moves
