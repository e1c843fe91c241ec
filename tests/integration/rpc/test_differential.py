"""Do the same handlers behave the same under grpclib's asyncio server and under ours?

grpclib's server is the oracle: whatever a client can observe of a call must be equal, except where
ours is better on purpose, which `KNOWN_DIFFERENCES` lists.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import grpc
import pytest
from attrs import frozen
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cream.adapters.rpc.errors import decode_details
from tests.integration.rpc.gen.echo_pb2 import Payload, Script
from tests.integration.rpc.handlers import (
    BIDI,
    CLIENT_STREAM,
    SERVER_STREAM,
    UNARY,
    ScriptedEcho,
)
from tests.integration.rpc.threads import grpclib_server, trio_server

# The text of a fault says no more in either case.
KNOWN_DIFFERENCES = {"Internal Server Error": "Internal error"}
# What transports add by themselves.
OWN_METADATA = {"grpc-accept-encoding", "accept-encoding"}


@frozen
class Observed:
    """All that a client sees of a call."""

    replies: list[Payload]
    code: grpc.StatusCode
    message: str
    details: list[Any]
    initial: list[tuple[str, Any]]
    trailing: list[tuple[str, Any]]


@pytest.fixture(scope="module")
def channels() -> Iterator[tuple[grpc.Channel, grpc.Channel]]:
    """The oracle's and ours."""
    with (
        grpclib_server([ScriptedEcho()]) as oracle,
        trio_server([ScriptedEcho()]) as ours,
        grpc.insecure_channel(oracle) as first,
        grpc.insecure_channel(ours.target) as second,
    ):
        yield first, second


def _observe(
    channel: grpc.Channel, path: str, scripts: list[Script], metadata: list[tuple[str, Any]]
) -> Observed:
    codec: dict[str, Any] = {
        "request_serializer": Script.SerializeToString,
        "response_deserializer": Payload.FromString,
    }
    # Every kind of call is a bidirectional one on the wire.
    call = channel.stream_stream(path, **codec)(iter(scripts), metadata=metadata, timeout=10)
    replies = []
    with suppress(grpc.RpcError):  # which is the call itself
        replies.extend(call)
    initial = list(call.initial_metadata() or ())
    trailing = list(call.trailing_metadata() or ())
    packed = [value for key, value in trailing if key == "grpc-status-details-bin"]
    message = call.details() or ""
    return Observed(
        replies,
        call.code(),
        KNOWN_DIFFERENCES.get(message, message),
        decode_details(packed[0]) if packed else [],
        sorted(tuple(pair) for pair in initial if pair[0] not in OWN_METADATA),
        sorted(tuple(pair) for pair in trailing if not pair[0].startswith("grpc-status-details")),
    )


PAYLOAD = Payload(text="grüß", body=bytes(range(256)), numbers=[1, -1], labels={"a": "b"})
METADATA: list[tuple[str, Any]] = [
    ("x-text", "plain text"),
    ("x-twice", "one"),
    ("x-twice", "two"),
    ("x-data-bin", bytes(range(256))),
]

UNARY_TABLE = {
    "echo": Script(payload=PAYLOAD),
    "empty": Script(),
    "large": Script(payload=Payload(body=bytes(200_000))),
    "initial-metadata": Script(payload=PAYLOAD, initial_metadata=True),
    "trailing-metadata": Script(payload=PAYLOAD, trailing_metadata=True),
    "both-metadata": Script(initial_metadata=True, trailing_metadata=True),
    "error-at-once": Script(status=5, message="not here", at_once=True),
    "error-after-reply": Script(payload=PAYLOAD, status=9, message="too late"),
    "error-with-details": Script(
        payload=PAYLOAD, status=3, message="bad", with_details=True, at_once=True
    ),
    "error-details-after-reply": Script(status=3, message="bad", with_details=True),
    "error-after-metadata": Script(status=7, message="no", initial_metadata=True),
    "error-without-text": Script(status=16, at_once=True),
    "percent-encoding": Script(status=3, message="100 % größer\n\t\x7f", at_once=True),
    "fault-at-once": Script(fault=True, at_once=True),
    "fault-after-reply": Script(payload=PAYLOAD, fault=True),
    "two-replies": Script(payload=PAYLOAD, reply_twice=True),
    "no-reply": Script(no_reply=True),
}
STREAM_TABLE = {
    "none": Script(payload=PAYLOAD, replies=0),
    "some": Script(payload=PAYLOAD, replies=40),
    "large": Script(payload=Payload(body=bytes(50_000)), replies=5),
    "error-between": Script(payload=PAYLOAD, replies=3, status=10, message="stop"),
    "error-at-once": Script(status=14, message="later", at_once=True, replies=3),
    "fault-between": Script(replies=2, fault=True),
    "metadata": Script(replies=2, initial_metadata=True, trailing_metadata=True),
}


