"""What does a dashboard see on /v1/stream? A snapshot, then every change, in order.

Messages are JSON objects with a `type`. The snapshot carries the journal sequence that it shows;
each change carries its own. A client that does not read is dropped and told to come again; it gets
a new snapshot then, so that it never has a gap without knowing. Quotes and bars of the symbols in
the query come between; of those a client that does not read gets only the newest.
"""

from collections.abc import Iterator, Sequence

import structlog
import trio
from quart import Quart, Response, websocket
from quart_schema import hide

from cream.adapters.server import json_state_views as views
from cream.adapters.server.ending import end_of
from cream.adapters.server.fills import fill_view, fills_of
from cream.adapters.server.http_replies import encoded, error_reply
from cream.adapters.server.http_site import Site
from cream.adapters.server.json_views import order_view
from cream.adapters.server.market_routes import followed
from cream.adapters.server.market_views import bar_view
from cream.core.model.errors import CreamError
from cream.core.operations import Operations, StreamEnd, Subscription, Update

log = structlog.get_logger(__name__)

# RFC 6455 7.4.1 and the IANA registry.
GOING_AWAY, INTERNAL_ERROR, TRY_AGAIN_LATER = 1001, 1011, 1013

_DEFECT = (INTERNAL_ERROR, "a defect in Cream; the log has the story")
_CLOSING = {
    StreamEnd.STOPPING: (GOING_AWAY, "the daemon is stopping"),
    StreamEnd.BROKEN_OFF: (
        TRY_AGAIN_LATER,
        "the journal cannot commit; reconnect for a snapshot",
    ),
    StreamEnd.FELL_BEHIND: (TRY_AGAIN_LATER, "fell behind; reconnect for a snapshot"),
}


def add_to(app: Quart, site: Site) -> None:
    """Add the WebSocket."""

    @app.websocket("/v1/stream")
    @hide
    async def follow() -> Response | None:
        headers = {name.lower(): value for name, value in websocket.headers.items()}
        try:
            site.gatekeeper.authorize(headers, websocket.path)
            wanted = followed(websocket.args, site, required=False)
        except CreamError as refusal:
            return error_reply(refusal)
        await websocket.accept()
        async with trio.open_nursery() as nursery:
            # Without a reader a client that is gone is not noticed.
            nursery.start_soon(_ignore_input)
            code, reason = await _follow_or_say_why(site, *wanted)
            await websocket.close(code, reason)
            nursery.cancel_scope.cancel()
        return None


async def _ignore_input() -> None:
    while True:
        await websocket.receive()


async def _follow_or_say_why(
    site: Site, symbols: Sequence[str], timeframes: Sequence[int]
) -> tuple[int, str]:
    try:
        return await _follow(site, symbols, timeframes)
    except Exception as error:
        # Barrier: the client is told, which an exception would not do once it is connected.
        log.error("http.stream_failed", exc_info=error)
        return _DEFECT


async def _follow(site: Site, symbols: Sequence[str], timeframes: Sequence[int]) -> tuple[int, str]:
    """Send until there is nothing more to send; how the connection is to be closed then."""
    async with site.operations.subscribe() as subscription:
        first = snapshot(site.operations, subscription.sequence)

        async def send_all() -> None:
            await _send(first)
            turn = trio.Lock()
            async with trio.open_nursery() as nursery:
                if symbols:
                    nursery.start_soon(_quotes, site, symbols, turn)
                if symbols and timeframes:
                    nursery.start_soon(_bars, site, symbols, timeframes, turn)
                await _forward(subscription, turn)
                nursery.cancel_scope.cancel()

        return _CLOSING[await end_of(subscription, site.shutdown, send_all)]


async def _forward(subscription: Subscription, turn: trio.Lock) -> None:
    async for update in subscription:
        for message in messages(update):
            async with turn:
                await _send(message)


async def _quotes(site: Site, symbols: Sequence[str], turn: trio.Lock) -> None:
    """The latest of each symbol, then every newer one; who reads slowly skips some."""
    async with site.operations.quotes(symbols) as quotes:
        async for quote in quotes:
            async with turn:
                await _send({"type": "quote", "quote": views.quote_view(quote)})


async def _bars(
    site: Site, symbols: Sequence[str], timeframes: Sequence[int], turn: trio.Lock
) -> None:
    async with site.operations.bars(symbols, timeframes) as bars:
        async for bar in bars:
            async with turn:
                await _send({"type": "bar", "bar": bar_view(bar)})


async def _send(message: dict[str, object]) -> None:
    await websocket.send(encoded(message).decode())


def snapshot(operations: Operations, sequence: int) -> dict[str, object]:
    """Everything as it is at `sequence`."""
    return {
        "type": "snapshot",
        "sequence": sequence,
        "orders": [order_view(one) for one in operations.orders()],
        "positions": [views.position_view(one) for one in operations.positions()],
        "trading_state": views.trading_state_view(operations.trading_state()),
        "account": views.account_view(operations.account()),
    }


def messages(update: Update) -> Iterator[dict[str, object]]:
    """What one update tells: the fill first, then what it changed."""
    head = {"sequence": update.sequence, "at": update.at, "event": type(update.event).__name__}
    for fill in fills_of(update.event):
        yield {"type": "fill", **head, "fill": fill_view(fill)}
    for order in update.orders:
        yield {"type": "order", **head, "order": order_view(order)}
    for position in update.positions:
        yield {"type": "position", **head, "position": views.position_view(position)}
    if update.trading_state is not None:
        state = views.trading_state_view(update.trading_state)
        yield {"type": "trading_state", **head, "trading_state": state}
    for alert in update.alerts:
        yield {"type": "alert", **head, "alert": views.difference_view(alert)}
