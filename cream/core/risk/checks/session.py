"""May anything be traded now: by the state of trading, by the calendar, until when?"""

from cream.core.model.instrument import Equity, OptionContract
from cream.core.model.plan import TimeHorizon, TimeInForce
from cream.core.model.state import TradingState
from cream.core.model.verdict import Severity
from cream.core.options.occ import expires_at
from cream.core.risk.case import Case
from cream.core.risk.checks.price import traded_by
from cream.core.risk.rule import FINE, Breach, Finding, Rule


class _StateAllows(Rule):
    """Base of the rules that a restricted state of trading makes."""

    state: TradingState

    def judge(self, case: Case) -> Finding:
        """One breach for each increase; the message says who wanted the state and why."""
        view = case.scene.view
        if view.state is not self.state:
            return FINE
        why = "; ".join(view.reasons) or "no reason was given"
        breaches = [
            Breach(
                message=f"trading is {view.state.value}, only exits pass ({why})",
                instrument_id=intent.instrument.symbol,
                field_path=intent.path("action"),
            )
            for intent in case.increases
        ]
        return Finding(breaches) if breaches else FINE


class NotHalted(_StateAllows):
    """While trading is HALTED, nothing adds to a position; exits pass."""

    code = "TRADING_HALTED"
    severity = Severity.CRITICAL
    state = TradingState.HALTED


class NotReducing(_StateAllows):
    """While trading is REDUCING, nothing adds to a position; exits pass."""

    code = "TRADING_REDUCING"
    state = TradingState.REDUCING


class NotExpired(Rule):
    """No contract is traded that has expired."""

    code = "INSTRUMENT_EXPIRED"

    def judge(self, case: Case) -> Finding:
        """Exits included: there is no market any more, the contract is settled."""
        breaches = [
            Breach(
                message=f"{instrument.symbol} expired on {instrument.expiration}",
                instrument_id=instrument.symbol,
                field_path=intent.path(place),
            )
            for intent in case.intents
            for instrument, place in traded_by(intent)
            if isinstance(instrument, OptionContract) and expires_at(instrument) <= case.now
        ]
        return Finding(breaches) if breaches else FINE


class ProtectionOutlivesEntry(Rule):
    """A position that is meant to last is entered by an order that lasts, or is protected anew.

    A bracket's exits live as long as its entry, so those of a DAY entry end with the session;
    Cream places them again in the next.
    """

    code = "SWING_DAY_ENTRY"
    severity = Severity.INFO

    def judge(self, case: Case) -> Finding:
        """Options are always DAY, and watched here."""
        breaches = [
            Breach(
                message="the exits of a DAY entry end with the session and are placed anew",
                instrument_id=intent.instrument.symbol,
                field_path=intent.path("time_in_force"),
            )
            for intent in case.increases
            if intent.decision.time_horizon not in (None, TimeHorizon.INTRADAY)
            and intent.decision.time_in_force is TimeInForce.DAY
            and isinstance(intent.instrument, Equity)
            and not intent.is_spread
        ]
        return Finding(breaches) if breaches else FINE


SESSION_RULES: tuple[Rule, ...] = (
    NotHalted(),
    NotReducing(),
    NotExpired(),
    ProtectionOutlivesEntry(),
)
