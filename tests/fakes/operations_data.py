"""What do the operations of tests hold: an account, orders, quotes?"""

from datetime import UTC, datetime
from decimal import Decimal

from cream.core.model.account import Account
from cream.core.model.ids import client_order_id, order_id
from cream.core.model.market import Quote
from cream.core.model.order import (
    Order,
    OrderClass,
    OrderPurpose,
    OrderTerms,
    OrderType,
    Side,
)
from cream.core.model.order_state import ACCEPTED
from cream.core.model.plan import Action, Decision, DecisionPlan, Environment
from cream.core.model.request import SingleOrder
from cream.core.model.verdict import Severity, Violation

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)

ACCOUNT = Account(
    account_id="SIM-1",
    equity=Decimal("100000.00"),
    cash=Decimal("60000.00"),
    buying_power=Decimal("200000.00"),
    margin_used=Decimal("1200.50"),
    last_equity=Decimal("99000.00"),
    as_of=datetime(2026, 11, 23, 14, 59, 58, tzinfo=UTC),
    day_trade_count=1,
)

REFUSAL = Violation(
    code="MISSING_STOP_LOSS",
    severity=Severity.ERROR,
    message="The entry has no stop",
    instrument_id="AAPL",
    field_path="decisions[0].stop_loss_level",
)


def entry_terms(plan: DecisionPlan, decision: Decision) -> OrderTerms:
    """The order that a decision makes here: its size in shares, limit or market."""
    name = order_id(plan.environment, "SIM-1", plan.plan_id, decision.decision_id, "entry", 0)
    limit = decision.net_limit_price if decision.legs else decision.limit_price
    return OrderTerms(
        order_id=name,
        client_order_id=client_order_id(name),
        plan_id=plan.plan_id,
        cycle_id=plan.cycle_id,
        decision_id=decision.decision_id,
        instrument=decision.instrument,
        side=Side.SELL if decision.action is Action.SELL else Side.BUY,
        order_type=OrderType.MARKET if limit is None else OrderType.LIMIT,
        order_class=OrderClass.SIMPLE,
        time_in_force=decision.time_in_force,
        quantity=decision.size.quantity,
        purpose=OrderPurpose.ENTRY,
        limit_price=limit,
        stop_loss=decision.stop_loss,
        take_profit=decision.take_profit,
    )


def working(terms: OrderTerms, at: datetime = NOW) -> Order:
    """The order as the broker has just accepted it."""
    return Order(
        terms=terms,
        state=ACCEPTED,
        intended_at=at,
        updated_at=at,
        broker_order_id=f"b-{terms.order_id}",
    )


def a_quote(symbol: str = "AAPL", bid: str = "238.39", ask: str = "238.41") -> Quote:
    """A quote of half a second ago."""
    return Quote(
        symbol=symbol,
        bid=Decimal(bid),
        ask=Decimal(ask),
        bid_size=1000,
        ask_size=1000,
        at=datetime(2026, 11, 23, 14, 59, 59, 500_000, tzinfo=UTC),
    )


def single_terms(order: SingleOrder) -> OrderTerms:
    """The order that a single order becomes."""
    name = order_id(Environment.PAPER, "SIM-1", "", order.client_order_id, "single", 0)
    return OrderTerms(
        order_id=name,
        client_order_id=order.client_order_id,
        plan_id="",
        cycle_id=order.cycle_id,
        decision_id="",
        instrument=order.instrument,
        side=order.side,
        order_type=order.order_type,
        order_class=OrderClass.SIMPLE,
        time_in_force=order.time_in_force,
        quantity=order.quantity,
        purpose=OrderPurpose.ENTRY,
        limit_price=order.limit_price,
        stop_price=order.stop_price,
    )
