"""Do the engine's short ways say and answer what h2 itself would?"""

from random import Random
from typing import Any

import pytest

from cream.adapters.rpc.engine import ProtocolError
from cream.adapters.rpc.h2_engine import H2Engine
from cream.adapters.rpc.hpack_blocks import encode_block
from tests.integration.rpc.raw_client import (
    ACK,
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    PADDED,
    PING,
    PRIORITY,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    block,
    frame,
)
from tests.unit.adapters.rpc.engine_log import GREETING, REQUEST, ThoroughEngine, new_engine

REPLY = encode_block([(b":status", b"200")])
TRAILERS = encode_block([(b"grpc-status", b"0")])
FUZZ_CASES = 1_500


def _conversation() -> list[bytes]:
    return [
        frame(HEADERS, END_HEADERS, 1, REQUEST),
        frame(DATA, 0, 1, b"x" * 100),
        frame(DATA, END_STREAM, 1, b"y"),
        frame(WINDOW_UPDATE, 0, 0, b"\x00\x00\x00\x09"),
        frame(HEADERS, 0, 3, REQUEST[:9]),
        frame(CONTINUATION, END_HEADERS, 3, REQUEST[9:]),
        frame(WINDOW_UPDATE, 0, 3, b"\x00\x00\x00\x09"),
        frame(WINDOW_UPDATE, 0, 3, b"\x7f\xff\xff\xff"),
        frame(DATA, PADDED, 3, b"\x02ab\x00\x00"),
        frame(DATA, 0, 3, b""),
        frame(HEADERS, END_HEADERS | END_STREAM, 5, REQUEST),
        frame(RST_STREAM, 0, 3, bytes(4)),
        frame(DATA, 0, 3, b"late"),
        frame(PRIORITY, 0, 7, b"\x00\x00\x00\x03\x10"),
        frame(PING, 0, 0, bytes(8)),
        frame(SETTINGS, 0, 0, b"\x00\x04\x00\x00\x10\x00"),
        frame(SETTINGS, ACK, 0),
        frame(HEADERS, END_HEADERS, 9, REQUEST),
        frame(HEADERS, END_HEADERS | END_STREAM, 9, block([("x-trailer", "1")])),
        frame(GOAWAY, 0, 0, bytes(8)),
        frame(0xF0, 0, 0, b"unknown"),
    ]


def _play(kind: type[H2Engine], data: bytes, replies: bool) -> tuple[Any, ...]:
    engine, log = new_engine(kind=kind)
    if replies:
        log.react = lambda stream_id: _answer(engine, stream_id)
    code = None
    try:
        engine.receive(GREETING + data)
    except ProtocolError as error:
        code = error.code
    return log.entries, engine.take(), code


def _answer(engine: H2Engine, stream_id: int) -> None:
    engine.send_headers(stream_id, REPLY, False)
    engine.send_data(stream_id, b"hello")
    engine.send_headers(stream_id, TRAILERS, True)


@pytest.mark.parametrize("replies", [False, True])
def test_the_short_ways_report_and_answer_what_h2_itself_would(replies: bool) -> None:
    """Frames of a good conversation, dropped, doubled, swapped and damaged, both ways."""
    chance = Random(7)
    ends = set()
    for case in range(FUZZ_CASES):
        frames = _conversation()
        for _ in range(chance.randrange(6) if case else 0):
            at, other = chance.randrange(len(frames)), chance.randrange(len(frames))
            match chance.randrange(4):
                case 0:
                    frames[at], frames[other] = frames[other], frames[at]
                case 1:
                    frames.insert(at, frames[other])
                case 2:
                    frames[at] = b""
                case _:
                    damaged = bytearray(frames[at] or b"x")
                    damaged[chance.randrange(len(damaged))] = chance.randrange(256)
                    frames[at] = bytes(damaged)
        data = b"".join(frames)

        short = _play(H2Engine, data, replies)

        assert short == _play(ThoroughEngine, data, replies)
        ends.add(short[2])
    assert {None, 1} <= ends, "good and bad conversations were both played"
