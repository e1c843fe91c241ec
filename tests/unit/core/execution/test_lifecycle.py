"""How one order changes with each kind of event, from each status it can stand at."""

from decimal import Decimal

import pytest
from attrs import evolve

from cream.core.execution import events as e
from cream.core.execution import lifecycle
from cream.core.model.fill import Fill
from cream.core.model.order import Order, OrderPurpose, OrderStatus
from cream.core.model.order_state import CancelPending, ReplacePending, Working, state_of
from tests.fakes.builders import CALL, HIGHER_CALL, NOW, PUT, later, leg, order_terms, spread

S = OrderStatus
TERMS = order_terms()
ORDER_ID = TERMS.order_id
UNANSWERED = (S.PENDING_NEW, S.UNKNOWN_SUBMIT)


def standing(
    status: S = S.ACCEPTED, *, known: bool = True, before: S | None = None, filled: str = "0"
) -> Order:
    return Order(
        terms=TERMS,
        state=state_of(status) if before is None else state_of(status, before),
        intended_at=NOW,
        updated_at=NOW,
        broker_order_id="b-1" if known else None,
        filled=Decimal(filled),
        notional_filled=Decimal(filled) * 100,
        reason="before",
    )


def acknowledgement(status: S = S.ACCEPTED) -> e.OrderAcknowledged:
    return e.OrderAcknowledged(
        at=later(1),
        order_id=ORDER_ID,
        broker_order_id="b-1",
        status=status,
        broker_updated_at=later(0.5),
    )


def progress(status: S, reason: str = "because") -> e.OrderProgressed:
    return e.OrderProgressed(at=later(1), order_id=ORDER_ID, status=status, reason=reason)


CANCEL = e.CancelRequested(at=later(1), order_id=ORDER_ID, reason="no", actor="me")
REFUSED_CANCEL = e.CancelRefused(at=later(2), order_id=ORDER_ID, reason="too late")
UNKNOWN = e.SubmitUnknown(at=later(1), order_id=ORDER_ID, why="timed out")
REFUSED = e.OrderRefused(at=later(1), order_id=ORDER_ID, code="NO_MONEY", message="none left")


def test_an_intended_order_waits_to_be_sent() -> None:
    order = lifecycle.intended(e.OrderIntended(at=NOW, terms=TERMS, reason="plan"))

    assert order.status is S.PENDING_NEW
    assert (order.intended_at, order.updated_at, order.reason) == (NOW, NOW, "plan")
    assert order.broker_order_id is None
    assert order.leaves == 100


def test_a_leg_is_as_old_as_the_order_it_came_with() -> None:
    """Its executions are looked for from there, however late it is seen for the first time."""
    event = e.ChildListed(at=later(7200), terms=TERMS, broker_order_id="b-2", status=S.HELD)

    assert lifecycle.listed(event, standing()).intended_at == NOW
    assert lifecycle.listed(event, None).intended_at == later(7200)
    assert lifecycle.listed(event, None).broker_order_id == "b-2"


@pytest.mark.parametrize("status", [one for one in S if one.is_closed])
def test_a_closed_leg_is_not_reduced(status: S) -> None:
    smaller = e.ChildListed(
        at=later(1),
        terms=evolve(TERMS, quantity=Decimal(10)),
        broker_order_id="b-1",
        status=S.HELD,
    )
    before = standing(status)

    assert lifecycle.listed_again(before, smaller) is before


@pytest.mark.parametrize("status", S)
@pytest.mark.parametrize(
    "acknowledged", [S.ACCEPTED, S.HELD, S.DONE_FOR_DAY, *(S.PENDING_CANCEL, S.PENDING_REPLACE)]
)
def test_an_order_with_a_broker_id_never_looks_as_if_it_had_not_left(
    status: S, acknowledged: S
) -> None:
    order = lifecycle.acknowledged(standing(status, known=False), acknowledgement(acknowledged))

    assert order.broker_order_id == "b-1"
    assert order.broker_updated_at == later(0.5)
    assert order.status not in UNANSWERED
    assert order.status_before_pending not in UNANSWERED


@pytest.mark.parametrize("status", [S.REJECTED, S.CANCELED, S.EXPIRED])
def test_an_order_that_was_given_up_may_prove_to_be_alive(status: S) -> None:
    """A late answer brings it back, and its reason says so."""
    order = lifecycle.acknowledged(standing(status, known=False), acknowledgement())

    assert order.status is S.ACCEPTED
    assert "alive at the broker" in order.reason
    assert "before" in order.reason


