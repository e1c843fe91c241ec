"""The simulated venue as a whole: ids, cancels, expiry, settlement, questions, restarts."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from cream.core.exchange.calendar import SessionMode
from cream.core.exchange.venue import Venue
from cream.core.execution.reports import DUPLICATE_CLIENT_ID
from cream.core.model.broker import CancelTaken, Refused
from cream.core.model.order import OrderPurpose, OrderStatus, Side
from cream.core.model.plan import TimeInForce
from cream.core.options.occ import expires_at
from tests.fakes.venue_lab import NOON, Lab, bracket, call, leg, oco, put, spread, terms

GTC = TimeInForce.GTC


# Ids ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fate", ["open", "filled", "canceled"])
def test_a_client_order_id_is_unique_for_ever(fate: str) -> None:
    lab = Lab()
    first = terms(Side.BUY, "10", "200" if fate != "filled" else None)
    order = lab.accepted(first)
    if fate == "canceled":
        lab.cancel(order)
    again = lab.refused(first)
    assert again == Refused(DUPLICATE_CLIENT_ID, "client_order_id must be unique")
    assert len(lab.venue.orders_since(NOON)) == 1


def test_a_refused_order_leaves_no_trace_and_its_id_can_be_used() -> None:
    lab = Lab()
    lab.refused(terms(Side.BUY, "10000", client_order_id="cream-x"))
    assert lab.venue.orders_since(NOON) == []
    lab.accepted(terms(Side.BUY, "10", client_order_id="cream-x"))


def test_ids_follow_from_the_client_order_id_and_every_execution_has_its_own() -> None:
    """The same orders at another venue get the same ids: nothing is counted or drawn."""
    labs = (Lab(), Lab())
    for lab in labs:
        lab.quote("AAPL", "238.39", "238.41", 5, 5)
        order = lab.accepted(evolve(bracket("10"), client_order_id="cream-same"))
        lab.quote("AAPL", "238.38", "238.40", 5, 5)
        assert order.client_order_id == "cream-same"
    first, second = (lab.executions() for lab in labs)
    assert [one.execution_id for one in first] == [one.execution_id for one in second]
    assert len({one.execution_id for one in first}) == 2


def test_an_order_is_found_by_both_its_ids_and_a_child_as_well() -> None:
    lab = Lab()
    order = lab.accepted(bracket())
    assert lab.venue.order(order.client_order_id) == lab.venue.order(order.broker_order_id)
    child = order.legs[1]
    found = lab.venue.order(child.client_order_id)
    assert found is not None
    assert found.broker_order_id == child.broker_order_id
    assert not child.client_order_id.startswith("cream-"), "the venue gives children its own ids"
    assert lab.venue.order("nothing") is None


# Cancelling -----------------------------------------------------------------------------------


def test_a_working_order_is_cancelled_and_says_so() -> None:
    lab = Lab()
    order = lab.accepted(terms(Side.BUY, "10", "200"))
    assert lab.cancel(order) == CancelTaken()
    assert lab.updates[-1].event == "canceled"
    assert lab.order(order).status is OrderStatus.CANCELED


def test_a_second_cancel_is_taken_and_changes_nothing() -> None:
    lab = Lab()
    order = lab.accepted(terms(Side.BUY, "10", "200"))
    lab.cancel(order)
    lab.updates.clear()
    assert lab.cancel(order) == CancelTaken()
    assert lab.updates == []


def test_a_filled_order_cannot_be_cancelled() -> None:
    lab = Lab()
    order = lab.accepted(terms(Side.BUY, "10"))
    message = 'order is already in "filled" state'
    assert lab.cancel(order) == Refused("ORDER_NOT_CANCELABLE", message)


def test_an_unknown_order_cannot_be_cancelled() -> None:
    lab = Lab()
    assert lab.venue.cancel("nothing", lab.now) == (Refused("NOT_FOUND", "order not found"), ())


# Expiry ---------------------------------------------------------------------------------------


def test_a_day_order_expires_with_its_session() -> None:
    lab = Lab(mode=SessionMode.CALENDAR)
    order = lab.accepted(terms(Side.BUY, "10", "200"))
    close = lab.sessions.close_of(lab.now.date())
    assert close is not None
    assert not lab.advance(close - timedelta(seconds=1))
    (update,) = lab.advance(close)
    assert (update.event, update.order.status) == ("expired", OrderStatus.EXPIRED)
    assert lab.order(order).raw_status == "expired"


def test_in_a_market_that_never_closes_a_day_order_expires_at_midnight_in_new_york() -> None:
    lab = Lab()
    order = lab.accepted(terms(Side.BUY, "10", "200"))
    assert not lab.advance(datetime(2026, 11, 24, 4, 59, 59, tzinfo=UTC))
    lab.advance(datetime(2026, 11, 24, 5, 0, 0, tzinfo=UTC))
    assert lab.order(order).raw_status == "expired"


def test_a_good_till_cancelled_order_lives_for_ninety_days() -> None:
    """The ninetieth day is a Sunday; the order ends with the session that follows."""
    lab = Lab(mode=SessionMode.CALENDAR)
    order = lab.accepted(terms(Side.BUY, "10", "200", tif=GTC))
    assert not lab.advance(NOON + timedelta(days=90))
    lab.advance(NOON + timedelta(days=92))
    assert lab.order(order).raw_status == "expired"


def test_the_exits_of_a_day_bracket_end_with_the_day_and_leave_the_position() -> None:
    lab = Lab()
    order = lab.accepted(bracket())
    lab.updates.clear()
    lab.advance(NOON + timedelta(days=1))
    assert [update.event for update in lab.updates] == ["expired", "expired"]
    assert [one.raw_status for one in lab.order(order).legs] == ["expired", "expired"]
    assert lab.held("AAPL") == 10


def test_a_group_expires_once() -> None:
    lab = Lab()
    lab.accepted(bracket(limit="200", stop_loss="190"))
    lab.updates.clear()
    lab.advance(NOON + timedelta(days=1))
    assert [update.event for update in lab.updates] == ["expired"] * 3


def test_an_option_order_ends_with_its_contract() -> None:
    lab = Lab()
    contract = call("240")
    lab.quote(contract.symbol, "4.30", "4.31")
    lab.now = expires_at(contract) - timedelta(hours=2)
    order = lab.accepted(terms(Side.BUY, "1", "1.00", symbol=contract.symbol))
    lab.advance(expires_at(contract))
    assert lab.order(order).raw_status == "expired"


@pytest.mark.parametrize(("spot", "paid"), [("250.00", 1_000 * 2), ("230.00", 0)])
def test_options_that_end_are_settled_in_cash_at_their_intrinsic_value(
    spot: str, paid: int
) -> None:
    lab = Lab()
    contract = call("240")
    lab.quote(contract.symbol, "4.30", "4.31")
    lab.accepted(terms(Side.BUY, "2", "4.40", symbol=contract.symbol))
    before = lab.cash()
    lab.quote("AAPL", spot, spot)
    lab.advance(expires_at(contract) - timedelta(seconds=1))
    assert lab.held(contract.symbol) == 2
    lab.advance(expires_at(contract))
    assert lab.held(contract.symbol) == 0
    assert lab.cash() - before == paid
    (settlement,) = lab.venue.state().settlements
    assert settlement.quantity == 2
    lab.advance(expires_at(contract) + timedelta(seconds=1))
    assert len(lab.venue.state().settlements) == 1


def test_a_short_option_pays_when_it_ends_in_the_money() -> None:
    lab = Lab()
    lab.quote(put("230").symbol, "1.50", "1.52")
    lab.quote(put("225").symbol, "0.80", "0.82")
    lab.accepted(spread((leg(put("225"), 1), leg(put("230"), -1)), "1", "-0.60"))
    before = lab.cash()
    lab.quote("AAPL", "227.00", "227.00")
    lab.advance(expires_at(put("230")))
    assert lab.cash() - before == -300


# Questions ------------------------------------------------------------------------------------


def test_open_orders_show_a_waiting_bracket_as_one_and_its_exits_alone_once_it_filled() -> None:
    lab = Lab()
    waiting = lab.accepted(bracket(limit="200", stop_loss="190"))
    filled = lab.accepted(bracket())
    listed = lab.venue.open_orders()
    assert [one.broker_order_id for one in listed] == [
        waiting.broker_order_id,
        *(one.broker_order_id for one in filled.legs),
    ]
    assert len(listed[0].legs) == 2
    assert [one.raw_status for one in listed] == ["new", "new", "held"]


def test_an_oco_is_listed_once() -> None:
    lab = Lab()
    lab.accepted(terms(Side.BUY, "10"))
    order = lab.accepted(oco())
    assert [one.broker_order_id for one in lab.venue.open_orders()] == [order.broker_order_id]


def test_orders_since_are_those_of_which_anything_changed_since() -> None:
    lab = Lab()
    old = lab.accepted(terms(Side.BUY, "10", "200"))
    parent = lab.accepted(bracket())
    moment = lab.now + timedelta(milliseconds=1)
    assert lab.venue.orders_since(moment) == []
    lab.quote("AAPL", "253.60", "253.62")
    changed = lab.venue.orders_since(moment)
    assert [one.broker_order_id for one in changed] == [parent.broker_order_id]
    assert changed[0].legs[0].raw_status == "filled"
    assert [one.broker_order_id for one in lab.venue.orders_since(NOON)] == [
        old.broker_order_id,
        parent.broker_order_id,
    ]


def test_executions_since_begin_with_the_moment_itself() -> None:
    lab = Lab()
    lab.accepted(terms(Side.BUY, "10"))
    lab.accepted(terms(Side.BUY, "5"))
    second = lab.executions()[1]
    assert lab.venue.executions_since(second.executed_at) == (second,)
    assert lab.venue.executions_since(second.executed_at + timedelta(microseconds=1)) == ()


def test_positions_are_by_symbol_and_without_flat_ones() -> None:
    lab = Lab()
    lab.quote("MSFT", "512.00", "512.02")
    lab.accepted(terms(Side.BUY, "10", symbol="MSFT"))
    lab.accepted(terms(Side.BUY, "10"))
    lab.accepted(terms(Side.BUY, "10"))
    shown = lab.venue.positions()
    assert [(one.instrument.symbol, one.quantity) for one in shown] == [("AAPL", 20), ("MSFT", 10)]
    lab.accepted(terms(Side.SELL, "10", symbol="MSFT"))
    assert [one.instrument.symbol for one in lab.venue.positions()] == ["AAPL"]


def test_the_last_equity_is_that_of_the_day_before() -> None:
    lab = Lab()
    lab.accepted(terms(Side.BUY, "100", tif=GTC))
    assert lab.venue.account(lab.now).last_equity == 100_000
    lab.quote("AAPL", "248.40", "248.42")
    lab.advance(NOON + timedelta(days=1))
    account = lab.venue.account(lab.now)
    assert account.last_equity == account.equity == Decimal("101000.00")


# Time -----------------------------------------------------------------------------------------


def test_the_venue_never_stamps_a_time_before_an_earlier_one() -> None:
    """A clock that starts anew with the daemon must not make new reports look old."""
    lab = Lab()
    order = lab.accepted(terms(Side.BUY, "10", "200"))
    stamped = lab.order(order).updated_at
    lab.now = NOON - timedelta(hours=1)
    lab.cancel(order)
    assert lab.order(order).updated_at == stamped


# Restarting -----------------------------------------------------------------------------------


def busy_lab() -> Lab:
    lab = Lab()
    lab.quote(call("240").symbol, "4.30", "4.31")
    lab.quote(call("250").symbol, "1.23", "1.24")
    lab.accepted(bracket())
    lab.accepted(bracket(limit="200", stop_loss="190"))
    lab.accepted(terms(Side.BUY, "10", "201", tif=GTC))
    lab.accepted(spread((leg(call("240"), 1), leg(call("250"), -1)), "2", "3.10"))
    return lab


def test_a_restored_venue_is_the_same_venue() -> None:
    lab = busy_lab()
    restored = Venue(lab.venue.state(), lab.market, lab.sessions)
    assert restored.open_orders() == lab.venue.open_orders()
    assert restored.orders_since(NOON) == lab.venue.orders_since(NOON)
    assert restored.positions() == lab.venue.positions()
    assert restored.executions_since(NOON) == lab.venue.executions_since(NOON)
    assert restored.account(lab.now) == lab.venue.account(lab.now)
    assert restored.unsaved() is None


def test_a_restored_venue_goes_on_where_it_was() -> None:
    lab = busy_lab()
    lab.venue = Venue(lab.venue.state(), lab.market, lab.sessions)
    lab.updates.clear()
    lab.quote("AAPL", "228.40", "228.42")
    assert [update.event for update in lab.updates] == ["canceled", "new", "fill"]
    assert lab.held("AAPL") == 0
    order = lab.accepted(terms(Side.BUY, "1"))
    assert lab.order(order).raw_status == "filled"


def test_only_what_changed_is_to_be_saved() -> None:
    lab = busy_lab()
    lab.venue.mark_saved()
    assert lab.venue.unsaved() is None
    order = lab.accepted(terms(Side.BUY, "3"))
    changes = lab.venue.unsaved()
    assert changes is not None
    assert [one.broker_order_id for one in changes.orders] == [order.broker_order_id]
    assert [one.instrument.symbol for one in changes.positions] == ["AAPL"]
    assert [one.quantity for one in changes.executions] == [3]
    assert lab.venue.unsaved() == changes, "looking does not mark as saved"


def test_a_protective_stop_alone_works_until_it_is_reached() -> None:
    lab = Lab()
    lab.accepted(terms(Side.BUY, "10"))
    lab.accepted(terms(Side.SELL, "10", stop="230", purpose=OrderPurpose.STOP_LOSS, tif=GTC))
    lab.advance(NOON + timedelta(days=3))
    lab.quote("AAPL", "229.00", "229.02")
    assert lab.held("AAPL") == 0


@given(st.lists(st.sampled_from(["buy", "sell", "bracket", "up", "down", "tick"]), max_size=25))
def test_saving_piece_by_piece_gives_the_whole(steps: list[str]) -> None:
    """What a store upserts after every step is what the venue holds in the end."""
    lab = Lab()
    orders, positions, executions = {}, {}, []
    for step in steps:
        match step:
            case "buy":
                lab.submit(terms(Side.BUY, "7", "238.45"))
            case "sell":
                lab.submit(terms(Side.SELL, "5"))
            case "bracket":
                lab.submit(bracket("3"))
            case "up":
                lab.quote("AAPL", "254.00", "254.02", 4, 4)
            case "down":
                lab.quote("AAPL", "228.00", "228.02", 4, 4)
            case _:
                lab.quote("AAPL", "238.39", "238.41", 4, 4)
        changes = lab.venue.unsaved()
        if changes is None:
            continue
        orders |= {one.broker_order_id: one for one in changes.orders}
        positions |= {one.instrument.symbol: one for one in changes.positions}
        executions += changes.executions
        lab.venue.mark_saved()
    state = lab.venue.state()
    assert tuple(orders.values()) == state.orders
    assert tuple(positions.values()) == state.positions
    assert tuple(executions) == state.executions
