"""How does the h2 library serve as the engine of a gRPC server?

h2 stays the judge of every state. What is ours: the frames that make up a call (HEADERS, DATA,
WINDOW_UPDATE) are read and written as bytes around h2's state machines, because building them as
objects costs more than all the rest; whatever is peculiar about a frame sends it the whole way
through h2. Limits that h2 checks late or not at all (length of an unfinished frame, size of an
unfinished header block, SETTINGS first) are checked here. A GOAWAY, sent or received, does not end
the connection: calls in flight go on.

The private names of h2 used here are guarded by tests/unit/adapters/rpc/test_h2_engine.py.
"""

import struct
from collections.abc import Callable
from typing import Any

import h2.events
import h2.exceptions
from h2.connection import ConnectionInputs
from h2.settings import SettingCodes
from h2.stream import H2Stream, StreamInputs, StreamState
from h2.utilities import guard_increment_window
from hyperframe.exceptions import HyperframeError
from hyperframe.frame import (
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    PriorityFrame,
    SettingsFrame,
)

from cream.adapters.rpc.engine import EngineEvents, ErrorCode, ProtocolError
from cream.adapters.rpc.h2_connection import server_connection
from cream.adapters.rpc.hpack_blocks import NO_DYNAMIC_TABLE
from cream.adapters.rpc.settings import MAX_FRAME_BYTES, RpcSettings

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

FRAME_HEADER_BYTES = 9
_FRAME_HEADER = struct.Struct(">HBBBL")
_STREAM_ID_BITS = 0x7FFF_FFFF
_DATA, _HEADERS, _PING, _WINDOW_UPDATE, _CONTINUATION = 0, 1, 6, 8, 9
_END_STREAM, _END_HEADERS = 1, 4
_PLAIN_DATA_FLAGS = (0, _END_STREAM)
_PLAIN_HEADERS_FLAGS = (_END_HEADERS, _END_HEADERS | _END_STREAM)

_RECEIVING = (StreamState.OPEN, StreamState.HALF_CLOSED_LOCAL)
_IDLE_FRAMES = (PingFrame, SettingsFrame, PriorityFrame)


