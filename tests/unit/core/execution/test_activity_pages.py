"""Rows are found by kind and day, and a page goes on where the last one ended."""

from datetime import date

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from cream.core.execution.activities import Noted
from cream.core.execution.activity_pages import ActivityFilter, ActivityPage, Place, page_of
from cream.core.model.activity import ActivityKind
from tests.fakes.account_history import MONDAY, TUESDAY, a_fee, an_assignment

ROWS = [a_fee(1), a_fee(2, MONDAY), an_assignment(), a_fee(3)]


def ids(page: ActivityPage) -> list[str]:
    return [one.activity.activity_id.rpartition(":")[2] for one in page.rows]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (ActivityFilter(), ["fee-3", "fee-1", "opasn", "fee-2"]),
        (ActivityFilter(kinds=frozenset((ActivityKind.ASSIGNMENT,))), ["opasn"]),
        (ActivityFilter(kinds=frozenset((ActivityKind.SPLIT,))), []),
        (ActivityFilter(since=TUESDAY), ["fee-3", "fee-1"]),
        (ActivityFilter(until=MONDAY), ["opasn", "fee-2"]),
        (ActivityFilter(since=MONDAY, until=MONDAY, limit=1), ["opasn"]),
        (ActivityFilter(since=date(2026, 12, 1)), []),
    ],
)
def test_rows_are_narrowed_and_the_newest_day_comes_first(
    wanted: ActivityFilter, expected: list[str]
) -> None:
    assert ids(page_of(ROWS, wanted)) == expected


def test_a_page_that_holds_everything_is_the_last() -> None:
    assert page_of(ROWS, ActivityFilter(limit=4)).ends_at is None
    assert page_of([], ActivityFilter()).ends_at is None
    assert page_of(ROWS, ActivityFilter(limit=3)).ends_at == Place.of(an_assignment())


@given(st.integers(1, 5), st.lists(st.integers(0, 40), unique=True, max_size=15))
def test_the_pages_together_are_all_rows_once(limit: int, numbers: list[int]) -> None:
    rows = [a_fee(number, TUESDAY if number % 2 else MONDAY) for number in numbers]
    wanted, seen = ActivityFilter(limit=limit), list[Noted]()
    while True:
        page = page_of(rows, wanted)
        seen += page.rows
        if page.ends_at is None:
            break
        assert len(page.rows) == limit
        wanted = evolve(wanted, after=page.ends_at)
    assert seen == list(page_of(rows, ActivityFilter()).rows)


def test_a_row_that_comes_meanwhile_moves_no_page() -> None:
    """Also where the row that ended the page has been forgotten, or noted anew."""
    first = page_of(ROWS, ActivityFilter(limit=2))
    assert first.ends_at is not None
    later = [a_fee(9), *ROWS[1:]]
    rest = page_of(later, ActivityFilter(limit=2, after=first.ends_at))
    assert ids(rest) == ["opasn", "fee-2"]
