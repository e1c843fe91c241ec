"""How do the broker and the feed look to one process? Through a network that is not its friend."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

import trio
from attrs import define, field

from cream.adapters.feeds.settings import LISTED_PRICES
from cream.core.model.account import Account
from cream.core.model.activity import Activity
from cream.core.model.broker import (
    BrokerOrder,
    BrokerPosition,
    CancelOutcome,
    Execution,
    ExerciseOutcome,
    OrderIds,
    OrderUpdate,
    OutcomeUnknown,
    SubmitOutcome,
    Unavailable,
    ids_of,
)
from cream.core.model.errors import BrokerUnavailable
from cream.core.model.instrument import Instrument, OptionContract
from cream.core.model.market import Quote
from cream.core.model.order import OrderTerms
from cream.core.ports import StillWanted, always_wanted
from tests.simulation.exchange import Exchange, Session
from tests.simulation.life import Process
from tests.simulation.network import Lost, NotTaken, Sky

T = TypeVar("T")

# How long the feed stays away when it is lost.
_FEED_AWAY = 20.0


@define(eq=False)
class NetworkBroker:
    """The Broker port of one process. `submitting` hears of each order just before it is sent."""

    exchange: Exchange
    process: Process
    submitting: Callable[[OrderTerms], None] = field(default=lambda _terms: None)
    settled: Callable[[OrderTerms, SubmitOutcome], None] = field(default=lambda _t, _o: None)
    asked: Callable[[str], None] = field(default=lambda _id: None)

    @property
    def name(self) -> str:
        return "simulated"

    async def submit(
        self, terms: OrderTerms, still_wanted: StillWanted = always_wanted
    ) -> SubmitOutcome:
        if not still_wanted():
            return Unavailable("not wanted any more", held_back=True)
        self.process.effect("net/submit/decided")
        self.submitting(terms)
        outcome: SubmitOutcome
        try:
            outcome = await self._send(
                "submit", terms.client_order_id, lambda: self.exchange.submit(terms)
            )
        except NotTaken as error:
            outcome = Unavailable(str(error))
        except Lost as error:
            outcome = OutcomeUnknown(str(error))
        self.settled(terms, outcome)
        return outcome

    async def cancel(self, broker_order_id: str) -> CancelOutcome:
        self.asked(broker_order_id)
        try:
            return await self._send(
                "cancel", broker_order_id, lambda: self.exchange.cancel(broker_order_id)
            )
        except NotTaken as error:
            return Unavailable(str(error))
        except Lost as error:
            return OutcomeUnknown(str(error))

    async def exercise(self, contract: OptionContract, quantity: Decimal) -> ExerciseOutcome:
        return Unavailable("nobody exercises in the simulation")

    async def do_not_exercise(self, contract: OptionContract) -> ExerciseOutcome:
        return Unavailable("nobody exercises in the simulation")

    async def order_by_client_id(self, client_order_id: str) -> BrokerOrder | None:
        return await self._ask(
            "by_client_id",
            lambda: self.exchange.by_client_id(client_order_id),
            client_order_id,
        )

    async def order(self, broker_order_id: str) -> BrokerOrder | None:
        return await self._ask(
            "order", lambda: self.exchange.by_broker_id(broker_order_id), broker_order_id
        )

    async def open_orders(self) -> Sequence[BrokerOrder]:
        venue = self.exchange.venue
        return await self._ask("open_orders", lambda: self.exchange.listed(venue.open_orders()))

    async def order_ids_since(self, moment: datetime) -> Sequence[OrderIds]:
        venue = self.exchange.venue
        return await self._ask(
            "order_ids_since", lambda: ids_of(self.exchange.listed(venue.orders_since(moment)))
        )

    async def executions_since(self, moment: datetime) -> Sequence[Execution]:
        return await self._ask("executions_since", lambda: self.exchange.executions_since(moment))

    async def activities_since(self, day: date) -> Sequence[Activity]:
        return await self._ask("activities_since", lambda: ())

    async def positions(self) -> Sequence[BrokerPosition]:
        return await self._ask("positions", self.exchange.venue.positions)

    async def account(self) -> Account:
        venue = self.exchange.venue
        return await self._ask("account", lambda: venue.account(self.exchange.now()))

    async def ping(self) -> None:
        await self._ask("ping", lambda: None)

    @asynccontextmanager
    async def updates(self) -> AsyncIterator[AsyncIterator[OrderUpdate]]:
        session = await self._ask("connect", self.exchange.connect)
        try:
            yield _Stream(session, self.process)
        finally:
            self.exchange.disconnect(session)

    async def _send(self, op: str, key: str, act: Callable[[], T]) -> T:
        return await self.exchange.network.request(self.process, op, key, act)

    async def _ask(self, op: str, act: Callable[[], T], key: str = "") -> T:
        try:
            return await self._send(op, key, act)
        except (NotTaken, Lost) as error:
            raise BrokerUnavailable(str(error)) from None


@define(eq=False)
class _Stream:
    session: Session
    process: Process

    def __aiter__(self) -> AsyncIterator[OrderUpdate]:
        return self

    async def __anext__(self) -> OrderUpdate:
        try:
            update = await self.session.receive.receive()
        except (trio.EndOfChannel, trio.ClosedResourceError):
            raise BrokerUnavailable("the order stream was reset") from None
        self.process.effect(f"stream/{update.event}")
        return update


@define(eq=False)
class LossyFeed:
    """The MarketData port of one process. What it has not been told, it does not know."""

    exchange: Exchange
    process: Process
    is_up: bool = True
    _latest: dict[str, Quote] = field(factory=dict)

    @property
    def name(self) -> str:
        return "synthetic"

    async def run(self, publish: Callable[[Quote], None]) -> None:
        """A session; it ends when the feed is lost. Raises: BrokerUnavailable."""
        lost = trio.Event()
        world = self.exchange.world

        def hear(quote: Quote) -> None:
            if not self.process.is_alive or lost.is_set():
                return
            key = (self.process.number, quote.symbol)
            # Options come along with their share.
            draws = quote.symbol in LISTED_PRICES
            lost_now = draws and world.fault(
                "feed.lost", world.profile.feed_lost, *key, seconds=_FEED_AWAY
            )
            if lost_now:
                lost.set()
                return
            self._latest[quote.symbol] = quote
            publish(quote)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.exchange.market.run, hear)
            await lost.wait()
            nursery.cancel_scope.cancel()
        await trio.sleep(world.chance.uniform(0.1, _FEED_AWAY, "feed away", self.process.number))

    def knows(self, instrument: Instrument, now: datetime) -> bool:
        return self.exchange.market.knows(instrument, now)

    async def ensure(self, symbols: Sequence[str]) -> None:
        await self.exchange.market.ensure(symbols)

    def latest(self, symbol: str) -> Quote | None:
        return self._latest.get(symbol)


def is_reachable(exchange: Exchange) -> bool:
    """Whether requests get through."""
    return exchange.network.sky is Sky.CLEAR
