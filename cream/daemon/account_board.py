"""What did the broker last say the account is worth, and is that from before the last fill?"""

from collections.abc import Awaitable, Callable

import trio
from attrs import define, field

from cream.core.model.account import Account
from cream.core.model.errors import BrokerUnavailable
from cream.core.model.market import Datum, Known, Stale, Unknown
from cream.core.ports import Broker

_SETTLE_SECONDS = 0.25


@define
class AccountBoard:
    """The latest account figures. Units: `stale_after` in seconds.

    `fills` counts the fills booked so far: figures from before the latest fill do not know what it
    cost, so they are fetched again before an increase is judged.
    """

    broker: Broker
    fills: Callable[[], int]
    stale_after: float
    _latest: Account | None = None
    _fetched_at: float = 0.0
    _fills_then: int = -1
    _fetched: trio.Event = field(factory=trio.Event)

    async def fetch(self) -> Account:
        """Ask the broker. Raises: BrokerUnavailable."""
        fills = self.fills()
        self._latest = await self.broker.account()
        self._fetched_at = trio.current_time()
        self._fills_then = fills
        self._fetched.set()
        self._fetched = trio.Event()
        return self._latest

    @property
    def figures(self) -> Account | None:
        """The latest figures, however old."""
        return self._latest

    async def wait_figures(self) -> None:
        """Return once the broker has told the figures anew."""
        await self._fetched.wait()

    async def freshen(self, within: float) -> None:
        """Fetch if the figures are old or older than the last fill; failing leaves them as is."""
        old = trio.current_time() - self._fetched_at > self.stale_after / 2
        if self._latest is not None and not old and self._fills_then == self.fills():
            return
        with trio.move_on_after(within):
            try:
                await self.fetch()
            except BrokerUnavailable:
                return

    async def run(
        self,
        wait_change: Callable[[], Awaitable[None]],
        *,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Keep the figures fresh: after fills, and before they grow old.

        A failure to fetch waits for the next occasion: the watchdog watches the link, not this.
        """
        task_status.started()
        while True:
            await self.freshen(self.stale_after / 2)
            with trio.move_on_after(self.stale_after / 2):
                await wait_change()
            # Fills come in bursts: one question after a burst is enough.
            await trio.sleep(_SETTLE_SECONDS)

    @property
    def is_current(self) -> bool:
        """Whether there are figures that are not old, be there fills since or not."""
        age = trio.current_time() - self._fetched_at
        return self._latest is not None and age <= self.stale_after

    def datum(self) -> Datum[Account]:
        """The figures with their age."""
        if self._latest is None:
            return Unknown("the broker has not told the account's figures yet")
        age = trio.current_time() - self._fetched_at
        if age > self.stale_after or self._fills_then != self.fills():
            return Stale(self._latest, age)
        return Known(self._latest)
