"""Which plans do the tests of both formats start from?"""

import json
from copy import deepcopy
from typing import Any

import pytest

from cream.adapters.server.plan_json import PlanDefaults, read_plan
from cream.adapters.server.problems import Problems
from cream.adapters.server.strict_json import decode
from cream.core.model.errors import CreamError
from cream.core.model.plan import DecisionPlan

Json = dict[str, Any]

SWING: Json = {
    "plan_id": "swing-1",
    "cycle_id": "cycle-swing-1",
    "environment": "PAPER",
    "timestamp": "2026-11-23T14:59:30Z",
    "risk_manager_approved": True,
    "critic_approved": True,
    "plan_rationale": "momentum",
    "decisions": [
        {
            "decision_id": "d-1",
            "instrument_id": "AAPL",
            "action": "BUY",
            "direction": "LONG",
            "size": {"quantity": "20", "unit": "SHARES"},
            "limit_price": "238.50",
            "stop_loss_level": "228.50",
            "take_profit_level": "253.50",
            "strategy_family": "EQUITY_LONG",
            "time_horizon": "SWING",
            "thesis_state": "ENTERED",
            "time_in_force": "DAY",
            "execution_tactic": None,
            "execution_params": {},
            "bullish_factors": ["breakout"],
            "bearish_factors": [],
            "rationale": "example",
            "confidence": "0.74",
            "legs": [],
            "net_limit_price": None,
        }
    ],
}

LEGS: list[Json] = [
    {
        "symbol": "AAPL  261218C00240000",
        "ratio_qty": 1,
        "position_intent": "buy_to_open",
    },
    {
        "symbol": "AAPL261218C00250000",
        "ratio_qty": -1,
        "position_intent": "sell_to_open",
    },
]


def swing(**decision: Any) -> Json:
    """A plan of one decision, with these fields changed; a field that is `...` is left out."""
    plan = deepcopy(SWING)
    change(plan["decisions"][0], decision)
    return plan


def spread(**decision: Any) -> Json:
    """A debit spread of calls."""
    fields = {
        "size": {"quantity": "5", "unit": "CONTRACTS"},
        "limit_price": None,
        "stop_loss_level": "0",
        "take_profit_level": "0",
        "legs": deepcopy(LEGS),
        "net_limit_price": "3.10",
        "risk_denomination": "OPTION_PRICE",
    }
    return swing(**{**fields, **decision})


def change(target: Json, fields: Json) -> Json:
    """`target` with `fields`; a value of `...` removes the key."""
    for key, value in fields.items():
        if value is ...:
            del target[key]
        else:
            target[key] = value
    return target


def parsed(plan: Any, defaults: PlanDefaults | None = None) -> DecisionPlan:
    """The plan that JSON, as a value or as text, describes.   Raises: CreamError."""
    problems = Problems()
    text = plan if isinstance(plan, str) else json.dumps(plan)
    value = decode(text.encode())
    found = read_plan(value, "decision_plan", problems, defaults or PlanDefaults())
    problems.raise_any()
    assert found is not None
    return found


def problems_of(plan: Any) -> dict[str, str]:
    """What is wrong, by its path within the first decision or within the plan."""
    with pytest.raises(CreamError) as caught:
        parsed(plan)
    assert caught.value.kind.http == 400
    prefixes = ("decision_plan.decisions[0].", "decision_plan.")
    found = {}
    for each in caught.value.problems:
        field = each.field
        for prefix in prefixes:
            field = field.removeprefix(prefix)
        found[field] = each.problem
    return found
