"""Does the engine say the same as h2 would, and keep to the limits that h2 does not keep?"""

import pytest
from h2.connection import H2Connection
from h2.stream import H2Stream

from cream.adapters.rpc.engine import ErrorCode, ProtocolError
from cream.adapters.rpc.h2_engine import H2Engine
from cream.adapters.rpc.hpack_blocks import NO_DYNAMIC_TABLE, encode_block
from cream.adapters.rpc.settings import MAX_FRAME_BYTES, RpcSettings
from tests.integration.rpc.raw_client import (
    ACK,
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    PING,
    PREFACE,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    frame,
    request_headers,
)
from tests.unit.adapters.rpc.engine_log import GREETING, REQUEST, Log, new_engine

OPEN_1 = frame(HEADERS, END_HEADERS, 1, REQUEST)
REPLY = encode_block([(b":status", b"200")])
TRAILERS = encode_block([(b"grpc-status", b"0")])


def _greeted(settings: RpcSettings | None = None) -> tuple[H2Engine, Log]:
    engine, log = new_engine(settings)
    engine.receive(GREETING)
    engine.take()
    log.entries.clear()
    return engine, log


def test_the_names_inside_h2_that_the_engine_uses_exist() -> None:
    """They are private: an update of h2 must not change them unnoticed."""
    connection = H2Connection()

    for name in (
        "_data_to_send",
        "_closed_streams",
        "_inbound_flow_control_window_manager",
        "_receive_frame",
        "_receive_headers_frame",
        "_prepare_for_sending",
        "state_machine",
        "highest_inbound_stream_id",
        "outbound_flow_control_window",
        "max_outbound_frame_size",
    ):
        assert hasattr(connection, name), name
    assert hasattr(connection.incoming_buffer, "_headers_buffer")
    for name in ("receive_data", "receive_window_update", "closed", "closed_by"):
        assert hasattr(H2Stream, name), name


def test_a_call_is_reported_from_its_headers_to_its_end() -> None:
    engine, log = _greeted()

    engine.receive(OPEN_1 + frame(DATA, 0, 1, b"abc") + frame(DATA, END_STREAM, 1, b"de"))

    headers = [(name.encode(), value.encode()) for name, value in request_headers()]
    assert log.entries == [
        ("request", 1, headers, False),
        ("data", 1, b"abc", 3),
        ("data", 1, b"de", 2),
        ("end", 1),
    ]


def test_bytes_may_come_one_by_one() -> None:
    whole, log_of_whole = new_engine()
    pieces, log_of_pieces = new_engine()
    data = GREETING + OPEN_1 + frame(DATA, END_STREAM, 1, b"abc")

    whole.receive(data)
    for byte in data:
        pieces.receive(bytearray([byte]))

    assert log_of_pieces.entries == log_of_whole.entries
    assert pieces.take() == whole.take()


@pytest.mark.parametrize(
    "data",
    [b"GET / HTTP/1.1\r\n\r\n", PREFACE[:-1] + b"x", PREFACE + OPEN_1, PREFACE + frame(4, ACK, 0)],
    ids=["http1", "preface", "headers-first", "ack-first"],
)
def test_a_client_that_does_not_begin_as_http2_is_refused(data: bytes) -> None:
    engine, log = new_engine()

    with pytest.raises(ProtocolError):
        engine.receive(data)

    assert log.entries == []


def test_the_first_settings_are_the_greeting_and_are_acknowledged() -> None:
    engine, log = new_engine()

    engine.receive(GREETING)

    assert log.kinds() == ["control", "greeting"]
    assert engine.take() == frame(SETTINGS, ACK, 0)


def test_a_frame_that_is_too_long_is_refused_by_its_header() -> None:
    engine, _ = _greeted()
    size = MAX_FRAME_BYTES + 1

    with pytest.raises(ProtocolError) as caught:
        engine.receive(size.to_bytes(3, "big") + bytes(6))

    assert caught.value.code == ErrorCode.FRAME_SIZE_ERROR


@pytest.mark.parametrize("pieces", [[b""] * 9, [bytes(9_000), bytes(9_000)]], ids=["many", "long"])
def test_a_header_block_without_end_is_refused(pieces: list[bytes]) -> None:
    engine, _ = _greeted()

    with pytest.raises(ProtocolError) as caught:
        engine.receive(
            frame(HEADERS, 0, 1, REQUEST)
            + b"".join(frame(CONTINUATION, 0, 1, piece) for piece in pieces)
        )

    assert caught.value.code == ErrorCode.ENHANCE_YOUR_CALM


def test_a_reply_is_what_an_http2_client_reads() -> None:
    engine, _ = _greeted()
    engine.receive(OPEN_1)

    assert engine.send_headers(1, REPLY, False)
    assert engine.send_data(1, b"hello")
    assert engine.send_headers(1, TRAILERS, True)

    client = H2Connection()
    client.initiate_connection()
    client.send_headers(1, request_headers())
    names = [type(event).__name__ for event in client.receive_data(engine.take())]
    assert names == ["ResponseReceived", "DataReceived", "TrailersReceived", "StreamEnded"]


def test_only_the_first_block_of_a_connection_gives_up_the_dynamic_table() -> None:
    engine, _ = _greeted()
    engine.receive(OPEN_1)

    engine.send_headers(1, REPLY, False)
    engine.send_headers(1, TRAILERS, True)

    first, second = NO_DYNAMIC_TABLE + REPLY, TRAILERS
    assert engine.take() == frame(HEADERS, END_HEADERS, 1, first) + frame(HEADERS, 5, 1, second)


