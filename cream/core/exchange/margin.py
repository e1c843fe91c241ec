"""How much of the account do holdings and orders tie up?

Regulation T with a multiplier of two: shares tie up half their value, options what they can lose.
The most that options on one underlying can lose is found as exchanges do for universal spreads:
for each expiration, over every price of the underlying, with the contracts that live until then at
their intrinsic value. Shares that are held cover short calls.

Source: Federal Reserve Regulation T (12 CFR 220); Alpaca, Options Level 3 Trading (maintenance is
the maximum loss over expirations; cost basis is maintenance plus net price times 100).
"""

from collections.abc import Sequence
from decimal import Decimal

from attrs import evolve, frozen

from cream.core.model.instrument import CONTRACT_MULTIPLIER, OptionContract, OptionRight
from cream.core.model.money import ZERO

# Half of a share position's value has to be one's own (12 CFR 220.12).
SHARE_MARGIN = Decimal("0.5")
# What is left over buys twice its worth of shares.
MULTIPLIER = Decimal(2)


@frozen
class OptionHolding:
    """Signed contracts of one option."""

    contract: OptionContract
    quantity: Decimal


def option_requirement(holdings: Sequence[OptionHolding], shares: Decimal) -> Decimal | None:
    """The most that `holdings` of one underlying can cost at an expiry; None if without bound.

    Units: dollars, never negative; `shares` held of the underlying (signed).
    """
    open_ones = _covered_by_shares([one for one in holdings if one.quantity], shares)
    worst = ZERO
    for expiration in dict.fromkeys(one.contract.expiration for one in open_ones):
        alive = [one for one in open_ones if one.contract.expiration >= expiration]
        loss = _greatest_loss(alive)
        if loss is None:
            return None
        worst = max(worst, loss)
    return worst * CONTRACT_MULTIPLIER


def _covered_by_shares(
    holdings: Sequence[OptionHolding], shares: Decimal
) -> Sequence[OptionHolding]:
    """What remains once shares have covered short calls, the lowest strikes first."""
    cover = max(ZERO, shares) // CONTRACT_MULTIPLIER
    remaining = []
    for one in sorted(holdings, key=lambda one: one.contract.strike):
        short_call = one.contract.right is OptionRight.CALL and one.quantity < 0
        covered = min(cover, -one.quantity) if short_call and _needs_cover(holdings) else ZERO
        cover -= covered
        remaining.append(evolve(one, quantity=one.quantity + covered))
    return [one for one in remaining if one.quantity]


def _needs_cover(holdings: Sequence[OptionHolding]) -> bool:
    """Whether more calls are short than long: only then do shares have to stand for them."""
    calls = (one.quantity for one in holdings if one.contract.right is OptionRight.CALL)
    return sum(calls, ZERO) < 0


def _greatest_loss(alive: Sequence[OptionHolding]) -> Decimal | None:
    """The loss per share at the worst price. The payoff bends only at strikes, and at zero."""
    slope = sum(
        (one.quantity for one in alive if one.contract.right is OptionRight.CALL),
        ZERO,
    )
    if slope < 0:
        return None
    corners = [ZERO, *(one.contract.strike for one in alive)]
    return max(ZERO, *(-_payoff(alive, corner) for corner in corners))


def _payoff(alive: Sequence[OptionHolding], spot: Decimal) -> Decimal:
    return sum((one.quantity * intrinsic_value(one.contract, spot) for one in alive), ZERO)


def intrinsic_value(contract: OptionContract, spot: Decimal) -> Decimal:
    """What exercising `contract` brings per share at `spot`."""
    gain = spot - contract.strike
    return max(ZERO, gain if contract.right is OptionRight.CALL else -gain)
