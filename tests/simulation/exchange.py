"""What really happens at the broker, and what does it let out of its house?

The venue of `core/exchange` with exact books: what it says of orders, trades and holdings is the
truth that everything is judged by. What leaves the house is worse: messages of the order stream get
lost, doubled, late and out of order, and lists lag behind.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from heapq import heappop, heappush
from typing import TypeVar

import trio
from attrs import define, field

from cream.adapters.feeds.synthetic import SyntheticMarket
from cream.core.exchange.account import ACCOUNT_ID, flat_ledger
from cream.core.exchange.venue import Venue
from cream.core.exchange.venue_book import VenueBook, VenueState
from cream.core.exchange.venue_order import VenueOrder
from cream.core.model.broker import (
    Accepted,
    BrokerOrder,
    CancelOutcome,
    CancelTaken,
    Execution,
    OrderUpdate,
    Refused,
    SubmitOutcome,
)
from cream.core.model.order import OrderTerms
from tests.simulation.network import Network, Sky
from tests.simulation.world import World

T = TypeVar("T")

CASH = Decimal(1_000_000)
ACCOUNT = ACCOUNT_ID
# How often the venue looks at the clock.
_ADVANCE_SECONDS = 1.0
# How long lists may lag. Absence is proven over 30 s: no broker lags as long as that.
LONGEST_LAG = 8.0
_SLOWEST_CANCEL = 1.5
# What a message of the stream takes at most when it is late, and when it is not.
_LATEST_UPDATE = 5.0
_UPDATE_SECONDS = 0.03
# A message that never comes is found out by the next full reconciliation.
UNTIL_RECONCILED = 40.0


@define(eq=False)
class Session:
    """One connection of the order stream."""

    send: trio.MemorySendChannel[OrderUpdate]
    receive: trio.MemoryReceiveChannel[OrderUpdate]
    _due: list[tuple[float, int, OrderUpdate]] = field(factory=list)
    _last: float = 0.0
    _count: int = 0
    _more: trio.Event = field(factory=trio.Event)

    def put(self, update: OrderUpdate, seconds: float, *, in_order: bool) -> None:
        """Deliver after `seconds`; in order: not before what was put before."""
        at = trio.current_time() + seconds
        if in_order:
            at = self._last = max(at, self._last)
        self._count += 1
        heappush(self._due, (at, self._count, update))
        self._more.set()

    async def deliver(self) -> None:
        """Hand over what is due, until the session has ended."""
        while True:
            while self._due and self._due[0][0] <= trio.current_time():
                try:
                    self.send.send_nowait(heappop(self._due)[2])
                except (trio.BrokenResourceError, trio.ClosedResourceError, trio.WouldBlock):
                    return
            self._more = trio.Event()
            with trio.move_on_at(self._due[0][0] if self._due else float("inf")):
                await self._more.wait()
            if self._count < 0:
                return

    def drop(self) -> None:
        """End it, with whatever is on its way."""
        self._count = -1
        self._due.clear()
        self.send.close()
        self._more.set()


@define(eq=False)
class Exchange:
    """The broker. `terms` are the orders it has taken, by client id.

    `taken`, `cancelled` and `traded` hear of what happens, in the moment in which it does.
    """

    world: World
    market: SyntheticMarket
    network: Network
    venue: Venue = field(init=False)
    terms: dict[str, OrderTerms] = field(factory=dict)
    executions: list[Execution] = field(factory=list)
    taken: Callable[[OrderTerms], None] = field(default=lambda _terms: None)
    cancelled: Callable[[str], None] = field(default=lambda _id: None)
    traded: Callable[[Execution], None] = field(default=lambda _execution: None)
    _sessions: list[Session] = field(factory=list)
    _hidden_until: dict[str, float] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        state = VenueState(ledger=flat_ledger(CASH))
        self.venue = Venue(state, self.market, self.market.sessions)
        self.market.listen(lambda quote: self.emit(self.venue.on_quote(quote.symbol, self.now())))
        self.network.listeners.append(self._sky_changed)

    @property
    def book(self) -> VenueBook:
        """The venue's own record."""
        return self.venue._book

    def now(self) -> datetime:
        """The time at the venue."""
        return self.world.clock.now()

    def live(self) -> Sequence[VenueOrder]:
        """Every order that can still trade."""
        return list(self.book.open_orders())

    def held(self, symbol: str) -> Decimal:
        """What is really held."""
        return self.book.account.held(symbol)

    async def run(self) -> None:
        """Let time pass at the venue."""
        while True:
            await trio.sleep(_ADVANCE_SECONDS)
            self.emit(self.venue.advance(self.now()))

    # Requests -----------------------------------------------------------------------------------

    def submit(self, terms: OrderTerms) -> SubmitOutcome:
        """An order has arrived."""
        client_id = terms.client_order_id
        p = self.world.profile
        if self.world.fault("venue.rejected", p.rejected, client_id, seconds=1):
            return Refused("SIMULATED_REJECT", "the broker does not want it")
        outcome, updates = self.venue.submit(terms, self.now())
        if isinstance(outcome, Accepted):
            self.terms[client_id] = terms
            self.world.trace.note(f"venue took {client_id} {terms.purpose.value} {terms.quantity}")
            lag = self.world.chance.uniform(0.5, LONGEST_LAG, "lag", client_id)
            if self.world.fault("venue.order_hidden", p.order_hidden, client_id, seconds=lag):
                self._hidden_until[client_id] = trio.current_time() + lag
            self.taken(terms)
        elif isinstance(outcome, Refused):
            self.world.chance.sometimes(f"the venue refused: {outcome.code}")
        self.emit(updates)
        return outcome

    def cancel(self, broker_order_id: str) -> CancelOutcome:
        """A cancel has arrived. A slow one is carried out later; the order trades meanwhile."""
        self.cancelled(broker_order_id)
        slow = self.world.profile.cancel_slow
        if self.world.fault("venue.cancel_slow", slow, broker_order_id, seconds=_SLOWEST_CANCEL):
            self.world.nursery.start_soon(self._cancel_later, broker_order_id)
            return CancelTaken()
        return self._cancel(broker_order_id)

    def _cancel(self, broker_order_id: str) -> CancelOutcome:
        order = self.book.find(broker_order_id)
        if order is not None and order.is_open:
            self.world.chance.sometimes(f"a cancel found a live {order.role.value}")
        outcome, updates = self.venue.cancel(broker_order_id, self.now())
        self.emit(updates)
        return outcome

    async def _cancel_later(self, broker_order_id: str) -> None:
        await trio.sleep(
            self.world.chance.uniform(0.05, _SLOWEST_CANCEL, "cancelled", broker_order_id)
        )
        if isinstance(self._cancel(broker_order_id), Refused):
            self.world.chance.sometimes("an order traded while its cancel was under way")

    # Questions ----------------------------------------------------------------------------------

    def by_client_id(self, client_id: str) -> BrokerOrder | None:
        """What a look-up by client id shows."""
        if self._is_hidden(client_id):
            self.world.chance.sometimes("a look-up missed an order that is there")
            return None
        shown = self.venue.order(client_id)
        return shown if shown is not None and shown.client_order_id == client_id else None

    def by_broker_id(self, broker_order_id: str) -> BrokerOrder | None:
        """What a look-up by the broker's id shows."""
        return self.venue.order(broker_order_id)

    def listed(self, orders: Sequence[BrokerOrder]) -> Sequence[BrokerOrder]:
        """The list without what it does not show yet."""
        return [one for one in orders if not self._is_hidden(one.client_order_id)]

    def executions_since(self, moment: datetime) -> Sequence[Execution]:
        """The trades that the list shows already."""
        return [
            one
            for one in self.venue.executions_since(moment)
            if not self._is_hidden(one.execution_id)
        ]

    def _is_hidden(self, name: str) -> bool:
        return self._hidden_until.get(name, 0.0) > trio.current_time()

    # The stream ---------------------------------------------------------------------------------

    def connect(self) -> Session:
        """A session of the order stream that is live from here on."""
        session = Session(*trio.open_memory_channel[OrderUpdate](1000))
        self._sessions.append(session)
        self.world.nursery.start_soon(session.deliver)
        return session

    def disconnect(self, session: Session) -> None:
        """End a session."""
        if session in self._sessions:
            self._sessions.remove(session)
            session.drop()

    def emit(self, updates: Sequence[OrderUpdate]) -> None:
        """Take down what has happened, and tell it to whoever is connected."""
        for update in updates:
            for execution in update.executions:
                self._note(execution)
            self._send(update)

    def _note(self, execution: Execution) -> None:
        self.executions.append(execution)
        quantity = execution.side.sign * execution.quantity
        self.world.trace.note(f"trade {execution.instrument.symbol} {quantity} @ {execution.price}")
        name = execution.execution_id
        lag = self.world.chance.uniform(0.3, LONGEST_LAG, "lag", name)
        p = self.world.profile
        if self.world.fault("venue.execution_hidden", p.execution_hidden, name, seconds=lag):
            self._hidden_until[name] = trio.current_time() + lag
        self.traded(execution)

    def _send(self, update: OrderUpdate) -> None:
        world, p = self.world, self.world.profile
        key = (update.event, update.order.client_order_id)
        # Drawn whether or not somebody listens: the world does not depend on who does.
        dropped = world.fault("stream.dropped", p.update_dropped, *key, seconds=UNTIL_RECONCILED)
        twice = world.fault("stream.twice", p.update_twice, *key)
        late = world.fault("stream.late", p.update_late, *key, seconds=_LATEST_UPDATE)
        seconds = world.chance.uniform(0.001, _UPDATE_SECONDS, "told", *key)
        if late:
            seconds = world.chance.uniform(0.2, _LATEST_UPDATE, "told late", *key)
        if dropped or self.network.sky is Sky.SILENT:
            return
        for session in self._sessions:
            session.put(update, seconds, in_order=not late)
            if twice:
                session.put(update, seconds * 2, in_order=False)

    def _sky_changed(self, sky: Sky) -> None:
        """A refusing network drops streams at once; a silent one when it is over."""
        if sky is Sky.SILENT:
            return
        for session in list(self._sessions):
            self.disconnect(session)
