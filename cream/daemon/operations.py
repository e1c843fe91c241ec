"""What happens when a caller asks for something? Every interface ends up here.

Reads look at the book as it is. Commands go to the desk, which owns them from then on: a caller
that is cancelled while it waits has lost only the answer.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from decimal import Decimal

import trio
from attrs import define, field

from cream.core.execution.book import Book
from cream.core.execution.option_book import ExerciseState
from cream.core.market.views import FeedView, SymbolView
from cream.core.model.account import Account
from cream.core.model.errors import CreamError
from cream.core.model.instrument import Instrument, OptionContract
from cream.core.model.market import Datum, MarketStatus, Quote
from cream.core.model.order import Order, OrderStatus
from cream.core.model.plan import DecisionPlan
from cream.core.model.promise import OnLoss, Promise
from cream.core.model.request import (
    ExecutionParams,
    PortfolioOverride,
    RiskConstraints,
    SingleOrder,
)
from cream.core.model.state import TradingState
from cream.core.model.ticks import Bar
from cream.core.model.verdict import Verdict
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
    Simulation,
    Subscription,
    SubsystemView,
    TradingStateView,
)
from cream.core.options.chain import ChainFilter, OptionChain
from cream.core.options.holdings_risk import HoldingsRisk
from cream.core.ports import MarketData
from cream.core.resilience.breaker import Breaker
from cream.core.risk.decisions import (
    Submission,
    cancel_orders,
    single_plan_id,
    submit_order,
    submit_plan,
)
from cream.core.risk.gate import Gate
from cream.core.risk.view import PortfolioView
from cream.daemon.account_board import AccountBoard
from cream.daemon.account_history import AccountHistory
from cream.daemon.archivist import LookUp
from cream.daemon.chains import Chains
from cream.daemon.client_sessions import ClientSessions
from cream.daemon.desk import Desk
from cream.daemon.exerciser import DO_NOT_EXERCISE, EXERCISE, Exerciser, Instruction
from cream.daemon.holdings_risk import risk_of_holdings
from cream.daemon.hub import Hub, QuoteBoard
from cream.daemon.link import BrokerLink
from cream.daemon.market_desk import MarketDesk
from cream.daemon.portfolio import Portfolio
from cream.daemon.publication import Publisher
from cream.daemon.reconciler import Reconciler
from cream.daemon.roll_commands import RollCommands
from cream.daemon.roller import Rolls
from cream.daemon.supervisor import Supervisor
from cream.daemon.trading import TradingControl
from cream.daemon.views import breaker_view, subsystem_views

# How long a submit may wait for fresh account figures before it is judged on what there is.
_ACCOUNT_WAIT_SECONDS = 2.0
# The longest that a caller may make a submit wait for the broker's answer.
_LONGEST_WAIT_SECONDS = 30.0


@define
class LiveOperations(RollCommands):
    """The one implementation of `core.operations.Operations`."""

    desk: Desk
    gate: Gate
    market: MarketData
    portfolio: Portfolio
    accounts: AccountBoard
    link: BrokerLink
    hub: Hub
    board: QuoteBoard
    prices: MarketDesk
    publisher: Publisher
    supervisor: Supervisor
    reconciler: Reconciler
    breaker: Breaker
    trading: TradingControl
    sessions: ClientSessions
    chains: Chains
    exerciser: Exerciser
    rolls: Rolls
    history: AccountHistory
    breakers: Sequence[Breaker] = ()
    levers: Simulation | None = None
    look_up: LookUp = field(factory=LookUp)
    draining: bool = False
    recovered: bool = False

    @property
    def book(self) -> Book:
        """The book, to be read."""
        return self.desk.book

    # Plans and orders ---------------------------------------------------------------------------

    async def check_plan(
        self,
        plan: DecisionPlan,
        override: PortfolioOverride | None = None,
        asked: RiskConstraints | None = None,
    ) -> Verdict:
        """The verdict on `plan` now, under limits at least as tight as `asked`; nothing changes."""
        await self._prepare(plan.instruments)
        return self.gate.judge(plan, self._view(override), self.desk.clock.now(), asked=asked)

    async def check_order(self, order: SingleOrder) -> Verdict:
        """The verdict on one order now; nothing changes."""
        await self._prepare([order.instrument])
        return self.gate.judge_order(order, self._view(None), self.desk.clock.now())

    async def submit_plan(self, plan: DecisionPlan, params: ExecutionParams) -> PlanResult:
        """Judge and place; wait a little for the broker's answer."""
        self._refuse_while_draining()
        await self.look_up.plan(plan.plan_id)
        await self._prepare(plan.instruments)
        view_of = self.portfolio.view_of
        done = await self.desk.do(submit_plan(plan, params, self.gate, view_of))
        await self._answered(done.judged.order_ids, params.wait_seconds)
        return PlanResult(
            plan=plan,
            verdict=self._verdict(done),
            orders=tuple(self.book.order(one) for one in done.judged.order_ids),
            acknowledged_at=self.desk.clock.now(),
            repeated=done.verdict is None,
        )

    async def submit_order(self, order: SingleOrder) -> OrderResult:
        """Judge and place one order."""
        self._refuse_while_draining()
        await self.look_up.plan(single_plan_id(order.client_order_id))
        await self.look_up.named([order.client_order_id])
        await self._prepare([order.instrument])
        done = await self.desk.do(submit_order(order, self.gate, self.portfolio.view_of))
        await self._answered(done.judged.order_ids, ExecutionParams().wait_seconds)
        orders = [self.book.order(one) for one in done.judged.order_ids]
        return OrderResult(
            verdict=self._verdict(done),
            order=orders[0] if orders else None,
            acknowledged_at=self.desk.clock.now(),
            repeated=done.verdict is None,
        )

    async def cancel_orders(
        self, order_ids: Sequence[str], reason: str, actor: str
    ) -> Sequence[CancelResult]:
        """Ask for each to be cancelled; durable before this returns, confirmed later."""
        await self.look_up.named(order_ids)
        decide = cancel_orders(order_ids, reason, actor)
        answers = await self.desk.do(decide, passes_without_journal=True)
        return [
            CancelResult(
                requested_id=one.requested_id,
                order=self.book.find(one.order_id) if one.order_id else None,
                accepted=one.accepted,
                code=one.code,
                message=one.message,
            )
            for one in answers
        ]

    async def _prepare(self, instruments: Sequence[Instrument]) -> None:
        """See to quotes and fresh account figures, as far as they can be had quickly."""
        now = self.desk.clock.now()
        known = [one for one in instruments if self.market.knows(one, now)]
        wanted = [one.symbol for one in known] + [one.underlying for one in known]
        await self.market.ensure(list(dict.fromkeys(wanted)))
        await self.chains.valuations.prepare(known)
        await self.accounts.freshen(_ACCOUNT_WAIT_SECONDS)

    def _view(self, override: PortfolioOverride | None) -> PortfolioView:
        view = self.portfolio.view_of(self.book, self.desk.clock.now())
        return self.portfolio.overridden(view, override) if override is not None else view

    async def _answered(self, order_ids: Sequence[str], seconds: float) -> None:
        """Wait until the broker has said something about each order, at most `seconds`."""
        with trio.move_on_after(min(max(seconds, 0), _LONGEST_WAIT_SECONDS)):
            for one in order_ids:
                while self.book.order(one).status is OrderStatus.PENDING_NEW:
                    await self.desk.wait_touched(one)

    def _verdict(self, done: Submission) -> Verdict:
        """The gate's verdict, or the remembered one of a repeated submission."""
        if done.verdict is not None:
            return done.verdict
        judged = done.judged
        return Verdict(
            ok=judged.ok,
            violations=judged.violations,
            checks=(),
            orders=tuple(self.book.order(one).terms for one in judged.order_ids),
            suggestions=(),
            policy_version=judged.policy_version,
            validated_at=judged.at,
            left_out=judged.left_out,
        )

    def _refuse_while_draining(self) -> None:
        if self.draining:
            raise CreamError("NOT_READY", "the daemon is draining; nothing new is taken in")

    # Reading ------------------------------------------------------------------------------------

    async def find_order(self, any_id: str) -> Order | None:
        """The order that our id, client id or broker id names."""
        await self.look_up.named([any_id])
        return self.book.find(any_id)

    async def all_orders(
        self, status: OrderStatus | None = None, limit: int | None = None
    ) -> Sequence[Order]:
        """Every order there ever was, oldest first."""
        return await self.look_up.all_orders(self.book, status, limit)

    def orders(self) -> Sequence[Order]:
        """Orders that are open or closed not long ago, oldest first."""
        return self.book.orders()

    def children(self, order_id: str) -> Sequence[Order]:
        """Orders whose parent is `order_id`."""
        return self.book.children(order_id)

    def positions(self) -> Sequence[PositionView]:
        """Every holding that is not flat, by symbol."""
        held = sorted(one for one, position in self.book.positions.items() if not position.is_flat)
        views = (self.publisher.position(symbol) for symbol in held)
        return [view for view in views if view is not None]

    def realized_pnl(self) -> Decimal:
        """Dollars that fills earned or lost, in what is held and in what is flat by now."""
        return self.portfolio.realized_pnl()

    def account(self) -> Datum[Account]:
        """The broker's figures with their age."""
        return self.accounts.datum()

    def quote(self, symbol: str) -> Quote | None:
        """The latest quote of `symbol`."""
        return self.market.latest(symbol)

    async def option_chain(self, wanted: ChainFilter) -> OptionChain:
        """Listed options with quotes, volatilities and Greeks."""
        return await self.chains.chain(wanted)

    async def holdings_risk(self) -> HoldingsRisk:
        """Greeks of all holdings by underlying, and which short options may be exercised."""
        return await risk_of_holdings(self.book, self.market, self.chains)

    def market_status(self) -> MarketStatus:
        """Where in its day the market stands now."""
        return self.market.status(self.desk.clock.now())

    def quotes(self, symbols: Sequence[str]) -> AbstractAsyncContextManager[AsyncIterator[Quote]]:
        """Quotes of `symbols` as they come."""
        return self.prices.quotes(symbols)

    @property
    def offers_bars(self) -> bool:
        """Whether the feed has bars and days."""
        return self.prices.detail is not None

    async def symbols(
        self, symbols: Sequence[str], timeframes: Sequence[int] = ()
    ) -> Sequence[SymbolView]:
        """All that is known of each now."""
        return await self.prices.symbols(symbols, timeframes)

    def bars(
        self, symbols: Sequence[str], timeframes: Sequence[int]
    ) -> AbstractAsyncContextManager[AsyncIterator[Bar]]:
        """Bars of `symbols` as they end."""
        return self.prices.bars(symbols, timeframes)

    def subscribe(self) -> AbstractAsyncContextManager[Subscription]:
        """Every update from now on."""
        return self.hub.subscribe(self.book.sequence)

    # State --------------------------------------------------------------------------------------

    def trading_state(self) -> TradingStateView:
        """The trading state and its causes."""
        return self.trading.state()

    async def set_trading_state(
        self, state: TradingState, reason: str, actor: str, force: bool = False
    ) -> TradingStateView:
        """Set or lift the operator's cause. Raises: CreamError STATE_NOT_CLEARED."""
        return await self.trading.set_state(state, reason, actor, force)

    async def kill_switch(self, reason: str, actor: str, flatten: bool) -> KillSwitchReport:
        """HALTED, everything working cancelled, positions closed on demand."""
        return await self.trading.kill_switch(reason, actor, flatten)

    async def heartbeat(
        self, session_id: str, timeout_seconds: float | None, on_loss: OnLoss | None, actor: str
    ) -> Promise:
        """A client's sign of life; what is now expected of it. None: as configured."""
        return await self.sessions.beat(session_id, timeout_seconds, on_loss, actor)

    async def close_session(self, session_id: str) -> bool:
        """A client leaves in order. False if it had no session."""
        return await self.sessions.close(session_id)

    async def mass_cancel(self, reason: str, actor: str) -> MassCancelReport:
        """Cancel every working entry and exit and wait for the broker's confirmation."""
        return await self.trading.mass_cancel(reason, actor)

    async def exercise(
        self, contract: OptionContract, quantity: Decimal | None, actor: str
    ) -> ExerciseState:
        """Have the broker exercise long contracts. Raises: CreamError for what cannot be meant."""
        return await self._instruct(Instruction(contract, EXERCISE, quantity, actor))

    async def do_not_exercise(self, contract: OptionContract, actor: str) -> ExerciseState:
        """Have a contract expire unexercised. Raises: CreamError for what cannot be meant."""
        return await self._instruct(Instruction(contract, DO_NOT_EXERCISE, None, actor))

    async def _instruct(self, instruction: Instruction) -> ExerciseState:
        self._refuse_while_draining()
        await self.market.ensure([instruction.contract.underlying])
        return await self.exerciser.instruct(instruction)

    def readiness(self) -> Readiness:
        """Whether an increase would be accepted now, with every reason why not."""
        reasons: list[str] = []
        if not self.recovered:
            reasons.append("recovery: the first reconciliation with the broker is not done")
        if self.draining:
            reasons.append("draining: the daemon is stopping")
        if self.desk.failure is not None:
            reasons.append(f"journal: {self.desk.failure}")
        if self.link.trouble is not None:
            reasons.append(f"broker: {self.link.trouble}")
        if not self.accounts.is_current:
            reasons.append("account: no fresh figures")
        if self.book.mass_cancel_owed is not None:
            reasons.append("mass cancel: not confirmed yet")
        reasons.extend(
            f"{one.cause.value}: {one.state.value}, {one.reason}"
            for one in self.book.restrictions.values()
        )
        return Readiness(ready=not reasons, reasons=tuple(reasons))

    # Operating ----------------------------------------------------------------------------------

    def feed_health(self) -> FeedView:
        """How the feed does."""
        return self.prices.health()

    def circuit_breakers(self) -> Sequence[BreakerView]:
        """Every circuit breaker."""
        every = (self.breaker, *self.breakers)
        return [breaker_view(one, trio.current_time()) for one in every]

    def reconciliation(self) -> ReconciliationView:
        """How the broker's view and ours compare, as far as is known."""
        return self.reconciler.view()

    async def reconcile_now(self) -> ReconciliationView:
        """Compare everything with the broker now. Raises: CreamError NOT_READY without one."""
        return await self.reconciler.compare_now()

    def supervision(self) -> Sequence[SubsystemView]:
        """Every supervised child."""
        return subsystem_views(self.supervisor, trio.current_time(), self.desk.clock.now())

    @property
    def simulation(self) -> Simulation | None:
        """The simulation's levers; None with a real broker."""
        return self.levers
