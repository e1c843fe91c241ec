"""When did what happen? The daemon's own log with simulated times, for tests of exact timing."""

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import structlog
import trio
from attrs import define, field, frozen

# What a due moment may be missed by: the bound that the daemon promises. Units: seconds.
MILLISECOND = 0.001


@frozen
class Entry:
    """One line of the log, at its moment on the Trio clock."""

    at: float
    event: str
    fields: dict[str, Any]


@define
class Timeline:
    """What was logged, in order. Outside of a Trio run nothing has a time, so it is dropped."""

    entries: list[Entry] = field(factory=list)

    def note(self, _logger: Any, level: str, fields: MutableMapping[str, Any]) -> Any:
        """Take one line in; a processor of structlog."""
        kept = dict(fields)
        event = str(kept.pop("event"))
        try:
            now = trio.current_time()
        except RuntimeError:
            raise structlog.DropEvent from None
        self.entries.append(Entry(now, event, {**kept, "level": level}))
        raise structlog.DropEvent

    def times(self, event: str, **fields: object) -> list[float]:
        """When `event` was logged with these fields."""
        return [
            one.at
            for one in self.entries
            if one.event == event and all(one.fields.get(key) == fields[key] for key in fields)
        ]

    def link(self, state: str) -> list[float]:
        """When the link to the broker became `state`."""
        return self.times("watchdog.link_changed", now=state)


@contextmanager
def timeline() -> Iterator[Timeline]:
    """The log of everything within, with times, and nothing on the terminal."""
    before = structlog.get_config()["processors"]
    line = Timeline()
    structlog.configure(processors=[line.note])
    try:
        yield line
    finally:
        structlog.configure(processors=before)
