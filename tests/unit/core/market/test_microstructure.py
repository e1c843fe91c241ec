"""The last minute of a symbol, against sums made anew each time."""

from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from cream.core.market.microstructure import (
    MAX_NAMED,
    Initiative,
    TradeWindow,
    initiative,
    microstructure,
    quote_ns,
)
from cream.core.model.ticks import TradeCancelled, TradeCorrected
from tests.unit.core.market.ticks import a_quote, a_trade, at

QUOTE = a_quote("100", "101")


@pytest.mark.parametrize(
    ("price", "who"),
    [
        ("101", Initiative.BUYER),
        ("100.51", Initiative.BUYER),
        ("100.50", Initiative.NOBODY),
        ("100.49", Initiative.SELLER),
        ("100", Initiative.SELLER),
    ],
)
def test_who_took_the_initiative_follows_from_the_quote(price: str, who: Initiative) -> None:
    assert initiative(Decimal(price), QUOTE) is who


def test_without_a_sound_quote_nobody_took_it() -> None:
    assert initiative(Decimal(100), None) is Initiative.NOBODY
    assert initiative(Decimal(100), a_quote("102", "101")) is Initiative.NOBODY


prints = st.lists(
    st.tuples(
        st.integers(0, 200_000),
        st.integers(1, 500),
        st.sampled_from(["99.5", "100", "100.5", "100.51", "101"]),
        st.sampled_from(["add", "add", "add", "cancel", "correct"]),
    ),
    max_size=40,
)


@settings(max_examples=100, deadline=None)
@given(prints)
def test_the_sums_are_those_of_the_prints_of_the_last_sixty_seconds(rows: list[Any]) -> None:
    """By the exchange's time, whatever order they come in, taken back or corrected."""
    window, kept, newest = TradeWindow(), {}, 0
    for number, (milliseconds, size, price, what) in enumerate(rows):
        if what == "add" or not kept:
            trade = a_trade(price, str(size), milliseconds / 1000, trade_id=str(number))
            if milliseconds > newest - 60_000:
                kept[str(number)] = (milliseconds, trade)
            window.add(trade, QUOTE)
            newest = max(newest, milliseconds)
            kept = {one: row for one, row in kept.items() if row[0] > newest - 60_000}
        elif what == "cancel":
            name = next(iter(kept))
            window.cancel(TradeCancelled(symbol="AAPL", trade_id=name, exchange="", at_ns=0))
            del kept[name]
        else:
            name = next(iter(kept))
            then, old = kept.pop(name)
            right = evolve(old, size=Decimal(size), trade_id=f"c{number}")
            kept[f"c{number}"] = (then, right)
            window.correct(
                TradeCorrected(symbol="AAPL", original_id=name, exchange="", corrected=right)
            )
    trades = [trade for _, trade in kept.values()]
    volume = sum((one.size for one in trades), Decimal(0))
    assert window.volume == volume
    assert window.value == sum((one.size * one.price for one in trades), Decimal(0))
    bought = [one.size for one in trades if initiative(one.price, QUOTE) is Initiative.BUYER]
    sold = [one.size for one in trades if initiative(one.price, QUOTE) is Initiative.SELLER]
    assert (window.bought, window.sold) == (sum(bought, Decimal(0)), sum(sold, Decimal(0)))
    assert window.vwap == (window.value / volume if volume else None)


def test_a_print_that_left_the_window_cannot_be_taken_back_from_it() -> None:
    window = TradeWindow()
    window.add(a_trade("100", "5", 0, trade_id="1"), QUOTE)
    window.add(a_trade("100", "7", 61, trade_id="2"), QUOTE)

    window.cancel(TradeCancelled(symbol="AAPL", trade_id="1", exchange="", at_ns=at(62)))

    assert window.volume == 7


def test_what_is_kept_is_bounded_by_the_milliseconds_of_a_minute() -> None:
    window = TradeWindow()
    for number in range(MAX_NAMED + 500):
        window.add(a_trade("100", "1", number / 10_000, trade_id=str(number)), None)

    assert window.volume == MAX_NAMED + 500
    assert len(window._buckets) <= (MAX_NAMED + 500) // 10 + 1
    assert len(window._named) == MAX_NAMED


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
