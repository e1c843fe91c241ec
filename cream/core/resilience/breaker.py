"""Should the next call go out at all? Not while the outside keeps failing.

CLOSED lets calls pass and remembers the last outcomes; OPEN lets none pass for a while; HALF_OPEN
lets a few through and judges by them. A call begins by taking a ticket and ends by returning it
with its outcome. A ticket from an earlier state is worth nothing: a late answer from before the
breaker opened neither closes it nor keeps it open. `now` is monotonic seconds.

What counts as failure is the caller's to say: transport errors, timeouts and 5xx, never a refusal.
"""

import math
from collections import deque
from enum import Enum

from attrs import define, field, frozen


class BreakerState(Enum):
    """Where the breaker stands."""

    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


class Window(Enum):
    """What `size` counts: the last calls, or the last seconds."""

    COUNT = "count"
    TIME = "time"


@frozen(kw_only=True)
class BreakerLimits:
    """Units: a fraction of calls; calls; seconds; calls or seconds, by `window`."""

    failure_rate_threshold: float = 0.5
    minimum_calls: int = 5
    wait_seconds: float = 30.0
    half_open_calls: int = 3
    window: Window = Window.COUNT
    window_size: int = 10


@frozen
class Ticket:
    """Permission for one call, good in the period in which it was given."""

    period: int


# A time window holds every outcome of its seconds; this bounds it whatever the call rate.
_MOST_OUTCOMES = 10_000


@define
class Breaker:
    """One breaker, for one kind of call to one outside."""

    name: str
    limits: BreakerLimits
    total_calls: int = 0
    total_failures: int = 0
    transitions: int = 0
    _state: BreakerState = BreakerState.CLOSED
    _period: int = 0
    _opened_at: float = 0.0
    _tickets_out: int = 0
    _successes: int = 0
    _outcomes: deque[tuple[float, bool]] = field(factory=deque)
    _failures: int = 0

    def state(self, now: float) -> BreakerState:
        """Where the breaker stands at `now`."""
        waited = now - self._opened_at >= self.limits.wait_seconds
        if self._state is BreakerState.OPEN and waited:
            self._become(BreakerState.HALF_OPEN)
        return self._state

    def take(self, now: float) -> Ticket | None:
        """A ticket for one call, or None if it should not go out."""
        match self.state(now):
            case BreakerState.OPEN:
                return None
            case BreakerState.HALF_OPEN:
                if self._tickets_out + self._successes >= self.limits.half_open_calls:
                    return None
                self._tickets_out += 1
            case BreakerState.CLOSED:
                pass
        return Ticket(self._period)

    def give_back(self, ticket: Ticket, succeeded: bool | None, now: float) -> None:
        """The call of `ticket` ended. `succeeded` is None if it was given up without an answer."""
        if succeeded is not None:
            self.total_calls += 1
            self.total_failures += not succeeded
        if ticket.period != self._period:
            return
        if self._state is BreakerState.HALF_OPEN:
            self._judge_trial(succeeded, now)
        elif succeeded is not None:
            self._remember(succeeded, now)
            rate = self.failure_rate(now)
            enough = len(self._outcomes) >= self.limits.minimum_calls
            # A threshold of zero means the first failure, not the first success.
            if enough and rate > 0 and rate >= self.limits.failure_rate_threshold:
                self._opened_at = now
                self._become(BreakerState.OPEN)

    def failure_rate(self, now: float) -> float:
        """Failures per call in the window; zero when it is empty."""
        self._forget(now)
        if not self._outcomes:
            return 0.0
        return self._failures / len(self._outcomes)

    def _judge_trial(self, succeeded: bool | None, now: float) -> None:
        self._tickets_out -= 1
        if succeeded is False:
            self._opened_at = now
            self._become(BreakerState.OPEN)
        elif succeeded:
            self._successes += 1
            if self._successes >= self.limits.half_open_calls:
                self._become(BreakerState.CLOSED)

    def _remember(self, succeeded: bool, now: float) -> None:
        self._outcomes.append((now, succeeded))
        self._failures += not succeeded

    def _forget(self, now: float) -> None:
        """Drop what is out of the window. The window's failures are counted, not summed anew."""
        size, outcomes = self.limits.window_size, self._outcomes
        by_count = self.limits.window is Window.COUNT
        most, oldest = (size, -math.inf) if by_count else (_MOST_OUTCOMES, now - size)
        while len(outcomes) > most or (outcomes and outcomes[0][0] < oldest):
            _, succeeded = outcomes.popleft()
            self._failures -= not succeeded

    def _become(self, state: BreakerState) -> None:
        self._state = state
        self._period += 1
        self.transitions += 1
        self._tickets_out = self._successes = 0
        self._outcomes.clear()
        self._failures = 0
