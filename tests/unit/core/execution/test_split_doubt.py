"""Levels from before a split are not trusted; others are."""

from datetime import timedelta
from decimal import Decimal

import pytest

from cream.core.execution.activity_events import ActivityNoted
from cream.core.execution.memory import forget, superfluous
from cream.core.execution.split_doubt import levels_doubtful
from cream.core.model.activity import Activity, ActivityKind
from cream.core.model.order import Side
from tests.fakes.builders import NOW, bracket, order_terms
from tests.fakes.ledger import Ledger


def split(days: int, symbol: str = "AAPL") -> ActivityNoted:
    row = Activity(
        activity_id="s",
        kind=ActivityKind.SPLIT,
        word="SPLIT",
        day=(NOW + timedelta(days=days)).date(),
        symbol=symbol,
    )
    return ActivityNoted(at=NOW, activity=row)


@pytest.mark.parametrize(("days", "doubtful"), [(1, True), (0, True), (-1, False)])
def test_levels_are_doubtful_where_their_entry_is_from_before_the_split(
    days: int, doubtful: bool
) -> None:
    ledger = Ledger()
    ledger.enter(bracket("o-entry"), "100")
    ledger.apply(split(days))

    assert (levels_doubtful(ledger.book, "AAPL") is not None) is doubtful


def test_a_share_without_a_split_or_without_levels_is_not_doubted() -> None:
    ledger = Ledger()
    ledger.apply(split(1, "MSFT"))
    ledger.enter(bracket("o-entry"), "100")

    assert levels_doubtful(ledger.book, "AAPL") is None
    assert levels_doubtful(ledger.book, "MSFT") is None


def test_the_doubt_ends_with_the_position() -> None:
    ledger = Ledger()
    ledger.enter(bracket("o-entry"), "100")
    ledger.apply(split(1))
    held = ledger.book.positions["AAPL"].quantity
    assert levels_doubtful(ledger.book, "AAPL") is not None
    leave = order_terms("o-out", str(held), side=Side.SELL)
    ledger.work(leave)
    ledger.fill(leave, str(held), "100")

    assert ledger.book.positions["AAPL"].quantity == Decimal(0)
    assert levels_doubtful(ledger.book, "AAPL") is None


def test_an_entry_stays_in_memory_while_its_levels_stand() -> None:
    ledger = Ledger()
    ledger.enter(bracket("o-entry"), "100")
    ledger.apply(split(-1))
    forget(ledger.book, superfluous(ledger.book, NOW + timedelta(days=9)))

    assert levels_doubtful(ledger.book, "AAPL") is None
