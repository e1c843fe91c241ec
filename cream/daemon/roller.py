"""Who looks for options that are to be rolled? One task, which tells of them or has them rolled.

`Rolls` answers for everything that is held, at any time and whether rolling is on or not; the task
asks it at intervals while rolling is on. What it tells in a dry run is an alarm in the journal,
once for each position and day. Otherwise it writes down what is owed (`roll_runner.py` makes it).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby

import structlog
import trio
from attrs import define, evolve, frozen

from cream.core.execution import option_events as o
from cream.core.execution.book import Book
from cream.core.execution.option_duties import AlarmKind, held_options
from cream.core.execution.rolls import (
    RollReport,
    is_as_decided,
    notes,
    open_positions,
    over,
    silence,
)
from cream.core.model.errors import CreamError
from cream.core.model.state import TradingState
from cream.core.options.chain import ChainFilter, OptionChain
from cream.core.options.occ import NEW_YORK
from cream.core.options.roll_choice import (
    NoRoll,
    OpenPosition,
    Roll,
    RollAnswer,
    RollMarket,
    decide,
)
from cream.core.options.roll_legs import leading
from cream.core.options.roll_rules import RollRules
from cream.core.options.rolling import SessionHours
from cream.core.risk.decisions import Decided
from cream.core.risk.gate import Gate
from cream.core.risk.roll_orders import owed_of
from cream.core.risk.roll_parts import trades_spreads
from cream.core.risk.rolls import refusal_of
from cream.daemon.account_board import AccountBoard
from cream.daemon.chains import Chains
from cream.daemon.desk import Desk
from cream.daemon.portfolio import Portfolio

log = structlog.get_logger(__name__)

# As for a plan that is submitted.
_ACCOUNT_WAIT_SECONDS = 2.0
# A roll that came to nothing is not begun again at the next look: its market was there.
_REST = timedelta(minutes=15)


@frozen
class Rolls:
    """What would be rolled now, from the book and live chains, and what the gate says to it."""

    desk: Desk
    gate: Gate
    portfolio: Portfolio
    accounts: AccountBoard
    chains: Chains
    rules: RollRules

    async def look(self, only: str = "") -> RollReport:
        """An answer for each position, by symbol; those `only` names somebody has asked to roll.

        Cancellation: nothing is lost, nothing has changed.
        """
        book, answers = self.desk.book, list[RollAnswer]()
        positions = [one for one in open_positions(book) if not only or _is_named(one, only)]
        by_underlying = sorted(positions, key=lambda one: one.contract.underlying)
        held = {symbol: one.quantity for symbol, one in book.positions.items()}
        for underlying, group in groupby(by_underlying, lambda one: one.contract.underlying):
            answers += await self._about(underlying, list(group), held, asked=bool(only))
        await trio.lowlevel.checkpoint()
        await self._ensure(answers)
        now = self.desk.clock.now()
        answers = [self._judged(one, self.desk.book, now) for one in answers]
        answers.sort(key=lambda one: one.contract.symbol)
        return RollReport(
            as_of=now,
            enabled=self.rules.enabled,
            dry_run=self.rules.dry_run,
            answers=tuple(answers),
            under_way=tuple(book.options.rolls.values()),
        )

    async def market_of(self, owed: o.RollOwed) -> RollMarket | str:
        """The market of a roll that is under way, or why it cannot be read."""
        await self._prepare([leg.contract.symbol for leg in owed.legs])
        held = {symbol: one.quantity for symbol, one in self.desk.book.positions.items()}
        # Of an underlying with thousands of options, only what the roll is about.
        wanted = ChainFilter(
            underlying=owed.underlying,
            expirations=tuple(sorted({leg.contract.expiration for leg in owed.legs})),
            min_strike=min(leg.contract.strike for leg in owed.legs),
            max_strike=max(leg.contract.strike for leg in owed.legs),
        )
        try:
            chain = await self.chains.chain(wanted)
        except CreamError as error:
            return f"its chain cannot be read: {error}"
        return self._market(chain, held)

    async def _prepare(self, symbols: Sequence[str]) -> None:
        """See to quotes and fresh account figures: what would be opened is judged by both."""
        await self.portfolio.market.ensure(symbols)
        await self.accounts.freshen(_ACCOUNT_WAIT_SECONDS)

    async def _about(
        self,
        underlying: str,
        positions: list[OpenPosition],
        held: Mapping[str, Decimal],
        *,
        asked: bool,
    ) -> list[RollAnswer]:
        try:
            chain = await self.chains.chain(ChainFilter(underlying=underlying))
        except CreamError as error:
            why = f"its chain cannot be read: {error}"
            return [
                NoRoll(contract=one.contract, quantity=one.quantity, why=why, legs=one.legs)
                for one in positions
            ]
        market = self._market(chain, held)
        return [decide(one, market, self.rules.of(one.contract), asked=asked) for one in positions]

    def _market(self, chain: OptionChain, held: Mapping[str, Decimal]) -> RollMarket:
        session = self.portfolio.sessions.session_of(chain.as_of)
        today = chain.as_of.astimezone(NEW_YORK).date()
        return RollMarket(
            chain=chain,
            session=None if session is None else SessionHours(session.opens_at, session.closes_at),
            dividends=self.portfolio.dividends.ahead(chain.symbol, today) or (),
            held=held,
        )

    async def _ensure(self, answers: list[RollAnswer]) -> None:
        legs = [
            leg for one in answers if isinstance(one, Roll) for leg in (*one.closes, *one.opens)
        ]
        if legs:
            await self._prepare(list(dict.fromkeys(leg.contract.symbol for leg in legs)))

    def _judged(self, answer: RollAnswer, book: Book, now: datetime) -> RollAnswer:
        """The answer, with what the gate would say to it."""
        if isinstance(answer, NoRoll):
            return answer
        as_one = self.owed(answer, book, now).as_one
        return evolve(answer, as_one=as_one, refused=self.refusal(answer, book, now))

    def refusal(self, roll: Roll, book: Book, now: datetime) -> str:
        """Why the gate would not let the roll pass now; empty: it would."""
        owed = self.owed(roll, book, now)
        return refusal_of(owed, roll, self.gate, self.portfolio.view_of(book, now), now)

    def owed(self, roll: Roll, book: Book, now: datetime, actor: str = "") -> o.RollOwed:
        """What would be owed for it."""
        most = self.rules.of(leading(roll.closes).contract).target.most_debit
        spreads = trades_spreads(self.portfolio.account())
        return owed_of(roll, most, book, now, actor, trades_spreads=spreads)


def _is_named(position: OpenPosition, symbol: str) -> bool:
    return any(leg.contract.symbol == symbol for leg in position.legs)


@define
class Roller:
    """The task."""

    desk: Desk
    rolls: Rolls

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Look at intervals while rolling is on and options are held, until cancelled."""
        task_status.started()
        enabled = self.rolls.rules.enabled
        while True:
            if not enabled and not any(silence(self.desk.book, self.desk.clock.now())):
                await trio.sleep_forever()
            if enabled and not any(held_options(self.desk.book)):
                await self.desk.wait_change()
                continue
            try:
                await (self._look() if enabled else self.desk.do(_silenced))
            except CreamError as error:
                log.error("roller.not_possible", code=error.kind.code)
            await trio.sleep(self.rolls.rules.look_seconds)

    async def _look(self) -> None:
        report = await self.rolls.look()

        def noted(book: Book, now: datetime) -> Decided[tuple[o.OptionEvent, ...]]:
            events = tuple(self._found(report, book, now))
            return Decided(events, events)

        if any(self._found(report, self.desk.book, self.desk.clock.now())):
            for event in await self.desk.do(noted):
                _say(event)

    def _found(self, report: RollReport, book: Book, now: datetime) -> Iterator[o.OptionEvent]:
        """What is told of rules that are only tried, and what is owed by those that are not."""
        tried, made = list[RollAnswer](), list[RollAnswer]()
        for one in report.answers:
            (made if self.rolls.rules.makes(one.contract) else tried).append(one)
        begun = list(self._begun(made, book, now))
        for roll in begun:
            yield from over(book, roll.contract.symbol, now)
            yield self.rolls.owed(roll, book, now)
        yield from notes(book, tried, now)
        yield from notes(book, [one for one in made if one not in begun], now, tried=False)

    def _begun(self, answers: list[RollAnswer], book: Book, now: datetime) -> Iterator[Roll]:
        """The rolls that are made now: of those that meet in a contract one after the other."""
        taken = {leg.contract for one in book.options.rolls.values() for leg in one.legs}
        for answer in answers:
            if not isinstance(answer, Roll) or not self._may_begin(answer, book, now):
                continue
            contracts = {leg.contract for leg in (*answer.closes, *answer.opens)}
            if not contracts & taken:
                taken |= contracts
                yield answer

    def _may_begin(self, answer: Roll, book: Book, now: datetime) -> bool:
        """Whether the book is still as it was when it was decided."""
        if book.trading_state is not TradingState.ACTIVE:
            return False
        failed = book.options.alarms.get((answer.contract.symbol, AlarmKind.ROLL_FAILED.value))
        if failed is not None and now - failed.at < _REST:
            return False
        return is_as_decided(book, answer) and not self.rolls.refusal(answer, book, now)


def _say(event: o.OptionEvent) -> None:
    match event:
        case o.RollOwed():
            log.warning("roller.roll_owed", roll=event.roll_id, reasons=event.reasons)
        case o.OptionAlarmed(message=""):
            log.info("roller.over", symbol=event.symbol)
        case o.OptionAlarmed():
            log.warning("roller.told", symbol=event.symbol, message=event.message)
        case _:
            pass


def _silenced(book: Book, now: datetime) -> Decided[None]:
    return Decided(None, tuple(silence(book, now)))