class H2Engine:
    """An `Engine` over h2."""

    def __init__(self, events: EngineEvents, settings: RpcSettings) -> None:
        self._events = events
        self._settings = settings
        self._h2 = server_connection(settings)
        # The preface is taken here, so h2's own parser starts behind it.
        self._h2.incoming_buffer.add_data(PREFACE)
        self._h2.incoming_buffer.max_frame_size = MAX_FRAME_BYTES
        self._preface_left = len(PREFACE)
        self._rest = b""
        self._greeted = False
        self._unreturned = 0
        self._block_prefix = NO_DYNAMIC_TABLE
        self._dispatch: dict[type[h2.events.Event], Callable[[Any], None]] = {
            h2.events.RequestReceived: self._on_request,
            h2.events.DataReceived: self._on_data,
            h2.events.StreamEnded: self._on_end,
            h2.events.StreamReset: self._on_reset,
            h2.events.WindowUpdated: self._on_window,
            h2.events.RemoteSettingsChanged: self._on_settings,
        }

    # -- receiving

    def receive(self, data: bytes | bytearray) -> None:
        """Digest received bytes.   Raises: ProtocolError."""
        received = self._rest + data if self._rest else bytes(data)
        at = self._take_preface(received) if self._preface_left else 0
        end = len(received)
        try:
            while end - at >= FRAME_HEADER_BYTES:
                high, low, kind, flags, stream_id = _FRAME_HEADER.unpack_from(received, at)
                size = high << 8 | low
                if size > MAX_FRAME_BYTES:  # h2 would first wait for all of it
                    raise ProtocolError("A frame is too long", ErrorCode.FRAME_SIZE_ERROR)
                start = at
                at += FRAME_HEADER_BYTES + size
                if at > end:
                    at = start
                    break
                payload = received[start + FRAME_HEADER_BYTES : at]
                if not self._receive_plain(kind, flags, stream_id & _STREAM_ID_BITS, payload):
                    self._receive_any(received[start:at])
        except h2.exceptions.ProtocolError as error:
            raise ProtocolError(repr(error), error.error_code) from error
        except HyperframeError as error:
            raise ProtocolError(repr(error)) from error
        self._rest = received[at:]

    def _take_preface(self, received: bytes) -> int:
        """How many of the bytes belong to the preface."""
        expected = PREFACE[-self._preface_left :]
        size = min(len(expected), len(received))
        if received[:size] != expected[:size]:
            raise ProtocolError("The client does not speak HTTP/2")
        self._preface_left -= size
        return size

    def _receive_plain(self, kind: int, flags: int, stream_id: int, payload: bytes) -> bool:
        """Whether this was one of the usual frames in its usual place, and is done with."""
        if not self._greeted or self._h2.incoming_buffer._headers_buffer:
            return False
        if kind == _DATA:
            return flags in _PLAIN_DATA_FLAGS and self._receive_data(stream_id, flags, payload)
        if kind == _WINDOW_UPDATE:
            return self._receive_window_update(stream_id, payload)
        if kind == _HEADERS:
            return flags in _PLAIN_HEADERS_FLAGS and self._receive_headers(
                stream_id, flags, payload
            )
        return False

    def _receive_data(self, stream_id: int, flags: int, payload: bytes) -> bool:
        connection = self._h2
        stream = connection.streams.get(stream_id)
        if stream is None or stream.state_machine.state not in _RECEIVING or not payload:
            return False
        size = len(payload)
        connection.state_machine.process_input(ConnectionInputs.RECV_DATA)
        connection._inbound_flow_control_window_manager.window_consumed(size)
        stream.receive_data(payload, flags == _END_STREAM, size)
        self._take_data(stream_id, payload, size)
        if flags == _END_STREAM:
            self._end_stream(stream_id)
        return True

    def _receive_window_update(self, stream_id: int, payload: bytes) -> bool:
        increment = int.from_bytes(payload, "big")
        if len(payload) != 4 or not 0 < increment <= _STREAM_ID_BITS:
            return False
        connection = self._h2
        if stream_id:
            stream = connection.streams.get(stream_id)
            if stream is None:
                return False
            connection.state_machine.process_input(ConnectionInputs.RECV_WINDOW_UPDATE)
            frames, events = stream.receive_window_update(increment)
            connection._prepare_for_sending(frames)
            self._report(events)
        else:
            connection.state_machine.process_input(ConnectionInputs.RECV_WINDOW_UPDATE)
            connection.outbound_flow_control_window = guard_increment_window(
                connection.outbound_flow_control_window, increment
            )
            self._events.on_window(0)
        return True

    def _receive_headers(self, stream_id: int, flags: int, payload: bytes) -> bool:
        connection = self._h2
        if stream_id <= connection.highest_inbound_stream_id or not stream_id & 1:
            return False
        frame = HeadersFrame(stream_id)
        frame.data = payload
        frame.flags.add("END_HEADERS")
        if flags & _END_STREAM:
            frame.flags.add("END_STREAM")
        _, events = connection._receive_headers_frame(frame)
        self._report(events)
        return True

    def _receive_any(self, raw: bytes) -> None:
        connection = self._h2
        buffer = connection.incoming_buffer
        buffer.add_data(raw)
        for frame in buffer:
            if not self._greeted:
                self._greet(frame)
            if isinstance(frame, GoAwayFrame):
                self._events.on_goaway()
                continue
            if isinstance(frame, _IDLE_FRAMES) or _is_empty_data(frame):
                self._events.on_control_frame()
            self._report(connection._receive_frame(frame))
        frames = buffer._headers_buffer
        size = sum(len(frame.data) for frame in frames)
        if (
            len(frames) > self._settings.max_continuation_frames
            or size > self._settings.max_header_list_bytes
        ):
            raise ProtocolError("A header block is too long", ErrorCode.ENHANCE_YOUR_CALM)

    def _greet(self, frame: Frame) -> None:
        if not isinstance(frame, SettingsFrame) or "ACK" in frame.flags:
            raise ProtocolError("The first frame was not SETTINGS")
        self._greeted = True

    # -- reporting

    def _report(self, events: list[h2.events.Event]) -> None:
        for event in events:
            act = self._dispatch.get(type(event))
            if act is not None:
                act(event)

    def _on_request(self, event: h2.events.RequestReceived) -> None:
        self._events.on_request(event.stream_id, event.headers, event.stream_ended is not None)

    def _on_data(self, event: h2.events.DataReceived) -> None:
        self._take_data(event.stream_id, event.data, event.flow_controlled_length)

    def _take_data(self, stream_id: int, data: bytes, flow_bytes: int) -> None:
        self._unreturned += flow_bytes
        # Half a window at a time: one WINDOW_UPDATE for many frames, and the client never stalls.
        if self._unreturned * 2 > self._settings.connection_window_bytes:
            self._h2.increment_flow_control_window(self._unreturned)
            self._unreturned = 0
        self._events.on_data(stream_id, data, flow_bytes)

    def _on_end(self, event: h2.events.StreamEnded) -> None:
        self._end_stream(event.stream_id)

    def _end_stream(self, stream_id: int) -> None:
        self._events.on_end(stream_id)
        self._h2.forget_if_closed(stream_id)

    def _on_reset(self, event: h2.events.StreamReset) -> None:
        self._h2.forget_if_closed(event.stream_id)
        self._events.on_reset(event.stream_id)

    def _on_window(self, event: h2.events.WindowUpdated) -> None:
        self._events.on_window(event.stream_id)

    def _on_settings(self, event: h2.events.RemoteSettingsChanged) -> None:
        if SettingCodes.INITIAL_WINDOW_SIZE in event.changed_settings:
            self._events.on_window(0)
        self._events.on_greeting()

    # -- sending

    def send_headers(self, stream_id: int, block: bytes, end_stream: bool) -> bool:
        """Whether the stream could still take the header block."""
        connection = self._h2
        stream = connection.streams.get(stream_id)
        if stream is None:
            return False
        try:
            connection.state_machine.process_input(ConnectionInputs.SEND_HEADERS)
            stream.state_machine.process_input(StreamInputs.SEND_HEADERS)
            if end_stream:
                stream.state_machine.process_input(StreamInputs.SEND_END_STREAM)
        except h2.exceptions.ProtocolError:
            return False
        if self._block_prefix:
            block = self._block_prefix + block
            self._block_prefix = b""
        self._write_block(stream_id, block, end_stream)
        if end_stream:
            connection.forget_if_closed(stream_id)
        return True

    def _write_block(self, stream_id: int, block: bytes, end_stream: bool) -> None:
        kind, flags = _HEADERS, _END_STREAM if end_stream else 0
        while len(block) > MAX_FRAME_BYTES:
            self._write(kind, flags, stream_id, block[:MAX_FRAME_BYTES])
            block = block[MAX_FRAME_BYTES:]
            kind, flags = _CONTINUATION, 0
        self._write(kind, flags | _END_HEADERS, stream_id, block)

    def _write(self, kind: int, flags: int, stream_id: int, payload: bytes | memoryview) -> None:
        size = len(payload)
        out = self._h2._data_to_send
        out += _FRAME_HEADER.pack(size >> 8, size & 255, kind, flags, stream_id)
        out += payload

    def send_data(self, stream_id: int, data: bytes | memoryview) -> bool:
        """Whether the stream could still take the data, which must fit window and frame."""
        connection = self._h2
        stream = connection.streams.get(stream_id)
        if stream is None:
            return False
        try:
            connection.state_machine.process_input(ConnectionInputs.SEND_DATA)
            stream.state_machine.process_input(StreamInputs.SEND_DATA)
        except h2.exceptions.ProtocolError:
            return False
        stream.outbound_flow_control_window -= len(data)
        connection.outbound_flow_control_window -= len(data)
        self._write(_DATA, 0, stream_id, data)
        return True

    def send_window(self, stream_id: int) -> int | None:
        """How many bytes may be sent now, or None where the stream is closed."""
        stream: H2Stream | None = self._h2.streams.get(stream_id)
        if stream is None or stream.closed:
            return None
        window: int = stream.outbound_flow_control_window
        return min(window, self._h2.outbound_flow_control_window)

    @property
    def max_frame_bytes(self) -> int:
        """The largest DATA payload: what the peer accepts, within our own bound."""
        return min(self._h2.max_outbound_frame_size, self._settings.max_send_frame_bytes)

    def acknowledge(self, stream_id: int, flow_bytes: int) -> None:
        """Give consumed bytes back to the stream's receive window."""
        stream = self._h2.streams.get(stream_id)
        if stream is None or stream.state_machine.state not in _RECEIVING or flow_bytes <= 0:
            return
        self._h2.increment_flow_control_window(flow_bytes, stream_id)

    def reset(self, stream_id: int, code: ErrorCode) -> None:
        """End the stream at once; nothing happens where it has already ended."""
        stream = self._h2.streams.get(stream_id)
        if stream is not None and not stream.closed:
            self._h2.reset_stream(stream_id, code)
            self._h2.forget_if_closed(stream_id)

    def ping(self, payload: bytes) -> None:
        """Ask the peer for a sign of life; eight bytes."""
        self._write(_PING, 0, 0, payload)

    def goaway(self, last_stream_id: int, code: int) -> None:
        """Announce that streams above `last_stream_id` are not served; open ones go on."""
        # Not by h2's close_connection(), which closes its state machine to all further frames.
        frame = GoAwayFrame(0, last_stream_id=last_stream_id, error_code=code)
        self._h2._data_to_send += frame.serialize()

    def take(self) -> bytes:
        """The bytes to be written now, which the engine forgets."""
        return self._h2.data_to_send()

    def pending(self) -> int:
        """How many bytes wait to be taken."""
        return len(self._h2._data_to_send)


def _is_empty_data(frame: Frame) -> bool:
    return isinstance(frame, DataFrame) and not frame.data and "END_STREAM" not in frame.flags
