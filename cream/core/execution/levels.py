"""At which prices does a position have to be closed, and whose prices are they?"""

from decimal import Decimal
from enum import Enum

from attrs import frozen

from cream.core.model.instrument import Instrument, OptionContract, OptionRight
from cream.core.model.market import Quote
from cream.core.model.order import OrderTerms
from cream.core.model.plan import RiskDenomination


class Trigger(Enum):
    """Which level was reached."""

    STOP_LOSS = "stop_loss"
    TAKE_PROFIT = "take_profit"


@frozen(kw_only=True)
class Protection:
    """The levels that guard one position. Units: dollars per share of `watched`.

    `exit_order_id` is the exit that a reached level caused: while it works, nothing else fires.
    """

    instrument: Instrument
    watched: str
    stop_loss: Decimal | None
    take_profit: Decimal | None
    entry_order_id: str
    exit_order_id: str | None = None


def protection_from(terms: OrderTerms) -> Protection | None:
    """The protection that an entry with these terms asks for; None where it has no levels."""
    if terms.stop_loss is None and terms.take_profit is None:
        return None
    instrument = terms.instrument
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


def reached(
    protection: Protection, quantity: Decimal, quote: Quote
) -> tuple[Trigger, Decimal, Decimal] | None:
    """The level that `quote` has reached, as (which, level, price), or None.

    Judged on the side at which the position could be closed: the bid where it gains with rising
    prices, the ask where it gains with falling ones. The stop is looked at first.
    """
    rising = rises_with(protection, quantity)
    price = quote.bid if rising else quote.ask
    if price <= 0 or quote.is_crossed:
        return None
    stop, target = protection.stop_loss, protection.take_profit
    if stop is not None and (price <= stop if rising else price >= stop):
        return Trigger.STOP_LOSS, stop, price
    if target is not None and (price >= target if rising else price <= target):
        return Trigger.TAKE_PROFIT, target, price
    return None
