"""The market-data streams: `/v2/{iex,sip,…}` for shares, `/v1beta1/{opra,indicative}` for options.

Greeting, log-in within a few seconds, subscriptions that add up and are confirmed as a whole, and
Alpaca's error codes. JSON or msgpack, by the content type of the upgrade; options in msgpack only.
The sandbox's market has quotes and nothing else, so only the channel `quotes` ever speaks.

Source: docs.alpaca.markets, Real-time Stock Data and Real-time Option Data, 2025-09.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import trio
from attrs import define, field, frozen
from quart import websocket
from quart_trio import QuartTrio

from cream.adapters.sandbox.app import Sandbox, keys_of
from cream.adapters.sandbox.data_routes import quote_json
from cream.adapters.sandbox.exchange import SandboxMarket
from cream.adapters.sandbox.faults import FaultName, Faults
from cream.adapters.sandbox.replies import Json
from cream.adapters.sandbox.words import symbol as symbol_text
from cream.core.model.instrument import OptionContract
from cream.core.model.market import Quote
from cream.core.options.occ import parse_instrument

LOG_IN_SECONDS = 10.0
# Quotes that wait for a client; one that falls further behind is cut, as at Alpaca.
MAX_WAITING = 10_000

STOCK_FEEDS = frozenset(("iex", "sip", "delayed_sip", "test"))
OPTION_FEEDS = frozenset(("opra", "indicative"))
CHANNELS = (
    "trades",
    "quotes",
    "bars",
    "updatedBars",
    "dailyBars",
    "statuses",
    "lulds",
    "imbalances",
)

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

_packed = msgspec.msgpack.Encoder(decimal_format="number")
_text = msgspec.json.Encoder(decimal_format="number")


@define
class _Client:
    """One connection: what it asked for, and what waits for it."""

    options: bool
    packed: bool
    sender: trio.MemorySendChannel[Json]
    receiver: trio.MemoryReceiveChannel[Json]
    wanted: dict[str, dict[str, None]] = field(
        factory=lambda: {channel: {} for channel in CHANNELS}
    )

    def wants(self, symbol: str) -> bool:
        """Whether quotes of `symbol` go to this client."""
        quotes = self.wanted["quotes"]
        return symbol in quotes or "*" in quotes

    async def send(self, messages: Sequence[Json]) -> None:
        """One frame."""
        encoder: Any = _packed if self.packed else _text
        frame = encoder.encode(messages)
        await websocket.send(frame if self.packed else frame.decode())

    async def fail(self, code: int) -> None:
        """One of Alpaca's errors."""
        await self.send([{"T": "error", "code": code, "msg": ERRORS[code]}])


@define
class QuoteBroadcast:
    """All data clients of one sandbox."""

    faults: Faults
    clients: dict[int, _Client] = field(factory=dict)

    def on_quote(self, quote: Quote) -> None:
        """Hand a quote to whoever wants it; who is too slow loses its connection."""
        if not self.clients or self.faults.peek(FaultName.MUTE_DATA) is not None:
            return
        instrument = parse_instrument(quote.symbol)
        option = isinstance(instrument, OptionContract)
        symbol = symbol_text(instrument)
        message: Json | None = None
        for client in list(self.clients.values()):
            if client.options is not option or not client.wants(symbol):
                continue
            if message is None:
                message = {"T": "q", "S": symbol} | quote_json(instrument, quote)
                if self.faults.happens(FaultName.ZERO_SIDE) is not None:
                    message |= {"bp": 0, "bs": 0}
            stamped = message | {"t": quote.at} if client.packed else message
            try:
                client.sender.send_nowait(stamped)
            except trio.WouldBlock:
                del self.clients[id(client)]
                client.sender.close()


@frozen
class DataStreamRoutes:
    """The handlers."""

    sandbox: Sandbox
    market: SandboxMarket
    broadcast: QuoteBroadcast

    def register(self, app: QuartTrio) -> None:
        """Put them at their paths, and listen to the market."""
        self.market.listen(self.broadcast.on_quote)
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
        for channel in CHANNELS:
            for symbol in message.get(channel) or ():
                if action == "subscribe":
                    client.wanted[channel][str(symbol)] = None
                else:
                    client.wanted[channel].pop(str(symbol), None)
        await self.market.ensure(list(client.wanted["quotes"]))
        full: Json = {channel: list(client.wanted[channel]) for channel in CHANNELS}
        await client.send([{"T": "subscription"} | full])


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
