"""Prices, sizes, triggers: the arithmetic of matching by itself."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cream.core.exchange.matching import (
    DisplayedSizes,
    far_price,
    match_single,
    priority,
    stop_is_reached,
    trail,
)
from cream.core.exchange.venue_order import VenueOrder, root_from
from cream.core.model.market import Quote
from cream.core.model.order import OrderTerms, OrderType, Side
from tests.fakes.venue_lab import NOON, terms


def quote(bid: str = "99.99", ask: str = "100.01", sizes: tuple[int, int] = (50, 40)) -> Quote:
    return Quote(
        symbol="AAPL",
        bid=Decimal(bid),
        ask=Decimal(ask),
        bid_size=sizes[0],
        ask_size=sizes[1],
        at=NOON,
    )


def order(of: OrderTerms, sequence: int = 1) -> VenueOrder:
    return root_from(of, sequence, NOON, NOON, Decimal(0))


def test_the_far_side_is_the_ask_for_buyers_and_the_bid_for_sellers() -> None:
    assert far_price(quote(), Side.BUY) == Decimal("100.01")
    assert far_price(quote(), Side.SELL) == Decimal("99.99")


@pytest.mark.parametrize(
    ("shown", "side"),
    [
        (None, Side.BUY),
        (quote("0", "100.01"), Side.SELL),
        (quote("99.99", "0"), Side.BUY),
        (quote("100.02", "100.01"), Side.BUY),
    ],
)
def test_there_is_no_far_side_without_a_sound_quote(shown: Quote | None, side: Side) -> None:
    assert far_price(shown, side) is None


@given(st.lists(st.tuples(st.sampled_from(Side), st.integers(1, 60)), max_size=20))
def test_what_is_left_of_a_quote_is_never_below_zero_and_never_grows(
    takes: list[tuple[Side, int]],
) -> None:
    sizes, shown = DisplayedSizes(), quote()
    left = {Side.BUY: Decimal(40), Side.SELL: Decimal(50)}
    for side, wanted in takes:
        taken = min(Decimal(wanted), sizes.left(shown, 1, side))
        sizes.take("AAPL", 1, side, taken)
        left[side] -= taken
        for each in Side:
            assert sizes.left(shown, 1, each) == left[each] >= 0


def test_a_new_quote_brings_its_own_size_even_if_it_looks_the_same() -> None:
    sizes, shown = DisplayedSizes(), quote()
    sizes.take("AAPL", 1, Side.BUY, Decimal(40))
    assert sizes.left(shown, 1, Side.BUY) == 0
    assert sizes.left(shown, 2, Side.BUY) == 40


@pytest.mark.parametrize(
    ("side", "limit", "trades"),
    [
        (Side.BUY, "100.00", False),
        (Side.BUY, "100.01", True),
        (Side.SELL, "100.00", False),
        (Side.SELL, "99.99", True),
    ],
)
def test_a_limit_bounds_the_price_and_does_not_make_it(
    side: Side, limit: str, trades: bool
) -> None:
    match = match_single(order(terms(side, "10", limit)), quote(), Decimal(100))
    assert (match is not None) == trades


def test_nothing_trades_where_nothing_is_left() -> None:
    assert match_single(order(terms(Side.BUY)), quote(), Decimal(0)) is None


@pytest.mark.parametrize(
    ("side", "stop", "reached"),
    [
        (Side.BUY, "100.01", True),
        (Side.BUY, "100.02", False),
        (Side.SELL, "99.99", True),
        (Side.SELL, "99.98", False),
    ],
)
def test_a_stop_is_elected_on_the_side_at_which_it_would_trade(
    side: Side, stop: str, reached: bool
) -> None:
    assert stop_is_reached(order(terms(side, "10", stop=stop)), quote()) == reached


def test_a_trailing_stop_has_no_price_before_its_first_quote() -> None:
    trailing = order(terms(Side.SELL, order_type=OrderType.TRAILING_STOP, trail_percent="1.5"))
    assert not stop_is_reached(trailing, quote())
    trail(trailing, quote("0", "100.01"))
    assert trailing.stop_price is None
    trail(trailing, quote("99.99", "100.01"))
    assert trailing.stop_price == Decimal("98.49"), "98.49015, down to the cent"


def test_orders_at_any_price_go_before_limits_and_better_limits_before_worse() -> None:
    market = order(terms(Side.BUY), 9)
    stop = order(terms(Side.BUY, stop="101", limit="99"), 8)
    high = order(terms(Side.BUY, limit="100"), 2)
    low = order(terms(Side.BUY, limit="99"), 1)
    cheap = order(terms(Side.SELL, limit="98"), 4)
    dear = order(terms(Side.SELL, limit="99"), 3)
    assert sorted([low, high, market, stop], key=priority) == [stop, market, high, low]
    assert sorted([dear, cheap], key=priority) == [cheap, dear]
