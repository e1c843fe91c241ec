"""Which plan, which portfolio and which handling does a JSON value describe?

A decision plan as docs/api.md has it, and the older body with the same fields. Everything that is
wrong is noted with its path; the caller raises once all is read.
"""

from decimal import Decimal

from attrs import frozen

from cream.adapters.server import values
from cream.adapters.server.json_reader import ObjectReader, list_elements
from cream.adapters.server.plan_draft import (
    LARGEST_RATIO,
    MAX_DECISIONS,
    MAX_LEGS,
    DecisionDraft,
    DecisionPaths,
    finish_decision,
    note_duplicates,
)
from cream.adapters.server.problems import Problems, shown
from cream.adapters.server.strict_json import Json, decode_nested
from cream.core.model.broker import BrokerPosition
from cream.core.model.errors import CreamError
from cream.core.model.instrument import OptionContract
from cream.core.model.money import ZERO
from cream.core.model.order import OrderType
from cream.core.model.plan import (
    Action,
    Decision,
    DecisionPlan,
    Direction,
    Environment,
    OptionLeg,
    PositionIntent,
    RiskDenomination,
    SizeUnit,
    StrategyFamily,
    ThesisState,
    TimeHorizon,
    TimeInForce,
)
from cream.core.model.request import ExecutionParams, PortfolioOverride

# The engine's own limit on positions is 50; an override may describe any account.
_MAX_POSITIONS = 10_000
# How long a caller may have its reply wait for the broker; proxies give up after a minute.
LONGEST_WAIT_SECONDS = Decimal(60)

_PLAN_KEYS = (
    "plan_id",
    "cycle_id",
    "environment",
    "timestamp",
    "risk_manager_approved",
    "critic_approved",
    "plan_rationale",
    "decisions",
)
_DECISION_KEYS = (
    "decision_id",
    "instrument_id",
    "action",
    "direction",
    "size",
    "entry_order_type",
    "limit_price",
    "stop_loss_level",
    "take_profit_level",
    "risk_denomination",
    "time_in_force",
    "strategy_family",
    "time_horizon",
    "thesis_state",
    "execution_tactic",
    "execution_params",
    "bullish_factors",
    "bearish_factors",
    "rationale",
    "confidence",
    "legs",
    "net_limit_price",
)
_LEG_KEYS = ("symbol", "ratio_qty", "position_intent")
_PORTFOLIO_KEYS = ("equity", "cash", "buying_power", "positions")
# What GET /v1/positions answers can be posted back as it is; only the first three count.
_POSITION_KEYS = (
    "symbol",
    "quantity",
    "avg_entry_price",
    "market_value",
    "unrealized_pnl",
    "realized_pnl",
    "cost_basis",
    "stop_price",
    "take_profit_price",
    "protected_quantity",
)


@frozen(kw_only=True)
class PlanDefaults:
    """What the body around a plan says where the plan itself is silent."""

    cycle_id: str | None = None
    environment: Environment | None = None


def read_plan(
    value: Json, path: str, problems: Problems, defaults: PlanDefaults
) -> DecisionPlan | None:
    """The plan at `path`, or None with notes."""
    reader = ObjectReader(value, path, problems, _PLAN_KEYS)
    reader.require("decisions")
    cycle_id = reader.identifier("cycle_id")
    if not reader.given("cycle_id"):
        cycle_id = defaults.cycle_id
        if cycle_id is None:
            reader.require("cycle_id")
    elif defaults.cycle_id not in (None, cycle_id) and cycle_id is not None:
        problems.add(reader.at("cycle_id"), "differs from the cycle_id beside the plan")
    environment = reader.choice("environment", Environment)
    if not reader.given("environment"):
        environment = defaults.environment
        if environment is None:
            reader.require("environment")
    plan_id = reader.identifier("plan_id")
    decisions = _read_decisions(reader, cycle_id or "", problems)
    timestamp = reader.instant("timestamp")
    risk_manager_approved = reader.flag("risk_manager_approved")
    critic_approved = reader.flag("critic_approved")
    rationale = reader.text("plan_rationale")
    if cycle_id is None or environment is None:
        return None
    return DecisionPlan(
        plan_id=plan_id or cycle_id,
        cycle_id=cycle_id,
        environment=environment,
        decisions=decisions,
        timestamp=timestamp,
        risk_manager_approved=risk_manager_approved,
        critic_approved=critic_approved,
        rationale=rationale or "",
    )