def test_a_long_header_block_is_continued() -> None:
    engine, _ = _greeted()
    engine.receive(OPEN_1)
    long = encode_block([(b":status", b"200"), (b"x-long", b"v" * 40_000)])

    engine.send_headers(1, long, False)

    client = H2Connection()
    client.decoder.max_header_list_size = 100_000
    client.initiate_connection()
    client.send_headers(1, request_headers())
    [event] = client.receive_data(engine.take())
    assert dict(event.headers)[b"x-long"] == b"v" * 40_000  # type: ignore[attr-defined]


def test_what_cannot_be_sent_any_more_is_declined() -> None:
    engine, _ = _greeted()
    engine.receive(OPEN_1)

    engine.receive(frame(HEADERS, END_HEADERS, 3, REQUEST) + frame(RST_STREAM, 0, 3, bytes(4)))

    assert not engine.send_headers(3, REPLY, False)
    assert not engine.send_data(3, b"x")
    assert engine.send_window(3) is None
    engine.reset(3, ErrorCode.CANCEL)
    engine.acknowledge(3, 10)
    assert engine.take() == b""


def test_headers_after_the_end_are_declined() -> None:
    engine, _ = _greeted()
    engine.receive(OPEN_1)
    engine.send_headers(1, REPLY, True)

    assert not engine.send_headers(1, TRAILERS, True)
    assert engine.send_window(1) is None or not engine.send_data(1, b"x")


def test_windows_shrink_with_what_is_sent_and_grow_with_updates() -> None:
    engine, log = _greeted()
    engine.receive(OPEN_1)
    engine.send_headers(1, REPLY, False)
    engine.send_data(1, bytes(10_000))

    assert engine.send_window(1) == 65_535 - 10_000
    engine.receive(frame(WINDOW_UPDATE, 0, 1, (20_000).to_bytes(4, "big")))
    assert engine.send_window(1) == 65_535 - 10_000, "the connection's window is the smaller one"
    engine.receive(frame(WINDOW_UPDATE, 0, 0, (5_000).to_bytes(4, "big")))
    assert engine.send_window(1) == 65_535 - 5_000
    assert log.entries[-2:] == [("window", 1), ("window", 0)]


def test_a_larger_initial_window_is_reported_for_all_streams() -> None:
    engine, log = _greeted()
    engine.receive(OPEN_1)

    engine.receive(frame(SETTINGS, 0, 0, b"\x00\x04\x00\x0f\x00\x00"))

    assert ("window", 0) in log.entries


def test_the_connection_window_is_returned_by_halves() -> None:
    settings = RpcSettings(connection_window_bytes=65_535, stream_window_bytes=1_000_000)
    engine, _ = _greeted(settings)
    engine.receive(OPEN_1)

    engine.receive(frame(DATA, 0, 1, bytes(16_000)) * 2)
    assert engine.take() == b""
    engine.receive(frame(DATA, 0, 1, bytes(16_000)))

    assert engine.take() == frame(WINDOW_UPDATE, 0, 0, (48_000).to_bytes(4, "big"))


def test_consumed_bytes_are_returned_to_their_stream() -> None:
    engine, _ = _greeted()
    engine.receive(OPEN_1 + frame(DATA, 0, 1, bytes(100)))

    engine.acknowledge(1, 100)
    engine.acknowledge(1, 0)

    assert engine.take() == frame(WINDOW_UPDATE, 0, 1, (100).to_bytes(4, "big"))


def test_nothing_is_returned_to_a_stream_that_the_client_has_ended() -> None:
    engine, _ = _greeted()
    engine.receive(OPEN_1 + frame(DATA, END_STREAM, 1, bytes(100)))

    engine.acknowledge(1, 100)

    assert engine.take() == b""


def test_frames_follow_the_clients_limit_and_our_own() -> None:
    engine, _ = _greeted(RpcSettings(max_send_frame_bytes=20_000))
    assert engine.max_frame_bytes == 16_384

    engine.receive(frame(SETTINGS, 0, 0, b"\x00\x05\x00\x01\x00\x00"))

    assert engine.max_frame_bytes == 20_000


def test_a_goaway_on_either_side_does_not_end_calls_in_flight() -> None:
    engine, log = _greeted()
    engine.receive(OPEN_1)

    engine.goaway(1, ErrorCode.NO_ERROR)
    engine.receive(frame(GOAWAY, 0, 0, bytes(8)) + frame(DATA, END_STREAM, 1, b"x"))

    assert log.kinds() == ["request", "goaway", "data", "end"]
    assert engine.send_headers(1, REPLY, True)


def test_a_ping_can_be_sent_at_any_time() -> None:
    engine, _ = _greeted()

    engine.ping(b"12345678")

    assert engine.pending() == 17
    assert engine.take() == frame(PING, 0, 0, b"12345678")
    assert engine.pending() == 0


def test_a_reset_by_us_is_remembered_for_what_is_under_way() -> None:
    engine, log = _greeted()
    engine.receive(OPEN_1)

    engine.reset(1, ErrorCode.REFUSED_STREAM)
    engine.receive(frame(DATA, 0, 1, b"late"))

    assert log.kinds() == ["request"]
    assert engine.take().startswith(frame(RST_STREAM, 0, 1, (7).to_bytes(4, "big")))
