"""What the tests of failure modes share: both sides at a glance, and durations that are short."""

from typing import Any

from attrs import evolve

from cream.daemon.tree import TreeSettings
from tests.conformance.alpaca_world import AlpacaLife

QUIET_SECONDS = 30.0


async def filled(one: AlpacaLife, decision: Any, quantity: int = 20) -> None:
    await one.submit(decision)
    await one.until(lambda: one.held() == quantity)


def fills(one: AlpacaLife) -> int:
    return int(one.tree.desk.book.fills_booked)


def is_connected(one: AlpacaLife) -> bool:
    """Whether there is a session: the stream is open, and what it may have missed was read."""
    return bool(one.sandbox.broadcast._listener) and one.tree.link.session_up


def same_as_at_the_venue(one: AlpacaLife) -> None:
    """Invariants 3 and 4: no order and no share that the other side does not have."""
    assert one.held() == one.held_at_venue()
    theirs = [order for order in one.at_venue() for order in (order, *(order["legs"] or ()))]
    working = {order["id"] for order in theirs if order["status"] not in CLOSED}
    ours = {order.broker_order_id for order in one.orders() if order.is_open}
    assert working <= ours


CLOSED = ("filled", "canceled", "expired", "replaced", "rejected")


def only_timers(settings: TreeSettings) -> TreeSettings:
    """Nobody compares anything for an hour: what is found, an order's own timer has found."""
    reconciler = evolve(
        settings.reconciler,
        interval=3600.0,
        positions_interval=3600.0,
        open_orders_interval=3600.0,
    )
    return evolve(settings, reconciler=reconciler, ack_timeout=3.0)
