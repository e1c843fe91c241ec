"""Bad input is answered exactly, alike on both ports of a running daemon, and changes nothing."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from grpclib.const import Status
from grpclib.exceptions import GRPCError

from cream.wire import execution_pb2
from tests.integration.bad_inputs import (
    FIRST,
    INF,
    NAN,
    PLAN,
    REFUSED,
    UNDECODABLE,
    Bad,
    body_of,
    json_body,
    plan_of,
    wire_plan,
)
from tests.integration.daemon import Daemon, running
from tests.integration.wire_calls import (
    CHECK,
    ORDER,
    SUBMIT,
    call_bytes,
    http_status_of,
    problem_fields,
    unary,
)
from tests.integration.witness import journal_length, state_of

LIMIT_BYTES = 4096


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One daemon for all of it: whatever is refused leaves it as it was."""
    folder = tmp_path_factory.mktemp("bad-input")
    with running(folder, server={"max_body_bytes": LIMIT_BYTES}) as started:
        yield started


@pytest.fixture(autouse=True)
def nothing_changes(daemon: Daemon) -> Iterator[None]:
    before = state_of(daemon)
    yield
    assert state_of(daemon) == before


@pytest.fixture
def nothing_written(daemon: Daemon) -> Iterator[None]:
    """What cannot be read leaves no trace at all; what is judged leaves the judgement."""
    before = journal_length(daemon)
    yield
    assert journal_length(daemon) == before


def post(daemon: Daemon, path: str, body: bytes, kind: str = "application/json") -> Any:
    return daemon.http.post(path, content=body, headers={"content-type": kind})


def timeless(message: str) -> str:
    """`message` without the age of the plan, which grows between two calls."""
    return re.sub(r"[0-9.]+ s old", "too old", message)


def refusal(daemon: Daemon, method: str, request: Any) -> GRPCError:
    with pytest.raises(GRPCError) as caught:
        unary(daemon.grpc_port, method, request)
    return caught.value


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize("path", ["/v1/check-constraints", "/v1/submit-orders"])
@pytest.mark.parametrize("case", UNDECODABLE.values(), ids=UNDECODABLE.keys())
def test_json_out_of_its_domain_is_400_with_every_field(
    daemon: Daemon, case: Bad, path: str
) -> None:
    reply = post(daemon, path, json_body(case))

    error = reply.json()
    assert reply.status_code == 400
    assert set(error) == {"code", "message", "grpc_code", "details"}
    assert (error["code"], error["grpc_code"]) == ("INVALID_REQUEST", Status.INVALID_ARGUMENT.value)
    assert sorted(one["field"] for one in error["details"]) == sorted(case.fields)


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize("method", [CHECK, SUBMIT])
@pytest.mark.parametrize("case", UNDECODABLE.values(), ids=UNDECODABLE.keys())
def test_a_message_out_of_its_domain_is_an_invalid_argument_with_every_field(
    daemon: Daemon, case: Bad, method: str
) -> None:
    error = refusal(daemon, method, wire_plan(case))

    assert error.status is Status.INVALID_ARGUMENT
    assert sorted(problem_fields(error)) == sorted(case.wire_fields)


