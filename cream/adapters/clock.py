"""What time is it? The only place that reads the wall clock; everyone else is handed a `Clock`."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import trio

from cream.core.ports import Clock


class SystemClock:
    """The time of the machine."""

    def now(self) -> datetime:
        """The current moment, in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - this is the seam


class ShiftedClock:
    """A time that begins at `start` and advances as `elapsed` does, in seconds.

    By default that is Trio's clock, so that a test's mock clock moves this one along; it must then
    be made within `trio.run`.
    """

    def __init__(self, start: datetime, elapsed: Callable[[], float] = trio.current_time) -> None:
        self._start = start.astimezone(UTC)
        self._elapsed = elapsed
        self._began = elapsed()

    def now(self) -> datetime:
        """The current moment, in UTC."""
        return self._start + timedelta(seconds=self._elapsed() - self._began)


def clock_from(start: datetime | None) -> Clock:
    """The clock that the settings ask for: shifted to `start`, or the machine's.

    Raises: RuntimeError outside of `trio.run`, if there is a `start`.
    """
    return SystemClock() if start is None else ShiftedClock(start)
