"""The market-data streams: `/v2/{iex,sip,…}` for shares, `/v1beta1/{opra,indicative}` for options.

Greeting, log-in within a few seconds, one connection to a feed, subscriptions that add up and are
confirmed as a whole within what the account's plan allows, and Alpaca's error codes. JSON or
msgpack, by the content type of the upgrade; options in msgpack only.

Source: docs.alpaca.markets, Real-time Stock Data and Real-time Option Data, 2025-09.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import trio
from attrs import define, field, frozen
from quart import Response, abort, websocket
from quart_trio import QuartTrio

from cream.adapters.sandbox.app import Sandbox, keys_of
from cream.adapters.sandbox.data_shown import TEST_PRICE
from cream.adapters.sandbox.data_words import NUMBERS, PACKED, quote_json
from cream.adapters.sandbox.faults import FaultName
from cream.adapters.sandbox.market import SandboxMarket
from cream.adapters.sandbox.replies import Json
from cream.adapters.sandbox.stream_routes import cut_on, refuse_if_away
from cream.adapters.sandbox.tape import LOT
from cream.adapters.sandbox.words import symbol as symbol_text
from cream.core.model.instrument import Equity, Instrument, OptionContract
from cream.core.model.market import Quote

LOG_IN_SECONDS = 10.0
# Quotes that wait for a client; one that falls further behind is cut, as at Alpaca.
MAX_WAITING = 10_000

STOCK_FEEDS = frozenset(("iex", "sip", "delayed_sip", "test"))
OPTION_FEEDS = frozenset(("opra", "indicative"))
# Every channel of a feed of shares, and the word of its messages. Corrections and cancels come with
# the trades.
STOCK_CHANNELS = {
    "trades": "t",
    "quotes": "q",
    "bars": "b",
    "updatedBars": "u",
    "dailyBars": "d",
    "statuses": "s",
    "lulds": "l",
    "imbalances": "i",
}
WITH_TRADES = {"corrections": "c", "cancelErrors": "x"}
OPTION_CHANNELS = {"trades": "t", "quotes": "q"}
_WORDS = STOCK_CHANNELS | WITH_TRADES

ERRORS = {
    400: "invalid syntax",
    401: "not authenticated",
    402: "auth failed",
    403: "already authenticated",
    404: "auth timeout",
    405: "symbol limit exceeded",
    406: "connection limit exceeded",
    407: "slow client",
    409: "insufficient subscription",
    410: "invalid subscribe action for this feed",
    412: "option messages are only available in MsgPack format",
    413: "star subscription is not allowed for option quotes",
}

# How often the broadcast looks at the clock: a minute's bar comes within this of its end.
_LOOK_SECONDS = 0.25
# How far apart the prints and quotes of a test of the exchanges come.
_TEST_PRINT_SECONDS = 1.0
_TEST_SPREAD = Decimal("0.01")


@define
class _Client:
    """One connection: what it asked for, and what waits for it."""

    feed: str
    options: bool
    packed: bool
    sender: trio.MemorySendChannel[Json]
    receiver: trio.MemoryReceiveChannel[Json]
    cut: trio.Event = field(factory=trio.Event)
    wanted: dict[str, dict[str, None]] = field(init=False)

    def __attrs_post_init__(self) -> None:
        channels = OPTION_CHANNELS if self.options else STOCK_CHANNELS
        self.wanted = {channel: {} for channel in channels}

    def wants(self, channel: str, symbol: str) -> bool:
        """Whether messages of `channel` about `symbol` go to this client."""
        asked = self.wanted.get("trades" if channel in WITH_TRADES else channel, {})
        return symbol in asked or "*" in asked

    def with_more(self, asked: Mapping[str, Sequence[Any]]) -> dict[str, dict[str, None]]:
        """What it wants once it has what is asked for as well."""
        return {
            channel: wanted | dict.fromkeys(map(str, asked[channel]))
            for channel, wanted in self.wanted.items()
        }

    def subscription(self) -> Json:
        """All that it has asked for."""
        full: Json = {channel: list(symbols) for channel, symbols in self.wanted.items()}
        if not self.options:
            full |= {channel: list(self.wanted["trades"]) for channel in WITH_TRADES}
        return {"T": "subscription"} | full

    async def send(self, messages: Sequence[Json]) -> None:
        """One frame."""
        if self.packed:
            await websocket.send(PACKED.encode(messages))
        else:
            await websocket.send(NUMBERS.encode(messages).decode())

    async def fail(self, code: int) -> None:
        """One of Alpaca's errors."""
        await self.send([{"T": "error", "code": code, "msg": ERRORS[code]}])


