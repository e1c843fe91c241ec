"""What the wire shows of orders and verdicts: the old contract's numbers, and exact ones beside."""

from decimal import Decimal

import pytest
from attrs import evolve

from cream.adapters.server import wire_views as views
from cream.adapters.server.wire_enums import ENVIRONMENT, wire_status
from cream.adapters.server.wire_values import wire_instant, wire_instrument, wire_quantity
from cream.core.model.errors import CreamError
from cream.core.model.order import OrderPurpose, OrderStatus
from cream.core.model.order_state import standing, state_of
from cream.core.model.plan import Environment
from cream.core.operations import CancelResult, OrderResult, PlanResult
from cream.wire import common_pb2, execution_pb2
from tests.fakes.operations_data import NOW, working
from tests.unit.adapters.server import states
from tests.unit.adapters.server.plans import SWING, parsed

OS = execution_pb2.OrderStatus


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ("PENDING_NEW", "NEW"),
        ("UNKNOWN_SUBMIT", "PENDING"),
        ("ACCEPTED", "ACCEPTED"),
        ("HELD", "ACCEPTED"),
        ("DONE_FOR_DAY", "ACCEPTED"),
        ("PARTIALLY_FILLED", "PARTIAL_FILL"),
        ("FILLED", "FILLED"),
        ("CANCELED", "CANCELLED"),
        ("REJECTED", "REJECTED"),
        ("EXPIRED", "EXPIRED"),
    ],
)
def test_every_status_has_its_word_in_the_contract(status: str, shown: str) -> None:
    """The contract has fewer words; the exact one is in `status_detail`."""
    order = evolve(working(states.ENTRY), state=standing(OrderStatus(status)))

    message = views.order_message(order)

    assert message.status == OS.Value(f"ORDER_STATUS_{shown}")
    assert message.status_detail == status


@pytest.mark.parametrize(
    ("stands", "shown"),
    [
        (("PENDING_CANCEL", "HELD"), "ORDER_STATUS_ACCEPTED"),
        (("PENDING_REPLACE", "HELD"), "ORDER_STATUS_ACCEPTED"),
        (("PENDING_CANCEL", "PARTIALLY_FILLED"), "ORDER_STATUS_PARTIAL_FILL"),
        (("PENDING_REPLACE", "PARTIALLY_FILLED"), "ORDER_STATUS_PARTIAL_FILL"),
        (("PENDING_CANCEL", "PENDING_NEW"), "ORDER_STATUS_NEW"),
        (("PENDING_CANCEL", "UNKNOWN_SUBMIT"), "ORDER_STATUS_PENDING"),
        (("PENDING_CANCEL", "PENDING_REPLACE", "PARTIALLY_FILLED"), "ORDER_STATUS_PARTIAL_FILL"),
        (("PENDING_CANCEL", "PENDING_REPLACE", "ACCEPTED"), "ORDER_STATUS_ACCEPTED"),
    ],
)
def test_a_pending_order_shows_where_it_stood_before_any_request(
    stands: tuple[str, ...], shown: str
) -> None:
    order = evolve(working(states.ENTRY), state=state_of(*map(OrderStatus, stands)))

    assert wire_status(order) == shown
    assert views.order_message(order).status_detail == stands[0]


def test_an_order_shows_doubles_and_the_decimals_behind_them() -> None:
    message = views.order_message(states.filled_entry(), [states.stop_child()])

    assert message.order_id == "o-entry"
    assert message.instrument.instrument_id == "AAPL"
    assert message.requested_quantity == 20
    assert message.filled_quantity == 10, "an int32 cannot hold the fraction"
    assert message.exact_filled_quantity == "10.5"
    assert (message.avg_fill_price, message.exact_avg_fill_price) == (238.41, "238.41")
    assert (message.limit_price, message.exact_limit_price) == (238.5, "238.50")
    assert not message.HasField("stop_price")
    assert not message.HasField("exact_stop_price")
    assert (message.commission, message.exact_commission) == (0.35, "0.35")
    assert message.time_in_force == common_pb2.TIME_IN_FORCE_DAY
    assert message.order_class == execution_pb2.ORDER_CLASS_BRACKET
    assert message.purpose == execution_pb2.ORDER_PURPOSE_ENTRY
    assert message.submitted_at == wire_instant(NOW)
    assert message.last_update_at == wire_instant(states.LATER)
    assert (message.cycle_id, message.plan_id) == ("cycle-swing-1", "swing-1")
    assert not message.is_multi_leg
    (leg,) = message.legs
    assert leg.leg_id == "o-stop"
    assert leg.status == execution_pb2.ORDER_STATUS_ACCEPTED
    assert leg.status_detail == "HELD"
    assert leg.position_intent == common_pb2.POSITION_INTENT_SELL_TO_CLOSE


