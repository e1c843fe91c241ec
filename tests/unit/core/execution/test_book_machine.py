"""The book under random use, against a model that knows nothing but sums.

Invariants 4, 5 and 10 of the design: fills make the position, nothing falls or reopens, nothing is
booked twice, and replaying changes nothing.
"""

from collections import defaultdict
from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.execution.states import TRANSITIONS
from cream.core.model.fill import Fill
from cream.core.model.instrument import Instrument
from cream.core.model.order import Order, OrderPurpose, OrderStatus, OrderTerms, Side
from tests.fakes.builders import (
    AAPL,
    CALL,
    HIGHER_CALL,
    MSFT,
    NOW,
    bracket,
    order_terms,
    spread,
    tactic,
)
from tests.fakes.ledger import Ledger

S = OrderStatus
INSTRUMENTS: tuple[Instrument, ...] = (AAPL, MSFT, CALL)
# What the broker may say an order is, apart from what only executions can make it.
REPORTED = (S.HELD, S.ACCEPTED, S.PENDING_CANCEL, S.PENDING_REPLACE, S.DONE_FOR_DAY)
MOVED = (*REPORTED, S.PARTIALLY_FILLED, S.CANCELED, S.REJECTED, S.EXPIRED)

picks = st.integers(0, 1_000)
sides = st.sampled_from(Side)
sizes = st.integers(1, 60)
prices = st.integers(1, 30_000).map(lambda cents: Decimal(cents).scaleb(-2))


