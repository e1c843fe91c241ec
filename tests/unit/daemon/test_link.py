"""Signs of life are noted with their time, and whoever waits for a change is woken."""

import pytest
import trio
import trio.testing

from cream.core.safety.heartbeat import Link, Signs
from cream.daemon.link import BrokerLink


async def woken_by(link: BrokerLink, change: object) -> bool:
    """Whether someone who waits for a change of `link` is woken by calling `change`."""
    changed = link.changed
    assert callable(change)
    change()
    return changed.is_set()


async def test_it_begins_connected_with_a_sign_of_life_but_no_session(
    autojump_clock: trio.testing.MockClock,
) -> None:
    await trio.sleep(3.0)
    link = BrokerLink()

    assert link.signs == Signs(last_sign=3.0, failing_since=None)
    assert (link.state, link.session_up) == (Link.CONNECTED, False)


async def test_failing_begins_with_the_first_failure_and_ends_with_a_sign(
    autojump_clock: trio.testing.MockClock,
) -> None:
    link = BrokerLink()
    for _ in range(3):
        await trio.sleep(1.0)
        link.failed()
    assert link.signs == Signs(last_sign=0.0, failing_since=1.0)

    link.alive()
    assert link.signs == Signs(last_sign=3.0, failing_since=None)


async def test_only_the_first_failure_and_the_first_sign_after_it_are_changes() -> None:
    link = BrokerLink()

    assert not await woken_by(link, link.alive)
    assert await woken_by(link, link.failed)
    assert not await woken_by(link, link.failed)
    assert await woken_by(link, link.alive)
    assert not await woken_by(link, link.alive)


@pytest.mark.parametrize("state", [Link.SUSPECT, Link.DISCONNECTED])
async def test_a_sign_from_a_broker_that_was_only_silent_wakes_the_watchdog(state: Link) -> None:
    """Silence is no failure; without this it would learn of the sign when the grace is over."""
    link = BrokerLink()
    link.state = state

    assert await woken_by(link, link.alive)


@pytest.mark.parametrize("up", [True, False])
async def test_a_session_that_comes_or_goes_is_a_change(up: bool) -> None:
    link = BrokerLink()
    changed = link.changed

    link.set_session(up)

    assert changed.is_set()
    assert not link.changed.is_set()
    assert link.session_up is up
