"""What else does a market say besides quotes: prints, bars, halts, bands, and what was wrong?"""

from datetime import datetime
from decimal import Decimal

from attrs import frozen


@frozen(kw_only=True)
class Trade:
    """A print. Units: dollars; shares or contracts; `at_ns` nanoseconds since 1970, UTC."""

    symbol: str
    price: Decimal
    size: Decimal
    at_ns: int
    trade_id: str = ""
    exchange: str = ""
    conditions: tuple[str, ...] = ()


@frozen(kw_only=True)
class TradeCancelled:
    """A print that is taken back."""

    symbol: str
    trade_id: str
    exchange: str
    at_ns: int


@frozen(kw_only=True)
class TradeCorrected:
    """A print that another takes the place of."""

    symbol: str
    original_id: str
    exchange: str
    corrected: Trade


@frozen(kw_only=True)
class Bar:
    """What traded in one interval, which begins at `at`. Units: dollars; shares or contracts."""

    symbol: str
    at: datetime
    minutes: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    trades: int | None = None
    vwap: Decimal | None = None


@frozen(kw_only=True)
class StatusChanged:
    """A halt or its end, in the words and codes of the tape."""

    symbol: str
    code: str
    message: str
    reason_code: str
    reason: str
    at_ns: int
    tape: str = ""


@frozen(kw_only=True)
class PriceBands:
    """Where limit up and limit down are now. Units: dollars per share."""

    symbol: str
    upper: Decimal
    lower: Decimal
    at_ns: int


@frozen(kw_only=True)
class DayStatistics:
    """One symbol's day so far and the close before it; None where the feed does not say."""

    symbol: str
    open: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    volume: Decimal | None = None
    previous_close: Decimal | None = None


@frozen(kw_only=True)
class OptionSnapshot:
    """What a feed says of one contract now. Any part may be missing.

    Units: dollars per share of premium; Greeks per share, theta per calendar day.
    """

    symbol: str
    bid: Decimal | None = None
    ask: Decimal | None = None
    bid_size: Decimal | None = None
    ask_size: Decimal | None = None
    quoted_at: datetime | None = None
    last: Decimal | None = None
    implied_volatility: Decimal | None = None
    delta: Decimal | None = None
    gamma: Decimal | None = None
    theta: Decimal | None = None
    vega: Decimal | None = None
    rho: Decimal | None = None
