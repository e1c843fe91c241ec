"""How does the simulated venue look through the Broker port? Like a broker across a network.

The venue of `core/exchange` behind a door: every change is in its own file before it is answered,
the order stream can drop, the whole broker can be out of reach, and answers can be lost. While it
is out of reach its market goes on, and orders that rest there trade.
"""

import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

import structlog
import trio
from attrs import define

from cream.adapters.brokers.simulated_faults import ArmedFaults, Fault, read_switch
from cream.adapters.brokers.simulated_settings import SimulatedSettings
from cream.adapters.brokers.simulated_store import VenueStore
from cream.adapters.brokers.update_stream import UpdateStreams
from cream.core.exchange.account import flat_ledger
from cream.core.exchange.archive import Retention
from cream.core.exchange.calendar import Sessions
from cream.core.exchange.market_view import VenueMarket
from cream.core.exchange.venue import Venue
from cream.core.exchange.venue_book import VenueState
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
    Refused,
    SubmitOutcome,
    Unavailable,
    ids_of,
)
from cream.core.model.errors import BrokerUnavailable
from cream.core.model.instrument import OptionContract
from cream.core.model.market import Quote
from cream.core.model.order import OrderTerms
from cream.core.ports import Clock, StillWanted, always_wanted

log = structlog.get_logger(__name__)

# How often the venue looks at the clock: a DAY order ends within this of its session.
ADVANCE_SECONDS = 0.25

_AWAY = "the simulated broker is disconnected"
_LOST_ANSWER = "the connection was reset before an answer came"


class SimulatedMarket(VenueMarket, Protocol):
    """The market that the broker trades in: it can be listened to, and be made to stand still."""

    @property
    def sessions(self) -> Sessions:
        """When it trades."""
        ...

    def listen(self, listener: Callable[[Quote], None]) -> None:
        """Hand every quote to `listener`."""
        ...

    def freeze(self, frozen: bool) -> None:
        """Stop moving, or go on."""
        ...


@define(eq=False)
class _Arrival:
    """An order on its way into the venue, and its answer once it was there."""

    terms: OrderTerms
    still_wanted: StillWanted
    outcome: SubmitOutcome | None = None


