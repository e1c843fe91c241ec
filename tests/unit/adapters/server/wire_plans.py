"""How does a plan in JSON look as a protobuf message?

A translation of its own, by the contract's texts, so that the conversions under test are not
compared with themselves.
"""

from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from cream.wire import common_pb2, decision_pb2

Json = dict[str, Any]


def plan_message(plan: Json) -> decision_pb2.DecisionPlan:
    """`plan` as the wire has it."""
    message = decision_pb2.DecisionPlan(
        cycle_id=plan["cycle_id"],
        plan_id=plan.get("plan_id"),
        environment="ENVIRONMENT_" + plan["environment"],
        decisions=[decision_message(one) for one in plan["decisions"]],
        portfolio_notes=plan.get("plan_rationale"),
        risk_manager_approved=plan.get("risk_manager_approved"),
        critic_approved=plan.get("critic_approved"),
    )
    if plan.get("timestamp"):
        stamp = Timestamp()
        stamp.FromJsonString(plan["timestamp"])
        message.as_of_timestamp.CopyFrom(stamp)
    return message


def decision_message(one: Json) -> decision_pb2.Decision:
    """One decision as the wire has it."""
    net, legs = one.get("net_limit_price"), one.get("legs") or []
    message = decision_pb2.Decision(
        decision_id=one.get("decision_id"),
        instrument=instrument_message(one["instrument_id"]),
        action="ACTION_" + one["action"],
        size=size_message(one.get("size")),
        order_plan=order_plan_message(one),
        risk_levels=common_pb2.RiskLevels(
            stop_loss_level=float(one.get("stop_loss_level") or 0),
            take_profit_level=float(one.get("take_profit_level") or 0),
            denomination=word("RISK_DENOMINATION", one.get("risk_denomination")),
        ),
        strategy_family=word("STRATEGY_FAMILY", one.get("strategy_family")),
        time_horizon=word("TIME_HORIZON", one.get("time_horizon")),
        thesis_state=word("THESIS_STATE", one.get("thesis_state")),
        direction=word("DIRECTION", one.get("direction")),
        rationale=one.get("rationale"),
        confidence=float(one.get("confidence") or 0),
        bullish_factors=one.get("bullish_factors"),
        bearish_factors=one.get("bearish_factors"),
        legs=[leg_message(leg) for leg in legs],
    )
    if net is not None:
        message.net_limit_price = float(net)
    return message


def word(prefix: str, name: str | None) -> str:
    return f"{prefix}_{name or 'UNSPECIFIED'}"


def size_message(size: Json | None) -> common_pb2.Size | None:
    if size is None:
        return None
    return common_pb2.Size(quantity=int(size["quantity"]), unit="SIZE_UNIT_" + size["unit"])


def order_plan_message(one: Json) -> decision_pb2.OrderPlan:
    price = one.get("net_limit_price") if one.get("legs") else one.get("limit_price")
    message = decision_pb2.OrderPlan(
        entry_order_type="ORDER_TYPE_MARKET" if price is None else "ORDER_TYPE_LIMIT",
        exit_order_type="ORDER_TYPE_MARKET",
        time_in_force=word("TIME_IN_FORCE", one.get("time_in_force")),
        execution_tactic=one.get("execution_tactic"),
    )
    if one.get("limit_price") is not None:
        message.entry_limit_price = float(one["limit_price"])
    if one.get("execution_params"):
        message.execution_params.update(one["execution_params"])
    return message


def leg_message(leg: Json) -> common_pb2.OptionLeg:
    return common_pb2.OptionLeg(
        symbol=leg["symbol"],
        ratio_qty=leg["ratio_qty"],
        position_intent="POSITION_INTENT_" + leg["position_intent"].upper(),
    )


def instrument_message(symbol: str) -> common_pb2.Instrument:
    """The share or the option that `symbol`, in OSI form, names."""
    if len(symbol) < 16:
        return common_pb2.Instrument(instrument_id=symbol, instrument_type="INSTRUMENT_TYPE_EQUITY")
    tail = symbol[-15:]
    return common_pb2.Instrument(
        instrument_id=symbol,
        instrument_type="INSTRUMENT_TYPE_OPTION",
        option_contract=common_pb2.OptionContract(
            underlying=symbol[:-15].strip(),
            expiration=f"20{tail[:2]}-{tail[2:4]}-{tail[4:6]}",
            strike=int(tail[7:]) / 1000,
            option_type="OPTION_TYPE_CALL" if tail[6] == "C" else "OPTION_TYPE_PUT",
        ),
    )
