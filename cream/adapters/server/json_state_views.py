"""How do the account, the holdings, the market and the daemon's own state look as JSON?"""

from collections.abc import Sequence

from cream.adapters.server import json_state_types as api
from cream.adapters.server.json_views import cancel_view, order_view, text_or_none
from cream.adapters.server.portfolio import Portfolio, mark_of
from cream.core.market.views import FeedView
from cream.core.model.account import Account
from cream.core.model.broker import Difference
from cream.core.model.market import Datum, Known, Quote, Stale, Unknown
from cream.core.model.money import decimal_text
from cream.core.operations import (
    BreakerView,
    KillSwitchReport,
    MassCancelReport,
    PositionView,
    Readiness,
    ReconciliationView,
    SubsystemView,
    TradingStateView,
)


def position_view(view: PositionView) -> api.Position:
    """A holding with its value and its protection."""
    position, mark = view.position, mark_of(view)
    return api.Position(
        symbol=position.instrument.symbol,
        quantity=decimal_text(position.quantity),
        avg_entry_price=decimal_text(position.average_price),
        market_value=None if mark is None else decimal_text(position.market_value(mark)),
        unrealized_pnl=None if mark is None else decimal_text(position.unrealized_pnl(mark)),
        realized_pnl=decimal_text(position.realized_pnl),
        cost_basis=decimal_text(position.cost * position.instrument.multiplier),
        stop_price=text_or_none(view.stop_price),
        take_profit_price=text_or_none(view.take_profit_price),
        protected_quantity=decimal_text(view.protected_quantity),
    )


def trading_state_view(view: TradingStateView) -> api.TradingState:
    """The trading state and its causes."""
    return api.TradingState(
        state=view.state.value,
        causes=tuple(
            api.Cause(
                cause=restriction.cause.value,
                state=restriction.state.value,
                reason=restriction.reason,
                actor=restriction.actor,
                since=restriction.since,
            )
            for restriction in view.restrictions
        ),
    )


def kill_switch_view(report: KillSwitchReport) -> api.KillSwitchReply:
    """The trading state, and what became of each order that had to go."""
    state = trading_state_view(report.trading_state)
    return api.KillSwitchReply(
        state=state.state, causes=state.causes, results=tuple(map(cancel_view, report.results))
    )


def reconciliation_view(view: ReconciliationView) -> api.Reconciliation:
    """How the broker's view and ours compare."""
    last = view.last
    found = () if last is None else last.differences
    return api.Reconciliation(
        completed_at=None if last is None else last.at,
        layer=None if last is None else last.layer,
        clean=last is not None and not any(one.critical for one in found),
        differences=tuple(map(difference_view, found)),
        unanswered=view.unanswered,
        guessed=view.guessed,
        alerts=tuple(map(difference_view, view.alerts)),
    )


def difference_view(one: Difference) -> api.Difference:
    """One way in which the two sides differ."""
    return api.Difference(
        kind=one.kind,
        subject=one.subject,
        ours=one.ours,
        theirs=one.theirs,
        critical=one.critical,
    )


def mass_cancel_view(report: MassCancelReport) -> api.MassCancelReply:
    """How far a mass cancel came."""
    return api.MassCancelReply(
        requested=report.requested,
        confirmed=report.confirmed,
        complete=report.complete,
        remaining=report.remaining,
    )


def account_view(datum: Datum[Account]) -> api.Account | None:
    """The broker's figures; None where it has never told them."""
    match datum:
        case Known(account):
            return _account_view(account, "KNOWN")
        case Stale(account):
            return _account_view(account, "STALE")
        case Unknown():
            return None


def _account_view(account: Account, freshness: str) -> api.Account:
    return api.Account(
        account_id=account.account_id,
        equity=decimal_text(account.equity),
        cash=decimal_text(account.cash),
        buying_power=decimal_text(account.buying_power),
        margin_used=decimal_text(account.margin_used),
        last_equity=decimal_text(account.last_equity),
        day_trade_count=account.day_trade_count,
        as_of=account.as_of,
        freshness=freshness,
    )


def feed_view(view: FeedView) -> api.FeedHealth:
    """How the feed does. What only a real feed has is null with the synthetic one."""
    health = view.health
    return api.FeedHealth(
        enabled=True,
        status="HEALTHY" if view.healthy else "DEGRADED",
        provider=view.provider,
        last_message_age_seconds=view.last_message_age_seconds,
        messages=view.messages,
        stale_symbols=view.stale_symbols,
        issues=view.issues,
        health_score=None if health is None else health.health_score,
        messages_per_second=None if health is None else round(health.messages_per_second, 3),
        gap_count=None if health is None else health.gap_count,
        latency_p50_ms=None if health is None else health.latency_p50_milliseconds,
        latency_p95_ms=None if health is None else health.latency_p95_milliseconds,
        latency_p99_ms=None if health is None else health.latency_p99_milliseconds,
        halted_symbols=() if health is None else health.halted_symbols,
        unusable_quotes={} if health is None else dict(health.unusable_quotes),
    )


# The worse a breaker's state, the further back it stands here.
_BREAKER_STATES = ("CLOSED", "HALF_OPEN", "OPEN")


def breakers_view(views: Sequence[BreakerView]) -> api.Breakers:
    """Every breaker, and above them the worst state and the sums."""
    states = [view.state for view in views if view.state in _BREAKER_STATES]
    worst = max(states, key=_BREAKER_STATES.index, default="CLOSED")
    calls = sum(view.total_calls for view in views)
    failures = sum(view.total_failures for view in views)
    return api.Breakers(
        state=worst,
        is_broker_available=worst != "OPEN",
        total_calls=calls,
        total_failures=failures,
        failure_rate=failures / calls if calls else 0.0,
        breakers=tuple(
            api.Breaker(
                name=view.name,
                state=view.state,
                total_calls=view.total_calls,
                total_failures=view.total_failures,
                failure_rate=view.failure_rate,
            )
            for view in views
        ),
    )


def subsystems_view(children: Sequence[SubsystemView]) -> api.Subsystems:
    """Every supervised part of the daemon."""
    return api.Subsystems(
        subsystems=tuple(
            api.Subsystem(
                name=view.name,
                state=view.state,
                restarts=view.restarts,
                since=view.since,
                last_error=view.last_error,
            )
            for view in children
        )
    )


def readiness_view(state: Readiness) -> api.Readiness:
    """Whether an increase would be accepted now."""
    return api.Readiness(ready=state.ready, reasons=state.reasons)


def quote_view(quote: Quote) -> api.Quote:
    """Best bid and offer."""
    return api.Quote(
        symbol=quote.symbol,
        bid=decimal_text(quote.bid),
        ask=decimal_text(quote.ask),
        bid_size=quote.bid_size,
        ask_size=quote.ask_size,
        at=quote.at,
    )


def portfolio_view(portfolio: Portfolio) -> api.Portfolio:
    """Everything that the gate judges by."""
    return api.Portfolio(
        account=account_view(portfolio.account),
        positions=tuple(map(position_view, portfolio.positions)),
        working_orders=tuple(map(order_view, portfolio.working_orders)),
        realized_pnl=decimal_text(portfolio.realized_pnl),
        unrealized_pnl=text_or_none(portfolio.unrealized_pnl),
        trading_state=trading_state_view(portfolio.trading_state),
        data_ages=tuple(
            api.DataAge(name=age.name, freshness=age.freshness, age_seconds=age.seconds)
            for age in portfolio.ages
        ),
        as_of=portfolio.as_of,
    )
