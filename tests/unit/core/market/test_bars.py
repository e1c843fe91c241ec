"""Longer bars out of minutes."""

from datetime import timedelta
from decimal import Decimal

from cream.core.market.bars import BarJoiner, interval_of, joined
from cream.core.model.ticks import Bar
from tests.unit.core.market.ticks import NOON


def minute(number: int, close: str, volume: str = "10", vwap: str | None = "100") -> Bar:
    price = Decimal(close)
    return Bar(
        symbol="AAPL",
        at=NOON + timedelta(minutes=number),
        minutes=1,
        open=price,
        high=price + 1,
        low=price - 1,
        close=price,
        volume=Decimal(volume),
        trades=2,
        vwap=None if vwap is None else Decimal(vwap),
    )


def test_an_interval_begins_where_the_clock_divides() -> None:
    assert interval_of(NOON + timedelta(minutes=7), 5) == NOON + timedelta(minutes=5)
    assert interval_of(NOON, 60) == NOON - timedelta(minutes=30)


def test_bars_are_joined_from_their_minutes() -> None:
    first, second = joined([minute(0, "100"), minute(4, "103", "30", "104"), minute(5, "99")], 5)

    assert (first.open, first.high, first.low, first.close) == (100, 104, 99, 103)
    assert (first.volume, first.trades, first.vwap) == (40, 4, 103)
    assert (first.at, first.minutes) == (NOON, 5)
    assert (second.at, second.close) == (NOON + timedelta(minutes=5), 99)


def test_without_every_average_there_is_none() -> None:
    (bar,) = joined([minute(0, "100"), minute(1, "100", vwap=None)], 5)

    assert bar.vwap is None


def test_a_bar_is_told_once_the_next_begins_with_its_corrections() -> None:
    joiner = BarJoiner(5)

    assert joiner.add(minute(3, "100")) is None
    assert joiner.add(minute(4, "101")) is None
    assert joiner.add(minute(3, "90")) is None
    bar = joiner.add(minute(5, "102"))

    assert bar is not None
    assert (bar.open, bar.close, bar.volume) == (90, 101, 20)
    assert joiner.add(minute(4, "1")) is None, "its interval is over"
    assert joiner.add(minute(6, "103")) is None


def test_minutes_pass_as_they_are() -> None:
    assert BarJoiner(1).add(minute(0, "100")) == minute(0, "100")
