"""Who takes back what exits have closed twice?

A fill of an exit that leaves a holding on the exit's own side starts a look; the broker's holdings
decide: reports come out of order, and the fill of an entry may only be on its way. Where the broker
holds the same, a market order that can only reduce is sent for it, and once more where that came to
nothing.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal

import structlog
import trio
from attrs import define, field

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.execution.overshoots import (
    closed_twice,
    found_at_start,
    taking_back,
    to_take_back,
    turned_over,
)
from cream.core.model.errors import BrokerUnavailable, CreamError
from cream.core.model.money import ZERO
from cream.core.model.verdict import Violation
from cream.core.ports import Broker
from cream.core.risk.decisions import Decide, Decided, ViewOf
from cream.core.risk.gate import Gate
from cream.core.risk.view import never_halted
from cream.daemon.desk import Committed, Desk

log = structlog.get_logger(__name__)

# Reports of the same moment come within this of each other; then the broker is asked.
_SETTLE_SECONDS = 0.25
# Between two looks while the broker does not agree, cannot be asked, or an exit came to nothing.
_AGAIN_SECONDS = 2.0


@define
class Overshoots:
    """The collaborators, the symbols to look at, and how many were ever taken back.

    `asked` is called where the broker holds something else, so that somebody compares.
    """

    desk: Desk
    gate: Gate
    view_of: ViewOf
    broker: Broker
    asked: Callable[[], None]
    halted: Callable[[str], str | None] = never_halted
    taken_back: int = 0
    _pending: dict[str, None] = field(factory=dict)
    _wake: trio.Event = field(factory=trio.Event)

    def changed(self, committed: Sequence[Committed]) -> None:
        """The book changed. Does not wait."""
        for one in committed:
            symbol = turned_over(self.desk.book, one.record.event)
            if symbol is not None:
                self._pending[symbol] = None
                self._wake.set()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Look until cancelled. Before anything else: was something left by the last life?"""
        self._pending.update((symbol, None) for symbol in found_at_start(self.desk.book))
        task_status.started()
        while True:
            self._wake = trio.Event()
            if not self._pending:
                await self._wake.wait()
            await trio.sleep(_SETTLE_SECONDS)
            try:
                await self._look()
            except BrokerUnavailable as error:
                log.warning("overshoots.broker_unavailable", error=str(error))
            except CreamError as error:
                # Without a journal no exit leaves.
                log.error("overshoots.not_possible", code=error.kind.code)
            if self._pending:
                await trio.sleep(_AGAIN_SECONDS)

    async def _look(self) -> None:
        """Take back what both sides hold.   Raises: BrokerUnavailable, CreamError."""
        book = self.desk.book
        for symbol in list(self._pending):
            if closed_twice(book, symbol) == 0:
                del self._pending[symbol]
        if not self._pending:
            return
        before = book.position_sequence
        shown = {one.instrument.symbol: one.quantity for one in await self.broker.positions()}
        for symbol in list(self._pending):
            held = book.positions[symbol].quantity
            if shown.get(symbol, ZERO) != held:
                log.warning("overshoots.not_confirmed", symbol=symbol, ours=str(held))
                self.asked()
            elif self.halted(symbol) is None:
                self.taken_back += await self.desk.do(self._acting(symbol, held, before))

    def _acting(self, symbol: str, held: Decimal, before: int) -> Decide[int]:
        """Close it, if nothing has been traded since the broker was asked."""

        def act(book: Book, now: datetime) -> Decided[int]:
            quantity = to_take_back(book, symbol)
            if quantity == 0 or book.position_sequence != before:
                return Decided(0)
            terms = taking_back(book, symbol, quantity)
            approved = self.gate.approve_exit(terms, self.view_of(book, now))
            if isinstance(approved, Violation):
                log.error("overshoots.exit_refused", symbol=symbol, code=approved.code)
                return Decided(0)
            log.critical("overshoots.closed_twice", symbol=symbol, held=str(held))
            reason = f"exits have closed more than was held: {held:f} is left"
            return Decided(1, (e.OrderIntended(at=now, terms=terms, reason=reason),), (approved,))

        return act