def _read_decisions(plan: ObjectReader, cycle_id: str, problems: Problems) -> tuple[Decision, ...]:
    decisions: list[Decision] = []
    named: list[tuple[str, str]] = []
    for index, (value, path) in enumerate(plan.elements("decisions", MAX_DECISIONS)):
        reader = ObjectReader(value, path, problems, _DECISION_KEYS)
        decision_id = reader.identifier("decision_id")
        if not reader.given("decision_id"):
            decision_id = f"{cycle_id}-{index}"
        if decision_id is not None:
            named.append((decision_id, reader.at("decision_id")))
        decision = _read_decision(reader, decision_id or "", problems)
        if decision is not None:
            decisions.append(decision)
    note_duplicates(named, problems)
    return tuple(decisions)


def _read_decision(reader: ObjectReader, decision_id: str, problems: Problems) -> Decision | None:
    action = reader.choice("action", Action)
    reader.require("instrument_id", "action")
    if action is None or action.trades:
        reader.require("size")
    size = reader.child("size", ("quantity", "unit"))
    if size is not None:
        size.require("quantity", "unit")
    draft = DecisionDraft(
        decision_id=decision_id,
        instrument=reader.instrument("instrument_id"),
        action=action,
        direction=reader.choice("direction", Direction),
        quantity=size.decimal("quantity") if size is not None else None,
        unit=size.choice("unit", SizeUnit) if size is not None else None,
        order_type=reader.choice("entry_order_type", OrderType),
        limit_price=reader.decimal("limit_price"),
        stop_loss=reader.decimal("stop_loss_level"),
        take_profit=reader.decimal("take_profit_level"),
        denomination=reader.choice("risk_denomination", RiskDenomination),
        time_in_force=reader.choice("time_in_force", TimeInForce),
        strategy_family=reader.choice("strategy_family", StrategyFamily),
        time_horizon=reader.choice("time_horizon", TimeHorizon),
        thesis_state=reader.choice("thesis_state", ThesisState),
        tactic=reader.text("execution_tactic", values.LONGEST_IDENTIFIER),
        tactic_params=reader.raw("execution_params"),
        bullish_factors=_factors(reader, "bullish_factors"),
        bearish_factors=_factors(reader, "bearish_factors"),
        rationale=reader.text("rationale"),
        confidence=reader.decimal("confidence"),
        legs=_read_legs(reader, problems),
        has_legs=reader.raw("legs") not in (None, [], "", "[]"),
        net_limit_price=reader.decimal("net_limit_price"),
    )
    return finish_decision(draft, _paths(reader), problems)


def _paths(reader: ObjectReader) -> DecisionPaths:
    return DecisionPaths(
        decision_id=reader.at("decision_id"),
        instrument=reader.at("instrument_id"),
        quantity=reader.at("size.quantity"),
        unit=reader.at("size.unit"),
        order_type=reader.at("entry_order_type"),
        limit_price=reader.at("limit_price"),
        stop_loss=reader.at("stop_loss_level"),
        take_profit=reader.at("take_profit_level"),
        denomination=reader.at("risk_denomination"),
        confidence=reader.at("confidence"),
        legs=reader.at("legs"),
        net_limit_price=reader.at("net_limit_price"),
        tactic=reader.at("execution_tactic"),
        tactic_params=reader.at("execution_params"),
    )


def _factors(reader: ObjectReader, key: str) -> tuple[str, ...]:
    return reader.texts(key, most=values.MAX_FACTORS, longest=values.LONGEST_FACTOR)


