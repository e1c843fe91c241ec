"""When may the order stream be opened again?

Alpaca allows one connection per account and counts a dead one for a while. Who keeps knocking is
throttled, and then has no stream at all; so waits grow, with jitter, and a ghost of our own is
given the time that it needs to go. `now` is monotonic seconds.
"""

from collections.abc import Callable

from attrs import define

from cream.core.resilience.backoff import Backoff

# A connection that held this long was a good one: the next loss begins with the shortest wait.
SETTLED_SECONDS = 30.0


@define
class Reconnects:
    """The waits of one account. `draw` gives [0, 1) for jitter."""

    backoff: Backoff
    ghost_seconds: float
    draw: Callable[[], float]
    _attempt: int = 0
    _not_before: float = float("-inf")
    _connected_at: float | None = None

    def wait_seconds(self, now: float) -> float:
        """How long to wait before the next try."""
        return max(0.0, self._not_before - now)

    def connected(self, now: float) -> None:
        """The stream is live."""
        self._connected_at = now

    def lost(self, now: float) -> None:
        """The stream ended, or did not open."""
        began, self._connected_at = self._connected_at, None
        if began is not None and now - began >= SETTLED_SECONDS:
            self._attempt = 0
        self._not_before = now + self.backoff.delay(self._attempt, self.draw)
        self._attempt += 1

    def haunted(self, now: float) -> None:
        """Alpaca counts an older connection of ours: the full wait, and jitter on top."""
        self.lost(now)
        jitter = self.backoff.delay(self._attempt, self.draw)
        self._not_before = now + self.ghost_seconds + jitter
