"""What came of it? The result of a backtest, in figures that add up."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from attrs import frozen

from cream.core.backtest.clerk import Traded
from cream.core.exchange.account import Settlement
from cream.core.model.money import ZERO
from cream.core.model.order import Order
from cream.core.model.position import Position
from cream.core.model.verdict import Verdict


@frozen(kw_only=True)
class PlanOutcome:
    """What became of one plan. `verdict` is None where none was given, and `problem` says why.

    `within_bar`: a bar was running in what the plan trades, so that its orders had to wait for the
    next.
    """

    plan_id: str
    decided_at: datetime
    verdict: Verdict | None
    problem: str = ""
    order_ids: tuple[str, ...] = ()
    within_bar: bool = False

    @property
    def ok(self) -> bool:
        """Whether the gate let it pass."""
        return self.verdict is not None and self.verdict.ok


@frozen
class Mark:
    """The account at the end of a bar. Units: dollars."""

    at: datetime
    cash: Decimal
    equity: Decimal


@frozen(kw_only=True)
class Holding:
    """What is held at the end, or was. Units: dollars; `mark` per share, None if never priced."""

    position: Position
    mark: Decimal | None

    @property
    def unrealized(self) -> Decimal:
        """What closing at the mark would earn."""
        return ZERO if self.mark is None else self.position.unrealized_pnl(self.mark)


@frozen(kw_only=True)
class Drawdown:
    """The deepest fall of equity from a high. Units: dollars; a fraction of that high."""

    amount: Decimal
    fraction: Decimal
    peak: Decimal
    trough_at: datetime | None


@frozen(kw_only=True)
class Outcome:
    """Everything that a backtest found. Units: dollars. `curve` has a mark for the end of each bar.

    `digest` is equal for equal inputs: it covers every recorded event and every mark.
    """

    cash: Decimal
    plans: Sequence[PlanOutcome]
    orders: Sequence[Order]
    trades: Sequence[Traded]
    settlements: Sequence[Settlement]
    holdings: Sequence[Holding]
    curve: Sequence[Mark]
    digest: str

    @property
    def realized(self) -> Decimal:
        """What closing has earned, before fees."""
        return sum((one.position.realized_pnl for one in self.holdings), ZERO)

    @property
    def unrealized(self) -> Decimal:
        """What is held has gained since, at the last closes."""
        return sum((one.unrealized for one in self.holdings), ZERO)

    @property
    def fees(self) -> Decimal:
        """What executions have cost."""
        return sum((one.fill.commission for one in self.trades), ZERO)

    @property
    def equity(self) -> Decimal:
        """The account at the end."""
        return self.curve[-1].equity if self.curve else self.cash

    @property
    def drawdown(self) -> Drawdown:
        """The deepest fall between the ends of bars; the deeper in dollars of two."""
        peak, deepest = self.cash, Drawdown(amount=ZERO, fraction=ZERO, peak=ZERO, trough_at=None)
        for mark in self.curve:
            peak = max(peak, mark.equity)
            fall = peak - mark.equity
            if fall > deepest.amount:
                fraction = (fall / peak).quantize(_FRACTION)
                deepest = Drawdown(amount=fall, fraction=fraction, peak=peak, trough_at=mark.at)
        return deepest


# A hundredth of a basis point.
_FRACTION = Decimal("0.000001")
