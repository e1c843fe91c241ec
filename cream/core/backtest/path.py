"""Through which prices does a bar go, and in which order?

A bar tells its first price, its extremes and its last, not which extreme came first. The path goes
from the open to one extreme, to the other, and to the close, and stops at every level that somebody
waits for on the way: what trades there trades at that price and at no better one.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from attrs import define, field, frozen

from cream.core.execution.bars import Bar
from cream.core.model.instrument import Instrument


@frozen(kw_only=True)
class MarketBar:
    """One bar of one instrument. `ends_at` is no longer part of it. Units: shares, contracts."""

    instrument: Instrument
    starts_at: datetime
    ends_at: datetime
    prices: Bar
    volume: int

    @property
    def symbol(self) -> str:
        """The symbol of the instrument."""
        return self.instrument.symbol


@define
class Path:
    """A walk through one bar. `at` is where the price is; it begins at the open."""

    bar: Bar
    at: Decimal = field(init=False)
    _to_low: bool = field(init=False)
    _to_high: bool = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.at = self.bar.open
        self._to_low = self._to_high = True
        self._arrive(self.bar.open)

    def step(self, levels: Iterable[Decimal], *, low_first: bool) -> bool:
        """Go to the next level, or as far as the path leads in this direction.

        False once the bar is at its end. Who waits for what may change with every step, and so may
        the extreme that comes first while neither was reached.
        """
        goal = self._goal(low_first)
        if goal == self.at:
            return False
        between = [one for one in levels if min(self.at, goal) < one < max(self.at, goal)]
        nearest = min if goal > self.at else max
        self._arrive(nearest([*between, goal]))
        return True

    def _goal(self, low_first: bool) -> Decimal:
        if self._to_low and (low_first or not self._to_high):
            return self.bar.low
        return self.bar.high if self._to_high else self.bar.close

    def _arrive(self, price: Decimal) -> None:
        self.at = price
        self._to_low = self._to_low and price > self.bar.low
        self._to_high = self._to_high and price < self.bar.high
