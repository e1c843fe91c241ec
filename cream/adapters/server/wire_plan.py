"""Which plan does a DecisionPlan message describe?

Enum numbers without meaning, doubles that are no numbers and missing messages are noted with their
paths; the rules between fields are those of `plan_draft`, the same as for JSON.
"""

from decimal import Decimal

from cream.adapters.server import values
from cream.adapters.server import wire_enums as enums
from cream.adapters.server.plan_draft import (
    LARGEST_RATIO,
    MAX_DECISIONS,
    MAX_LEGS,
    DecisionDraft,
    DecisionPaths,
    finish_decision,
    note_duplicates,
)
from cream.adapters.server.plan_guard import GuardDraft
from cream.adapters.server.problems import Problems, shown
from cream.adapters.server.wire_values import (
    contract_from_wire,
    decimal_from_double,
    instant_from_wire,
    instrument_from_wire,
    json_from_struct,
)
from cream.core.model.instrument import OptionContract
from cream.core.model.order import OrderType
from cream.core.model.plan import Action, Decision, DecisionPlan, OptionLeg
from cream.wire import common_pb2, decision_pb2

# Giving a position up needs no levels; everything else says where it is wrong.
_ACTIONS_WITHOUT_LEVELS = (Action.CLOSE, Action.REDUCE)


def plan_from_wire(
    message: decision_pb2.DecisionPlan, path: str, problems: Problems
) -> DecisionPlan | None:
    """The plan, or None with notes."""
    cycle_id = values.identifier_value(message.cycle_id, f"{path}.cycle_id", problems)
    environment = enums.ENVIRONMENT.read(message.environment, f"{path}.environment", problems)
    plan_id = cycle_id
    if message.plan_id:
        plan_id = values.identifier_value(message.plan_id, f"{path}.plan_id", problems)
    timestamp = None
    if message.HasField("as_of_timestamp"):
        timestamp = instant_from_wire(message.as_of_timestamp, f"{path}.as_of_timestamp", problems)
    decisions = _decisions(message, path, cycle_id or "", problems)
    rationale = values.text_value(
        message.portfolio_notes,
        f"{path}.portfolio_notes",
        problems,
        longest=values.LONGEST_PROSE,
    )
    if cycle_id is None or environment is None or plan_id is None:
        return None
    return DecisionPlan(
        plan_id=plan_id,
        cycle_id=cycle_id,
        environment=environment,
        decisions=decisions,
        timestamp=timestamp,
        risk_manager_approved=(
            message.risk_manager_approved if message.HasField("risk_manager_approved") else None
        ),
        critic_approved=message.critic_approved if message.HasField("critic_approved") else None,
        rationale=rationale or "",
    )


def _decisions(
    message: decision_pb2.DecisionPlan, path: str, cycle_id: str, problems: Problems
) -> tuple[Decision, ...]:
    count = len(message.decisions)
    if count > MAX_DECISIONS:
        problems.add(f"{path}.decisions", f"may have {MAX_DECISIONS} elements, has {count}")
        return ()
    decisions: list[Decision] = []
    named: list[tuple[str, str]] = []
    for index, element in enumerate(message.decisions):
        root = f"{path}.decisions[{index}]"
        decision_id: str | None = f"{cycle_id}-{index}"
        if element.decision_id:
            place = f"{root}.decision_id"
            decision_id = values.identifier_value(element.decision_id, place, problems)
        if decision_id is not None:
            named.append((decision_id, f"{root}.decision_id"))
        decision = _decision(element, root, decision_id or "", problems)
        if decision is not None:
            decisions.append(decision)
    note_duplicates(named, problems)
    return tuple(decisions)


