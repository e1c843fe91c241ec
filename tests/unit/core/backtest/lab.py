"""Bars and plans in one line each, and a run over them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from attrs import evolve

from cream.core.backtest.dealing import Assumptions
from cream.core.backtest.outcome import Outcome
from cream.core.backtest.path import MarketBar
from cream.core.backtest.run import SESSIONS, DatedPlan, Setup, backtest
from cream.core.execution.bars import Bar, SameBarPriority
from cream.core.model.order import Order, OrderPurpose
from cream.core.model.plan import (
    Action,
    Decision,
    DecisionPlan,
    Direction,
    Environment,
    Size,
    SizeUnit,
)
from cream.core.options.occ import parse_instrument
from cream.core.risk.limits import Constraints, PerInstrument, Stops

# A Monday; before its session.
MONDAY = date(2012, 3, 5)
EVE = datetime(2012, 3, 5, 13, 0, tzinfo=UTC)
# Enough for any order of a test.
PLENTY = 1_000_000

ROOMY = evolve(
    Constraints(),
    per_instrument=PerInstrument(
        max_notional=Decimal(100_000), max_units=100_000, max_equity_pct=Decimal(5)
    ),
    stops=Stops(max_distance_pct=Decimal("0.9")),
)


def prices(text: str) -> Bar:
    """`open high low close`."""
    opens, high, low, close = (Decimal(one) for one in text.split())
    return Bar(open=opens, high=high, low=low, close=close)


def days(*bars: str, symbol: str = "AAPL", volume: int = PLENTY, since: date = MONDAY) -> list[Any]:
    """One daily bar a session, from the first session on or after `since`."""
    found: list[MarketBar] = []
    day = since
    for text in bars:
        while (session := SESSIONS.session_on(day)) is None:
            day += timedelta(days=1)
        found.append(
            MarketBar(
                instrument=parse_instrument(symbol),
                starts_at=session.opens_at,
                ends_at=session.closes_at,
                prices=prices(text),
                volume=volume,
            )
        )
        day += timedelta(days=1)
    return found


def plan(*decisions: Decision, plan_id: str = "p") -> DecisionPlan:
    """An approved plan."""
    return DecisionPlan(
        plan_id=plan_id,
        cycle_id=plan_id,
        environment=Environment.PAPER,
        decisions=decisions,
        risk_manager_approved=True,
        critic_approved=True,
    )


def enter(
    quantity: str = "10",
    *,
    symbol: str = "AAPL",
    limit: str | None = None,
    stop: str | None = "90",
    target: str | None = "130",
    short: bool = False,
    decision_id: str = "d",
    **changes: Any,
) -> Decision:
    """An entry, long unless `short`."""
    return Decision(
        decision_id=decision_id,
        instrument=parse_instrument(symbol),
        action=Action.SELL if short else Action.BUY,
        direction=Direction.SHORT if short else Direction.LONG,
        size=Size(Decimal(quantity), SizeUnit.SHARES),
        limit_price=None if limit is None else Decimal(limit),
        stop_loss=None if stop is None else Decimal(stop),
        take_profit=None if target is None else Decimal(target),
        **changes,
    )


def leave(quantity: str = "10", symbol: str = "AAPL", limit: str | None = None) -> Decision:
    """An exit of what is held."""
    return Decision(
        decision_id="leave",
        instrument=parse_instrument(symbol),
        action=Action.CLOSE,
        direction=Direction.FLAT,
        size=Size(Decimal(quantity), SizeUnit.SHARES),
        limit_price=None if limit is None else Decimal(limit),
    )


# The first bar is flat at 100: the price that plans of the second day are judged by.
QUIET = "100 100 100 100"
TUESDAY = EVE + timedelta(days=1)


def run(
    bars: list[Any],
    *decisions: Decision,
    at: datetime = TUESDAY,
    more: list[tuple[DecisionPlan, datetime]] | None = None,
    cash: str = "100000",
    limits: Constraints = ROOMY,
    **assumed: Any,
) -> Outcome:
    """A run of one plan of these decisions, and of `more`. Without slippage unless it is given."""
    assumed.setdefault("slippage_bps", Decimal(0))
    assumed.setdefault("participation", Decimal(1))
    dated = [DatedPlan(plan(*decisions), at)] if decisions else []
    dated += [DatedPlan(one, moment) for one, moment in more or ()]
    setup = Setup(cash=Decimal(cash), limits=limits, assumptions=Assumptions(**assumed))
    return backtest(setup, bars, dated)


def fills(outcome: Outcome) -> list[tuple[str, str, str, str]]:
    """Side, quantity, price and reason of each fill."""
    return [
        (one.fill.side.value, f"{one.fill.quantity:f}", f"{one.fill.price:f}", one.reason)
        for one in outcome.trades
    ]


def entry(outcome: Outcome) -> Order:
    """The only entry."""
    (found,) = (one for one in outcome.orders if one.terms.purpose is OrderPurpose.ENTRY)
    return found


FIRST, LAST, ORDER = SameBarPriority
