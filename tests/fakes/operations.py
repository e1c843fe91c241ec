"""What do the servers drive in tests? Operations that keep their promises in a few lines each.

No gate and no broker: a plan is approved unless the test says otherwise, and what would change
later in the daemon is changed here by the test itself (`publish`, `put`).
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal

import trio
from attrs import define, evolve, field

from cream.core.execution import option_events as o
from cream.core.execution.events import Event, ReconciliationCompleted, TradingRestricted
from cream.core.execution.option_book import ExerciseState
from cream.core.execution.roll_events import RollOwed
from cream.core.execution.rolls import RollReport
from cream.core.execution.states import reported
from cream.core.market.views import FeedView, SymbolView
from cream.core.model.account import Account
from cream.core.model.broker import Difference
from cream.core.model.errors import CreamError
from cream.core.model.instrument import OptionContract
from cream.core.model.market import Datum, Known, MarketStatus, Quote
from cream.core.model.order import Order, OrderStatus, OrderTerms
from cream.core.model.plan import DecisionPlan
from cream.core.model.promise import OnLoss, Promise
from cream.core.model.request import (
    ExecutionParams,
    PortfolioOverride,
    RiskConstraints,
    SingleOrder,
)
from cream.core.model.state import Cause, Restriction, TradingState, most_restrictive
from cream.core.model.ticks import Bar
from cream.core.model.verdict import Suggestion, Verdict, Violation
from cream.core.operations import (
    BreakerView,
    CancelResult,
    KillSwitchReport,
    MassCancelReport,
    OrderResult,
    PlanResult,
    PositionView,
    Readiness,
    ReconciliationView,
    StreamEnd,
    SubsystemView,
    TradingStateView,
    Update,
)
from cream.core.options.chain import ChainFilter, OptionChain
from cream.core.options.holdings_risk import HoldingsRisk
from tests.fakes.account_history import FakeHistory
from tests.fakes.holdings_risk import nothing_at_risk
from tests.fakes.operations_data import (
    ACCOUNT,
    NOW,
    a_quote,
    entry_terms,
    single_terms,
    working,
)
from tests.fakes.rolls import CALL as ROLLED
from tests.fakes.rolls import a_roll_owed, a_roll_report


class _Subscription:
    def __init__(self, sequence: int, receive: trio.MemoryReceiveChannel[Update]) -> None:
        self.sequence = sequence
        self.ended: StreamEnd | None = None
        self._receive = receive

    def __aiter__(self) -> "_Subscription":
        return self

    async def __anext__(self) -> Update:
        try:
            return await self._receive.receive()
        except trio.EndOfChannel:
            raise StopAsyncIteration from None


@define
class FakeSimulation:
    """Levers that remember being pulled."""

    quotes: dict[str, Quote]
    disconnected_for: list[float] = field(factory=list)
    faults: list[tuple[str, Mapping[str, object]]] = field(factory=list)

    def set_quote(
        self, symbol: str, bid: Decimal, ask: Decimal, bid_size: int, ask_size: int
    ) -> Quote:
        if symbol not in self.quotes:
            raise CreamError("NOT_FOUND", f"The market has no {symbol}")
        quote = Quote(symbol=symbol, bid=bid, ask=ask, bid_size=bid_size, ask_size=ask_size, at=NOW)
        self.quotes[symbol] = quote
        return quote

    def disconnect(self, seconds: float) -> None:
        self.disconnected_for.append(seconds)

    def fault(self, name: str, parameters: Mapping[str, object]) -> None:
        if name != "stale_quotes":
            raise CreamError("INVALID_REQUEST", f"There is no fault {name}")
        self.faults.append((name, parameters))


@define
class FakeOperations:
    """An Operations. `refusals` are what the gate finds in everything; `broken` breaks reads."""

    refusals: tuple[Violation, ...] = ()
    left_out: tuple[str, ...] = ()
    buffer: int = 100
    account_datum: Datum[Account] = field(factory=lambda: Known(ACCOUNT))
    position_views: list[PositionView] = field(factory=list)
    realized: Decimal = Decimal("12.50")
    status: MarketStatus = MarketStatus.OPEN
    not_ready: tuple[str, ...] = ()
    has_simulation: bool = True
    broken: Exception | None = None
    answers_at: trio.Event | None = None
    # Set once a plan has arrived, and once a subscriber has left.
    arrived: trio.Event = field(factory=trio.Event)
    left: trio.Event = field(factory=trio.Event)

    orders_by_id: dict[str, Order] = field(factory=dict)
    plans: dict[str, PlanResult] = field(factory=dict)
    singles: dict[str, tuple[SingleOrder, OrderResult]] = field(factory=dict)
    checked: list[tuple[DecisionPlan, PortfolioOverride | None]] = field(factory=list)
    asked: list[RiskConstraints | None] = field(factory=list)
    submitted: list[tuple[DecisionPlan, ExecutionParams]] = field(factory=list)
    causes: dict[Cause, Restriction] = field(factory=dict)
    commands: list[tuple[object, ...]] = field(factory=list)
    latest: dict[str, Quote] = field(factory=lambda: {"AAPL": a_quote()})
    sequence: int = 7
    subscribers: dict[trio.MemorySendChannel[Update], _Subscription] = field(factory=dict)
    quote_readers: list[trio.MemorySendChannel[Quote]] = field(factory=list)
    bar_readers: list[trio.MemorySendChannel[Bar]] = field(factory=list)
    offers_bars: bool = False
    known_symbols: dict[str, SymbolView] = field(factory=dict)
    asked_timeframes: tuple[int, ...] = ()
    levers: FakeSimulation | None = None
    chain: OptionChain | None = None
    rolls: RollReport = field(factory=a_roll_report)
    history: FakeHistory = field(factory=FakeHistory)
    risk: HoldingsRisk = field(factory=nothing_at_risk)
    chains_asked: list[ChainFilter] = field(factory=list)

    def __attrs_post_init__(self) -> None:
        self.levers = FakeSimulation(self.latest) if self.has_simulation else None

    # What the test does -------------------------------------------------------------------------

    def put(self, *orders: Order) -> None:
        """Have these orders."""
        for order in orders:
            self.orders_by_id[order.order_id] = order

    def publish(
        self,
        event: Event,
        *orders: Order,
        positions: Sequence[PositionView] = (),
        alerts: Sequence[Difference] = (),
    ) -> Update:
        """Change `orders` and tell every subscriber; one that is full is dropped."""
        self.put(*orders)
        self.sequence += 1
        update = Update(
            sequence=self.sequence,
            at=NOW,
            event=event,
            orders=orders,
            positions=tuple(positions),
            trading_state=(self.trading_state() if isinstance(event, TradingRestricted) else None),
            alerts=tuple(alerts),
        )
        for subscriber in list(self.subscribers):
            try:
                subscriber.send_nowait(update)
            except trio.WouldBlock:
                self.end_stream(subscriber, StreamEnd.FELL_BEHIND)
        return update

    def end_stream(self, subscriber: trio.MemorySendChannel[Update], why: StreamEnd) -> None:
        """Publish nothing more to `subscriber`."""
        self.subscribers.pop(subscriber).ended = why
        subscriber.close()

    def publish_quote(self, quote: Quote) -> None:
        """Give `quote` to every reader."""
        self.latest[quote.symbol] = quote
        for reader in self.quote_readers:
            reader.send_nowait(quote)

    # What callers do ----------------------------------------------------------------------------

    def verdict(self, terms: Sequence[OrderTerms]) -> Verdict:
        return Verdict(
            ok=not any(each.severity.refuses for each in self.refusals),
            violations=self.refusals,
            checks=(),
            orders=tuple(terms),
            suggestions=(Suggestion("d-1", None),) if self.refusals else (),
            policy_version="policy-1",
            validated_at=NOW,
            left_out=self.left_out,
        )

    def _terms(self, plan: DecisionPlan) -> list[OrderTerms]:
        return [entry_terms(plan, one) for one in plan.decisions if one.action.trades]

    async def check_plan(
        self,
        plan: DecisionPlan,
        override: PortfolioOverride | None = None,
        asked: RiskConstraints | None = None,
    ) -> Verdict:
        self._break()
        self.checked.append((plan, override))
        self.asked.append(asked)
        return self.verdict(self._terms(plan))

    async def check_order(self, order: SingleOrder) -> Verdict:
        return self.verdict(())

    async def submit_plan(self, plan: DecisionPlan, params: ExecutionParams) -> PlanResult:
        self._break()
        self.submitted.append((plan, params))
        self.arrived.set()
        if self.answers_at is not None:
            await self.answers_at.wait()
        if plan.plan_id in self.plans:
            first = self.plans[plan.plan_id]
            if first.plan != plan:
                raise CreamError("DUPLICATE_ID", f"Plan {plan.plan_id} had other content")
            return evolve(first, repeated=True)
        verdict = self.verdict(self._terms(plan))
        orders = [working(terms) for terms in verdict.orders] if verdict.ok else []
        self.put(*orders)
        result = PlanResult(plan=plan, verdict=verdict, orders=tuple(orders), acknowledged_at=NOW)
        if orders:
            self.plans[plan.plan_id] = result
        return result

    async def submit_order(self, order: SingleOrder) -> OrderResult:
        if order.client_order_id in self.singles:
            first, result = self.singles[order.client_order_id]
            if first != order:
                raise CreamError("DUPLICATE_ID", f"{order.client_order_id} had other content")
            return evolve(result, repeated=True)
        verdict = self.verdict(())
        placed = working(single_terms(order)) if verdict.ok else None
        result = OrderResult(verdict=verdict, order=placed, acknowledged_at=NOW)
        if placed is not None:
            self.put(placed)
            self.singles[order.client_order_id] = (order, result)
        return result

    async def cancel_orders(
        self, order_ids: Sequence[str], reason: str, actor: str
    ) -> Sequence[CancelResult]:
        self.commands.append(("cancel", tuple(order_ids), reason, actor))
        return [self._cancel(one) for one in order_ids]

    def _cancel(self, any_id: str) -> CancelResult:
        order = self.named(any_id)
        if order is None:
            return CancelResult(
                requested_id=any_id,
                order=None,
                accepted=False,
                code="NOT_FOUND",
                message="no order has this id",
            )
        if not order.is_open:
            return CancelResult(
                requested_id=any_id,
                order=order,
                accepted=False,
                code="ORDER_NOT_CANCELABLE",
                message=f"the order is {order.status.value}",
            )
        order = evolve(order, state=reported(order.state, OrderStatus.PENDING_CANCEL, order.filled))
        self.put(order)
        return CancelResult(requested_id=any_id, order=order, accepted=True)

    async def find_order(self, any_id: str) -> Order | None:
        return self.named(any_id)

    async def all_orders(
        self, status: OrderStatus | None = None, limit: int | None = None
    ) -> Sequence[Order]:
        every = [one for one in self.orders() if status is None or one.status is status]
        return every if limit is None else every[max(0, len(every) - limit) :]

    def named(self, any_id: str) -> Order | None:
        for order in self.orders_by_id.values():
            names = (order.order_id, order.terms.client_order_id, order.broker_order_id)
            if any_id in names:
                return order
        return None

    def orders(self) -> Sequence[Order]:
        self._break()
        return list(self.orders_by_id.values())

    def children(self, order_id: str) -> Sequence[Order]:
        every = self.orders_by_id.values()
        return [order for order in every if order.terms.parent_order_id == order_id]

    def positions(self) -> Sequence[PositionView]:
        return self.position_views

    def realized_pnl(self) -> Decimal:
        return self.realized

    def account(self) -> Datum[Account]:
        return self.account_datum

    def trading_state(self) -> TradingStateView:
        return TradingStateView(
            state=most_restrictive(self.causes), restrictions=tuple(self.causes.values())
        )

    async def set_trading_state(
        self, state: TradingState, reason: str, actor: str, force: bool = False
    ) -> TradingStateView:
        self.commands.append(("set", state, reason, actor, force))
        if state is TradingState.ACTIVE:
            self.causes.pop(Cause.OPERATOR, None)
            if self.causes and not force:
                raise CreamError("STATE_NOT_CLEARED", "The cause disconnect stands")
            self.causes.clear()
        else:
            self.causes[Cause.OPERATOR] = Restriction(
                cause=Cause.OPERATOR, state=state, reason=reason, actor=actor, since=NOW
            )
        return self.trading_state()

    async def kill_switch(self, reason: str, actor: str, flatten: bool) -> KillSwitchReport:
        self.commands.append(("kill", reason, actor, flatten))
        working = [order.order_id for order in self.orders_by_id.values() if order.is_open]
        return KillSwitchReport(
            trading_state=await self.set_trading_state(TradingState.HALTED, reason, actor),
            results=tuple(map(self._cancel, working)),
        )

    async def heartbeat(
        self, session_id: str, timeout_seconds: float | None, on_loss: OnLoss | None, actor: str
    ) -> Promise:
        self.commands.append(("heartbeat", session_id, timeout_seconds, on_loss, actor))
        return Promise(
            session_id=session_id,
            timeout_seconds=timeout_seconds or 30.0,
            on_loss=on_loss or OnLoss.CANCEL_ENTRIES,
        )

    async def close_session(self, session_id: str) -> bool:
        self.commands.append(("close_session", session_id))
        return True

    async def mass_cancel(self, reason: str, actor: str) -> MassCancelReport:
        self.commands.append(("mass_cancel", reason, actor))
        open_ids = [order.order_id for order in self.orders_by_id.values() if order.is_open]
        return MassCancelReport(requested=len(open_ids), confirmed=0, remaining=tuple(open_ids))

    async def exercise(
        self, contract: OptionContract, quantity: Decimal | None, actor: str
    ) -> ExerciseState:
        self.commands.append(("exercise", contract.symbol, str(quantity), actor))
        return self._instructed(contract, quantity or Decimal(1), "exercise", actor)

    async def do_not_exercise(self, contract: OptionContract, actor: str) -> ExerciseState:
        self.commands.append(("do_not_exercise", contract.symbol, actor))
        return self._instructed(contract, Decimal(1), "do_not_exercise", actor)

    def _instructed(
        self, contract: OptionContract, quantity: Decimal, instruction: str, actor: str
    ) -> ExerciseState:
        asked = o.ExerciseAsked(
            at=NOW,
            request_id="x-1",
            contract=contract,
            quantity=quantity,
            held=quantity,
            instruction=instruction,
            actor=actor,
        )
        return ExerciseState(
            asked, o.ExerciseAnswered(at=NOW, request_id="x-1", outcome="taken", message="")
        )

    def readiness(self) -> Readiness:
        return Readiness(ready=not self.not_ready, reasons=self.not_ready)

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[_Subscription]:
        self._break()
        send, receive = trio.open_memory_channel[Update](self.buffer)
        self.subscribers[send] = _Subscription(self.sequence, receive)
        try:
            yield self.subscribers[send]
        finally:
            self.subscribers.pop(send, None)
            send.close()
            receive.close()
            self.left.set()

    @asynccontextmanager
    async def quotes(self, symbols: Sequence[str]) -> AsyncIterator[AsyncIterator[Quote]]:
        send, receive = trio.open_memory_channel[Quote](self.buffer)
        for symbol in symbols:
            if symbol in self.latest:
                send.send_nowait(self.latest[symbol])
        self.quote_readers.append(send)
        try:
            yield receive
        finally:
            self.quote_readers.remove(send)
            send.close()
            receive.close()

    def quote(self, symbol: str) -> Quote | None:
        return self.latest.get(symbol)

    async def option_rolls(self) -> RollReport:
        return self.rolls

    async def roll_now(self, symbol: str, actor: str) -> RollOwed:
        if symbol != ROLLED.symbol:
            raise CreamError("ROLL_REFUSED", f"{symbol} is not rolled: the market is closed")
        self.commands.append(("roll_now", symbol, actor))
        return a_roll_owed(actor=actor)

    async def holdings_risk(self) -> HoldingsRisk:
        return self.risk

    async def option_chain(self, wanted: ChainFilter) -> OptionChain:
        self.chains_asked.append(wanted)
        if self.chain is None:
            raise CreamError("NOT_FOUND", f"There are no options on {wanted.underlying}")
        return self.chain

    async def symbols(
        self, symbols: Sequence[str], timeframes: Sequence[int] = ()
    ) -> Sequence[SymbolView]:
        bare = [SymbolView(symbol=one, quote=self.latest.get(one)) for one in symbols]
        self.asked_timeframes = tuple(timeframes)
        return [self.known_symbols.get(one.symbol, one) for one in bare]

    @asynccontextmanager
    async def bars(
        self, symbols: Sequence[str], timeframes: Sequence[int]
    ) -> AsyncIterator[AsyncIterator[Bar]]:
        send, receive = trio.open_memory_channel[Bar](self.buffer)
        self.bar_readers.append(send)
        try:
            yield receive
        finally:
            self.bar_readers.remove(send)
            send.close()
            receive.close()

    def market_status(self) -> MarketStatus:
        return self.status

    def feed_health(self) -> FeedView:
        return FeedView(
            provider="synthetic",
            healthy=True,
            last_message_age_seconds=0.25,
            messages=12,
            stale_symbols=("XOM",),
        )

    def circuit_breakers(self) -> Sequence[BreakerView]:
        return [
            BreakerView(
                name="broker", state="OPEN", total_calls=8, total_failures=2, failure_rate=0.25
            )
        ]

    def reconciliation(self) -> ReconciliationView:
        missing = Difference(
            kind="MISSING_AT_BROKER", subject="o-1", ours="ACCEPTED", theirs="-", critical=False
        )
        last = ReconciliationCompleted(at=NOW, layer="full", differences=(missing,))
        return ReconciliationView(last=last, unanswered=("o-2",), guessed=("o-3",))

    async def reconcile_now(self) -> ReconciliationView:
        self._break()
        return self.reconciliation()

    def supervision(self) -> Sequence[SubsystemView]:
        return [SubsystemView(name="feed_reader", state="RUNNING", restarts=1, since=NOW)]

    @property
    def simulation(self) -> FakeSimulation | None:
        return self.levers

    def _break(self) -> None:
        if self.broken is not None:
            raise self.broken