def test_an_order_that_is_filled_does_not_come_back() -> None:
    order = lifecycle.acknowledged(standing(S.FILLED, known=False), acknowledgement())

    assert order.status is S.FILLED


@pytest.mark.parametrize("status", [S.FILLED, S.REJECTED, S.CANCELED, S.EXPIRED])
def test_an_order_that_the_broker_ended_is_not_brought_back(status: S) -> None:
    """Only an order that the broker was never known to have."""
    order = lifecycle.acknowledged(standing(status), acknowledgement())

    assert order.status is status


def test_an_acknowledgement_does_not_take_back_the_wish_to_cancel() -> None:
    before = standing(S.PENDING_CANCEL, known=False, before=S.PENDING_NEW)

    order = lifecycle.acknowledged(before, acknowledgement(S.HELD))

    assert order.status is S.PENDING_CANCEL
    assert order.status_before_pending is S.HELD
    assert lifecycle.cancel_answered(order, REFUSED_CANCEL).status is S.HELD


def test_a_cancel_at_the_broker_by_someone_else_has_a_status_to_go_back_to() -> None:
    order = lifecycle.acknowledged(
        standing(S.UNKNOWN_SUBMIT, known=False), acknowledgement(S.PENDING_CANCEL)
    )

    assert order.status is S.PENDING_CANCEL
    assert lifecycle.cancel_answered(order, REFUSED_CANCEL).status is S.ACCEPTED


def test_an_acknowledgement_of_what_has_traded_does_not_hide_it() -> None:
    order = lifecycle.acknowledged(
        standing(S.PENDING_NEW, known=False, filled="10"), acknowledgement()
    )

    assert order.status is S.PARTIALLY_FILLED


@pytest.mark.parametrize("status", [one for one in S if not one.is_closed])
def test_a_refusal_ends_an_order_with_code_and_words(status: S) -> None:
    order = lifecycle.progressed(standing(status, known=False), REFUSED)

    assert order.status is S.REJECTED
    assert order.reason == "[NO_MONEY] none left"
    assert order.updated_at == later(1)
    assert order.status_before_pending is None


@pytest.mark.parametrize("status", [one for one in S if one is not S.PENDING_CANCEL])
def test_a_submit_without_an_answer_leaves_doubt_only_where_there_was_no_answer(status: S) -> None:
    order = lifecycle.progressed(standing(status, known=False), UNKNOWN)

    assert order.status is (S.UNKNOWN_SUBMIT if status is S.PENDING_NEW else status)


def test_a_cancel_cannot_be_settled_by_not_sending_what_may_have_left() -> None:
    order = lifecycle.progressed(
        standing(S.PENDING_CANCEL, known=False, before=S.PENDING_NEW), UNKNOWN
    )

    assert order.status is S.PENDING_CANCEL
    assert order.status_before_pending is S.UNKNOWN_SUBMIT


def test_a_late_time_out_does_not_unsettle_what_the_broker_has_acknowledged() -> None:
    """The stream was quicker than the answer: nothing is unknown about the order any more."""
    before = standing(S.PENDING_CANCEL, before=S.ACCEPTED)

    order = lifecycle.progressed(before, UNKNOWN)

    assert order == before
    assert lifecycle.cancel_answered(order, REFUSED_CANCEL).status is S.ACCEPTED


@pytest.mark.parametrize("status", [one for one in S if one.is_closed])
@pytest.mark.parametrize("event", [REFUSED, UNKNOWN, progress(S.ACCEPTED), CANCEL, REFUSED_CANCEL])
def test_a_closed_order_is_left_as_it_is(status: S, event: object) -> None:
    before = standing(status)

    match event:
        case e.CancelRequested() | e.CancelRefused():
            order = lifecycle.cancel_answered(before, event)
        case e.OrderRefused() | e.SubmitUnknown() | e.OrderProgressed():
            order = lifecycle.progressed(before, event)
        case _:
            raise AssertionError(event)

    assert order is before


def test_a_request_at_the_broker_is_pending_and_remembers_where_the_order_stood() -> None:
    order = lifecycle.progressed(
        standing(S.PARTIALLY_FILLED, filled="1"), progress(S.PENDING_REPLACE)
    )

    assert order.status is S.PENDING_REPLACE
    assert order.status_before_pending is S.PARTIALLY_FILLED

    settled = lifecycle.progressed(order, progress(S.ACCEPTED))
    assert settled.status is S.PARTIALLY_FILLED, "it has traded, so it is not merely accepted"
    assert settled.status_before_pending is None


