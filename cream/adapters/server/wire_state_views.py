"""How do the account, the holdings, the trading state and quotes look on the wire?"""

from cream.adapters.server import wire_enums as enums
from cream.adapters.server.portfolio import Portfolio, mark_of
from cream.adapters.server.wire_values import wire_instant, wire_instrument, wire_quantity
from cream.adapters.server.wire_views import double, error_text, order_message, text
from cream.core.model.account import Account
from cream.core.model.errors import CreamError
from cream.core.model.market import Datum, Known, Stale, Unknown
from cream.core.model.money import decimal_text
from cream.core.operations import (
    CancelResult,
    KillSwitchReport,
    MassCancelReport,
    PositionView,
    TradingStateView,
)
from cream.wire import control_pb2, execution_pb2


def known_account(datum: Datum[Account]) -> Account:
    """The figures, however old.   Raises: CreamError NOT_READY where there are none yet."""
    match datum:
        case Known(account) | Stale(account):
            return account
        case Unknown(why):
            raise CreamError("NOT_READY", f"The account is not known: {why}")


def account_message(account: Account) -> execution_pb2.AccountState:
    """The broker's figures, as of when the broker told them."""
    return execution_pb2.AccountState(
        account_id=account.account_id,
        equity=float(account.equity),
        buying_power=float(account.buying_power),
        margin_used=float(account.margin_used),
        day_trade_count=account.day_trade_count,
        as_of=wire_instant(account.as_of),
        last_equity=float(account.last_equity),
        cash=decimal_text(account.cash),
        exact_equity=decimal_text(account.equity),
        exact_buying_power=decimal_text(account.buying_power),
        exact_margin_used=decimal_text(account.margin_used),
    )


def position_message(view: PositionView) -> execution_pb2.Position:
    """A holding; figures that need a price are zero, their decimals absent, where there is none."""
    position, mark = view.position, mark_of(view)
    market_value = None if mark is None else position.market_value(mark)
    gain = None if mark is None else position.unrealized_pnl(mark)
    cost_basis = position.cost * position.instrument.multiplier
    fraction = gain / abs(cost_basis) if gain is not None and cost_basis else None
    return execution_pb2.Position(
        instrument=wire_instrument(position.instrument),
        quantity=wire_quantity(position.quantity),
        avg_entry_price=float(position.average_price),
        market_value=double(market_value),
        unrealized_pnl=double(gain),
        unrealized_pnl_pct=double(fraction),
        cost_basis=float(cost_basis),
        realized_pnl=decimal_text(position.realized_pnl),
        stop_price=text(view.stop_price),
        take_profit_price=text(view.take_profit_price),
        protected_quantity=decimal_text(view.protected_quantity),
        exact_quantity=decimal_text(position.quantity),
        exact_avg_entry_price=decimal_text(position.average_price),
        exact_market_value=text(market_value),
        exact_unrealized_pnl=text(gain),
        exact_cost_basis=decimal_text(cost_basis),
    )


def cause_messages(view: TradingStateView) -> list[control_pb2.TradingStateCause]:
    """Every cause that stands."""
    return [
        control_pb2.TradingStateCause(
            cause=restriction.cause.value,
            reason=restriction.reason,
            actor=restriction.actor,
            since=wire_instant(restriction.since),
            state=enums.TRADING_STATE.name(restriction.state),
        )
        for restriction in view.restrictions
    ]


def trading_state_name(view: TradingStateView) -> str:
    """The wire's name of the state."""
    return enums.TRADING_STATE.name(view.state)


def trading_state_message(view: TradingStateView) -> control_pb2.TradingState:
    """The trading state and its causes."""
    return control_pb2.TradingState(state=trading_state_name(view), causes=cause_messages(view))


def kill_switch_reply(report: KillSwitchReport) -> control_pb2.KillSwitchResponse:
    """The trading state, and what became of each order that had to go."""
    return control_pb2.KillSwitchResponse(
        state=trading_state_name(report.trading_state),
        causes=cause_messages(report.trading_state),
        results=map(_cancel_result, report.results),
    )


def _cancel_result(result: CancelResult) -> control_pb2.CancelResult:
    order = result.order
    return control_pb2.CancelResult(
        order_id=result.requested_id if order is None else order.order_id,
        accepted=result.accepted,
        status_detail="" if order is None else order.status.value,
        error_message=error_text(result),
    )


def mass_cancel_reply(report: MassCancelReport) -> control_pb2.MassCancelResponse:
    """How far a mass cancel came."""
    return control_pb2.MassCancelResponse(
        requested=report.requested,
        confirmed=report.confirmed,
        complete=report.complete,
        remaining=report.remaining,
    )


def portfolio_reply(portfolio: Portfolio) -> execution_pb2.GetPortfolioStateResponse:
    """Everything that the gate judges by.   Raises: CreamError NOT_READY without an account."""
    return execution_pb2.GetPortfolioStateResponse(
        account_state=account_message(known_account(portfolio.account)),
        positions=map(position_message, portfolio.positions),
        working_orders=[order_message(order) for order in portfolio.working_orders],
        realized_pnl=float(portfolio.realized_pnl),
        unrealized_pnl=double(portfolio.unrealized_pnl),
        trading_state=trading_state_message(portfolio.trading_state),
        data_ages=[
            execution_pb2.DataAge(
                name=age.name, age_seconds=age.seconds, freshness=age.freshness.lower()
            )
            for age in portfolio.ages
        ],
        as_of=wire_instant(portfolio.as_of),
        exact_realized_pnl=decimal_text(portfolio.realized_pnl),
        exact_unrealized_pnl=text(portfolio.unrealized_pnl),
    )
