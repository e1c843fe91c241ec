"""When has so much been lost that trading stops, and what follows from it?

Equity is marked in the journal at the start of a day and at each new high, so that a restart
neither forgives a loss nor invents one. A loss counts once several readings of the account in a row
have shown it: one bad figure halts nothing.
"""

from datetime import datetime
from decimal import Decimal
from typing import assert_never

from attrs import define

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.execution.history import TradeHistory, trading_day
from cream.core.model.account import Account
from cream.core.model.state import Cause, TradingState
from cream.core.risk.decisions import Decide, Decided, restrict
from cream.core.risk.limits import Losses

ACTOR = "loss_limit"


def is_limited(limits: Losses) -> bool:
    """Whether any loss is limited."""
    return limits.is_limited


def mark_equity(account: Account) -> Decide[None]:
    """Record the equity where it is the first of the day or a new high."""

    def decide(book: Book, now: datetime) -> Decided[None]:
        session, history = trading_day(now), book.history
        peak = history.peak_equity
        if history.session == session and peak is not None and account.equity <= peak:
            return Decided(None)
        return Decided(None, (e.EquityMarked(at=now, session=session, equity=account.equity),))

    return decide


def reached(limits: Losses, account: Account, history: TradeHistory, now: datetime) -> str | None:
    """Which loss limit is reached, in words; None if none is."""
    equity = account.equity
    today = history.session == trading_day(now)
    if today and _is_lost(limits.max_daily_loss_pct, history.session_equity, equity):
        return f"equity has fallen to {equity:f} from {history.session_equity:f} today"
    if _is_lost(limits.max_drawdown_pct, history.peak_equity, equity):
        return f"equity has fallen to {equity:f} from its high of {history.peak_equity:f}"
    streak, most = history.streak(now), limits.max_losing_streak
    if most is not None and streak >= most:
        return f"{streak} trades in a row were closed with a loss"
    return None


def _is_lost(limit: Decimal | None, start: Decimal | None, equity: Decimal) -> bool:
    return limit is not None and start is not None and start - equity >= limit * start


@define
class LossWatch:
    """Counts readings that show a loss. `seen` are those in a row, `tripped` whether they sufficed.

    Not part of the journal: what it leads to is.
    """

    limits: Losses
    seen: int = 0
    tripped: bool = False

    def confirmed(self, account: Account, history: TradeHistory, now: datetime) -> str | None:
        """Why trading has to stop, told once for each time that a limit is reached."""
        reason = reached(self.limits, account, history, now)
        if reason is None:
            self.seen, self.tripped = 0, False
            return None
        self.seen += 1
        if self.tripped or self.seen < self.limits.confirmations:
            return None
        self.tripped = True
        return reason


def stop_trading(limits: Losses, reason: str) -> Decide[None] | None:
    """The restriction that a confirmed loss leads to; None where the gate's denial is all."""
    match limits.action:
        case "deny":
            return None
        case "reduce":
            return restrict(Cause.LOSS_LIMIT, TradingState.REDUCING, reason, ACTOR)
        case "flatten":
            return restrict(Cause.LOSS_LIMIT, TradingState.HALTED, reason, ACTOR)
    assert_never(limits.action)
