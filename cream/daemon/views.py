"""How does an operator see the daemon's own parts? Their state as values."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from cream.core.operations import BreakerView, SubsystemView
from cream.core.resilience.breaker import Breaker
from cream.daemon.supervisor import Supervisor


def subsystem_views(supervisor: Supervisor, now: float, wall: datetime) -> Sequence[SubsystemView]:
    """Every supervised child. `now` is on Trio's clock, `wall` the same moment on the wall."""
    return [
        SubsystemView(
            name=one.name,
            state=one.phase.value,
            restarts=one.restarts,
            since=wall - timedelta(seconds=now - one.since),
            last_error=one.last_error,
        )
        for one in supervisor.statuses()
    ]


def breaker_view(breaker: Breaker, now: float) -> BreakerView:
    """The circuit breaker at `now` on Trio's clock."""
    return BreakerView(
        name=breaker.name,
        state=breaker.state(now).value,
        total_calls=breaker.total_calls,
        total_failures=breaker.total_failures,
        failure_rate=breaker.failure_rate(now),
    )
