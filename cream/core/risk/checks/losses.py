"""Has enough been lost for now?

Nothing is opened once a limit is reached; what is open can always be closed. A limit that is not
configured denies nothing.
"""

from abc import abstractmethod
from collections.abc import Sequence
from decimal import Decimal

from cream.core.model.market import Known, Stale
from cream.core.model.money import ZERO
from cream.core.model.verdict import Severity, Unit
from cream.core.risk.case import Case
from cream.core.risk.rule import NO_FIGURES, Breach, Figures, Rule, shown_at_most
from cream.core.risk.traits import Scope
from cream.core.risk.view import Baseline


class _LossRule(Rule):
    """Base of the limits on how far equity may fall."""

    severity = Severity.CRITICAL
    unit = Unit.RATIO
    scope = Scope.LOSS_LIMITS
    since: str

    @abstractmethod
    def limit(self, case: Case) -> Decimal | None:
        """The part that may be lost; None where there is no limit."""

    @abstractmethod
    def start(self, baseline: Baseline) -> Decimal:
        """What the loss is measured from, in dollars."""

    def breaches(self, case: Case) -> Sequence[Breach]:
        """A loss as large as the limit is one too many."""
        limit = self.limit(case)
        figures = None if limit is None else self._loss(case)
        if limit is None or figures is None:
            return ()
        start, lost = figures
        if start > 0 and lost < limit * start:
            return ()
        breach = Breach(
            message=f"{lost:f} USD are lost since {self.since}, of {start:f} USD",
            field_path="account.equity",
            observed=shown_at_most(lost / start) if start > 0 else None,
            limit=limit,
        )
        return (breach,)

    def figures(self, case: Case) -> Figures:
        """The part that is lost, where there is a limit."""
        limit, figures = self.limit(case), self._loss(case)
        if limit is None or figures is None or figures[0] <= 0:
            return NO_FIGURES
        return Figures(shown_at_most(figures[1] / figures[0]), limit)

    def _loss(self, case: Case) -> tuple[Decimal, Decimal] | None:
        """What it is measured from, and what is lost of that; None where that is not known."""
        equity = case.equity
        match case.scene.view.baseline:
            case Known(baseline) | Stale(baseline, _) if equity is not None:
                start = self.start(baseline)
                return start, max(ZERO, start - equity)
            case _:
                return None


class DailyLoss(_LossRule):
    """Less than the limit has been lost since the first equity of the day, in New York."""

    code = "DAILY_LOSS_LIMIT"
    limit_key = "losses.max_daily_loss_pct"
    since = "the start of the day"

    def limit(self, case: Case) -> Decimal | None:
        """`losses.max_daily_loss_pct`."""
        return case.limits.losses.max_daily_loss_pct

    def start(self, baseline: Baseline) -> Decimal:
        """The day's first equity."""
        return baseline.session_equity


class Drawdown(_LossRule):
    """Less than the limit has been lost since the highest equity."""

    code = "DRAWDOWN_LIMIT"
    limit_key = "losses.max_drawdown_pct"
    since = "the highest equity"

    def limit(self, case: Case) -> Decimal | None:
        """`losses.max_drawdown_pct`."""
        return case.limits.losses.max_drawdown_pct

    def start(self, baseline: Baseline) -> Decimal:
        """The highest equity."""
        return baseline.peak_equity


class LossStreak(Rule):
    """Fewer trades in a row than the limit were closed with a loss today."""

    code = "LOSS_STREAK_LIMIT"
    severity = Severity.CRITICAL
    limit_key = "losses.max_losing_streak"
    unit = Unit.COUNT
    scope = Scope.LOSS_LIMITS

    def breaches(self, case: Case) -> Sequence[Breach]:
        """A trade ends when its position is flat, or on the other side."""
        limit, history = case.limits.losses.max_losing_streak, case.scene.view.history
        if limit is None or history is None:
            return ()
        streak = history.streak(case.now)
        if streak < limit:
            return ()
        breach = Breach(
            message=f"{streak} trades in a row were closed with a loss",
            field_path="account",
            observed=Decimal(streak),
            limit=Decimal(limit),
        )
        return (breach,)

    def figures(self, case: Case) -> Figures:
        """The streak, where there is a limit."""
        limit, history = case.limits.losses.max_losing_streak, case.scene.view.history
        if limit is None or history is None:
            return NO_FIGURES
        return Figures(Decimal(history.streak(case.now)), Decimal(limit))


LOSS_RULES: tuple[Rule, ...] = (DailyLoss(), Drawdown(), LossStreak())
