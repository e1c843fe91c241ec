"""Times, instruments and free structures cross the wire whole, or are named."""

from math import nan
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct

from cream.adapters.server.problems import Problems
from cream.adapters.server.wire_plan import plan_from_wire
from cream.core.model.errors import CreamError
from cream.core.model.plan import (
    DecisionPlan,
)
from cream.wire import common_pb2, decision_pb2
from tests.unit.adapters.server.plans import swing
from tests.unit.adapters.server.wire_plans import plan_message


def read(message: decision_pb2.DecisionPlan) -> DecisionPlan:
    problems = Problems()
    found = plan_from_wire(message, "decision_plan", problems)
    problems.raise_any()
    assert found is not None
    return found


def problems_of(message: decision_pb2.DecisionPlan) -> dict[str, str]:
    with pytest.raises(CreamError) as caught:
        read(message)
    found = {}
    for each in caught.value.problems:
        field = each.field.removeprefix("decision_plan.")
        found[field.removeprefix("decisions[0].")] = each.problem
    return found


TWAP = {"execution_tactic": "TWAP", "execution_params": {"duration_minutes": 6}}
OPTION = {"instrument_id": "AAPL  261218P00230500", "size": {"quantity": 2, "unit": "CONTRACTS"}}


def test_a_half_written_option_is_named_part_by_part() -> None:
    message = plan_message(swing(**OPTION))
    contract = message.decisions[0].instrument.option_contract
    contract.underlying, contract.expiration = "AAPL  261218C00240000", "18.12.2026"
    contract.strike, contract.option_type = 0.00001, common_pb2.OPTION_TYPE_UNSPECIFIED

    found = problems_of(message)

    prefix = "instrument.option_contract."
    assert sorted(found) == [
        prefix + name for name in ("expiration", "option_type", "strike", "underlying")
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("expiration", "20261218"),
        ("expiration", "2026-02-30"),
        ("strike", nan),
        ("strike", 0.0),
        ("strike", 100_000.0),
        ("strike", 230.0001),
        ("underlying", ""),
    ],
)
def test_a_contract_that_is_not_listed_is_named(name: str, value: Any) -> None:
    message = plan_message(swing(**OPTION))
    setattr(message.decisions[0].instrument.option_contract, name, value)

    assert list(problems_of(message)) == [f"instrument.option_contract.{name}"]


def test_symbol_and_contract_must_say_the_same() -> None:
    message = plan_message(swing(**OPTION))
    message.decisions[0].instrument.option_contract.strike = 231.0

    assert "the contract" in problems_of(message)["instrument.instrument_id"]


def test_a_ticker_that_has_no_option_root_is_named() -> None:
    message = plan_message(swing(**OPTION))
    message.decisions[0].instrument.instrument_id = ""
    message.decisions[0].instrument.option_contract.underlying = "BRK.B"

    assert list(problems_of(message)) == ["instrument.option_contract"]


@pytest.mark.parametrize(
    ("seconds", "nanos", "path"),
    [
        (10**18, 0, "as_of_timestamp.seconds"),
        (-(10**18), 0, "as_of_timestamp.seconds"),
        (0, -1, "as_of_timestamp.nanos"),
        (0, 10**9, "as_of_timestamp.nanos"),
    ],
)
def test_a_time_that_does_not_exist_is_named(seconds: int, nanos: int, path: str) -> None:
    message = plan_message(swing())
    message.as_of_timestamp.seconds = seconds
    message.as_of_timestamp.nanos = nanos

    assert list(problems_of(message)) == [path]


def test_parameters_of_a_tactic_are_read_by_the_rules_of_json() -> None:
    message = plan_message(swing(**TWAP))
    params = Struct()
    params.update({"duration_minutes": nan, "slice_type": True, "x": [1, {"y": None}]})
    message.decisions[0].order_plan.execution_params.CopyFrom(params)

    found = problems_of(message)

    assert set(found) == {
        f"order_plan.execution_params.{name}" for name in ("duration_minutes", "slice_type", "x")
    }
