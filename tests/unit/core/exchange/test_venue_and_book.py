"""What the venue tells, the book understands: after every message both know the same orders.

The reducer of `core/execution` reads nothing but the answers and the order stream here.
"""

from collections.abc import Sequence

import pytest
from hypothesis import settings
from hypothesis.stateful import initialize, invariant

from cream.core.execution.book import Book
from cream.core.execution.events import Event, OrderIntended, Record
from cream.core.execution.reports import read_outcome, read_update
from cream.core.model.broker import Accepted
from cream.core.model.order import OrderTerms
from cream.core.options.occ import expires_at
from tests.unit.core.exchange.test_venue_properties import LOW, VenueMachine


class BookMachine(VenueMachine):
    """The venue under random use, with a book that follows it."""

    @initialize()
    def open_book(self) -> None:
        self.book = Book()
        self.read = 0

    def place(self, order: OrderTerms) -> None:
        self.follow()
        self.fold([OrderIntended(at=self.lab.now, terms=order, reason="")])
        outcome = self.lab.submit(order)
        self.fold(read_outcome(self.book, order.order_id, outcome, self.lab.now).events)
        if isinstance(outcome, Accepted):
            self.roots.append(outcome.order.broker_order_id)
        self.look()
        self.follow()

    def fold(self, events: Sequence[Event]) -> None:
        for event in events:
            self.book.apply(Record(sequence=self.book.sequence + 1, event=event))

    def follow(self) -> None:
        """Read the stream to its end; nothing on it is a stranger's, and no fill is missing."""
        for update in self.lab.updates[self.read :]:
            reading = read_update(self.book, update, self.lab.now)
            assert not reading.unknown
            assert not reading.missing_executions
            self.fold(reading.events)
        self.read = len(self.lab.updates)

    @invariant()
    def the_book_has_every_order_as_the_venue_has_it(self) -> None:
        self.follow()
        for kept in self.lab.venue.state().orders:
            ours = self.book.find(kept.broker_order_id)
            theirs = self.lab.venue.order(kept.broker_order_id)
            assert ours is not None
            assert theirs is not None
            assert ours.filled == theirs.filled
            assert ours.average_price == theirs.average_price
            if theirs.status.is_closed or ours.status.is_closed:
                assert ours.status is theirs.status

    @invariant()
    def the_book_holds_what_the_venue_holds(self) -> None:
        """Until options end: the stream does not tell of that, as Alpaca's does not."""
        self.follow()
        if self.lab.now < expires_at(LOW):
            for symbol, position in self.book.positions.items():
                assert position.quantity == self.lab.held(symbol)


BookMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
test_the_book_follows_the_venue = pytest.mark.slow(BookMachine.TestCase)
