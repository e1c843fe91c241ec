"""How is one call made: over which channel, as whom, until when, and how often?"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_address
from ssl import SSLContext
from typing import Any, Generic, Protocol, TypeVar

from grpclib.client import Channel, Stream
from grpclib.const import Cardinality, Status
from grpclib.metadata import Deadline

from cream.client.errors import CallError, ErrorDetailsCodec, ServerFault, call_errors
from cream.client.retry import RetryPolicy

Request = TypeVar("Request")
Reply = TypeVar("Reply")
RequestIn = TypeVar("RequestIn", contravariant=True)
ReplyOut = TypeVar("ReplyOut", covariant=True)


class UnaryCall(Protocol[RequestIn, ReplyOut]):
    """A method of a generated stub."""

    async def __call__(
        self, message: RequestIn, /, *, deadline: Deadline, metadata: dict[str, str]
    ) -> ReplyOut:
        """The reply."""
        ...


class Updates(Generic[Reply]):
    """The messages of a server stream, in order; ends when the server ends it.

    Raises: CallError, from the iteration, when the stream fails; then it is over.
    Cancellation: waiting for a message may be given up, as by `asyncio.timeout` to notice silence,
    and taken up again; nothing is lost.
    """

    def __init__(self, stream: Stream[Any, Reply]) -> None:
        self._stream = stream
        self._waiting: asyncio.Task[Reply | None] | None = None
        # Over for the agent, by the end or by an error; ended by the server, status and all.
        self._over = False
        self.ended = False

    def __aiter__(self) -> "Updates[Reply]":
        return self

    async def __anext__(self) -> Reply:
        """The next message."""
        # grpclib reads a message in two steps, and a cancel between them would garble the stream.
        # So a task of its own reads, and outlives a wait that is given up.
        if self._waiting is None:
            if self._over:
                raise StopAsyncIteration
            self._waiting = asyncio.create_task(self._receive())
        waiting = self._waiting
        try:
            message = await asyncio.shield(waiting)
        finally:
            if waiting.done():
                self._waiting = None
        if message is None:
            raise StopAsyncIteration
        return message

    async def _receive(self) -> Reply | None:
        """The next message, or None at the end."""
        message = None
        try:
            with call_errors():
                message = await self._stream.recv_message()
                if message is None:
                    # Here the status comes; without asking for it, grpclib would raise it only
                    # when the stream is left, outside the agent's loop.
                    self.ended = True
                    await self._stream.recv_trailing_metadata()
        finally:
            self._over = message is None
        return message

    async def aclose(self) -> None:
        """Give up the wait that is still on."""
        if self._waiting is not None:
            self._waiting.cancel()
            # Its outcome is nobody's any more; gathering it keeps asyncio from complaining.
            await asyncio.gather(self._waiting, return_exceptions=True)


class _LeftEarly(Exception):
    """The agent left a stream that the server had not ended."""


class Connection:
    """One HTTP/2 connection to one daemon, made when it is first needed and again when lost.

    Owns: the channel; `close` it in the event loop that made it.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        token: str | None,
        ssl: SSLContext | bool | None,
        retry: RetryPolicy,
        jitter: Callable[[], float],
    ) -> None:
        if isinstance(ssl, SSLContext):
            # gRPC is HTTP/2, and over TLS that must be agreed on.
            ssl.set_alpn_protocols(["h2"])
        self.channel = Channel(host, port, ssl=ssl, status_details_codec=ErrorDetailsCodec())
        self._metadata = {"authorization": f"Bearer {token}"} if token else {}
        self._retry = retry
        self._jitter = jitter

    async def unary(
        self,
        call: UnaryCall[Request, Reply],
        request: Request,
        *,
        repeatable: bool,
        timeout: float,
    ) -> Reply:
        """The reply to one request.   Units: `timeout` in seconds, over all attempts.

        Raises: CallError.
        Cancellation: the daemon is told; what it took on before, it does all the same.
        """
        deadline = Deadline.from_timeout(timeout)
        delays = self._retry.delays(self._jitter)
        while True:
            try:
                with call_errors():
                    return await call(request, deadline=deadline, metadata=self._metadata)
            except AssertionError as error:
                # The generated stub asserts that OK comes with a message.
                raise ServerFault(Status.INTERNAL, "OK without a reply") from error
            except CallError as error:
                if not repeatable or error.code is not Status.UNAVAILABLE:
                    raise
                delay = next(delays, None)
                if delay is None or delay >= deadline.time_remaining():
                    raise
            await asyncio.sleep(delay)

    @asynccontextmanager
    async def stream(
        self, route: str, request: Request, reply_type: type[Reply]
    ) -> AsyncIterator[Updates[Reply]]:
        """A stream of replies, without deadline. Leaving the block ends it at the daemon.

        The generated stub has a generator instead, which an agent that breaks out of its loop
        leaves to the garbage collector, and the daemon with it.
        """
        call = self.channel.request(
            route, Cardinality.UNARY_STREAM, type(request), reply_type, metadata=self._metadata
        )
        try:
            async with call:
                with call_errors():
                    await call.send_message(request, end=True)
                updates = Updates(call)
                try:
                    yield updates
                finally:
                    await updates.aclose()
                if not updates.ended:
                    # On the way out with an exception grpclib resets the stream at once; without
                    # one it would wait for the end of a stream that need not have any.
                    raise _LeftEarly
        except _LeftEarly:
            pass

    def close(self) -> None:
        """Hang up."""
        self.channel.close()


def check_token(host: str, token: str | None, ssl: SSLContext | bool | None) -> None:
    """Nothing, if the token stays on this machine or travels encrypted.   Raises: ValueError."""
    if token and not ssl and not is_loopback(host):
        raise ValueError(f"a token would travel in clear text to {host}: pass ssl")


def is_loopback(host: str) -> bool:
    """Whether the host is this machine, as far as the name tells."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
