"""When is a silent broker in doubt, and when is it gone? Just before, at, and just after."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cream.core.safety.heartbeat import (
    HeartbeatLimits,
    Link,
    Signs,
    judge,
    next_look,
    suspect_at,
)

LIMITS = HeartbeatLimits(interval=30.0, timeout=10.0, grace=30.0)
SILENT = Signs(last_sign=100.0)
FAILING = Signs(last_sign=100.0, failing_since=110.0)


@pytest.mark.parametrize(
    ("signs", "now", "link"),
    [
        (SILENT, 139.999, Link.CONNECTED),
        (SILENT, 140.0, Link.SUSPECT),
        (SILENT, 169.999, Link.SUSPECT),
        (SILENT, 170.0, Link.DISCONNECTED),
        (FAILING, 109.999, Link.CONNECTED),
        (FAILING, 110.0, Link.SUSPECT),
        (FAILING, 139.999, Link.SUSPECT),
        (FAILING, 140.0, Link.DISCONNECTED),
    ],
)
def test_the_link_is_judged_to_the_moment(signs: Signs, now: float, link: Link) -> None:
    assert judge(signs, now, LIMITS) is link


@pytest.mark.parametrize(
    ("now", "look"), [(100.0, 130.0), (130.0, 140.0), (140.0, 170.0), (170.0, 200.0)]
)
def test_the_next_look_is_when_something_changes_by_itself(now: float, look: float) -> None:
    assert next_look(SILENT, now, LIMITS) == look


def test_a_failure_that_comes_after_the_silence_excuses_nothing() -> None:
    """Silent for too long already: the later failure does not make the doubt younger."""
    late = Signs(last_sign=100.0, failing_since=150.0)

    assert suspect_at(late, LIMITS) == 140.0
    assert judge(late, 170.0, LIMITS) is Link.DISCONNECTED


@pytest.mark.parametrize(
    ("now", "look"), [(105.0, 110.0), (110.0, 130.0), (131.0, 140.0), (140.0, 170.0)]
)
def test_a_failing_link_is_looked_at_when_its_grace_ends(now: float, look: float) -> None:
    assert next_look(FAILING, now, LIMITS) == look


times = st.floats(0, 1e6)
spans = st.floats(0.001, 1e4)


@given(times, st.none() | times, times, spans, spans, spans)
def test_no_moment_at_which_the_judgement_changes_is_slept_through(
    last_sign: float,
    failing_since: float | None,
    now: float,
    interval: float,
    timeout: float,
    grace: float,
) -> None:
    """Whoever sleeps until the next look finds the link as it was judged before, or changed."""
    limits = HeartbeatLimits(interval=interval, timeout=timeout, grace=grace)
    signs = Signs(last_sign=last_sign, failing_since=failing_since)
    order = list(Link)

    look = next_look(signs, now, limits)

    before, after = judge(signs, now, limits), judge(signs, look, limits)
    assert look > now
    assert order.index(after) in (order.index(before), order.index(before) + 1)
    assert judge(signs, now + (look - now) / 2, limits) is before
