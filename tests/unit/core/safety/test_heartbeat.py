"""When is a silent broker in doubt, and when is it gone? Just before, at, and just after."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cream.core.safety.heartbeat import (
    HeartbeatLimits,
    Link,
    Signs,
    is_calm,
    judge,
    next_look,
    stands,
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


DAMPED = HeartbeatLimits(interval=30.0, timeout=10.0, grace=30.0, calm=2.0)
ANSWERS = Signs(last_sign=115.0, failing_since=110.0, alive_since=113.0)
ANSWERS_LATE = Signs(last_sign=150.0, failing_since=110.0, alive_since=150.0)
FAILS_AGAIN = Signs(last_sign=139.0, failing_since=110.0)


@pytest.mark.parametrize(
    ("signs", "now", "link"),
    [
        (ANSWERS, 114.999, Link.SUSPECT),
        (ANSWERS, 115.0, Link.CONNECTED),
        (ANSWERS_LATE, 151.999, Link.SUSPECT),
        (ANSWERS_LATE, 152.0, Link.CONNECTED),
        (FAILS_AGAIN, 139.999, Link.SUSPECT),
        (FAILS_AGAIN, 140.0, Link.DISCONNECTED),
    ],
)
def test_a_doubt_ends_once_the_broker_has_answered_for_long_enough(
    signs: Signs, now: float, link: Link
) -> None:
    """And a failure before that goes on with the first one's grace: flapping is no way out."""
    assert judge(signs, now, DAMPED) is link
    assert is_calm(signs, now, DAMPED) is (link is Link.CONNECTED)


@pytest.mark.parametrize("before", [Link.DISCONNECTED, Link.RECOVERING])
def test_after_a_disconnect_it_recovers_until_everything_is_done(before: Link) -> None:
    fine = Signs(last_sign=200.0)

    assert stands(before, fine, 201.0, LIMITS, settled=False) is Link.RECOVERING
    assert stands(before, fine, 201.0, LIMITS, settled=True) is Link.CONNECTED
    assert stands(before, ANSWERS_LATE, 151.0, DAMPED, settled=True) is Link.RECOVERING


@pytest.mark.parametrize("before", [Link.DISCONNECTED, Link.RECOVERING])
@pytest.mark.parametrize("settled", [True, False])
def test_a_failure_while_it_recovers_has_no_grace(before: Link, settled: bool) -> None:
    failing = Signs(last_sign=200.0, failing_since=201.0)

    assert stands(before, failing, 201.0, LIMITS, settled=settled) is Link.DISCONNECTED
    assert stands(before, SILENT, 140.0, LIMITS, settled=settled) is Link.DISCONNECTED


@pytest.mark.parametrize("before", [Link.CONNECTED, Link.SUSPECT])
def test_before_a_disconnect_only_the_signs_count(before: Link) -> None:
    for now in (139.9, 140.0, 170.0):
        judged = judge(SILENT, now, LIMITS)
        assert stands(before, SILENT, now, LIMITS, settled=False) is judged


times = st.floats(0, 1e6)
spans = st.floats(0.001, 1e4)


@given(times, st.none() | times, st.none() | times, times, spans, spans, spans, spans)
def test_no_moment_at_which_the_judgement_changes_is_slept_through(
    last_sign: float,
    failing_since: float | None,
    alive_since: float | None,
    now: float,
    interval: float,
    timeout: float,
    grace: float,
    calm: float,
) -> None:
    """Whoever sleeps until the next look finds the link judged as before until then."""
    limits = HeartbeatLimits(interval=interval, timeout=timeout, grace=grace, calm=calm)
    signs = Signs(last_sign=last_sign, failing_since=failing_since, alive_since=alive_since)

    look = next_look(signs, now, limits)

    assert look > now
    between = now + (look - now) / 2
    if between < look:
        assert judge(signs, between, limits) is judge(signs, now, limits)
