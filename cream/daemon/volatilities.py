"""How volatile has each underlying been? Worked out once a day from its daily closes.

For options whose own quotes say nothing of it, and for all of them where quotes are not to be
believed. Without a feed that has daily bars nothing is known.
"""

from collections import OrderedDict
from collections.abc import Iterable
from datetime import date

import structlog
import trio
from attrs import define, field, frozen

from cream.core.market.bars import DAY_MINUTES
from cream.core.model.errors import BrokerUnavailable
from cream.core.options.occ import NEW_YORK
from cream.core.ports import Clock, MarketDetail
from cream.core.pricing.historical import historical_volatility

log = structlog.get_logger(__name__)

# Whoever needs it, a plan that is judged or a chain, waits no longer than for a first quote.
WAIT_SECONDS = 2.0
# What could not be had is asked for again after this.
RETRY_SECONDS = 60.0
# Underlyings that are remembered; those that were asked for longest ago go first.
MOST_UNDERLYINGS = 2_000


@frozen
class _Known:
    """None: there are too few closes, or they could not be had when they were asked for."""

    day: date
    volatility: float | None
    answered: bool
    asked_at: float


@define(eq=False)
class HistoricalVolatilities:
    """Volatilities by underlying over the last `window_days` sessions. Units: per year."""

    detail: MarketDetail | None
    clock: Clock
    window_days: int = 30
    _known: OrderedDict[str, _Known] = field(factory=OrderedDict, init=False)
    # Asked for and not of today: whoever can wait sees to it.
    _missed: dict[str, None] = field(factory=dict, init=False)

    def last(self, underlying: str) -> float | None:
        """What was known last, however old; None where nothing is. Does not wait."""
        if self.detail is None:
            return None
        known = self._known.get(underlying)
        if known is None or not self._serves(known, self._today()):
            self._missed[underlying] = None
            while len(self._missed) > MOST_UNDERLYINGS:
                del self._missed[next(iter(self._missed))]
        return None if known is None else known.volatility

    async def prepare(self, underlyings: Iterable[str]) -> None:
        """See to these, and to what has been asked for in vain, as far as can be done soon.

        Cancellation: what was found is kept.
        """
        until = trio.current_time() + WAIT_SECONDS
        for underlying in dict.fromkeys([*underlyings, *self._missed]):
            if trio.current_time() >= until:
                return
            await self.fresh(underlying)

    async def fresh(self, underlying: str) -> float | None:
        """As of yesterday's close, if that can be had soon; else what was known last.

        Cancellation: nothing is lost but the answer.
        """
        if self.detail is None:
            return None
        today = self._today()
        known = self._known.get(underlying)
        self._missed.pop(underlying, None)
        if known is None or not self._serves(known, today):
            found, answered = None if known is None else known.volatility, False
            with trio.move_on_after(WAIT_SECONDS):
                try:
                    found, answered = await self._worked_out(self.detail, underlying, today), True
                except BrokerUnavailable as error:
                    log.warning("volatilities.no_closes", symbol=underlying, error=str(error))
            known = _Known(today, found, answered, trio.current_time())
            self._keep(underlying, known)
        return known.volatility

    def _today(self) -> date:
        return self.clock.now().astimezone(NEW_YORK).date()

    def _serves(self, known: _Known, today: date) -> bool:
        waited = trio.current_time() - known.asked_at
        return known.day == today if known.answered else waited < RETRY_SECONDS

    async def _worked_out(self, detail: MarketDetail, underlying: str, today: date) -> float | None:
        """From the whole window or not at all; the day that is not over does not count."""
        wanted = self.window_days + 1
        bars = await detail.bars(underlying, DAY_MINUTES, wanted + 1, adjusted=True)
        over = [bar for bar in bars if bar.at.astimezone(NEW_YORK).date() < today]
        if len(over) < wanted:
            return None
        return historical_volatility([float(bar.close) for bar in over[-wanted:]])

    def _keep(self, underlying: str, known: _Known) -> None:
        self._known[underlying] = known
        self._known.move_to_end(underlying)
        while len(self._known) > MOST_UNDERLYINGS:
            self._known.popitem(last=False)
