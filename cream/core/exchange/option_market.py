"""What would a market maker quote for this option, given the quote of its underlying?

Black-Scholes at the middle of the underlying, never below what exercise would bring, with a narrow
spread around it: a tenth of a percent to each side, half a cent at least, on the cent. That is as
tight as the most liquid chains are, so that a spread of four legs can be had near its worth.
"""

from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal

from attrs import frozen

from cream.core.exchange.alpaca_rules import CENT
from cream.core.model.instrument import OptionContract
from cream.core.model.market import Quote
from cream.core.model.money import ZERO
from cream.core.options.occ import expires_at
from cream.core.pricing import black_scholes

# Time to expiry is counted in calendar seconds over a year of 365 days.
SECONDS_PER_YEAR = 365 * 24 * 3600
HALF_SPREAD_RATIO = Decimal("0.001")
MIN_HALF_SPREAD = Decimal("0.005")
# Displayed on each side; large against what an account of this size trades.
DISPLAYED_CONTRACTS = 500
# Prices are carried from float to money at this many places, far below the tick.
_PRICE_PLACES = Decimal("0.000001")


@frozen
class OptionMarket:
    """Quotes options. `volatility_of` gives the volatility of an underlying, per year."""

    volatility_of: Callable[[str], float]
    risk_free_rate: float

    def quote(self, contract: OptionContract, underlying: Quote) -> Quote | None:
        """The quote of `contract` while its underlying is quoted so; None once it has expired.

        It carries the time of the underlying's quote, and depends on nothing else.
        """
        spot = underlying.mid
        seconds = (expires_at(contract) - underlying.at).total_seconds()
        if seconds <= 0 or spot <= 0:
            return None
        worth = self._worth(contract, spot, seconds)
        half = max(MIN_HALF_SPREAD, worth * HALF_SPREAD_RATIO)
        bid = max(ZERO, (worth - half).quantize(CENT, ROUND_HALF_EVEN))
        ask = max(bid + CENT, (worth + half).quantize(CENT, ROUND_HALF_EVEN))
        return Quote(
            symbol=contract.symbol,
            bid=bid,
            ask=ask,
            # Nobody bids for what is worth less than a tick.
            bid_size=DISPLAYED_CONTRACTS if bid > 0 else 0,
            ask_size=DISPLAYED_CONTRACTS,
            at=underlying.at,
        )

    def _worth(self, contract: OptionContract, spot: Decimal, seconds: float) -> Decimal:
        strike = float(contract.strike)
        value = black_scholes.price(
            contract.right,
            float(spot),
            strike,
            seconds / SECONDS_PER_YEAR,
            self.volatility_of(contract.underlying),
            self.risk_free_rate,
        )
        floor = black_scholes.intrinsic(contract.right, float(spot), strike)
        return Decimal(max(value, floor)).quantize(_PRICE_PLACES)
