"""May anything be traded now: by the state of trading, by the calendar, until when?"""

from collections.abc import Sequence

from cream.core.exchange.auctions import has_auctions, takes_orders
from cream.core.model.instrument import Equity, OptionContract
from cream.core.model.plan import TimeHorizon, TimeInForce
from cream.core.model.state import TradingState
from cream.core.model.verdict import Severity
from cream.core.options.occ import expires_at
from cream.core.risk.case import Case
from cream.core.risk.checks.price import traded_by
from cream.core.risk.rule import Breach, Rule
from cream.core.risk.traits import Scope


class _StateAllows(Rule):
    """Base of the rules that a restricted state of trading makes."""

    scope = Scope.RESTRICTED
    state: TradingState

    def breaches(self, case: Case) -> Sequence[Breach]:
        """One breach for each increase; the message says who wanted the state and why."""
        view = case.scene.view
        if view.state is not self.state:
            return ()
        why = "; ".join(view.reasons) or "no reason was given"
        return [
            Breach(
                message=f"trading is {view.state.value}, only exits pass ({why})",
                instrument_id=intent.instrument.symbol,
                field_path=intent.path("action"),
            )
            for intent in case.increases
        ]


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
    scope = Scope.OPTIONS

    def breaches(self, case: Case) -> Sequence[Breach]:
        """Exits included: there is no market any more, the contract is settled."""
        return [
            Breach(
                message=f"{instrument.symbol} expired on {instrument.expiration}",
                instrument_id=instrument.symbol,
                field_path=intent.path(place),
            )
            for intent in case.intents
            for instrument, place in traded_by(intent)
            if isinstance(instrument, OptionContract) and expires_at(instrument) <= case.now
        ]


class ProtectionOutlivesEntry(Rule):
    """A position that is meant to last is entered by an order that lasts, or is protected anew.

    A bracket's exits live as long as its entry, so those of a DAY entry end with the session;
    Cream places them again in the next.
    """

    code = "SWING_DAY_ENTRY"
    severity = Severity.INFO
    scope = Scope.UNUSUAL

    def breaches(self, case: Case) -> Sequence[Breach]:
        """Options are always DAY, and watched here."""
        return [
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


class TradesNow(Rule):
    """An order that must trade at once is given while the market is open."""

    code = "MARKET_CLOSED"
    scope = Scope.CLOSED

    def breaches(self, case: Case) -> Sequence[Breach]:
        """IOC and FOK; the others wait for the session."""
        if case.scene.view.sessions.is_open(case.now):
            return ()
        return [
            Breach(
                message=f"the market is closed, and a {tif.value} order waits for nothing",
                instrument_id=intent.instrument.symbol,
                field_path=intent.path("time_in_force"),
            )
            for intent in case.increases
            if (tif := intent.decision.time_in_force).is_at_once
        ]


class AuctionTakesOrders(Rule):
    """An order for the opening or the closing auction comes while that takes orders.

    For the opening until 09:28, for the closing until ten minutes before it; for the next ones from
    19:00, New York time.

    Source: Alpaca, Orders at Alpaca, time in force.
    """

    code = "TIME_IN_FORCE_WINDOW"
    scope = Scope.UNUSUAL

    def breaches(self, case: Case) -> Sequence[Breach]:
        """A market that never closes has no auctions, and takes them all."""
        sessions = case.scene.view.sessions
        if not has_auctions(sessions):
            return ()
        return [
            Breach(
                message=f"{tif.value} orders are not taken now",
                instrument_id=intent.instrument.symbol,
                field_path=intent.path("time_in_force"),
            )
            for intent in case.intents
            if (tif := intent.decision.time_in_force).is_in_auction
            and not takes_orders(tif, sessions, case.now)
        ]


class ExecutesInSession(Rule):
    """An entry is given while the market is open; otherwise it waits for the next session."""

    code = "QUEUED_FOR_SESSION"
    severity = Severity.INFO
    scope = Scope.CLOSED

    def breaches(self, case: Case) -> Sequence[Breach]:
        """The message says which session that is."""
        sessions = case.scene.view.sessions
        if sessions.is_open(case.now):
            return ()
        day = sessions.next_session(case.now).day
        return [
            Breach(
                message=f"the market is closed: the order waits for the session of {day}",
                instrument_id=intent.instrument.symbol,
                field_path=intent.path("time_in_force"),
            )
            for intent in case.increases
            if not intent.decision.time_in_force.is_at_once
        ]


SESSION_RULES: tuple[Rule, ...] = (
    NotHalted(),
    NotReducing(),
    NotExpired(),
    TradesNow(),
    AuctionTakesOrders(),
    ExecutesInSession(),
    ProtectionOutlivesEntry(),
)