def test_a_roll_is_one() -> None:
    spread = states.filled_spread()
    roll = evolve(spread, terms=evolve(spread.terms, purpose=OrderPurpose.ROLL))

    assert views.order_message(roll).purpose == execution_pb2.ORDER_PURPOSE_ROLL


def test_a_spread_shows_its_legs() -> None:
    message = views.order_message(states.filled_spread())

    assert message.is_multi_leg
    first, second = message.legs
    assert first.leg_id == "o-spread.0"
    assert first.instrument.option_contract.strike == 240.0
    assert (first.quantity, first.filled_quantity) == (5, 3)
    assert first.exact_avg_fill_price == "5.25"
    assert (second.side, second.quantity) == (execution_pb2.ORDER_SIDE_SELL, 10)
    assert second.avg_fill_price == 0.0
    assert not second.HasField("exact_avg_fill_price")


def test_the_flat_order_state_says_the_same_as_the_whole_one() -> None:
    reply = views.order_state_reply(states.filled_entry(), [])
    stop = views.order_state_reply(states.stop_child(), [])

    for name in ("order_id", "broker_order_id", "status", "side", "filled_quantity"):
        assert getattr(reply, name) == getattr(reply.order, name)
    assert reply.limit_price == 238.5
    assert not reply.HasField("stop_price")
    assert stop.stop_price == 228.5
    assert not stop.HasField("limit_price")


def test_a_verdict_shows_doubles_and_the_decimals_behind_them() -> None:
    reply = views.check_reply(states.VERDICT)
    notice, violation = reply.violations

    assert not reply.approved
    assert reply.rejection_reason == "Too much of the account in one share"
    assert violation.code == violation.constraint_name == "PER_INSTRUMENT_PCT_EQUITY_EXCEEDED"
    assert violation.severity == execution_pb2.VIOLATION_SEVERITY_ERROR
    assert (violation.observed_value, violation.observed) == (0.107325, "0.107325")
    assert (violation.unit, violation.headroom) == ("RATIO", "41")
    assert not notice.HasField("instrument_id")
    assert not notice.HasField("observed_value")
    assert reply.checks[0].result == execution_pb2.CONSTRAINT_RESULT_PASS
    assert reply.checks[0].threshold == 0.2
    assert [one.stop_price for one in reply.orders] == ["228.50", "", "228.50"]
    assert [leg.quantity for leg in reply.orders[1].legs] == ["5", "10"]
    assert [one.quantity for one in reply.suggestions] == ["41", ""]
    assert reply.policy_version == "policy-1"


def test_an_approval_has_no_reason_for_rejection() -> None:
    reply = views.check_reply(evolve(states.VERDICT, ok=True))

    assert reply.approved
    assert not reply.HasField("rejection_reason")


def test_a_refused_order_is_an_answer_with_code_and_text() -> None:
    refused = OrderResult(verdict=states.VERDICT, order=None, acknowledged_at=NOW)
    silent = evolve(refused, verdict=evolve(states.VERDICT, violations=()))

    reply = views.submit_order_reply(refused, "mine-1")

    assert reply.status == execution_pb2.ORDER_STATUS_REJECTED
    assert reply.client_order_id == "mine-1"
    assert reply.error_message == (
        "[PER_INSTRUMENT_PCT_EQUITY_EXCEEDED] Too much of the account in one share"
    )
    assert len(reply.violations) == 2
    assert views.submit_order_reply(silent, "mine-1").error_message == "REFUSED"


