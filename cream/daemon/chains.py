"""What does the chain of an underlying look like now? What is listed, its worth, its flaws."""

from collections.abc import Sequence
from datetime import datetime

import trio
from attrs import evolve, frozen

from cream.core.model.errors import CreamError
from cream.core.options.chain import (
    ChainFilter,
    FiguresFrom,
    ListedOption,
    OptionChain,
    OptionRow,
    Valuation,
    age_of,
    flags_of,
    select,
    spot_of,
)
from cream.core.ports import Clock, OptionChains
from cream.daemon.valuations import TURN, OptionValuations


@frozen
class Chains:
    """Puts chains together. Units: `stale_after_seconds` is how long a quote is good."""

    source: OptionChains | None
    valuations: OptionValuations
    clock: Clock
    stale_after_seconds: float

    async def chain(self, wanted: ChainFilter) -> OptionChain:
        """The options that `wanted` asks for.

        Raises: CreamError NOT_FOUND, NOT_READY, UNIMPLEMENTED.
        """
        if self.source is None:
            await trio.lowlevel.checkpoint()
            raise CreamError("UNIMPLEMENTED", "No source of option chains is connected")
        listing = await self.source.listing(wanted)
        underlying = listing.underlying
        spot = spot_of(underlying)
        options, matched = await self.valuations.offload.run(
            lambda: select(wanted, listing.options, spot)
        )
        quoted = [(one.contract, one.quote) for one in options]
        valuations = await self.valuations.value(quoted, underlying)
        now = self.clock.now()
        age = age_of(underlying, now)
        rates = self.valuations.rates
        return OptionChain(
            symbol=listing.symbol,
            underlying=underlying,
            underlying_age_seconds=age,
            underlying_is_stale=age is None or age > self.stale_after_seconds,
            rows=await self._rows(options, valuations, now),
            matched=matched,
            as_of=now,
            rate=rates.rate,
            dividend_yield=rates.dividend_yield,
        )

    async def _rows(
        self, options: Sequence[ListedOption], valuations: Sequence[Valuation], now: datetime
    ) -> tuple[OptionRow, ...]:
        rows: list[OptionRow] = []
        for start in range(0, len(options), TURN):
            for listed, valuation in zip(
                options[start : start + TURN], valuations[start : start + TURN], strict=True
            ):
                rows.append(
                    OptionRow(
                        listed=listed,
                        quote_age_seconds=age_of(listed.quote, now),
                        flags=flags_of(listed.quote, now, self.stale_after_seconds),
                        valuation=self._shown(listed, valuation),
                    )
                )
            await trio.lowlevel.checkpoint()
        return tuple(rows)

    def _shown(self, listed: ListedOption, own: Valuation) -> Valuation:
        """What the feed says of volatility and Greeks goes before what we make of the quote.

        Not where quotes are not to be asked: the feed has asked them.
        """
        if listed.figures is None or not self.valuations.rates.implied:
            return own
        return evolve(
            own,
            figures_from=FiguresFrom.FEED,
            implied_volatility=listed.figures.implied_volatility,
            greeks=listed.figures.greeks,
        )
