"""Which orders, holdings and verdicts do the tests of both formats show?"""

from datetime import timedelta
from decimal import Decimal

from attrs import evolve

from cream.core.execution import events as e
from cream.core.model.fill import Fill
from cream.core.model.instrument import Equity, Instrument, OptionContract
from cream.core.model.market import Datum, Known
from cream.core.model.order import (
    LegFill,
    Order,
    OrderClass,
    OrderLeg,
    OrderPurpose,
    OrderStatus,
    OrderTerms,
    OrderType,
    Side,
)
from cream.core.model.order_state import standing
from cream.core.model.plan import PositionIntent, TimeInForce
from cream.core.model.position import Position
from cream.core.model.verdict import (
    Check,
    CheckResult,
    Severity,
    Suggestion,
    Unit,
    Verdict,
    Violation,
)
from cream.core.operations import PositionView
from cream.core.options.occ import parse_occ
from tests.fakes.operations_data import NOW, working

LATER = NOW + timedelta(seconds=2)
AAPL = Equity("AAPL")
LONG_CALL = parse_occ("AAPL  261218C00240000")
SHORT_CALL = parse_occ("AAPL  261218C00250000")

ENTRY = OrderTerms(
    order_id="o-entry",
    client_order_id="cream-o-entry",
    plan_id="swing-1",
    cycle_id="cycle-swing-1",
    decision_id="d-1",
    instrument=AAPL,
    side=Side.BUY,
    order_type=OrderType.LIMIT,
    order_class=OrderClass.BRACKET,
    time_in_force=TimeInForce.DAY,
    quantity=Decimal(20),
    purpose=OrderPurpose.ENTRY,
    limit_price=Decimal("238.50"),
    take_profit=Decimal("253.50"),
    stop_loss=Decimal("228.50"),
)

STOP = evolve(
    ENTRY,
    order_id="o-stop",
    client_order_id="cream-o-stop",
    side=Side.SELL,
    order_type=OrderType.STOP,
    order_class=OrderClass.SIMPLE,
    purpose=OrderPurpose.STOP_LOSS,
    limit_price=None,
    stop_price=Decimal("228.50"),
    take_profit=None,
    stop_loss=None,
    position_intent=PositionIntent.SELL_TO_CLOSE,
    parent_order_id="o-entry",
)

SPREAD = evolve(
    ENTRY,
    order_id="o-spread",
    client_order_id="cream-o-spread",
    order_class=OrderClass.MLEG,
    quantity=Decimal(5),
    limit_price=Decimal("3.10"),
    take_profit=None,
    stop_loss=None,
    legs=(
        OrderLeg(LONG_CALL, 1, PositionIntent.BUY_TO_OPEN),
        OrderLeg(SHORT_CALL, -2, PositionIntent.SELL_TO_OPEN),
    ),
)


def filled_entry() -> Order:
    """The entry, half of it filled."""
    return evolve(
        working(ENTRY),
        state=standing(OrderStatus.PARTIALLY_FILLED),
        filled=Decimal("10.5"),
        average_price=Decimal("238.41"),
        commission=Decimal("0.35"),
        updated_at=LATER,
        reason="plan swing-1",
    )


def stop_child() -> Order:
    """The stop of the entry's bracket."""
    return evolve(working(STOP), state=standing(OrderStatus.HELD))


def filled_spread() -> Order:
    """The spread, with one leg filled in part."""
    return evolve(working(SPREAD), leg_fills=(LegFill(LONG_CALL, Decimal(3), Decimal("5.25")),))


def fill(order_id: str = "o-entry", instrument: Instrument = AAPL) -> Fill:
    """One execution."""
    return Fill(
        execution_id="x-1",
        order_id=order_id,
        instrument=instrument,
        side=Side.BUY,
        quantity=Decimal(10),
        price=Decimal("238.41"),
        executed_at=LATER,
        commission=Decimal("0.35"),
    )


def order_filled() -> e.OrderFilled:
    """The event of that execution."""
    return e.OrderFilled(at=LATER, fill=fill())


def held(
    mark: Datum[Decimal] | None = None,
    instrument: Instrument = AAPL,
    quantity: str = "20",
) -> PositionView:
    """A holding bought at 238.41."""
    size = Decimal(quantity)
    position = Position(
        instrument=instrument,
        quantity=size,
        cost=size * Decimal("238.41"),
        realized_pnl=Decimal("12.50"),
    )
    return PositionView(
        position=position,
        mark=Known(Decimal("238.40")) if mark is None else mark,
        stop_price=Decimal("228.50"),
        take_profit_price=None,
        protected_quantity=Decimal(20),
    )


VIOLATION = Violation(
    code="PER_INSTRUMENT_PCT_EQUITY_EXCEEDED",
    severity=Severity.ERROR,
    message="Too much of the account in one share",
    instrument_id="AAPL",
    field_path="decisions[0].size.quantity",
    observed=Decimal("0.107325"),
    limit=Decimal("0.10"),
    unit=Unit.RATIO,
    headroom=Decimal("41"),
)

NOTICE = Violation(code="DAY_ENTRY", severity=Severity.INFO, message="The entry ends today")

VERDICT = Verdict(
    ok=False,
    violations=(NOTICE, VIOLATION),
    checks=(
        Check(
            code="STOP_DISTANCE_OUT_OF_RANGE",
            result=CheckResult.PASS,
            description="distance of the stop",
            observed=Decimal("0.041930"),
            limit=Decimal("0.20"),
            unit=Unit.RATIO,
        ),
    ),
    orders=(ENTRY, SPREAD, STOP),
    suggestions=(Suggestion("d-1", Decimal(41)), Suggestion("d-2", None)),
    policy_version="policy-1",
    validated_at=NOW,
    left_out=("d-2",),
)


def option(contract: OptionContract = LONG_CALL) -> PositionView:
    """An option held."""
    return held(instrument=contract, quantity="3")
