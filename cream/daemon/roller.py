"""Who looks for options that are to be rolled? One task, which tells of them; nothing is rolled.

`Rolls` answers for everything that is held, at any time and whether rolling is on or not; the task
asks it at intervals while rolling is on. What it tells is an alarm in the journal, once for each
contract and day.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from itertools import groupby

import structlog
import trio
from attrs import define, frozen

from cream.core.exchange.calendar import Sessions
from cream.core.execution import option_events as o
from cream.core.execution.book import Book
from cream.core.execution.option_duties import held_options
from cream.core.execution.rolls import RollReport, notes, open_options, silence
from cream.core.model.errors import CreamError
from cream.core.options.chain import ChainFilter, OptionChain
from cream.core.options.dividends import Dividends
from cream.core.options.occ import NEW_YORK
from cream.core.options.roll_choice import (
    NoRoll,
    OpenOption,
    RollAnswer,
    RollMarket,
    decide,
)
from cream.core.options.roll_rules import RollRules
from cream.core.options.rolling import SessionHours
from cream.core.risk.decisions import Decided
from cream.daemon.chains import Chains
from cream.daemon.desk import Desk

log = structlog.get_logger(__name__)


@frozen
class Rolls:
    """What would be rolled now, from the book and live chains."""

    desk: Desk
    chains: Chains
    sessions: Sessions
    dividends: Dividends
    rules: RollRules

    async def look(self) -> RollReport:
        """An answer for each option that is held, by symbol.

        Cancellation: nothing is lost, nothing has changed.
        """
        book, answers = self.desk.book, list[RollAnswer]()
        by_underlying = sorted(open_options(book), key=lambda one: one.contract.underlying)
        held = {symbol: one.quantity for symbol, one in book.positions.items()}
        for underlying, group in groupby(by_underlying, lambda one: one.contract.underlying):
            answers += await self._about(underlying, list(group), held)
        await trio.lowlevel.checkpoint()
        answers.sort(key=lambda one: one.contract.symbol)
        now = self.desk.clock.now()
        return RollReport(as_of=now, enabled=self.rules.enabled, answers=tuple(answers))

    async def _about(
        self, underlying: str, positions: list[OpenOption], held: Mapping[str, Decimal]
    ) -> list[RollAnswer]:
        try:
            chain = await self.chains.chain(ChainFilter(underlying=underlying))
        except CreamError as error:
            why = f"its chain cannot be read: {error}"
            return [
                NoRoll(contract=one.contract, quantity=one.quantity, why=why) for one in positions
            ]
        market = self._market(chain, held)
        return [decide(one, market, self.rules.of(one.contract)) for one in positions]

    def _market(self, chain: OptionChain, held: Mapping[str, Decimal]) -> RollMarket:
        session = self.sessions.session_of(chain.as_of)
        today = chain.as_of.astimezone(NEW_YORK).date()
        return RollMarket(
            chain=chain,
            session=None if session is None else SessionHours(session.opens_at, session.closes_at),
            dividends=self.dividends.ahead(chain.symbol, today) or (),
            held=held,
        )


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

        def noted(book: Book, now: datetime) -> Decided[tuple[o.OptionAlarmed, ...]]:
            events = tuple(notes(book, report.answers, now))
            return Decided(events, events)

        if any(notes(self.desk.book, report.answers, self.desk.clock.now())):
            for event in await self.desk.do(noted):
                _say(event)


def _say(event: o.OptionAlarmed) -> None:
    if event.message:
        log.warning("roller.told", symbol=event.symbol, message=event.message)
    else:
        log.info("roller.over", symbol=event.symbol)


def _silenced(book: Book, now: datetime) -> Decided[None]:
    return Decided(None, tuple(silence(book, now)))
