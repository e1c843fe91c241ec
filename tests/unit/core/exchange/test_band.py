"""No quote is passed over at which an order would trade or be triggered; most others are."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from cream.core.exchange.band import Band
from cream.core.exchange.matching import match_single, stop_is_reached
from cream.core.exchange.venue_order import VenueOrder, root_from
from cream.core.model.order import OrderTerms, OrderType, Side
from cream.core.model.plan import TimeInForce
from tests.fakes.builders import order_terms, quote
from tests.fakes.venue_lab import NOON, call

prices = st.integers(90, 110).map(str)


def venue_order(terms: OrderTerms) -> VenueOrder:
    return root_from(terms, 1, NOON, NOON, Decimal(0))


@st.composite
def orders(draw: st.DrawFn) -> VenueOrder:
    limit, stop = draw(st.none() | prices), draw(st.none() | prices)
    terms = order_terms(side=draw(st.sampled_from(Side)), limit=limit, stop=stop)
    order = venue_order(terms)
    order.elected = draw(st.booleans())
    return order


@settings(max_examples=100)
@given(st.lists(orders(), max_size=6), prices, st.integers(-1, 5))
def test_at_a_calm_quote_no_order_would_do_anything(
    working: list[VenueOrder], bid: str, spread: int
) -> None:
    band = Band()
    for order in working:
        band.narrow(order)
    market = quote("AAPL", bid, str(int(bid) + spread))

    wakes = any(
        stop_is_reached(one, market)
        if one.is_stop
        else match_single(one, market, Decimal(100)) is not None
        for one in working
    )

    assert not (wakes and band.is_calm_at(market))


def test_between_its_orders_a_market_is_calm() -> None:
    band = Band()
    assert band.is_calm_at(quote("AAPL", "100", "101"))
    for terms in (
        order_terms(limit="95"),
        order_terms(limit="90"),
        order_terms(side=Side.SELL, limit="105"),
        order_terms(side=Side.SELL, stop="94"),
        order_terms(side=Side.BUY, stop="108"),
    ):
        band.narrow(venue_order(terms))

    assert band.is_calm_at(quote("AAPL", "95", "96"))
    assert band.is_calm_at(quote("AAPL", "104", "107"))
    assert not band.is_calm_at(quote("AAPL", "94.5", "95"))
    assert not band.is_calm_at(quote("AAPL", "94", "95.5"))
    assert not band.is_calm_at(quote("AAPL", "105", "106"))
    assert not band.is_calm_at(quote("AAPL", "104", "108"))


def test_every_quote_concerns_what_has_no_price_or_one_that_moves() -> None:
    for terms in (
        order_terms(),
        order_terms(instrument=call("240"), limit="1"),
        order_terms(limit="1", tif=TimeInForce.IOC),
        order_terms(stop="1", order_type=OrderType.TRAILING_STOP),
    ):
        band = Band()
        band.narrow(venue_order(terms))
        assert not band.is_calm_at(quote("AAPL", "100", "101"))
