"""The same plan for both APIs: a plan in JSON, as the message that an agent would send."""

from typing import Any

from cream.client import v1
from cream.client.v1.google.protobuf import Struct

Json = dict[str, Any]


def plan_message(plan: Json) -> v1.DecisionPlan:
    """`plan`, of the JSON contract, as a protobuf message of the client."""
    return v1.DecisionPlan(
        plan_id=plan["plan_id"],
        cycle_id=plan["cycle_id"],
        environment=v1.Environment[plan["environment"]],
        decisions=[_decision(one) for one in plan["decisions"]],
        risk_manager_approved=plan["risk_manager_approved"],
        critic_approved=plan["critic_approved"],
    )


def _decision(one: Json) -> v1.Decision:
    is_option = len(one["instrument_id"]) > 10
    instrument = v1.Instrument(
        instrument_id=one["instrument_id"],
        instrument_type=v1.InstrumentType.OPTION if is_option else v1.InstrumentType.EQUITY,
        option_contract=_contract(one["instrument_id"]) if is_option else None,
    )
    limit, params = one.get("limit_price"), one.get("execution_params")
    return v1.Decision(
        decision_id=one["decision_id"],
        instrument=instrument,
        action=v1.Action[one["action"]],
        direction=v1.Direction[one["direction"]],
        size=v1.Size(quantity=int(one["size"]["quantity"]), unit=v1.SizeUnit[one["size"]["unit"]]),
        order_plan=v1.OrderPlan(
            entry_order_type=v1.OrderType.LIMIT if limit else v1.OrderType.MARKET,
            entry_limit_price=float(limit) if limit else None,
            exit_order_type=v1.OrderType.MARKET,
            time_in_force=v1.TimeInForce[one["time_in_force"]],
            execution_tactic=one.get("execution_tactic"),
            execution_params=Struct.from_dict(params) if params else None,
        ),
        risk_levels=v1.RiskLevels(
            stop_loss_level=float(one["stop_loss_level"]),
            take_profit_level=float(one["take_profit_level"]),
            denomination=v1.RiskDenomination[one.get("risk_denomination", "UNDERLYING_PRICE")],
        ),
        strategy_family=v1.StrategyFamily[one["strategy_family"]],
        time_horizon=v1.TimeHorizon[one["time_horizon"]],
        thesis_state=v1.ThesisState[one["thesis_state"]],
        bullish_factors=one["bullish_factors"],
        bearish_factors=one["bearish_factors"],
        rationale=one["rationale"],
        confidence=float(one["confidence"]),
        legs=[
            v1.OptionLeg(
                symbol=leg["symbol"],
                ratio_qty=leg["ratio_qty"],
                position_intent=v1.PositionIntent[leg["position_intent"].upper()],
            )
            for leg in one["legs"]
        ],
        net_limit_price=float(one["net_limit_price"]) if one["net_limit_price"] else None,
    )


def _contract(symbol: str) -> v1.OptionContract:
    root, tail = symbol[:6].strip(), symbol[6:]
    right = v1.OptionType.CALL if tail[6] == "C" else v1.OptionType.PUT
    return v1.OptionContract(
        underlying=root,
        expiration=f"20{tail[:2]}-{tail[2:4]}-{tail[4:6]}",
        strike=int(tail[7:]) / 1000,
        option_type=right,
    )