@define
class DataBroadcast:
    """All data clients of one sandbox."""

    sandbox: Sandbox
    clients: dict[int, _Client] = field(factory=dict)
    # Until when a connection that has ended still counts, by feed.
    ghosts: dict[str, float] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self.sandbox.tape.tell = self.tell
        self.sandbox.cut_data = self.cut
        self.sandbox.exchange.market.listen(self.on_quote)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """End the bars whose time is over, and print what is printed for a test."""
        task_status.started()
        due = trio.current_time()
        while True:
            self.sandbox.tape.advance()
            fault = self.sandbox.faults.peek(FaultName.TEST_PRINTS)
            if fault is not None and trio.current_time() >= due:
                due = trio.current_time() + _TEST_PRINT_SECONDS
                self._print_test(fault.symbol)
            await trio.sleep(_LOOK_SECONDS)

    def is_taken(self, feed: str, by: _Client) -> bool:
        """Whether another connection to this feed counts."""
        others = (one for one in self.clients.values() if one is not by)
        ghost = trio.current_time() < self.ghosts.get(feed, 0.0)
        return ghost or any(one.feed == feed for one in others)

    def leave(self, client: _Client) -> None:
        """A connection ended; it may count for a while longer."""
        if self.clients.pop(id(client), None) is None:
            return
        ghost = self.sandbox.faults.happens(FaultName.GHOST_SESSION, client.feed)
        if ghost is not None:
            self.ghosts[client.feed] = trio.current_time() + ghost.seconds

    def cut(self) -> None:
        """End every connection without a word."""
        for client in self.clients.values():
            client.cut.set()

    def on_quote(self, quote: Quote) -> None:
        """Hand a quote to whoever wants it."""
        track = self.sandbox.tape.known(quote.symbol)
        if not self.clients or track is None:
            return
        instrument = track.instrument
        shown = self.sandbox.shown.live(instrument, quote)
        if shown is not None and instrument.underlying not in self.sandbox.tape.halted:
            self.tell("quotes", instrument, quote_json(instrument, shown))

    def tell(self, channel: str, instrument: Instrument, message: Json) -> None:
        """Hand a message to whoever wants it; who is too slow loses its connection."""
        if not self.clients or (channel != "quotes" and self.sandbox.shown.mutes(instrument)):
            return
        option = isinstance(instrument, OptionContract)
        symbol = symbol_text(instrument)
        whole = {"T": _WORDS[channel], "S": symbol} | message
        burst = self.sandbox.faults.peek(FaultName.BURST)
        for client in list(self.clients.values()):
            if client.options is not option or not client.wants(channel, symbol):
                continue
            try:
                for _ in range(1 if burst is None else burst.times):
                    client.sender.send_nowait(whole)
            except trio.WouldBlock:
                self.leave(client)
                client.sender.close()
            if self.sandbox.faults.happens(FaultName.CUT, client.feed) is not None:
                client.cut.set()

    def _print_test(self, symbol: str) -> None:
        """Of one share, or of all that anybody listens to."""
        listened = {
            one: None
            for client in self.clients.values()
            if not client.options
            for one in client.wanted["quotes"]
            if one != "*"
        }
        now = self.sandbox.exchange.clock.now()
        for one in [symbol] if symbol else listened:
            self.sandbox.tape.print(one, TEST_PRICE, LOT, timedelta(0))
            quote = Quote(
                symbol=one,
                bid=TEST_PRICE - _TEST_SPREAD,
                ask=TEST_PRICE + _TEST_SPREAD,
                bid_size=LOT,
                ask_size=LOT,
                at=now,
            )
            instrument = Equity(one)
            self.tell("quotes", instrument, quote_json(instrument, quote))


