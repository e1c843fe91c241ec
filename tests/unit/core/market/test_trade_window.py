"""The last minute of a symbol, against sums made anew each time."""

import sys
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from cream.core.market import trade_window
from cream.core.market.trade_window import Initiative, TradeWindow, initiative
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
    value = sum((one.size * one.price for one in trades), Decimal(0))
    bought = [one.size for one in trades if initiative(one.price, QUOTE) is Initiative.BUYER]
    sold = [one.size for one in trades if initiative(one.price, QUOTE) is Initiative.SELLER]
    assert (window.bought, window.sold) == (sum(bought, Decimal(0)), sum(sold, Decimal(0)))
    assert window.vwap == (value / volume if volume else None)


def test_a_print_that_left_the_window_cannot_be_taken_back_from_it() -> None:
    window = TradeWindow()
    window.add(a_trade("100", "5", 0, trade_id="1"), QUOTE)
    window.add(a_trade("100", "7", 61, trade_id="2"), QUOTE)

    window.cancel(TradeCancelled(symbol="AAPL", trade_id="1", exchange="", at_ns=at(62)))

    assert window.volume == 7


def test_a_minute_with_more_prints_than_are_kept_forgets_the_oldest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(trade_window, "MAX_PRINTS", 50)
    window = TradeWindow()
    for number in range(80):
        window.add(a_trade("100", "1", number / 10_000, trade_id=str(number)), None)

    assert window.volume == 50
    assert len(window._rows) == 50


def test_a_print_behind_more_than_may_be_moved_is_not_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A feed that tells a minute backwards costs no more for a print than any other."""
    monkeypatch.setattr(trade_window, "MAX_YOUNGER", 10)
    window = TradeWindow()
    for number in range(30):
        window.add(a_trade("100", "1", 30 - number), QUOTE)
    assert window.volume == 11

    window.add(a_trade("100", "5", 20), QUOTE)
    assert window.volume == 16, "the newest ten are younger, and no more"
    window.add(a_trade("100", "5", 19.9), QUOTE)
    assert window.volume == 16


def test_memory_is_that_of_a_minute_however_many_have_passed() -> None:
    """Ten minutes at a hundred prints a second: columns of a minute, with as many rows again."""
    window = TradeWindow()
    for number in range(60_000):
        window.add(a_trade("100.25", "3", number / 100, trade_id=str(number)), QUOTE)

    assert window.volume == 3 * 6_000
    columns = window._rows._columns()
    assert all(sys.getsizeof(column) < 8 * 6_000 * 3 for column in columns)


@pytest.mark.parametrize("field", ["price", "size"])
def test_a_print_of_an_absurd_price_or_size_is_nobodys(field: str) -> None:
    window = TradeWindow()
    window.add(a_trade("100", "5", 0, trade_id="1"), QUOTE)
    absurd = evolve(a_trade("100", "5", 1, trade_id="2"), **{field: Decimal("1e39")})

    window.add(absurd, QUOTE)
    window.correct(TradeCorrected(symbol="AAPL", original_id="1", exchange="", corrected=absurd))

    assert (window.volume, window.vwap) == (5, 100)


def test_fractions_of_shares_are_exact() -> None:
    window = TradeWindow()
    for second in range(3):
        window.add(a_trade("0.0001", "0.000000001", second), QUOTE)

    assert window.volume == Decimal("0.000000003")
    assert window.vwap == Decimal("0.0001")


def test_prints_without_a_name_cannot_be_taken_back() -> None:
    window = TradeWindow()
    window.add(a_trade("100", "5", 0), QUOTE)

    window.cancel(TradeCancelled(symbol="AAPL", trade_id="", exchange="", at_ns=0))

    assert window.volume == 5


def test_the_same_number_at_another_exchange_is_another_print() -> None:
    window = TradeWindow()
    for size, exchange in (("5", "V"), ("7", "P")):
        window.add(a_trade("100", size, 0, trade_id="1", exchange=exchange), QUOTE)

    window.cancel(TradeCancelled(symbol="AAPL", trade_id="1", exchange="P", at_ns=0))

    assert window.volume == 5


@pytest.mark.parametrize("field", ["price", "size"])
@pytest.mark.parametrize("number", ["-1", "1e999990", "NaN", "Infinity"])
def test_what_cannot_have_traded_is_no_print_and_costs_nothing(field: str, number: str) -> None:
    """A number with a million digits takes half a minute to become a whole one."""
    window = TradeWindow()
    window.add(a_trade("100", "5", 0, trade_id="1"), QUOTE)
    absurd = evolve(a_trade("100", "5", 1, trade_id="2"), **{field: Decimal(number)})

    window.add(absurd, QUOTE)
    window.correct(TradeCorrected(symbol="AAPL", original_id="1", exchange="", corrected=absurd))

    assert (window.volume, window.vwap, window.bought + window.sold) == (5, 100, 5)


def test_a_correction_is_corrected_under_its_new_name_alone() -> None:
    window = TradeWindow()
    window.add(a_trade("100", "5", 0, trade_id="1"), QUOTE)
    for original, name, size in (("1", "2", "6"), ("2", "3", "7"), ("1", "4", "99")):
        right = a_trade("101", size, 0, trade_id=name)
        window.correct(
            TradeCorrected(symbol="AAPL", original_id=original, exchange="", corrected=right)
        )

    assert (window.volume, window.vwap) == (7, 101)
    assert (window.bought, window.sold) == (0, 7), "who caused it stays as it was"
    window.expire(at(60) // 1_000_000)
    assert (window.volume, window.vwap, window.sold) == (0, None, 0)


def test_a_print_from_before_a_window_that_has_emptied_leaves_with_the_next_look() -> None:
    window = TradeWindow()
    window.add(a_trade("100", "5", 30, trade_id="1"), QUOTE)
    window.expire(at(120) // 1_000_000)
    window.add(a_trade("100", "7", 0, trade_id="2"), QUOTE)
    window.add(a_trade("100", "9", 10, trade_id="3"), QUOTE)
    window.cancel(TradeCancelled(symbol="AAPL", trade_id="1", exchange="", at_ns=0))
    assert window.volume == 16

    window.expire(at(65) // 1_000_000)
    assert window.volume == 9
