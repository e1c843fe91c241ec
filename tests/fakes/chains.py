"""Which options do tests look at? A small chain, quoted around its worth."""

from datetime import UTC, date, datetime
from decimal import Decimal

import trio
from attrs import define, field

from cream.core.model.errors import CreamError
from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.model.market import Quote
from cream.core.options.chain import (
    ChainFilter,
    FiguresFrom,
    ListedOption,
    Listing,
    OptionChain,
    OptionRow,
    QuoteFlag,
    Valuation,
    ValuationStatus,
)
from cream.core.options.greeks import PerShare

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
NEAR, FAR = date(2026, 12, 18), date(2027, 1, 15)


def contract(strike: str, right: str = "C", expiration: date = NEAR) -> OptionContract:
    side = OptionRight.CALL if right == "C" else OptionRight.PUT
    return OptionContract("AAPL", expiration, side, Decimal(strike))


def quoted(symbol: str, bid: str, ask: str, at: datetime = NOW) -> Quote:
    return Quote(symbol=symbol, bid=Decimal(bid), ask=Decimal(ask), bid_size=10, ask_size=20, at=at)


SHARE = quoted("AAPL", "238.39", "238.41")


def listed(one: OptionContract, bid: str, ask: str, at: datetime = NOW) -> ListedOption:
    return ListedOption(
        contract=one, quote=quoted(one.symbol, bid, ask, at), open_interest=120, volume=None
    )


@define
class FakeChains:
    """An OptionChains of one underlying, AAPL."""

    options: tuple[ListedOption, ...]
    share: Quote | None = SHARE
    asked: list[ChainFilter] = field(factory=list)

    @property
    def name(self) -> str:
        return "fake"

    async def listing(self, wanted: ChainFilter) -> Listing:
        await trio.lowlevel.checkpoint()
        self.asked.append(wanted)
        if wanted.underlying != "AAPL":
            raise CreamError("NOT_FOUND", f"no options on {wanted.underlying}")
        return Listing(symbol="AAPL", underlying=self.share, options=self.options)


def a_chain() -> OptionChain:
    """Two rows as the daemon shows them: one in order, one that is wrong in every way."""
    good = listed(contract("240"), "4.10", "4.15")
    bad = ListedOption(contract=contract("200", "P"), quote=None)
    return OptionChain(
        symbol="AAPL",
        underlying=SHARE,
        underlying_age_seconds=0.25,
        underlying_is_stale=False,
        rows=(
            OptionRow(
                listed=good,
                quote_age_seconds=7.5,
                flags=(QuoteFlag.STALE,),
                valuation=Valuation(
                    status=ValuationStatus.OK,
                    quote_at=NOW,
                    underlying_at=NOW,
                    figures_from=FiguresFrom.QUOTE,
                    implied_volatility=0.19,
                    price=4.125,
                    greeks=PerShare(delta=0.5, gamma=0.04, vega=25.0, theta=-36.5, rho=8.0),
                ),
            ),
            OptionRow(
                listed=bad,
                quote_age_seconds=None,
                flags=(QuoteFlag.NO_QUOTE,),
                valuation=Valuation(
                    status=ValuationStatus.NO_PRICE, quote_at=None, underlying_at=NOW
                ),
            ),
        ),
        matched=5,
        as_of=NOW,
        rate=0.04,
        dividend_yield=0.0,
    )
