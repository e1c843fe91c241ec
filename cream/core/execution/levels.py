"""At which prices does a position have to be closed, and whose prices are they?"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from enum import Enum

from attrs import field, frozen

from cream.core.exchange.alpaca_rules import tick_size
from cream.core.model.instrument import Equity, Instrument, OptionContract, OptionRight
from cream.core.model.market import Quote
from cream.core.model.money import round_to_tick_down, round_to_tick_up
from cream.core.model.order import OrderTerms
from cream.core.model.plan import Guard, RiskDenomination

_PERCENT = Decimal(100)


class Trigger(Enum):
    """What made a position due to be closed."""

    STOP_LOSS = "stop_loss"
    TAKE_PROFIT = "take_profit"
    TIME_STOP = "time_stop"


class TriggerPrice(Enum):
    """Which price reaches a level: the side at which it could be closed, or the last trade."""

    EXECUTABLE = "executable"
    LAST = "last"


@frozen(kw_only=True)
class Protection:
    """The levels that guard one position. Units: dollars per share of `watched`.

    `exit_order_id` is the exit that a reached level caused: while it works, nothing else fires.
    `best` is the best price since a trailing stop began, None before its first quote.
    """

    instrument: Instrument
    watched: str
    stop_loss: Decimal | None
    take_profit: Decimal | None
    entry_order_id: str
    exit_order_id: str | None = None
    guard: Guard = field(factory=Guard)
    best: Decimal | None = None

    @property
    def watched_instrument(self) -> Instrument:
        """Whose prices the levels are."""
        own = self.watched == self.instrument.symbol
        return self.instrument if own else Equity(self.watched)


class Protections(dict[str, Protection]):
    """Protections by the symbol of their position, and which of them watch a symbol."""

    def __init__(self) -> None:
        super().__init__()
        self._watching: dict[str, dict[str, None]] = {}

    def __setitem__(self, symbol: str, protection: Protection) -> None:
        self._forget(symbol)
        super().__setitem__(symbol, protection)
        self._watching.setdefault(protection.watched, {})[symbol] = None

    def drop(self, symbol: str) -> None:
        """Guard `symbol` no more, if it was."""
        self._forget(symbol)
        self.pop(symbol, None)

    def watching(self, watched: str) -> Iterator[str]:
        """Positions whose levels are prices of `watched`."""
        return iter(tuple(self._watching.get(watched, ())))

    def _forget(self, symbol: str) -> None:
        before = self.get(symbol)
        if before is not None:
            others = self._watching[before.watched]
            del others[symbol]
            if not others:
                del self._watching[before.watched]


def protection_from(terms: OrderTerms) -> Protection | None:
    """The protection that an entry with these terms asks for; None where there is none.

    Legs that are opened together bound each other's loss: they have no levels.
    """
    guard = terms.guard
    if terms.stop_loss is None and terms.take_profit is None and guard.exit_at is None:
        return None
    instrument = terms.instrument
    if terms.legs:
        opening = terms.opening_legs
        if len(opening) != 1:
            return None
        instrument = opening[0].contract
    by_option = terms.denomination is RiskDenomination.OPTION_PRICE
    watched = instrument.symbol
    if isinstance(instrument, OptionContract) and not by_option:
        watched = instrument.underlying
    return Protection(
        instrument=instrument,
        watched=watched,
        stop_loss=terms.stop_loss,
        take_profit=terms.take_profit,
        entry_order_id=terms.parent_order_id or terms.order_id,
        guard=guard,
    )


def rises_with(protection: Protection, quantity: Decimal) -> bool:
    """Whether the position gains when the watched price rises.

    A long put held against levels of its underlying gains when that falls.
    """
    long = quantity > 0
    instrument = protection.instrument
    if isinstance(instrument, OptionContract) and protection.watched == instrument.underlying:
        return long == (instrument.right is OptionRight.CALL)
    return long


def stop_level(protection: Protection, quantity: Decimal) -> Decimal | None:
    """Where the stop stands now: it follows the best price and never goes back."""
    stop, best, guard = protection.stop_loss, protection.best, protection.guard
    if best is None or not guard.trails:
        return stop
    rising = rises_with(protection, quantity)
    distance = guard.trail_price
    if distance is None:
        distance = best * (guard.trail_percent or Decimal(0)) / _PERCENT
    tick = tick_size(protection.watched_instrument, best)
    # On the venue's grid and nearer to the price, so that it is reached no later than asked for.
    if rising:
        followed = round_to_tick_up(best - distance, tick)
        return followed if stop is None else max(stop, followed)
    followed = round_to_tick_down(best + distance, tick)
    return followed if stop is None else min(stop, followed)


def price_of(
    protection: Protection, quantity: Decimal, quote: Quote, by: TriggerPrice
) -> Decimal | None:
    """The price of `quote` that levels are compared with; None where it has none to go by.

    The executable side is the bid where the position gains with rising prices, the ask where it
    gains with falling ones. A quote without a last trade is judged by that side too.
    """
    if quote.is_crossed:
        return None
    price = quote.bid if rises_with(protection, quantity) else quote.ask
    if by is TriggerPrice.LAST and quote.last is not None:
        price = quote.last
    return price if price > 0 else None


def reached(
    protection: Protection,
    quantity: Decimal,
    quote: Quote,
    by: TriggerPrice = TriggerPrice.EXECUTABLE,
) -> tuple[Trigger, Decimal, Decimal] | None:
    """The level that `quote` has reached, as (which, level, price), or None.

    The stop is looked at first.
    """
    price = price_of(protection, quantity, quote, by)
    if price is None:
        return None
    rising = rises_with(protection, quantity)
    stop, target = stop_level(protection, quantity), protection.take_profit
    if stop is not None and (price <= stop if rising else price >= stop):
        return Trigger.STOP_LOSS, stop, price
    if target is not None and (price >= target if rising else price <= target):
        return Trigger.TAKE_PROFIT, target, price
    return None


@frozen
class Calm:
    """Between which prices, themselves left out, a quote reaches no level of a position.

    None: there is no level on that side. `rising`: the position gains when the price rises.
    """

    rising: bool
    low: Decimal | None
    high: Decimal | None

    def holds(self, quote: Quote, by: TriggerPrice) -> bool:
        """Whether `quote` reaches nothing: `reached` would say None."""
        price = quote.bid if self.rising else quote.ask
        if by is TriggerPrice.LAST and quote.last is not None:
            price = quote.last
        if self.low is not None and price <= self.low:
            return False
        return self.high is None or price < self.high


def calm_of(protection: Protection, quantity: Decimal) -> Calm | None:
    """Where nothing happens; None for stops that move with the price."""
    if protection.guard.trails:
        return None
    rising = rises_with(protection, quantity)
    stop, target = protection.stop_loss, protection.take_profit
    return Calm(rising, stop, target) if rising else Calm(rising, target, stop)


def better_price(
    protection: Protection, quantity: Decimal, quote: Quote, by: TriggerPrice
) -> Decimal | None:
    """The price of `quote` if it moves a trailing stop, else None.

    What moves it by less than the venue's tick is not worth a record.
    """
    if not protection.guard.trails:
        return None
    price = price_of(protection, quantity, quote, by)
    best = protection.best
    if price is None:
        return None
    if best is None:
        return price
    rising = rises_with(protection, quantity)
    tick = tick_size(protection.watched_instrument, best)
    moved = price - best if rising else best - price
    return price if moved >= tick else None


def is_out_of_time(protection: Protection, now: datetime) -> bool:
    """Whether the position was to be closed by now, whatever its price."""
    return protection.guard.exit_at is not None and now >= protection.guard.exit_at
