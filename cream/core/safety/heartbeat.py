"""Is the broker still there? A judgement on the time since its last sign of life.

With `interval`, `timeout` and `grace` after the last sign: a probe is due after `interval`; SUSPECT
begins at `interval + timeout`, or at once when a request failed in transport; DISCONNECTED begins
`grace` after SUSPECT began. All times are monotonic seconds.

Flapping is damped. A link that has failed is in doubt until it has given signs without a failure
for `calm`; a failure before that continues the first one, so that its grace is not begun anew.
After DISCONNECTED there is no shortcut: RECOVERING lasts until what the disconnect demands is done
(`settled`), and a failure within it is DISCONNECTED at once, as nothing is allowed to leave anyway.
"""

from enum import Enum

from attrs import frozen


class Link(Enum):
    """How the connection to the broker stands."""

    CONNECTED = "CONNECTED"
    SUSPECT = "SUSPECT"
    DISCONNECTED = "DISCONNECTED"
    RECOVERING = "RECOVERING"


# Where the disconnect sequence is under way.
_IN_SEQUENCE = (Link.DISCONNECTED, Link.RECOVERING)


@frozen(kw_only=True)
class HeartbeatLimits:
    """Units: seconds. `calm` of nothing damps nothing: the first sign ends the doubt."""

    interval: float
    timeout: float
    grace: float
    calm: float = 0.0


@frozen(kw_only=True)
class Signs:
    """When the broker last gave a sign of life, and since when its transport has failed.

    `alive_since` is the first sign after the last failure; None while it fails.
    """

    last_sign: float
    failing_since: float | None = None
    alive_since: float | None = None

    @property
    def is_failing(self) -> bool:
        """Whether the last that was heard was a failure."""
        return self.failing_since is not None and self.alive_since is None


def suspect_at(signs: Signs, limits: HeartbeatLimits) -> float:
    """The moment from which the link is SUSPECT unless a sign comes."""
    silent = signs.last_sign + limits.interval + limits.timeout
    if signs.failing_since is None:
        return silent
    return min(silent, signs.failing_since)


def calm_at(signs: Signs, limits: HeartbeatLimits) -> float | None:
    """When the doubt that a failure left is over, unless another comes. None: nothing to end."""
    if signs.failing_since is None or signs.alive_since is None:
        return None
    return signs.alive_since + limits.calm


def is_calm(signs: Signs, now: float, limits: HeartbeatLimits) -> bool:
    """Whether a failure lies long enough behind: it is to be forgotten now."""
    over = calm_at(signs, limits)
    return over is not None and now >= over


def judge(signs: Signs, now: float, limits: HeartbeatLimits) -> Link:
    """How the link stands at `now`, as far as the signs alone tell."""
    if is_calm(signs, now, limits):
        signs = Signs(last_sign=signs.last_sign)
    suspect = suspect_at(signs, limits)
    if now < suspect:
        return Link.CONNECTED
    silent = signs.last_sign + limits.interval + limits.timeout
    if signs.alive_since is not None and now < silent:
        # It answers, and the failure is young: whatever its grace, nobody is to be cut off now.
        return Link.SUSPECT
    return Link.SUSPECT if now < suspect + limits.grace else Link.DISCONNECTED


def stands(
    before: Link, signs: Signs, now: float, limits: HeartbeatLimits, *, settled: bool
) -> Link:
    """How the link stands at `now`, after it stood at `before`."""
    seen = judge(signs, now, limits)
    if before not in _IN_SEQUENCE:
        return seen
    if seen is Link.CONNECTED and settled:
        return Link.CONNECTED
    answers = seen is Link.CONNECTED or (seen is Link.SUSPECT and signs.alive_since is not None)
    return Link.RECOVERING if answers else Link.DISCONNECTED


def next_look(signs: Signs, now: float, limits: HeartbeatLimits) -> float:
    """The next moment at which something changes by itself: a probe, or the judgement."""
    probe = signs.last_sign + limits.interval
    suspect = suspect_at(signs, limits)
    silent = probe + limits.timeout
    moments = [probe, silent, silent + limits.grace, suspect, suspect + limits.grace]
    calm = calm_at(signs, limits)
    if calm is not None:
        moments.append(calm)
    later = [moment for moment in moments if moment > now]
    return min(later) if later else now + limits.interval
