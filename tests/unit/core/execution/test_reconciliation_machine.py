"""The book and a real venue, with a bad line between them: after a reconciliation they agree.

Messages are lost, doubled and swapped, answers to submits never come, strangers trade in the same
account. Whatever happened: fills are booked once, and one settlement later both sides show the same
open orders and the same holdings (invariants 3 and 4 of the design).
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cream.core.execution import events as e
from cream.core.execution.adoption import adoption
from cream.core.execution.guards import coverage
from cream.core.execution.reconciliation import (
    BrokerSnapshot,
    Reconciliation,
    adjustments,
    reconcile,
)
from cream.core.execution.reports import Reading
from cream.core.model.broker import BrokerOrder, OrderUpdate
from cream.core.model.order import OrderPurpose, OrderStatus, OrderTerms, Side
from cream.core.model.plan import TimeInForce
from tests.fakes.ledger import Ledger
from tests.fakes.venue_lab import NOON, Lab, bracket, call, leg, oco, spread, terms

LOW, HIGH = call("240"), call("250")

picks = st.integers(0, 1_000)
sides = st.sampled_from(Side)
sizes = st.integers(1, 60)
quantities = st.integers(1, 40).map(str)
prices = st.integers(23_000, 25_000).map(lambda cents: Decimal(cents).scaleb(-2))
# How the answer to a submit fares: it comes, it is lost, or the order never left.
fates = st.sampled_from(("answered", "answered", "answered", "lost", "never sent"))


class AccountMachine(RuleBasedStateMachine):
    """One account as the venue has it and as the book has it."""

    @initialize()
    def begin(self) -> None:
        self.lab = Lab("10000000")
        self.lab.quote(LOW.symbol, "4.30", "4.31", 30, 30)
        self.lab.quote(HIGH.symbol, "1.23", "1.24", 30, 30)
        self.ledger = Ledger()
        self.line: list[OrderUpdate] = []
        self.strangers = False

    # The line -----------------------------------------------------------------------------------

    def collect(self) -> None:
        """What the venue has told is on its way."""
        self.line += self.lab.updates
        self.lab.updates = []
        self.ledger.now = self.lab.now

    @precondition(lambda self: self.line)
    @rule(pick=picks, again=st.booleans())
    def deliver(self, pick: int, again: bool) -> None:
        place = pick % len(self.line)
        update = self.line[place] if again else self.line.pop(place)
        self.ledger.report(update.order, *update.executions)

    @precondition(lambda self: self.line)
    @rule()
    def deliver_all(self) -> None:
        line, self.line = self.line, []
        for update in line:
            self.ledger.report(update.order, *update.executions)

    @precondition(lambda self: self.line)
    @rule()
    def lose_all(self) -> None:
        self.line = []

    # Orders -------------------------------------------------------------------------------------

    def place(self, order: OrderTerms, fate: str) -> None:
        self.ledger.intend(order)
        if fate != "never sent":
            outcome = self.lab.submit(order)
            self.collect()
            if fate == "answered":
                self.ledger.answer(order.order_id, outcome)
                return
        self.ledger.apply(
            e.SubmitUnknown(at=self.ledger.now, order_id=order.order_id, why="no answer")
        )

    @rule(side=sides, quantity=quantities, limit=st.none() | prices, fate=fates)
    def order_share(self, side: Side, quantity: str, limit: Decimal | None, fate: str) -> None:
        self.place(terms(side, quantity, str(limit) if limit else None), fate)

    @rule(side=sides, quantity=quantities, limit=st.none() | prices, fate=fates)
    def order_bracket(self, side: Side, quantity: str, limit: Decimal | None, fate: str) -> None:
        base, away = limit or Decimal("240.00"), side.sign * Decimal(5)
        entry = str(limit) if limit else None
        self.place(
            bracket(quantity, entry, str(base + away), str(base - away), side, TimeInForce.GTC),
            fate,
        )

    @rule(side=sides, quantity=quantities, limit=prices, fate=fates)
    def order_oco(self, side: Side, quantity: str, limit: Decimal, fate: str) -> None:
        stop = limit + side.sign * Decimal(7)
        self.place(oco(quantity, str(limit), str(stop), side), fate)

    @rule(closes=st.booleans(), quantity=st.integers(1, 5).map(str), fate=fates)
    def order_spread(self, closes: bool, quantity: str, fate: str) -> None:
        sign = -1 if closes else 1
        legs = (leg(LOW, sign, closes=closes), leg(HIGH, -sign, closes=closes))
        self.place(spread(legs, quantity, "-2.00" if closes else "4.00"), fate)

    @rule(side=sides, quantity=quantities, limit=prices)
    def a_stranger_orders(self, side: Side, quantity: str, limit: Decimal) -> None:
        self.strangers = True
        self.lab.submit(terms(side, quantity, str(limit), tif=TimeInForce.GTC))
        self.collect()

    @precondition(lambda self: self.ledger.book.orders())
    @rule(pick=picks)
    def cancel(self, pick: int) -> None:
        orders = self.ledger.book.orders()
        order = orders[pick % len(orders)]
        if order.is_open and order.broker_order_id is not None:
            self.ledger.ask_cancel(order.order_id)
            shown = self.lab.venue.order(order.broker_order_id)
            assert shown is not None
            self.lab.cancel(shown)
            self.collect()

    # The market ---------------------------------------------------------------------------------

    @rule(bid=prices, bid_size=sizes, ask_size=sizes)
    def quote(self, bid: Decimal, bid_size: int, ask_size: int) -> None:
        self.lab.quote("AAPL", str(bid), str(bid + Decimal("0.02")), bid_size, ask_size)
        self.collect()

    @rule(low=st.booleans(), bid=st.integers(1, 900), size=st.integers(1, 9))
    def quote_option(self, low: bool, bid: int, size: int) -> None:
        price = Decimal(bid).scaleb(-2)
        symbol = (LOW if low else HIGH).symbol
        self.lab.quote(symbol, str(price), str(price + Decimal("0.01")), size, size)
        self.collect()

    @rule()
    def a_day_passes(self) -> None:
        if self.lab.now < NOON + timedelta(days=10):
            self.lab.advance(self.lab.now + timedelta(days=1))
            self.collect()

    # Settlement, as the reconciler goes about it ------------------------------------------------

    @rule(lose=st.booleans())
    def settle(self, lose: bool) -> None:
        if lose:
            self.line = []
        result = self.agree()
        if not result.clean:
            assert self.strangers, "what we do ourselves is explained by executions"
            theirs = self.lab.venue.positions()
            self.ledger.apply(
                *adjustments(self.ledger.book, result.discrepancies, theirs, self.ledger.now)
            )
            result = self.agree()
        assert result.discrepancies == ()
        self.see_that_both_agree()

    def agree(self) -> Reconciliation:
        """Rounds until nothing new is found; the reconciler makes at most five."""
        for _ in range(5):
            result = self.compare()
            if not self.follow(result):
                return result
        raise AssertionError(f"it never settles: {result}")

    def compare(self) -> Reconciliation:
        snapshot = BrokerSnapshot(
            open_orders=self.lab.venue.open_orders(),
            positions=self.lab.venue.positions(),
            sequence_before=self.ledger.book.sequence,
        )
        result = reconcile(self.ledger.book, snapshot, self.ledger.now)
        self.ledger.apply(*result.reading.events)
        return result

    def follow(self, result: Reconciliation) -> bool:
        """Ask what is to be asked. Whether there was anything to do."""
        for shown in result.reading.unknown:
            if self.ledger.book.find(shown.broker_order_id) is None:
                self.ledger.apply(adoption(shown, self.ledger.now))
        self.fetch(result.reading)
        for order_id in result.ask_by_broker_id:
            broker_order_id = self.ledger.order(order_id).broker_order_id
            assert broker_order_id is not None
            self.told(self.lab.venue.order(broker_order_id))
        for order_id in result.ask_by_client_id:
            shown = self.lab.venue.order(self.ledger.order(order_id).terms.client_order_id)
            if shown is not None:
                self.told(shown)
            elif self.ledger.order(order_id).is_open:
                self.ledger.apply(
                    e.OrderRefused(
                        at=self.ledger.now, order_id=order_id, code="ABSENT", message="proven"
                    )
                )

        reading = result.reading
        asked = result.ask_by_broker_id or result.ask_by_client_id
        return bool(reading.events or reading.unknown or reading.missing_executions or asked)

    def told(self, shown: BrokerOrder | None) -> None:
        assert shown is not None
        reading = self.ledger.report(shown)
        if reading.missing_executions:
            self.fetch(reading)
            self.ledger.report(shown)

    def fetch(self, reading: Reading) -> None:
        if reading.missing_since is not None:
            self.ledger.executions(self.lab.venue.executions_since(reading.missing_since))

    def see_that_both_agree(self) -> None:
        book, venue = self.ledger.book, self.lab.venue
        there = {one.broker_order_id for one in self.flat(venue.open_orders())}
        here = {one.broker_order_id for one in book.open_orders()}
        assert here == there
        for order in book.orders():
            shown = venue.order(order.broker_order_id or "")
            if shown is not None:
                assert order.filled == shown.filled
                assert order.status.is_closed is shown.status.is_closed
        held = {symbol: one.quantity for symbol, one in book.positions.items() if one.quantity}
        assert held == {one.instrument.symbol: one.quantity for one in venue.positions()}
        self.see_that_guards_are_real(there)

    def flat(self, orders: Sequence[BrokerOrder]) -> list[BrokerOrder]:
        """Parents and the legs that the broker made; a spread's legs are no orders of their own."""
        return [*orders, *(leg for one in orders for leg in one.legs if leg.ratio is None)]

    def see_that_guards_are_real(self, there: set[str]) -> None:
        """What seems to be guarded at the broker is guarded there, share by share."""
        book = self.ledger.book
        if "AAPL" not in book.positions or book.positions["AAPL"].is_flat:
            return
        real = Decimal(0)
        closing = Side.SELL if book.positions["AAPL"].quantity > 0 else Side.BUY
        for order in book.open_on("AAPL"):
            if order.terms.purpose is not OrderPurpose.STOP_LOSS or order.terms.side is not closing:
                continue
            shown = self.lab.venue.order(order.broker_order_id or "")
            assert shown is not None
            parent = book.find(order.terms.parent_order_id or "")
            assert parent is not None
            if parent.terms.purpose is not OrderPurpose.ENTRY or not parent.is_open:
                real += shown.quantity - shown.filled
        assert coverage(book, "AAPL").at_broker <= real

    @invariant()
    def nothing_is_booked_that_did_not_happen(self) -> None:
        traded: dict[str, Decimal] = defaultdict(Decimal)
        for one in self.lab.executions():
            traded[one.broker_order_id] += one.quantity
        for order in self.ledger.book.orders():
            per_unit = sum(abs(one.ratio) for one in order.terms.legs) or 1
            assert order.filled * per_unit <= traded[order.broker_order_id or ""]
            assert order.filled <= order.terms.quantity
            if order.status is OrderStatus.FILLED:
                assert order.filled > 0

    def teardown(self) -> None:
        if hasattr(self, "ledger"):
            self.settle(lose=True)


AccountMachine.TestCase.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
TestAccount = AccountMachine.TestCase
