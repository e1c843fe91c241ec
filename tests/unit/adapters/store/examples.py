"""One event of every kind, with fixed values: what the golden file and other tests are made of."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

from attrs import evolve

from cream.core.execution import activity_events as a
from cream.core.execution import events as e
from cream.core.execution import option_events as o
from cream.core.model.activity import Activity, ActivityKind, ActivityStatus
from cream.core.model.broker import Difference
from cream.core.model.fill import Fill
from cream.core.model.instrument import Equity, OptionContract, OptionRight
from cream.core.model.order import (
    OrderClass,
    OrderLeg,
    OrderPurpose,
    OrderStatus,
    OrderTerms,
    OrderType,
    Side,
    TwapTerms,
)
from cream.core.model.plan import (
    Environment,
    Guard,
    PositionIntent,
    RiskDenomination,
    TimeInForce,
)
from cream.core.model.state import Cause, TradingState
from cream.core.model.verdict import Check, CheckResult, Severity, Unit, Violation
from cream.core.options.roll_legs import RollLeg
from cream.core.options.roll_levels import RollLevels

AT = datetime(2026, 1, 5, 14, 30, 0, 250_000, tzinfo=UTC)
LATER = datetime(2026, 1, 5, 14, 30, 1, tzinfo=UTC)

AAPL = Equity("AAPL")
CALL = OptionContract("AAPL", date(2026, 12, 18), OptionRight.CALL, Decimal("240.00"))
PUT = OptionContract("AAPL", date(2026, 12, 18), OptionRight.PUT, Decimal("220.5"))

ENTRY = OrderTerms(
    order_id="o-entry",
    client_order_id="cream-o-entry",
    plan_id="plan-1",
    cycle_id="cycle-1",
    decision_id="decision-1",
    instrument=AAPL,
    side=Side.BUY,
    order_type=OrderType.LIMIT,
    order_class=OrderClass.BRACKET,
    time_in_force=TimeInForce.GTC,
    quantity=Decimal("100"),
    purpose=OrderPurpose.ENTRY,
    limit_price=Decimal("238.40"),
    take_profit=Decimal("250"),
    stop_loss=Decimal("230.00"),
    twap=TwapTerms((Decimal(50), Decimal(50)), 60),
)

SPREAD = OrderTerms(
    order_id="o-spread",
    client_order_id="cream-o-spread",
    plan_id="plan-1",
    cycle_id="cycle-1",
    decision_id="decision-2",
    instrument=AAPL,
    side=Side.BUY,
    order_type=OrderType.LIMIT,
    order_class=OrderClass.MLEG,
    time_in_force=TimeInForce.DAY,
    quantity=Decimal("2"),
    purpose=OrderPurpose.EXIT,
    limit_price=Decimal("-1.25"),
    denomination=RiskDenomination.OPTION_PRICE,
    position_intent=PositionIntent.SELL_TO_CLOSE,
    legs=(
        OrderLeg(CALL, -1, PositionIntent.SELL_TO_CLOSE),
        OrderLeg(PUT, 1, PositionIntent.BUY_TO_CLOSE),
    ),
    parent_order_id="o-entry",
)


def fill(execution_id: str = "x-1", instrument: Equity | OptionContract = AAPL) -> Fill:
    """A fill of ten."""
    return Fill(
        execution_id=execution_id,
        order_id="o-entry",
        instrument=instrument,
        side=Side.BUY,
        quantity=Decimal(10),
        price=Decimal("238.395"),
        executed_at=LATER,
        commission=Decimal("0.01"),
    )


def judged() -> e.PlanJudged:
    """A refusal with one violation on the instrument and one on the whole portfolio."""
    return e.PlanJudged(
        at=AT,
        plan_id="plan-1",
        cycle_id="cycle-1",
        content_hash="c0ffee",
        ok=False,
        order_ids=("o-entry", "o-spread"),
        left_out=("decision-3",),
        violations=(
            Violation(
                code="STOP_WRONG_SIDE",
                severity=Severity.ERROR,
                message="the stop of a long position lies below",
                instrument_id="AAPL",
                field_path="decisions[0].stop_loss",
                observed=Decimal("241"),
                limit=Decimal("238.40"),
                unit=Unit.USD_PER_SHARE,
                headroom=Decimal("0"),
            ),
            Violation(code="LEVERAGE", severity=Severity.WARNING, message="naïve \u2028 – 杠杆"),
        ),
        policy_version="2026-01-01",
    )


def explained() -> e.PlanJudged:
    """A plan as later versions record it: with what it asked for, and what was measured."""
    return evolve(
        judged(),
        ok=True,
        violations=(),
        asked=(
            e.Asked(
                decision_id="decision-1",
                symbol="AAPL",
                action="BUY LONG",
                size=Decimal(5000),
                unit="DOLLARS",
                limit_price=Decimal("238.40"),
                stop_loss=Decimal("230.00"),
                take_profit=Decimal(250),
                confidence=Decimal("0.7"),
                rationale="it rises",
            ),
            e.Asked(
                decision_id="decision-2",
                symbol="AAPL",
                action="SELL FLAT",
                size=Decimal(2),
                unit="CONTRACTS",
            ),
        ),
        checks=(
            Check(
                code="PER_INSTRUMENT_NOTIONAL",
                result=CheckResult.PASS,
                observed=Decimal("4768.00"),
                limit=Decimal(50000),
                unit=Unit.USD,
            ),
        ),
        rationale="a test",
    )


EXAMPLES: tuple[e.Event, ...] = (
    e.RunStarted(
        at=AT,
        version="0.1.0",
        config_hash="abc",
        environment=Environment.PAPER,
        account_id="PA-1",
    ),
    e.RunStopped(at=AT),
    judged(),
    explained(),
    e.OrderIntended(at=AT, terms=ENTRY, reason="plan"),
    e.ChildListed(at=AT, terms=SPREAD, broker_order_id="b-2", status=OrderStatus.HELD),
    e.OrderAcknowledged(
        at=AT,
        order_id="o-entry",
        broker_order_id="b-1",
        status=OrderStatus.ACCEPTED,
        broker_updated_at=LATER,
    ),
    e.OrderRefused(at=AT, order_id="o-entry", code="INSUFFICIENT_FUNDS", message="no money"),
    e.SubmitUnknown(at=AT, order_id="o-entry", why="timed out"),
    e.OrderProgressed(
        at=AT,
        order_id="o-entry",
        status=OrderStatus.EXPIRED,
        reason="end of day",
        broker_updated_at=None,
    ),
    e.OrderFilled(at=AT, fill=fill()),
    e.SpreadFilled(
        at=AT,
        order_id="o-spread",
        execution_id="x-2",
        quantity=Decimal(2),
        net_price=Decimal("-1.25"),
        legs=(fill("x-3", CALL), fill("x-4", PUT)),
    ),
    e.FillInferred(at=AT, fill=fill("guess-1")),
    e.FillCorrected(
        at=AT,
        order_id="o-entry",
        before=(fill("guess-1"),),
        after=fill("x-5"),
        reason="the execution of what had been guessed",
    ),
    e.OrderReplaced(
        at=AT,
        order_id="o-entry",
        replaces="b-1",
        broker_order_id="b-3",
        quantity=Decimal("12.5"),
        limit_price=Decimal("231.10"),
        stop_price=None,
        broker_updated_at=LATER,
    ),
    e.CancelRequested(at=AT, order_id="o-entry", reason="operator", actor="cli"),
    e.CancelRefused(at=AT, order_id="o-entry", reason="too late"),
    e.ProtectionTriggered(
        at=AT,
        symbol="AAPL",
        kind="stop_loss",
        level=Decimal("230.00"),
        price=Decimal("229.98"),
        exit_order_id="o-exit",
    ),
    e.PositionAdjusted(
        at=AT,
        instrument=PUT,
        quantity=Decimal("-3"),
        average_price=Decimal("1E+1"),
        reason="broker",
    ),
    e.TradingRestricted(
        at=AT,
        cause=Cause.OPERATOR,
        state=TradingState.HALTED,
        reason="kill switch",
        actor="cli",
    ),
    e.RestrictionLifted(at=AT, cause=Cause.DISCONNECT, reason="reconciled", actor="reconciler"),
    e.MassCancelOwed(at=AT, reason="disconnected"),
    e.MassCancelConfirmed(at=AT),
    e.ReconciliationCompleted(
        at=AT,
        layer="full",
        differences=(
            Difference(
                kind="POSITION_QUANTITY", subject="AAPL", ours="100", theirs="70", critical=True
            ),
        ),
    ),
    e.TrailMoved(at=AT, symbol="AAPL", best=Decimal("241.50")),
    e.PartialTimedOut(at=AT, order_id="o-entry", action="cancel_remaining"),
    e.ClientSessionKept(
        at=AT, session_id="agent-1", timeout_seconds="30.0", on_loss="cancel_entries", actor="local"
    ),
    e.ClientSessionEnded(at=AT, session_id="agent-1", lost=True),
    e.FlattenOwed(at=AT, reason="enough", actor="cli"),
    e.FlattenSettled(at=AT, reason="nothing is held any more"),
    e.EquityMarked(at=AT, session=date(2026, 1, 5), equity=Decimal("100000.25")),
    a.ActivityNoted(
        at=AT,
        activity=Activity(
            activity_id="20260105000000000::f-1",
            kind=ActivityKind.FEE,
            word="FEE",
            sub_word="TAF",
            day=date(2026, 1, 5),
            status=ActivityStatus.CORRECTED,
            symbol="AAPL",
            quantity=Decimal(-3),
            price=Decimal("0.50"),
            net_amount=Decimal("-0.02"),
            description="TAF fee",
            group_id="g-1",
        ),
    ),
    a.CashUnexplained(at=AT, amount=Decimal("-12.34")),
    o.CloseOwed(
        at=AT,
        contract=PUT,
        held=Decimal(-5),
        keep=Decimal(3),
        cause="orphan_leg",
        reason="2 are held without their partner",
    ),
    o.CloseSettled(at=AT, symbol=PUT.symbol, cause="orphan_leg", reason="it is closed"),
    o.OptionAlarmed(at=AT, symbol=PUT.symbol, kind="not_closed", message="2 were not closed"),
    o.ExerciseAsked(
        at=AT,
        request_id="x-1",
        contract=CALL,
        quantity=Decimal(2),
        held=Decimal(2),
        instruction="exercise",
        actor="cli",
    ),
    o.ExerciseAnswered(at=AT, request_id="x-1", outcome="taken", message=""),
    o.RollOwed(
        at=AT,
        roll_id="roll-1",
        closes=(RollLeg(PUT, -2),),
        opens=(RollLeg(evolve(PUT, expiration=date(2027, 1, 15)), -1),),
        units=3,
        as_one=False,
        limit=Decimal("-0.45"),
        most_debit=Decimal("0.10"),
        urgent=True,
        reasons=("urgent_expiry", "asked_for"),
        levels=RollLevels(
            stop_loss=Decimal("4.20"),
            take_profit=None,
            denomination=RiskDenomination.OPTION_PRICE,
            guard=Guard(trail_price=Decimal("0.50")),
            premium=Decimal("2.10"),
        ),
        actor="cli",
    ),
    o.RollSettled(
        at=AT,
        roll_id="roll-1",
        outcome="closed_and_not_opened",
        closed=Decimal(3),
        opened=Decimal(2),
        message="1 were closed and are not opened again: it was not opened in time",
    ),
)


def records(count: int, after: int = 0) -> list[e.Record]:
    """The `count` records past `after`, each with its event, the kinds in turn."""
    return list(_records(count, after))


def _records(count: int, after: int) -> Iterator[e.Record]:
    for sequence in range(after + 1, after + count + 1):
        yield e.Record(sequence, EXAMPLES[(sequence - 1) % len(EXAMPLES)])
