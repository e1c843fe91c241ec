"""What is an American option worth when nothing is left to chance?

Without volatility (or time) the path of the underlying is known, so its holder picks the best
moment: now, expiry, or where interest on the strike first outweighs the dividends.
"""

import numpy as np
from attrs import frozen

from cream.core.pricing.normal import Floats
from cream.core.pricing.rows import Contracts


@frozen(eq=False)
class Certain:
    """Price and what is not zero of its Greeks. Units: as in `american`."""

    price: Floats
    delta: Floats
    theta: Floats
    rho: Floats


@np.errstate(all="ignore")
def certain_values(batch: Contracts) -> Certain:
    """American values at zero volatility; at or past expiry, the intrinsic value."""
    years = np.maximum(batch.years, 0.0)
    r, q, sign = batch.rate, batch.dividend_yield, batch.sign
    with np.errstate(all="ignore"):
        turn = np.log(r * batch.strike / (q * batch.spot)) / (r - q)
    turn = np.where(np.isfinite(turn), np.clip(turn, 0.0, years), 0.0)
    moments = np.stack([np.zeros_like(years), turn, years])
    asset = batch.spot * np.exp(-q * moments)
    cash = batch.strike * np.exp(-r * moments)
    gains = sign * (asset - cash)
    best = np.argmax(gains, axis=0)
    at = (best, np.arange(batch.size))
    price = gains[at]
    paid = price > 0.0
    # Only what is exercised at expiry, not before, loses or gains by the passing of time.
    waits = paid & (best == 2) & (years > 0.0)
    return Certain(
        price=np.maximum(price, 0.0),
        delta=np.where(paid, sign * asset[at] / batch.spot, 0.0),
        theta=np.where(waits, sign * (q * asset[at] - r * cash[at]), 0.0),
        rho=np.where(paid, sign * moments[at] * cash[at], 0.0),
    )
