"""What does the simulated account hold, and what can it still do?

Cash moves by executions, settlements and charges, and by nothing else. Figures follow from cash,
positions and marks at the moment they are asked for.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import ROUND_DOWN, Decimal

from attrs import define, evolve, field, frozen

from cream.core.exchange.margin import (
    MULTIPLIER,
    SHARE_MARGIN,
    OptionHolding,
    option_requirement,
)
from cream.core.model.account import Account
from cream.core.model.instrument import Equity, Instrument, OptionContract
from cream.core.model.money import ZERO, trim
from cream.core.model.order import Side
from cream.core.model.position import Position
from cream.core.options.occ import expires_at

# Paper accounts at Alpaca begin with PA; there is one simulated account.
ACCOUNT_ID = "PA-SIMULATED"
# Short sales and spreads need a margin account, which needs this much equity (FINRA 4210).
MIN_MARGIN_EQUITY = Decimal(2000)
_CENT = Decimal("0.01")

MarkOf = Callable[[Instrument], Decimal | None]


@frozen(kw_only=True)
class Settlement:
    """An option that ended: its contracts are gone, and `price` per share was paid in cash."""

    contract: OptionContract
    quantity: Decimal
    price: Decimal
    settled_at: datetime


@frozen(kw_only=True)
class Ledger:
    """What an account has beside its positions. Units: dollars.

    `abstained` are the contracts that their holder does not want exercised at their end.
    """

    cash: Decimal
    last_equity: Decimal
    equity_day: date | None = None
    abstained: tuple[OptionContract, ...] = ()


@define
class VenueAccount:
    """Cash and positions. `positions` keeps flat ones, for what they earned."""

    ledger: Ledger
    positions: dict[str, Position] = field(factory=dict)

    def held(self, symbol: str) -> Decimal:
        """Signed shares or contracts of `symbol`."""
        position = self.positions.get(symbol)
        return position.quantity if position is not None else ZERO

    def book(
        self,
        instrument: Instrument,
        side: Side,
        quantity: Decimal,
        price: Decimal,
        commission: Decimal = ZERO,
    ) -> None:
        """Take an execution in: cash against shares or contracts, less what it cost."""
        signed = side.sign * quantity
        symbol = instrument.symbol
        position = self.positions.get(symbol) or Position(instrument=instrument)
        self.positions[symbol] = position.filled(signed, price)
        cash = self.ledger.cash - signed * price * instrument.multiplier - commission
        self.ledger = evolve(self.ledger, cash=cash)

    def requirement_of(
        self, underlying: str, changes: Sequence[OptionHolding], shares_sold: Decimal = ZERO
    ) -> Decimal | None:
        """What the options on `underlying` can lose with `changes` added to them.

        None where the loss has no bound. `shares_sold` no longer cover calls.
        """
        shares = self.held(underlying) - shares_sold
        return option_requirement(self._options_on(underlying, changes), shares)

    def excess(self, mark_of: MarkOf, reserved: Decimal) -> Decimal:
        """What is left of the account beyond margin and reservations. Units: dollars."""
        free = self.ledger.cash - reserved
        for position in self.positions.values():
            if isinstance(position.instrument, Equity) and position.quantity:
                value = position.market_value(self._mark(position, mark_of))
                free += value - SHARE_MARGIN * abs(value)
        return free - self._options_can_lose()

    def equity(self, mark_of: MarkOf) -> Decimal:
        """Cash and everything held at its mark. Units: dollars."""
        values = (
            position.market_value(self._mark(position, mark_of))
            for position in self.positions.values()
            if position.quantity
        )
        return self.ledger.cash + sum(values, ZERO)

    def figures(self, mark_of: MarkOf, reserved: Decimal, now: datetime) -> Account:
        """The account as the broker shows it. Margin used is equity less what is free."""
        equity = self.equity(mark_of)
        excess = self.excess(mark_of, reserved)
        margin_used = equity - self.excess(mark_of, ZERO)
        return Account(
            account_id=ACCOUNT_ID,
            equity=trim(equity),
            cash=trim(self.ledger.cash),
            buying_power=(max(ZERO, excess) * MULTIPLIER).quantize(_CENT, ROUND_DOWN),
            margin_used=trim(margin_used),
            last_equity=trim(self.ledger.last_equity),
            as_of=now,
            shorting_enabled=equity >= MIN_MARGIN_EQUITY,
        )

    def charge(self, amount: Decimal) -> None:
        """Take dollars out, for what is no trade."""
        self.ledger = evolve(self.ledger, cash=self.ledger.cash - amount)

    def abstain(self, contract: OptionContract) -> None:
        """The contract is not to be exercised at its end."""
        others = tuple(one for one in self.ledger.abstained if one != contract)
        self.ledger = evolve(self.ledger, abstained=(*others, contract))

    def forget_abstained(self, moment: datetime) -> bool:
        """Nothing need be remembered of what has ended by `moment`. True if anything was."""
        kept = tuple(one for one in self.ledger.abstained if expires_at(one) > moment)
        forgets = kept != self.ledger.abstained
        self.ledger = evolve(self.ledger, abstained=kept)
        return forgets

    def begin_day(self, day: date, mark_of: MarkOf) -> bool:
        """Note yesterday's closing equity once `day` has begun. True if it was news."""
        if self.ledger.equity_day == day:
            return False
        first = self.ledger.equity_day is None
        last = self.ledger.last_equity if first else self.equity(mark_of)
        self.ledger = evolve(self.ledger, last_equity=last, equity_day=day)
        return True

    def _options_can_lose(self) -> Decimal:
        underlyings = dict.fromkeys(
            position.instrument.underlying
            for position in self.positions.values()
            if position.quantity and isinstance(position.instrument, OptionContract)
        )
        # An unbounded loss cannot be opened; should shares that covered a call be gone all the
        # same, everything is tied up.
        return sum(
            (self._bounded(self.requirement_of(underlying, ())) for underlying in underlyings),
            ZERO,
        )

    def _bounded(self, requirement: Decimal | None) -> Decimal:
        return self.ledger.cash if requirement is None else requirement

    def _options_on(self, underlying: str, changes: Sequence[OptionHolding]) -> list[OptionHolding]:
        quantities: dict[OptionContract, Decimal] = {}
        for position in self.positions.values():
            contract = position.instrument
            if isinstance(contract, OptionContract) and contract.underlying == underlying:
                quantities[contract] = position.quantity
        for change in changes:
            before = quantities.get(change.contract, ZERO)
            quantities[change.contract] = before + change.quantity
        return [OptionHolding(contract, quantity) for contract, quantity in quantities.items()]

    @staticmethod
    def _mark(position: Position, mark_of: MarkOf) -> Decimal:
        mark = mark_of(position.instrument)
        return mark if mark is not None else position.average_price


def flat_ledger(cash: Decimal) -> Ledger:
    """The ledger of a new account."""
    return Ledger(cash=cash, last_equity=cash)