def _decision(
    message: decision_pb2.Decision, path: str, decision_id: str, problems: Problems
) -> Decision | None:
    action = enums.ACTION.read(message.action, f"{path}.action", problems)
    draft = DecisionDraft(decision_id=decision_id, action=action)
    _require_parts(message, action, path, problems)
    if message.HasField("instrument"):
        draft.instrument = instrument_from_wire(message.instrument, f"{path}.instrument", problems)
    _read_words(message, draft, path, problems)
    if message.HasField("size"):
        _read_size(message.size, draft, f"{path}.size", problems)
    if message.HasField("order_plan"):
        _read_order_plan(message.order_plan, draft, f"{path}.order_plan", problems)
    if message.HasField("risk_levels"):
        _read_levels(message.risk_levels, draft, f"{path}.risk_levels", problems)
    draft.confidence = decimal_from_double(message.confidence, f"{path}.confidence", problems)
    draft.has_legs = bool(message.legs)
    draft.legs = _legs(message, path, problems)
    if message.HasField("net_limit_price"):
        draft.net_limit_price = decimal_from_double(
            message.net_limit_price, f"{path}.net_limit_price", problems
        )
    draft.guard = _guard(message, path, problems)
    return finish_decision(draft, _paths(path), problems)


def _guard(message: decision_pb2.Decision, path: str, problems: Problems) -> GuardDraft:
    def decimal(name: str) -> Decimal | None:
        if not message.HasField(name):
            return None
        return values.decimal_value(getattr(message, name), f"{path}.{name}", problems)

    exit_at = None
    if message.HasField("exit_at"):
        exit_at = instant_from_wire(message.exit_at, f"{path}.exit_at", problems)
    return GuardDraft(
        trail_price=decimal("trail_price"),
        trail_percent=decimal("trail_percent"),
        stop_limit_price=decimal("stop_limit_price"),
        exit_at=exit_at,
    )


def _require_parts(
    message: decision_pb2.Decision, action: Action | None, path: str, problems: Problems
) -> None:
    required = ["instrument"]
    if action is None or action.trades:
        required += ["size", "order_plan"]
        if action not in _ACTIONS_WITHOUT_LEVELS:
            required.append("risk_levels")
    for part in required:
        if not message.HasField(part):
            problems.add(f"{path}.{part}", "is required")


def _paths(path: str) -> DecisionPaths:
    return DecisionPaths(
        decision_id=f"{path}.decision_id",
        instrument=f"{path}.instrument",
        quantity=f"{path}.size.quantity",
        unit=f"{path}.size.unit",
        order_type=f"{path}.order_plan.entry_order_type",
        limit_price=f"{path}.order_plan.entry_limit_price",
        stop_loss=f"{path}.risk_levels.stop_loss_level",
        take_profit=f"{path}.risk_levels.take_profit_level",
        denomination=f"{path}.risk_levels.denomination",
        confidence=f"{path}.confidence",
        legs=f"{path}.legs",
        net_limit_price=f"{path}.net_limit_price",
        tactic=f"{path}.order_plan.execution_tactic",
        tactic_params=f"{path}.order_plan.execution_params",
        at=lambda name: f"{path}.{name}",
    )


def _read_words(
    message: decision_pb2.Decision, draft: DecisionDraft, path: str, problems: Problems
) -> None:
    """Everything that is a word or a text; unspecified is not given."""
    draft.direction = enums.DIRECTION.read_optional(
        message.direction, f"{path}.direction", problems
    )
    draft.strategy_family = enums.STRATEGY_FAMILY.read_optional(
        message.strategy_family, f"{path}.strategy_family", problems
    )
    draft.time_horizon = enums.TIME_HORIZON.read_optional(
        message.time_horizon, f"{path}.time_horizon", problems
    )
    draft.thesis_state = enums.THESIS_STATE.read_optional(
        message.thesis_state, f"{path}.thesis_state", problems
    )
    draft.rationale = values.text_value(
        message.rationale, f"{path}.rationale", problems, longest=values.LONGEST_PROSE
    )
    draft.bullish_factors = _factors(
        list(message.bullish_factors), f"{path}.bullish_factors", problems
    )
    draft.bearish_factors = _factors(
        list(message.bearish_factors), f"{path}.bearish_factors", problems
    )


def _factors(texts: list[str], path: str, problems: Problems) -> tuple[str, ...]:
    if len(texts) > values.MAX_FACTORS:
        problems.add(path, f"may have {values.MAX_FACTORS} elements, has {len(texts)}")
        return ()
    for index, text in enumerate(texts):
        values.text_value(text, f"{path}[{index}]", problems, longest=values.LONGEST_FACTOR)
    return tuple(texts)


