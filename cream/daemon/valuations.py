"""What is each option's quote worth, worked out once for each quote?

Volatilities and Greeks come from `core/pricing/explained.py`, away from the event loop. What has
been worked out is kept by contract, and holds while the option's bid and ask, its underlying's
middle, the rates and the minute are those that it was worked out from; a new quote makes it anew.
Whoever cannot wait, the gate above all, reads the last one with its age.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

import trio
from attrs import define, evolve, field, frozen

from cream.core.model.instrument import OptionContract
from cream.core.model.market import Quote
from cream.core.options.chain import Valuation, ValuationStatus, price_of
from cream.core.options.occ import expires_at
from cream.core.options.valuing import Job, Priced, work_out
from cream.core.ports import Clock, Offload

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
    """What options are priced with. Units: per year, continuously compounded."""

    rate: float = 0.05
    dividend_yield: float = 0.0


@frozen
class _Basis:
    """What a valuation follows from, beside the contract."""

    bid: Decimal
    ask: Decimal
    spot: Decimal
    rates: Rates
    minute: datetime


@frozen
class _Kept:
    basis: _Basis
    valuation: Valuation


@define(eq=False)
class OptionValuations:
    """Values options, and keeps what it has found."""

    offload: Offload
    clock: Clock
    rates: Rates = field(factory=Rates)
    worked_out: int = field(default=0, init=False)
    _kept: OrderedDict[OptionContract, _Kept] = field(factory=OrderedDict, init=False)
    _tables: "OrderedDict[str, Tables]" = field(factory=OrderedDict, init=False)
    _turn: trio.Lock = field(factory=trio.Lock, init=False)

    def last(self, contract: OptionContract) -> Valuation | None:
        """The last valuation of `contract`, however old: its age is for the reader to judge."""
        kept = self._kept.get(contract)
        return None if kept is None else kept.valuation

    async def value(
        self, options: Sequence[tuple[OptionContract, Quote | None]], underlying: Quote | None
    ) -> list[Valuation]:
        """A valuation of each option, in order; all are options on what `underlying` quotes.

        Cancellation: what was worked out is lost, what was kept stays.
        """
        spot = price_of(underlying)
        if underlying is None or spot is None or spot <= 0:
            await trio.lowlevel.checkpoint()
            return [_without(quote, underlying, ValuationStatus.NO_SPOT) for _, quote in options]
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
        for start in range(0, len(options), TURN):
            for contract, quote in options[start : start + TURN]:
                known = self._known(contract, quote, underlying, spot, minute)
                found.append(known)
                if known is None and quote is not None:
                    missing.append(Priced(len(found) - 1, contract, quote))
            await trio.lowlevel.checkpoint()
        if missing:
            missing += await self._twins_of(missing, options, found)
            await self._work_out(missing, found, underlying, spot, minute)
        return [_told(one) for one in found]

    async def _twins_of(
        self,
        missing: list[Priced],
        options: Sequence[tuple[OptionContract, Quote | None]],
        found: list[Valuation | None],
    ) -> list[Priced]:
        """What is known, but stands at the strike of something that is not: one may need the other.

        Cancellation: nothing has changed.
        """
        if len(missing) == len(options):
            return []
        strikes = {(one.contract.expiration, one.contract.strike) for one in missing}
        twins = []
        for start in range(0, len(options), TURN):
            for place, (contract, quote) in enumerate(options[start : start + TURN], start):
                known = found[place]
                if known is None or quote is None or known.status is ValuationStatus.EXPIRED:
                    continue
                if (contract.expiration, contract.strike) in strikes:
                    twins.append(Priced(place, contract, quote))
            await trio.lowlevel.checkpoint()
        return twins

    def _known(
        self,
        contract: OptionContract,
        quote: Quote | None,
        underlying: Quote,
        spot: Decimal,
        minute: datetime,
    ) -> Valuation | None:
        """What needs no pricing: nothing to price, or what was priced before."""
        if quote is None:
            return _without(None, underlying, ValuationStatus.NO_PRICE)
        if expires_at(contract) <= minute:
            return _without(quote, underlying, ValuationStatus.EXPIRED)
        kept = self._kept.get(contract)
        if kept is None or kept.basis != _Basis(quote.bid, quote.ask, spot, self.rates, minute):
            return None
        # The same prices at a later time say that they still hold.
        valuation = kept.valuation
        if (valuation.quote_at, valuation.underlying_at) != (quote.at, underlying.at):
            valuation = evolve(valuation, quote_at=quote.at, underlying_at=underlying.at)
            self._kept[contract] = _Kept(kept.basis, valuation)
        self._kept.move_to_end(contract)
        return valuation

    async def _work_out(
        self,
        missing: list[Priced],
        found: list[Valuation | None],
        underlying: Quote,
        spot: Decimal,
        minute: datetime,
    ) -> None:
        """Fill the gaps of `found`, and keep what fills them."""
        rates = self.rates
        job = Job(
            options=tuple(missing),
            underlying=underlying,
            spot=spot,
            rate=rates.rate,
            dividend_yield=rates.dividend_yield,
            minute=minute,
            solved=self._tables.get(underlying.symbol),
        )
        done = await self.offload.run(lambda: work_out(job))
        self.worked_out += len(missing)
        self._tables[underlying.symbol] = done.solved
        self._tables.move_to_end(underlying.symbol)
        while len(self._tables) > MOST_TABLES:
            self._tables.popitem(last=False)
        for start in range(0, len(missing), TURN):
            for priced, valuation in zip(
                missing[start : start + TURN], done.valuations[start : start + TURN], strict=True
            ):
                found[priced.place] = valuation
                quote = priced.quote
                basis = _Basis(quote.bid, quote.ask, spot, rates, minute)
                self._kept[priced.contract] = _Kept(basis, valuation)
                self._kept.move_to_end(priced.contract)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
            await trio.lowlevel.checkpoint()


def _told(valuation: Valuation | None) -> Valuation:
    assert valuation is not None, "what was not known was worked out"
    return valuation


def _without(quote: Quote | None, underlying: Quote | None, status: ValuationStatus) -> Valuation:
    return Valuation(
        status=status,
        quote_at=None if quote is None else quote.at,
        underlying_at=None if underlying is None else underlying.at,
    )