def in_vain(seconds: float) -> e.SubmitUnknown:
    why = f"{lifecycle.MISSED} in vain"
    return e.SubmitUnknown(at=later(seconds), order_id=ORDER_ID, why=why)


def test_an_order_without_an_answer_remembers_the_first_look_up_that_found_nothing() -> None:
    intended = lifecycle.intended(e.OrderIntended(at=NOW, terms=TERMS, reason="plan"))
    lost = lifecycle.progressed(intended, UNKNOWN)
    assert not lifecycle.was_missed(lost)

    missed = lifecycle.progressed(lost, in_vain(5))
    assert lifecycle.was_missed(missed)
    assert (missed.status, missed.updated_at) == (S.UNKNOWN_SUBMIT, later(5))
    assert lifecycle.progressed(missed, in_vain(9)) is missed, "the first, and no other"
    assert lifecycle.progressed(missed, UNKNOWN) is missed


def test_an_order_that_has_an_answer_was_not_missed() -> None:
    intended = lifecycle.intended(e.OrderIntended(at=NOW, terms=TERMS, reason="plan"))
    missed = lifecycle.progressed(lifecycle.progressed(intended, UNKNOWN), in_vain(5))
    assert not lifecycle.was_missed(lifecycle.acknowledged(missed, acknowledgement()))
    assert not lifecycle.was_missed(lifecycle.cancel_answered(missed, CANCEL))


def test_a_report_without_words_keeps_the_last_ones() -> None:
    assert lifecycle.progressed(standing(), progress(S.EXPIRED, reason="")).reason == "before"


def test_a_report_moves_the_broker_s_clock_and_our_own_decision_does_not() -> None:
    stamped = evolve(progress(S.EXPIRED), broker_updated_at=later(5))

    assert lifecycle.progressed(standing(), stamped).broker_updated_at == later(5)
    assert lifecycle.progressed(standing(), progress(S.EXPIRED)).broker_updated_at is None


@pytest.mark.parametrize("status", [one for one in S if not one.is_closed])
def test_every_open_order_can_be_asked_to_go_and_stands_again_if_it_may_not(status: S) -> None:
    asked = lifecycle.cancel_answered(standing(status), CANCEL)
    if status is S.PENDING_CANCEL:
        assert asked.state == standing(status).state
        return

    assert asked.status is S.PENDING_CANCEL
    assert asked.status_before_pending is status
    assert asked.reason == "no (me)"

    refused = lifecycle.cancel_answered(asked, REFUSED_CANCEL)
    assert refused.state == standing(status).state
    assert refused.reason == "too late"


def test_a_replacement_that_was_pending_outlives_a_cancel_that_is_refused() -> None:
    """Else a second replacement could be sent while the first is under way."""
    replacing = standing(S.PENDING_REPLACE, before=S.HELD)
    asked = lifecycle.cancel_answered(replacing, CANCEL)

    filled = lifecycle.filled(asked, Decimal(10), Decimal(100), Decimal(0), later(2))

    assert asked.state == CancelPending(ReplacePending(Working(S.HELD)))
    assert filled.state == CancelPending(ReplacePending(Working(S.PARTIALLY_FILLED)))
    assert lifecycle.cancel_answered(filled, REFUSED_CANCEL).status is S.PENDING_REPLACE


def test_a_replacement_in_place_leaves_only_the_cancel_pending() -> None:
    asked = lifecycle.cancel_answered(standing(S.PENDING_REPLACE, before=S.HELD), CANCEL)
    done = e.OrderReplaced(
        at=later(3),
        order_id=ORDER_ID,
        replaces="b-1",
        broker_order_id="b-2",
        quantity=Decimal(50),
        limit_price=None,
        stop_price=None,
        broker_updated_at=later(3),
    )

    replaced = lifecycle.replaced(asked, done)

    assert replaced.state == CancelPending(Working(S.HELD))
    assert (replaced.broker_order_id, replaced.terms.quantity) == ("b-2", 50)


def test_an_order_whose_only_fill_was_taken_back_works_untouched() -> None:
    guess = Fill(
        execution_id="x-1",
        order_id=ORDER_ID,
        instrument=TERMS.instrument,
        side=TERMS.side,
        quantity=Decimal(10),
        price=Decimal(100),
        executed_at=NOW,
        commission=Decimal(0),
    )
    traded = lifecycle.inferred(standing(S.ACCEPTED), guess, later(2))

    busted = lifecycle.corrected(traded, traded.inferred, None, later(3))

    assert traded.status is S.PARTIALLY_FILLED
    assert (busted.status, busted.filled, busted.average_price) == (S.ACCEPTED, 0, None)


