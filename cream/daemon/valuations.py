"""What is each option's quote worth, worked out once for each quote?

Volatilities and Greeks come from `core/pricing/explained.py`, away from the event loop. What has
been worked out is kept by contract, and holds while the option's bid and ask, its underlying's
middle, the rates and the minute are those that it was worked out from; a new quote makes it anew.
Whoever cannot wait, the gate above all, reads the last one with its age.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

import trio
from attrs import define, evolve, field, frozen

from cream.core.model.instrument import Instrument, OptionContract
from cream.core.model.market import Quote
from cream.core.options.chain import FiguresFrom, Valuation, ValuationStatus, spot_of
from cream.core.options.dividends import NOTHING_KNOWN, Dividends
from cream.core.options.occ import NEW_YORK, expires_at
from cream.core.options.valuing import Job, Known, Priced, work_out
from cream.core.ports import Clock, Offload
from cream.daemon.volatilities import HistoricalVolatilities

if TYPE_CHECKING:
    from cream.core.pricing.explained import Tables

T = TypeVar("T")

# Five large chains. A valuation and its key take about half a kilobyte.
MOST_KEPT = 20_000
# Sets of boundary tables: one for each underlying whose chain is followed, about 100 KB each.
MOST_TABLES = 32
# Contracts that are looked at before everyone else gets a turn: less than a millisecond.
TURN = 100


class InlineOffload:
    """The Offload port where a thread would be chance: in the simulation and in tests."""

    async def run(self, work: Callable[[], T]) -> T:
        """What `work()` returns, or raises."""
        await trio.lowlevel.checkpoint()
        return work()


@frozen
class Rates:
    """What options are priced with. Units: per year, continuously compounded; sessions.

    Volatilities are those that quotes imply; without `implied`, and where quotes imply none, those
    that the underlying had over `window_days`.
    """

    rate: float = 0.05
    dividend_yield: float = 0.0
    implied: bool = True
    window_days: int = 30


@frozen
class _Basis:
    """What a valuation follows from, beside the contract."""

    bid: Decimal | None
    ask: Decimal | None
    spot: Decimal
    rates: Rates
    history: float | None
    minute: datetime


@frozen
class _Kept:
    basis: _Basis
    valuation: Valuation


@frozen
class _Solved:
    """Tables of one minute, and the price at which dividends became yields for them."""

    minute: datetime
    reference: Decimal
    tables: "Tables"


@define(eq=False)
class OptionValuations:
    """Values options, and keeps what it has found."""

    offload: Offload
    clock: Clock
    rates: Rates = field(factory=Rates)
    dividends: Dividends = NOTHING_KNOWN
    volatilities: HistoricalVolatilities | None = None
    worked_out: int = field(default=0, init=False)
    _kept: OrderedDict[OptionContract, _Kept] = field(factory=OrderedDict, init=False)
    _solved: OrderedDict[str, _Solved] = field(factory=OrderedDict, init=False)
    _turn: trio.Lock = field(factory=trio.Lock, init=False)

    def last(self, contract: OptionContract) -> Valuation | None:
        """The last valuation of `contract`, however old: its age is for the reader to judge."""
        kept = self._kept.get(contract)
        return None if kept is None else kept.valuation

    async def prepare(self, instruments: Iterable[Instrument]) -> None:
        """See to it that what the underlyings of these options have done is known, if it can be."""
        if self.volatilities is not None:
            options = (one for one in instruments if isinstance(one, OptionContract))
            await self.volatilities.prepare(one.underlying for one in options)

    async def value(
        self, options: Sequence[tuple[OptionContract, Quote | None]], underlying: Quote | None
    ) -> list[Valuation]:
        """A valuation of each option, in order; all are options on what `underlying` quotes.

        Cancellation: what was worked out is lost, what was kept stays.
        """
        spot = spot_of(underlying)
        if underlying is None or spot is None or spot <= 0:
            await trio.lowlevel.checkpoint()
            return [_without(quote, underlying, ValuationStatus.NO_SPOT) for _, quote in options]
        if self.volatilities is not None:
            await self.volatilities.fresh(underlying.symbol)
        # Two that ask for the same at the same time work it out once.
        async with self._turn:
            return await self._value(options, underlying, spot)

    async def _value(
        self,
        options: Sequence[tuple[OptionContract, Quote | None]],
        underlying: Quote,
        spot: Decimal,
    ) -> list[Valuation]:
        minute = self.clock.now().replace(second=0, microsecond=0)
        found: list[Valuation | None] = []
        missing: list[Priced] = []
        # Once something is worked out, so is everything that leans on others.
        leaning: list[Priced] = []
        known: list[Known] = []
        for start in range(0, len(options), TURN):
            for contract, quote in options[start : start + TURN]:
                valuation = self._kept_of(contract, quote, underlying, spot, minute)
                priced = Priced(len(found), contract, quote)
                found.append(valuation)
                if valuation is None:
                    missing.append(priced)
                elif valuation.status is ValuationStatus.EXPIRED:
                    continue
                elif valuation.figures_from is FiguresFrom.QUOTE:
                    assert valuation.implied_volatility is not None, "that is what it gave"
                    known.append(Known(contract, valuation.implied_volatility))
                else:
                    leaning.append(priced)
            await trio.lowlevel.checkpoint()
        if missing:
            await self._work_out(missing + leaning, known, found, underlying, spot, minute)
        return [_told(one) for one in found]

    def _kept_of(
        self,
        contract: OptionContract,
        quote: Quote | None,
        underlying: Quote,
        spot: Decimal,
        minute: datetime,
    ) -> Valuation | None:
        """What needs no pricing: what has expired, and what was priced before."""
        if expires_at(contract) <= minute:
            return _without(quote, underlying, ValuationStatus.EXPIRED)
        kept = self._kept.get(contract)
        if kept is None or kept.basis != self._basis(quote, underlying.symbol, spot, minute):
            return None
        # The same prices at a later time say that they still hold.
        valuation, at = kept.valuation, None if quote is None else quote.at
        if (valuation.quote_at, valuation.underlying_at) != (at, underlying.at):
            valuation = evolve(valuation, quote_at=at, underlying_at=underlying.at)
            self._kept[contract] = _Kept(kept.basis, valuation)
        self._kept.move_to_end(contract)
        return valuation

    def _basis(
        self, quote: Quote | None, underlying: str, spot: Decimal, minute: datetime
    ) -> _Basis:
        history = self._history(underlying)
        return _Basis(*_prices_of(quote), spot, self.rates, history, minute)

    def _history(self, underlying: str) -> float | None:
        return None if self.volatilities is None else self.volatilities.last(underlying)

    async def _work_out(
        self,
        missing: list[Priced],
        known: list[Known],
        found: list[Valuation | None],
        underlying: Quote,
        spot: Decimal,
        minute: datetime,
    ) -> None:
        """Fill the gaps of `found`, and keep what fills them."""
        rates, symbol = self.rates, underlying.symbol
        kept = self._solved.get(symbol)
        if kept is not None and kept.minute != minute:
            kept = None
        reference = spot if kept is None else kept.reference
        today = minute.astimezone(NEW_YORK).date()
        job = Job(
            options=tuple(missing),
            underlying=underlying,
            spot=spot,
            rate=rates.rate,
            dividend_yield=rates.dividend_yield,
            minute=minute,
            reference=reference,
            dividends=self.dividends.ahead(symbol, today) or (),
            known=tuple(known),
            solved=None if kept is None else kept.tables,
            history=self._history(symbol),
            implied=rates.implied,
        )
        done = await self.offload.run(lambda: work_out(job))
        self.worked_out += len(missing)
        self._solved[symbol] = _Solved(minute, reference, done.solved)
        self._solved.move_to_end(symbol)
        while len(self._solved) > MOST_TABLES:
            self._solved.popitem(last=False)
        for start in range(0, len(missing), TURN):
            for priced, valuation in zip(
                missing[start : start + TURN], done.valuations[start : start + TURN], strict=True
            ):
                found[priced.place] = valuation
                basis = _Basis(*_prices_of(priced.quote), spot, rates, job.history, minute)
                self._kept[priced.contract] = _Kept(basis, valuation)
                self._kept.move_to_end(priced.contract)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
            await trio.lowlevel.checkpoint()


def _prices_of(quote: Quote | None) -> tuple[Decimal | None, Decimal | None]:
    return (None, None) if quote is None else (quote.bid, quote.ask)


def _told(valuation: Valuation | None) -> Valuation:
    assert valuation is not None, "what was not known was worked out"
    return valuation


def _without(quote: Quote | None, underlying: Quote | None, status: ValuationStatus) -> Valuation:
    return Valuation(
        status=status,
        quote_at=None if quote is None else quote.at,
        underlying_at=None if underlying is None else underlying.at,
    )
