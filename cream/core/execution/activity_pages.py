"""Which rows of the account's history are asked for, and which of them come on one page?

The newest day comes first. A page ends at a place, not at a number of rows, so that the next one
goes on there whatever has been noted meanwhile.
"""

from collections.abc import Iterable
from datetime import date
from typing import Final, Self

from attrs import frozen

from cream.core.execution.activities import Noted
from cream.core.model.activity import ActivityKind

DEFAULT_ROWS: Final = 100
# A page is read from memory at once: as many as a busy account has in a month.
MOST_ROWS: Final = 1_000


@frozen(order=True)
class Place:
    """Where a row stands among the others."""

    day: date
    activity_id: str

    @classmethod
    def of(cls, noted: Noted) -> Self:
        """The place of this row."""
        return cls(noted.activity.day, noted.activity.activity_id)


@frozen(kw_only=True)
class ActivityFilter:
    """What is asked for. No kinds: all of them. Both days are included.

    `after` is where the last page ended.
    """

    kinds: frozenset[ActivityKind] = frozenset()
    since: date | None = None
    until: date | None = None
    limit: int = DEFAULT_ROWS
    after: Place | None = None

    def admits(self, noted: Noted) -> bool:
        """Whether the row is asked for."""
        row = noted.activity
        return (
            (not self.kinds or row.kind in self.kinds)
            and (self.since is None or row.day >= self.since)
            and (self.until is None or row.day <= self.until)
            and (self.after is None or Place.of(noted) < self.after)
        )


@frozen(kw_only=True)
class ActivityPage:
    """Some rows, the newest day first. `ends_at` is None where no more follow."""

    rows: tuple[Noted, ...]
    ends_at: Place | None


def page_of(rows: Iterable[Noted], wanted: ActivityFilter) -> ActivityPage:
    """The first rows that `wanted` admits."""
    found = sorted(filter(wanted.admits, rows), key=Place.of, reverse=True)
    shown = tuple(found[: wanted.limit])
    more = len(found) > len(shown)
    return ActivityPage(rows=shown, ends_at=Place.of(shown[-1]) if more and shown else None)