def test_a_cancel_that_nobody_asked_for_cannot_be_refused() -> None:
    before = standing(S.ACCEPTED)

    assert lifecycle.cancel_answered(before, REFUSED_CANCEL) is before


def test_what_filled_while_a_cancel_was_pending_is_not_forgotten_when_it_is_refused() -> None:
    asked = lifecycle.cancel_answered(standing(S.ACCEPTED), CANCEL)

    filled = lifecycle.filled(asked, Decimal(10), Decimal(100), Decimal(0), later(2))

    assert filled.status is S.PENDING_CANCEL
    assert lifecycle.cancel_answered(filled, REFUSED_CANCEL).status is S.PARTIALLY_FILLED


def test_fills_add_up_exactly() -> None:
    order = standing()
    for price in ("100.01", "100.02", "100.04"):
        order = lifecycle.filled(order, Decimal(1), Decimal(price), Decimal("0.01"), later(1))

    assert order.filled == 3
    assert order.notional_filled == Decimal("300.07")
    assert order.average_price == Decimal("100.0233333333")
    assert order.commission == Decimal("0.03")
    assert order.leaves == 97


def leg_fill(execution_id: str, instrument: object, quantity: str, price: str) -> Fill:
    terms = spread()
    contract = next(one for one in (CALL, HIGHER_CALL, PUT) if one == instrument)
    side = next((one.side for one in terms.legs if one.contract == contract), terms.side)
    return Fill(
        execution_id=execution_id,
        order_id=terms.order_id,
        instrument=contract,
        side=side,
        quantity=Decimal(quantity),
        price=Decimal(price),
        executed_at=NOW,
        commission=Decimal("0.65"),
    )


def spread_event(name: str, long: str, short: str, *, stranger: bool = False) -> e.SpreadFilled:
    legs = (leg_fill(f"{name}-l", CALL, "1", long), leg_fill(f"{name}-s", HIGHER_CALL, "1", short))
    if stranger:
        legs += (leg_fill(f"{name}-p", PUT, "1", "9.99"),)
    return e.SpreadFilled(
        at=later(1),
        order_id="o-spread",
        execution_id=name,
        quantity=Decimal(1),
        net_price=Decimal(long) - Decimal(short),
        legs=legs,
    )


def test_a_spread_fills_leg_by_leg() -> None:
    order = lifecycle.intended(e.OrderIntended(at=NOW, terms=spread(), reason="plan"))

    once = lifecycle.spread_filled(order, spread_event("x1", "4.30", "1.30"))
    twice = lifecycle.spread_filled(once, spread_event("x2", "4.31", "1.32"))

    assert once.status is S.PARTIALLY_FILLED
    assert twice.status is S.FILLED
    assert twice.average_price == Decimal("2.995")
    assert twice.commission == Decimal("2.60")
    assert [(one.filled, one.average_price) for one in twice.leg_fills] == [
        (Decimal(2), Decimal("4.305")),
        (Decimal(2), Decimal("1.31")),
    ]


def test_a_spread_that_is_being_cancelled_stays_so_until_it_is_whole() -> None:
    order = lifecycle.intended(e.OrderIntended(at=NOW, terms=spread(), reason="plan"))
    asked = lifecycle.cancel_answered(order, evolve(CANCEL, order_id="o-spread"))

    once = lifecycle.spread_filled(asked, spread_event("x1", "4.30", "1.30"))
    twice = lifecycle.spread_filled(once, spread_event("x2", "4.30", "1.30"))

    assert once.status is S.PENDING_CANCEL
    assert once.status_before_pending is S.PARTIALLY_FILLED
    assert twice.status is S.FILLED
    assert twice.status_before_pending is None


def test_a_leg_that_the_spread_does_not_have_changes_none_of_its_legs() -> None:
    order = lifecycle.intended(e.OrderIntended(at=NOW, terms=spread(), reason="plan"))

    filled = lifecycle.spread_filled(order, spread_event("x1", "4.30", "1.30", stranger=True))

    assert [one.contract for one in filled.leg_fills] == [CALL, HIGHER_CALL]


def test_a_stranger_s_spread_is_taken_in_with_its_legs() -> None:
    terms = evolve(spread(legs=(leg(CALL, 1), leg(PUT, 1))), purpose=OrderPurpose.EXTERNAL)
    event = e.ChildListed(at=NOW, terms=terms, broker_order_id="b-9", status=S.ACCEPTED)

    assert [one.contract for one in lifecycle.listed(event, None).leg_fills] == [CALL, PUT]
