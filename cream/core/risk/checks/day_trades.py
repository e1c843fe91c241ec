"""May another position be opened today, by the rules on day trades?

Two regimes. Until 2026-06-03 an account under 25,000 dollars had three day trades in five sessions.
Since then there is an intraday margin instead: what is held at any moment of the day, at a quarter
of its value, may not exceed the equity. `pdt.mode` says which is enforced: `legacy` the count, at
any date; `budget` the rule of the day. Exits always pass: a protective stop must not be refused
because its fill would be one day trade too many.

Source: FINRA Rule 4210(f)(8)(B); SR-FINRA-2025-017, effective 2026-06-04; Alpaca, The Intraday
Margin Rule.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from cream.core.execution.history import trading_day
from cream.core.model.money import ZERO
from cream.core.model.verdict import Severity, Unit
from cream.core.risk.case import Case
from cream.core.risk.rule import NO_FIGURES, Breach, Figures, Rule, room
from cream.core.risk.traits import Scope

INTRADAY_MARGIN_SINCE = date(2026, 6, 4)
# Alpaca lends intraday from this equity on; below it a position needs all of its value.
_LEAST_EQUITY_TO_BORROW = Decimal(2_000)
_INTRADAY_MARGIN = Decimal("0.25")


def counts_day_trades(case: Case) -> bool:
    """Whether the count of round trips is the rule that is enforced."""
    match case.limits.pdt.mode:
        case "legacy":
            return True
        case "budget":
            return trading_day(case.now) < INTRADAY_MARGIN_SINCE
        case "off":
            return False


def _used(case: Case) -> int | None:
    """Round trips in the window; None: nobody counts them.

    The larger of the broker's count and ours: each may know of some that the other does not. Those
    that the plan's exits would end are not counted yet: an exit turns no entry into a refusal.
    """
    account, history = case.scene.account, case.scene.view.history
    if account is None or not counts_day_trades(case):
        return None
    if account.last_equity >= case.limits.pdt.equity_threshold:
        return None
    used = account.day_trade_count
    if history is not None:
        used = max(used, history.round_trips(case.now, case.limits.pdt.rolling_window_days))
    return used


def _ended_by(case: Case) -> int:
    """Round trips that the plan's exits would end."""
    history = case.scene.view.history
    if history is None:
        return 0
    return sum(1 for symbol in case.exits if history.would_round_trip(symbol, case.now))


class DayTradesLeft(Rule):
    """Nothing is opened while no day trade is left to close it with the same day.

    Judged under the count of day trades, where the last equity is below `pdt.equity_threshold`.
    """

    code = "PDT_LIMIT_EXCEEDED"
    limit_key = "pdt.max_day_trades"
    unit = Unit.COUNT
    scope = Scope.INCREASES

    def breaches(self, case: Case) -> Sequence[Breach]:
        """Observed are the day trades in the window."""
        used, limit = _used(case), case.limits.pdt.max_day_trades
        if used is None or used < limit:
            return ()
        breach = Breach(
            message=f"{used} of {limit} day trades are used: what is opened could not be closed",
            field_path=case.whole_path,
            observed=Decimal(used),
            limit=Decimal(limit),
        )
        return (breach,)

    def figures(self, case: Case) -> Figures:
        """The day trades, where they are counted."""
        used = _used(case)
        if used is None:
            return NO_FIGURES
        return Figures(Decimal(used), Decimal(case.limits.pdt.max_day_trades))


class LastDayTrade(Rule):
    """A day trade is left beside the one that closing again today would take.

    An exit that is one day trade too many is warned of, too.
    """

    code = "PDT_LIMIT_WARNING"
    severity = Severity.WARNING
    limit_key = "pdt.max_day_trades"
    unit = Unit.COUNT
    scope = Scope.DAY_TRADES

    def breaches(self, case: Case) -> Sequence[Breach]:
        """Entries that are refused are not warned of as well."""
        used, limit = _used(case), case.limits.pdt.max_day_trades
        if used is None:
            return ()
        ended = _ended_by(case)
        warns = ended > 0 and used + ended > limit
        if not warns and not (case.increases and used == limit - 1):
            return ()
        breach = Breach(
            message=f"{used} of {limit} day trades are used, the exits make {used + ended} of it",
            field_path=case.whole_path,
            observed=Decimal(used + ended),
            limit=Decimal(limit),
        )
        return (breach,)


class IntradayMargin(Rule):
    """What would be held is covered by equity at the intraday margin: a quarter for shares.

    Judged under `pdt.mode: budget` since the rule is in force. Options count in full, and below
    2,000 dollars of equity shares do.
    """

    code = "INTRADAY_MARGIN_EXCEEDED"
    limit_key = "pdt.mode"
    unit = Unit.USD
    scope = Scope.INCREASES

    def breaches(self, case: Case) -> Sequence[Breach]:
        """Observed is the margin that would be needed, the limit is the equity."""
        figures = self._margin(case)
        if figures is None:
            return ()
        needed, added, equity = figures
        if added <= 0 or needed <= equity:
            return ()
        breach = Breach(
            message=f"{needed:f} USD of intraday margin would be needed, {equity:f} USD are there",
            field_path=case.whole_path,
            observed=needed,
            limit=equity,
            headroom=room(equity, needed - added),
            fits_smaller=equity > 0,
        )
        return (breach,)

    def figures(self, case: Case) -> Figures:
        """The margin and the equity, where the rule is enforced."""
        figures = self._margin(case)
        return NO_FIGURES if figures is None else Figures(figures[0], figures[2])

    def _margin(self, case: Case) -> tuple[Decimal, Decimal, Decimal] | None:
        """What would be needed, how much of that the plan adds, and the equity. Units: dollars."""
        equity = case.equity
        if equity is None or case.limits.pdt.mode != "budget" or counts_day_trades(case):
            return None
        totals, in_options = case.totals, case.scene.exposure.in_options
        rate = _INTRADAY_MARGIN if equity >= _LEAST_EQUITY_TO_BORROW else Decimal(1)
        options = in_options + totals.added_in_options
        shares = max(ZERO, totals.gross - options)
        added_shares = totals.added_gross - totals.added_in_options
        return shares * rate + options, added_shares * rate + totals.added_in_options, equity


DAY_TRADE_RULES: tuple[Rule, ...] = (DayTradesLeft(), LastDayTrade(), IntradayMargin())
