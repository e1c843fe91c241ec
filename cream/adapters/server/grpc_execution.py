"""How are the calls of cream.v1.ExecutionService answered?"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, assert_never

import trio
from attrs import frozen

from cream.adapters.server import wire_requests as requests
from cream.adapters.server.auth import Gatekeeper
from cream.adapters.server.ending import end_of
from cream.adapters.server.fills import fill_view, fills_of
from cream.adapters.server.grpc_edge import request_of
from cream.adapters.server.json_state_views import difference_view
from cream.adapters.server.order_listing import ORDERS_A_MESSAGE, orders_from_wire
from cream.adapters.server.portfolio import portfolio, positions_as_of
from cream.adapters.server.turns import in_turns
from cream.adapters.server.wire_shapes import message_of
from cream.adapters.server.wire_state_views import (
    account_message,
    known_account,
    portfolio_reply,
    position_message,
    trading_state_message,
)
from cream.adapters.server.wire_values import wire_instant
from cream.adapters.server.wire_views import (
    cancel_reply,
    check_reply,
    order_message,
    order_state_reply,
    orders_ack,
    plan_reply,
    submit_order_reply,
)
from cream.core.model.errors import CreamError
from cream.core.model.fill import Fill
from cream.core.model.order import Order
from cream.core.model.plan import Environment
from cream.core.operations import Operations, PlanResult, StreamEnd, Subscription, Update
from cream.wire import execution_pb2, status_pb2
from cream.wire.execution_grpc import ExecutionServiceBase


@frozen
class ExecutionFilter:
    """Which orders a stream is about; without any condition it is about everything.

    `fills`: whether each execution is told by itself too.
    """

    cycle_id: str
    order_ids: frozenset[str]
    fills: bool = False

    @property
    def takes_everything(self) -> bool:
        """Whether there is no condition."""
        return not self.cycle_id and not self.order_ids

    def fills_in(self, update: Update) -> Iterator[Fill]:
        """The executions that the stream tells of."""
        if self.fills:
            taken = {order.order_id for order in update.orders if self.takes(order)}
            for fill in fills_of(update.event):
                if self.takes_everything or fill.order_id in taken:
                    yield fill

    def takes(self, order: Order) -> bool:
        """Whether the stream is about `order`. Ids may be ours, the client's or the broker's."""
        if self.cycle_id and order.terms.cycle_id != self.cycle_id:
            return False
        names = (order.order_id, order.terms.client_order_id, order.broker_order_id)
        return not self.order_ids or any(name in self.order_ids for name in names)


class ExecutionService(ExecutionServiceBase):
    """Orders, positions and the account."""

    def __init__(
        self,
        operations: Operations,
        gatekeeper: Gatekeeper,
        *,
        environment: Environment,
        now: Callable[[], datetime],
        shutdown: trio.Event,
    ) -> None:
        self._operations = operations
        self._gatekeeper = gatekeeper
        self._environment = environment
        self._now = now
        self._shutdown = shutdown

    async def CheckConstraints(self, stream: Any) -> None:  # noqa: N802 - the contract's name
        """A verdict; nothing changes."""
        request = requests.check_request(await request_of(stream))
        verdict = await self._operations.check_plan(request.plan, request.override, request.asked)
        await stream.send_message(check_reply(verdict))

    async def SubmitOrder(self, stream: Any) -> None:  # noqa: N802 - the contract's name
        """One order, past the gate."""
        order = requests.single_order(await request_of(stream))
        result = await self._operations.submit_order(order)
        await stream.send_message(submit_order_reply(result, order.client_order_id))

    async def SubmitOrders(self, stream: Any) -> None:  # noqa: N802 - the contract's name
        """A plan, past the gate."""
        request = requests.submit_request(await request_of(stream))
        result = await self._operations.submit_plan(request.plan, request.params)
        await stream.send_message(plan_reply(result, children_of(self._operations, result)))

    async def GetOrderState(self, stream: Any) -> None:  # noqa: N802 - the contract's name
        """One order."""
        order_id = requests.order_id((await request_of(stream)).order_id)
        order = await self._operations.find_order(order_id)
        if order is None:
            raise CreamError("NOT_FOUND", f"No order has the id {order_id}")
        children = self._operations.children(order.order_id)
        await stream.send_message(order_state_reply(order, children))

    async def CancelOrder(self, stream: Any) -> None:  # noqa: N802 - the contract's name
        """One order is taken back."""
        order_id = requests.order_id((await request_of(stream)).order_id)
        actor = self._gatekeeper.authorize(stream.metadata, "")
        results = await self._operations.cancel_orders([order_id], "requested", actor)
        await stream.send_message(cancel_reply(results[0]))

    async def GetAccountState(self, stream: Any) -> None:  # noqa: N802 - the contract's name
        """The broker's figures, as of when the broker told them."""
        self._require_account(await request_of(stream))
        account = known_account(self._operations.account())
        await stream.send_message(
            execution_pb2.GetAccountStateResponse(account_state=account_message(account))
        )

    async def GetPositions(self, stream: Any) -> None:  # noqa: N802 - the contract's name
        """What is held."""
        request = await request_of(stream)
        self._require_account(request)
        symbols = requests.symbols(request.symbols, required=False)
        positions = tuple(
            view
            for view in self._operations.positions()
            if not symbols or view.position.instrument.symbol in symbols
        )
        await stream.send_message(
            execution_pb2.GetPositionsResponse(
                positions=map(position_message, positions),
                as_of=wire_instant(positions_as_of(positions, self._now())),
            )
        )

    async def ListOrders(self, stream: Any) -> None:  # noqa: N802 - the contract's name
        """Every order, or those that are asked for, oldest first."""
        wanted = orders_from_wire(await request_of(stream))
        chosen = await self._operations.all_orders(wanted.status, wanted.limit)
        for start in range(0, len(chosen), ORDERS_A_MESSAGE):
            some = chosen[start : start + ORDERS_A_MESSAGE]
            orders = await in_turns(order_message, some)
            await stream.send_message(execution_pb2.ListOrdersResponse(orders=orders))

    async def GetPortfolioState(self, stream: Any) -> None:  # noqa: N802 - the contract's name
        """Everything that the gate judges by."""
        self._require_account(await request_of(stream))
        whole = portfolio(self._operations, self._now())
        await stream.send_message(portfolio_reply(whole))

    async def StreamExecutions(self, stream: Any) -> None:  # noqa: N802 - the contract's name
        """How things stand, then every change, until the caller leaves."""
        request = await request_of(stream)
        ids = frozenset(requests.some_ids(request.order_ids))
        chosen = ExecutionFilter(request.cycle_id, ids, request.include_fills)
        async with self._operations.subscribe() as subscription:
            first = self._snapshot(chosen, subscription)

            async def send_all() -> None:
                for message in first:
                    await stream.send_message(message)
                async for update in subscription:
                    for message in self._changes(chosen, update):
                        await stream.send_message(message)

            end = await end_of(subscription, self._shutdown, send_all)
        raise stream_error(end)

    def _require_account(self, request: Any) -> None:
        """There is one account; a caller that means another must not be told of this one."""
        if request.HasField("account_id") and request.account_id:
            account = known_account(self._operations.account())
            if account.account_id != request.account_id:
                raise CreamError("NOT_FOUND", "The daemon does not trade that account")

    def _snapshot(
        self, chosen: ExecutionFilter, subscription: Subscription
    ) -> Sequence[execution_pb2.StreamExecutionsResponse]:
        """How things stand: a message for each plan, and at least one, so that its end is seen."""
        orders = [order for order in self._operations.orders() if chosen.takes(order)]
        by_plan: dict[tuple[str, str], list[Order]] = {}
        for order in orders:
            by_plan.setdefault((order.terms.cycle_id, order.terms.plan_id), []).append(order)
        now = self._now()
        acks = [orders_ack(group, self._environment, now) for group in by_plan.values() or [[]]]
        messages = [execution_pb2.StreamExecutionsResponse(execution=ack) for ack in acks]
        if chosen.takes_everything:
            messages += [
                execution_pb2.StreamExecutionsResponse(position=position_message(view))
                for view in self._operations.positions()
            ]
            state = trading_state_message(self._operations.trading_state())
            messages.append(execution_pb2.StreamExecutionsResponse(trading_state=state))
        for message in messages:
            message.sequence = subscription.sequence
            message.snapshot = True
        return messages

    def _changes(
        self, chosen: ExecutionFilter, update: Update
    ) -> Iterator[execution_pb2.StreamExecutionsResponse]:
        for fill in chosen.fills_in(update):
            yield execution_pb2.StreamExecutionsResponse(
                fill=message_of(fill_view(fill), execution_pb2.Fill), sequence=update.sequence
            )
        for order in update.orders:
            if chosen.takes(order):
                ack = orders_ack([order], self._environment, update.at)
                yield execution_pb2.StreamExecutionsResponse(
                    execution=ack, sequence=update.sequence
                )
        if not chosen.takes_everything:
            return
        for view in update.positions:
            yield execution_pb2.StreamExecutionsResponse(
                position=position_message(view), sequence=update.sequence
            )
        if update.trading_state is not None:
            yield execution_pb2.StreamExecutionsResponse(
                trading_state=trading_state_message(update.trading_state),
                sequence=update.sequence,
            )
        for alert in update.alerts:
            difference = message_of(difference_view(alert), status_pb2.ReconciliationDifference)
            yield execution_pb2.StreamExecutionsResponse(alert=difference, sequence=update.sequence)


def children_of(operations: Operations, result: PlanResult) -> list[Sequence[Order]]:
    """The children of each order of a plan, in the same sequence."""
    return [operations.children(order.order_id) for order in result.orders]


def stream_error(end: StreamEnd) -> CreamError:
    """Why a stream of updates ended. Each end is a call to come again, for a new snapshot."""
    match end:
        case StreamEnd.STOPPING:
            return CreamError("NOT_READY", "The daemon is stopping")
        case StreamEnd.BROKEN_OFF:
            message = "The journal cannot commit; reconnect for a snapshot"
            return CreamError("NOT_READY", message)
        case StreamEnd.FELL_BEHIND:
            return CreamError("FELL_BEHIND", "The stream fell behind; reconnect for a snapshot")
        case _:
            assert_never(end)
