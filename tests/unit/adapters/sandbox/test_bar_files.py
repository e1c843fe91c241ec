from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
import trio
import trio.testing

from cream.adapters.sandbox import bar_files
from cream.adapters.sandbox.bar_files import BarFileError, first_of, read_bars, replay
from tests.unit.adapters.sandbox.lab import lab

HEADER = "symbol,timestamp,open,high,low,close,volume\n"
ROW = "AAPL,2026-11-23T15:00:00Z,10,12,9,11,1000\n"


def test_rows_are_read_and_ordered() -> None:
    text = HEADER + "AAPL,2026-11-23 10:01:00-05:00,11,13,10,12,7\nAAPL,2026-11-23,1,1,1,1,0\n"
    bars = read_bars(StringIO(text), "a.csv")
    first, second = bars["AAPL"]
    assert first_of(bars) == {"AAPL": first}
    assert first.start == datetime(2026, 11, 23, tzinfo=UTC)
    assert (second.start, second.volume) == (datetime(2026, 11, 23, 15, 1, tzinfo=UTC), 7)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("symbol,timestamp\n", "no column open"),
        (HEADER + "AAPL,never,1,1,1,1,1\n", "row 2"),
        (HEADER + ROW + "AAPL,2026-11-23,x,1,1,1,1\n", "row 3"),
        (HEADER + "AAPL,2026-11-23,2,1,1,1,1\n", "no bar"),
        (HEADER + "AAPL,2026-11-23,1,1,1,1,-1\n", "no bar"),
        (HEADER + "AAPL,2026-11-23,1\n", "no bar"),
        (HEADER + "AAPL,2026-11-23,1e999,1e999,1e999,1e999,1\n", "no bar"),
        (HEADER + "AAPL,2026-11-23,1,1,1,1,1e999999999\n", "no bar"),
        (HEADER + "AAPL,2026-11-23,NaN,1,1,1,1\n", "no bar"),
        (HEADER + "AAPL,0001-01-01T00:00:00+05:00,1,1,1,1,1\n", "no bar"),
        (HEADER + "a share,2026-11-23,1,1,1,1,1\n", "no bar"),
    ],
)
def test_what_is_no_bar_is_named(text: str, words: str) -> None:
    with pytest.raises(BarFileError) as caught:
        read_bars(StringIO(text), "a.csv")
    assert words in caught.value.message


def test_a_file_that_is_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bar_files, "MOST_ROWS", 2)
    with pytest.raises(BarFileError, match="more than 2"):
        read_bars(StringIO(HEADER + 2 * ROW), "a.csv")


@pytest.mark.parametrize(
    ("prices", "path"),
    [("10,12,9,11", [10, 9, 12, 11]), ("11,12,9,10", [11, 12, 9, 10])],
)
async def test_the_market_follows_a_bar(
    autojump_clock: trio.testing.MockClock, prices: str, path: list[int]
) -> None:
    """Up days fall first and down days rise first; the volume is printed in four parts."""
    one = lab().sandbox
    now = one.exchange.clock.now()
    rows = f"AAPL,{now + timedelta(seconds=60)},{prices},1002\n"
    bars = read_bars(StringIO(HEADER + f"AAPL,{now - timedelta(days=1)},1,1,1,1,1\n" + rows), "a")
    one.tape.by_others.add("AAPL")
    seen: list[Any] = []
    one.exchange.market.listen(lambda quote: seen.append(quote.mid))
    await replay(bars, one.tape, one.exchange.market, one.exchange.clock)
    assert seen == [Decimal(price) for price in path]
    track = one.tape.known("AAPL")
    assert track is not None
    assert [printed.size for printed in track.prints][-4:] == [250, 250, 250, 252]
