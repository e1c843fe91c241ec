"""The market-data streams: `/v2/{iex,sip,…}` for shares, `/v1beta1/{opra,indicative}` for options.

Greeting, log-in within a few seconds, subscriptions that add up and are confirmed as a whole, and
Alpaca's error codes. JSON or msgpack, by the content type of the upgrade; options in msgpack only.
All channels speak but that of imbalances.

Source: docs.alpaca.markets, Real-time Stock Data and Real-time Option Data, 2025-09.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import trio
from attrs import define, field, frozen
from quart import websocket
from quart_trio import QuartTrio

from cream.adapters.sandbox.app import Sandbox, keys_of
from cream.adapters.sandbox.data_shown import TEST_PRICE
from cream.adapters.sandbox.data_words import NUMBERS, PACKED, quote_json
from cream.adapters.sandbox.faults import FaultName
from cream.adapters.sandbox.market import SandboxMarket
from cream.adapters.sandbox.replies import Json
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
    406: "connection limit exceeded",
    407: "slow client",
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

    options: bool
    packed: bool
    sender: trio.MemorySendChannel[Json]
    receiver: trio.MemoryReceiveChannel[Json]
    wanted: dict[str, dict[str, None]] = field(init=False)

    def __attrs_post_init__(self) -> None:
        channels = OPTION_CHANNELS if self.options else STOCK_CHANNELS
        self.wanted = {channel: {} for channel in channels}

    def wants(self, channel: str, symbol: str) -> bool:
        """Whether messages of `channel` about `symbol` go to this client."""
        asked = self.wanted.get("trades" if channel in WITH_TRADES else channel, {})
        return symbol in asked or "*" in asked

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

    def __attrs_post_init__(self) -> None:
        self.sandbox.tape.tell = self.tell
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
        for client in list(self.clients.values()):
            if client.options is not option or not client.wants(channel, symbol):
                continue
            try:
                client.sender.send_nowait(whole)
            except trio.WouldBlock:
                del self.clients[id(client)]
                client.sender.close()

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
            await self._serve(options=False)

    async def options(self, feed: str) -> None:
        """One connection to a feed of options."""
        if feed in OPTION_FEEDS:
            await self._serve(options=True)

    async def _serve(self, *, options: bool) -> None:
        sender, receiver = trio.open_memory_channel[Json](MAX_WAITING)
        packed = "msgpack" in websocket.headers.get("Content-Type", "")
        client = _Client(options, packed, sender, receiver)
        if options and not packed:
            await client.fail(412)
            return
        if any(one.options is options for one in self.broadcast.clients.values()):
            await client.fail(406)
            return
        self.broadcast.clients[id(client)] = client
        try:
            await self._converse(client)
        finally:
            self.broadcast.clients.pop(id(client), None)

    async def _converse(self, client: _Client) -> None:
        await client.send([{"T": "success", "msg": "connected"}])
        if not self.sandbox.lets_in(*keys_of(websocket.headers)):
            if not await self._logged_in(client):
                return
        else:
            await client.send([{"T": "success", "msg": "authenticated"}])
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
                if self.sandbox.lets_in(str(key or ""), str(secret or "")):
                    await client.send([{"T": "success", "msg": "authenticated"}])
                    return True
                await client.fail(402)
                return False
        await client.fail(404)
        return False

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
        for channel, symbols in asked.items():
            for symbol in symbols:
                if action == "subscribe":
                    client.wanted[channel][str(symbol)] = None
                else:
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
    except msgspec.DecodeError:
        return {}
    return document if isinstance(document, Mapping) else {}
