"""Did the broker's cash move by what the fills cost, and by nothing else?

Deposits, dividends, interest and fees move it too, so a difference is no alarm: it is money that
Cream did not move, and somebody should be able to say what it was.
"""

from decimal import Decimal

from attrs import frozen

from cream.core.execution.reconciliation import Discrepancy, DiscrepancyKind


@frozen(kw_only=True)
class CashPoint:
    """Cash at the broker, and what all fills booked until then have paid. Units: dollars."""

    at_broker: Decimal
    by_fills: Decimal


def unexplained(before: CashPoint, now: CashPoint) -> Discrepancy | None:
    """The cash that moved between the two points and no fill explains."""
    theirs = now.at_broker - before.at_broker
    ours = now.by_fills - before.by_fills
    if theirs == ours:
        return None
    return Discrepancy(
        kind=DiscrepancyKind.CASH,
        subject="cash",
        ours=f"{ours:+f}",
        theirs=f"{theirs:+f}",
        critical=False,
    )
