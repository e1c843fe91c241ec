"""Who may send the next request? The most urgent of those that wait, once the budget has one.

One turnstile per account: every request of every part of the adapter goes through it.
"""

from bisect import insort

import trio
from attrs import define, field, frozen

from cream.core.resilience.budget import Priority, RateBudget


@frozen(order=True)
class _Waiter:
    """Someone in the queue: by urgency, then by arrival."""

    urgency: int
    arrival: int


@define
class Turnstile:
    """The queue before the budget of one account."""

    budget: RateBudget
    _waiting: list[_Waiter] = field(factory=list)
    _arrivals: int = 0
    _changed: trio.Event = field(factory=trio.Event)

    async def enter(self, priority: Priority, patience_seconds: float) -> bool:
        """Take a request from the budget. False, with nothing taken, if patience ran out first.

        Cancellation: nothing is taken.
        """
        self._arrivals += 1
        waiter = _Waiter(priority.value, self._arrivals)
        insort(self._waiting, waiter)
        self._tell()
        try:
            with trio.move_on_after(patience_seconds):
                await self._turn(waiter, priority)
                self.budget.take(trio.current_time())
                return True
            return False
        finally:
            self._waiting.remove(waiter)
            self._tell()

    def answered(self, remaining: int | None = None, reset_in_seconds: float | None = None) -> None:
        """A request that entered came back, or was given up."""
        self.budget.answered(trio.current_time(), remaining, reset_in_seconds)
        self._tell()

    def throttled(self, retry_after_seconds: float) -> None:
        """The broker says that there were too many."""
        self.budget.throttled(trio.current_time(), retry_after_seconds)
        self._tell()

    async def _turn(self, waiter: _Waiter, priority: Priority) -> None:
        while True:
            if self._waiting[0] is waiter:
                wait = self.budget.wait_seconds(priority, trio.current_time())
                if wait == 0:
                    return
                with trio.move_on_after(wait):
                    await self._changed.wait()
            else:
                await self._changed.wait()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = trio.Event()