def _read_legs(reader: ObjectReader, problems: Problems) -> tuple[OptionLeg, ...]:
    """The legs, from a list or from a list that was sent as a JSON text, as some agents do."""
    value, path = reader.raw("legs"), reader.at("legs")
    if isinstance(value, str):
        try:
            value = decode_nested(value)
        except CreamError as error:
            problems.add(path, f"a text that does not hold a list: {error.message}")
            return ()
    if value is None:
        return ()
    legs = [
        _read_leg(ObjectReader(element, place, problems, _LEG_KEYS), problems)
        for element, place in list_elements(value, path, problems, MAX_LEGS)
    ]
    found = tuple(leg for leg in legs if leg is not None)
    # Rules between legs and other fields make no sense for half of the legs.
    return found if len(found) == len(legs) else ()


def _read_leg(reader: ObjectReader, problems: Problems) -> OptionLeg | None:
    reader.require(*_LEG_KEYS)
    contract = reader.instrument("symbol")
    ratio = reader.whole("ratio_qty", least=-LARGEST_RATIO, most=LARGEST_RATIO)
    intent = reader.choice("position_intent", PositionIntent)
    if contract is not None and not isinstance(contract, OptionContract):
        problems.add(reader.at("symbol"), f"must be an option, was {shown(contract.symbol)}")
        return None
    if ratio == 0:
        problems.add(reader.at("ratio_qty"), "must not be 0")
        return None
    if contract is None or ratio is None or intent is None:
        return None
    return OptionLeg(contract, ratio, intent)


def read_portfolio(value: Json, path: str, problems: Problems) -> PortfolioOverride:
    """The account and holdings that a check is to use instead of the engine's own."""
    reader = ObjectReader(value, path, problems, _PORTFOLIO_KEYS)
    positions: tuple[BrokerPosition, ...] | None = None
    if reader.given("positions"):
        found = [
            _read_position(ObjectReader(element, place, problems, _POSITION_KEYS))
            for element, place in reader.elements("positions", _MAX_POSITIONS)
        ]
        positions = tuple(position for position in found if position is not None)
    return PortfolioOverride(
        equity=amount(reader, "equity"),
        cash=amount(reader, "cash"),
        buying_power=amount(reader, "buying_power"),
        positions=positions,
    )


def amount(reader: ObjectReader, key: str) -> Decimal | None:
    """Dollars, of either sign."""
    return values.within(
        reader.decimal(key),
        reader.at(key),
        reader.problems,
        least=-values.LARGEST_AMOUNT,
        most=values.LARGEST_AMOUNT,
    )


def _read_position(reader: ObjectReader) -> BrokerPosition | None:
    reader.require("symbol", "quantity", "avg_entry_price")
    problems = reader.problems
    instrument = reader.instrument("symbol")
    quantity = values.within(
        reader.decimal("quantity"),
        reader.at("quantity"),
        problems,
        least=-values.LARGEST_NUMBER,
    )
    price = values.within(
        reader.decimal("avg_entry_price"), reader.at("avg_entry_price"), problems, least=ZERO
    )
    if isinstance(instrument, OptionContract) and quantity and not values.is_whole(quantity):
        problems.add(reader.at("quantity"), f"must be whole contracts, was {shown(quantity)}")
    if instrument is None or quantity is None or price is None:
        return None
    return BrokerPosition(instrument=instrument, quantity=quantity, average_price=price)


def read_execution_params(value: Json, path: str, problems: Problems) -> ExecutionParams:
    """How the caller wants a submitted plan to be handled."""
    reader = ObjectReader(value, path, problems, ("allow_partial", "wait_seconds"))
    wait = values.within(
        reader.decimal("wait_seconds"),
        reader.at("wait_seconds"),
        problems,
        least=ZERO,
        most=LONGEST_WAIT_SECONDS,
    )
    allow_partial = bool(reader.flag("allow_partial"))
    if wait is None:
        return ExecutionParams(allow_partial=allow_partial)
    return ExecutionParams(allow_partial=allow_partial, wait_seconds=float(wait))
