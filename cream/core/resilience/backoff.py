"""How long to wait before the next try: exponential, capped, with full jitter."""

from collections.abc import Callable

from attrs import frozen


@frozen(kw_only=True)
class Backoff:
    """Units: seconds. Attempt 0 waits up to `base`, each next up to `factor` times more."""

    base: float = 0.1
    factor: float = 2.0
    cap: float = 30.0

    def ceiling(self, attempt: int) -> float:
        """The longest wait before retry number `attempt`."""
        # 64 doublings pass any cap; the bound keeps the power finite.
        return float(min(self.cap, self.base * self.factor ** min(attempt, 64)))

    def delay(self, attempt: int, draw: Callable[[], float]) -> float:
        """A wait between nothing and the ceiling; `draw` gives [0, 1).

        Source: "full jitter", Brooker, AWS Architecture Blog, 2015.
        """
        return self.ceiling(attempt) * draw()
