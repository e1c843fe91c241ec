"""What each answer and each report means, and what none of them may ever mean."""

from decimal import Decimal

import pytest
from attrs import evolve

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.execution.reports import DUPLICATE_CLIENT_ID, Reading, read_update
from cream.core.model.broker import (
    Accepted,
    OrderUpdate,
    OutcomeUnknown,
    Refused,
    SubmitOutcome,
    Unavailable,
)
from cream.core.model.order import OrderStatus, Side
from tests.fakes.builders import (
    MSFT,
    NOW,
    broker_id,
    execution,
    later,
    order_terms,
    shown,
)
from tests.fakes.ledger import Ledger

S = OrderStatus
TERMS = order_terms()
CLOSED = [one for one in S if one.is_closed]


def kinds(reading: Reading) -> list[str]:
    return [type(one).__name__ for one in reading.events]


def intended() -> Ledger:
    ledger = Ledger()
    ledger.intend(TERMS)
    return ledger


def working() -> Ledger:
    ledger = intended()
    ledger.report(shown(TERMS))
    return ledger


# Answers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "status", "reason"),
    [
        (Accepted(shown(TERMS)), S.ACCEPTED, "test"),
        (Accepted(shown(TERMS, S.HELD)), S.HELD, "test"),
        (Accepted(shown(TERMS, S.REJECTED, reason="no")), S.REJECTED, "no"),
        (Refused("NO_MONEY", "none left"), S.REJECTED, "[NO_MONEY] none left"),
        (Refused(DUPLICATE_CLIENT_ID, "not unique"), S.UNKNOWN_SUBMIT, "not unique"),
        (Unavailable("refused"), S.REJECTED, "[BROKER_UNAVAILABLE] refused"),
        (OutcomeUnknown("timed out"), S.UNKNOWN_SUBMIT, "timed out"),
    ],
)
def test_each_answer_to_a_submit_has_one_meaning(
    outcome: SubmitOutcome, status: S, reason: str
) -> None:
    """Only a refusal ends an order; doubt, and a name that is taken, do not."""
    ledger = intended()

    ledger.answer("o-entry", outcome)

    assert ledger.order("o-entry").status is status
    assert ledger.order("o-entry").reason == reason


@pytest.mark.parametrize(
    "outcome",
    [
        Refused("NO", "no"),
        Refused(DUPLICATE_CLIENT_ID, "no"),
        Unavailable("no"),
        OutcomeUnknown("?"),
    ],
)
def test_a_bad_answer_about_an_order_that_the_broker_has_changes_nothing(
    outcome: SubmitOutcome,
) -> None:
    """The stream was quicker: to believe the answer would lose sight of a living order."""
    ledger = working()

    reading = ledger.answer("o-entry", outcome)

    assert reading == Reading()
    assert ledger.order("o-entry").status is S.ACCEPTED


def test_an_answer_belongs_to_the_order_it_answers_whatever_name_it_carries() -> None:
    """A broker that shows another client id still took this order: it has left for good."""
    ledger = intended()
    renamed = evolve(shown(TERMS), client_order_id="the broker's own")

    ledger.answer("o-entry", Accepted(renamed))

    assert ledger.order("o-entry").broker_order_id == broker_id("o-entry")


def test_an_answer_that_shows_another_broker_order_is_read_as_that_one() -> None:
    ledger = working()
    other = evolve(shown(TERMS), broker_order_id="b-other", client_order_id="other")

    reading = ledger.answer("o-entry", Accepted(other))

    assert reading.unknown == (other,)
    assert reading.events == ()


def test_a_late_answer_after_the_stream_adds_nothing() -> None:
    ledger = working()
    ledger.fill(TERMS, "100")

    reading = ledger.answer("o-entry", Accepted(shown(TERMS)))

    assert reading == Reading()
    assert ledger.order("o-entry").status is S.FILLED


# First sight ------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", S)
def test_an_order_that_is_seen_for_the_first_time_is_known_by_the_broker(status: S) -> None:
    """Whatever the status, it has an answer now; an end follows the acknowledgement."""
    ledger = intended()

    ledger.report(shown(TERMS, status))

    order = ledger.order("o-entry")
    assert order.broker_order_id == broker_id("o-entry")
    assert order.status not in (S.PENDING_NEW, S.UNKNOWN_SUBMIT, S.PARTIALLY_FILLED, S.FILLED)
    if status in (S.CANCELED, S.REJECTED, S.EXPIRED):
        assert order.status is status


def test_an_order_is_found_by_its_client_id_until_it_has_a_broker_id() -> None:
    ledger = intended()
    ledger.report(shown(TERMS))

    second = evolve(shown(TERMS, S.CANCELED), broker_order_id="b-second")
    reading = ledger.report(second)

    assert reading.unknown == (second,), "two orders under one name are not one order"
    assert ledger.order("o-entry").status is S.ACCEPTED


def test_a_stranger_s_order_is_unknown() -> None:
    order = shown(order_terms("o-stranger"))

    reading = read_update(Book(), OrderUpdate(event="new", order=order), NOW)

    assert reading == Reading(unknown=(order,))


