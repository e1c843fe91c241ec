"""What is an option strategy made of, and what can it gain and lose?

One `Strategy` is one unit: legs with ratios that share no divisor, and lots of 100 shares beside
them. Builders name the legs by their part and refuse what does not make the strategy; which
strategy a set of legs is, is decided in one place (`recognition`), for built and found legs alike.

Sign: one premium sign everywhere, the broker's: a net price is positive for a debit, negative for
a credit. Units: prices per share; profits, losses and margins in dollars for one unit, as positive
numbers.
"""

from collections.abc import Sequence
from decimal import Decimal
from enum import Enum
from math import gcd
from typing import TypeAlias

from attrs import frozen

from cream.core.model.instrument import CONTRACT_MULTIPLIER, OptionContract, OptionRight
from cream.core.model.money import ZERO
from cream.core.pricing.payoff import (
    Holding,
    as_holding,
    break_evens,
    expire_together,
    extremes,
    is_shares,
    payoff,
    worst_payoff,
)


class Limit(Enum):
    """What a profit or loss is that is not a number."""

    UNBOUNDED = "unbounded"
    # Several expirations: it depends on what the later legs are worth when the first expire.
    UNKNOWN = "unknown"


Amount: TypeAlias = Decimal | Limit


@frozen
class StrategyLeg:
    """So many contracts a unit, signed: positive bought, negative sold."""

    contract: OptionContract
    ratio: int


@frozen
class Strategy:
    """One unit of a strategy; `lots` of 100 shares belong to it, signed."""

    legs: tuple[StrategyLeg, ...]
    lots: int = 0

    @property
    def underlying(self) -> str:
        """What it is all on."""
        return self.legs[0].contract.underlying

    @property
    def holdings(self) -> tuple[Holding, ...]:
        """The unit in the terms of `payoff`."""
        owned = [(leg.contract, Decimal(leg.ratio)) for leg in self.legs]
        if self.lots:
            owned.append(as_holding(self.underlying, Decimal(self.lots)))
        return tuple(owned)


@frozen
class Outlook:
    """What one unit bought at `net_price` can gain, lose and tie up.

    `margin` is what the account must hold beside the net price, None where a short leg has no
    cover. `break_evens` are prices at expiration; with several expirations they are unknown (None).
    """

    net_price: Decimal
    max_profit: Amount
    max_loss: Amount
    break_evens: tuple[Decimal, ...] | None
    margin: Decimal | None


def unit(legs: Sequence[StrategyLeg], lots: int = 0) -> tuple[Strategy, int]:
    """The strategy with its ratios reduced, and how many units of it the legs are.

    Legs come in the order of expiration, right and strike; legs of one contract become one.
    Raises: ValueError for no legs, a sum of zero, or several underlyings.
    """
    ratios: dict[OptionContract, int] = {}
    for leg in legs:
        ratios[leg.contract] = ratios.get(leg.contract, 0) + leg.ratio
    if not ratios or 0 in ratios.values():
        raise ValueError("a strategy has legs, and each of them a ratio that is not zero")
    if len({contract.underlying for contract in ratios}) > 1:
        raise ValueError("the legs of a strategy have one underlying")
    common = gcd(lots, *ratios.values())
    ordered = sorted(
        ratios, key=lambda one: (one.expiration, one.right is OptionRight.CALL, one.strike)
    )
    reduced = tuple(StrategyLeg(contract, ratios[contract] // common) for contract in ordered)
    return Strategy(reduced, lots // common), common


def net_price(strategy: Strategy, prices: Sequence[Decimal], share: Decimal = ZERO) -> Decimal:
    """What one unit costs per share, from a price for each leg and one for the share.

    Positive is a debit.
    """
    total = strategy.lots * share
    for leg, price in zip(strategy.legs, prices, strict=True):
        total += leg.ratio * price
    return total


def outlook(strategy: Strategy, price: Decimal) -> Outlook:
    """The extremes of one unit bought at that net price (with shares: including them)."""
    owned = strategy.holdings
    if not expire_together(owned):
        worst = worst_payoff(owned, cash_behind_puts=True)
        loss: Amount = Limit.UNBOUNDED
        if worst is not None:
            loss = max(ZERO, price - worst) * CONTRACT_MULTIPLIER
        return Outlook(price, Limit.UNKNOWN, loss, None, margin(strategy))
    low, high = extremes(owned)
    return Outlook(
        net_price=price,
        max_profit=_amount(None if high is None else high - price),
        max_loss=_amount(None if low is None else price - low),
        break_evens=break_evens(owned, price),
        margin=margin(strategy),
    )


def _amount(per_share: Decimal | None) -> Amount:
    if per_share is None:
        return Limit.UNBOUNDED
    return max(ZERO, per_share) * CONTRACT_MULTIPLIER


def margin(strategy: Strategy) -> Decimal | None:
    """Dollars that one unit ties up beside its net price; None if a short leg is naked.

    Spreads: the most that can be owed over the expirations (the universal spread rule). Short puts
    alone: the cash that assignment takes.
    """
    owned = strategy.holdings
    puts = all(contract.right is OptionRight.PUT for contract, _ in owned)
    if puts and all(quantity < 0 for _, quantity in owned):
        owed = -sum((contract.strike * quantity for contract, quantity in owned), ZERO)
        return owed * CONTRACT_MULTIPLIER
    worst = worst_payoff(owned)
    return None if worst is None else -worst * CONTRACT_MULTIPLIER


def profit_at(strategy: Strategy, net: Decimal, price: Decimal) -> Decimal:
    """The dollars that one unit has gained if everything ends at that price of the underlying."""
    return (payoff(strategy.holdings, price) - net) * CONTRACT_MULTIPLIER


def strikes_of(strategy: Strategy) -> tuple[Decimal, ...]:
    """The distinct strikes, ascending."""
    return tuple(
        sorted({contract.strike for contract, _ in strategy.holdings if not is_shares(contract)})
    )
