"""What is outside? Every outside thing that Cream's subsystems use, as a protocol.

Adapters implement these; `daemon/root.py` wires them; nothing below knows an adapter. What Cream
offers to the outside is in `core/operations.py`.
"""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol, TypeVar

from attrs import frozen

from cream.core.execution.events import Record
from cream.core.execution.memory import Archived, ArchivedOrder, BookState
from cream.core.market.health import FeedHealth
from cream.core.market.microstructure import Microstructure
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
    SubmitOutcome,
)
from cream.core.model.instrument import Instrument, OptionContract
from cream.core.model.market import MarketStatus, Quote
from cream.core.model.order import Order, OrderStatus, OrderTerms
from cream.core.model.ticks import Bar, DayStatistics, OptionSnapshot
from cream.core.options.chain import ChainFilter, Listing

T = TypeVar("T")


StillWanted = Callable[[], bool]


def always_wanted() -> bool:
    """Nothing may come between."""
    return True


class Clock(Protocol):
    """The time on the wall. Durations and deadlines are `trio.current_time()`, not this."""

    def now(self) -> datetime:
        """The current moment, in UTC."""
        ...


class Broker(Protocol):
    """The broker that holds the account.

    Queries raise `BrokerUnavailable`. Commands answer with an outcome and never raise for what the
    outside does. A cancelled command may have happened: its caller treats it as `OutcomeUnknown`.
    """

    @property
    def name(self) -> str:
        """What logs and people call it."""
        ...

    async def submit(
        self, terms: OrderTerms, still_wanted: StillWanted = always_wanted
    ) -> SubmitOutcome:
        """Send a new order under `terms.client_order_id`. Never sent twice by the adapter.

        `still_wanted` is asked when the order is about to leave, after whatever wait there is on
        our side; one that is not is `Unavailable`, held back.
        """
        ...

    async def cancel(self, broker_order_id: str) -> CancelOutcome:
        """Ask for an order to be cancelled."""
        ...

    async def exercise(self, contract: OptionContract, quantity: Decimal) -> ExerciseOutcome:
        """Exercise so many long contracts now. Never sent twice by the adapter."""
        ...

    async def do_not_exercise(self, contract: OptionContract) -> ExerciseOutcome:
        """Have the contract expire even if it ends in the money."""
        ...

    async def order_by_client_id(self, client_order_id: str) -> BrokerOrder | None:
        """The order with this client id, or None where the broker knows none."""
        ...

    async def order(self, broker_order_id: str) -> BrokerOrder | None:
        """The order with this broker id and its legs, or None."""
        ...

    async def open_orders(self) -> Sequence[BrokerOrder]:
        """Every open order with its legs, all pages."""
        ...

    async def order_ids_since(self, moment: datetime) -> Sequence[OrderIds]:
        """Of every order, open or closed, legs included, submitted at `moment` or later."""
        ...

    async def executions_since(self, moment: datetime) -> Sequence[Execution]:
        """Every execution at `moment` or later, oldest first."""
        ...

    async def activities_since(self, day: date) -> Sequence[Activity]:
        """Every row of the history that is no fill and was written on `day` (New York) or later.

        All pages, oldest first. A broker that tells of none has none.
        """
        ...

    async def positions(self) -> Sequence[BrokerPosition]:
        """Everything held."""
        ...

    async def account(self) -> Account:
        """The account's figures."""
        ...

    async def ping(self) -> None:
        """Return if the broker is alive."""
        ...

    def updates(self) -> AbstractAsyncContextManager[AsyncIterator[OrderUpdate]]:
        """The order stream, live once entered. Raises `BrokerUnavailable` when it drops."""
        ...


class MarketData(Protocol):
    """Quotes. The latest is kept; a listener gets every one, in order, without waiting."""

    @property
    def name(self) -> str:
        """What logs and people call it."""
        ...

    async def run(self, publish: Callable[[Quote], None]) -> None:
        """Read the feed and hand every quote to `publish`, until cancelled or the feed is lost."""
        ...

    def knows(self, instrument: Instrument, now: datetime) -> bool:
        """Whether this instrument exists and can still trade at `now`."""
        ...

    def status(self, now: datetime) -> MarketStatus:
        """Where in its day the market stands."""
        ...

    async def ensure(self, symbols: Sequence[str]) -> None:
        """See to it that these are subscribed and, where the feed can, quoted at least once."""
        ...

    def latest(self, symbol: str) -> Quote | None:
        """The last quote of `symbol`, however old."""
        ...