@pytest.mark.parametrize("name", UNARY_TABLE)
def test_unary_calls_are_the_same(channels: tuple[grpc.Channel, grpc.Channel], name: str) -> None:
    theirs, ours = (_observe(c, UNARY, [UNARY_TABLE[name]], METADATA) for c in channels)

    assert ours == theirs


@pytest.mark.parametrize("name", STREAM_TABLE)
def test_server_streams_are_the_same(
    channels: tuple[grpc.Channel, grpc.Channel], name: str
) -> None:
    theirs, ours = (_observe(c, SERVER_STREAM, [STREAM_TABLE[name]], METADATA) for c in channels)

    assert ours == theirs


@pytest.mark.parametrize("path", [CLIENT_STREAM, BIDI])
@pytest.mark.parametrize(
    "scripts",
    [
        [],
        [Script(payload=PAYLOAD, replies=2)],
        [Script(payload=PAYLOAD, replies=1)] * 50,
        [Script(payload=Payload(body=bytes(30_000)), replies=1)] * 5,
        [Script(replies=1), Script(replies=1, status=11, message="range")],
        [Script(), Script(fault=True)],
        [Script(status=8, message="early", at_once=True), Script(), Script()],
    ],
    ids=["none", "one", "many", "large", "error", "fault", "early"],
)
def test_streams_of_requests_are_the_same(
    channels: tuple[grpc.Channel, grpc.Channel], path: str, scripts: list[Script]
) -> None:
    theirs, ours = (_observe(c, path, scripts, METADATA) for c in channels)

    assert ours == theirs


@pytest.mark.parametrize("path", ["/cream.test.echo.v1.Echo/Nothing", "/nothing/Here"])
def test_unknown_methods_are_the_same(
    channels: tuple[grpc.Channel, grpc.Channel], path: str
) -> None:
    theirs, ours = (_observe(c, path, [Script()], METADATA) for c in channels)

    assert ours == theirs
    assert ours.code is grpc.StatusCode.UNIMPLEMENTED


def _payloads() -> st.SearchStrategy[Payload]:
    flat = st.builds(
        Payload,
        text=st.text(max_size=50),
        body=st.binary(max_size=2_000),
        numbers=st.lists(st.integers(-(2**63), 2**63 - 1), max_size=5),
        labels=st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3),
        ratio=st.floats(allow_nan=False),
    )
    return st.one_of(flat, st.builds(Payload, child=flat))


def _scripts() -> st.SearchStrategy[Script]:
    return st.builds(
        Script,
        payload=_payloads(),
        replies=st.integers(0, 5),
        status=st.one_of(st.just(0), st.integers(0, 16)),
        message=st.text(max_size=30),
        with_details=st.booleans(),
        fault=st.sampled_from([False, False, False, True]),
        at_once=st.booleans(),
        initial_metadata=st.booleans(),
        trailing_metadata=st.booleans(),
        reply_twice=st.sampled_from([False, False, False, True]),
        no_reply=st.sampled_from([False, False, False, True]),
    )


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    path=st.sampled_from([UNARY, SERVER_STREAM, CLIENT_STREAM, BIDI]),
    scripts=st.lists(_scripts(), min_size=1, max_size=4),
)
def test_whatever_the_handlers_do_clients_see_the_same(
    channels: tuple[grpc.Channel, grpc.Channel], path: str, scripts: list[Script]
) -> None:
    if path in (UNARY, SERVER_STREAM):
        scripts = scripts[:1]

    theirs, ours = (_observe(c, path, scripts, METADATA) for c in channels)

    assert ours == theirs