def test_an_order_that_was_taken_and_one_that_the_broker_rejected() -> None:
    verdict = evolve(states.VERDICT, ok=True, violations=())
    taken = OrderResult(verdict=verdict, order=working(states.ENTRY), acknowledged_at=NOW)
    order = evolve(working(states.ENTRY), state=standing(OrderStatus.REJECTED), reason="no cash")

    fine = views.submit_order_reply(taken, "mine-1")
    rejected = views.submit_order_reply(evolve(taken, order=order), "mine-1")

    assert (fine.status, fine.order_id) == (execution_pb2.ORDER_STATUS_ACCEPTED, "o-entry")
    assert not fine.HasField("error_message")
    assert rejected.error_message == "[ORDER_REJECTED] no cash"


def test_a_plans_reply_names_what_went_wrong_and_what_was_left_out() -> None:
    rejected = evolve(working(states.ENTRY), state=standing(OrderStatus.REJECTED), reason="no cash")
    result = PlanResult(
        plan=parsed(SWING),
        verdict=evolve(states.VERDICT, ok=True),
        orders=(rejected,),
        acknowledged_at=NOW,
    )

    reply = views.plan_reply(result, [[states.stop_child()]])

    assert reply.ok
    assert reply.environment == common_pb2.ENVIRONMENT_PAPER
    assert (reply.cycle_id, reply.plan_id) == ("cycle-swing-1", "swing-1")
    assert reply.errors[0].code == "ORDER_REJECTED"
    assert list(reply.left_out) == ["d-2"]
    assert len(reply.orders[0].legs) == 1


def test_an_ack_of_the_stream_is_about_one_plan_or_about_nothing() -> None:
    one = views.orders_ack([working(states.ENTRY)], Environment.LIVE, NOW)
    nothing = views.orders_ack([], Environment.PAPER, NOW)

    assert (one.cycle_id, one.plan_id) == ("cycle-swing-1", "swing-1")
    assert one.environment == common_pb2.ENVIRONMENT_LIVE
    assert (nothing.cycle_id, len(nothing.orders)) == ("", 0)


def test_a_cancel_says_what_became_of_the_order() -> None:
    order = evolve(
        working(states.ENTRY),
        state=state_of(OrderStatus.PENDING_CANCEL, OrderStatus.ACCEPTED),
    )
    taken = CancelResult(requested_id="x", order=order, accepted=True)
    refused = evolve(taken, accepted=False, code="ORDER_NOT_CANCELABLE", message="it is FILLED")
    unknown = CancelResult(requested_id="x", order=None, accepted=False, code="NOT_FOUND")

    assert views.cancel_reply(taken).accepted
    assert views.cancel_reply(taken).status == execution_pb2.ORDER_STATUS_ACCEPTED
    assert views.cancel_reply(taken).status_detail == "PENDING_CANCEL"
    assert views.cancel_reply(refused).error_message == "[ORDER_NOT_CANCELABLE] it is FILLED"
    with pytest.raises(CreamError) as caught:
        views.cancel_reply(unknown)
    assert caught.value.kind.code == "NOT_FOUND"


def test_a_quantity_beyond_int32_is_the_largest_it_can_hold() -> None:
    assert wire_quantity(Decimal("1e12")) == 2**31 - 1
    assert wire_quantity(Decimal("-1e12")) == -(2**31 - 1)
    assert wire_quantity(Decimal("-2.7")) == -2


def test_an_instrument_shows_symbol_type_and_contract() -> None:
    option = wire_instrument(states.LONG_CALL)

    assert option.instrument_id == "AAPL  261218C00240000"
    assert option.option_contract.expiration == "2026-12-18"
    assert option.option_contract.option_type == common_pb2.OPTION_TYPE_CALL
    assert not wire_instrument(states.AAPL).HasField("option_contract")
    assert ENVIRONMENT.name(Environment.PAPER) == "ENVIRONMENT_PAPER"
