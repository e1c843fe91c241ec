"""How often is a call tried again, and how long apart?"""

from collections.abc import Callable, Iterator

from attrs import field, frozen, validators


def no_jitter() -> float:
    """Always the whole delay. Pass `random.random` instead where many agents share a daemon."""
    return 1.0


@frozen
class RetryPolicy:
    """Exponential backoff for calls that may be repeated. Units: seconds.

    The defaults ask four times within about a second and a half, which outlives the restart of
    a daemon's listener and not an outage: that is for the agent to decide about. The deadline of
    the call bounds all of it.
    """

    attempts: int = field(default=4, validator=validators.ge(1))
    first_delay_seconds: float = field(default=0.2, validator=validators.ge(0))
    factor: float = field(default=2.0, validator=validators.ge(1))
    longest_delay_seconds: float = field(default=2.0, validator=validators.ge(0))

    def delays(self, jitter: Callable[[], float] = no_jitter) -> Iterator[float]:
        """The pause before each attempt after the first, times what `jitter` gives (0 to 1)."""
        delay = self.first_delay_seconds
        for _ in range(self.attempts - 1):
            yield min(delay, self.longest_delay_seconds) * jitter()
            delay *= self.factor


NEVER = RetryPolicy(attempts=1)
