"""When are calls to a failing broker held back? Under `circuit_breaker` in the configuration."""

from collections.abc import Iterable
from typing import Literal

from attrs import frozen

from cream.core.model.setting import section, setting


@frozen(kw_only=True)
class BreakerSettings:
    """When calls to a failing broker are held back."""

    failure_rate_threshold: float = setting(
        0.5, ge=0, le=1, unit="fraction", doc="Share of failed calls that opens the breaker."
    )
    minimum_calls: int = setting(
        5, ge=1, le=10_000, unit="calls", doc="Calls in the window before it may open."
    )
    wait_duration_secs: float = setting(
        30.0, gt=0, le=3600, unit="s", doc="How long it stays open before it tries again."
    )
    permitted_calls_in_half_open: int = setting(
        3, ge=1, le=100, unit="calls", doc="Calls that must succeed to close it."
    )
    sliding_window_type: Literal["count", "time"] = setting(
        "count", doc="Whether the window holds the last calls or the last seconds."
    )
    sliding_window_size: int = setting(
        10, ge=1, le=10_000, unit="calls or seconds", doc="Size of the window."
    )

    def problems(self) -> Iterable[tuple[str, str]]:
        """A window that is smaller than `minimum_calls` could never open the breaker."""
        if self.sliding_window_type == "count" and self.sliding_window_size < self.minimum_calls:
            yield "sliding_window_size", f"must be at least minimum_calls, {self.minimum_calls}"


@frozen(kw_only=True)
class BreakersSettings:
    """Circuit breakers. What `alpaca` leaves out, `default` decides."""

    default: BreakerSettings = section(BreakerSettings, doc="For every broker.")
    alpaca: BreakerSettings | None = setting(
        None, doc="For Alpaca alone, instead of `default`; each class of endpoint has one."
    )