def _read_size(size: common_pb2.Size, draft: DecisionDraft, path: str, problems: Problems) -> None:
    draft.quantity = Decimal(size.quantity)
    if draft.action is None or draft.action.trades:
        draft.unit = enums.SIZE_UNIT.read(size.unit, f"{path}.unit", problems)
    else:
        draft.unit = enums.SIZE_UNIT.read_optional(size.unit, f"{path}.unit", problems)


def _read_order_plan(
    plan: decision_pb2.OrderPlan, draft: DecisionDraft, path: str, problems: Problems
) -> None:
    trades = draft.action is None or draft.action.trades
    read_type = enums.ORDER_TYPE.read if trades else enums.ORDER_TYPE.read_optional
    draft.order_type = read_type(plan.entry_order_type, f"{path}.entry_order_type", problems)
    # Exits are placed by the daemon from the levels; the word is only checked.
    enums.ORDER_TYPE.read_optional(plan.exit_order_type, f"{path}.exit_order_type", problems)
    draft.time_in_force = enums.TIME_IN_FORCE.read_optional(
        plan.time_in_force, f"{path}.time_in_force", problems
    )
    priced = plan.HasField("entry_limit_price")
    # Clients that fill in every field send a market order with a price of zero.
    if priced and not (plan.entry_limit_price == 0 and draft.order_type is not OrderType.LIMIT):
        draft.limit_price = decimal_from_double(
            plan.entry_limit_price, f"{path}.entry_limit_price", problems
        )
    draft.tactic = values.text_value(
        plan.execution_tactic,
        f"{path}.execution_tactic",
        problems,
        longest=values.LONGEST_IDENTIFIER,
    )
    if plan.HasField("execution_params"):
        draft.tactic_params = json_from_struct(plan.execution_params)


def _read_levels(
    levels: common_pb2.RiskLevels, draft: DecisionDraft, path: str, problems: Problems
) -> None:
    draft.stop_loss = decimal_from_double(
        levels.stop_loss_level, f"{path}.stop_loss_level", problems
    )
    draft.take_profit = decimal_from_double(
        levels.take_profit_level, f"{path}.take_profit_level", problems
    )
    draft.denomination = enums.DENOMINATION.read_optional(
        levels.denomination, f"{path}.denomination", problems
    )


def _legs(message: decision_pb2.Decision, path: str, problems: Problems) -> tuple[OptionLeg, ...]:
    count = len(message.legs)
    if count > MAX_LEGS:
        problems.add(f"{path}.legs", f"may have {MAX_LEGS} elements, has {count}")
        return ()
    legs = [_leg(leg, f"{path}.legs[{index}]", problems) for index, leg in enumerate(message.legs)]
    found = tuple(leg for leg in legs if leg is not None)
    # Rules between legs and other fields make no sense for half of the legs.
    return found if len(found) == count else ()


def _leg(message: common_pb2.OptionLeg, path: str, problems: Problems) -> OptionLeg | None:
    contract = _leg_contract(message, path, problems)
    intent = enums.POSITION_INTENT.read(
        message.position_intent, f"{path}.position_intent", problems
    )
    ratio = message.ratio_qty
    if ratio == 0 or abs(ratio) > LARGEST_RATIO:
        bounds = f"from -{LARGEST_RATIO} to {LARGEST_RATIO} and not 0"
        problems.add(f"{path}.ratio_qty", f"must be {bounds}, was {ratio}")
        return None
    if contract is None or intent is None:
        return None
    return OptionLeg(contract, ratio, intent)


def _leg_contract(
    message: common_pb2.OptionLeg, path: str, problems: Problems
) -> OptionContract | None:
    """The contract, from the symbol, from the contract message, or from both if they agree."""
    described = None
    if message.HasField("contract"):
        described = contract_from_wire(message.contract, f"{path}.contract", problems)
        if described is None or not message.symbol:
            return described
    place = f"{path}.symbol"
    named = values.instrument_value(message.symbol, place, problems)
    if named is None:
        return None
    if not isinstance(named, OptionContract):
        problems.add(place, f"must be an option, was {shown(named.symbol)}")
        return None
    if described is not None and described != named:
        problems.add(place, f"names {shown(named.symbol)}, the contract {shown(described.symbol)}")
        return None
    return named
