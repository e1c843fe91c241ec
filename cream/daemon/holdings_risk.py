"""What do the holdings risk now? The book's positions with their latest quotes, worked out."""

from itertools import groupby

import trio

from cream.core.execution.book import Book
from cream.core.model.instrument import OptionContract
from cream.core.options.dividends import Dividend
from cream.core.options.holdings_risk import Basis, Held, HoldingsRisk, holdings_risk
from cream.core.options.occ import NEW_YORK
from cream.core.ports import MarketData
from cream.daemon.chains import Chains


async def risk_of_holdings(book: Book, market: MarketData, chains: Chains) -> HoldingsRisk:
    """The risk of everything that `book` holds, valued as chains are.

    Cancellation: nothing is lost, nothing has changed.
    """
    await trio.lowlevel.checkpoint()
    positions = [one for one in book.positions.values() if not one.is_flat]
    positions.sort(key=lambda one: (one.instrument.underlying, one.instrument.symbol))
    held: list[Held] = []
    dividends: dict[str, tuple[Dividend, ...]] = {}
    today = chains.clock.now().astimezone(NEW_YORK).date()
    for underlying, group in groupby(positions, lambda one: one.instrument.underlying):
        here = list(group)
        share = market.latest(underlying)
        dividends[underlying] = chains.valuations.dividends.ahead(underlying, today) or ()
        options = [
            (one.instrument, market.latest(one.instrument.symbol))
            for one in here
            if isinstance(one.instrument, OptionContract)
        ]
        valued = dict(
            zip(
                (contract.symbol for contract, _ in options),
                await chains.valuations.value(options, share),
                strict=True,
            )
        )
        held += [
            Held(
                instrument=one.instrument,
                quantity=one.quantity,
                underlying=share,
                own=market.latest(one.instrument.symbol),
                valuation=valued.get(one.instrument.symbol),
            )
            for one in here
        ]
    basis = Basis(
        now=chains.clock.now(),
        today=today,
        stale_after_seconds=chains.stale_after_seconds,
        rate=chains.valuations.rates.rate,
        dividends=dividends,
    )
    return holdings_risk(held, basis)
