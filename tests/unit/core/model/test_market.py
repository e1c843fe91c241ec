"""Quotes."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from cream.core.model.market import Quote


def quote(bid: str, ask: str) -> Quote:
    return Quote(
        symbol="AAPL",
        bid=Decimal(bid),
        ask=Decimal(ask),
        bid_size=1,
        ask_size=1,
        at=datetime(2026, 11, 23, tzinfo=UTC),
    )


def test_the_middle_is_exact() -> None:
    assert quote("238.39", "238.42").mid == Decimal("238.405")


@pytest.mark.parametrize(("ask", "crossed"), [("9.99", True), ("10.00", False), ("10.01", False)])
def test_a_bid_above_the_ask_is_crossed(ask: str, crossed: bool) -> None:
    assert quote("10.00", ask).is_crossed is crossed