class BookMachine(RuleBasedStateMachine):
    """One book and the sums of what was told to it."""

    @initialize()
    def begin(self) -> None:
        self.ledger = Ledger()
        self.last: dict[str, Order] = {}
        self.position: dict[str, Decimal] = defaultdict(Decimal)
        self.filled: dict[str, Decimal] = defaultdict(Decimal)
        self.notional: dict[str, Decimal] = defaultdict(Decimal)
        self.booked: list[e.OrderFilled | e.SpreadFilled] = []
        self.executions: set[str] = set()
        self.late = 0
        self.number = 0

    # Telling ------------------------------------------------------------------------------------

    def tell(self, event: e.Event, *about: str) -> None:
        """Apply, and see that no order has changed but those the event is about, and how."""
        self.ledger.apply(event)
        for order in self.ledger.book.orders():
            before = self.last.get(order.order_id)
            if before is not None and before != order:
                assert order.order_id in about
                self.check_move(event, before, order)
            self.last[order.order_id] = order

    def check_move(self, event: e.Event, before: Order, after: Order) -> None:
        assert after.filled >= before.filled, "what has filled never falls"
        assert after.terms == before.terms
        if after.status is before.status:
            return
        match event:
            case e.OrderFilled() | e.SpreadFilled():
                whole = after.filled >= after.terms.quantity
                assert after.status is (S.FILLED if whole else S.PARTIALLY_FILLED)
                assert whole or not before.status.is_closed, "closed stays closed"
            case e.CancelRefused():
                assert before.status is S.PENDING_CANCEL
            case e.OrderAcknowledged() if before.status.is_closed:
                assert before.broker_order_id is None, "only what was never known comes back"
            case _:
                reached = TRANSITIONS[before.status]
                working = {S.ACCEPTED, S.HELD} & reached
                traded = {S.PARTIALLY_FILLED} if working and after.filled else set()
                assert after.status in reached | traded

    def new_id(self) -> str:
        self.number += 1
        return f"o-{self.number}"

    def any_order(self, pick: int) -> Order:
        orders = self.ledger.book.orders()
        return orders[pick % len(orders)]

    def fill_of(
        self, order: Order, instrument: Instrument, side: Side, quantity: Decimal, price: Decimal
    ) -> Fill:
        self.number += 1
        return Fill(
            execution_id=f"x-{self.number}",
            order_id=order.order_id,
            instrument=instrument,
            side=side,
            quantity=quantity,
            price=price,
            executed_at=NOW,
            commission=Decimal("0.01"),
        )

    def count(self, fill: Fill) -> None:
        self.position[fill.instrument.symbol] += fill.side.sign * fill.quantity
        self.executions.add(fill.execution_id)

    def count_order(self, order: Order, quantity: Decimal, price: Decimal) -> None:
        self.filled[order.order_id] += quantity
        self.notional[order.order_id] += quantity * price

    def some(self) -> bool:
        return bool(self.last)

    # What we do ---------------------------------------------------------------------------------

    def intend(self, terms: OrderTerms) -> None:
        self.tell(e.OrderIntended(at=self.ledger.now, terms=terms, reason="plan"))
        self.ledger.wait(1)

    @rule(pick=picks, side=sides, quantity=sizes, levels=st.booleans())
    def order(self, pick: int, side: Side, quantity: int, levels: bool) -> None:
        instrument = INSTRUMENTS[pick % len(INSTRUMENTS)]
        if levels and instrument == AAPL:
            self.intend(bracket(self.new_id(), str(quantity), side=side))
        else:
            self.intend(order_terms(self.new_id(), str(quantity), side=side, instrument=instrument))

    @rule(side=sides, quantity=sizes)
    def exit(self, side: Side, quantity: int) -> None:
        self.intend(order_terms(self.new_id(), str(quantity), side=side, purpose=OrderPurpose.EXIT))

    @rule(quantity=st.integers(1, 5))
    def order_spread(self, quantity: int) -> None:
        self.intend(spread(self.new_id(), str(quantity)))

    @rule(slices=st.lists(sizes, min_size=1, max_size=3), stop=st.none() | st.just("95"))
    def order_tactic(self, slices: list[int], stop: str | None) -> None:
        self.intend(tactic(self.new_id(), [str(one) for one in slices], stop_loss=stop))

    @precondition(some)
    @rule(pick=picks, quantity=sizes, guards=st.booleans())
    def order_child(self, pick: int, quantity: int, guards: bool) -> None:
        """A slice of a tactic, or something that guards what the parent bought."""
        parent = self.any_order(pick)
        if parent.terms.legs or parent.terms.parent_order_id is not None:
            return
        if not parent.terms.is_tactic and not guards:
            return
        self.intend(
            order_terms(
                self.new_id(),
                str(quantity),
                side=parent.terms.side.opposite if guards else parent.terms.side,
                purpose=OrderPurpose.STOP_LOSS if guards else parent.terms.purpose,
                instrument=parent.terms.instrument,
                parent=parent.order_id,
            )
        )

    @precondition(some)
    @rule(pick=picks)
    def cancel(self, pick: int) -> None:
        order = self.any_order(pick)
        self.tell(
            e.CancelRequested(at=NOW, order_id=order.order_id, reason="r", actor="a"),
            order.order_id,
        )

    @precondition(some)
    @rule(pick=picks)
    def lose_the_answer(self, pick: int) -> None:
        order = self.any_order(pick)
        self.tell(e.SubmitUnknown(at=NOW, order_id=order.order_id, why="?"), order.order_id)

    # What the broker says -----------------------------------------------------------------------

    @precondition(some)
    @rule(pick=picks, status=st.sampled_from(REPORTED))
    def acknowledge(self, pick: int, status: S) -> None:
        order = self.any_order(pick)
        if order.terms.is_tactic or order.broker_order_id is not None:
            return
        event = e.OrderAcknowledged(
            at=NOW,
            order_id=order.order_id,
            broker_order_id=f"b-{order.order_id}",
            status=status,
            broker_updated_at=NOW,
        )
        self.tell(event, order.order_id)

    @precondition(some)
    @rule(pick=picks)
    def refuse(self, pick: int) -> None:
        order = self.any_order(pick)
        self.tell(
            e.OrderRefused(at=NOW, order_id=order.order_id, code="NO", message="no"),
            order.order_id,
        )

    @precondition(some)
    @rule(pick=picks, status=st.sampled_from(MOVED))
    def move(self, pick: int, status: S) -> None:
        order = self.any_order(pick)
        self.tell(
            e.OrderProgressed(at=NOW, order_id=order.order_id, status=status, reason=""),
            order.order_id,
        )

    @precondition(some)
    @rule(pick=picks)
    def refuse_cancel(self, pick: int) -> None:
        order = self.any_order(pick)
        self.tell(e.CancelRefused(at=NOW, order_id=order.order_id, reason="no"), order.order_id)

    @precondition(some)
    @rule(pick=picks, quantity=sizes, price=prices)
    def fill(self, pick: int, quantity: int, price: Decimal) -> None:
        """In whatever state the order is: late, early, or more than was asked for."""
        order = self.any_order(pick)
        if order.terms.is_tactic or order.terms.legs:
            return
        terms, count = order.terms, Decimal(quantity)
        fill = self.fill_of(order, terms.instrument, terms.side, count, price)
        self.late += order.status.is_closed
        self.count(fill)
        self.count_order(order, count, price)
        about = [order.order_id]
        parent = self.ledger.book.find(terms.parent_order_id or "")
        if parent is not None and parent.terms.is_tactic and terms.purpose is parent.terms.purpose:
            self.count_order(parent, count, price)
            about.append(parent.order_id)
        event = e.OrderFilled(at=NOW, fill=fill)
        self.tell(event, *about)
        self.booked.append(event)

    @precondition(some)
    @rule(pick=picks, spreads=st.integers(1, 3), long=prices, short=prices)
    def fill_spread(self, pick: int, spreads: int, long: Decimal, short: Decimal) -> None:
        order = self.any_order(pick)
        if not order.terms.legs:
            return
        count = Decimal(spreads)
        legs = (
            self.fill_of(order, CALL, Side.BUY, count, long),
            self.fill_of(order, HIGHER_CALL, Side.SELL, count, short),
        )
        self.late += order.status.is_closed
        for fill in legs:
            self.count(fill)
        self.count_order(order, count, long - short)
        event = e.SpreadFilled(
            at=NOW,
            order_id=order.order_id,
            execution_id=f"{legs[0].execution_id}/unit",
            quantity=count,
            net_price=long - short,
            legs=legs,
        )
        self.executions.add(event.execution_id)
        self.tell(event, order.order_id)
        self.booked.append(event)

    @precondition(lambda self: self.booked)
    @rule(pick=picks)
    def tell_again(self, pick: int) -> None:
        """A fill that was booked changes nothing, not even the order it is of."""
        self.tell(self.booked[pick % len(self.booked)])

    @precondition(some)
    @rule(pick=picks, quantity=st.integers(-50, 50), price=prices)
    def adjust(self, pick: int, quantity: int, price: Decimal) -> None:
        instrument = INSTRUMENTS[pick % len(INSTRUMENTS)]
        self.position[instrument.symbol] = Decimal(quantity)
        self.tell(
            e.PositionAdjusted(
                at=NOW,
                instrument=instrument,
                quantity=Decimal(quantity),
                average_price=price,
                reason="truth",
            )
        )

    @precondition(some)
    @rule(pick=picks)
    def replay(self, pick: int) -> None:
        """Records that were applied are passed over."""
        before = self.ledger.book.sequence
        self.ledger.book.apply(self.ledger.records[pick % len(self.ledger.records)])
        assert self.ledger.book.sequence == before

    # What must hold -----------------------------------------------------------------------------

    @invariant()
    def fills_make_the_position(self) -> None:
        book = self.ledger.book
        held = {symbol: one.quantity for symbol, one in book.positions.items() if one.quantity}
        assert held == {symbol: sum_ for symbol, sum_ in self.position.items() if sum_}
        assert book.fills_booked == len(self.executions)
        assert book.late_fills == self.late

    @invariant()
    def orders_add_up(self) -> None:
        for order in self.ledger.book.orders():
            filled, notional = self.filled[order.order_id], self.notional[order.order_id]
            assert order.filled == filled
            assert order.notional_filled == notional
            if filled:
                assert order.average_price is not None
                off = abs(order.average_price * filled - notional)
                assert off <= filled * Decimal("0.00000000005")
            for leg in order.leg_fills:
                assert leg.filled == filled

    @invariant()
    def states_make_sense(self) -> None:
        for order in self.ledger.book.orders():
            if order.broker_order_id is not None:
                assert order.status not in (S.PENDING_NEW, S.UNKNOWN_SUBMIT)
                assert order.status_before_pending not in (S.PENDING_NEW, S.UNKNOWN_SUBMIT)
            if order.filled >= order.terms.quantity:
                assert order.status is S.FILLED
            if order.filled:
                assert order.status not in (S.ACCEPTED, S.HELD)
            assert order.leaves >= 0

    @invariant()
    def what_is_open_is_listed(self) -> None:
        book = self.ledger.book
        expected = {one.order_id for one in book.orders() if one.is_open}
        assert {one.order_id for one in book.open_orders()} == expected
        symbols = {one.terms.instrument.symbol for one in book.orders()}
        by_symbol = [one.order_id for symbol in symbols for one in book.open_on(symbol)]
        assert sorted(by_symbol) == sorted(expected)

    @invariant()
    def levels_lie_on_the_side_of_the_position(self) -> None:
        book = self.ledger.book
        for symbol, protection in book.protections.items():
            entry = book.order(protection.entry_order_id)
            assert book.positions[symbol].quantity * entry.terms.side.sign > 0

    def teardown(self) -> None:
        """Half of the journal twice, then all of it, is all of it once."""
        records = self.ledger.records
        half = records[: len(records) // 2]
        again = Book()
        for record in (*half, *half, *records):
            again.apply(record)
        book = self.ledger.book
        assert again.orders() == book.orders()
        assert again.positions == book.positions
        assert again.protections == book.protections
        assert list(again.open_orders()) == list(book.open_orders())


BookMachine.TestCase.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
TestBook = BookMachine.TestCase