class SimulatedBroker:
    """The Broker port over one venue.   Owns: its store; `close` it."""

    def __init__(
        self, store: VenueStore, market: SimulatedMarket, clock: Clock, settings: SimulatedSettings
    ) -> None:
        kept = settings.kept_in_memory
        loaded = store.load(kept)
        state = loaded or VenueState(ledger=flat_ledger(settings.cash))
        retention = Retention(store, kept, is_whole=loaded is None)
        self._venue = Venue(state, market, market.sessions, retention)
        self._store = store
        self._market = market
        self._clock = clock
        self._faults = ArmedFaults()
        self._streams = UpdateStreams()
        self._outbox: list[OrderUpdate] = []
        self._arrivals: deque[_Arrival] = deque()
        self._away_until = float("-inf")
        market.listen(self.on_quote)

    @classmethod
    def open(
        cls, settings: SimulatedSettings, market: SimulatedMarket, clock: Clock
    ) -> "SimulatedBroker":
        """The broker over the file in `settings`, trading whenever `market` moves.

        Raises: VenueFileUnreadable, OSError.
        """
        store = VenueStore(settings.db_path)
        try:
            return cls(store, market, clock, settings)
        except BaseException:
            store.close()
            raise

    @property
    def name(self) -> str:
        """What logs and people call it."""
        return "simulated"

    # The venue's own life -----------------------------------------------------------------------

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Let time pass at the venue, until cancelled. Runs whether or not anyone is connected."""
        self.advance()
        task_status.started()
        while True:
            await trio.sleep(ADVANCE_SECONDS)
            self.advance()

    def advance(self) -> None:
        """Let orders and options end whose time has come."""
        self._emit(self._venue.advance(self._clock.now()))

    def on_quote(self, quote: Quote) -> None:
        """Let resting orders trade at a new quote. Cheap where none waits for it."""
        updates = self._venue.on_quote(quote.symbol, self._clock.now())
        if updates:
            self._emit(updates)

    def close(self) -> None:
        """End every stream and close the file."""
        self._streams.drop("the simulated broker is closed")
        self._store.close()

    # Commands -----------------------------------------------------------------------------------

    async def submit(
        self, terms: OrderTerms, still_wanted: StillWanted = always_wanted
    ) -> SubmitOutcome:
        """Send a new order under `terms.client_order_id`.

        Orders that are on their way at the same time arrive in the order in which they were sent,
        and share a transaction of the venue's file.

        Cancellation: the order may have been taken.
        """
        arrival = _Arrival(terms, still_wanted)
        self._arrivals.append(arrival)
        try:
            await trio.lowlevel.checkpoint()
        except trio.Cancelled:
            if arrival in self._arrivals:
                self._arrivals.remove(arrival)
            raise
        if arrival.outcome is None:
            self._take_in()
        outcome = arrival.outcome
        assert outcome is not None, "whatever has arrived is taken in"
        if not isinstance(outcome, Unavailable | OutcomeUnknown):
            # The answer has a way to go as well: whoever is cancelled here has sent the order.
            await trio.lowlevel.checkpoint()
        return outcome

    def _take_in(self) -> None:
        """Let the venue have all that has arrived, in that order, and write it down once."""
        taken: list[_Arrival] = []
        updates: list[OrderUpdate] = []
        written = False
        try:
            while self._arrivals:
                arrival = self._arrivals.popleft()
                arrival.outcome = self._turned_away(arrival)
                if arrival.outcome is None:
                    arrival.outcome, told = self._submitted(arrival.terms)
                    updates += told
                    taken.append(arrival)
        finally:
            written = self._emit(updates)
        for arrival in taken:
            if isinstance(arrival.outcome, Unavailable):
                continue
            if not written and not isinstance(arrival.outcome, Refused):
                arrival.outcome = OutcomeUnknown("the venue could not write the order down")
            elif self._faults.happens(Fault.SUBMIT_TIMEOUT_BOOKED):
                arrival.outcome = OutcomeUnknown(_LOST_ANSWER)

    def _turned_away(self, arrival: "_Arrival") -> SubmitOutcome | None:
        """Why an order does not get as far as the venue; None where it does."""
        if not arrival.still_wanted():
            return Unavailable("not wanted any more", held_back=True)
        if self._is_away:
            return Unavailable(_AWAY)
        if self._faults.happens(Fault.SUBMIT_UNAVAILABLE):
            return Unavailable("the simulated broker takes no orders now")
        if self._faults.happens(Fault.SUBMIT_LOST):
            return OutcomeUnknown(_LOST_ANSWER)
        if self._faults.happens(Fault.REJECT_SUBMIT):
            return Refused("SIMULATED_REJECT", "refused by the fault reject_submit")
        return None

    def _submitted(self, terms: OrderTerms) -> tuple[SubmitOutcome, Sequence[OrderUpdate]]:
        try:
            with _reading():
                return self._venue.submit(terms, self._clock.now())
        except BrokerUnavailable as error:
            return Unavailable(str(error)), ()

    async def cancel(self, broker_order_id: str) -> CancelOutcome:
        """Ask for an order, and with it its group, to be cancelled.

        Cancellation: the order may have been cancelled.
        """
        await trio.lowlevel.checkpoint()
        if self._is_away:
            return Unavailable(_AWAY)
        try:
            with _reading():
                outcome, updates = self._venue.cancel(broker_order_id, self._clock.now())
        except BrokerUnavailable as error:
            return Unavailable(str(error))
        if not self._emit(updates) and not isinstance(outcome, Refused):
            return OutcomeUnknown("the venue could not write the cancel down")
        if self._faults.happens(Fault.CANCEL_TIMEOUT):
            return OutcomeUnknown(_LOST_ANSWER)
        await trio.lowlevel.checkpoint()
        return outcome

    async def exercise(self, contract: OptionContract, quantity: Decimal) -> ExerciseOutcome:
        """Exercise long contracts.   Cancellation: it may have been done."""
        return await self._instruct(
            lambda: self._venue.exercise(contract, quantity, self._clock.now())
        )

    async def do_not_exercise(self, contract: OptionContract) -> ExerciseOutcome:
        """Let the contract end unexercised.   Cancellation: it may have been noted."""
        return await self._instruct(
            lambda: self._venue.do_not_exercise(contract, self._clock.now())
        )

    async def _instruct(self, instruct: Callable[[], ExerciseOutcome]) -> ExerciseOutcome:
        await trio.lowlevel.checkpoint()
        if self._is_away or self._faults.happens(Fault.SUBMIT_UNAVAILABLE):
            return Unavailable(_AWAY)
        if self._faults.happens(Fault.SUBMIT_LOST):
            return OutcomeUnknown(_LOST_ANSWER)
        outcome = instruct()
        if not self._emit(()) and not isinstance(outcome, Refused):
            return OutcomeUnknown("the venue could not write the instruction down")
        if self._faults.happens(Fault.SUBMIT_TIMEOUT_BOOKED):
            return OutcomeUnknown(_LOST_ANSWER)
        await trio.lowlevel.checkpoint()
        return outcome

    # Questions ----------------------------------------------------------------------------------

    async def order_by_client_id(self, client_order_id: str) -> BrokerOrder | None:
        """The order with this client id, or None.   Raises: BrokerUnavailable."""
        await self._ask()
        with _reading():
            order = self._venue.order(client_order_id)
        return order if order is not None and order.client_order_id == client_order_id else None

    async def order(self, broker_order_id: str) -> BrokerOrder | None:
        """The order with this broker id, with its legs.   Raises: BrokerUnavailable."""
        await self._ask()
        with _reading():
            order = self._venue.order(broker_order_id)
        return order if order is not None and order.broker_order_id == broker_order_id else None

    async def open_orders(self) -> Sequence[BrokerOrder]:
        """Every open order.   Raises: BrokerUnavailable."""
        await self._ask()
        return self._venue.open_orders()

    async def order_ids_since(self, moment: datetime) -> Sequence[OrderIds]:
        """Of every order that changed at `moment` or later.   Raises: BrokerUnavailable."""
        await self._ask()
        with _reading():
            return ids_of(self._venue.orders_since(moment))

    async def executions_since(self, moment: datetime) -> Sequence[Execution]:
        """Every execution at `moment` or later.   Raises: BrokerUnavailable."""
        await self._ask()
        with _reading():
            return self._venue.executions_since(moment)

    async def activities_since(self, _day: date) -> Sequence[Activity]:
        """None: what ends here is settled in cash at once, and nothing else happens."""
        await self._ask()
        return ()

    async def positions(self) -> Sequence[BrokerPosition]:
        """Everything held.   Raises: BrokerUnavailable."""
        await self._ask()
        return self._venue.positions()

    async def account(self) -> Account:
        """The account's figures.   Raises: BrokerUnavailable."""
        await self._ask()
        return self._venue.account(self._clock.now())

    async def ping(self) -> None:
        """Return if the broker is in reach.   Raises: BrokerUnavailable."""
        await self._ask()

    @asynccontextmanager
    async def updates(self) -> AsyncIterator[AsyncIterator[OrderUpdate]]:
        """The order stream. There may be several; each ends with BrokerUnavailable."""
        await self._ask()
        with self._streams.connected() as stream:
            yield stream

    # What can be made to go wrong ---------------------------------------------------------------

    def disconnect(self, seconds: float) -> None:
        """Be out of reach for `seconds`: streams drop, calls fail. Zero ends it."""
        self._away_until = trio.current_time() + seconds
        if seconds > 0:
            self._streams.drop(_AWAY)

    def fault(self, name: str, parameters: Mapping[str, object]) -> None:
        """Switch a fault on or off: see `simulated_faults`.

        Raises: CreamError INVALID_REQUEST.
        """
        switch = read_switch(name, parameters)
        self._faults.set(switch)
        if switch.fault is Fault.STALE_QUOTES:
            self._market.freeze(switch.on)

    # Inside -------------------------------------------------------------------------------------

    @property
    def _is_away(self) -> bool:
        return trio.current_time() < self._away_until

    async def _ask(self) -> None:
        await trio.lowlevel.checkpoint()
        if self._is_away:
            raise BrokerUnavailable(_AWAY)

    def _emit(self, updates: Sequence[OrderUpdate]) -> bool:
        """Write down what changed, then tell it. False if it could not be written.

        What could not be written stays in the venue's memory and in the outbox, and goes out with
        the next change that can.
        """
        self._outbox += updates
        changes = self._venue.unsaved()
        if changes is not None:
            try:
                self._store.save(changes)
            except sqlite3.Error as error:
                log.error("simulated_broker.save_failed", error=str(error))
                return False
            self._venue.mark_saved()
        told, self._outbox = self._outbox, []
        for update in told:
            self._tell(update)
        return True

    def _tell(self, update: OrderUpdate) -> None:
        if self._faults.happens(Fault.DROP_UPDATES):
            return
        self._streams.send(update)
        if self._faults.happens(Fault.DUPLICATE_UPDATES):
            self._streams.send(update)


@contextmanager
def _reading() -> Iterator[None]:
    """The venue looks into its file for what it no longer keeps; nothing has changed if it fails.

    Raises: BrokerUnavailable.
    """
    try:
        yield
    except sqlite3.Error as error:
        log.error("simulated_broker.read_failed", error=str(error))
        raise BrokerUnavailable("the venue cannot read its file") from error
