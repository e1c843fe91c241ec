"""Quotes and prints at a second of a trading day."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from cream.core.model.market import Quote
from cream.core.model.ticks import Trade

# A Monday, half past ten in New York.
NOON = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
NOON_NS = int(NOON.timestamp()) * 1_000_000_000


def at(seconds: float) -> int:
    return NOON_NS + round(seconds * 1_000_000_000)


def a_quote(bid: str, ask: str, seconds: float = 0.0, symbol: str = "AAPL", **more: Any) -> Quote:
    return Quote(
        symbol=symbol,
        bid=Decimal(bid),
        ask=Decimal(ask),
        bid_size=more.pop("bid_size", 100),
        ask_size=more.pop("ask_size", 300),
        at=NOON + timedelta(seconds=seconds),
        at_ns=at(seconds),
        **more,
    )


def a_trade(price: str, size: str, seconds: float = 0.0, **more: Any) -> Trade:
    fields: dict[str, Any] = {"symbol": "AAPL"} | more
    return Trade(price=Decimal(price), size=Decimal(size), at_ns=at(seconds), **fields)
