"""What do holdings of options pay, whatever the underlying does?

Payoffs are piecewise linear in the price of the underlying, so the extremes lie at zero, at a
strike, or beyond the last one. With one expiration the figures are exact. With several, a short leg
counts as covered only by a long one of the same kind that lives at least as long, and the long one
is worth no more than its intrinsic value when the short one expires: what an American option can
always be exercised for. That never understates the loss.

Shares are a call that costs nothing to exercise and never expires (`as_holding`).

Units: dollars per share of one contract.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal

from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.model.money import ZERO

# A holding of contracts, signed: positive long, negative short.
Holding = tuple[OptionContract, Decimal]


def as_holding(underlying: str, lots: Decimal) -> Holding:
    """Lots of 100 shares in the terms of options."""
    return OptionContract(underlying, date.max, OptionRight.CALL, ZERO), lots


def is_shares(contract: OptionContract) -> bool:
    """Whether it stands for shares."""
    return contract.expiration == date.max


def payoff(owned: Iterable[Holding], price: Decimal) -> Decimal:
    """What the holdings pay if all are exercised or dropped at that price."""
    total = ZERO
    for contract, quantity in owned:
        over = price - contract.strike
        if contract.right is OptionRight.PUT:
            over = -over
        if over > 0:
            total += quantity * over
    return total


def extremes(owned: Sequence[Holding]) -> tuple[Decimal | None, Decimal | None]:
    """The least and the most that the holdings pay at expiration; None is without bound."""
    points = [ZERO, *(contract.strike for contract, _ in owned)]
    payoffs = [payoff(owned, price) for price in points]
    slope = final_slope(owned)
    low = None if slope < 0 else min(payoffs)
    high = None if slope > 0 else max(payoffs)
    return low, high


def final_slope(owned: Iterable[Holding]) -> Decimal:
    """How the payoff goes on beyond the highest strike, where only calls still move."""
    return sum((q for contract, q in owned if contract.right is OptionRight.CALL), ZERO)


def expire_together(owned: Iterable[Holding]) -> bool:
    """Whether the options among the holdings have one expiration."""
    return len({one.expiration for one, _ in owned if not is_shares(one)}) <= 1


def break_evens(owned: Sequence[Holding], net_price: Decimal) -> tuple[Decimal, ...]:
    """The prices at expiration at which the payoff is the price paid, ascending.

    Of a stretch that breaks even throughout, its ends.
    """
    points = sorted({ZERO, *(contract.strike for contract, _ in owned)})
    gains = [payoff(owned, price) - net_price for price in points]
    found = {price for price, gain in zip(points, gains, strict=True) if gain == 0}
    for left, right, low, high in zip(points, points[1:], gains, gains[1:], strict=False):
        if low * high < 0:
            found.add(left + (right - left) * low / (low - high))
    slope = final_slope(owned)
    if slope and gains[-1] and -gains[-1] / slope > 0:
        found.add(points[-1] - gains[-1] / slope)
    return tuple(sorted(found))


def worst_payoff(owned: Sequence[Holding], *, cash_behind_puts: bool = False) -> Decimal | None:
    """The least that these holdings can be worth, per share; None if a short leg is uncovered.

    Zero or negative, as nothing owed can be worth something. With `cash_behind_puts` a put needs no
    cover: what it costs ends with its strike.
    """
    needing = (OptionRight.CALL,) if cash_behind_puts else (OptionRight.CALL, OptionRight.PUT)
    total = ZERO
    for group in _groups(owned):
        if not all(_is_covered(group, right) for right in needing):
            return None
        low, _ = extremes(group)
        assert low is not None, "covered calls have a floor"
        total += min(ZERO, low)
    return total


def _groups(owned: Sequence[Holding]) -> Iterator[list[Holding]]:
    """The short legs by expiration, each set with the long legs that cover it."""
    groups: dict[date, list[Holding]] = {}
    owed: dict[tuple[date, OptionRight], Decimal] = {}
    for contract, quantity in owned:
        if quantity < 0:
            groups.setdefault(contract.expiration, []).append((contract, quantity))
            kind = (contract.expiration, contract.right)
            owed[kind] = owed.get(kind, ZERO) - quantity
    latest_first = sorted(groups, reverse=True)
    longs = [(contract, quantity) for contract, quantity in owned if quantity > 0]
    for contract, quantity in sorted(longs, key=lambda long: long[0].expiration):
        alive = [day for day in latest_first if day <= contract.expiration]
        left = quantity
        for day in alive:
            kind = (day, contract.right)
            taken = min(left, owed.get(kind, ZERO))
            if taken > 0:
                groups[day].append((contract, taken))
                owed[kind] -= taken
                left -= taken
        if left > 0 and alive:
            groups[alive[0]].append((contract, left))
    yield from groups.values()


def _is_covered(group: Iterable[Holding], right: OptionRight) -> bool:
    return sum((quantity for one, quantity in group if one.right is right), ZERO) >= 0
