"""What does Cream offer to whoever drives it: gRPC, JSON, the command line, a test?

One protocol, `Operations`, with the views it hands out. The daemon implements it once, so that
every interface does the same thing.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Protocol

from attrs import frozen

from cream.core.execution.account_shown import HistoryShown
from cream.core.execution.events import Event, ReconciliationCompleted
from cream.core.execution.instructions import (
    ExerciseInstructions,
    HoldingsRiskShown,
    RollsShown,
)
from cream.core.market.views import FeedView, SymbolView
from cream.core.model.account import Account
from cream.core.model.broker import Difference
from cream.core.model.market import Datum, MarketStatus, Quote
from cream.core.model.order import Order, OrderStatus
from cream.core.model.plan import DecisionPlan
from cream.core.model.position import Position
from cream.core.model.promise import OnLoss, Promise
from cream.core.model.request import (
    ExecutionParams,
    PortfolioOverride,
    RiskConstraints,
    SingleOrder,
)
from cream.core.model.state import Restriction, TradingState
from cream.core.model.ticks import Bar
from cream.core.model.verdict import Verdict
from cream.core.options.chain import ChainFilter, OptionChain


@frozen(kw_only=True)
class PlanResult:
    """The answer to a submitted plan. `repeated` is true when it had been answered before."""

    plan: DecisionPlan
    verdict: Verdict
    orders: tuple[Order, ...]
    acknowledged_at: datetime
    repeated: bool = False


@frozen(kw_only=True)
class OrderResult:
    """The answer to a single order: refused by the gate (`order` is None), or taken."""

    verdict: Verdict
    order: Order | None
    acknowledged_at: datetime
    repeated: bool = False


@frozen(kw_only=True)
class CancelResult:
    """What became of one request to cancel. `order` is None where nothing has that id."""

    requested_id: str
    order: Order | None
    accepted: bool
    code: str = ""
    message: str = ""


@frozen(kw_only=True)
class PositionView:
    """A holding with its mark and its protection. Units: dollars; shares or contracts."""

    position: Position
    mark: Datum[Decimal]
    stop_price: Decimal | None
    take_profit_price: Decimal | None
    protected_quantity: Decimal


@frozen(kw_only=True)
class TradingStateView:
    """The trading state and every cause that stands."""

    state: TradingState
    restrictions: tuple[Restriction, ...]


@frozen(kw_only=True)
class Readiness:
    """Whether a risk-increasing order would be accepted now, and if not, every reason why."""

    ready: bool
    reasons: tuple[str, ...]


@frozen(kw_only=True)
class KillSwitchReport:
    """The trading state afterwards, and what became of each order that had to go."""

    trading_state: TradingStateView
    results: tuple[CancelResult, ...]


@frozen(kw_only=True)
class MassCancelReport:
    """What a mass cancel achieved: how many orders it went for and which are still listed."""

    requested: int
    confirmed: int
    remaining: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether the broker's own list confirms that all are gone."""
        return not self.remaining


@frozen(kw_only=True)
class Update:
    """One published change, in journal order. `event` is None in a snapshot's closing marker.

    `orders` and `positions` are what the event touched, as they are after it.
    """

    sequence: int
    at: datetime
    event: Event
    orders: tuple[Order, ...] = ()
    positions: tuple[PositionView, ...] = ()
    trading_state: TradingStateView | None = None
    alerts: tuple[Difference, ...] = ()


@frozen(kw_only=True)
class ReconciliationView:
    """How the broker's view and ours compare.

    `last` is the last comparison that the journal knows. `unanswered` are orders that may or may
    not be at the broker, `guessed` those with fills that no execution has named yet. `alerts` are
    critical differences that stand and that somebody has to look at.
    """

    last: ReconciliationCompleted | None
    unanswered: tuple[str, ...]
    guessed: tuple[str, ...]
    alerts: tuple[Difference, ...] = ()


@frozen(kw_only=True)
class SubsystemView:
    """One supervised child: its state, restarts and last error."""

    name: str
    state: str
    restarts: int
    since: datetime
    last_error: str = ""


class StreamEnd(Enum):
    """Why nothing more is published to a subscriber."""

    STOPPING = "STOPPING"
    FELL_BEHIND = "FELL_BEHIND"
    # Not all that has happened is going to be published: the journal cannot keep it.
    BROKEN_OFF = "BROKEN_OFF"


class Subscription(Protocol):
    """A subscriber's end: updates in order, without gaps, or an end that says why."""

    @property
    def sequence(self) -> int:
        """The journal sequence that the snapshot taken at subscription reflects."""
        ...

    @property
    def ended(self) -> StreamEnd | None:
        """Why nothing more comes after what is still unread; None while more may come."""
        ...

    def __aiter__(self) -> AsyncIterator[Update]: ...

    async def __anext__(self) -> Update:
        """The next update. Raises: StopAsyncIteration when all is read and `ended` says why."""
        ...


class Simulation(Protocol):
    """The levers of the simulated broker and market."""

    def set_quote(
        self, symbol: str, bid: Decimal, ask: Decimal, bid_size: int, ask_size: int
    ) -> Quote:
        """Move the market by hand. Raises: CreamError NOT_FOUND for a symbol it does not have."""
        ...

    def disconnect(self, seconds: float) -> None:
        """Make the broker unreachable for `seconds`."""
        ...

    def fault(self, name: str, parameters: Mapping[str, object]) -> None:
        """Switch a named fault on or off. Raises: CreamError INVALID_REQUEST for an unknown one."""
        ...


@frozen(kw_only=True)
class BreakerView:
    """The circuit breaker as an operator sees it."""

    name: str
    state: str
    total_calls: int
    total_failures: int
    failure_rate: float


