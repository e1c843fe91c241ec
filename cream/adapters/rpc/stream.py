"""What does a handler hold of a call? The surface of `grpclib.server.Stream`, on Trio."""

from collections.abc import Collection, Mapping
from math import inf
from typing import Any, Generic, TypeVar, cast

import trio
from google.protobuf.message import DecodeError
from grpclib.const import Status
from grpclib.exceptions import GRPCError, ProtocolError, StreamTerminatedError
from grpclib.metadata import Deadline

from cream.adapters.rpc.call import Call, Carrier, StoppedBy
from cream.adapters.rpc.engine import ErrorCode, Headers
from cream.adapters.rpc.framing import PREFIX, deflate
from cream.adapters.rpc.headers import Metadata, Request, decode_metadata
from cream.adapters.rpc.method import Method
from cream.adapters.rpc.peer import Peer
from cream.adapters.rpc.status import Ending, encode_pairs

RequestT = TypeVar("RequestT")
ReplyT = TypeVar("ReplyT")

MetadataLike = Mapping[str, str | bytes] | Collection[tuple[str, str | bytes]]

# A handler that streams what is at hand would never let others run. A full checkpoint costs as
# much as a message, so one message in sixteen yields; each of them sees a cancellation.
MESSAGES_PER_YIELD = 16


class CallDeadline(Deadline):
    """grpclib's deadline, on the Trio clock."""

    def time_remaining(self) -> float:
        """Seconds until the call is cancelled, at least 0."""
        return max(0.0, self._timestamp - trio.current_time())


