"""At what price does an order of a backtest really trade, when may it, and what does it cost?

Whoever takes any price (at the market, or at a stop that was reached) gives way by the slippage,
within what the bar has traded at; a limit is never passed. An order that was given within a bar
trades from the next bar on: where in the bar its price was, nobody knows.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from attrs import define, field, frozen

from cream.core.backtest.tape import Tape
from cream.core.exchange.alpaca_rules import tick_size
from cream.core.exchange.venue_order import VenueOrder
from cream.core.execution.bars import SameBarPriority
from cream.core.model.instrument import Instrument
from cream.core.model.money import ZERO, round_to_tick_down, round_to_tick_up
from cream.core.model.order import OrderTerms, Side

_BASIS_POINTS = Decimal(10_000)

# Dollars for an execution: instrument, side, quantity, price, and when, as fees have their dates.
Fee = Callable[[Instrument, Side, Decimal, Decimal, datetime], Decimal]


def no_fee(
    _instrument: Instrument, _side: Side, _quantity: Decimal, _price: Decimal, _at: datetime
) -> Decimal:
    """As at the simulated broker."""
    return ZERO


@frozen(kw_only=True)
class Assumptions:
    """What bars do not tell. Units: basis points of the price; part of a bar's volume; dollars."""

    slippage_bps: Decimal = Decimal(5)
    participation: Decimal = Decimal("0.10")
    priority: SameBarPriority = SameBarPriority.STOP_FIRST
    fee: Fee = no_fee


@define(eq=False)
class Dealing:
    """The house rules of a backtest's venue.

    `live` are the symbols whose price is that of this very instant: all whose bars begin or end
    now, or the one whose inside is gone through (`walking`). What is not live does not trade: its
    price belongs to another instant. `deciding` while a plan is decided on.
    """

    tape: Tape
    assumptions: Assumptions
    live: frozenset[str] = frozenset()
    walking: bool = False
    deciding: bool = False
    # By client id: until when an order waits for the bars to end within which it was given.
    _until: dict[str, datetime] = field(factory=dict, init=False)
    # By client id: what is traded by an order that something else has caused within these bars.
    _at_close: dict[str, frozenset[str]] = field(factory=dict, init=False)

    def given(self, terms: OrderTerms) -> None:
        """An order is about to be sent."""
        symbols = frozenset(instrument.symbol for instrument, _, _ in terms.moves)
        bars = (self.tape.running(symbol) for symbol in symbols)
        ends = [bar.ends_at for bar in bars if bar is not None]
        # What protects works at once: its levels are watched through all of the bar anyway.
        if symbols <= self.live or not ends or terms.purpose.is_protective:
            return
        if self.deciding:
            self._until[terms.client_order_id] = max(ends)
        else:
            self._at_close[terms.client_order_id] = symbols

    def bars_ended(self) -> None:
        """What waited for the end of bars that are over waits no longer."""
        for one in [one for one, until in self._until.items() if until <= self.tape.now]:
            del self._until[one]
        over = [one for one, symbols in self._at_close.items() if not self._is_running(symbols)]
        for one in over:
            del self._at_close[one]

    def _is_running(self, symbols: frozenset[str]) -> bool:
        return any(self.tape.running(symbol) is not None for symbol in symbols)

    # What the venue asks ------------------------------------------------------------------------

    def holds_back(self, order: VenueOrder) -> bool:
        """Whether the price that the order would trade at is not known now."""
        if order.client_order_id in self._until:
            return True
        if self.walking and order.client_order_id in self._at_close:
            return True
        symbols = (instrument.symbol for instrument, _, _ in order.deltas(order.leaves))
        return not all(symbol in self.live for symbol in symbols)

    def price(self, order: VenueOrder, quoted: Decimal) -> Decimal:
        """`quoted`, less what an order without a limit gives away."""
        bar = self.tape.running(order.instrument.symbol)
        if order.limit_price is not None or bar is None:
            return quoted
        given_away = quoted * self.assumptions.slippage_bps / _BASIS_POINTS
        tick = tick_size(order.instrument, quoted)
        if order.side is Side.BUY:
            return min(round_to_tick_up(quoted + given_away, tick), bar.prices.high)
        return max(round_to_tick_down(quoted - given_away, tick), bar.prices.low)

    def commission(
        self, instrument: Instrument, side: Side, quantity: Decimal, price: Decimal, at: datetime
    ) -> Decimal:
        """By the fee that was given."""
        return self.assumptions.fee(instrument, side, quantity, price, at)
