from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from cream.adapters.sandbox.bars import Frame, gathered, read_frame, trade_bar
from cream.adapters.sandbox.refusals import Refusal

AT = datetime(2026, 11, 25, 15, 47, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("1Min", datetime(2026, 11, 25, 15, 47, tzinfo=UTC)),
        ("15T", datetime(2026, 11, 25, 15, 45, tzinfo=UTC)),
        ("4Hour", datetime(2026, 11, 25, 13, 0, tzinfo=UTC)),
        ("1D", datetime(2026, 11, 25, 5, 0, tzinfo=UTC)),
        ("1Week", datetime(2026, 11, 23, 5, 0, tzinfo=UTC)),
        ("3Month", datetime(2026, 10, 1, 4, 0, tzinfo=UTC)),
    ],
)
def test_a_bar_begins_by_the_clock_of_new_york(text: str, start: datetime) -> None:
    assert read_frame(text).start_of(AT) == start


@pytest.mark.parametrize("text", ["", "1", "60Min", "0Min", "24Hour", "2Day", "5Month", "1Year"])
def test_a_frame_that_there_is_not_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match="timeframe"):
        read_frame(text)


def test_longer_bars_are_made_of_shorter_ones() -> None:
    rows = [
        trade_bar(AT.replace(minute=45, second=0) + timedelta(minutes=minute), Decimal(price), size)
        for minute, price, size in ((0, 10, 100), (1, 12, 300), (2, 9, 100), (3, 11, 100))
    ]
    first, second = gathered(rows, Frame(3, "Min"))
    assert (first.open, first.high, first.low, first.close) == (10, 12, 9, 9)
    assert (first.volume, first.trades, first.vwap) == (500, 3, Decimal(11))
    assert (second.open, second.start) == (11, AT.replace(minute=48, second=0))