class Operations(ExerciseInstructions, HistoryShown, HoldingsRiskShown, RollsShown, Protocol):
    """What Cream does for its callers. One implementation serves every interface.

    All methods raise `CreamError` for what is an error rather than an answer.
    """

    async def check_plan(
        self,
        plan: DecisionPlan,
        override: PortfolioOverride | None = None,
        asked: RiskConstraints | None = None,
    ) -> Verdict:
        """The verdict on `plan` now, under limits at least as tight as `asked`; nothing changes."""
        ...

    async def check_order(self, order: SingleOrder) -> Verdict:
        """The verdict on a single order now; nothing changes."""
        ...

    async def submit_plan(self, plan: DecisionPlan, params: ExecutionParams) -> PlanResult:
        """Judge and, if approved, place. Cancelling the caller does not cancel the orders."""
        ...

    async def submit_order(self, order: SingleOrder) -> OrderResult:
        """Judge and, if approved, place one order."""
        ...

    async def cancel_orders(
        self, order_ids: Sequence[str], reason: str, actor: str
    ) -> Sequence[CancelResult]:
        """Ask for each to be cancelled (our id, client id or broker id), in order of request."""
        ...

    async def find_order(self, any_id: str) -> Order | None:
        """The order that our id, client id or broker id names, however long it has been closed."""
        ...

    async def all_orders(
        self, status: OrderStatus | None = None, limit: int | None = None
    ) -> Sequence[Order]:
        """Every order there ever was, oldest first: open and closed, parents and children.

        Those with `status`; the newest `limit` of them.
        """
        ...

    def orders(self) -> Sequence[Order]:
        """Orders that are open or closed not long ago, oldest first, parents and children."""
        ...

    def children(self, order_id: str) -> Sequence[Order]:
        """The orders whose parent is `order_id`, oldest first."""
        ...

    def positions(self) -> Sequence[PositionView]:
        """Every holding that is not flat, by symbol."""
        ...

    def realized_pnl(self) -> Decimal:
        """Dollars that fills earned or lost, in what is held and in what is flat by now.

        Units: dollars before commission.
        """
        ...

    def account(self) -> Datum[Account]:
        """The broker's figures with their age."""
        ...

    def trading_state(self) -> TradingStateView:
        """The trading state and its causes."""
        ...

    async def set_trading_state(
        self, state: TradingState, reason: str, actor: str, force: bool = False
    ) -> TradingStateView:
        """Set or lift the operator's cause; durable before this returns."""
        ...

    async def kill_switch(self, reason: str, actor: str, flatten: bool) -> KillSwitchReport:
        """HALTED by the operator, every working entry cancelled, and positions closed on demand.

        Durable before this returns; the broker's confirmations are waited for only to flatten.
        """
        ...

    async def heartbeat(
        self, session_id: str, timeout_seconds: float | None, on_loss: OnLoss | None, actor: str
    ) -> Promise:
        """A client's sign of life; what is now expected of it. None: as configured."""
        ...

    async def close_session(self, session_id: str) -> bool:
        """A client leaves in order. False if it had no session."""
        ...

    async def mass_cancel(self, reason: str, actor: str) -> MassCancelReport:
        """Cancel every working entry and wait, within a deadline, for the broker to confirm."""
        ...

    def readiness(self) -> Readiness:
        """Whether an increase would be accepted now."""
        ...

    def subscribe(self) -> AbstractAsyncContextManager[Subscription]:
        """Every update from now on. What is true at subscription can be read before the first."""
        ...

    def quotes(self, symbols: Sequence[str]) -> AbstractAsyncContextManager[AsyncIterator[Quote]]:
        """Quotes of `symbols` as they come, newest wins when the reader is slow."""
        ...

    def quote(self, symbol: str) -> Quote | None:
        """The latest quote of `symbol`."""
        ...

    async def option_chain(self, wanted: ChainFilter) -> OptionChain:
        """Listed options with quotes, volatilities and Greeks, and what is wrong with each quote.

        Raises: CreamError NOT_FOUND for an underlying without options, UNIMPLEMENTED where no
        source of chains is connected.
        """
        ...

    @property
    def offers_bars(self) -> bool:
        """Whether the feed has bars and days."""
        ...

    async def symbols(
        self, symbols: Sequence[str], timeframes: Sequence[int] = ()
    ) -> Sequence[SymbolView]:
        """All that is known of each now, with its newest bars of these many minutes.

        Raises: CreamError NOT_READY where the feed does not answer, INVALID_REQUEST for more bars
        at one time than it answers for.
        """
        ...

    def bars(
        self, symbols: Sequence[str], timeframes: Sequence[int]
    ) -> AbstractAsyncContextManager[AsyncIterator[Bar]]:
        """Bars of `symbols` as they end, newest wins when the reader is slow."""
        ...

    def market_status(self) -> MarketStatus:
        """Where in its day the market stands now."""
        ...

    def feed_health(self) -> FeedView:
        """How the feed does."""
        ...

    def circuit_breakers(self) -> Sequence[BreakerView]:
        """Every circuit breaker."""
        ...

    def reconciliation(self) -> ReconciliationView:
        """How the broker's view and ours compare, as far as is known."""
        ...

    async def reconcile_now(self) -> ReconciliationView:
        """Compare everything with the broker now. Raises: CreamError NOT_READY without one."""
        ...

    def supervision(self) -> Sequence[SubsystemView]:
        """Every supervised child."""
        ...

    @property
    def simulation(self) -> Simulation | None:
        """The simulation's levers; None with a real broker."""
        ...
