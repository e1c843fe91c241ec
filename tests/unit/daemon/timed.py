"""A daemon with round figures, for tests that assert exact simulated times."""

from collections.abc import Callable

import pytest
import trio
from attrs import evolve

from cream.core.model.order import Order, OrderPurpose
from cream.core.resilience.backoff import Backoff
from cream.core.safety.heartbeat import HeartbeatLimits
from cream.daemon.mass_canceller import MassCancelSettings
from cream.daemon.tree import TreeSettings
from tests.fakes.timeline import MILLISECOND
from tests.fakes.world import Life, buy

INTERVAL, TIMEOUT, GRACE, CALM = 5.0, 2.0, 3.0, 1.0
# Half of the backoff's first ceiling: the world draws 0.5.
FIRST_RESTART = 0.05
RESTING = {"limit": "200.00", "stop": "190.00", "target": "220.00"}
_LIMITS = HeartbeatLimits(interval=INTERVAL, timeout=TIMEOUT, grace=GRACE, calm=CALM)


def timed(settings: TreeSettings) -> TreeSettings:
    """5 s of silence bring a probe, 7 s SUSPECT, 10 s DISCONNECTED."""
    return evolve(settings, heartbeat=_LIMITS)


def with_mass_cancel(**changes: object) -> Callable[[TreeSettings], TreeSettings]:
    """`timed`, with another mass cancel."""

    def change(settings: TreeSettings) -> TreeSettings:
        own = MassCancelSettings(
            policy=settings.mass_cancel.policy, backoff=Backoff(base=0.5, cap=4.0)
        )
        return evolve(timed(settings), mass_cancel=evolve(own, **changes))

    return change


def about(moment: float) -> object:
    """`moment`, to the millisecond."""
    return pytest.approx(moment, abs=MILLISECOND)


async def resting(life: Life, plan_id: str = "rest") -> Order:
    """An entry that works at the broker and does not fill."""
    await life.submit(buy("2", **RESTING), plan_id=plan_id)
    entry = life.orders(OrderPurpose.ENTRY)[-1]
    await life.until(lambda: life.tree.desk.book.order(entry.order_id).broker_order_id)
    return life.tree.desk.book.order(entry.order_id)


async def silence(life: Life) -> float:
    """The broker falls silent; the moment of its last sign of life."""
    life.stubborn.fall_silent()
    # What was answered in this very instant has still to be noted.
    await trio.testing.wait_all_tasks_blocked()
    return life.tree.link.last_sign
