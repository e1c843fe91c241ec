"""What can be set of the synthetic market?"""

from decimal import Decimal

from attrs import frozen

from cream.core.exchange.calendar import SessionMode
from cream.core.model.setting import setting

# Where the market begins, in dollars, for symbols that the settings do not price.
LISTED_PRICES = {
    "AAPL": Decimal("238.40"),
    "MSFT": Decimal("512.00"),
    "NVDA": Decimal("182.50"),
    "SPY": Decimal("662.00"),
    "TSLA": Decimal("430.00"),
    "XOM": Decimal("116.00"),
}
# Volatility per year that options are priced with, where the settings do not say.
OPTION_VOLATILITIES = {"AAPL": Decimal("0.19"), "NVDA": Decimal("0.48"), "SPY": Decimal("0.12")}
DEFAULT_OPTION_VOLATILITY = Decimal("0.30")

# Two cents between bid and ask leave a bid above zero from here on.
_LOWEST_PRICE = "0.05"
# Dearer than any share; keeps every product far from the limits of arithmetic.
HIGHEST_PRICE = Decimal(10_000_000)


@frozen(kw_only=True)
class SyntheticSettings:
    """The seeded market that the simulated broker trades in."""

    prices: dict[str, Decimal] = setting(
        dict(LISTED_PRICES),
        ge=_LOWEST_PRICE,
        le=HIGHEST_PRICE,
        unit="USD",
        doc="Starting price by symbol; symbols given here are listed beside the built-in ones.",
        example="{AAPL: 238.40}",
    )
    volatility: Decimal = setting(
        Decimal("0.20"),
        ge=0,
        le=10,
        doc="Volatility of the random walk of every price, per year.",
    )
    option_volatility: dict[str, Decimal] = setting(
        dict(OPTION_VOLATILITIES),
        gt=0,
        le=10,
        doc=(
            "Volatility per year that options are priced with, by underlying; "
            f"{DEFAULT_OPTION_VOLATILITY} for those that are not named."
        ),
        example="{AAPL: 0.19}",
    )
    risk_free_rate: Decimal = setting(
        Decimal("0.04"),
        ge="-0.1",
        le=1,
        doc="Interest rate that options are priced with, continuous, per year.",
    )
    tick_rate: float = setting(
        1.0,
        ge=0,
        le=1000,
        unit="quotes per second and symbol",
        doc=(
            "How often prices move. 0: only by hand; quotes are then stamped anew all the time, "
            "so that they count as fresh."
        ),
    )
    seed: int = setting(
        1, ge=0, doc="Seed of the random walk; each symbol has a stream of its own."
    )
    session: SessionMode = setting(
        SessionMode.ALWAYS_OPEN,
        doc="Whether the market never closes or keeps the hours of the New York exchange.",
    )

    def price_by_symbol(self) -> dict[str, Decimal]:
        """Starting price of every listed symbol."""
        return LISTED_PRICES | dict(self.prices)

    def option_volatility_of(self, underlying: str) -> float:
        """The volatility that options on `underlying` are priced with."""
        given = OPTION_VOLATILITIES | dict(self.option_volatility)
        return float(given.get(underlying, DEFAULT_OPTION_VOLATILITY))
