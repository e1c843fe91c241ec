"""What may an account read of market data? As much as its subscription gives it.

Source: docs.alpaca.markets, About Market Data API, 2026-09.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from attrs import frozen

# Feeds that carry the whole market, and are paid for.
_WHOLE_MARKET = frozenset(("/v2/sip", "/v1beta1/opra"))
# The consolidated tape of shares, from which the past is told by default; so old it is free.
SIP = "sip"
_EMBARGO = timedelta(minutes=15)


@frozen(kw_only=True)
class DataPlan:
    """One subscription. `stock_symbols` None: as many as one likes; bars are never counted."""

    name: str
    whole_market: bool
    stock_symbols: int | None
    option_quotes: int

    def has(self, feed: str) -> bool:
        """Whether this feed can be read at all."""
        return self.whole_market or feed not in _WHOLE_MARKET

    def last_readable(self, feed: str, now: datetime) -> datetime:
        """Until when the past of shares on this feed can be read."""
        return now - _EMBARGO if feed == SIP and not self.whole_market else now

    def allows(self, wanted: Mapping[str, Mapping[str, Any]], *, options: bool) -> bool:
        """Whether so much may be subscribed on one stream, by channel."""
        if options:
            return len(wanted["quotes"]) <= self.option_quotes
        most = self.stock_symbols
        return most is None or all(len(wanted[one]) <= most for one in ("trades", "quotes"))


BASIC = DataPlan(name="basic", whole_market=False, stock_symbols=30, option_quotes=200)
PLUS = DataPlan(name="plus", whole_market=True, stock_symbols=None, option_quotes=1_000)
DATA_PLANS = {plan.name: plan for plan in (BASIC, PLUS)}
