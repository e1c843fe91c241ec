"""When is a silent broker in doubt, and when is it gone? Just before, at, and just after."""

import pytest

from cream.core.safety.heartbeat import HeartbeatLimits, Link, Signs, judge, next_look

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
