"""Desk and router in one: what is decided is recorded, sent and answered before the next."""

from datetime import date, timedelta
from decimal import Decimal

from attrs import evolve

from cream.core.backtest.clerk import Clerk
from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.model.order import OrderPurpose, OrderStatus, OrderTerms, Side
from cream.core.model.plan import Environment
from cream.core.model.state import Cause, TradingState
from cream.core.risk.decisions import Decided, cancel_orders, restrict
from cream.core.risk.gate import Gate
from cream.core.risk.limits import Constraints
from tests.fakes.approvals import approved
from tests.fakes.venue_lab import NOON, Lab, bracket, call, leg, spread, terms

GATE = Gate(Constraints(), Environment.PAPER, "PA-SIMULATED")


class Office:
    """A clerk over a venue whose market is set by hand."""

    def __init__(self) -> None:
        self.lab = Lab()
        self.given: list[OrderTerms] = []
        self.clerk = Clerk(Book(), self.lab.venue, NOON, self.given.append)

    def send(self, *wanted: OrderTerms) -> None:
        """Intend orders and send them, as whoever has decided on them."""
        intents = tuple(e.OrderIntended(at=self.clerk.now, terms=one, reason="") for one in wanted)
        self.clerk.record(intents)
        self.clerk.do(lambda _book, _now: Decided(None, (), approved(GATE, *wanted)))

    def quote(self, bid: str, ask: str) -> None:
        self.clerk.now += timedelta(seconds=1)
        self.lab.market.set("AAPL", bid, ask)
        self.clerk.take(self.lab.venue.on_quote("AAPL", self.clerk.now))

    def status(self, wanted: OrderTerms) -> OrderStatus:
        return self.clerk.book.order(wanted.order_id).status

    def held(self) -> Decimal:
        return self.clerk.book.positions["AAPL"].quantity


def exit_of(quantity: str, limit: str | None = None) -> OrderTerms:
    return terms(Side.SELL, quantity, limit, purpose=OrderPurpose.EXIT)


def test_an_order_is_sent_and_its_answer_read_at_once() -> None:
    office = Office()
    entry = terms(Side.BUY, "10")
    office.send(entry)
    assert office.status(entry) is OrderStatus.FILLED
    assert office.given == [entry]
    (traded,) = office.clerk.traded
    assert (traded.fill.quantity, traded.realized, traded.reason) == (10, 0, "")


def test_a_refusal_of_the_venue_is_read_too() -> None:
    office = Office()
    entry = terms(Side.BUY, "100000")
    office.send(entry)
    assert office.status(entry) is OrderStatus.REJECTED


def test_an_exit_releases_the_protection_that_holds_its_shares() -> None:
    office = Office()
    office.send(bracket("10", "238.50"))
    office.send(exit_of("10"))
    assert office.held() == 0
    assert not [one for one in office.clerk.book.orders() if one.is_open]
    assert office.clerk.traded[-1].reason == "plan"
    assert office.clerk.traded[-1].realized == Decimal("-0.20")


def test_an_exit_of_more_than_is_held_does_not_leave() -> None:
    office = Office()
    office.send(terms(Side.BUY, "10"))
    too_much = exit_of("11")
    office.send(too_much)
    assert office.status(too_much) is OrderStatus.REJECTED
    assert too_much not in office.given
    assert office.held() == 10


def test_an_entry_does_not_leave_once_trading_is_restricted() -> None:
    office = Office()
    office.clerk.do(restrict(Cause.LOSS_LIMIT, TradingState.REDUCING, "lost", "loss_limit"))
    entry = terms(Side.BUY, "10")
    office.send(entry)
    assert office.status(entry) is OrderStatus.REJECTED
    assert not office.given


def test_a_cancel_is_done_at_once_and_one_that_is_too_late_changes_nothing() -> None:
    office = Office()
    resting, filled = terms(Side.BUY, "10", "200.00"), terms(Side.BUY, "10")
    office.send(resting, filled)
    office.clerk.do(cancel_orders([resting.order_id, filled.order_id], "enough", "me"))
    assert office.status(resting) is OrderStatus.CANCELED
    assert office.status(filled) is OrderStatus.FILLED


def test_an_order_that_is_withdrawn_before_it_was_sent_is_over() -> None:
    office = Office()
    entry = terms(Side.BUY, "10")
    office.clerk.record((e.OrderIntended(at=NOON, terms=entry, reason=""),))
    office.clerk.do(cancel_orders([entry.order_id], "enough", "me"))
    office.clerk.do(lambda _book, _now: Decided(None, (), approved(GATE, entry)))
    assert office.status(entry) is OrderStatus.CANCELED
    assert not office.given


def test_a_stop_and_a_target_are_told_apart() -> None:
    reasons = []
    for bid, ask in (("220.00", "220.02"), ("260.00", "260.02")):
        office = Office()
        office.send(bracket("10", "238.50"))
        office.quote(bid, ask)
        reasons.append(office.clerk.traded[-1].reason)
    assert reasons == ["stop_loss", "take_profit"]


def test_what_is_recorded_has_a_digest_by_content_and_order() -> None:
    digests = set()
    for orders in (("a", "b"), ("b", "a"), ("a",), ("a", "b")):
        office = Office()
        for name in orders:
            causes = {"a": Cause.OPERATOR, "b": Cause.LOSS_LIMIT}
            office.clerk.do(restrict(causes[name], TradingState.REDUCING, name, name))
        digests.add(office.clerk.digest)
    assert len(digests) == 3


def test_what_a_roll_closes_is_told_as_rolled() -> None:
    """And it leaves only while entries may."""
    office = Office()
    now, later = call("240"), call("240", expiry=date(2027, 1, 15))
    office.lab.quote(now.symbol, "4.30", "4.31")
    office.lab.quote(later.symbol, "7.10", "7.11")
    office.send(terms(Side.BUY, "2", symbol=now.symbol))
    legs = (leg(now, -1, closes=True), leg(later, 1))
    first, second = (evolve(spread(legs), purpose=OrderPurpose.ROLL, plan_id="") for _ in range(2))
    office.send(first)

    assert office.status(first) is OrderStatus.FILLED
    assert [(one.reason, one.realized) for one in office.clerk.traded[-2:]] == [
        ("roll", Decimal("-1.00")),
        ("", 0),
    ]
    office.clerk.do(restrict(Cause.OPERATOR, TradingState.REDUCING, "less", "me"))
    office.send(second)
    assert office.status(second) is OrderStatus.REJECTED
    assert office.lab.held(now.symbol) == 1
