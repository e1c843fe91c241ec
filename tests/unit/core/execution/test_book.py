"""What each event makes true, and what it must leave alone."""

from decimal import Decimal
from typing import get_args

import attrs
import pytest
from attrs import evolve

from cream.core.execution import activity_events as a
from cream.core.execution import events as e
from cream.core.execution import option_events as o
from cream.core.execution.book import Book
from cream.core.model.activity import Activity, ActivityKind
from cream.core.model.instrument import Equity
from cream.core.model.order import OrderPurpose, OrderStatus, OrderType, Side
from cream.core.model.plan import Environment
from cream.core.model.state import Cause, TradingState
from cream.core.options.roll_legs import RollLeg
from tests.fakes.builders import (
    CALL,
    HIGHER_CALL,
    MSFT,
    NOW,
    bracket,
    broker_id,
    execution,
    later,
    leg_executions,
    order_terms,
    shown,
    shown_exit,
    spread,
)
from tests.fakes.ledger import Ledger

S = OrderStatus


# Orders -----------------------------------------------------------------------------------------


def test_an_order_is_found_by_each_of_its_names() -> None:
    ledger, terms = Ledger(), order_terms()
    ledger.work(terms)

    for name in (terms.order_id, terms.client_order_id, broker_id(terms.order_id)):
        found = ledger.book.find(name)
        assert found is not None
        assert found.terms == terms
    assert ledger.book.find("nobody") is None


def test_orders_without_a_client_id_are_not_taken_for_each_other() -> None:
    """A leg or a stranger's order may have none; an empty name names nothing."""
    ledger = Ledger()
    nameless = evolve(order_terms("o-1", purpose=OrderPurpose.EXTERNAL), client_order_id="")
    ledger.apply(e.ChildListed(at=NOW, terms=nameless, broker_order_id="b-1", status=S.ACCEPTED))

    assert ledger.book.find("") is None


def test_a_stranger_s_order_does_not_take_our_order_s_name() -> None:
    ledger, ours = Ledger(), order_terms()
    ledger.work(ours)
    twin = evolve(ours, order_id="o-twin", purpose=OrderPurpose.EXTERNAL)

    ledger.apply(e.ChildListed(at=NOW, terms=twin, broker_order_id="b-9", status=S.ACCEPTED))

    assert ledger.book.find(ours.client_order_id) == ledger.order(ours.order_id)


def test_the_same_order_cannot_be_intended_twice() -> None:
    ledger = Ledger()
    ledger.intend(order_terms())

    with pytest.raises(AssertionError, match="was intended before"):
        ledger.intend(order_terms())


def test_a_leg_that_is_listed_again_stays_what_it_has_become() -> None:
    """A broker shows its legs as often as it likes: that is no reason to end the process."""
    ledger, entry = Ledger(), bracket()
    ledger.enter(entry)
    stop = next(one for one in ledger.book.children("o-entry") if one.terms.stop_price)
    listed = e.ChildListed(
        at=later(9), terms=stop.terms, broker_order_id=stop.broker_order_id or "", status=S.HELD
    )
    ledger.trade(stop.order_id, "100", "95")

    ledger.apply(listed)

    assert ledger.order(stop.order_id).status is S.FILLED


def test_open_orders_come_oldest_first_and_by_symbol() -> None:
    ledger = Ledger()
    first, second, third = (order_terms(f"o-{n}") for n in range(3))
    other = order_terms("o-msft", instrument=MSFT)
    for terms in (first, second, other, third):
        ledger.work(terms)
    ledger.end(second, S.CANCELED)

    assert [one.order_id for one in ledger.book.open_orders()] == ["o-0", "o-msft", "o-2"]
    assert [one.order_id for one in ledger.book.open_on("AAPL")] == ["o-0", "o-2"]
    assert [one.order_id for one in ledger.book.open_on("MSFT")] == ["o-msft"]
    assert list(ledger.book.open_on("TSLA")) == []
    assert [one.order_id for one in ledger.book.orders()] == ["o-0", "o-1", "o-msft", "o-2"]


def test_open_orders_may_be_read_while_the_book_changes() -> None:
    ledger = Ledger()
    for name in ("o-1", "o-2"):
        ledger.work(order_terms(name))

    seen = []
    for order in ledger.book.open_on("AAPL"):
        seen.append(order.order_id)
        ledger.apply(e.CancelRequested(at=NOW, order_id="o-2", reason="r", actor="a"))

    assert seen == ["o-1", "o-2"]


def test_an_order_that_comes_back_is_open_again() -> None:
    ledger, terms = Ledger(), order_terms()
    ledger.intend(terms)
    ledger.apply(e.OrderRefused(at=NOW, order_id="o-entry", code="GONE", message="not found"))
    assert list(ledger.book.open_orders()) == []

    ledger.report(shown(terms))

    assert [one.order_id for one in ledger.book.open_orders()] == ["o-entry"]
    assert [one.order_id for one in ledger.book.open_on("AAPL")] == ["o-entry"]


# Everything else --------------------------------------------------------------------------------