@pytest.mark.parametrize(("code", "case"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_judged_is_refused_alike_over_both_apis(
    daemon: Daemon, code: str, case: Bad
) -> None:
    by_json = post(daemon, "/v1/check-constraints", json_body(case))
    by_grpc = unary(daemon.grpc_port, CHECK, wire_plan(case))

    verdict = by_json.json()
    assert (by_json.status_code, verdict["ok"], by_grpc.approved) == (200, False, False)
    assert code in [one["code"] for one in verdict["violations"]]
    assert [(one.code, timeless(one.message), one.field_path) for one in by_grpc.violations] == [
        (one["code"], timeless(one["message"]), one["field_path"]) for one in verdict["violations"]
    ]


@pytest.mark.parametrize(("code", "case"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_judged_is_not_placed_either(daemon: Daemon, code: str, case: Bad) -> None:
    by_json = post(daemon, "/v1/submit-orders", json_body(case))
    by_grpc = unary(daemon.grpc_port, SUBMIT, wire_plan(case))

    answer = by_json.json()
    assert (by_json.status_code, answer["ok"], answer["orders"]) == (200, False, [])
    assert code in [one["code"] for one in answer["violations"]]
    assert (by_grpc.ok, list(by_grpc.orders)) == (False, [])
    assert [one.code for one in by_grpc.violations] == [one["code"] for one in answer["violations"]]


BODIES = {
    "an empty body": (b"", "application/json", 400, "INVALID_REQUEST"),
    "blanks": (b" \r\n\t ", "application/json", 400, "INVALID_REQUEST"),
    "no JSON": (b"{nonsense", "application/json", 400, "INVALID_REQUEST"),
    "half of it": (b'{"decision_plan": {"plan', "application/json", 400, "INVALID_REQUEST"),
    "two values": (b"{} {}", "application/json", 400, "INVALID_REQUEST"),
    "no object": (b"[]", "application/json", 400, "INVALID_REQUEST"),
    "no UTF-8": (b'{"decision_plan": "\xff\xfe"}', "application/json", 400, "INVALID_REQUEST"),
    "a deep nest": (b"[" * 4000, "application/json", 400, "INVALID_REQUEST"),
    "a plain text": (b"{}", "text/plain", 415, "UNSUPPORTED_MEDIA_TYPE"),
    "a form": (b"a=b", "application/x-www-form-urlencoded", 415, "UNSUPPORTED_MEDIA_TYPE"),
    "no type at all": (b"{}", "", 415, "UNSUPPORTED_MEDIA_TYPE"),
    "too much": (b" " * (LIMIT_BYTES + 1), "application/json", 413, "BODY_TOO_LARGE"),
}


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize("path", ["/v1/check-constraints", "/v1/submit-orders"])
@pytest.mark.parametrize(("body", "kind", "status", "code"), BODIES.values(), ids=BODIES.keys())
def test_a_body_that_cannot_be_used_is_refused_in_the_one_shape(
    daemon: Daemon, path: str, body: bytes, kind: str, status: int, code: str
) -> None:
    reply = post(daemon, path, body, kind)

    error = reply.json()
    assert (reply.status_code, error["code"]) == (status, code)
    assert set(error) == {"code", "message", "grpc_code", "details"}


@pytest.mark.usefixtures("nothing_written")
def test_a_key_that_stands_twice_is_named(daemon: Daemon) -> None:
    body = body_of(plan_of("equity-swing-long")).replace(
        b'"limit_price"', b'"limit_price": "1.00", "limit_price"'
    )

    reply = post(daemon, "/v1/submit-orders", body)

    assert reply.status_code == 400
    assert [one["field"] for one in reply.json()["details"]] == [f"{FIRST}.limit_price"]


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("/v1/orders?limit=1&limit=2", ("limit", "stands here more than once")),
        ("/v1/market?symbols=AAPL&symbols=MSFT", ("symbols", "stands here more than once")),
        (
            "/v1/option-chain?underlying=A&underlying=B",
            ("underlying", "stands here more than once"),
        ),
        ("/v1/positions?symbol=A&symbol=B", ("symbol", "is not a known parameter")),
        ("/v1/fees?since=2026-01-01", ("since", "is not a known parameter")),
        ("/v1/options/rolls?symbol=A", ("symbol", "is not a known parameter")),
    ],
)
def test_a_query_that_a_path_does_not_take_is_refused_and_not_passed_over(
    daemon: Daemon, query: str, problem: tuple[str, str]
) -> None:
    reply = daemon.http.get(query)

    assert reply.status_code == 400
    assert [(one["field"], one["problem"]) for one in reply.json()["details"]] == [problem]


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize("method", [CHECK, SUBMIT, ORDER])
def test_bytes_that_are_no_message_are_an_invalid_argument(daemon: Daemon, method: str) -> None:
    """To an agent INTERNAL would say that the outcome is not known; it is: nothing was done."""
    status, _ = call_bytes(daemon.grpc_port, method, b"\xff\xff\xff")

    assert status is Status.INVALID_ARGUMENT


@pytest.mark.usefixtures("nothing_written")
def test_an_empty_message_names_what_it_lacks(daemon: Daemon) -> None:
    submitted = refusal(daemon, SUBMIT, None)
    single = refusal(daemon, ORDER, execution_pb2.SubmitOrderRequest())

    assert submitted.status is single.status is Status.INVALID_ARGUMENT
    assert problem_fields(submitted) == [PLAN]
    assert {"instrument", "side", "quantity", "order_type"} <= set(problem_fields(single))


@pytest.mark.usefixtures("nothing_written")
def test_a_message_over_the_limit_is_refused(daemon: Daemon) -> None:
    """By the status that gRPC has for it; no client can send it smaller by trying again."""
    status, text = call_bytes(daemon.grpc_port, SUBMIT, bytes(5 * 1024 * 1024))

    assert status is Status.RESOURCE_EXHAUSTED
    assert "4194304" in text


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize("kind", ["application/json", "application/grpc-web", "text/plain"])
def test_a_content_type_that_is_not_grpc_is_415(daemon: Daemon, kind: str) -> None:
    assert http_status_of(daemon.grpc_port, SUBMIT, kind) == 415


SINGLES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "negative": ({"quantity": -1}, ["quantity"]),
    "zero": ({"quantity": 0}, ["quantity"]),
    "NaN": ({"order_type": "ORDER_TYPE_LIMIT", "limit_price": NAN}, ["limit_price"]),
    "infinite": ({"order_type": "ORDER_TYPE_LIMIT", "limit_price": INF}, ["limit_price"]),
    "an unknown enum": ({"side": 99}, ["side"]),
    "a text that is no number": ({"stop_loss_price": "1e999999999"}, ["stop_loss_price"]),
}


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize(("values", "fields"), SINGLES.values(), ids=SINGLES.keys())
def test_a_single_order_out_of_its_domain_is_an_invalid_argument(
    daemon: Daemon, values: dict[str, Any], fields: list[str]
) -> None:
    request = single_order("AAPL", **values)

    error = refusal(daemon, ORDER, request)

    assert error.status is Status.INVALID_ARGUMENT
    assert problem_fields(error) == fields


def single_order(symbol: str, **values: Any) -> execution_pb2.SubmitOrderRequest:
    request = execution_pb2.SubmitOrderRequest(
        side="ORDER_SIDE_BUY",
        quantity=1,
        order_type="ORDER_TYPE_MARKET",
        time_in_force="TIME_IN_FORCE_DAY",
        client_order_id="single-1",
        stop_loss_price="228.50",
    )
    request.instrument.instrument_id = symbol
    request.instrument.instrument_type = 1
    for name, value in values.items():
        if isinstance(value, str) and value.startswith("ORDER_TYPE"):
            value = execution_pb2.SubmitOrderRequest(order_type=value).order_type
        setattr(request, name, value)
    return request


def test_a_single_order_for_an_unknown_symbol_is_rejected(daemon: Daemon) -> None:
    reply = unary(daemon.grpc_port, ORDER, single_order("ZZZZZ"))

    assert execution_pb2.OrderStatus.Name(reply.status) == "ORDER_STATUS_REJECTED"
    assert "UNKNOWN_INSTRUMENT" in [one.code for one in reply.violations]
