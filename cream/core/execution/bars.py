"""Which level does a bar reach, and at what price would the position have been closed?

A bar says where the price began, ended, and how far it went, not in which order. Where it reached
both the stop and the target, a policy says which came first.
"""

from decimal import Decimal
from enum import Enum
from typing import assert_never

from attrs import frozen

from cream.core.execution.levels import Trigger


class SameBarPriority(Enum):
    """Which level counts where one bar reached both.

    HIGH_LOW_ORDER reads an up bar as low before high and any other as high before low.
    """

    STOP_FIRST = "stop_first"
    TARGET_FIRST = "target_first"
    HIGH_LOW_ORDER = "high_low_order"


@frozen(kw_only=True)
class Bar:
    """The prices of one stretch of time. Units: dollars per share."""

    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal


@frozen
class BarExit:
    """What was reached, and the price there: the level, or the open of a bar that began past it."""

    trigger: Trigger
    price: Decimal


def first_reached(
    bar: Bar,
    *,
    stop: Decimal | None,
    target: Decimal | None,
    rising: bool,
    priority: SameBarPriority,
) -> BarExit | None:
    """What `bar` does first to a position that gains with rising prices, or with falling ones.

    A bar that opens past a level has reached it before anything else in it.
    """
    sign = 1 if rising else -1
    adverse, favourable = (bar.low, bar.high) if rising else (bar.high, bar.low)
    stopped = stop is not None and sign * adverse <= sign * stop
    taken = target is not None and sign * favourable >= sign * target
    if stop is not None and stopped and sign * bar.open <= sign * stop:
        return BarExit(Trigger.STOP_LOSS, bar.open)
    if target is not None and taken and sign * bar.open >= sign * target:
        return BarExit(Trigger.TAKE_PROFIT, bar.open)
    if stop is not None and stopped and not (taken and _target_first(bar, rising, priority)):
        return BarExit(Trigger.STOP_LOSS, stop)
    if target is not None and taken:
        return BarExit(Trigger.TAKE_PROFIT, target)
    return None


def low_comes_first(bar: Bar, *, rising: bool, priority: SameBarPriority) -> bool:
    """Whether `bar` reached its low before its high, for a position that gains with rising prices,
    or with falling ones.
    """
    match priority:
        case SameBarPriority.STOP_FIRST:
            return rising
        case SameBarPriority.TARGET_FIRST:
            return not rising
        case SameBarPriority.HIGH_LOW_ORDER:
            return bar.close > bar.open
        case _:
            assert_never(priority)


def _target_first(bar: Bar, rising: bool, priority: SameBarPriority) -> bool:
    return low_comes_first(bar, rising=rising, priority=priority) is not rising
