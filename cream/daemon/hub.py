"""Who hears of changes? Subscribers, in journal order, without gaps, or with a clear end.

Publishing never waits: a subscriber that does not read loses its subscription, not the others
theirs. Quotes are different: only the newest of each symbol matters, so a slow reader skips some.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

import trio
from attrs import define, field

from cream.core.model.market import Quote
from cream.core.operations import StreamEnd, Update


class _Subscription:
    """One subscriber's end of the updates."""

    def __init__(self, sequence: int, receive: trio.MemoryReceiveChannel[Update]) -> None:
        self.sequence = sequence
        self.ended: StreamEnd | None = None
        self._receive = receive

    def __aiter__(self) -> "_Subscription":
        return self

    async def __anext__(self) -> Update:
        try:
            return await self._receive.receive()
        except trio.EndOfChannel:
            raise StopAsyncIteration from None


class Hub:
    """Publishes updates. `buffer` is how many a subscriber may fall behind before it is dropped."""

    def __init__(self, buffer: int) -> None:
        self._buffer = buffer
        self._senders: dict[trio.MemorySendChannel[Update], _Subscription] = {}
        self._closed = False
        self.dropped = 0

    @property
    def subscribers(self) -> int:
        """How many are subscribed now."""
        return len(self._senders)

    def publish(self, updates: Sequence[Update]) -> None:
        """Give `updates` to everyone."""
        for sender in list(self._senders):
            try:
                for update in updates:
                    sender.send_nowait(update)
            except trio.WouldBlock:
                # What fitted stays readable: its end comes after a prefix, never after a gap.
                self.dropped += 1
                self._drop(sender, StreamEnd.FELL_BEHIND)

    @asynccontextmanager
    async def subscribe(self, sequence: int) -> AsyncIterator[_Subscription]:
        """Everything published from now on. `sequence` is that of the book at this moment.

        Cancellation: an update is either received or still waiting.
        """
        send, receive = trio.open_memory_channel[Update](self._buffer)
        subscription = self._senders[send] = _Subscription(sequence, receive)
        if self._closed:
            self._drop(send, StreamEnd.STOPPING)
        try:
            yield subscription
        finally:
            self._senders.pop(send, None)
            send.close()
            receive.close()

    def break_off(self) -> None:
        """End every subscription: not all that has happened is going to be published.

        Whoever subscribes again begins with what is true then.
        """
        for sender in list(self._senders):
            self._drop(sender, StreamEnd.BROKEN_OFF)

    def close(self) -> None:
        """End every subscription, after what it has been given, and all later ones at once."""
        self._closed = True
        for sender in list(self._senders):
            self._drop(sender, StreamEnd.STOPPING)

    def _drop(self, sender: trio.MemorySendChannel[Update], why: StreamEnd) -> None:
        self._senders.pop(sender).ended = why
        sender.close()


LatestOf = Callable[[str], Quote | None]
NOTHING_DERIVED: Mapping[str, Sequence[str]] = {}


@define(eq=False)
class _QuoteReader:
    """The newest unread quote of each symbol that one reader wants, as an endless iterator.

    No generator: a reader may leave it anywhere without closing it.
    Cancellation: a quote is either returned or still waiting.
    """

    symbols: frozenset[str]
    latest: LatestOf
    derived: Mapping[str, Sequence[str]]
    # None: what is the latest once it is read.
    waiting: dict[str, Quote | None] = field(factory=dict)
    arrived: trio.Event = field(factory=trio.Event)

    def take_in(self, quote: Quote) -> None:
        derived = self.derived.get(quote.symbol, ())
        if quote.symbol in self.symbols:
            self.waiting[quote.symbol] = quote
        elif not derived:
            return
        self.waiting.update((one, None) for one in derived)
        self.arrived.set()

    def __aiter__(self) -> "_QuoteReader":
        return self

    async def __anext__(self) -> Quote:
        # Before anything is taken, so that a cancel takes nothing with it.
        await trio.lowlevel.checkpoint()
        while True:
            while not self.waiting:
                self.arrived = trio.Event()
                await self.arrived.wait()
            symbol = next(iter(self.waiting))
            quote = self.waiting.pop(symbol) or self.latest(symbol)
            if quote is not None:
                return quote


class QuoteBoard:
    """Fans quotes out: to listeners in the same turn, to readers newest first."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[Quote], None]] = []
        self._readers: dict[_QuoteReader, None] = {}
        self.count = 0
        self.last_at: float | None = None

    def listen(self, listener: Callable[[Quote], None]) -> None:
        """Call `listener`, which must not wait, with every quote, in order of registration."""
        self._listeners.append(listener)

    def publish(self, quote: Quote) -> None:
        """Give `quote` to everyone."""
        self.count += 1
        self.last_at = trio.current_time()
        for listener in self._listeners:
            listener(quote)
        for reader in self._readers:
            reader.take_in(quote)

    @asynccontextmanager
    async def read(
        self,
        symbols: Sequence[str],
        latest: LatestOf,
        derived: Mapping[str, Sequence[str]] = NOTHING_DERIVED,
    ) -> AsyncIterator[AsyncIterator[Quote]]:
        """Quotes of `symbols`, beginning with the latest of each.

        `derived` are symbols whose quotes follow from those of another one, by that one: each of
        its quotes means a new one of theirs, which nobody publishes.
        """
        reader = _QuoteReader(frozenset(symbols), latest, derived)
        for symbol in symbols:
            quote = latest(symbol)
            if quote is not None:
                reader.waiting[symbol] = quote
        self._readers[reader] = None
        try:
            yield reader
        finally:
            self._readers.pop(reader, None)
