"""May this request go out now, or does the account's budget keep it for something more urgent?

A bucket of requests that fills evenly, emptied by every request and never fuller than the broker
says it is. The lower a kind of request stands, the more it must leave in the bucket: the last fifth
is for cancels alone, so that a storm of queries can never keep an order from being cancelled.
`now` is monotonic seconds.
"""

from enum import Enum

from attrs import define


class Priority(Enum):
    """What a request is for; the most urgent first."""

    CANCEL = 0
    PROTECTIVE = 1
    CLOSE = 2
    QUERY = 3
    OPEN = 4


# What each kind must leave for those above it, as a share of the whole. A fifth is reserved for
# cancels; the steps between the others keep exits ahead of entries in a burst.
RESERVED_ABOVE = {
    Priority.CANCEL: 0.0,
    Priority.PROTECTIVE: 0.2,
    Priority.CLOSE: 0.25,
    Priority.QUERY: 0.3,
    Priority.OPEN: 0.4,
}

# However long the broker says to wait: cancels ask again after this, because the refusal costs
# nothing and an order that cannot be cancelled may.
CANCEL_PATIENCE_SECONDS = 1.0


@define
class RateBudget:
    """The requests that one account may still make.

    Units: requests; seconds. Stay a little under the broker's own limit: its clock is not ours.
    """

    limit: int
    period_seconds: float
    _tokens: float = -1.0
    _at: float = 0.0
    _held_until: float = float("-inf")
    _unanswered: int = 0

    def available(self, now: float) -> float:
        """Requests in the bucket, reserved ones included."""
        self._fill(now)
        return self._tokens

    def wait_seconds(self, priority: Priority, now: float) -> float:
        """How long this kind of request has to wait at least; zero if it may go."""
        self._fill(now)
        held = max(0.0, self._held_until - now)
        if priority is Priority.CANCEL:
            held = min(held, CANCEL_PATIENCE_SECONDS)
        short = RESERVED_ABOVE[priority] * self.limit + 1 - self._tokens
        return max(held, short / self._rate) if short > 0 else held

    def take(self, now: float) -> None:
        """A request goes out."""
        self._fill(now)
        self._tokens = max(0.0, self._tokens - 1)
        self._unanswered += 1

    def answered(
        self, now: float, remaining: int | None = None, reset_in_seconds: float | None = None
    ) -> None:
        """A request came back, or was given up; with what the broker says of its own count.

        What is on its way has not been counted there yet. A count that has run out fills again
        when the broker says so, not evenly.
        """
        self._fill(now)
        self._unanswered = max(0, self._unanswered - 1)
        if remaining is None:
            return
        left = max(0, remaining - self._unanswered)
        self._tokens = min(self._tokens, left)
        if left == 0 and reset_in_seconds is not None:
            self._hold(now, reset_in_seconds)

    def throttled(self, now: float, retry_after_seconds: float) -> None:
        """The broker refused a request for being one too many: our count was too high.

        It falls to where entries go out one by one after the pause, and everything above them a
        little faster: whoever asks nothing at all can no longer tell a busy broker from a dead one.
        """
        self._fill(now)
        self._tokens = min(self._tokens, RESERVED_ABOVE[Priority.OPEN] * self.limit + 1)
        self._hold(now, retry_after_seconds)

    @property
    def _rate(self) -> float:
        return self.limit / self.period_seconds

    def _hold(self, now: float, seconds: float) -> None:
        # No broker's count takes longer to fill than its period; a clock that is off may say so.
        until = now + min(max(0.0, seconds), self.period_seconds)
        self._held_until = max(self._held_until, until)

    def _fill(self, now: float) -> None:
        if self._tokens < 0:
            self._tokens, self._at = float(self.limit), now
        elapsed = max(0.0, now - self._at)
        self._tokens = min(float(self.limit), self._tokens + elapsed * self._rate)
        self._at = max(self._at, now)
