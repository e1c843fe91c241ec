"""What can an agent ask of the daemon, and how does it say so?"""

from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager

from cream.client import v1
from cream.client.account_calls import AccountCalls
from cream.client.connection import Updates
from cream.client.option_calls import OptionCalls
from cream.client.simulation_calls import SimulationCalls
from cream.client.status_calls import StatusCalls

_ORDERS = "/cream.v1.ExecutionService/ListOrders"
_EXECUTIONS = "/cream.v1.ExecutionService/StreamExecutions"
_MARKET_DATA = "/cream.v1.MarketDataService/SubscribeMarketData"


class CreamClient(OptionCalls, AccountCalls, StatusCalls, SimulationCalls):
    """A connection of an agent to a daemon, for use as `async with CreamClient(...) as client`.

    Replies are the messages of `cream.client.v1`, untouched. Calls that may be repeated without
    harm are repeated while the daemon is UNAVAILABLE: all questions, `cancel_order`, and what is
    submitted under an id of the agent's, since one id is one plan or one order.

    Units: `timeout` in seconds, for one call with all its attempts; each method takes its own.
    `ssl` is True for the system's authorities, or a context, which is told to speak HTTP/2.
    `jitter` gives numbers from 0 to 1 that the pauses between attempts are multiplied by.

    Raises: CallError and its kinds, from every call; ValueError for a token that would travel in
    clear text to another machine.
    Owns: the connection, which ends with the block.
    """

    # Plans and orders

    async def check_constraints(
        self,
        plan: v1.DecisionPlan,
        *,
        account_state: v1.AccountState | None = None,
        positions: Iterable[v1.Position] = (),
        constraints: v1.RiskConstraints | None = None,
        timeout: float | None = None,
    ) -> v1.CheckConstraintsResponse:
        """What the gate says of the plan, and which orders it would become. Sends nothing."""
        request = v1.CheckConstraintsRequest(
            decision_plan=plan,
            account_state=account_state,
            positions=list(positions),
            constraints=constraints,
        )
        return await self._ask(self._execution.check_constraints, request, timeout)

    async def submit_orders(
        self,
        plan: v1.DecisionPlan,
        *,
        allow_partial: bool = False,
        wait_seconds: float | None = None,
        timeout: float | None = None,
    ) -> v1.ExecutionAck:
        """The orders that the plan became, or `ok` false and the violations.

        Units: `wait_seconds` is how long the daemon may wait for the broker before it replies.
        """
        request = v1.SubmitOrdersRequest(
            decision_plan=plan,
            execution_params=v1.ExecutionParams(
                allow_partial=allow_partial, wait_seconds=wait_seconds
            ),
        )
        # Without a name, a second attempt could become a second plan.
        named = bool(plan.plan_id or plan.cycle_id)
        return await self._call(self._execution.submit_orders, request, timeout, repeatable=named)

    async def submit_order(
        self, order: v1.SubmitOrderRequest, *, timeout: float | None = None
    ) -> v1.SubmitOrderResponse:
        """The order's status: REJECTED, with `error_message`, if the gate refused it."""
        named = bool(order.client_order_id)
        return await self._call(self._execution.submit_order, order, timeout, repeatable=named)

    def list_orders(
        self, *, status: str = "", limit: int | None = None
    ) -> AbstractAsyncContextManager[Updates[v1.ListOrdersResponse]]:
        """Every order there ever was, oldest first, some a message, for `async with`.

        `status` is a word of `status_detail`, such as FILLED; `limit` keeps the newest.
        """
        request = v1.ListOrdersRequest(status=status, limit=limit)
        return self._open.stream(_ORDERS, request, v1.ListOrdersResponse)

    async def get_order_state(
        self, order_id: str, *, timeout: float | None = None
    ) -> v1.GetOrderStateResponse:
        """One order, by our id, the client's or the broker's; whole in `order`."""
        request = v1.GetOrderStateRequest(order_id=order_id)
        return await self._ask(self._execution.get_order_state, request, timeout)

    async def cancel_order(
        self, order_id: str, *, timeout: float | None = None
    ) -> v1.CancelOrderResponse:
        """Whether the cancel was taken on; the stream tells when it is done."""
        request = v1.CancelOrderRequest(order_id=order_id)
        return await self._ask(self._execution.cancel_order, request, timeout)

    def stream_executions(
        self,
        *,
        cycle_id: str | None = None,
        order_ids: Iterable[str] = (),
        include_fills: bool = False,
    ) -> AbstractAsyncContextManager[Updates[v1.StreamExecutionsResponse]]:
        """How things stand, then every change, for `async with` and in it `async for`.

        With `include_fills` each execution comes by itself too, before the order it changed.

        It has no deadline and is not taken up again by itself: open it anew when it fails, and
        it begins with how things stand. Open it before submitting, to miss nothing.
        """
        request = v1.StreamExecutionsRequest(
            cycle_id=cycle_id, order_ids=list(order_ids), include_fills=include_fills
        )
        return self._open.stream(_EXECUTIONS, request, v1.StreamExecutionsResponse)

    # Account and portfolio

    async def get_account_state(
        self, *, account_id: str | None = None, timeout: float | None = None
    ) -> v1.GetAccountStateResponse:
        """The broker's figures."""
        request = v1.GetAccountStateRequest(account_id=account_id)
        return await self._ask(self._execution.get_account_state, request, timeout)

    async def get_positions(
        self,
        *,
        symbols: Iterable[str] = (),
        account_id: str | None = None,
        timeout: float | None = None,
    ) -> v1.GetPositionsResponse:
        """What is held; of `symbols` only, if there are any."""
        request = v1.GetPositionsRequest(account_id=account_id, symbols=list(symbols))
        return await self._ask(self._execution.get_positions, request, timeout)

    async def get_portfolio_state(
        self, *, account_id: str | None = None, timeout: float | None = None
    ) -> v1.GetPortfolioStateResponse:
        """Everything that the gate judges by, at one moment."""
        request = v1.GetPortfolioStateRequest(account_id=account_id)
        return await self._ask(self._execution.get_portfolio_state, request, timeout)

    # The market

    async def get_snapshot(
        self,
        symbols: Iterable[str],
        *,
        bar_timeframes: Iterable[int] = (),
        timeout: float | None = None,
    ) -> v1.GetSnapshotResponse:
        """The latest of some symbols.   Units: `bar_timeframes` in minutes; none, no bars."""
        frames = list(bar_timeframes)
        request = v1.GetSnapshotRequest(
            symbols=list(symbols), include_bars=bool(frames), bar_timeframes=frames
        )
        return await self._ask(self._market.get_snapshot, request, timeout)

    async def get_option_chain(
        self,
        underlying: str,
        *,
        expirations: Iterable[str] = (),
        min_strike: float | None = None,
        max_strike: float | None = None,
        option_type: v1.OptionType | None = None,
        limit: int = 0,
        timeout: float | None = None,
    ) -> v1.GetOptionChainResponse:
        """The listed options, at most `limit` of them if that is not zero.

        Units: expirations as YYYY-MM-DD, strikes in dollars per share.
        """
        request = v1.GetOptionChainRequest(
            underlying=underlying,
            expirations=list(expirations),
            min_strike=min_strike,
            max_strike=max_strike,
            option_type=v1.OptionType(0) if option_type is None else option_type,
            limit=limit,
        )
        return await self._ask(self._market.get_option_chain, request, timeout)

    def subscribe_market_data(
        self,
        symbols: Iterable[str],
        *,
        include_options: bool = False,
        bar_timeframes: Iterable[int] = (),
    ) -> AbstractAsyncContextManager[Updates[v1.SubscribeMarketDataResponse]]:
        """Quotes and bars as they come, for `async with`.   Units: `bar_timeframes` in minutes."""
        request = v1.SubscribeMarketDataRequest(
            symbols=list(symbols),
            include_options=include_options,
            bar_timeframes=list(bar_timeframes),
        )
        return self._open.stream(_MARKET_DATA, request, v1.SubscribeMarketDataResponse)

    # The operator's levers. Only the question is repeated: a second attempt at the others could
    # undo what somebody else did in between.

    async def get_trading_state(
        self, *, timeout: float | None = None
    ) -> v1.GetTradingStateResponse:
        """The trading state and its causes."""
        request = v1.GetTradingStateRequest()
        return await self._ask(self._control.get_trading_state, request, timeout)

    async def set_trading_state(
        self,
        state: v1.TradingStateValue,
        reason: str,
        *,
        actor: str | None = None,
        force: bool = False,
        timeout: float | None = None,
    ) -> v1.SetTradingStateResponse:
        """The trading state afterwards, which another cause may hold down."""
        request = v1.SetTradingStateRequest(state=state, reason=reason, actor=actor, force=force)
        return await self._call(self._control.set_trading_state, request, timeout)

    async def kill_switch(
        self, reason: str, *, flatten: bool = False, timeout: float | None = None
    ) -> v1.KillSwitchResponse:
        """HALTED, and what became of the open orders; `flatten` closes the positions too."""
        request = v1.KillSwitchRequest(reason=reason, flatten=flatten)
        return await self._call(self._control.kill_switch, request, timeout)

    async def heartbeat(
        self,
        session_id: str,
        *,
        timeout_seconds: float | None = None,
        on_loss: v1.OnClientLoss = v1.OnClientLoss.UNSPECIFIED,
        close: bool = False,
        timeout: float | None = None,
    ) -> v1.HeartbeatResponse:
        """A sign of life; within `timeout_seconds` of the reply the next has to be sent."""
        request = v1.HeartbeatRequest(
            session_id=session_id, timeout_seconds=timeout_seconds, on_loss=on_loss, close=close
        )
        return await self._call(self._control.heartbeat, request, timeout)

    async def mass_cancel(
        self, reason: str, *, timeout: float | None = None
    ) -> v1.MassCancelResponse:
        """How far the mass cancel came within the daemon's own deadline for it."""
        request = v1.MassCancelRequest(reason=reason)
        return await self._call(self._control.mass_cancel, request, timeout)

    # How

    @property
    def _execution(self) -> v1.ExecutionServiceStub:
        return v1.ExecutionServiceStub(self._open.channel)

    @property
    def _market(self) -> v1.MarketDataServiceStub:
        return v1.MarketDataServiceStub(self._open.channel)

    @property
    def _control(self) -> v1.ControlServiceStub:
        return v1.ControlServiceStub(self._open.channel)
