"""Did the broker's cash move by what fills and activities cost, and by nothing else?

A deposit, a dividend or a fee has its row in the account's history and is explained by it. What is
left is no alarm: it is money that Cream did not move, and somebody should be able to say what it
was. Rows may come a day after the money, so a row that makes what was left smaller is its
explanation, and not news.
"""

from decimal import Decimal

from attrs import frozen

from cream.core.execution.reconciliation import Discrepancy, DiscrepancyKind
from cream.core.model.money import ZERO


@frozen(kw_only=True)
class CashPoint:
    """Cash at the broker, and what fills and activities noted until then have moved.

    Units: dollars.
    """

    at_broker: Decimal
    by_fills: Decimal
    by_activities: Decimal = ZERO


@frozen(kw_only=True)
class CashFinding:
    """How much nothing explains in all, and the difference that is worth naming."""

    unexplained: Decimal
    discrepancy: Discrepancy | None


def compared(before: CashPoint, now: CashPoint, unexplained: Decimal) -> CashFinding:
    """What moved between the two points, where `unexplained` had been left before them."""
    theirs = now.at_broker - before.at_broker
    ours = (now.by_fills + now.by_activities) - (before.by_fills + before.by_activities)
    left = unexplained + theirs - ours
    told = now.by_activities != before.by_activities
    if theirs == ours or left == 0 or (told and _is_between(left, unexplained)):
        return CashFinding(unexplained=left, discrepancy=None)
    named = Discrepancy(
        kind=DiscrepancyKind.CASH,
        subject="cash",
        ours=f"{ours:+f}",
        theirs=f"{theirs:+f}",
        critical=False,
    )
    return CashFinding(unexplained=left, discrepancy=named)


def _is_between(left: Decimal, before: Decimal) -> bool:
    """Whether less is left than before, of the same sign: a part of it has found its row."""
    return 0 < left <= before or before <= left < 0