def judged(*order_ids: str) -> e.PlanJudged:
    return e.PlanJudged(
        at=NOW,
        plan_id="plan-1",
        cycle_id="cycle-1",
        content_hash="hash",
        ok=bool(order_ids),
        order_ids=order_ids,
        left_out=(),
        violations=(),
        policy_version="1",
    )


def test_only_a_verdict_that_led_to_an_order_is_remembered() -> None:
    """A wholly refused plan is judged anew."""
    ledger = Ledger()
    ledger.apply(judged())
    assert ledger.book.plans == {}

    ledger.apply(judged("o-entry"))
    assert ledger.book.plans == {"plan-1": judged("o-entry")}


def test_trading_is_as_restricted_as_the_worst_standing_cause() -> None:
    ledger = Ledger()
    book = ledger.book

    def restrict(cause: Cause, state: TradingState) -> None:
        ledger.apply(
            e.TradingRestricted(at=NOW, cause=cause, state=state, reason="why", actor="who")
        )

    def lift(cause: Cause) -> None:
        ledger.apply(e.RestrictionLifted(at=NOW, cause=cause, reason="why", actor="who"))

    assert book.trading_state is TradingState.ACTIVE
    restrict(Cause.DISCONNECT, TradingState.REDUCING)
    assert book.trading_state is TradingState.REDUCING
    restrict(Cause.OPERATOR, TradingState.HALTED)
    assert book.trading_state is TradingState.HALTED
    lift(Cause.OPERATOR)
    assert book.trading_state is TradingState.REDUCING
    lift(Cause.LOSS_LIMIT)
    assert book.restrictions[Cause.DISCONNECT].reason == "why"
    lift(Cause.DISCONNECT)
    assert book.trading_state is TradingState.ACTIVE


def test_a_mass_cancel_is_owed_until_it_is_confirmed() -> None:
    ledger = Ledger()
    owed = e.MassCancelOwed(at=NOW, reason="disconnected")
    ledger.apply(owed)
    assert ledger.book.mass_cancel_owed == owed

    ledger.apply(e.MassCancelConfirmed(at=NOW))
    assert ledger.book.mass_cancel_owed is None


def test_a_run_that_did_not_stop_has_crashed() -> None:
    ledger = Ledger()
    started = e.RunStarted(
        at=NOW, version="1", config_hash="c", environment=Environment.PAPER, account_id="PA1"
    )
    assert ledger.book.stopped_cleanly

    ledger.apply(started)
    assert not ledger.book.stopped_cleanly
    ledger.apply(e.RunStopped(at=NOW))
    assert ledger.book.stopped_cleanly


# Replay -----------------------------------------------------------------------------------------


