"""How does a feed do: how late, how often, with which gaps, and is any of it a reason to worry?

A feed is stale when nothing has come although the market is open and someone needs a symbol; a
quiet evening is none. Latency is the time from the exchange's stamp to its arrival here. All
figures are of the last sixty seconds, sliding.
"""

from collections import deque
from collections.abc import Sequence
from math import ceil

from attrs import define, field, frozen

WINDOW_SECONDS = 60
# Latencies that percentiles are taken from: the newest of the window.
MAX_SAMPLES = 1_000
# Gaps that are told one by one; their number counts on.
MAX_GAPS = 1_000

FEED_STALE = "feed_stale"
HIGH_LATENCY = "high_latency"
LOW_MESSAGE_RATE = "low_message_rate"
EXCESSIVE_GAPS = "excessive_gaps"
DISCONNECTED = "disconnected"

PENALTIES = {
    FEED_STALE: 0.4,
    DISCONNECTED: 0.4,
    HIGH_LATENCY: 0.2,
    LOW_MESSAGE_RATE: 0.2,
    EXCESSIVE_GAPS: 0.2,
}


@frozen(kw_only=True)
class HealthLimits:
    """From where on it is a worry. Units: seconds; milliseconds; messages per second and symbol;
    gaps per message.
    """

    stale_seconds: float = 5.0
    max_p99_milliseconds: float = 500.0
    min_rate_per_symbol: float = 0.02
    max_gap_rate: float = 0.10


@frozen(kw_only=True)
class FeedHealth:
    """A feed at one moment. Latencies are None before the first message."""

    last_message_age_seconds: float | None
    messages_per_second: float
    gap_count: int
    latency_p50_milliseconds: float | None
    latency_p95_milliseconds: float | None
    latency_p99_milliseconds: float | None
    health_score: float
    issues: tuple[str, ...]
    stale_symbols: tuple[str, ...] = ()
    halted_symbols: tuple[str, ...] = ()
    unusable_quotes: tuple[tuple[str, int], ...] = ()

    @property
    def is_healthy(self) -> bool:
        """Whether nothing is wrong."""
        return not self.issues


@define
class HealthTracker:
    """Counts one feed's messages. Times are monotonic seconds."""

    limits: HealthLimits
    messages: int = 0
    gaps: int = 0
    last_at: float | None = None
    _began: float | None = None
    _seconds: deque[list[int]] = field(factory=deque)
    _latencies: deque[tuple[float, float]] = field(factory=lambda: deque(maxlen=MAX_SAMPLES))
    _gap_times: deque[float] = field(factory=lambda: deque(maxlen=MAX_GAPS))

    def arrived(self, now: float, latency_seconds: float | None, count: int = 1) -> None:
        """`count` messages came, the newest of them that late (None: it does not say)."""
        self.messages += count
        self.last_at = now
        if self._began is None:
            self._began = now
        second = int(now)
        if self._seconds and self._seconds[-1][0] == second:
            self._seconds[-1][1] += count
        else:
            self._seconds.append([second, count])
            while self._seconds[0][0] <= second - WINDOW_SECONDS:
                self._seconds.popleft()
        if latency_seconds is not None:
            # An exchange's clock that is ahead of ours makes a message early, not the feed fast.
            self._latencies.append((now, max(0.0, latency_seconds)))

    def gap(self, now: float) -> None:
        """Something was missed."""
        self.gaps += 1
        self._gap_times.append(now)

    def health(
        self,
        now: float,
        *,
        is_open: bool,
        symbols: int,
        stale: Sequence[str] = (),
        halted: Sequence[str] = (),
        unusable: Sequence[tuple[str, int]] = (),
        disconnected: bool = False,
    ) -> FeedHealth:
        """The feed at `now`. `symbols` is how many someone needs; only an open market is judged."""
        age = None if self.last_at is None else max(0.0, now - self.last_at)
        count, rate = self._rate(now)
        latencies = sorted(late for at, late in self._latencies if at > now - WINDOW_SECONDS)
        p99 = percentile(latencies, 0.99)
        issues: list[str] = []
        if is_open and symbols:
            is_stale = age is None or age > self.limits.stale_seconds or bool(stale)
            if is_stale:
                issues.append(FEED_STALE)
            elif rate < min(1.0, self.limits.min_rate_per_symbol * symbols):
                issues.append(LOW_MESSAGE_RATE)
            if disconnected:
                issues.append(DISCONNECTED)
        if p99 is not None and p99 * 1000 > self.limits.max_p99_milliseconds:
            issues.append(HIGH_LATENCY)
        gaps = sum(at > now - WINDOW_SECONDS for at in self._gap_times)
        if gaps > self.limits.max_gap_rate * max(count, 1):
            issues.append(EXCESSIVE_GAPS)
        return FeedHealth(
            last_message_age_seconds=age,
            messages_per_second=rate,
            gap_count=self.gaps,
            latency_p50_milliseconds=_milliseconds(percentile(latencies, 0.50)),
            latency_p95_milliseconds=_milliseconds(percentile(latencies, 0.95)),
            latency_p99_milliseconds=_milliseconds(p99),
            health_score=round(max(0.0, 1 - sum(PENALTIES[one] for one in issues)), 2),
            issues=tuple(issues),
            stale_symbols=tuple(stale),
            halted_symbols=tuple(halted),
            unusable_quotes=tuple(unusable),
        )

    def _rate(self, now: float) -> tuple[int, float]:
        """Messages of the window, and per second of it (of its part that has passed so far)."""
        count = sum(many for second, many in self._seconds if second > now - WINDOW_SECONDS)
        passed = 0.0 if self._began is None else min(WINDOW_SECONDS, now - self._began)
        return count, count / max(1.0, passed)


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """The nearest rank of `share` (0.99: 99 %) in values that are in order; None of none."""
    if not ordered:
        return None
    return ordered[max(0, ceil(len(ordered) * share) - 1)]


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 3)