@pytest.mark.parametrize(
    "another",
    [
        evolve(shown(TERMS), instrument=MSFT),
        evolve(shown(TERMS), side=Side.SELL),
        evolve(shown(TERMS), quantity=Decimal(101)),
    ],
)
def test_a_name_that_belongs_to_another_order_is_an_error(another: object) -> None:
    """Ours was never taken; its fills are not that order's fills."""
    ledger = intended()
    ledger.answer("o-entry", Refused(DUPLICATE_CLIENT_ID, "not unique"))

    reading = ledger.report(another)  # type: ignore[arg-type]

    assert reading.unknown == (another,)
    assert ledger.order("o-entry").status is S.REJECTED
    assert DUPLICATE_CLIENT_ID in ledger.order("o-entry").reason
    assert ledger.report(another).events == ()  # type: ignore[arg-type]


def test_a_smaller_order_under_our_name_is_ours_reduced() -> None:
    ledger = intended()

    ledger.report(shown(TERMS, quantity="60"))

    assert ledger.order("o-entry").status is S.ACCEPTED


# Progress ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", CLOSED)
def test_a_closed_order_is_not_opened_by_a_report(status: S) -> None:
    """The slower answer of two is not the newer truth."""
    ledger = working()
    if status is S.FILLED:
        ledger.fill(TERMS, "100")
    else:
        ledger.end(TERMS, status)

    for reported in S:
        ledger.report(shown(TERMS, reported, updated=60))

    assert ledger.order("o-entry").status is status


@pytest.mark.parametrize("status", [S.HELD, S.DONE_FOR_DAY, S.PENDING_CANCEL, S.PENDING_REPLACE])
def test_a_report_that_is_older_than_what_is_known_moves_nothing(status: S) -> None:
    ledger = intended()
    ledger.report(shown(TERMS, updated=10))

    assert ledger.report(shown(TERMS, status, updated=9)).events == ()


@pytest.mark.parametrize("status", [S.CANCELED, S.REJECTED, S.EXPIRED])
def test_an_end_is_never_too_old_to_be_true(status: S) -> None:
    """Clocks are set back; an order that has ended must not stay open here for ever."""
    ledger = intended()
    ledger.report(shown(TERMS, updated=10))

    ledger.report(shown(TERMS, status, updated=9))

    assert ledger.order("o-entry").status is status


def test_a_report_of_the_same_moment_is_judged_by_the_table() -> None:
    ledger = intended()
    ledger.report(shown(TERMS, updated=10))

    ledger.report(shown(TERMS, S.DONE_FOR_DAY, updated=10))

    assert ledger.order("o-entry").status is S.DONE_FOR_DAY


def test_an_order_that_rested_overnight_works_again_as_what_it_is() -> None:
    ledger = working()
    ledger.fill(TERMS, "40")
    ledger.report(shown(TERMS, S.DONE_FOR_DAY, "40", updated=1))

    ledger.report(shown(TERMS, S.ACCEPTED, "40", updated=2))
    assert ledger.order("o-entry").status is S.PARTIALLY_FILLED

    ledger.report(shown(TERMS, S.PENDING_REPLACE, "40", updated=3))
    ledger.report(shown(TERMS, S.PARTIALLY_FILLED, "40", updated=4))
    assert ledger.order("o-entry").status is S.PARTIALLY_FILLED


def test_partially_filled_with_nothing_filled_says_nothing() -> None:
    ledger = working()

    assert ledger.report(shown(TERMS, S.PARTIALLY_FILLED, "0", updated=1)).events == ()


@pytest.mark.parametrize("status", [S.PENDING_NEW, S.UNKNOWN_SUBMIT])
def test_statuses_that_only_we_know_are_not_the_broker_s_to_give(status: S) -> None:
    ledger = working()

    assert ledger.report(shown(TERMS, status, updated=1)).events == ()


def test_a_wish_to_cancel_is_not_lifted_by_an_older_word_of_the_broker() -> None:
    """Pending until the broker ends the order or refuses to."""
    ledger = working()
    ledger.ask_cancel("o-entry")

    ledger.report(shown(TERMS, S.ACCEPTED, updated=5))
    assert ledger.order("o-entry").status is S.PENDING_CANCEL

    ledger.report(shown(TERMS, S.CANCELED, updated=6))
    assert ledger.order("o-entry").status is S.CANCELED


def test_a_fill_says_more_than_the_status_that_comes_with_it() -> None:
    ledger = working()

    reading = ledger.report(
        shown(TERMS, S.PENDING_REPLACE, "40", updated=1), execution(TERMS, "x-1", "40")
    )

    assert kinds(reading) == ["OrderFilled"]


def test_a_progress_is_told_with_the_broker_s_words_and_time() -> None:
    ledger = working()

    (event,) = ledger.report(shown(TERMS, S.EXPIRED, updated=5)).events

    assert event == e.OrderProgressed(
        at=NOW,
        order_id="o-entry",
        status=S.EXPIRED,
        reason="expired",
        broker_updated_at=later(5),
    )
