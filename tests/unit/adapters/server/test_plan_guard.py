"""How a stop may be asked to work, the same over both interfaces."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from cream.adapters.server.problems import Problems
from cream.adapters.server.wire_plan import plan_from_wire
from cream.core.model.errors import CreamError
from cream.core.model.plan import DecisionPlan, Guard
from tests.unit.adapters.server.plans import SWING, Json, parsed, problems_of, spread, swing
from tests.unit.adapters.server.wire_plans import plan_message

WHEN = "2026-11-23T20:55:00Z"


def with_guard(plan: Json, **fields: Any) -> Json:
    decision = {**plan["decisions"][0], **fields}
    return {**plan, "decisions": [decision]}


def over_wire(plan: Json, **fields: Any) -> DecisionPlan:
    message = plan_message(plan)
    decision = message.decisions[0]
    for name, value in fields.items():
        if name == "exit_at":
            decision.exit_at.FromJsonString(value)
        else:
            setattr(decision, name, value)
    problems = Problems()
    found = plan_from_wire(message, "decision_plan", problems)
    problems.raise_any()
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("fields", "guard"),
    [
        ({}, Guard()),
        ({"trail_price": "4.50"}, Guard(trail_price=Decimal("4.50"))),
        ({"trail_percent": "2.5"}, Guard(trail_percent=Decimal("2.5"))),
        ({"stop_limit_price": "227.00"}, Guard(stop_limit_price=Decimal("227.00"))),
        ({"exit_at": WHEN}, Guard(exit_at=datetime(2026, 11, 23, 20, 55, tzinfo=UTC))),
    ],
)
def test_both_interfaces_understand_the_same(fields: Json, guard: Guard) -> None:
    assert parsed(with_guard(SWING, **fields)).decisions[0].guard == guard
    assert over_wire(SWING, **fields).decisions[0].guard == guard
    assert guard.is_plain is (not fields)


@pytest.mark.parametrize(
    ("fields", "changes", "field"),
    [
        ({"trail_price": "0"}, {}, "trail_price"),
        ({"trail_percent": "100"}, {}, "trail_percent"),
        ({"trail_percent": "-1"}, {}, "trail_percent"),
        ({"trail_price": "1", "trail_percent": "1"}, {}, "trail_percent"),
        ({"trail_price": "1"}, {"stop_loss_level": None}, "trail_price"),
        ({"stop_limit_price": "1"}, {"stop_loss_level": "0"}, "stop_limit_price"),
        ({"stop_limit_price": "-1"}, {}, "stop_limit_price"),
        (
            {"stop_limit_price": "1.20"},
            {
                "instrument_id": "AAPL261218C00240000",
                "size": {"quantity": "1", "unit": "CONTRACTS"},
            },
            "stop_limit_price",
        ),
    ],
)
def test_what_makes_no_sense_is_named(fields: Json, changes: Json, field: str) -> None:
    plan = with_guard(SWING, **changes)

    assert field in problems_of(with_guard(plan, **fields))
    if "size" not in changes:
        with pytest.raises(CreamError) as refused:
            over_wire(plan, **fields)
        assert f"decision_plan.decisions[0].{field}" in {
            one.field for one in refused.value.problems
        }


@pytest.mark.parametrize("name", ["trail_price", "trail_percent", "stop_limit_price", "exit_at"])
def test_a_spread_has_no_guard(name: str) -> None:
    value = WHEN if name == "exit_at" else "1"

    assert name in str(problems_of(with_guard(spread(), **{name: value})))


def test_a_number_that_is_none_is_named() -> None:
    with pytest.raises(CreamError) as refused:
        over_wire(swing(), trail_price="five")

    assert refused.value.problems[0].field == "decision_plan.decisions[0].trail_price"