class Stream(Call, Generic[RequestT, ReplyT]):
    """One call, as its handler sees it.

    One task at a time may receive, and one may send. Cancellation: a message whose sending was
    cancelled may be incomplete, so that the call can only end.
    """

    __slots__ = ("_metadata", "messages_received", "sending")

    def __init__(
        self,
        carrier: Carrier,
        stream_id: int,
        method: Method,
        headers: Headers,
        request: Request,
        opened_at: float,
    ) -> None:
        super().__init__(carrier, stream_id, method, headers, request, opened_at)
        self._metadata: Metadata | None = None
        self.sending = False
        self.messages_received = 0

    # -- what is known of the call

    @property
    def metadata(self) -> Metadata:
        """The client's custom metadata; binary values are bytes.   Raises: GRPCError."""
        if self._metadata is None:  # decoded only for those who look
            self._metadata = decode_metadata(self.headers)
        return self._metadata

    @property
    def deadline(self) -> Deadline | None:
        """When the call will be cancelled, or None where the client set no limit."""
        return None if self.deadline_at == inf else CallDeadline(_timestamp=self.deadline_at)

    @property
    def user_agent(self) -> str | None:
        """What the client says it is."""
        for name, value in self.headers:
            if name == b"user-agent":
                return value.decode("latin-1")
        return None

    @property
    def peer(self) -> Peer:
        """Who the client is."""
        return self.carrier.peer

    # -- receiving

    async def recv_message(self) -> RequestT | None:
        """The next message, or None after the last one.

        Raises: GRPCError for what the client did wrong; let it pass, it becomes the status.
        """
        method = self.method
        give_up_at = inf
        while (data := self.take_message()) is None:
            if self.ended:
                self._check_end()
                return None
            if give_up_at == inf and (not method.client_streaming or self.reader.buffered_bytes):
                # A message was promised or has begun: all of it must come in time.
                timeout = self.carrier.settings.body_timeout_seconds
                give_up_at = trio.current_time() + timeout
            await self._wait_for_data(give_up_at)
        try:
            message = method.parse(data)
        except DecodeError as error:
            raise GRPCError(Status.INTERNAL, "Cannot parse request message") from error
        self.messages_received += 1
        self.carrier.statistics.messages_received += 1
        if method.client_streaming:
            if self.unacknowledged * 2 > self.carrier.settings.stream_window_bytes:
                self.acknowledge()
            await self._yield(self.messages_received)
        return cast(RequestT, message)

    def __aiter__(self) -> "Stream[RequestT, ReplyT]":
        return self

    async def __anext__(self) -> RequestT:
        message = await self.recv_message()
        if message is None:
            raise StopAsyncIteration
        return message

    def _check_end(self) -> None:
        if self.reader.buffered_bytes:
            raise GRPCError(Status.INTERNAL, "The request ends inside a message")
        if not self.method.client_streaming and not self.messages_received:
            raise GRPCError(Status.INTERNAL, "The request has no message")

    async def _wait_for_data(self, give_up_at: float) -> None:
        if self.data_wake is not None:
            raise trio.BusyResourceError("another task is receiving from this call")
        self.acknowledge()
        event = self.data_wake = trio.Event()
        try:
            with trio.move_on_at(give_up_at):
                await event.wait()
                return
        finally:
            self.data_wake = None
        raise GRPCError(Status.DEADLINE_EXCEEDED, "The request message did not arrive in time")

    # -- sending

    async def send_initial_metadata(self, *, metadata: MetadataLike | None = None) -> None:
        """Begin the reply now rather than with the first message.

        Raises: ProtocolError where it has begun; ValueError, TypeError for bad metadata.
        """
        if self.headers_sent:
            raise ProtocolError("Initial metadata was already sent")
        if not self.write_headers(encode_pairs(metadata)):
            raise StreamTerminatedError("The client is gone")
        self.carrier.wake_writer()
        await trio.lowlevel.checkpoint()

    async def send_message(self, message: ReplyT) -> None:
        """Send a message; waits where the client does not keep up.

        Raises: ProtocolError, TypeError for a faulty handler; StreamTerminatedError where the
        client is gone; GRPCError where it does not read.
        """
        method = self.method
        if self.messages_sent and not method.server_streaming:
            raise ProtocolError("Message was already sent")
        if self.final_status is not None:
            raise ProtocolError("Trailing metadata was already sent")
        if not isinstance(message, method.reply_type):
            raise TypeError(f"Expected {method.reply_type!r}, was {type(message)!r}")
        if self.sending:
            raise trio.BusyResourceError("another task is sending on this call")
        data = self._frame(cast(Any, message).SerializeToString())
        if self.dead or not (self.headers_sent or self.write_headers()):
            raise StreamTerminatedError("The client is gone")
        engine = self.carrier.engine
        window = engine.send_window(self.stream_id)
        if window is not None and len(data) <= window and len(data) <= engine.max_frame_bytes:
            engine.send_data(self.stream_id, data)
        else:
            await self._send_in_pieces(data)
        self.messages_sent += 1
        self.carrier.statistics.messages_sent += 1
        if method.server_streaming:
            self.carrier.wake_writer()
            if self.carrier.is_congested():
                await self.carrier.wait_uncongested()
            else:
                await self._yield(self.messages_sent)

    def _frame(self, data: bytes) -> bytes:
        settings = self.carrier.settings
        if len(data) > settings.max_send_message_bytes:
            raise GRPCError(
                Status.RESOURCE_EXHAUSTED,
                f"Reply larger than max ({len(data)} vs. {settings.max_send_message_bytes})",
            )
        if self.gzip_reply and len(data) >= (settings.compress_replies_from_bytes or 0):
            data = deflate(data)
            return PREFIX.pack(1, len(data)) + data
        return PREFIX.pack(0, len(data)) + data

    async def _send_in_pieces(self, data: bytes) -> None:
        engine = self.carrier.engine
        self.sending = True
        view = memoryview(data)
        while view:
            window = engine.send_window(self.stream_id)
            if window is None:
                raise StreamTerminatedError("The client is gone")
            if window <= 0:
                await self._wait_for_window()
            elif self.carrier.is_congested():
                self.carrier.wake_writer()
                await self.carrier.wait_uncongested()
            else:
                size = min(window, engine.max_frame_bytes, len(view))
                engine.send_data(self.stream_id, view[:size])
                view = view[size:]
        self.sending = False

    async def _wait_for_window(self) -> None:
        self.carrier.wake_writer()
        with trio.move_on_after(self.carrier.settings.send_timeout_seconds):
            await self.carrier.wait_window(self.stream_id)
            return
        raise GRPCError(Status.DEADLINE_EXCEEDED, "The client did not read in time")

    async def send_trailing_metadata(
        self,
        *,
        status: Status = Status.OK,
        status_message: str | None = None,
        status_details: Any = None,
        metadata: MetadataLike | None = None,
    ) -> None:
        """End the reply; happens by itself when the handler returns or raises.

        Raises: ProtocolError where it has ended, or where a unary reply has no message.
        """
        if self.final_status is not None:
            raise ProtocolError("Trailing metadata was already sent")
        if status is Status.OK and not self.method.server_streaming and not self.messages_sent:
            raise ProtocolError("Unary response with OK status requires a single message")
        ending = Ending(status, status_message, status_details)
        self.write_trailers(ending, encode_pairs(metadata))
        await trio.lowlevel.checkpoint()

    async def cancel(self) -> None:
        """Tell the client that nothing more is to be expected; the handler goes on.

        Raises: ProtocolError where it was told before.
        """
        if self.dead:
            raise ProtocolError("Stream was already cancelled")
        self.dead = True
        self.stopped_by = StoppedBy.SERVER
        self.carrier.engine.reset(self.stream_id, ErrorCode.CANCEL)
        self.carrier.on_window(self.stream_id)
        self.carrier.wake_writer()
        await trio.lowlevel.checkpoint()

    async def _yield(self, count: int) -> None:
        if count % MESSAGES_PER_YIELD:
            await trio.lowlevel.checkpoint_if_cancelled()
        else:
            await trio.lowlevel.checkpoint()
