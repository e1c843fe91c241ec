"""What can be configured about the pricing of options?"""

from collections.abc import Iterable

from attrs import frozen

from cream.core.model.setting import setting
from cream.daemon.dividend_settings import DividendSettings, repeated


@frozen(kw_only=True)
class PricingSettings:
    """How options are priced."""

    risk_free_rate: float = setting(
        0.05,
        ge=0,
        le=1,
        unit="per year",
        doc="Continuous rate; the synthetic market's options are read with its own rate instead.",
    )
    default_dividend_yield: float = setting(
        0.0, ge=0, le=1, unit="per year", doc="Where none is known; the synthetic market has none."
    )
    use_implied_volatility: bool = setting(
        True,
        doc="Take volatility from quotes where they give any; else from the daily closes of the "
        "underlying. The simulated market has no closes: there it is always taken from quotes.",
    )
    volatility_window_days: int = setting(
        30,
        ge=2,
        le=1000,
        unit="sessions",
        doc="Daily returns that the volatility from closes is taken from.",
    )
    dividends: tuple[DividendSettings, ...] = setting(
        (),
        doc="Cash dividends to come; of a symbol without any they are unknown, and said to be.",
    )

    def problems(self) -> Iterable[tuple[str, str]]:
        """No dividend is told twice."""
        for index, why in repeated(self.dividends):
            yield f"dividends[{index}]", why
