"""What the wire shows of the account, the holdings, the state and the market."""

import pytest
from attrs import evolve

from cream.adapters.server import wire_state_views as views
from cream.adapters.server.portfolio import portfolio
from cream.adapters.server.wire_values import wire_instant
from cream.core.model.errors import CreamError
from cream.core.model.market import Stale, Unknown
from cream.core.model.order import OrderStatus
from cream.core.model.order_state import standing
from cream.core.model.state import Cause, Restriction, TradingState
from cream.core.operations import (
    CancelResult,
    KillSwitchReport,
    MassCancelReport,
    TradingStateView,
)
from cream.wire import control_pb2
from tests.fakes.operations import FakeOperations
from tests.fakes.operations_data import ACCOUNT, NOW, working
from tests.unit.adapters.server import states


def test_an_account_is_as_old_as_its_figures() -> None:
    message = views.account_message(ACCOUNT)

    assert message.as_of == wire_instant(ACCOUNT.as_of)
    assert (message.equity, message.exact_equity) == (100_000.0, "100000.00")
    assert (message.margin_used, message.exact_margin_used) == (1200.5, "1200.50")
    assert message.cash == "60000.00"
    assert message.day_trade_count == 1


def test_an_account_that_is_stale_is_shown_and_one_that_is_unknown_is_not() -> None:
    assert views.known_account(Stale(ACCOUNT, 100.0)) is ACCOUNT
    with pytest.raises(CreamError) as caught:
        views.known_account(Unknown("no broker"))
    assert caught.value.kind.code == "NOT_READY"


def test_a_position_shows_doubles_and_the_decimals_behind_them() -> None:
    message = views.position_message(states.held())

    assert (message.quantity, message.exact_quantity) == (20, "20")
    assert (message.market_value, message.exact_market_value) == (4768.0, "4768.00")
    assert (message.unrealized_pnl, message.exact_unrealized_pnl) == (-0.2, "-0.20")
    assert message.unrealized_pnl_pct == pytest.approx(-0.2 / 4768.2)
    assert (message.cost_basis, message.realized_pnl) == (4768.2, "12.50")
    assert (message.stop_price, message.protected_quantity) == ("228.50", "20")
    assert not message.HasField("take_profit_price")


def test_a_position_without_a_price_has_no_exact_figures() -> None:
    message = views.position_message(states.held(Unknown("never quoted")))

    assert message.market_value == 0.0
    assert not message.HasField("exact_market_value")
    assert not message.HasField("exact_unrealized_pnl")


def test_a_short_position_gains_when_the_price_falls() -> None:
    message = views.position_message(states.held(quantity="-20"))

    assert message.quantity == -20
    assert message.unrealized_pnl == 0.2
    assert message.unrealized_pnl_pct > 0


def test_a_trading_state_names_every_cause() -> None:
    restriction = Restriction(
        cause=Cause.DISCONNECT,
        state=TradingState.REDUCING,
        reason="silent",
        actor="watchdog",
        since=NOW,
    )

    message = views.trading_state_message(
        TradingStateView(state=TradingState.REDUCING, restrictions=(restriction,))
    )

    assert message.state == control_pb2.TRADING_STATE_REDUCING
    (cause,) = message.causes
    assert (cause.cause, cause.reason, cause.actor) == ("disconnect", "silent", "watchdog")
    assert cause.state == control_pb2.TRADING_STATE_REDUCING
    assert cause.since == wire_instant(NOW)


def test_a_kill_switch_says_of_each_order_what_became_of_it() -> None:
    filled = evolve(working(states.ENTRY), state=standing(OrderStatus.FILLED))
    report = KillSwitchReport(
        trading_state=TradingStateView(state=TradingState.HALTED, restrictions=()),
        results=(
            CancelResult(requested_id="o-stop", order=states.stop_child(), accepted=True),
            CancelResult(
                requested_id="o-entry",
                order=filled,
                accepted=False,
                code="ORDER_NOT_CANCELABLE",
                message="the order is FILLED",
            ),
        ),
    )

    message = views.kill_switch_reply(report)

    assert message.state == control_pb2.TRADING_STATE_HALTED
    assert [(one.order_id, one.accepted, one.status_detail) for one in message.results] == [
        ("o-stop", True, "HELD"),
        ("o-entry", False, "FILLED"),
    ]
    assert message.results[1].error_message == "[ORDER_NOT_CANCELABLE] the order is FILLED"


def test_a_mass_cancel_is_complete_when_nothing_remains() -> None:
    done = views.mass_cancel_reply(MassCancelReport(requested=2, confirmed=2, remaining=()))
    open_still = views.mass_cancel_reply(
        MassCancelReport(requested=2, confirmed=1, remaining=("o-1",))
    )

    assert done.complete
    assert not open_still.complete
    assert list(open_still.remaining) == ["o-1"]


def test_the_portfolio_shows_all_that_the_gate_judges_by() -> None:
    operations = FakeOperations(
        position_views=[states.held(), states.held(Unknown("x"), states.LONG_CALL)]
    )
    operations.put(working(states.ENTRY))

    message = views.portfolio_reply(portfolio(operations, NOW))

    assert message.account_state.account_id == "SIM-1"
    assert [one.order_id for one in message.working_orders] == ["o-entry"]
    assert (message.realized_pnl, message.exact_realized_pnl) == (12.5, "12.50")
    assert not message.HasField("exact_unrealized_pnl"), "one part is unknown"
    assert [(one.name, one.freshness) for one in message.data_ages] == [
        ("account", "known"),
        ("quote:AAPL", "known"),
        ("quote:AAPL  261218C00240000", "unknown"),
    ]
    assert not message.data_ages[2].HasField("age_seconds")
