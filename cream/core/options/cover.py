"""What stands behind options that are sold: shares behind calls, cash behind puts?"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from cream.core.model.instrument import CONTRACT_MULTIPLIER, OptionContract, OptionRight
from cream.core.model.money import ZERO, floor_units
from cream.core.options.spread import Holding


def lots(shares: Decimal) -> Decimal:
    """How many calls `shares` can be delivered on."""
    return max(ZERO, floor_units(shares / CONTRACT_MULTIPLIER))


def short_of(owned: Iterable[Holding], right: OptionRight) -> Decimal:
    """Contracts of one kind that are sold beyond those that are owned."""
    balance = sum((count for contract, count in owned if contract.right is right), ZERO)
    return max(ZERO, -balance)


def with_cover(owned: Sequence[Holding], shares: Decimal) -> list[Holding]:
    """`owned`, with what shares and cash make of the options that are sold among them.

    Calls that shares can be delivered on are left out, the lowest strikes first: what they can cost
    is what the shares gain. A put that nothing covers costs no more than its strike, as if another
    were owned that pays nothing.
    """
    left = _without_covered(owned, min(lots(shares), short_of(owned, OptionRight.CALL)))
    puts = short_of(left, OptionRight.PUT)
    if puts:
        latest = max(left, key=lambda one: one[0].expiration)[0]
        nothing = OptionContract(latest.underlying, latest.expiration, OptionRight.PUT, ZERO)
        left.append((nothing, puts))
    return left


def _without_covered(owned: Sequence[Holding], covered: Decimal) -> list[Holding]:
    if not covered:
        return list(owned)
    left: list[Holding] = []
    for contract, count in sorted(owned, key=lambda one: one[0].strike):
        taken = ZERO
        if contract.right is OptionRight.CALL and count < 0:
            taken = min(covered, -count)
        covered -= taken
        if count + taken:
            left.append((contract, count + taken))
    return left
