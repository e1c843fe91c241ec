"""One symbol as it is now."""

from decimal import Decimal

from attrs import evolve

from cream.core.market.microstructure import microstructure, quote_ns
from cream.core.market.trade_window import TradeWindow
from tests.unit.core.market.ticks import a_quote, a_trade, at

QUOTE = a_quote("100", "101")


def test_a_symbol_shows_its_spread_depth_and_balance() -> None:
    window = TradeWindow()
    window.add(a_trade("101", "30"), QUOTE)
    window.add(a_trade("100", "10"), QUOTE)

    shown = microstructure("AAPL", QUOTE, Decimal(100), window, at(0.5))

    assert (shown.spread, shown.mid) == (Decimal(1), Decimal("100.5"))
    assert shown.spread_bps == Decimal(1) / Decimal("100.5") * 10_000
    assert (shown.bid_depth, shown.ask_depth, shown.imbalance) == (100, 300, Decimal("-0.5"))
    assert (shown.volume, shown.buy_volume, shown.sell_volume) == (40, 30, 10)
    assert shown.vwap == Decimal("100.75")
    assert (shown.quote_age_seconds, shown.is_stale) == (0.5, False)


def test_what_is_not_known_is_not_zero() -> None:
    shown = microstructure("AAPL", None, None, TradeWindow(), at(0))

    assert (shown.spread, shown.vwap, shown.last, shown.imbalance) == (None,) * 4
    assert shown.is_stale


def test_a_minute_later_it_is_empty_and_stale() -> None:
    window = TradeWindow()
    window.add(a_trade("101", "30"), QUOTE)

    shown = microstructure("AAPL", QUOTE, None, window, at(61))

    assert (shown.volume, shown.vwap, shown.is_stale) == (0, None, True)


def test_the_time_of_a_quote_is_kept_to_the_nanosecond() -> None:
    assert quote_ns(evolve(QUOTE, at_ns=at(0) + 1)) == at(0) + 1
    assert quote_ns(evolve(QUOTE, at_ns=None)) == at(0)