@frozen
class DataStreamRoutes:
    """The handlers."""

    sandbox: Sandbox
    market: SandboxMarket
    broadcast: DataBroadcast

    def register(self, app: QuartTrio) -> None:
        """Put them at their paths."""
        app.add_websocket("/v2/<feed>", "stocks", self.stocks)
        app.add_websocket("/v1beta1/<feed>", "options", self.options)

    async def stocks(self, feed: str) -> None:
        """One connection to a feed of shares."""
        if feed in STOCK_FEEDS:
            await self._serve(f"/v2/{feed}", options=False)

    async def options(self, feed: str) -> None:
        """One connection to a feed of options."""
        if feed in OPTION_FEEDS:
            await self._serve(f"/v1beta1/{feed}", options=True)

    async def _serve(self, feed: str, *, options: bool) -> None:
        faults = self.sandbox.faults
        refuse_if_away(faults)
        if faults.happens(FaultName.UPGRADE_429, feed) is not None:
            abort(Response("too many requests", 429))
        sender, receiver = trio.open_memory_channel[Json](MAX_WAITING)
        packed = "msgpack" in websocket.headers.get("Content-Type", "")
        client = _Client(feed, options, packed, sender, receiver)
        if options and not packed:
            await client.fail(412)
            return
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(cut_on, client.cut)
                await self._converse(client)
                nursery.cancel_scope.cancel()
        finally:
            self.broadcast.leave(client)

    async def _converse(self, client: _Client) -> None:
        await client.send([{"T": "success", "msg": "connected"}])
        known = self.sandbox.lets_in(*keys_of(websocket.headers))
        if not (known and await self._is_admitted(client)) and not await self._logged_in(client):
            return
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_forward, client, nursery.cancel_scope)
            while True:
                await self._obey(client, _read(await websocket.receive(), client))

    async def _logged_in(self, client: _Client) -> bool:
        with trio.move_on_after(LOG_IN_SECONDS):
            while True:
                message = _read(await websocket.receive(), client)
                if message.get("action") != "auth":
                    await client.fail(401)
                    continue
                key, secret = message.get("key"), message.get("secret")
                if not self.sandbox.lets_in(str(key or ""), str(secret or "")):
                    await client.fail(402)
                    return False
                if await self._is_admitted(client):
                    return True
        await client.fail(404)
        return False

    async def _is_admitted(self, client: _Client) -> bool:
        """Whether one whose keys are good may read this feed now; whoever may not may ask again."""
        if not self.sandbox.plan.has(client.feed):
            await client.fail(409)
            return False
        if self.broadcast.is_taken(client.feed, client):
            await client.fail(406)
            return False
        self.broadcast.clients[id(client)] = client
        await client.send([{"T": "success", "msg": "authenticated"}])
        return True

    async def _obey(self, client: _Client, message: Mapping[str, Any]) -> None:
        action = message.get("action")
        if action == "auth":
            await client.fail(403)
            return
        if action not in ("subscribe", "unsubscribe"):
            await client.fail(400)
            return
        if client.options and "*" in (message.get("quotes") or ()):
            await client.fail(413)
            return
        asked = {channel: message.get(channel) or () for channel in client.wanted}
        if any(not isinstance(symbols, list | tuple) for symbols in asked.values()):
            await client.fail(400)
            return
        if action == "subscribe":
            more = client.with_more(asked)
            if not self.sandbox.plan.allows(more, options=client.options):
                await client.fail(405)
                return
            client.wanted = more
        else:
            for channel, symbols in asked.items():
                for symbol in symbols:
                    client.wanted[channel].pop(str(symbol), None)
        await self.market.ensure([*client.wanted["quotes"], *client.wanted["trades"]])
        await client.send([client.subscription()])


async def _forward(client: _Client, connection: trio.CancelScope) -> None:
    """Send what waits, as much as there is in one frame; say goodbye to who is too slow."""
    async for first in client.receiver:
        batch = [first]
        while True:
            try:
                batch.append(client.receiver.receive_nowait())
            except (trio.WouldBlock, trio.EndOfChannel):
                break
        await client.send(batch)
    await client.fail(407)
    connection.cancel()


def _read(frame: str | bytes, client: _Client) -> Mapping[str, Any]:
    """The message in `frame`; an empty one where it makes no sense."""
    try:
        if client.packed and isinstance(frame, bytes):
            document = msgspec.msgpack.decode(frame)
        else:
            document = msgspec.json.decode(frame)
    except (msgspec.DecodeError, RecursionError):
        return {}
    return document if isinstance(document, Mapping) else {}
