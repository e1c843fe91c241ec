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
    state: Link = Link.CONNECTED
    session_up: bool = False
    status_words_not_known: int = 0
    changed: trio.Event = field(factory=trio.Event)

    def alive(self) -> None:
        """The broker answered or sent something."""
        self.last_sign = trio.current_time()
        if self.failing_since is not None or self.state is not Link.CONNECTED:
            self.failing_since = None
            self._wake()

    def failed(self) -> None:
        """A request or the stream failed in transport."""
        if self.failing_since is None:
            self.failing_since = trio.current_time()
            self._wake()

    def set_session(self, up: bool) -> None:
        """The order stream is connected and swept, or it is not."""
        self.session_up = up
        self._wake()

    @property
    def signs(self) -> Signs:
        """What the judgement is made from."""
        return Signs(last_sign=self.last_sign, failing_since=self.failing_since)

    def _wake(self) -> None:
        self.changed.set()
        self.changed = trio.Event()
