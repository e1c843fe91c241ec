"""Who writes the book in a test? A book with its records, and a clock that is moved by hand.

Not a mock: the book is the real one, and readings are applied to it as the desk applies them.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from attrs import define, field

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.execution.corrections import guessed_fill
from cream.core.execution.reports import Reading, read_executions, read_outcome, read_update
from cream.core.model.broker import BrokerOrder, Execution, OrderUpdate, SubmitOutcome
from cream.core.model.fill import Fill
from cream.core.model.instrument import Instrument
from cream.core.model.order import Order, OrderStatus, OrderTerms
from tests.fakes.builders import AAPL, NOW, execution, shown, with_exits


@define
class Ledger:
    """A book and whoever writes it, at a moment that a test moves."""

    book: Book = field(factory=Book)
    now: datetime = NOW
    records: list[e.Record] = field(factory=list)
    _fills: int = 0

    def apply(self, *events: e.Event) -> None:
        """Fold the events, one after the other."""
        for event in events:
            record = e.Record(self.book.sequence + 1, event)
            self.records.append(record)
            self.book.apply(record)

    def order(self, order_id: str) -> Order:
        """The order as it is now."""
        return self.book.order(order_id)

    def held(self, instrument: Instrument = AAPL) -> Decimal:
        """The signed holding."""
        return self.book.position(instrument).quantity

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    # What we do ---------------------------------------------------------------------------------

    def intend(self, *terms: OrderTerms) -> None:
        """Write orders down."""
        for one in terms:
            self.apply(e.OrderIntended(at=self.now, terms=one, reason="test"))

    def ask_cancel(self, *order_ids: str) -> None:
        """Ask for orders to be cancelled."""
        for one in order_ids:
            self.apply(e.CancelRequested(at=self.now, order_id=one, reason="test", actor="me"))

    # What the broker says -----------------------------------------------------------------------

    def report(self, order: BrokerOrder, *executions: Execution) -> Reading:
        """Read what the broker shows, and apply what it means."""
        return self.update(OrderUpdate(event="test", order=order, executions=executions))

    def update(self, update: OrderUpdate) -> Reading:
        """Read a message of the order stream, and apply what it means."""
        return self._take(read_update(self.book, update, self.now))

    def answer(self, order_id: str, outcome: SubmitOutcome) -> Reading:
        """Read the answer to a submit, and apply what it means."""
        return self._take(read_outcome(self.book, order_id, outcome, self.now))

    def guess(self, order: BrokerOrder) -> None:
        """Book what the broker shows as filled and nobody has told."""
        known = self.book.find(order.broker_order_id)
        event = None if known is None else guessed_fill(known, order, self.now)
        if event is not None:
            self.apply(event)

    def executions(self, executions: Iterable[Execution]) -> Reading:
        """Read what a query for executions gave, and apply what it means."""
        return self._take(read_executions(self.book, list(executions), self.now))

    def work(self, terms: OrderTerms) -> None:
        """Intend an order and have the broker take it, with its exits."""
        self.intend(terms)
        self.report(with_exits(terms))

    def end(self, terms: OrderTerms, status: OrderStatus, filled: str = "0") -> None:
        """Have the broker end an order."""
        self.report(shown(terms, status, filled, updated=self._seconds()))

    def fill(
        self, terms: OrderTerms, quantity: str, price: str = "100", *, commission: str = "0"
    ) -> None:
        """Book one more execution of an order that the broker has."""
        self._fills += 1
        one = execution(
            terms,
            f"fill-{self._fills}",
            quantity,
            price,
            seconds=self._seconds(),
            commission=commission,
        )
        self.executions([one])

    def trade(self, order_id: str, quantity: str, price: str = "100") -> None:
        """Book a fill of any order in the book, by our id."""
        self._fills += 1
        terms = self.order(order_id).terms
        fill = Fill(
            execution_id=f"fill-{self._fills}",
            order_id=order_id,
            instrument=terms.instrument,
            side=terms.side,
            quantity=Decimal(quantity),
            price=Decimal(price),
            executed_at=self.now,
        )
        self.apply(e.OrderFilled(at=self.now, fill=fill))

    def enter(self, terms: OrderTerms, price: str = "100") -> None:
        """Work an order and fill all of it."""
        self.work(terms)
        self.fill(terms, str(terms.quantity), price)

    def _take(self, reading: Reading) -> Reading:
        self.apply(*reading.events)
        return reading

    def _seconds(self) -> float:
        return (self.now - NOW).total_seconds()
