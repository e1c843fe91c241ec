"""Which rows of the account's history does a caller ask for, over gRPC or in a query?"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from cream.adapters.server import values
from cream.adapters.server.problems import Problems, shown
from cream.adapters.server.queries import known_keys
from cream.adapters.server.strict_json import Json
from cream.core.execution.activity_pages import DEFAULT_ROWS, MOST_ROWS, ActivityFilter, Place
from cream.core.model.activity import ActivityKind
from cream.wire import account_pb2

# What a query may say, and whether it may say it more than once.
_KEYS = {"type": True, "since": False, "until": False, "limit": False, "cursor": False}


def activities_from_query(given: Iterable[tuple[str, Sequence[str]]]) -> ActivityFilter:
    """The filter of a query, its keys with their values.   Raises: CreamError INVALID_REQUEST."""
    problems = Problems()
    found = known_keys(given, _KEYS, problems)
    one = {name: texts[0] for name, texts in found.items()}
    kinds = [word for text in found.get("type", ()) for word in text.split(",")]
    return _filter(kinds, "type", one, problems)


def activities_from_wire(message: account_pb2.ListActivitiesRequest) -> ActivityFilter:
    """The same, over gRPC, where an empty text is one that is not given."""
    named = {name: getattr(message, name) for name in ("since", "until", "cursor")}
    one: dict[str, Json] = {name: text for name, text in named.items() if text}
    if message.HasField("limit"):
        one["limit"] = message.limit
    return _filter(message.types, "types", one, Problems())


def _filter(
    kinds: Iterable[str], kinds_path: str, one: Mapping[str, Json], problems: Problems
) -> ActivityFilter:
    """`one`: what is given once."""

    def day(name: str) -> date | None:
        return values.day_value(one[name], name, problems) if name in one else None

    since, until = day("since"), day("until")
    if since is not None and until is not None and since > until:
        problems.add("since", f"must not be after until, was {shown(since)}")
    limit: int | None = DEFAULT_ROWS
    if "limit" in one:
        limit = values.whole_value(one["limit"], "limit", problems, least=1, most=MOST_ROWS)
    found = [values.choice_value(word, kinds_path, problems, ActivityKind) for word in kinds]
    after = _place(str(one["cursor"]), problems) if "cursor" in one else None
    problems.raise_any()
    return ActivityFilter(
        kinds=frozenset(kind for kind in found if kind is not None),
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
