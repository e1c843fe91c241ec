"""Is a listed contract a standard one, and if not, why does Cream leave it alone?

After splits, mergers and special dividends contracts are adjusted: they deliver something other
than 100 shares, sometimes cash or shares of another company beside them. Every figure of a
position would be wrong by an unknown factor, so they are refused with the reason.

Source: OCC, By-Laws on adjustments; the fields are those that brokers report of a contract.
"""

from decimal import Decimal

from attrs import frozen

from cream.core.model.instrument import CONTRACT_MULTIPLIER, OptionContract
from cream.core.options.occ import parse_occ


@frozen
class Deliverable:
    """One thing that exercise delivers: shares of a symbol, or cash (no symbol)."""

    symbol: str | None
    amount: Decimal


@frozen(kw_only=True)
class Listing:
    """What a broker says of a contract. None where it does not say."""

    symbol: str
    underlying: str
    root: str | None = None
    style: str | None = None
    multiplier: Decimal | None = None
    size: Decimal | None = None
    deliverables: tuple[Deliverable, ...] | None = None


@frozen
class Standard:
    """A contract that Cream trades."""

    contract: OptionContract


@frozen
class Refused:
    """A contract that Cream leaves alone, and everything that speaks against it."""

    reasons: tuple[str, ...]


def judge(listing: Listing) -> Standard | Refused:
    """Whether the contract is a standard American option on 100 shares of its underlying."""
    try:
        contract = parse_occ(listing.symbol)
    except ValueError as error:
        return Refused((str(error),))
    reasons = []
    if listing.style is not None and listing.style.lower() != "american":
        reasons.append(f"it is exercised in {listing.style} style, not American")
    if contract.underlying != listing.underlying.replace(".", ""):
        reasons.append(f"its root {contract.underlying} is not its underlying {listing.underlying}")
    if listing.root is not None and listing.root != contract.underlying:
        reasons.append(f"its root is reported as {listing.root}, not {contract.underlying}")
    for name, value in (("multiplier", listing.multiplier), ("size", listing.size)):
        if value is not None and value != CONTRACT_MULTIPLIER:
            reasons.append(f"its {name} is {value}, not {CONTRACT_MULTIPLIER}")
    if listing.deliverables is not None:
        reasons += _oddities(listing.deliverables, listing.underlying)
    return Refused(tuple(reasons)) if reasons else Standard(contract)


def _oddities(deliverables: tuple[Deliverable, ...], underlying: str) -> list[str]:
    standard = (Deliverable(underlying, Decimal(CONTRACT_MULTIPLIER)),)
    if deliverables == standard:
        return []
    parts = [
        f"{one.amount} dollars" if one.symbol is None else f"{one.amount} {one.symbol}"
        for one in deliverables
    ]
    what = ", ".join(parts) if parts else "nothing"
    return [f"it delivers {what}, not {CONTRACT_MULTIPLIER} {underlying}"]
