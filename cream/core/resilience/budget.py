"""May this request go out now, or does the account's budget keep it for something more urgent?

A bucket of requests that fills evenly, emptied by every request and never fuller than the broker
says it is. The lower a kind of request stands, the more it must leave in the bucket: a fifth is for
cancels alone, so that a storm of queries can never keep an order from being cancelled. Cancels use
up their own fifth first, and it fills again from a fifth of what comes: a mass cancel does not keep
the exit waiting that a stop has asked for. `now` is monotonic seconds.
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


# The share that is kept for cancels, of the whole and of what it fills with.
CANCELS = 0.2

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
    _common: float = -1.0
    _reserve: float = 0.0
    _at: float = 0.0
    _held_until: float = float("-inf")
    _cancels_held: float = float("-inf")
    _unanswered: int = 0

    def available(self, now: float) -> float:
        """Requests in the bucket, reserved ones included."""
        self._fill(now)
        return self._common + self._reserve

    def wait_seconds(self, priority: Priority, now: float) -> float:
        """How long this kind of request has to wait at least; zero if it may go."""
        self._fill(now)
        until = self._cancels_held if priority is Priority.CANCEL else self._held_until
        held = max(0.0, until - now)
        if priority is Priority.CANCEL:
            short = 1 - self._common - self._reserve
            return max(held, short / self._rate) if short > 0 else held
        short = (RESERVED_ABOVE[priority] - CANCELS) * self.limit + 1 - self._common
        return max(held, self._until_common_has(short)) if short > 0 else held

    def _until_common_has(self, more: float) -> float:
        """While the reserve fills, it takes its share; then all that comes is for everyone."""
        filling = (CANCELS * self.limit - self._reserve) / (CANCELS * self._rate)
        meanwhile = (1 - CANCELS) * self._rate * filling
        if more <= meanwhile:
            return more / ((1 - CANCELS) * self._rate)
        return filling + (more - meanwhile) / self._rate

    def take(self, now: float, priority: Priority = Priority.OPEN) -> None:
        """A request goes out."""
        self._fill(now)
        if priority is Priority.CANCEL and self._reserve >= 1:
            self._reserve -= 1
        else:
            # Whoever was let out may take the rest of both: the broker counts it anyway.
            self._lower(self._common + self._reserve - 1)
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
        self._lower(left)
        if left == 0 and reset_in_seconds is not None:
            self._hold(now, reset_in_seconds)

    def throttled(self, now: float, retry_after_seconds: float) -> None:
        """The broker refused a request for being one too many: our count was too high.

        It falls to where entries go out one by one after the pause, and everything above them a
        little faster: whoever asks nothing at all can no longer tell a busy broker from a dead one.
        """
        self._fill(now)
        self._lower(RESERVED_ABOVE[Priority.OPEN] * self.limit + 1)
        self._hold(now, retry_after_seconds)

    @property
    def _rate(self) -> float:
        return self.limit / self.period_seconds

    def _hold(self, now: float, seconds: float) -> None:
        # No broker's count takes longer to fill than its period; a clock that is off may say so.
        until = now + min(max(0.0, seconds), self.period_seconds)
        self._held_until = max(self._held_until, until)
        self._cancels_held = max(self._cancels_held, min(until, now + CANCEL_PATIENCE_SECONDS))

    def _fill(self, now: float) -> None:
        reserved = CANCELS * self.limit
        if self._common < 0:
            self._common, self._reserve, self._at = self.limit - reserved, reserved, now
        comes = max(0.0, now - self._at) * self._rate
        kept = min(reserved, self._reserve + CANCELS * comes)
        common = self._common + comes - (kept - self._reserve)
        # What one of the two has no room for is the other's.
        over = max(0.0, common - (self.limit - reserved))
        self._common, self._reserve = common - over, min(reserved, kept + over)
        self._at = max(self._at, now)

    def _lower(self, total: float) -> None:
        """Let there be no more than `total`; what is kept for cancels goes last."""
        excess = max(0.0, self._common + self._reserve - max(0.0, total))
        from_common = min(self._common, excess)
        self._common -= from_common
        self._reserve = max(0.0, self._reserve - (excess - from_common))
