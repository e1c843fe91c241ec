"""What can be asked and ordered about rolls?"""

from datetime import datetime

from cream.core.execution import option_events as o
from cream.core.execution.book import Book
from cream.core.execution.rolls import RollReport, is_as_decided
from cream.core.model.errors import CreamError
from cream.core.options.roll_choice import NoRoll, Roll
from cream.core.risk.decisions import Decided
from cream.daemon.roller import Rolls


class RollCommands:
    """The part of `daemon/operations.py` that is about rolling."""

    __slots__ = ()

    rolls: Rolls
    draining: bool

    async def option_rolls(self) -> RollReport:
        """What would be rolled now of the options that are held, and why not otherwise."""
        return await self.rolls.look()

    async def roll_now(self, symbol: str, actor: str) -> o.RollOwed:
        """Begin to roll the position that `symbol` is (a leg of), whatever the triggers say.

        Raises: CreamError NOT_FOUND, NOT_READY, and ROLL_REFUSED with the reason.
        """
        if self.draining:
            raise CreamError("NOT_READY", "the daemon is draining; nothing new is taken in")
        report = await self.rolls.look(only=symbol)
        if not report.answers:
            raise CreamError("NOT_FOUND", f"no position in options has {symbol}")
        answer = report.answers[0]
        if isinstance(answer, NoRoll):
            raise CreamError("ROLL_REFUSED", f"{symbol} is not rolled: {answer.why}")
        return await self.rolls.desk.do(lambda book, now: self._begun(answer, book, now, actor))

    def _begun(self, roll: Roll, book: Book, now: datetime, actor: str) -> Decided[o.RollOwed]:
        refused = self.rolls.refusal(roll, book, now)
        taken = {leg.contract for one in book.options.rolls.values() for leg in one.legs}
        if not is_as_decided(book, roll):
            refused = "the position has changed meanwhile"
        elif any(leg.contract in taken for leg in roll.opens):
            refused = "another roll is about what it would be rolled into"
        if refused:
            raise CreamError("ROLL_REFUSED", f"{roll.contract.symbol} is not rolled: {refused}")
        owed = self.rolls.owed(roll, book, now, actor)
        return Decided(owed, (owed,))
