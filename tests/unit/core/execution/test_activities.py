"""A row counts once, whatever is told of it, and however often."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from cream.core.execution.activities import KEPT, ActivityBook, touched_symbols
from cream.core.execution.activity_events import ActivityNoted, CashUnexplained
from cream.core.model.activity import Activity, ActivityKind, ActivityStatus
from tests.fakes.builders import NOW


def row(activity_id: str = "a-1", **changes: Any) -> Activity:
    """A fee of five dollars."""
    fee = Activity(
        activity_id=activity_id,
        kind=ActivityKind.FEE,
        word="FEE",
        day=NOW.date(),
        net_amount=Decimal(-5),
    )
    return evolve(fee, **changes)


def noted(*rows: Activity) -> ActivityBook:
    book = ActivityBook()
    for one in rows:
        book.fold(ActivityNoted(at=NOW, activity=one))
    return book


def test_what_is_known_is_not_fresh_and_what_has_changed_is() -> None:
    book, changed = noted(row()), row(status=ActivityStatus.CANCELED)

    assert book.fresh([row()]) == ()
    assert book.fresh([row(), changed, row("a-2"), row("a-2")]) == (changed, row("a-2"))


@pytest.mark.parametrize(
    ("told", "moved"),
    [
        ([ActivityStatus.PENDING], "0"),
        ([ActivityStatus.PENDING, ActivityStatus.EXECUTED], "-5"),
        ([ActivityStatus.EXECUTED, ActivityStatus.CANCELED], "0"),
    ],
)
def test_a_pending_or_canceled_row_does_not_count_twice(
    told: list[ActivityStatus], moved: str
) -> None:
    assert noted(*(row(status=one) for one in told)).moved == Decimal(moved)


def test_a_correction_stands_in_the_place_of_what_it_corrects() -> None:
    corrected = row(status=ActivityStatus.CORRECTED, net_amount=Decimal(-3))
    assert noted(row(), corrected).moved == -3


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(ActivityStatus), st.integers(-9, 9)),
        max_size=12,
    )
)
def test_what_has_moved_is_the_sum_of_what_each_row_says_last(
    told: list[tuple[str, ActivityStatus, int]],
) -> None:
    rows = [row(name, status=status, net_amount=Decimal(net)) for name, status, net in told]
    last = {one.activity_id: one for one in rows}
    assert noted(*rows).moved == sum(one.moved for one in last.values())


def test_ids_leave_memory_once_they_cannot_be_listed_any_more_and_their_money_stays() -> None:
    book = noted(row("old"), row("again"), row("split", kind=ActivityKind.SPLIT, symbol="AAPL"))
    later = NOW + KEPT
    book.fold(ActivityNoted(at=later, activity=row("again", description="told anew")))
    assert {one.activity.activity_id for one in book.latest()} == {"old", "again", "split"}

    book.fold(ActivityNoted(at=later + timedelta(days=1), activity=row("new")))

    assert [one.activity.activity_id for one in book.latest()] == ["new", "again"]
    assert book.moved == -20
    assert book.split_of("AAPL") is None


def test_only_a_split_that_stands_is_one() -> None:
    split = row(kind=ActivityKind.SPLIT, symbol="AAPL", net_amount=Decimal(0))

    assert noted(evolve(split, status=ActivityStatus.PENDING)).split_of("AAPL") is None
    assert noted(split).split_of("AAPL") == NOW.date()
    assert noted(split).split_of("MSFT") is None


def test_the_memory_comes_back_as_it_was() -> None:
    book = noted(row(), row("s", kind=ActivityKind.SPLIT, symbol="AAPL"))
    book.fold(CashUnexplained(at=NOW, amount=Decimal("1.5")))

    again = ActivityBook.of(book.state())

    assert again == book
    assert again.unexplained == Decimal("1.5")


@pytest.mark.parametrize(
    ("symbol", "touched"),
    [
        ("", set()),
        ("AAPL", {"AAPL"}),
        ("AAPL261218C00240000", {"AAPL261218C00240000", "AAPL"}),
        ("912797AB3 BOND", {"912797AB3 BOND"}),
    ],
)
def test_an_option_touches_its_share(symbol: str, touched: set[str]) -> None:
    assert touched <= set(touched_symbols(row(symbol=symbol)))
