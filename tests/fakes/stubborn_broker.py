"""What does a broker do that is slow to answer, or says yes to a cancel and does nothing?"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from decimal import Decimal

import trio
from attrs import define, evolve, field

from cream.core.model.account import Account
from cream.core.model.broker import (
    BrokerOrder,
    BrokerPosition,
    CancelOutcome,
    CancelTaken,
    Execution,
    OrderUpdate,
    SubmitOutcome,
)
from cream.core.model.order import OrderTerms
from cream.core.ports import Broker


@define(eq=False)
class StubbornBroker:
    """A broker in front of another. `deaf_to` counts down cancels that are taken and not done.

    While `mute` is set, orders are taken and the answer stays away; while `forgetful` is set, no
    execution is told. `asked` are the moments at which each order was to be cancelled, `listed` and
    `held` those at which open orders and holdings were asked for.
    """

    inner: Broker
    deaf_to: int = 0
    mute: bool = False
    forgetful: bool = False
    deposited: Decimal = Decimal(0)
    sold_by_hand: Decimal = Decimal(0)
    asked: dict[str, list[float]] = field(factory=dict)
    listed: list[float] = field(factory=list)
    held: list[float] = field(factory=list)

    @property
    def name(self) -> str:
        return self.inner.name

    async def submit(self, terms: OrderTerms) -> SubmitOutcome:
        outcome = await self.inner.submit(terms)
        if self.mute:
            await trio.sleep_forever()
        return outcome

    async def cancel(self, broker_order_id: str) -> CancelOutcome:
        self.asked.setdefault(broker_order_id, []).append(trio.current_time())
        if self.deaf_to > 0:
            self.deaf_to -= 1
            await trio.lowlevel.checkpoint()
            return CancelTaken()
        return await self.inner.cancel(broker_order_id)

    async def order_by_client_id(self, client_order_id: str) -> BrokerOrder | None:
        return await self.inner.order_by_client_id(client_order_id)

    async def order(self, broker_order_id: str) -> BrokerOrder | None:
        return await self.inner.order(broker_order_id)

    async def open_orders(self) -> Sequence[BrokerOrder]:
        self.listed.append(trio.current_time())
        return await self.inner.open_orders()

    async def orders_since(self, moment: datetime) -> Sequence[BrokerOrder]:
        return await self.inner.orders_since(moment)

    async def executions_since(self, moment: datetime) -> Sequence[Execution]:
        executions = await self.inner.executions_since(moment)
        return () if self.forgetful else executions

    async def positions(self) -> Sequence[BrokerPosition]:
        self.held.append(trio.current_time())
        shown = await self.inner.positions()
        return [evolve(one, quantity=one.quantity - self.sold_by_hand) for one in shown]

    async def account(self) -> Account:
        account = await self.inner.account()
        return evolve(account, cash=account.cash + self.deposited)

    async def ping(self) -> None:
        await self.inner.ping()

    def updates(self) -> AbstractAsyncContextManager[AsyncIterator[OrderUpdate]]:
        return self.inner.updates()
