"""TWAP has all its parameters, and any other tactic is an error."""

from typing import Any

import pytest

from cream.core.model.errors import CreamError
from tests.unit.adapters.server.plans import (
    Json,
    parsed,
    problems_of,
    swing,
)

TWAP_DEFAULTS = {"duration_minutes": 60, "slice_interval_seconds": 60, "slice_type": "limit"}


@pytest.mark.parametrize(
    ("given", "read_as"),
    [
        ({}, TWAP_DEFAULTS),
        (None, TWAP_DEFAULTS),
        ({"duration_minutes": "6", "slice_type": "market"},
         {"duration_minutes": 6, "slice_interval_seconds": 60, "slice_type": "market"}),
        ({"duration_minutes": 6.0, "slice_interval_seconds": 1},
         {"duration_minutes": 6, "slice_interval_seconds": 1, "slice_type": "limit"}),
    ],
)  # fmt: skip
def test_a_twap_has_all_its_parameters(given: Any, read_as: Json) -> None:
    (decision,) = parsed(swing(execution_tactic="twap", execution_params=given)).decisions

    assert decision.tactic == "TWAP"
    assert decision.tactic_params == read_as


@pytest.mark.parametrize("name", ["VWAP", "ICEBERG", "PASSIVE_LIMIT", "x"])
def test_any_other_tactic_is_an_error_and_never_a_plain_order(name: str) -> None:
    """An order that is not worked as it was meant is another order."""
    with pytest.raises(CreamError) as caught:
        parsed(swing(execution_tactic=name, execution_params={"anything": 1}))

    assert caught.value.kind.code == "TACTIC_UNAVAILABLE"
    (problem,) = caught.value.problems
    assert problem.field == "decision_plan.decisions[0].execution_tactic"


@pytest.mark.parametrize(
    ("params", "field", "words"),
    [
        ({"duration_minutes": 0}, "duration_minutes", "from 1 to 960"),
        ({"duration_minutes": 1.5}, "duration_minutes", "whole number"),
        ({"slice_interval_seconds": 0}, "slice_interval_seconds", "from 1 to"),
        ({"duration_minutes": 1, "slice_interval_seconds": 61}, "slice_interval_seconds", "longer"),
        ({"slice_interval_seconds": 1}, "slice_interval_seconds", "makes 3600 slices"),
        ({"slice_type": "stop"}, "slice_type", "limit, market"),
        ({"allow_past_end": True}, "allow_past_end", "not a known key"),
    ],
)
def test_a_twap_that_cannot_be_sliced_is_refused(params: Json, field: str, words: str) -> None:
    found = problems_of(swing(execution_tactic="TWAP", execution_params=params))

    assert words in found[f"execution_params.{field}"]


@pytest.mark.parametrize(
    ("given", "read_as"),
    [
        (None, {"steps": 5, "step_interval_seconds": 10}),
        ({"steps": "8"}, {"steps": 8, "step_interval_seconds": 10}),
        ({"step_interval_seconds": 3}, {"steps": 5, "step_interval_seconds": 3}),
    ],
)
def test_a_walk_has_all_its_parameters(given: Any, read_as: Json) -> None:
    (decision,) = parsed(swing(execution_tactic="walk", execution_params=given)).decisions

    assert (decision.tactic, decision.tactic_params) == ("WALK", read_as)


@pytest.mark.parametrize(
    ("params", "field", "words"),
    [
        ({"steps": 0}, "steps", "from 1 to 50"),
        ({"steps": 51}, "steps", "from 1 to 50"),
        ({"step_interval_seconds": 0}, "step_interval_seconds", "from 1 to"),
        ({"duration_minutes": 5}, "duration_minutes", "not a known key"),
    ],
)
def test_a_walk_that_cannot_be_taken_is_refused(params: Json, field: str, words: str) -> None:
    found = problems_of(swing(execution_tactic="WALK", execution_params=params))

    ((at, problem),) = found.items()
    assert at.endswith(f"execution_params.{field}")
    assert words in problem
