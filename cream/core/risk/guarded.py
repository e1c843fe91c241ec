"""Where do the stop and the target of an entry stand, and against which prices?"""

from decimal import Decimal
from typing import NamedTuple

from cream.core.model.instrument import Equity
from cream.core.model.money import ZERO
from cream.core.model.side import BUY, SELL
from cream.core.risk.intents import Intent
from cream.core.risk.orders import gains_up, watched_by
from cream.core.risk.view import Scene


class Guarded(NamedTuple):
    """An entry that is no spread, with its levels. Units: dollars per share.

    `reference` is the price that levels are held against: the entry, or the underlying's market.
    `nearest` is that, or the price at which the position could be closed now if that is nearer.
    `up` says whether the position gains when the watched price rises; `by_underlying` whether that
    is not the price of what is bought.
    """

    intent: Intent
    stop: Decimal | None
    target: Decimal | None
    reference: Decimal | None
    nearest: Decimal | None
    up: bool
    by_underlying: bool

    @property
    def stands(self) -> bool:
        """Whether there is a stop, and it and the target stand where they belong, beyond doubt."""
        stop, nearest = self.stop, self.nearest
        if stop is None or nearest is None or not (stop < nearest if self.up else stop > nearest):
            return False
        return self.target is None or self.is_beyond

    @property
    def is_behind(self) -> bool:
        """Whether the stop lies where the position loses, as seen from the reference."""
        stop, entry = self.stop, self.reference
        if stop is None or entry is None:
            return False
        return stop < entry if self.up else stop > entry

    @property
    def is_beyond(self) -> bool:
        """Whether the target lies where the position gains, as seen from the reference."""
        target, entry = self.target, self.reference
        if target is None or entry is None:
            return False
        return target > entry if self.up else ZERO < target < entry


def guarded_of(intent: Intent, scene: Scene) -> Guarded | None:
    """The levels of `intent`; None for a spread, and where its levels could not be worked out.

    Notes with the intent what is lost if the stop is reached.
    """
    stance, levels = intent.stance, intent.levels
    if stance is None or levels is None or intent.is_spread:
        return None
    side, decision, instrument = stance.side, intent.decision, intent.instrument
    of_shares = isinstance(instrument, Equity)
    watched = instrument if of_shares else watched_by(decision)
    by_underlying = watched is not instrument
    if by_underlying:
        reference = nearest = scene.prices.of(watched.symbol).mid
    else:
        reference = nearest = intent.entry
        buys = side is BUY
        market = scene.prices.of(watched.symbol).far_side(SELL if buys else BUY)
        if reference is not None and market is not None:
            nearer = market < reference if buys else market > reference
            nearest = market if nearer else reference
    stop, up = levels.stop_loss, side is BUY if of_shares else gains_up(decision, side)
    if stop is not None and reference is not None and intent.quantity is not None:
        loss = abs(reference - stop)
        if by_underlying and intent.entry is not None:
            # An option moves no more than its underlying; a bought one loses no more than it cost.
            loss = min(loss, intent.entry)
        if not of_shares:
            loss *= instrument.multiplier
        intent.risk = loss * intent.quantity
    return Guarded(intent, stop, levels.take_profit, reference, nearest, up, by_underlying)
