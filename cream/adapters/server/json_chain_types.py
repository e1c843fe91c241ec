"""What does an option chain look like in JSON?

As in `json_types.py`: the classes are the reply and the OpenAPI document. Prices are decimals as
text; ages, volatilities and Greeks are numbers, as they are measured or modelled.
"""

from datetime import date, datetime

from attrs import frozen


@frozen(kw_only=True)
class Option:
    """One contract. Figures are per share; null where there is none.

    `flags` are what is wrong with the quote: NO_QUOTE, STALE, CROSSED, NO_BID, NO_ASK.
    `valuation_status` is OK, or why the quote gives no volatility. `figures_from` says where
    volatility and Greeks come from: QUOTE (this one), TWIN (the other right at the same strike),
    SMILE (the strikes beside it), HISTORY (closes of the underlying) or FEED. Theta is dollars per
    calendar day; vega and rho per point of volatility and of interest.
    """

    symbol: str
    expiration: date
    type: str
    strike: str
    bid: str | None
    ask: str | None
    bid_size: int | None
    ask_size: int | None
    quote_at: datetime | None
    quote_age_seconds: float | None
    flags: tuple[str, ...]
    implied_volatility: float | None
    delta: float | None
    gamma: float | None
    theta: float | None
    vega: float | None
    rho: float | None
    model_price: float | None
    figures_from: str | None
    valuation_status: str
    open_interest: int | None
    volume: int | None


@frozen(kw_only=True)
class OptionChain:
    """Options of one underlying by expiration, strike and type.

    `underlying_price` is the middle of its market; `matched` how many options the query matches,
    those beyond its limit included. Rates are those that the quotes were read with, per year.
    """

    underlying: str
    underlying_price: str | None
    underlying_bid: str | None
    underlying_ask: str | None
    underlying_age_seconds: float | None
    underlying_is_stale: bool
    as_of: datetime
    risk_free_rate: float
    dividend_yield: float
    matched: int
    options: tuple[Option, ...]
