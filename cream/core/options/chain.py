"""What does a chain show of each option, and what is wrong with its quote?

The words for a listed option, for what its quote is worth, and for the narrowing of a chain. How a
quote becomes a volatility is `core/pricing/explained.py`.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum

from attrs import field, frozen

from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.model.market import Quote
from cream.core.model.money import ZERO
from cream.core.options.greeks import PerShare


class QuoteFlag(Enum):
    """One thing that is wrong with an option's quote."""

    # Nothing has been quoted.
    NO_QUOTE = "NO_QUOTE"
    # Older than quotes are good for.
    STALE = "STALE"
    # The bid is above the ask: no price can be taken from it.
    CROSSED = "CROSSED"
    # Nobody buys. Usual for what is worth less than a tick.
    NO_BID = "NO_BID"
    # Nobody sells, so that there is no middle.
    NO_ASK = "NO_ASK"


class ValuationStatus(Enum):
    """What became of the question which volatility a quote stands for."""

    OK = "OK"
    # At or below what exercise is certain to bring: no volatility explains it.
    BELOW_INTRINSIC = "BELOW_INTRINSIC"
    # At or above the most that the contract can ever pay.
    ABOVE_MAXIMUM = "ABOVE_MAXIMUM"
    BAD_INPUT = "BAD_INPUT"
    # A price within bounds that no volatility in the searched range gives.
    NOT_BRACKETED = "NOT_BRACKETED"
    # The option's quote gives no price: there is none, it is crossed, or nobody sells.
    NO_PRICE = "NO_PRICE"
    # The underlying's quote gives no price.
    NO_SPOT = "NO_SPOT"
    # Quotes are not asked for volatilities, and there are too few daily closes of the underlying.
    NO_HISTORY = "NO_HISTORY"
    EXPIRED = "EXPIRED"


class FiguresFrom(Enum):
    """Where volatility and Greeks come from."""

    # The contract's own quote.
    QUOTE = "QUOTE"
    # The quote of the other right at the same strike, as its own gives no volatility.
    TWIN = "TWIN"
    # The quotes of the strikes beside it, as its own gives none, or there is none.
    SMILE = "SMILE"
    # How much the underlying has moved, as no quote gives one, or none is asked.
    HISTORY = "HISTORY"
    # Whoever sent the quote.
    FEED = "FEED"


@frozen
class FeedFigures:
    """What a feed says of an option. Units: volatility per year; Greeks as in `PerShare`."""

    implied_volatility: float
    greeks: PerShare


@frozen(kw_only=True)
class ListedOption:
    """One option as its market lists it; None where the market does not say.

    Units: contracts; `volume` since the session began.
    """

    contract: OptionContract
    quote: Quote | None
    open_interest: int | None = None
    volume: int | None = None
    figures: FeedFigures | None = None


@frozen(kw_only=True)
class Listing:
    """Listed options of one underlying, and its own quote."""

    symbol: str
    underlying: Quote | None
    options: tuple[ListedOption, ...]


@frozen(kw_only=True)
class Valuation:
    """What a quote of an option stands for, given one of its underlying.

    `price` is the model's at that volatility. None where there is no volatility: `status` says why.
    With `figures_from` TWIN, SMILE or HISTORY the status is still that of the own quote.
    """

    status: ValuationStatus
    quote_at: datetime | None
    underlying_at: datetime | None
    figures_from: FiguresFrom | None = None
    implied_volatility: float | None = None
    price: float | None = None
    greeks: PerShare | None = None

    def age_seconds(self, now: datetime) -> float | None:
        """The age of the older of the two quotes; None where one of them is missing."""
        if self.quote_at is None or self.underlying_at is None:
            return None
        return max(0.0, (now - min(self.quote_at, self.underlying_at)).total_seconds())


