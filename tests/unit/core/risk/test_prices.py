from collections.abc import Mapping

import pytest

from cream.core.model.market import Datum, Known, Quote, Stale, Unknown
from cream.core.model.order import OrderPurpose, Side
from cream.core.risk.prices import Prices, read
from tests.unit.core.risk.scenes import (
    VERTICAL,
    VERTICAL_CLOSING,
    d,
    leg,
    quote,
    working_spread,
)


def test_a_fresh_quote_has_a_price_and_no_doubt() -> None:
    reading = read("AAPL", Known(quote("AAPL", "238.39", "238.41")))

    assert reading.doubt is None
    assert reading.mid == d("238.40")
    assert reading.far_side(Side.BUY) == d("238.41")
    assert reading.far_side(Side.SELL) == d("238.39")


def test_a_stale_quote_is_a_price_in_doubt() -> None:
    reading = read("AAPL", Stale(quote("AAPL", "238.39", "238.41"), 12.34))

    assert reading.mid == d("238.40")
    assert reading.doubt == "the quote of AAPL is 12.3 s old"


def test_what_is_unknown_has_no_price() -> None:
    reading = read("AAPL", Unknown("the feed is down"))

    assert reading.mid is None
    assert reading.far_side(Side.BUY) is None
    assert reading.doubt == "no quote of AAPL: the feed is down"


def test_no_price_is_taken_from_a_crossed_quote() -> None:
    reading = read("AAPL", Known(quote("AAPL", "238.42", "238.41")))

    assert reading.mid is None
    assert reading.doubt is not None
    assert "crossed" in reading.doubt


def test_no_price_is_taken_from_an_empty_or_negative_quote() -> None:
    assert read("AAPL", Known(quote("AAPL", "0", "0"))).quote is None
    assert read("AAPL", Known(quote("AAPL", "-1", "1"))).quote is None


def test_nobody_can_be_sold_to_where_nobody_bids() -> None:
    symbol = "AAPL  261218C00300000"
    reading = read(symbol, Known(quote(symbol, "0", "0.05")))

    assert reading.far_side(Side.SELL) is None
    assert reading.far_side(Side.BUY) == d("0.05")
    assert reading.doubt is None


@pytest.mark.parametrize("symbol", ["X", "AAPL", "BRK.B"])
def test_a_share_that_nobody_bids_for_is_not_worth_half_of_what_is_asked(symbol: str) -> None:
    reading = read(symbol, Known(quote(symbol, "0", "430.00")))

    assert reading.mid is None
    assert reading.doubt is not None
    assert "nobody bids" in reading.doubt


def asking(quotes: Mapping[str, Datum[Quote]]) -> tuple[Prices, list[str]]:
    asked: list[str] = []

    def quote_of(symbol: str) -> Datum[Quote]:
        asked.append(symbol)
        return quotes.get(symbol, Unknown("nothing"))

    return Prices(quote_of), asked


def test_a_symbol_is_asked_for_once() -> None:
    """Two readings of one judgement cannot differ."""
    prices, asked = asking({"AAPL": Known(quote("AAPL", "1", "2"))})

    assert prices.of("AAPL") is prices.of("AAPL")
    assert asked == ["AAPL"]


def test_a_spread_is_bought_at_the_ask_of_its_longs_and_the_bid_of_its_shorts() -> None:
    low, high = (one.contract.symbol for one in VERTICAL)
    prices, _ = asking(
        {low: Known(quote(low, "4.15", "4.25")), high: Known(quote(high, "1.05", "1.15"))}
    )

    assert prices.net_far_side(VERTICAL) == d("3.20")


def test_what_a_roll_opens_costs_what_its_limit_leaves() -> None:
    """Closed at the far side; what nobody bids for is given away."""
    low, high = (one.contract.symbol for one in VERTICAL)
    known = {low: Known(quote(low, "4.15", "4.25")), high: Known(quote(high, "1.05", "1.15"))}
    legs = (*VERTICAL_CLOSING, leg("AAPL  261218P00230000", 1))
    terms = working_spread(1, legs, net="-1.10", purpose=OrderPurpose.ROLL).terms

    assert asking(known)[0].net_of_opening(terms) == d("1.90")
    worthless = {**known, low: Known(quote(low, "0.00", "0.01"))}
    assert asking(worthless)[0].net_of_opening(terms) == d("-2.25")
    assert asking({low: known[low]})[0].net_of_opening(terms) is None
    put = legs[2].contract.symbol
    dear = {**known, put: Known(quote(put, "1.80", "1.95"))}
    assert asking(dear)[0].net_of_opening(terms) == d("1.95")


def test_what_a_spread_opens_costs_its_limit() -> None:
    """Or, where it has none, the far side."""
    low, high = (one.contract.symbol for one in VERTICAL)
    prices, asked = asking(
        {low: Known(quote(low, "4.15", "4.25")), high: Known(quote(high, "1.05", "1.15"))}
    )

    assert prices.net_of_opening(working_spread(net="3.10").terms) == d("3.10")
    assert asked == []
    assert prices.net_of_opening(working_spread(net=None).terms) == d("3.20")


def test_a_spread_with_one_unquoted_leg_has_no_price() -> None:
    low = VERTICAL[0].contract.symbol
    prices, _ = asking({low: Known(quote(low, "4.15", "4.25"))})

    assert prices.net_far_side(VERTICAL) is None
