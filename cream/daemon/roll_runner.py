"""Who makes the rolls that are owed? One task, an order at a time.

What a roll needs next follows from the book (`core/execution/roll_steps.py`) and, where that is an
order, from the market. Both are looked at again in the desk's turn. The task keeps only what can be
lost: since when the gate refuses, and what is let rest after a roll that came to nothing.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import structlog
import trio
from attrs import define, field

from cream.core.execution import events as e
from cream.core.execution import option_events as o
from cream.core.execution.book import Book
from cream.core.execution.option_duties import AlarmKind
from cream.core.execution.roll_steps import (
    OrderDue,
    Part,
    RollOver,
    RollState,
    RollStep,
    RollWaits,
    TakeBack,
    ended,
    next_roll_step,
    state_of,
)
from cream.core.model.errors import CreamError
from cream.core.model.verdict import Violation
from cream.core.options.roll_legs import leading, per_contract
from cream.core.options.roll_market import Kept, RollMarket, Unread
from cream.core.options.roll_rules import RollRule
from cream.core.risk.decisions import Decide, Decided, request_cancels
from cream.core.risk.rolls import attempt, ids_of, in_words
from cream.daemon.roller import Rolls

log = structlog.get_logger(__name__)

# Orders and holdings wake the task; what time alone brings is looked for so often.
_LOOK_SECONDS = 1.0
# Account figures are read anew after a fill, and quotes come and go: what the gate refuses for
# longer it means.
_REFUSED_FOR = timedelta(seconds=10)
# These refuse everything that opens; whether they are waited for is decided from the book.
_STATES = ("TRADING_REDUCING", "TRADING_HALTED")


@define
class RollRunner:
    """The task."""

    rolls: Rolls
    _refused: dict[str, datetime] = field(factory=dict, init=False)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Go on with every roll that is owed until cancelled.

        Cancellation: orders that were intended stay; what is owed stands.
        """
        task_status.started()
        while True:
            owed = tuple(self.rolls.desk.book.options.rolls.values())
            if not owed:
                self._refused.clear()
                await self.rolls.desk.wait_touched(o.RollOwed)
                continue
            # What takes back waits for no market.
            for orders in (False, True):
                for one in owed:
                    await self._try(one, orders=orders)
            legs = [leg.contract.symbol for one in owed for leg in one.legs]
            with trio.move_on_after(_LOOK_SECONDS):
                await self.rolls.desk.wait_touched(o.RollOwed, *dict.fromkeys(legs))

    async def _try(self, owed: o.RollOwed, *, orders: bool) -> None:
        try:
            await self._go_on(owed, orders=orders)
        except CreamError as error:
            log.error("roll_runner.not_possible", roll=owed.roll_id, code=error.kind.code)

    async def _go_on(self, owed: o.RollOwed, *, orders: bool) -> None:
        """Do what is due, if it is (`orders`) an order, or if it is none."""
        now = self.rolls.desk.clock.now()
        _, step = self._step(self.rolls.desk.book, owed, now)
        match step:
            case OrderDue() if orders:
                market = await self.rolls.market_of(owed)
                for event in await self.rolls.desk.do(self._acting(owed, market)):
                    _say(event)
            case TakeBack() | RollOver() if not orders:
                for event in await self.rolls.desk.do(self._acting(owed, "")):
                    _say(event)
            case _:
                return

    def _rule(self, owed: o.RollOwed) -> RollRule:
        return self.rolls.rules.of(leading(owed.closes).contract)

    def _step(self, book: Book, owed: o.RollOwed, now: datetime) -> tuple[RollState, RollStep]:
        may = self.rolls.rules.makes(leading(owed.closes).contract)
        state = state_of(book, owed, ids_of(owed, self.rolls.gate))
        # What somebody has asked for is made whatever the rules say.
        halt = "" if may or owed.actor else "rolling is turned off"
        return state, next_roll_step(book, owed, state, now, self._rule(owed).policy, halt)

    def _acting(
        self, owed: o.RollOwed, market: RollMarket | str
    ) -> Decide[tuple[o.OptionEvent, ...]]:
        """Do what is due by now; where that is an order, in this market (or why there is none)."""

        def decide(book: Book, now: datetime) -> Decided[tuple[o.OptionEvent, ...]]:
            if owed.roll_id not in book.options.rolls:
                return Decided(())
            state, step = self._step(book, owed, now)
            match step:
                case TakeBack():
                    order = book.order(step.order_id)
                    events, cancels = request_cancels([order], step.why, "roll_runner", now)
                    return Decided((), events, cancels=cancels)
                case RollOver():
                    return _over(owed, state, step, now)
                case OrderDue() if isinstance(market, RollMarket):
                    return self._order(book, owed, state, step, market, now)
                case OrderDue() if market:
                    return self._kept(owed, state, step, Unread(str(market)), now)
                case OrderDue() | RollWaits():
                    return Decided(())

        return decide

    def _order(
        self,
        book: Book,
        owed: o.RollOwed,
        state: RollState,
        due: OrderDue,
        market: RollMarket,
        now: datetime,
    ) -> Decided[tuple[o.OptionEvent, ...]]:
        view, rule = self.rolls.portfolio.view_of(book, now), self._rule(owed)
        try:
            approved = attempt(book, owed, state, due, market, rule, self.rolls.gate, view, now)
        except Kept as kept:
            return self._kept(owed, state, due, kept, now)
        if isinstance(approved, Violation):
            return self._refuses(owed, state, approved, now)
        self._refused.pop(owed.roll_id, None)
        reason = f"{owed.roll_id} ({', '.join(owed.reasons)})"
        intent = e.OrderIntended(at=now, terms=approved.terms, reason=reason)
        return Decided((), (intent,), sends=(approved,))

    def _kept(
        self, owed: o.RollOwed, state: RollState, due: OrderDue, kept: Kept, now: datetime
    ) -> Decided[tuple[o.OptionEvent, ...]]:
        """Nothing is ordered in this market: what was closed waits for another, for a while."""
        opens = due.part is Part.OPEN
        if opens and (isinstance(kept, Unread) or not self._for_long(owed, now)):
            return Decided(())
        return _over(owed, state, ended(state, kept.why), now)

    def _refuses(
        self, owed: o.RollOwed, state: RollState, violation: Violation, now: datetime
    ) -> Decided[tuple[o.OptionEvent, ...]]:
        if violation.code in _STATES or not self._for_long(owed, now):
            return Decided(())
        why = f"the gate refuses it: {in_words(violation)}"
        return _over(owed, state, ended(state, why, alarms=True), now)

    def _for_long(self, owed: o.RollOwed, now: datetime) -> bool:
        since = self._refused.setdefault(owed.roll_id, now)
        return now - since >= _REFUSED_FOR


