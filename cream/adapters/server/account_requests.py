"""Which rows of the account's history does a query ask for?"""

from collections.abc import Iterable, Sequence
from datetime import date

from cream.adapters.server import values
from cream.adapters.server.problems import Problems, shown
from cream.adapters.server.queries import known_keys
from cream.core.execution.activity_pages import DEFAULT_ROWS, MOST_ROWS, ActivityFilter, Place
from cream.core.model.activity import ActivityKind

# What a query may say, and whether it may say it more than once.
_KEYS = {"type": True, "since": False, "until": False, "limit": False, "cursor": False}


def activities_from_query(given: Iterable[tuple[str, Sequence[str]]]) -> ActivityFilter:
    """The filter of a query, its keys with their values.   Raises: CreamError INVALID_REQUEST."""
    problems = Problems()
    found = known_keys(given, _KEYS, problems)

    def day(name: str) -> date | None:
        return values.day_value(found[name][0], name, problems) if name in found else None

    since, until = day("since"), day("until")
    if since is not None and until is not None and since > until:
        problems.add("since", f"must not be after until, was {shown(since)}")
    limit: int | None = DEFAULT_ROWS
    if "limit" in found:
        text = found["limit"][0]
        limit = values.whole_value(text, "limit", problems, least=1, most=MOST_ROWS)
    kinds = [
        values.choice_value(word, "type", problems, ActivityKind)
        for text in found.get("type", ())
        for word in text.split(",")
    ]
    after = _place(found["cursor"][0], problems) if "cursor" in found else None
    problems.raise_any()
    return ActivityFilter(
        kinds=frozenset(kind for kind in kinds if kind is not None),
        since=since,
        until=until,
        limit=DEFAULT_ROWS if limit is None else limit,
        after=after,
    )


def _place(cursor: str, problems: Problems) -> Place | None:
    """Where the last page ended."""
    day_text, _, activity_id = cursor.partition(":")
    try:
        day = date.fromisoformat(day_text)
    except ValueError:
        day = None
    if day is None or not activity_id:
        problems.add("cursor", f"must be the next_cursor of a page, was {shown(cursor)}")
        return None
    return Place(day, activity_id)
