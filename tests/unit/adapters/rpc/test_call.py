"""Is a call's state right between the reader that feeds it and the handler that uses it?"""

from typing import Any

import pytest
import trio
from grpclib.const import Status

from cream.adapters.rpc.call import Call, StoppedBy
from cream.adapters.rpc.engine import ErrorCode
from cream.adapters.rpc.headers import REPLY_BLOCK, Request
from cream.adapters.rpc.hpack_blocks import encode_block
from cream.adapters.rpc.method import methods_by_path
from cream.adapters.rpc.settings import RpcSettings
from cream.adapters.rpc.statistics import RpcStatistics
from cream.adapters.rpc.status import OK, OK_TRAILERS_BLOCK, Ending
from tests.integration.rpc.gen.echo_pb2 import Script
from tests.integration.rpc.handlers import UNARY, ScriptedEcho
from tests.integration.rpc.raw_client import message

METHOD = methods_by_path([ScriptedEcho()])[UNARY.encode()]


class Tape:
    """An engine and a carrier that write down what is asked of them."""

    def __init__(self, alive: bool = True) -> None:
        self.engine: Any = self
        self.settings = RpcSettings(compress_replies_from_bytes=0)
        self.statistics = RpcStatistics()
        self.peer: Any = None
        self.alive = alive
        self.asked: list[tuple[Any, ...]] = []

    def send_headers(self, stream_id: int, block: bytes, end_stream: bool) -> bool:
        self.asked.append(("headers", block, end_stream))
        return self.alive

    def reset(self, stream_id: int, code: ErrorCode) -> None:
        self.asked.append(("reset", code))

    def acknowledge(self, stream_id: int, flow_bytes: int) -> None:
        self.asked.append(("acknowledge", flow_bytes))

    def wake_writer(self) -> None:
        pass

    def release_buffered(self, size: int) -> None:
        self.asked.append(("release", size))

    def call_finished(self, call: Call) -> None:
        self.asked.append(("finished", call.stream_id))


def _call(tape: Tape, **request: Any) -> Call:
    wanted = {"timeout_seconds": 5.0, "gzip": False, "accepts_gzip": False} | request
    carrier: Any = tape
    return Call(carrier, 1, METHOD, [], Request(b"", **wanted), opened_at=100.0)


@pytest.fixture
def tape() -> Tape:
    return Tape()


def test_the_deadline_counts_from_the_arrival(tape: Tape) -> None:
    call = _call(tape)

    assert call.deadline_at == call.scope.deadline == 105.0


def test_a_message_is_taken_when_it_is_complete_and_its_bytes_are_released(tape: Tape) -> None:
    call, data = _call(tape), message(Script(replies=3))
    call.feed(data[:4], 4)
    assert call.take_message() is None

    call.feed(data[4:], len(data) - 4)

    assert call.take_message() == data[5:]
    assert tape.asked == [("release", len(data))]


def test_the_client_may_send_on_until_it_has_ended(tape: Tape) -> None:
    call = _call(tape)
    call.feed(b"abc", 30)
    call.acknowledge()
    call.acknowledge()
    call.feed(b"d", 1)
    call.end()
    call.acknowledge()

    assert tape.asked == [("acknowledge", 30)]


def test_a_call_that_is_over_lets_nobody_send_on(tape: Tape) -> None:
    call = _call(tape)
    call.feed(b"abc", 3)

    call.abort()
    call.acknowledge()

    assert tape.asked == []


async def test_who_waits_for_data_is_woken_by_data_and_by_the_end(tape: Tape) -> None:
    call = _call(tape)
    call.data_wake = event = trio.Event()
    call.feed(b"x", 1)
    assert event.is_set()

    call.data_wake = event = trio.Event()
    call.end()
    assert event.is_set()


def test_the_first_reason_to_stop_stands(tape: Tape) -> None:
    call = _call(tape)

    call.stop(StoppedBy.SHUTDOWN)
    call.abort()

    assert call.stopped_by is StoppedBy.SHUTDOWN
    assert call.dead
    assert call.scope.cancel_called


def test_a_reply_is_headers_then_trailers(tape: Tape) -> None:
    call = _call(tape)
    call.end()

    assert call.write_headers()
    call.write_trailers(OK)

    assert tape.asked == [("headers", REPLY_BLOCK, False), ("headers", OK_TRAILERS_BLOCK, True)]
    assert call.final_status is Status.OK


def test_trailers_are_written_once(tape: Tape) -> None:
    call = _call(tape)
    call.end()
    call.write_trailers(Ending(Status.ABORTED))
    call.write_trailers(OK)

    assert len(tape.asked) == 1
    assert call.final_status is Status.ABORTED


def test_the_rest_of_a_request_is_not_wanted_after_the_reply(tape: Tape) -> None:
    call = _call(tape)
    call.write_trailers(Ending(Status.ABORTED))

    assert tape.asked[-1] == ("reset", ErrorCode.NO_ERROR)


def test_nothing_more_is_asked_of_a_stream_that_is_gone() -> None:
    tape = Tape(alive=False)
    call = _call(tape)
    call.write_trailers(OK)
    assert [entry[0] for entry in tape.asked] == ["headers"]

    call = _call(dead := Tape())
    call.abort()
    call.write_trailers(OK)
    assert dead.asked == []


def test_a_compressed_reply_is_announced(tape: Tape) -> None:
    call = _call(tape, accepts_gzip=True)

    call.write_headers()
    call.write_headers([(b"x-a", b"b")])

    assert call.gzip_reply
    assert all(encode_block([(b"grpc-encoding", b"gzip")]) in block for _, block, _ in tape.asked)
    assert encode_block([(b"x-a", b"b")]) in tape.asked[1][1]


def test_a_call_that_fails_says_why_and_is_over(tape: Tape) -> None:
    call = _call(tape)

    call.fail(Ending(Status.RESOURCE_EXHAUSTED, "full"))

    assert [entry[0] for entry in tape.asked] == ["headers", "reset"]
    assert (call.dead, call.stopped_by) == (True, StoppedBy.SERVER)


def test_a_closed_call_gives_back_what_it_holds(tape: Tape) -> None:
    call = _call(tape)
    call.feed(b"abcdefgh", 8)

    call.close()

    assert tape.asked == [("release", 8), ("finished", 1)]
