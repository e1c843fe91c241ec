"""What does a dashboard see on /v1/stream? A snapshot, then every change, in order.

Messages are JSON objects with a `type`. The snapshot carries the journal sequence that it shows;
each change carries its own. A client that does not read is dropped and told to come again; it gets
a new snapshot then, so that it never has a gap without knowing.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec
import structlog
import trio
from quart import Quart, websocket
from quart_schema import hide

from cream.adapters.server import json_state_views as views
from cream.adapters.server.auth import Gatekeeper
from cream.adapters.server.json_views import order_view
from cream.core.execution import events as e
from cream.core.model.errors import CreamError
from cream.core.operations import Operations, Subscription, Update

if TYPE_CHECKING:
    from cream.adapters.server.http_app import Site

log = structlog.get_logger(__name__)

# RFC 6455 7.4.1 and the IANA registry: try again later; policy; going away.
TRY_AGAIN_LATER, POLICY_VIOLATION, GOING_AWAY = 1013, 1008, 1001

_encoder = msgspec.json.Encoder()


def add_to(app: Quart, site: "Site") -> None:
    """Add the WebSocket."""
    gatekeeper = Gatekeeper(site.settings.token_hashes)

    @app.websocket("/v1/stream")
    @hide
    async def follow() -> None:
        headers = {name.lower(): value for name, value in websocket.headers.items()}
        try:
            gatekeeper.authorize(headers, websocket.path)
        except CreamError as refusal:
            await websocket.accept()
            await websocket.close(POLICY_VIOLATION, refusal.message)
            return
        await websocket.accept()
        async with site.operations.subscribe() as subscription, trio.open_nursery() as nursery:
            # Without a reader a connection that is gone is not noticed.
            nursery.start_soon(_ignore_input)
            await _send(snapshot(site.operations, subscription.sequence))
            await _forward(subscription)
            code = GOING_AWAY if site.is_stopping() else TRY_AGAIN_LATER
            reason = "the daemon stops" if site.is_stopping() else "too slow; connect again"
            await websocket.close(code, reason)
            nursery.cancel_scope.cancel()


async def _ignore_input() -> None:
    while True:
        await websocket.receive()


async def _forward(subscription: Subscription) -> None:
    async for update in subscription:
        for message in messages(update):
            await _send(message)


async def _send(message: dict[str, object]) -> None:
    await websocket.send(_encoder.encode(message).decode())


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
    head = {"sequence": update.sequence, "at": update.at}
    event = update.event
    if isinstance(event, e.OrderFilled):
        yield {"type": "fill", **head, "fill": views.fill_view(event.fill)}
    elif isinstance(event, e.SpreadFilled):
        for fill in event.legs:
            yield {"type": "fill", **head, "fill": views.fill_view(fill)}
    for order in update.orders:
        yield {"type": "order", **head, "order": order_view(order)}
    for position in update.positions:
        yield {"type": "position", **head, "position": views.position_view(position)}
    if update.trading_state is not None:
        state = views.trading_state_view(update.trading_state)
        yield {"type": "trading_state", **head, "trading_state": state}