def busy_day() -> Ledger:
    """At least one event of every kind."""
    ledger, entry, legs = Ledger(), bracket(), spread()
    ledger.apply(
        e.RunStarted(
            at=NOW, version="1", config_hash="c", environment=Environment.PAPER, account_id="PA1"
        ),
        judged("o-entry"),
    )
    ledger.work(entry)
    ledger.fill(entry, "60", "100.01")
    ledger.ask_cancel("o-entry")
    ledger.apply(e.CancelRefused(at=NOW, order_id="o-entry", reason="too late"))
    ledger.fill(entry, "40", "100.02")
    ledger.report(
        shown_exit(entry, OrderType.STOP, S.PARTIALLY_FILLED, "10"),
        execution(entry, "x-s", "10", "95", side=Side.SELL, broker_order_id="b-o-entry-stop"),
    )
    ledger.intend(legs)
    ledger.apply(e.SubmitUnknown(at=NOW, order_id="o-spread", why="timed out"))
    ledger.report(shown(legs, S.PARTIALLY_FILLED, "1"), *leg_executions(legs, "x", "1", ["4", "1"]))
    ledger.end(legs, S.EXPIRED, "1")
    resting = order_terms("o-resting", "9", instrument=MSFT, limit="400")
    ledger.work(resting)
    guessed = evolve(shown(resting, filled="2"), average_price=Decimal(400))
    ledger.guess(guessed)
    ledger.fill(resting, "1", "399")
    ledger.report(evolve(guessed, broker_order_id="b-next", replaces=broker_id("o-resting")))
    ledger.intend(order_terms("o-refused", instrument=MSFT))
    ledger.apply(
        e.OrderRefused(at=NOW, order_id="o-refused", code="NO", message="no"),
        e.ProtectionTriggered(
            at=NOW,
            symbol="AAPL",
            kind="stop_loss",
            level=Decimal(95),
            price=Decimal(94),
            exit_order_id="o-exit",
        ),
        e.PositionAdjusted(
            at=NOW,
            instrument=MSFT,
            quantity=Decimal(5),
            average_price=Decimal(500),
            reason="truth",
        ),
        e.TradingRestricted(
            at=NOW,
            cause=Cause.DISCONNECT,
            state=TradingState.REDUCING,
            reason="gone",
            actor="watchdog",
        ),
        e.MassCancelOwed(at=NOW, reason="gone"),
        e.MassCancelConfirmed(at=NOW),
        e.ReconciliationCompleted(at=NOW, layer="full", differences=()),
        e.TrailMoved(at=NOW, symbol="MSFT", best=Decimal(510)),
        e.PartialTimedOut(at=NOW, order_id="o-other", action="keep_partial"),
        e.ClientSessionKept(
            at=NOW, session_id="s-1", timeout_seconds="30", on_loss="reduce", actor="me"
        ),
        e.ClientSessionKept(
            at=NOW, session_id="s-2", timeout_seconds="30", on_loss="none", actor="me"
        ),
        e.ClientSessionEnded(at=NOW, session_id="s-2", lost=True),
        e.FlattenOwed(at=NOW, reason="enough", actor="me"),
        e.FlattenSettled(at=NOW, reason="nothing is held any more"),
        e.EquityMarked(at=NOW, session=NOW.date(), equity=Decimal(100_000)),
        a.ActivityNoted(
            at=NOW,
            activity=Activity(
                activity_id="a-1",
                kind=ActivityKind.SPLIT,
                word="SPLIT",
                day=NOW.date(),
                symbol="AAPL",
                net_amount=Decimal("-0.02"),
            ),
        ),
        a.CashUnexplained(at=NOW, amount=Decimal("12.34")),
        o.CloseOwed(
            at=NOW,
            contract=CALL,
            held=Decimal(1),
            keep=Decimal(0),
            cause="expiry",
            reason="it expires",
        ),
        o.CloseOwed(
            at=NOW,
            contract=HIGHER_CALL,
            held=Decimal(-2),
            keep=Decimal(0),
            cause="expiry",
            reason="it expires",
        ),
        o.CloseSettled(at=NOW, symbol=CALL.symbol, cause="expiry", reason="it is closed"),
        o.OptionAlarmed(at=NOW, symbol=CALL.symbol, kind="not_closed", message="still there"),
        o.OptionAlarmed(at=NOW, symbol=CALL.symbol, kind="orphan_leg", message="alone"),
        o.OptionAlarmed(at=NOW, symbol=CALL.symbol, kind="orphan_leg", message=""),
        o.ExerciseAsked(
            at=NOW,
            request_id="x-1",
            contract=CALL,
            quantity=Decimal(1),
            held=Decimal(1),
            instruction="exercise",
            actor="me",
        ),
        o.ExerciseAnswered(at=NOW, request_id="x-1", outcome="taken", message=""),
        roll_owed("roll-1"),
        roll_owed("roll-2"),
        o.RollSettled(
            at=NOW,
            roll_id="roll-1",
            outcome="rolled",
            closed=Decimal(1),
            opened=Decimal(1),
            message="all of it is rolled",
        ),
        e.RestrictionLifted(at=NOW, cause=Cause.DISCONNECT, reason="back", actor="reconciler"),
        e.RunStopped(at=NOW),
    )
    return ledger


def roll_owed(roll_id: str) -> o.RollOwed:
    """A call that is to be rolled."""
    return o.RollOwed(
        at=NOW,
        roll_id=roll_id,
        closes=(RollLeg(CALL, 1),),
        opens=(RollLeg(evolve(CALL, strike=Decimal(300)), 1),),
        units=1,
        as_one=True,
        limit=Decimal("0.25"),
        most_debit=None,
        urgent=False,
        reasons=("profit_target",),
    )


def state_of(book: Book) -> object:
    """All that can be read of a book, in order."""
    return (
        book.sequence,
        book.plans,
        book.positions,
        book.protections,
        book.restrictions,
        book.mass_cancel_owed,
        book.last_reconciliation,
        book.last_executed_at,
        book.guessed(),
        book.flatten_owed,
        book.options.state(),
        book.timed_out,
        book.client_sessions,
        book.activities.state(),
        book.stopped_cleanly,
        book.late_fills,
        book.fills_booked,
        book.position_sequence,
        book.touched,
        attrs.asdict(book.history),
        book.orders(),
        list(book.open_orders()),
        [list(book.open_on(symbol)) for symbol in ("AAPL", "MSFT")],
        [book.children(order.order_id) for order in book.orders()],
    )


def test_the_busy_day_has_an_event_of_every_kind() -> None:
    assert {type(one.event) for one in busy_day().records} == set(get_args(e.Event))


def test_replaying_any_prefix_again_changes_nothing() -> None:
    """Invariant 10: in every place of the journal, from its beginning."""
    records = busy_day().records
    whole = Book()
    for record in records:
        whole.apply(record)

    for length in range(len(records) + 1):
        book = Book()
        for record in (*records[:length], *records[:length]):
            book.apply(record)
        before = state_of(book)
        for record in records[:length]:
            book.apply(record)
        assert state_of(book) == before
        for record in records:
            book.apply(record)
        assert state_of(book) == state_of(whole)


def test_a_gap_in_the_journal_is_no_state() -> None:
    book = Book()
    book.apply(e.Record(1, e.RunStopped(at=NOW)))

    with pytest.raises(AssertionError, match="gap"):
        book.apply(e.Record(3, e.RunStopped(at=NOW)))


def test_an_instrument_that_was_never_held_is_flat() -> None:
    position = Book().position(Equity("TSLA"))

    assert position.is_flat
    assert position.instrument == Equity("TSLA")
