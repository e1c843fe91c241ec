"""How many requests has a key left? Two buckets per key, as Alpaca has two per account."""

from collections.abc import Callable
from math import ceil

from attrs import define, field, frozen

PERIOD_SECONDS = 60.0
# Keys that are remembered; a sandbox has a handful of clients.
_MOST_KEYS = 1_000


@frozen(kw_only=True)
class Allowance:
    """What the headers of an answer say. `reset_at` is when the bucket is full again, unix time."""

    allowed: bool
    limit: int
    remaining: int
    reset_at: int


@define
class RateLimits:
    """The buckets. `now` is monotonic seconds, `wall` unix time."""

    limit: int
    now: Callable[[], float]
    wall: Callable[[], float]
    _buckets: dict[tuple[str, bool], tuple[float, float]] = field(factory=dict)

    def take(self, key: str, *, of_data: bool = False) -> Allowance:
        """Count one request of `key`; it is allowed if there was one left.

        Trading and market data are counted apart.
        """
        now, bucket = self.now(), (key, of_data)
        tokens, at = self._buckets.pop(bucket, (float(self.limit), now))
        tokens = min(float(self.limit), tokens + (now - at) * self.limit / PERIOD_SECONDS)
        allowed = tokens >= 1
        tokens -= allowed
        self._buckets[bucket] = (tokens, now)
        if len(self._buckets) > _MOST_KEYS:
            del self._buckets[next(iter(self._buckets))]
        full_in = (self.limit - tokens) * PERIOD_SECONDS / self.limit
        return Allowance(
            allowed=allowed,
            limit=self.limit,
            remaining=int(tokens),
            reset_at=ceil(self.wall() + full_in),
        )
