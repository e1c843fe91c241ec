"""A state that was lived is compared with the fold of the journal, field by field."""

from attrs import evolve

from cream.core.execution.comparison import cut_down, differences, in_order
from cream.core.execution.memory import (
    BookState,
    book_of,
    forget,
    rebuilt,
    revive,
    state_of,
    superfluous,
)
from tests.unit.core.execution.test_book import busy_day
from tests.unit.core.execution.test_memory import LONG_AFTER


def compared(folded: BookState, lived: BookState) -> list[str]:
    return list(differences(in_order(cut_down(folded, lived)), in_order(lived)))


def test_a_state_is_the_fold_less_what_had_left_memory() -> None:
    records = busy_day().records
    for length in range(len(records) + 1):
        folded = state_of(rebuilt(None, (), records[:length]))
        book = book_of(folded)
        archived = superfluous(book, LONG_AFTER)
        forget(book, archived)

        assert compared(folded, state_of(book)) == []
        assert in_order(cut_down(folded, state_of(book))) == in_order(state_of(book))


def test_what_came_back_into_memory_stands_elsewhere_and_is_the_same() -> None:
    folded = state_of(busy_day().book)
    book = book_of(folded)
    archived = superfluous(book, LONG_AFTER)
    forget(book, archived)
    revive(book, archived)

    assert compared(folded, state_of(book)) == []


def test_every_difference_is_named() -> None:
    folded = state_of(busy_day().book)
    other = evolve(
        folded,
        late_fills=folded.late_fills + 1,
        positions=folded.positions[1:],
        orders=(evolve(folded.orders[0], reason="another"), *folded.orders[1:]),
    )

    lines = compared(folded, other)

    assert f"late_fills: folded {folded.late_fills}, lived {folded.late_fills + 1}" in lines
    assert sum(line.startswith("positions: only folded: ") for line in lines) == 1
    assert sum(line.startswith("orders: only folded: ") for line in lines) == 1
    assert sum(line.startswith("orders: only lived: ") for line in lines) == 1
    assert len(lines) == 4
