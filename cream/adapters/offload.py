"""Where does work go that would hold up the event loop? Into a thread, a few at a time."""

import sys
from collections.abc import Callable
from typing import TypeVar

import trio

T = TypeVar("T")

# Threads share one interpreter: a second one would only take turns with the first.
MOST_AT_ONCE = 1
# How long a thread that computes keeps the interpreter once the event loop wants it. Python's own
# 5 ms are half of what the loop may be late; with 1 ms it was late by two thirds as much.
SWITCH_SECONDS = 0.001


def give_way_quickly() -> None:
    """Have every thread of this process hand over the interpreter within a millisecond or so."""
    sys.setswitchinterval(SWITCH_SECONDS)


class ThreadOffload:
    """The Offload port over Trio's worker threads."""

    def __init__(self, most_at_once: int = MOST_AT_ONCE) -> None:
        # Work that nobody waits for any more counts until it ends.
        self._limiter = trio.CapacityLimiter(most_at_once)

    async def run(self, work: Callable[[], T]) -> T:
        """What `work()` returns, or raises.

        Cancellation: gives up the result at once; work that has begun goes on to its end unseen.
        """
        return await trio.to_thread.run_sync(  # noqa: TID251 - the seam: this is the port
            work, abandon_on_cancel=True, limiter=self._limiter
        )
