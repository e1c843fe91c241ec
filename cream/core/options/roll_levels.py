"""Where do the stop and the target of a position stand once it has been rolled?

Levels in the price of the underlying are carried as they are. Those in the option's own price keep
their ratio to the premium, in whole cents, rounded so that they are reached no later.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from attrs import evolve, frozen

from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.model.money import ZERO
from cream.core.model.plan import Guard, RiskDenomination
from cream.core.options.roll_legs import CENT

NO_PREMIUM = "its levels are in its own price, and what it was opened at is unknown"


@frozen(kw_only=True)
class RollLevels:
    """Levels of a position. `premium` is what the option cost where they are in its own price."""

    stop_loss: Decimal | None
    take_profit: Decimal | None
    denomination: RiskDenomination
    guard: Guard
    premium: Decimal | None = None

    @property
    def are_own(self) -> bool:
        """Whether they are levels of the option's own price."""
        return self.denomination is RiskDenomination.OPTION_PRICE


class NotCarried(Exception):
    """That levels cannot be carried, and why."""


def carried(levels: RollLevels, premium: Decimal, *, owns: bool) -> RollLevels:
    """The levels of a position in the same kind of option that is opened at `premium`.

    Raises: NotCarried.
    """
    if not levels.are_own:
        return levels
    if levels.premium is None or levels.premium <= 0:
        raise NotCarried(NO_PREMIUM)
    if premium <= 0:
        raise NotCarried("its levels are in its own price, and the new one has none")
    ratio = premium / levels.premium
    sooner, later = (ROUND_CEILING, ROUND_FLOOR) if owns else (ROUND_FLOOR, ROUND_CEILING)
    guard = levels.guard
    new = evolve(
        levels,
        # What closes sooner is less risk: the stop and the target nearer to the price.
        stop_loss=_scaled(levels.stop_loss, ratio, sooner),
        take_profit=_scaled(levels.take_profit, ratio, later),
        premium=premium,
        guard=evolve(
            guard,
            trail_price=_scaled(guard.trail_price, ratio, ROUND_FLOOR),
            # A stop that sells at no less sells the sooner the less that is.
            stop_limit_price=_scaled(guard.stop_limit_price, ratio, later),
        ),
    )
    if new.guard.trail_price is not None and new.guard.trail_price <= 0:
        raise NotCarried("its stop would follow the price by less than a cent")
    return new


def fault_of(
    levels: RollLevels, contract: OptionContract, spot: Decimal, premium: Decimal, *, owns: bool
) -> str | None:
    """What keeps a position opened now at `premium` from having these levels, or None."""
    price, rises = premium, owns
    if not levels.are_own:
        price, rises = spot, owns == (contract.right is OptionRight.CALL)
    stop, target = levels.stop_loss, levels.take_profit
    for name, level, lies_below in (("stop", stop, rises), ("target", target, not rises)):
        if level is None:
            continue
        if level <= ZERO or (level >= price if lies_below else level <= price):
            return f"its {name} would be {level:f}, and the price is {price:f}"
    return None


def _scaled(level: Decimal | None, ratio: Decimal, rounding: str) -> Decimal | None:
    return None if level is None else (level * ratio).quantize(CENT, rounding)
