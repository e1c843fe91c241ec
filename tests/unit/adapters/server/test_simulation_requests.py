"""The simulation is asked for the same over JSON and gRPC, and what is wrong is named alike."""

from decimal import Decimal
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct

from cream.adapters.server import simulation_requests as requests
from cream.core.model.errors import CreamError
from cream.core.model.instrument import Equity
from cream.wire.simulation_pb2 import DisconnectRequest, SetFaultRequest, SetQuoteRequest
from tests.fakes.operations import FakeOperations
from tests.unit.adapters.server.plans import Json
from tests.unit.adapters.server.test_requests_json import body, problems_of


def test_a_quote_has_sizes_of_a_thousand_unless_they_are_given() -> None:
    asked = requests.quote_request(body({"symbol": "AAPL", "bid": "228.39", "ask": 228.41}))
    sized = requests.quote_request(
        body({"symbol": "AAPL", "bid": 0, "ask": 1, "bid_size": 0, "ask_size": 7})
    )

    assert asked.instrument == Equity("AAPL")
    assert (asked.bid, asked.ask) == (Decimal("228.39"), Decimal("228.41"))
    assert (asked.bid_size, asked.ask_size) == (1000, 1000)
    assert (sized.bid_size, sized.ask_size) == (0, 7)


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({}, "symbol"),
        ({"symbol": "?", "bid": 1, "ask": 2}, "symbol"),
        ({"symbol": "AAPL", "bid": 2, "ask": 1}, "bid"),
        ({"symbol": "AAPL", "bid": -1, "ask": 1}, "bid"),
        ({"symbol": "AAPL", "bid": 1, "ask": 0}, "ask"),
        ({"symbol": "AAPL", "bid": 1, "ask": 2, "bid_size": -1}, "bid_size"),
        ({"symbol": "AAPL", "bid": 1, "ask": 2, "last": 1}, "last"),
    ],
)
def test_a_quote_that_is_wrong_is_named(value: Json, field: str) -> None:
    assert field in problems_of(requests.quote_request, value)


def test_a_disconnect_has_seconds() -> None:
    assert requests.disconnect_request(body({"seconds": "45"})) == 45.0
    for wrong in ({}, {"seconds": -1}, {"seconds": 1e6}, {"seconds": "soon"}):
        assert "seconds" in problems_of(requests.disconnect_request, wrong)


def test_a_fault_has_a_name_and_whatever_parameters_it_knows() -> None:
    value = {"name": "f", "on": True, "count": 3, "rate": 0.5, "who": "x", "none": None}
    value["ids"] = ["a", 1]

    asked = requests.fault_request(body(value))

    assert asked.name == "f"
    assert asked.parameters == {
        "on": True,
        "count": 3,
        "rate": 0.5,
        "who": "x",
        "none": None,
        "ids": ["a", 1],
    }


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({}, "name"),
        ([], ""),
        ({"name": 5}, "name"),
        ({"name": "f", "x": {"y": 1}}, "x"),
        ({"name": "f", "x": [[1]]}, "x[0]"),
        ({"name": "f"} | {f"k{n}": n for n in range(60)}, ""),
        (b'{"name": "f", "x": NaN}', "x"),
    ],
)
def test_a_fault_that_is_wrong_is_named(value: Any, field: str) -> None:
    assert field in problems_of(requests.fault_request, value)


def test_a_quote_over_grpc_has_decimals_as_text() -> None:
    asked = requests.quote_from_wire(SetQuoteRequest(symbol="AAPL", bid="228.39", ask="228.41"))
    sized = requests.quote_from_wire(
        SetQuoteRequest(symbol="AAPL", bid="0", ask="1", bid_size=0, ask_size=7)
    )

    assert asked.instrument == Equity("AAPL")
    assert (asked.bid, asked.ask) == (Decimal("228.39"), Decimal("228.41"))
    assert (asked.bid_size, asked.ask_size) == (1000, 1000)
    assert (sized.bid_size, sized.ask_size) == (0, 7)


def wire_problems(read: Any, message: Any) -> set[str]:
    with pytest.raises(CreamError) as caught:
        read(message)
    assert caught.value.kind.code == "INVALID_REQUEST"
    return {each.field for each in caught.value.problems}


@pytest.mark.parametrize(
    ("message", "fields"),
    [
        (SetQuoteRequest(), {"symbol", "bid", "ask"}),
        (SetQuoteRequest(symbol="AAPL", bid="2", ask="1"), {"bid"}),
        (SetQuoteRequest(symbol="AAPL", bid="NaN", ask="1"), {"bid"}),
        (SetQuoteRequest(symbol="AAPL", bid="1", ask="2", ask_size=-1), {"ask_size"}),
    ],
)
def test_a_quote_over_grpc_that_is_wrong_is_named(
    message: SetQuoteRequest, fields: set[str]
) -> None:
    assert wire_problems(requests.quote_from_wire, message) == fields


def test_a_disconnect_over_grpc_has_seconds() -> None:
    assert requests.disconnect_from_wire(DisconnectRequest(seconds=0.5)) == 0.5
    for wrong in (
        DisconnectRequest(),
        DisconnectRequest(seconds=-1),
        DisconnectRequest(seconds=float("nan")),
        DisconnectRequest(seconds=1e6),
    ):
        assert wire_problems(requests.disconnect_from_wire, wrong) == {"seconds"}


def test_a_fault_over_grpc_has_its_parameters_by_themselves() -> None:
    parameters = Struct()
    parameters.update({"on": True, "count": 3, "rate": 0.5, "ids": ["a", 1]})

    asked = requests.fault_from_wire(SetFaultRequest(name="f", parameters=parameters))

    assert asked.name == "f"
    assert asked.parameters == {"on": True, "count": 3, "rate": 0.5, "ids": ["a", 1]}
    assert isinstance(asked.parameters["count"], int)


@pytest.mark.parametrize(
    ("name", "parameters", "field"),
    [("", {}, "name"), ("f", {"name": "g"}, "name"), ("f", {"x": {"y": 1}}, "x")],
)
def test_a_fault_over_grpc_that_is_wrong_is_named(name: str, parameters: Json, field: str) -> None:
    given = Struct()
    given.update(parameters)

    message = SetFaultRequest(name=name, parameters=given)

    assert field in wire_problems(requests.fault_from_wire, message)


def test_with_a_real_broker_there_are_no_levers() -> None:
    with pytest.raises(CreamError) as caught:
        requests.levers(FakeOperations(has_simulation=False))

    assert caught.value.kind.code == "NOT_IN_SIMULATION"
