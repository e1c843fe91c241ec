"""How is the outcome of a backtest shown: to people, and as JSON?

Verdicts and orders look as in the API (docs/api.md).
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from cream.adapters.server.json_views import order_view, text_or_none, verdict_view
from cream.cli.plans import violation_lines
from cream.cli.tables import table
from cream.core.backtest.clerk import Traded
from cream.core.backtest.dealing import no_fee
from cream.core.backtest.outcome import Outcome, PlanOutcome
from cream.core.backtest.path import MarketBar
from cream.core.backtest.run import Setup
from cream.core.execution.bars import SameBarPriority
from cream.core.model.money import decimal_text, trim
from cream.core.model.order import Order

Json = dict[str, Any]

_PRIORITIES = {
    SameBarPriority.STOP_FIRST: "the stop counts",
    SameBarPriority.TARGET_FIRST: "the target counts",
    SameBarPriority.HIGH_LOW_ORDER: "an up bar went low first, any other high first",
}
_PERCENT = Decimal(100)


def as_json(setup: Setup, bars: Sequence[MarketBar], outcome: Outcome) -> Json:
    """Everything, amounts as text."""
    return {
        "ok": all(one.ok for one in outcome.plans),
        "digest": outcome.digest,
        "assumptions": _assumptions(setup, bars),
        "plans": [_plan_json(one, outcome) for one in outcome.plans],
        "flattened": [_trade(one) for one in _flattened(outcome)],
        "settlements": [
            {
                "at": _moment(one.settled_at),
                "symbol": one.contract.symbol,
                "quantity": decimal_text(one.quantity),
                "price": decimal_text(one.price),
                "reason": "expiry",
            }
            for one in outcome.settlements
        ],
        "positions": [
            {
                "symbol": one.position.instrument.symbol,
                "quantity": decimal_text(one.position.quantity),
                "avg_entry_price": decimal_text(one.position.average_price),
                "mark": text_or_none(one.mark),
                "unrealized_pnl": _dollars(one.unrealized),
                "realized_pnl": _dollars(one.position.realized_pnl),
            }
            for one in outcome.holdings
        ],
        "account": _account(outcome),
        "equity_curve": [
            {"at": _moment(one.at), "cash": _dollars(one.cash), "equity": _dollars(one.equity)}
            for one in outcome.curve
        ],
    }


def as_text(setup: Setup, bars: Sequence[MarketBar], outcome: Outcome) -> str:
    """Each plan, then the account."""
    parts = ["\n".join(_plan_lines(one, outcome)) for one in outcome.plans]
    flattened = _flattened(outcome)
    if flattened:
        parts.append(f"A loss limit closed everything:\n{_trade_table(flattened)}")
    ended = [
        f"{_moment(one.settled_at)}  {one.contract.symbol}: {one.quantity:f} ended, "
        f"settled at {one.price:f} (expiry)"
        for one in outcome.settlements
    ]
    if ended:
        parts.append("\n".join(ended))
    held = [
        [
            one.position.instrument.symbol,
            f"{one.position.quantity:f}",
            f"{one.position.average_price:f}",
            text_or_none(one.mark),
            _dollars(one.unrealized),
            _dollars(one.position.realized_pnl),
        ]
        for one in outcome.holdings
    ]
    if held:
        headings = ("SYMBOL", "QTY", "AVERAGE", "MARK", "UNREALISED", "REALISED")
        parts.append(table(headings, held))
    account = _account(outcome)
    parts.append("\n".join(f"{_LABELS[name]:<14}{value}" for name, value in account.items()))
    parts.append(f"Assumed: {_in_words(setup, bars)}.\nDigest: {outcome.digest}")
    return "\n\n".join(parts)


_LABELS = {
    "starting_cash": "began with",
    "cash": "cash",
    "equity": "equity",
    "realized_pnl": "realised",
    "unrealized_pnl": "unrealised",
    "fees": "fees",
    "max_drawdown": "max drawdown",
    "max_drawdown_pct": "  in percent",
}


def _account(outcome: Outcome) -> dict[str, str]:
    drawdown = outcome.drawdown
    return {
        "starting_cash": _dollars(outcome.cash),
        "cash": _dollars(outcome.curve[-1].cash if outcome.curve else outcome.cash),
        "equity": _dollars(outcome.equity),
        "realized_pnl": _dollars(outcome.realized),
        "unrealized_pnl": _dollars(outcome.unrealized),
        "fees": _dollars(outcome.fees),
        "max_drawdown": _dollars(drawdown.amount),
        "max_drawdown_pct": decimal_text(trim(drawdown.fraction * _PERCENT)),
    }


# Plans ------------------------------------------------------------------------------------------


def _of_plan(plan: PlanOutcome, outcome: Outcome) -> tuple[list[Order], list[Traded]]:
    """The orders of a plan, exits that followed from it with them, and what they traded."""
    if plan.verdict is None:
        return [], []
    orders = {one.order_id: one for one in outcome.orders if _belongs(one, plan)}
    return [*orders.values()], [one for one in outcome.trades if one.fill.order_id in orders]


def _flattened(outcome: Outcome) -> list[Traded]:
    """What was closed for no plan."""
    return [one for one in outcome.trades if one.reason == "flatten"]


def _belongs(order: Order, plan: PlanOutcome) -> bool:
    return bool(plan.order_ids) and order.terms.plan_id == plan.plan_id


def _plan_json(plan: PlanOutcome, outcome: Outcome) -> Json:
    orders, trades = _of_plan(plan, outcome)
    rows = [_trade(one) for one in trades]
    verdict = None if plan.verdict is None else msgspec.to_builtins(verdict_view(plan.verdict))
    return {
        "plan_id": plan.plan_id,
        "decided_at": _moment(plan.decided_at),
        "ok": plan.ok,
        "problem": plan.problem,
        "within_bar": plan.within_bar,
        "verdict": verdict,
        "orders": [msgspec.to_builtins(order_view(one)) for one in orders],
        "fills": rows,
        "exits": [row for row in rows if row["reason"] is not None],
    }


def _trade(one: Traded) -> Json:
    fill = one.fill
    return {
        "at": _moment(fill.executed_at),
        "order_id": fill.order_id,
        "symbol": fill.instrument.symbol,
        "side": fill.side.value,
        "quantity": decimal_text(fill.quantity),
        "price": decimal_text(fill.price),
        "commission": decimal_text(fill.commission),
        "realized_pnl": _dollars(one.realized) if one.reason else None,
        "reason": one.reason or None,
    }


def _plan_lines(plan: PlanOutcome, outcome: Outcome) -> Iterator[str]:
    word = "approved" if plan.ok else "refused"
    yield f"{plan.plan_id}: {word}, {_moment(plan.decided_at)}"
    if plan.problem:
        yield f"  {plan.problem}"
    if plan.verdict is not None:
        yield from violation_lines(msgspec.to_builtins(verdict_view(plan.verdict)))
    orders, trades = _of_plan(plan, outcome)
    if plan.within_bar and orders:
        yield f"  {_WITHIN}"
    if orders:
        yield table(_ORDER_HEADINGS, [_order_row(one) for one in orders])
    if trades:
        yield _trade_table(trades)


def _trade_table(trades: Sequence[Traded]) -> str:
    rows = [_trade(one) for one in trades]
    return table(_TRADE_HEADINGS, [[row[key] for key in _TRADE_KEYS] for row in rows])


_WITHIN = (
    "decided within a bar: its orders trade from the next bar on, and DAY orders end with the "
    "session"
)
_ORDER_HEADINGS = ("SIDE", "QTY", "FILLED", "SYMBOL", "TYPE", "LIMIT", "STOP", "FOR", "STATUS")
_TRADE_HEADINGS = ("AT", "SIDE", "QTY", "SYMBOL", "PRICE", "FEE", "REALISED", "EXIT BY")
_TRADE_KEYS = (
    "at",
    "side",
    "quantity",
    "symbol",
    "price",
    "commission",
    "realized_pnl",
    "reason",
)


def _order_row(order: Order) -> list[object]:
    terms = order.terms
    return [
        terms.side.value,
        f"{terms.quantity:f}",
        f"{order.filled:f}",
        terms.instrument.symbol,
        terms.order_type.value,
        text_or_none(terms.limit_price),
        text_or_none(terms.stop_price),
        terms.purpose.value,
        order.status.value,
    ]


# Assumptions ------------------------------------------------------------------------------------


def _assumptions(setup: Setup, bars: Sequence[MarketBar]) -> Json:
    assumed = setup.assumptions
    return {
        "slippage_bps": decimal_text(assumed.slippage_bps),
        "participation": decimal_text(assumed.participation),
        "same_bar_priority": assumed.priority.value,
        "bars": len(bars),
        "in_words": _in_words(setup, bars),
    }


def _in_words(setup: Setup, bars: Sequence[MarketBar]) -> str:
    assumed = setup.assumptions
    fees = "no commission" if assumed.fee is no_fee else "commission and fees as asked for"
    share = f"{(assumed.participation * _PERCENT).normalize():f}"
    return "; ".join(
        [
            f"{len(bars):,} bars",
            "plans are decided on the latest known price and trade from the next bar on",
            "orders at the market and reached stops give away "
            f"{assumed.slippage_bps:f} basis points within the bar",
            f"at most {share} % of a bar's volume a side",
            f"where a bar reached stop and target {_PRIORITIES[assumed.priority]}",
            f"no spread, {fees}, no dividends, splits, interest or borrowing costs",
        ]
    )


def _dollars(amount: Decimal) -> str:
    return decimal_text(trim(amount))


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
