"""Who listens to the simulated broker's order stream, and how does a listener lose it?

A stream is bounded: a listener that falls behind is dropped, as a broker drops a slow client. It
then gets what was sent before, and after that `BrokerUnavailable`.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import trio
from attrs import define

from cream.core.model.broker import OrderUpdate
from cream.core.model.errors import BrokerUnavailable

# Messages that wait for a listener. A burst of every order that may be open at once fits well.
MAX_WAITING = 10_000
# Messages that a listener is given without a turn for anybody else: what it makes of them together
# costs less.
_TOGETHER = 16


@define
class _Stream:
    """One listener's end. Ends with BrokerUnavailable, never by itself."""

    sender: trio.MemorySendChannel[OrderUpdate]
    receiver: trio.MemoryReceiveChannel[OrderUpdate]
    why: str = "the order stream was closed"
    _in_a_row: int = 0

    def __aiter__(self) -> AsyncIterator[OrderUpdate]:
        return self

    async def __anext__(self) -> OrderUpdate:
        """The next message.   Raises: BrokerUnavailable once the stream has dropped."""
        try:
            return await self._next()
        except (trio.EndOfChannel, trio.ClosedResourceError):
            raise BrokerUnavailable(self.why) from None

    async def _next(self) -> OrderUpdate:
        if self._in_a_row < _TOGETHER:
            try:
                update = self.receiver.receive_nowait()
            except trio.WouldBlock:
                pass
            else:
                self._in_a_row += 1
                await trio.lowlevel.checkpoint_if_cancelled()
                return update
        self._in_a_row = 0
        return await self.receiver.receive()

    def drop(self, why: str) -> None:
        self.why = why
        self.sender.close()


class UpdateStreams:
    """All listeners of one broker."""

    def __init__(self) -> None:
        self._streams: dict[int, _Stream] = {}
        self._next = 0

    @contextmanager
    def connected(self) -> Iterator[AsyncIterator[OrderUpdate]]:
        """A stream that is live from here on."""
        sender, receiver = trio.open_memory_channel[OrderUpdate](MAX_WAITING)
        stream = _Stream(sender, receiver)
        key, self._next = self._next, self._next + 1
        self._streams[key] = stream
        try:
            yield stream
        finally:
            self._streams.pop(key, None)
            sender.close()
            receiver.close()

    def send(self, update: OrderUpdate) -> None:
        """Give `update` to every listener; those who are too slow lose their stream."""
        for key, stream in list(self._streams.items()):
            try:
                stream.sender.send_nowait(update)
            except trio.WouldBlock:
                self._drop(key, "reading too slowly")

    def drop(self, why: str) -> None:
        """End every stream."""
        for key in list(self._streams):
            self._drop(key, why)

    def _drop(self, key: int, why: str) -> None:
        self._streams.pop(key).drop(why)
