"""A query that is read is the filter that was meant."""

from datetime import date

from cream.adapters.server.account_requests import activities_from_query
from cream.adapters.server.account_views import place_text
from cream.core.execution.activity_pages import ActivityFilter, Place
from cream.core.model.activity import ActivityKind


def test_nothing_said_is_the_newest_hundred() -> None:
    assert activities_from_query([]) == ActivityFilter(limit=100)


def test_everything_said_is_taken() -> None:
    given = {
        "type": ["FEE,SPLIT", "DIVIDEND"],
        "since": ["2026-11-01"],
        "until": ["2026-11-30"],
        "limit": ["7"],
        "cursor": ["2026-11-24:20261124::a:b"],
    }
    assert activities_from_query(given.items()) == ActivityFilter(
        kinds=frozenset((ActivityKind.FEE, ActivityKind.SPLIT, ActivityKind.DIVIDEND)),
        since=date(2026, 11, 1),
        until=date(2026, 11, 30),
        limit=7,
        after=Place(date(2026, 11, 24), "20261124::a:b"),
    )


def test_a_place_that_was_written_is_read_as_it_was() -> None:
    place = Place(date(2026, 11, 24), "2026::x:y")
    assert activities_from_query([("cursor", [place_text(place)])]).after == place
