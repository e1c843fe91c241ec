"""What is held, what of it is free, and what the faults make of it."""

from decimal import Decimal

from cream.adapters.sandbox.holdings import Holdings
from cream.core.options.occ import parse_instrument
from tests.unit.adapters.sandbox.lab import NEAR, Lab, lab

AAPL = "AAPL"


def holdings(one: Lab) -> Holdings:
    return one.sandbox.exchange.holdings


async def test_what_an_order_would_close_is_not_free() -> None:
    one = lab()
    await one.order(qty="10")
    await one.order(qty="4", side="sell", type="limit", limit_price="300")
    assert (holdings(one).quantity(AAPL), holdings(one).free(AAPL)) == (10, 6)
    await one.order(symbol="MSFT", qty="5", side="sell")
    await one.order(symbol="MSFT", qty="2", type="limit", limit_price="400")
    assert (holdings(one).quantity("MSFT"), holdings(one).free("MSFT")) == (-5, -3)
    assert holdings(one).free("SPY") == 0


async def test_only_what_is_held_long_counts_as_long_value() -> None:
    one = lab()
    await one.order(qty="10")
    await one.order(symbol="MSFT", qty="5", side="sell")
    near = parse_instrument(NEAR)
    await one.order(symbol=NEAR, qty="2")
    mark = holdings(one).mark(near)
    assert mark is not None
    assert holdings(one).long_value() == 10 * Decimal("238.40") + 2 * 100 * mark


async def test_what_is_held_is_real_while_the_listing_is_stale() -> None:
    one = lab()
    assert holdings(one).shown() == []
    await one.steer("POST", "/faults", {"name": "rest.stale_positions", "seconds": 1000})
    await one.order(qty="10")
    assert holdings(one).shown() == []
    assert [row["qty"] for row in holdings(one).real()] == ["10"]