def _over(
    owed: o.RollOwed, state: RollState, over: RollOver, now: datetime
) -> Decided[tuple[o.OptionEvent, ...]]:
    """Settle it, and tell who has to know."""
    closes, opens = (1, 1) if owed.as_one else (per_contract(owed.closes), per_contract(owed.opens))
    settled = o.RollSettled(
        at=now,
        roll_id=owed.roll_id,
        outcome=over.outcome.value,
        closed=state.closed / closes,
        opened=state.opened / opens,
        message=over.message,
    )
    events: tuple[o.OptionEvent, ...] = (settled, *_alarms(owed, over, now))
    return Decided(events, events)


def _alarms(owed: o.RollOwed, over: RollOver, now: datetime) -> Iterator[o.OptionAlarmed]:
    symbol = leading(owed.closes).contract.symbol
    if over.alarms:
        kind = AlarmKind.ROLL_FAILED.value
        yield o.OptionAlarmed(at=now, symbol=symbol, kind=kind, message=over.message)


def _say(event: o.OptionEvent) -> None:
    match event:
        case o.RollSettled():
            log.info(
                "roll_runner.settled",
                roll=event.roll_id,
                outcome=event.outcome,
                message=event.message,
            )
        case o.OptionAlarmed():
            log.error("roll_runner.alarm", symbol=event.symbol, message=event.message)
        case _:
            pass
