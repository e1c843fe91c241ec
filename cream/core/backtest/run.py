"""What would these plans have done over these bars? The whole run, from the first bar to the last.

Time goes from event to event. At one instant bars end first, then plans are decided on what is
known, then bars begin: a plan never sees the bar that it trades in, and trades in none that it has
seen. The inside of a bar is gone through at its end (`path.py`), a moment before it.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from itertools import groupby
from operator import attrgetter, itemgetter

from attrs import define, evolve, field, frozen

from cream.core.backtest.clerk import Clerk
from cream.core.backtest.dealing import Assumptions, Dealing
from cream.core.backtest.outcome import Holding, Mark, Outcome, PlanOutcome
from cream.core.backtest.path import MarketBar, Path
from cream.core.backtest.tape import Tape
from cream.core.backtest.upkeep import Policies, Upkeep
from cream.core.exchange.account import ACCOUNT_ID, flat_ledger
from cream.core.exchange.calendar import SessionMode, Sessions
from cream.core.exchange.venue import Venue
from cream.core.exchange.venue_book import VenueState
from cream.core.execution import events as e
from cream.core.execution.bars import low_comes_first
from cream.core.execution.book import Book
from cream.core.execution.history import TradeHistory, trading_day
from cream.core.execution.levels import rises_with, stop_level
from cream.core.model.content import content_hash
from cream.core.model.errors import CreamError
from cream.core.model.instrument import OptionContract
from cream.core.model.market import Datum, Known, Unknown
from cream.core.model.money import ZERO
from cream.core.model.order import OrderPurpose, Side
from cream.core.model.plan import DecisionPlan, Environment
from cream.core.model.position import Position
from cream.core.model.request import ExecutionParams
from cream.core.options.dividends import NOTHING_KNOWN, Dividends
from cream.core.options.occ import expires_at
from cream.core.risk.decisions import owe_flatten, owe_mass_cancel, submit_plan, together
from cream.core.risk.gate import Gate
from cream.core.risk.greeks import QuotedGreeks
from cream.core.risk.limits import Constraints
from cream.core.risk.losses import LossWatch, mark_equity, stop_trading
from cream.core.risk.view import Baseline, PortfolioView

# New York's hours: bars of the past are those of sessions.
SESSIONS = Sessions(SessionMode.CALENDAR)
# The inside of a bar is over before the bar is.
_A_MOMENT = timedelta(microseconds=1)
# Between two bars: enough to settle and to try each placement again. An exit that the venue keeps
# refusing is tried again with the next bar.
_MOST_LOOKS = 10


@frozen(kw_only=True)
class Setup:
    """What a backtest is run with: the account, the daemon's rules, and what bars do not tell.

    `dividends` are those that the gate knows to come; none is paid. Units: dollars; `rate`, which
    options are valued with, per year.
    """

    cash: Decimal
    limits: Constraints
    environment: Environment = Environment.PAPER
    policies: Policies = field(factory=Policies)
    assumptions: Assumptions = field(factory=Assumptions)
    allow_partial: bool = False
    rate: float = 0.04
    dividends: Dividends = NOTHING_KNOWN


@frozen
class DatedPlan:
    """A plan, and when it is decided on."""

    plan: DecisionPlan
    at: datetime


def backtest(setup: Setup, bars: Sequence[MarketBar], plans: Sequence[DatedPlan]) -> Outcome:
    """What `plans` would have done over `bars`, which are in order and apart for each symbol.

    Raises: ValueError: there are no bars.
    """
    run = _Run.over(setup, bars)
    for at, steps in groupby(_timeline(bars, plans), key=itemgetter(0)):
        run.at(at, [step for _, step in steps])
    return run.outcome()


@frozen
class _Ends:
    bar: MarketBar


@frozen
class _Begins:
    bar: MarketBar


_Step = _Ends | _Begins | DatedPlan


def _timeline(
    bars: Iterable[MarketBar], plans: Iterable[DatedPlan]
) -> Iterator[tuple[datetime, _Step]]:
    """Everything that happens, in order. Within an instant symbols go by name, plans as given."""
    by_name = sorted(bars, key=attrgetter("symbol"))
    ends: list[tuple[datetime, _Step]] = [(bar.ends_at, _Ends(bar)) for bar in by_name]
    begins: list[tuple[datetime, _Step]] = [(bar.starts_at, _Begins(bar)) for bar in by_name]
    decided: list[tuple[datetime, _Step]] = [(one.at, one) for one in plans]
    return iter(sorted([*ends, *decided, *begins], key=itemgetter(0)))


@define(eq=False)
class _Run:
    """One run: the market, the venue, the book, and what was found so far."""

    setup: Setup
    tape: Tape
    dealing: Dealing
    venue: Venue
    clerk: Clerk
    gate: Gate
    watch: LossWatch
    valuer: QuotedGreeks
    upkeep: Upkeep = field(init=False)
    plans: list[PlanOutcome] = field(factory=list, init=False)
    curve: list[Mark] = field(factory=list, init=False)

    @classmethod
    def over(cls, setup: Setup, bars: Sequence[MarketBar]) -> "_Run":
        """A run that has not begun, with a flat account."""
        begins = min(bar.starts_at for bar in bars)
        listed = frozenset(bar.symbol for bar in bars)
        tape = Tape(SESSIONS, listed, setup.assumptions.participation, begins)
        dealing = Dealing(tape, setup.assumptions)
        state = VenueState(ledger=flat_ledger(setup.cash))
        venue = Venue(state, tape, SESSIONS, rules=dealing)
        return cls(
            setup=setup,
            tape=tape,
            dealing=dealing,
            venue=venue,
            clerk=Clerk(Book(), venue, begins, dealing.given),
            gate=Gate(setup.limits, setup.environment, ACCOUNT_ID),
            watch=LossWatch(setup.limits.losses),
            valuer=QuotedGreeks(setup.rate, setup.dividends),
        )

    def __attrs_post_init__(self) -> None:
        self.upkeep = Upkeep(self.clerk, self.gate, self.view_of, self.tape, self.setup.policies)

    def at(self, moment: datetime, steps: Sequence[_Step]) -> None:
        """Everything that happens at one instant, and before it what time alone brings about."""
        self._wait_until(moment)
        ending = [one.bar for one in steps if isinstance(one, _Ends)]
        beginning = [one.bar for one in steps if isinstance(one, _Begins)]
        if ending:
            self._go_through(ending, moment - _A_MOMENT)
            self._end(ending, moment)
        for step in steps:
            if isinstance(step, DatedPlan):
                self._decide(step, moment)
        if beginning:
            self._begin(beginning, moment)

    # Bars ---------------------------------------------------------------------------------------

    def _begin(self, bars: Sequence[MarketBar], now: datetime) -> None:
        """The first prices are known, all of them, before anything trades at one of them."""
        self._clock(now)
        # What ended before the bar ends without its prices: orders, options, patience.
        self._let_time_pass()
        self.upkeep.see_to_partials()
        for bar in bars:
            self.tape.open(bar)
        self.dealing.live = frozenset(bar.symbol for bar in bars)
        self._read_account()
        for bar in bars:
            self.clerk.take(self.venue.on_quote(bar.symbol, now))
        self._look_after()
        self.dealing.live = frozenset()

    def _go_through(self, bars: Sequence[MarketBar], now: datetime) -> None:
        self._clock(now)
        self.dealing.walking = True
        for bar in bars:
            self.dealing.live = frozenset((bar.symbol,))
            self._walk(bar, now)
        self.dealing.walking = False
        # The closes belong to one instant: what needs several prices can trade at them.
        self.dealing.live = frozenset(bar.symbol for bar in bars)
        for bar in bars:
            self.clerk.take(self.venue.on_quote(bar.symbol, now))
        self.upkeep.guard_all()
        self.dealing.live = frozenset()

    def _walk(self, bar: MarketBar, now: datetime) -> None:
        path, book, symbol = Path(bar.prices), self.clerk.book, bar.symbol
        if not any(book.open_on(symbol)) and not any(book.protections.watching(symbol)):
            # Nobody waits for anything on the way.
            self.tape.move(symbol, bar.prices.close)
            return
        while path.step(self._levels(symbol), low_first=self._low_first(bar)):
            self.tape.move(symbol, path.at)
            self.clerk.take(self.venue.on_quote(symbol, now))
            # When in the bar this is nobody knows: what has a time of its own waits for the close.
            watching = book.protections.watching(symbol)
            self.upkeep.guard((symbol, *watching), as_of=bar.starts_at)

    def _end(self, bars: Sequence[MarketBar], now: datetime) -> None:
        self._clock(now)
        # Closing auctions take of what the bar that ends has traded.
        self.clerk.take(self.venue.advance(now))
        for bar in bars:
            self.tape.close(bar.symbol)
        self.dealing.bars_ended()
        self._let_time_pass()
        self._read_account()
        self.upkeep.guard_all()
        account = self.venue.account(now)
        self.curve.append(Mark(now, account.cash, account.equity))

    def _levels(self, symbol: str) -> Iterator[Decimal]:
        """Every price of `symbol` that somebody waits for."""
        for order in self.venue.open_orders():
            for one in (order, *order.legs):
                if one.instrument.symbol == symbol and one.ratio is None:
                    yield from (p for p in (one.limit_price, one.stop_price) if p is not None)
        book = self.clerk.book
        for held in book.protections.watching(symbol):
            protection = book.protections[held]
            stop = stop_level(protection, book.positions[held].quantity)
            yield from (price for price in (stop, protection.take_profit) if price is not None)

    def _low_first(self, bar: MarketBar) -> bool:
        """By the position that has levels there; without one, by the entry that waits.

        An entry is not yet in: what is bad for it comes last before it, and first after it, where
        the stop is to come first.
        """
        book, priority = self.clerk.book, self.setup.assumptions.priority
        for held in sorted(book.protections.watching(bar.symbol)):
            rising = rises_with(book.protections[held], book.positions[held].quantity)
            return low_comes_first(bar.prices, rising=rising, priority=priority)
        position = book.positions.get(bar.symbol)
        if position is not None and not position.is_flat:
            rising = position.quantity > 0
            return low_comes_first(bar.prices, rising=rising, priority=priority)
        for order in book.open_on(bar.symbol):
            if order.terms.purpose is OrderPurpose.ENTRY and not order.terms.legs:
                rising = order.terms.side is not Side.BUY
                return low_comes_first(bar.prices, rising=rising, priority=priority)
        return low_comes_first(bar.prices, rising=True, priority=priority)

    # Plans --------------------------------------------------------------------------------------

    def _decide(self, dated: DatedPlan, now: datetime) -> None:
        """Judge a plan as the daemon would, and send what was approved."""
        self._clock(now)
        self._let_time_pass()
        self._read_account()
        self.dealing.deciding = True
        self.upkeep.see_to_partials()
        plan = dated.plan
        params = ExecutionParams(allow_partial=self.setup.allow_partial)
        running = (self.tape.running(one.symbol) for one in plan.instruments)
        found = PlanOutcome(
            plan_id=plan.plan_id,
            decided_at=now,
            verdict=None,
            within_bar=any(bar is not None for bar in running),
        )
        try:
            done = self.clerk.do(submit_plan(plan, params, self.gate, self.view_of))
        except CreamError as error:
            found = evolve(found, problem=f"{error.kind.code}: {error.message}")
        else:
            if done.verdict is None:
                found = evolve(found, problem="the same plan was given before")
            else:
                found = evolve(found, verdict=done.verdict, order_ids=done.judged.order_ids)
        self.plans.append(found)
        self._look_after()
        self.dealing.deciding = False

    def view_of(self, book: Book, now: datetime) -> PortfolioView:
        """What the gate judges on: as in the daemon, of the market that is known by `now`."""
        return PortfolioView(
            account=Known(self.venue.account(now)),
            positions=book.positions,
            working=tuple(book.open_orders()),
            quote=self.tape.judged,
            knows=lambda instrument: self.tape.knows(instrument, now),
            state=book.trading_state,
            reasons=tuple(f"{one.cause.value}: {one.reason}" for one in book.restrictions.values()),
            history=book.history,
            baseline=_baseline(book.history, now),
            sessions=SESSIONS,
            valuer=self.valuer,
            dividends=self.setup.dividends,
        )

    def _wait_until(self, moment: datetime) -> None:
        """Between bars protection that is missing is placed as soon as it may be."""
        for _ in range(_MOST_LOOKS):
            due = self.upkeep.next_look() if self.tape.is_idle else None
            if due is None or due >= moment:
                return
            self._clock(due)
            self._let_time_pass()
            self.upkeep.guard_all()

    # Time ---------------------------------------------------------------------------------------

    def _clock(self, now: datetime) -> None:
        self.clerk.now = self.tape.now = now

    def _let_time_pass(self) -> None:
        """Orders expire, options end, queues open."""
        now = self.clerk.now
        self.clerk.take(self.venue.advance(now))
        self.clerk.record(tuple(self._ended_options(now)))

    def _read_account(self) -> None:
        """Mark the equity, and stop trading where too much is lost."""
        now = self.clerk.now
        account = self.venue.account(now)
        self.clerk.do(mark_equity(account))
        reason = self.watch.confirmed(account, self.clerk.book.history, now)
        if reason is not None:
            self._limit_losses(reason)
        self.upkeep.pay_debts()

    def _limit_losses(self, reason: str) -> None:
        """As the loss guard does."""
        limits = self.setup.limits.losses
        stop = stop_trading(limits, reason)
        if stop is not None:
            self.clerk.do(stop)
        if limits.action == "flatten":
            self.clerk.do(together(owe_mass_cancel(reason), owe_flatten(reason, "loss_guard")))

    def _ended_options(self, now: datetime) -> Iterator[e.Event]:
        """The venue has settled them in cash; the book is told as by a reconciliation."""
        for position in tuple(self.clerk.book.positions.values()):
            contract = position.instrument
            ended = isinstance(contract, OptionContract) and expires_at(contract) <= now
            if ended and not position.is_flat:
                yield e.PositionAdjusted(
                    at=now,
                    instrument=contract,
                    quantity=ZERO,
                    average_price=ZERO,
                    reason="the contract has ended and was settled in cash",
                )

    def _look_after(self) -> None:
        self.upkeep.send_slices()
        self.upkeep.guard_all()

    def _mark(self, position: Position) -> Decimal | None:
        quote = self.tape.latest(position.instrument.symbol)
        return None if quote is None else quote.mid

    # The end ------------------------------------------------------------------------------------

    def outcome(self) -> Outcome:
        """What was found."""
        state = self.venue.state()
        holdings = [Holding(position=one, mark=self._mark(one)) for one in state.positions]
        marks = content_hash(tuple((one.at, one.cash, one.equity) for one in self.curve))
        return Outcome(
            cash=self.setup.cash,
            plans=tuple(self.plans),
            orders=self.clerk.book.orders(),
            trades=tuple(self.clerk.traded),
            settlements=state.settlements,
            holdings=tuple(sorted(holdings, key=_by_name)),
            curve=tuple(self.curve),
            digest=sha256(f"{self.clerk.digest}{marks}".encode()).hexdigest(),
        )


def _baseline(history: TradeHistory, now: datetime) -> Datum[Baseline]:
    first, peak = history.session_equity, history.peak_equity
    if history.session != trading_day(now) or first is None or peak is None:
        return Unknown("no equity has been marked today")
    return Known(Baseline(first, peak))


def _by_name(one: Holding) -> str:
    return one.position.instrument.symbol