class MarketDetail(Protocol):
    """What a real feed has beyond quotes. All questions raise `BrokerUnavailable`."""

    def follow(self, consumer: object, symbols: Collection[str]) -> None:
        """From now on `consumer` needs exactly these; none: it leaves. Does not wait.

        An `Onlooker` (`core/market/subscriptions.py`) reads them and needs none.
        """
        ...

    def halted(self, symbol: str) -> str | None:
        """Why `symbol`, or what it is an option on, is not traded now; None where it is."""
        ...

    def counts(self, quote: Quote) -> bool:
        """Whether `quote` says at what price its symbol trades: not in a halt nor from before."""
        ...

    def microstructure(self, symbol: str) -> Microstructure | None:
        """The symbol's last minute; None where nothing was told of it."""
        ...

    def health(self) -> FeedHealth:
        """How the feed does."""
        ...

    async def days(self, symbols: Sequence[str]) -> Mapping[str, DayStatistics]:
        """The day so far of each symbol that the feed has."""
        ...

    async def bars(
        self, symbol: str, minutes: int, count: int, *, adjusted: bool = False
    ) -> Sequence[Bar]:
        """The newest `count` bars, oldest first; `adjusted` as if there had been no splits."""
        ...

    async def option_snapshots(self, symbols: Sequence[str]) -> Mapping[str, OptionSnapshot]:
        """Quotes, volatility and Greeks of contracts, as far as the feed has them."""
        ...

    def on_bar(self, key: object, listener: Callable[[Bar, str], None] | None) -> None:
        """Tell `listener`, which must not wait, of bars: `minute`, `updated`, `day`. None: end."""
        ...


class Journal(Protocol):
    """The write-ahead journal: what is committed survives, what is not never happened."""

    async def commit(self, records: Sequence[Record]) -> None:
        """Make all of `records` durable, in order, or none.

        Raises: JournalFailed; after that the journal is not to be trusted and stays failed.
        Cancellation: does not stop a write that has begun.
        """
        ...

    async def load(self) -> Sequence[Record]:
        """Everything committed so far for this environment and account, oldest first."""
        ...

    async def aclose(self) -> None:
        """Flush and close."""
        ...


@frozen(kw_only=True)
class Restored:
    """What a start begins with: a state, the records after it, and what they are about.

    Without a state, `records` are the whole journal.
    """

    state: BookState | None
    records: Sequence[Record]
    recalled: tuple[ArchivedOrder, ...] = ()


class Archive(Protocol):
    """What need not be in memory. It follows from the journal, and lies beside it.

    All raise JournalFailed.
    """

    async def restore(self) -> Restored:
        """The newest state that can be believed, and what happened since."""
        ...

    async def keep_snapshot(self, state: BookState) -> None:
        """Make a state durable, so that a start need not read what came before it."""
        ...

    async def keep(self, archived: Archived, sequence: int) -> None:
        """Make orders and plans durable as they are at `sequence`, so that memory can forget."""
        ...

    async def find(self, names: Sequence[str]) -> Archived:
        """The families of the orders that have one of these ids (ours, client's, broker's)."""
        ...

    async def plan(self, plan_id: str) -> Archived:
        """The plan, and the families of its orders."""
        ...

    async def compact(self, before: datetime) -> int:
        """Remove records older than that, as far as states stand in for them; how many."""
        ...

    async def orders(self, status: OrderStatus | None, limit: int | None) -> Sequence[Order]:
        """Archived orders, oldest first: those with `status`, the newest `limit` of them."""
        ...


class OptionChains(Protocol):
    """Which options are listed, and how they are quoted."""

    @property
    def name(self) -> str:
        """What logs and people call it."""
        ...

    async def listing(self, wanted: ChainFilter) -> Listing:
        """Every listed option that `wanted` admits, whatever its limit; others may come with them.

        Raises: CreamError NOT_FOUND for an underlying without options, NOT_READY where the market
        does not answer.
        """
        ...


class Offload(Protocol):
    """Runs a pure computation away from the event loop, a bounded number at a time."""

    async def run(self, work: Callable[[], T]) -> T:
        """What `work()` returns, or raises.

        Cancellation: gives up the result at once; work that has begun goes on to its end unseen.
        """
        ...
