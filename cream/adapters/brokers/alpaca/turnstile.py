"""Who may send the next request? The most urgent of those that wait, once the budget has one.

One turnstile per account: every request of every part of the adapter goes through it. It also
counts the connections: whoever is let through finds one free, because a queue for connections
knows no urgency, and a cancel would wait there behind every entry of a burst.
"""

from bisect import insort

import trio
from attrs import define, field, frozen

from cream.core.ports import StillWanted, always_wanted
from cream.core.resilience.budget import Priority, RateBudget

# One account makes a few requests a second; more connections only cost handshakes.
MAX_CONNECTIONS = 8
# A remainder that is too small to be added to the clock would never pass. Units: seconds.
_SHORTEST_WAIT = 0.001
# How many of them each kind of request leaves to those above it: slow answers to entries or
# questions never keep a cancel, a stop or an exit from leaving.
CONNECTIONS_LEFT = {
    Priority.CANCEL: 0,
    Priority.PROTECTIVE: 1,
    Priority.CLOSE: 2,
    Priority.QUERY: 3,
    Priority.OPEN: 4,
}


@frozen(order=True)
class _Waiter:
    """Someone in the queue: by urgency, then by arrival."""

    urgency: int
    arrival: int


@define
class Turnstile:
    """The queue before the budget and the connections of one account."""

    budget: RateBudget
    _inside: int = 0
    _waiting: list[_Waiter] = field(factory=list)
    _arrivals: int = 0
    _changed: trio.Event = field(factory=trio.Event)

    async def enter(
        self,
        priority: Priority,
        patience_seconds: float,
        still_wanted: StillWanted = always_wanted,
    ) -> bool:
        """Take a request from the budget. False, with nothing taken, if patience ran out first, or
        if the request is not wanted any more when its turn has come.

        Whoever has entered says so once it has been `answered`.

        Cancellation: nothing is taken.
        """
        self._arrivals += 1
        waiter = _Waiter(priority.value, self._arrivals)
        insort(self._waiting, waiter)
        self._tell()
        try:
            with trio.move_on_after(patience_seconds):
                await self._turn(waiter, priority)
                if not still_wanted():
                    return False
                self.budget.take(trio.current_time(), priority)
                self._inside += 1
                return True
            return False
        finally:
            self._waiting.remove(waiter)
            self._tell()

    def answered(self, remaining: int | None = None, reset_in_seconds: float | None = None) -> None:
        """A request that entered came back, or was given up."""
        self.budget.answered(trio.current_time(), remaining, reset_in_seconds)
        self._inside = max(0, self._inside - 1)
        self._tell()

    def throttled(self, retry_after_seconds: float) -> None:
        """The broker says that there were too many."""
        self.budget.throttled(trio.current_time(), retry_after_seconds)
        self._tell()

    async def _turn(self, waiter: _Waiter, priority: Priority) -> None:
        while True:
            if self._waiting[0] is waiter and self._is_line_free(priority):
                wait = self.budget.wait_seconds(priority, trio.current_time())
                if wait == 0:
                    return
                with trio.move_on_after(max(wait, _SHORTEST_WAIT)):
                    await self._changed.wait()
            else:
                await self._changed.wait()

    def _is_line_free(self, priority: Priority) -> bool:
        return self._inside < MAX_CONNECTIONS - CONNECTIONS_LEFT[priority]

    def _tell(self) -> None:
        self._changed.set()
        self._changed = trio.Event()