@frozen(kw_only=True)
class OptionRow:
    """One option of a chain. Units: `quote_age_seconds` is None without a quote."""

    listed: ListedOption
    quote_age_seconds: float | None
    flags: tuple[QuoteFlag, ...]
    valuation: Valuation


@frozen(kw_only=True)
class OptionChain:
    """Options of one underlying by expiration, strike and right (calls first).

    `matched` is how many the filter left before its limit. Units: dollars, seconds, per year.
    """

    symbol: str
    underlying: Quote | None
    underlying_age_seconds: float | None
    underlying_is_stale: bool
    rows: tuple[OptionRow, ...]
    matched: int
    as_of: datetime
    rate: float
    dividend_yield: float


@frozen(kw_only=True)
class ChainFilter:
    """Which options of an underlying are asked for. Bounds are inclusive; empty means all.

    `limit` keeps those that expire first, and of one expiration those nearest the money.
    """

    underlying: str
    expirations: tuple[date, ...] = ()
    right: OptionRight | None = None
    min_strike: Decimal | None = None
    max_strike: Decimal | None = None
    limit: int | None = field(default=None)

    def admits(self, contract: OptionContract) -> bool:
        """Whether this is one of them, whatever the limit."""
        return (
            (not self.expirations or contract.expiration in self.expirations)
            and (self.right is None or contract.right is self.right)
            and (self.min_strike is None or contract.strike >= self.min_strike)
            and (self.max_strike is None or contract.strike <= self.max_strike)
        )


def select(
    wanted: ChainFilter, options: Sequence[ListedOption], spot: Decimal | None
) -> tuple[list[ListedOption], int]:
    """The options that `wanted` asks for, in order, and how many there were before the limit.

    Without a `spot` the middle of the strikes stands for the money.
    """
    found = [one for one in options if wanted.admits(one.contract)]
    matched = len(found)
    if wanted.limit is not None and wanted.limit < matched:
        strikes = sorted(one.contract.strike for one in found)
        money = strikes[matched // 2] if spot is None else spot
        found.sort(key=lambda one: (one.contract.expiration, abs(one.contract.strike - money)))
        del found[wanted.limit :]
    found.sort(key=lambda one: _place(one.contract))
    return found, matched


def _place(contract: OptionContract) -> tuple[date, Decimal, bool]:
    return contract.expiration, contract.strike, contract.right is OptionRight.PUT


def age_of(quote: Quote | None, now: datetime) -> float | None:
    """Seconds since `quote`; never below zero, however clocks differ."""
    return None if quote is None else max(0.0, (now - quote.at).total_seconds())


def flags_of(quote: Quote | None, now: datetime, stale_after: float) -> tuple[QuoteFlag, ...]:
    """Everything that is wrong with the quote at `now`. Units: `stale_after` in seconds."""
    if quote is None or (quote.bid <= ZERO and quote.ask <= ZERO):
        return (QuoteFlag.NO_QUOTE,)
    flags = []
    if (now - quote.at).total_seconds() > stale_after:
        flags.append(QuoteFlag.STALE)
    if quote.ask <= ZERO:
        flags.append(QuoteFlag.NO_ASK)
    elif quote.bid <= ZERO:
        flags.append(QuoteFlag.NO_BID)
    elif quote.is_crossed:
        flags.append(QuoteFlag.CROSSED)
    return tuple(flags)


def price_of(quote: Quote | None) -> Decimal | None:
    """The middle of the market, where it has one.

    Without a bid it lies between nothing and the ask; a crossed quote, or one without an ask, has
    no middle.
    """
    if quote is None or quote.ask <= ZERO or quote.bid < ZERO or quote.is_crossed:
        return None
    return quote.mid


def spot_of(underlying: Quote | None) -> Decimal | None:
    """The price of a share, where its market has one.

    Unlike an option, a share that nobody bids for is not worth half of what is asked for it: feeds
    show a bid of nothing where they know of none.
    """
    price = price_of(underlying)
    return None if underlying is None or underlying.bid <= ZERO else price
