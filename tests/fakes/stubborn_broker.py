"""What does a broker do that is slow, silent, or says yes to a cancel and does nothing?"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from decimal import Decimal

import trio
from attrs import define, evolve, field, frozen

from cream.core.model.account import Account
from cream.core.model.activity import Activity
from cream.core.model.broker import (
    BrokerOrder,
    BrokerPosition,
    CancelOutcome,
    CancelTaken,
    Execution,
    ExerciseOutcome,
    OrderIds,
    OrderUpdate,
    Refused,
    SubmitOutcome,
    Unavailable,
)
from cream.core.model.errors import BrokerUnavailable
from cream.core.model.instrument import OptionContract
from cream.core.model.order import OrderTerms
from cream.core.ports import Broker, StillWanted, always_wanted


@frozen
class Request:
    """One thing that was asked of the broker, and when. `subject` is an id, or empty."""

    at: float
    kind: str
    subject: str = ""


@define(eq=False)
class StubbornBroker:
    """A broker in front of another.

    `deaf_to` counts down cancels that are taken and not done; for `deaf` orders all are. While
    `lets_none_go` is set, every cancel is refused. While
    `mute` is set, orders are taken and the answer stays away. A submit that is cancelled lets go
    only after `clings` seconds. While `forgetful` is set, no execution is told; a kind of request
    in `fails_once` fails once. While `knows_no_orders` is set, it shows none; while
    `lists_no_orders`, none but those asked for one by one. `requests` are all
    that was asked, in order; `asked` the moments at which each order was to be cancelled, `listed`
    and `held` those at which open orders and holdings were asked for.
    """

    inner: Broker
    deaf_to: int = 0
    deaf: frozenset[str] = frozenset()
    lets_none_go: bool = False
    mute: bool = False
    clings: float = 0.0
    forgetful: bool = False
    knows_no_orders: bool = False
    lists_no_orders: bool = False
    fails_once: set[str] = field(factory=set)
    deposited: Decimal = Decimal(0)
    sold_by_hand: Decimal = Decimal(0)
    activities: tuple[Activity, ...] = ()
    asked: dict[str, list[float]] = field(factory=dict)
    listed: list[float] = field(factory=list)
    held: list[float] = field(factory=list)
    requests: list[Request] = field(factory=list)
    _speaks: trio.Event = field(factory=trio.Event)

    def __attrs_post_init__(self) -> None:
        self._speaks.set()

    def fall_silent(self) -> None:
        """From now on no call is answered and the stream stands still; nothing fails either."""
        self._speaks = trio.Event()

    def speak(self) -> None:
        """Answer everything that was asked."""
        self._speaks.set()

    def requested(self, kind: str) -> Sequence[Request]:
        """Every request of this kind so far."""
        return [one for one in self.requests if one.kind == kind]

    async def _asked(self, kind: str, subject: str = "") -> None:
        self.requests.append(Request(trio.current_time(), kind, subject))
        if kind in self.fails_once:
            self.fails_once.discard(kind)
            raise BrokerUnavailable(f"{kind} was reset")
        await self._speaks.wait()

    @property
    def name(self) -> str:
        return self.inner.name

    async def submit(
        self, terms: OrderTerms, still_wanted: StillWanted = always_wanted
    ) -> SubmitOutcome:
        self.requests.append(Request(trio.current_time(), "submit", terms.order_id))
        outcome = await self.inner.submit(terms, still_wanted)
        try:
            await self._speaks.wait()
            if self.mute:
                await trio.sleep_forever()
        finally:
            if self.clings:
                with trio.move_on_after(self.clings, shield=True):
                    await trio.sleep_forever()
        return outcome

    async def cancel(self, broker_order_id: str) -> CancelOutcome:
        self.asked.setdefault(broker_order_id, []).append(trio.current_time())
        await self._asked("cancel", broker_order_id)
        if self.lets_none_go:
            return Refused("ORDER_NOT_CANCELABLE", "it is in another state than you think")
        if self.deaf_to > 0 or broker_order_id in self.deaf:
            try:
                await self.inner.ping()
            except BrokerUnavailable as error:
                return Unavailable(str(error))
            self.deaf_to -= broker_order_id not in self.deaf
            return CancelTaken()
        return await self.inner.cancel(broker_order_id)

    async def exercise(self, contract: OptionContract, quantity: Decimal) -> ExerciseOutcome:
        await self._asked("exercise", contract.symbol)
        return await self.inner.exercise(contract, quantity)

    async def do_not_exercise(self, contract: OptionContract) -> ExerciseOutcome:
        await self._asked("do_not_exercise", contract.symbol)
        return await self.inner.do_not_exercise(contract)

    async def order_by_client_id(self, client_order_id: str) -> BrokerOrder | None:
        await self._asked("order_by_client_id", client_order_id)
        known = await self.inner.order_by_client_id(client_order_id)
        return None if self.knows_no_orders else known

    async def order(self, broker_order_id: str) -> BrokerOrder | None:
        await self._asked("order", broker_order_id)
        return None if self.knows_no_orders else await self.inner.order(broker_order_id)

    async def open_orders(self) -> Sequence[BrokerOrder]:
        self.listed.append(trio.current_time())
        await self._asked("open_orders")
        silent = self.knows_no_orders or self.lists_no_orders
        return () if silent else await self.inner.open_orders()

    async def order_ids_since(self, moment: datetime) -> Sequence[OrderIds]:
        await self._asked("order_ids_since")
        return () if self.knows_no_orders else await self.inner.order_ids_since(moment)

    async def executions_since(self, moment: datetime) -> Sequence[Execution]:
        await self._asked("executions_since")
        executions = await self.inner.executions_since(moment)
        return () if self.forgetful else executions

    async def activities_since(self, day: date) -> Sequence[Activity]:
        await self._asked("activities_since", day.isoformat())
        return self.activities

    async def positions(self) -> Sequence[BrokerPosition]:
        self.held.append(trio.current_time())
        await self._asked("positions")
        shown = await self.inner.positions()
        return [evolve(one, quantity=one.quantity - self.sold_by_hand) for one in shown]

    async def account(self) -> Account:
        await self._asked("account")
        account = await self.inner.account()
        return evolve(account, cash=account.cash + self.deposited)

    async def ping(self) -> None:
        await self._asked("ping")
        await self.inner.ping()

    @asynccontextmanager
    async def updates(self) -> AsyncIterator[AsyncIterator[OrderUpdate]]:
        await self._asked("updates")
        async with self.inner.updates() as stream:
            yield _Muffled(stream, self)

    async def heard(self) -> None:
        """Return once the broker speaks."""
        await self._speaks.wait()


@frozen
class _Muffled:
    """A stream whose updates come only while the broker speaks."""

    stream: AsyncIterator[OrderUpdate]
    broker: StubbornBroker

    def __aiter__(self) -> "_Muffled":
        return self

    async def __anext__(self) -> OrderUpdate:
        update = await anext(self.stream)
        await self.broker.heard()
        return update
