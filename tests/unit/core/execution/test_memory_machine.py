"""The book under random use, taken down and put up again all the time: nobody can tell."""

from datetime import timedelta

from hypothesis import settings
from hypothesis.stateful import rule

from cream.core.execution.book import Book
from cream.core.execution.memory import book_of, forget, revive, state_of, superfluous
from tests.fakes.builders import NOW
from tests.unit.core.execution.test_book_machine import BookMachine
from tests.unit.core.execution.test_memory import everything, orders_in_sequence, unordered

LONG_AFTER = NOW + timedelta(days=365)


class MemoryMachine(BookMachine):
    """As its parent, with a book that starts anew and forgets in between."""

    @rule()
    def start_from_a_state(self) -> None:
        book = self.ledger.book
        again = book_of(state_of(book))
        assert everything(again) == everything(book)
        assert orders_in_sequence(again) == orders_in_sequence(book)
        self.ledger.book = again

    @rule()
    def forget_and_recall(self) -> None:
        book = self.ledger.book
        before = unordered(book_of(state_of(book)))
        archived = superfluous(book, LONG_AFTER)
        open_before = [one.order_id for one in book.open_orders()]
        forget(book, archived)
        assert [one.order_id for one in book.open_orders()] == open_before
        for one in archived.orders:
            assert one.order.order_id not in book._orders
            assert all(book.find(name) is None for name in one.broker_ids)
        revive(book, archived)
        assert unordered(book) == before

    def teardown(self) -> None:
        """What was forgotten comes back behind the others; otherwise the whole is the same."""
        again = Book()
        for record in self.ledger.records:
            again.apply(record)
        assert unordered(self.ledger.book) == unordered(again)


MemoryMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
TestMemory = MemoryMachine.TestCase
