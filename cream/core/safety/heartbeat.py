"""Is the broker still there? A judgement on the time since its last sign of life.

With `interval`, `timeout` and `grace` after the last sign: a probe is due after `interval`; SUSPECT
begins at `interval + timeout`, or at once when a request failed in transport; DISCONNECTED begins
`grace` after SUSPECT began. All times are monotonic seconds.
"""

from enum import Enum

from attrs import frozen


class Link(Enum):
    """How the connection to the broker stands."""

    CONNECTED = "CONNECTED"
    SUSPECT = "SUSPECT"
    DISCONNECTED = "DISCONNECTED"


@frozen(kw_only=True)
class HeartbeatLimits:
    """Units: seconds."""

    interval: float
    timeout: float
    grace: float


@frozen(kw_only=True)
class Signs:
    """When the broker last gave a sign of life, and since when its transport has failed."""

    last_sign: float
    failing_since: float | None = None


def suspect_at(signs: Signs, limits: HeartbeatLimits) -> float:
    """The moment from which the link is SUSPECT unless a sign comes."""
    silent = signs.last_sign + limits.interval + limits.timeout
    if signs.failing_since is None:
        return silent
    return min(silent, signs.failing_since)


def judge(signs: Signs, now: float, limits: HeartbeatLimits) -> Link:
    """How the link stands at `now`."""
    suspect = suspect_at(signs, limits)
    if now < suspect:
        return Link.CONNECTED
    if now < suspect + limits.grace:
        return Link.SUSPECT
    return Link.DISCONNECTED


def next_look(signs: Signs, now: float, limits: HeartbeatLimits) -> float:
    """The next moment at which something changes by itself: a probe, SUSPECT, DISCONNECTED."""
    probe = signs.last_sign + limits.interval
    suspect = suspect_at(signs, limits)
    moments = (probe, suspect, suspect + limits.grace)
    later = [moment for moment in moments if moment > now]
    return min(later) if later else now + limits.interval
