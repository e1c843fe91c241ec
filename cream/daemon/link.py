"""When did the broker last give a sign of life? The one place that everyone reports to."""

import trio
from attrs import define, field

from cream.core.safety.heartbeat import Link, Signs


@define
class BrokerLink:
    """Signs of life, written by whoever talks to the broker, judged by the watchdog.

    Times are monotonic seconds. `state` is the watchdog's last judgement. Words for an order's
    status that nobody here knows are counted: the broker has changed, and Cream has to.
    """

    last_sign: float = field(factory=trio.current_time)
    failing_since: float | None = None
    alive_since: float | None = None
    state: Link = Link.CONNECTED
    session_up: bool = False
    status_words_not_known: int = 0
    changed: trio.Event = field(factory=trio.Event)

    def alive(self) -> None:
        """The broker answered or sent something."""
        self.last_sign = trio.current_time()
        if self.signs.is_failing:
            self.alive_since = self.last_sign
            self._wake()
        elif self.state in (Link.SUSPECT, Link.DISCONNECTED):
            self._wake()

    def failed(self) -> None:
        """A request or the stream failed in transport."""
        if self.signs.is_failing:
            return
        self.alive_since = None
        if self.failing_since is None:
            self.failing_since = trio.current_time()
        self._wake()

    def calmed(self) -> None:
        """It has answered for long enough: its failures are forgotten."""
        self.failing_since = self.alive_since = None
        self._wake()

    def set_session(self, up: bool) -> None:
        """The order stream is connected and swept, or it is not."""
        self.session_up = up
        self._wake()

    @property
    def trouble(self) -> str | None:
        """Why nothing new may be begun at the broker; None where nothing is amiss."""
        if self.state is not Link.CONNECTED:
            return f"the link is {self.state.value}"
        return None if self.session_up else "no session"

    @property
    def is_failing(self) -> bool:
        """Whether the last that was heard of the broker was a failure."""
        return self.signs.is_failing

    @property
    def signs(self) -> Signs:
        """What the judgement is made from."""
        return Signs(
            last_sign=self.last_sign,
            failing_since=self.failing_since,
            alive_since=self.alive_since,
        )

    def _wake(self) -> None:
        self.changed.set()
        self.changed = trio.Event()
