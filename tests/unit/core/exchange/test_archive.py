"""A venue that forgets what has ended answers as one that remembers everything."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cream.core.exchange.account import flat_ledger
from cream.core.exchange.admission import NOT_UNIQUE
from cream.core.exchange.archive import Retention
from cream.core.exchange.replacing import OrderChange
from cream.core.exchange.venue import Venue
from cream.core.exchange.venue_book import VenueState
from cream.core.model.broker import Accepted, BrokerOrder, CancelTaken, Refused
from cream.core.model.order import OrderTerms, Side
from cream.core.options.occ import expires_at
from tests.fakes.venue_archive import MemoryArchive
from tests.fakes.venue_lab import NOON, Lab, bracket, call, oco, terms


class ForgetfulLab(Lab):
    """A lab that writes everything down, and whose venue keeps only `kept` of what has ended."""

    def __init__(self, kept: int) -> None:
        super().__init__()
        self.archive = MemoryArchive()
        self.venue = Venue(
            VenueState(ledger=flat_ledger(Decimal(100_000))),
            self.market,
            self.sessions,
            Retention(self.archive, kept, is_whole=True),
        )

    def save(self) -> None:
        changes = self.venue.unsaved()
        if changes is not None:
            self.archive.save(changes)
            self.venue.mark_saved()

    def in_memory(self) -> list[str]:
        return [one.client_order_id for one in self.venue.state().orders]


def traded(lab: ForgetfulLab, count: int) -> list[BrokerOrder]:
    """So many orders that filled at once, each written down."""
    orders = []
    for _ in range(count):
        orders.append(lab.accepted(terms(Side.BUY, "1")))
        lab.save()
    return orders


def test_closed_orders_leave_memory_beyond_the_latest() -> None:
    lab = ForgetfulLab(kept=3)
    resting = lab.accepted(terms(Side.BUY, "1", "100"))

    orders = traded(lab, 10)

    assert lab.in_memory() == [
        one.client_order_id for one in (resting, orders[7], orders[8], orders[9])
    ]
    assert len(lab.venue.state().executions) <= 6


def test_what_left_memory_is_found_by_both_ids() -> None:
    lab = ForgetfulLab(kept=1)
    first, *_ = traded(lab, 3)

    for any_id in (first.client_order_id, first.broker_order_id):
        found = lab.venue.order(any_id)
        assert found is not None
        assert found.filled == 1
    assert lab.archive.asked


def test_the_archive_is_asked_only_once_something_is_there_alone() -> None:
    lab = ForgetfulLab(kept=3)
    traded(lab, 3)
    assert lab.venue.order("unknown") is None
    assert lab.archive.asked == 0

    traded(lab, 1)
    assert lab.venue.order("unknown") is None
    assert lab.archive.asked > 0


def test_an_archive_that_was_there_before_is_asked_at_once() -> None:
    lab = ForgetfulLab(kept=3)
    first, *_ = traded(lab, 3)
    begun_anew = Venue(
        VenueState(ledger=flat_ledger(Decimal(100_000))),
        lab.market,
        lab.sessions,
        Retention(lab.archive, 3),
    )

    assert begun_anew.order(first.client_order_id) is not None


def test_a_client_id_is_used_once_even_if_it_left_memory() -> None:
    lab = ForgetfulLab(kept=1)
    again = terms(Side.BUY, "1")
    lab.accepted(again)
    lab.save()
    traded(lab, 3)

    assert lab.refused(again).code == NOT_UNIQUE
    assert lab.held("AAPL") == 4


def test_a_broker_id_is_no_client_id_that_was_used() -> None:
    lab = ForgetfulLab(kept=1)
    first, *_ = traded(lab, 3)

    lab.accepted(terms(Side.BUY, "1", client_order_id=first.broker_order_id))


def test_executions_that_left_memory_are_listed_with_the_later_ones() -> None:
    lab = ForgetfulLab(kept=2)
    traded(lab, 9)
    lab.accepted(terms(Side.BUY, "1"))

    found = lab.venue.executions_since(NOON)

    assert len(found) == len({one.execution_id for one in found}) == 10
    moments = [one.executed_at for one in found]
    assert moments == sorted(moments)
    assert lab.venue.executions_since(moments[4]) == found[4:]
    assert lab.venue.executions_since(moments[-1]) == found[-1:]


def test_a_group_stays_whole_while_one_of_its_orders_is_open() -> None:
    lab = ForgetfulLab(kept=1)
    entry = lab.accepted(bracket("2"))
    lab.save()
    traded(lab, 3)

    assert entry.client_order_id in lab.in_memory()
    lab.quote("AAPL", "228.00", "228.02")
    lab.save()
    traded(lab, 3)
    assert entry.client_order_id not in lab.in_memory()
    found = lab.order(entry)
    assert sorted(leg.raw_status for leg in found.legs) == ["canceled", "filled"]


def test_an_exit_that_left_memory_with_its_group_is_found_by_itself() -> None:
    lab = ForgetfulLab(kept=1)
    entry = lab.accepted(bracket("2"))
    lab.quote("AAPL", "228.00", "228.02")
    lab.save()
    traded(lab, 3)

    legs = lab.order(entry).legs

    assert [lab.order(leg).raw_status for leg in legs] == [leg.raw_status for leg in legs]


def test_cancelling_what_left_memory_is_answered_as_ever() -> None:
    lab = ForgetfulLab(kept=1)
    gone = lab.accepted(terms(Side.BUY, "1", "100"))
    assert isinstance(lab.cancel(gone), CancelTaken)
    lab.save()
    filled, *_ = traded(lab, 3)

    assert isinstance(lab.cancel(gone), CancelTaken)
    refusal = lab.cancel(filled)
    assert isinstance(refusal, Refused)
    assert refusal.code == "ORDER_NOT_CANCELABLE"


def test_sequences_go_on_after_orders_that_left_memory() -> None:
    lab = ForgetfulLab(kept=1)
    lab.accepted(terms(Side.BUY, "1", "100"))
    traded(lab, 3)
    state = lab.venue.state()

    restored = Venue(state, lab.market, lab.sessions, Retention(lab.archive, 1))
    restored.submit(terms(Side.BUY, "1", "100"), lab.now)

    assert state.last_sequence == 4
    assert restored.state().orders[-1].sequence == 5


def test_nothing_leaves_memory_before_it_is_written_down() -> None:
    lab = ForgetfulLab(kept=1)
    for _ in range(5):
        lab.accepted(terms(Side.BUY, "1"))

    assert len(lab.in_memory()) == 5


def test_a_venue_without_an_archive_keeps_everything() -> None:
    lab = Lab()
    for _ in range(5):
        lab.accepted(terms(Side.BUY, "1"))
        lab.venue.mark_saved()

    assert len(lab.venue.state().orders) == 5


def test_settlements_leave_memory_too() -> None:
    lab = ForgetfulLab(kept=1)
    for strike in ("200", "210", "220"):
        lab.quote(call(strike).symbol, "1.00", "1.01")
        lab.accepted(terms(Side.BUY, "1", symbol=call(strike).symbol))
    lab.advance(expires_at(call("200")))
    lab.save()

    assert len(lab.venue.state().settlements) == 1


# Side by side -----------------------------------------------------------------------------------

prices = st.integers(22_500, 25_500).map(lambda cents: str(Decimal(cents).scaleb(-2)))


class TwoVenues(RuleBasedStateMachine):
    """The same use of a venue that forgets and of one that does not."""

    @initialize(kept=st.integers(1, 3))
    def begin(self, kept: int) -> None:
        self.forgetful, self.lab = ForgetfulLab(kept), Lab()
        self.orders: list[BrokerOrder] = []
        self.used: list[OrderTerms] = []

    def place(self, order: OrderTerms) -> None:
        outcome = self.lab.submit(order)
        assert self.forgetful.submit(order) == outcome
        if isinstance(outcome, Accepted):
            self.orders.append(outcome.order)
            self.used.append(order)

    @rule(side=st.sampled_from(Side), limit=st.none() | prices)
    def order_share(self, side: Side, limit: str | None) -> None:
        self.place(terms(side, "3", limit))

    @rule()
    def order_bracket(self) -> None:
        self.place(bracket("3", limit="245.00", take_profit="253.50", stop_loss="228.50"))

    @rule()
    def order_exits(self) -> None:
        self.place(oco("2", "254.00", "226.00"))

    @rule(data=st.data())
    def order_again(self, data: st.DataObject) -> None:
        if self.used:
            self.place(data.draw(st.sampled_from(self.used)))

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        if self.orders:
            order = data.draw(st.sampled_from(self.orders))
            assert self.forgetful.cancel(order) == self.lab.cancel(order)

    @rule(data=st.data(), limit=prices)
    def replace(self, data: st.DataObject, limit: str) -> None:
        if not self.orders:
            return
        order = data.draw(st.sampled_from(self.orders))
        legs = data.draw(st.sampled_from((None, *order.legs)))
        change = OrderChange(
            client_order_id=f"new-{len(self.orders)}-{self.lab.now}",
            limit_price=Decimal(limit) if legs is None or legs.limit_price is not None else None,
            stop_price=Decimal("226.50") if legs is not None and legs.stop_price else None,
        )
        name = (legs or order).broker_order_id
        outcome, updates = self.lab.venue.replace(name, change, self.lab.now)
        assert self.forgetful.venue.replace(name, change, self.lab.now) == (outcome, updates)
        if isinstance(outcome, Accepted):
            self.orders.append(outcome.order)

    @rule(bid=prices, size=st.integers(1, 5))
    def quote(self, bid: str, size: int) -> None:
        ask = str(Decimal(bid) + Decimal("0.02"))
        told = self.lab.quote("AAPL", bid, ask, size, size)
        assert self.forgetful.quote("AAPL", bid, ask, size, size) == told

    @rule()
    def next_day(self) -> None:
        day = self.lab.now + timedelta(days=1)
        assert self.forgetful.advance(day) == self.lab.advance(day)

    @rule()
    def write_down(self) -> None:
        self.forgetful.save()

    @invariant()
    def every_answer_is_the_same(self) -> None:
        mine, other = self.forgetful.venue, self.lab.venue
        assert mine.open_orders() == other.open_orders()
        assert mine.positions() == other.positions()
        assert mine.account(self.lab.now) == other.account(self.lab.now)
        for moment in (NOON, self.lab.now - timedelta(seconds=3), self.lab.now):
            assert list(mine.orders_since(moment)) == list(other.orders_since(moment))
            assert list(mine.executions_since(moment)) == list(other.executions_since(moment))
        for order in self.orders[-4:] + self.orders[:2]:
            assert mine.order(order.broker_order_id) == other.order(order.broker_order_id)
            assert mine.order(order.client_order_id) == other.order(order.client_order_id)


TestTwoVenues = TwoVenues.TestCase
TestTwoVenues.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)


@pytest.mark.parametrize("kept", [1, 7])
def test_memory_is_bounded_however_much_is_traded(kept: int) -> None:
    lab = ForgetfulLab(kept)
    traded(lab, 60)

    state = lab.venue.state()

    assert len(state.orders) == kept
    assert len(state.executions) <= 2 * kept
