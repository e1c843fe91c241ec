"""What does the simulated venue do when a holder exercises options?

The contracts go, and the shares they are about change hands at the strike, at once. As at Alpaca:
only what is held and free, only while the market has not closed for the day, and only if the
account can carry what it gets.

Source: docs.alpaca.markets, Options Trading, 2026-11 (exercise, do not exercise).
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from attrs import frozen

from cream.core.exchange.admission import held_for_orders
from cream.core.exchange.calendar import SessionMode, Sessions
from cream.core.exchange.margin import SHARE_MARGIN
from cream.core.exchange.venue_book import VenueBook
from cream.core.model.broker import Refused
from cream.core.model.instrument import (
    CONTRACT_MULTIPLIER,
    Equity,
    Instrument,
    OptionContract,
    OptionRight,
)
from cream.core.model.order import Side
from cream.core.options.occ import NEW_YORK, expires_at


@frozen(kw_only=True)
class ExerciseDesk:
    """What an instruction is judged by. `excess` is what the account has left in dollars."""

    book: VenueBook
    sessions: Sessions
    mark_of: Callable[[Instrument], Decimal | None]
    excess: Decimal

    def exercise(
        self, contract: OptionContract, quantity: Decimal, now: datetime
    ) -> Refused | None:
        """Exercise so many contracts now, or say why not."""
        refusal = self._refusal(contract, quantity, now) or self._cannot_carry(contract, quantity)
        if refusal is not None:
            return refusal
        self.book.deliver(contract, quantity, now)
        return None

    def may_abstain(self, contract: OptionContract, now: datetime) -> Refused | None:
        """Why the holder cannot say that this is not to be exercised at its end; None if he can."""
        if now.astimezone(NEW_YORK).date() != contract.expiration:
            return Refused("NOT_ON_EXPIRY_DAY", "do-not-exercise is taken on expiration day only")
        return self._refusal(contract, Decimal(1), now)

    def _refusal(
        self, contract: OptionContract, quantity: Decimal, now: datetime
    ) -> Refused | None:
        symbol = contract.symbol
        held = self.book.account.held(symbol)
        if held <= 0:
            return Refused("POSITION_NOT_FOUND", f"no long position in {symbol}")
        if expires_at(contract) <= now:
            return Refused("CONTRACT_EXPIRED", f'contract "{symbol}" is expired')
        if self.sessions.mode is SessionMode.CALENDAR:
            close = self.sessions.close_of(now.astimezone(NEW_YORK).date())
            if close is not None and now >= close:
                return Refused("MARKET_CLOSED", "instructions are refused from close to midnight")
        free = held - held_for_orders(symbol, Side.SELL, self.book.open_on(contract.underlying))
        if quantity > free:
            return Refused("INSUFFICIENT_QTY", f"{free:f} of {symbol} are free, not {quantity:f}")
        return None

    def _cannot_carry(self, contract: OptionContract, quantity: Decimal) -> Refused | None:
        """A call needs cash or margin for its shares, a put the shares (none are sold short)."""
        shares = quantity * CONTRACT_MULTIPLIER
        if contract.right is OptionRight.PUT:
            held = self.book.account.held(contract.underlying)
            if held >= shares:
                return None
            return Refused("INSUFFICIENT_QTY", f"{shares:f} shares to deliver, {held:f} are held")
        mark = self.mark_of(Equity(contract.underlying)) or contract.strike
        needed = shares * (contract.strike - (1 - SHARE_MARGIN) * mark)
        if needed > self.excess:
            message = f"insufficient buying power (required: {needed:.2f})"
            return Refused("INSUFFICIENT_BUYING_POWER", message)
        return None
