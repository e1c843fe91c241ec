"""What does JSON say of the risk of everything that is held?

As in `json_types.py`: the classes are the reply and the OpenAPI document. Decimals are text.
"""

from datetime import datetime

from attrs import frozen


@frozen(kw_only=True)
class GreeksOfHoldings:
    """Of one underlying's shares and options, or (`underlying` null) of everything.

    `gamma_shares` is the change of the delta per dollar, `gamma_dollars_per_percent` that of the
    dollar delta per percent; vega and rho are dollars per point, theta per calendar day.
    `oldest_seconds` is the age of the oldest quote in it. `stale` count with an old quote;
    `missing` do not count, as nothing is known of them.
    """

    underlying: str | None
    delta_shares: str
    delta_dollars: str
    gamma_shares: str
    gamma_dollars_per_percent: str
    vega_dollars_per_point: str
    theta_dollars_per_day: str
    rho_dollars_per_point: str
    oldest_seconds: float
    stale: tuple[str, ...]
    missing: tuple[str, ...]


@frozen(kw_only=True)
class ShortOptionRisk:
    """An option that is sold. `level`: NONE, LOW, MEDIUM, HIGH or CRITICAL.

    `strike_dollars` change hands if all of it is exercised, at a loss of `loss_dollars` to the
    price of now.
    """

    symbol: str
    quantity: str
    level: str
    reasons: tuple[str, ...]
    strike_dollars: str
    loss_dollars: str


@frozen(kw_only=True)
class HoldingsRisk:
    """The likeliest exercised come first; of those in `unknown` the underlying has no price."""

    as_of: datetime
    total: GreeksOfHoldings
    underlyings: tuple[GreeksOfHoldings, ...]
    shorts: tuple[ShortOptionRisk, ...]
    unknown: tuple[str, ...]
