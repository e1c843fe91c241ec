"""Files of bars are read to the last cell, and what is wrong is named with its line."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from cream.adapters.feeds import bar_files
from cream.adapters.feeds.bar_files import BadBars, read_bars
from cream.core.backtest.path import MarketBar
from cream.core.model.instrument import Equity

DATA = Path(__file__).parents[3] / "data" / "bars"
HEADER = "symbol,timestamp,open,high,low,close,volume"
GOOD = "AAPL,2012-03-05,100,110,90,105,1000"


def written(folder: Path, *rows: str, header: str = HEADER, name: str = "bars.csv") -> Path:
    file = folder / name
    file.write_text("\n".join([header, *rows]) + "\n")
    return file


def problems(*files: Path) -> list[str]:
    with pytest.raises(BadBars) as raised:
        read_bars(files)
    return list(raised.value.problems)


def read(folder: Path, *rows: str, header: str = HEADER) -> list[MarketBar]:
    return list(read_bars([written(folder, *rows, header=header)]))


def test_a_day_is_a_bar_of_its_session(tmp_path: Path) -> None:
    """Also one that ends early, and whether New York is four or five hours behind."""
    winter, summer, eve = read(
        tmp_path,
        GOOD,
        "AAPL,2012-07-02,100.5,110,90,105,0",
        "AAPL,2012-12-24,100,110,90,105,1000.0",
    )
    assert winter.instrument == Equity("AAPL")
    assert (winter.prices.open, winter.prices.high) == (100, 110)
    assert (winter.prices.low, winter.prices.close, winter.volume) == (90, 105, 1000)
    assert winter.starts_at == datetime(2012, 3, 5, 14, 30, tzinfo=UTC)
    assert winter.ends_at == datetime(2012, 3, 5, 21, 0, tzinfo=UTC)
    assert summer.starts_at == datetime(2012, 7, 2, 13, 30, tzinfo=UTC)
    assert (summer.prices.open, summer.volume) == (Decimal("100.5"), 0)
    assert eve.ends_at == datetime(2012, 12, 24, 18, 0, tzinfo=UTC)


def test_a_moment_is_where_a_bar_begins_and_bars_are_as_long_as_they_are_apart(
    tmp_path: Path,
) -> None:
    """The last one of a session ends with it."""
    bars = read(
        tmp_path,
        "AAPL,2012-03-05T14:30:00Z,1,1,1,1,1",
        "AAPL,2012-03-05T09:35:00-05:00,1,1,1,1,1",
        "AAPL,2012-03-05T14:45:00+00:00,1,1,1,1,1",
        "AAPL,2012-03-05T20:58:00Z,1,1,1,1,1",
    )
    minutes = [(bar.ends_at - bar.starts_at) / timedelta(minutes=1) for bar in bars]
    assert minutes == [5, 5, 5, 2]
    assert bars[1].starts_at == datetime(2012, 3, 5, 14, 35, tzinfo=UTC)


def test_a_single_moment_lasts_to_the_end_of_its_session(tmp_path: Path) -> None:
    (bar,) = read(tmp_path, "AAPL,2012-03-05T14:30:00Z,1,1,1,1,1")
    assert bar.ends_at == datetime(2012, 3, 5, 21, 0, tzinfo=UTC)


def test_columns_go_by_name_others_are_ignored_and_empty_lines_too(tmp_path: Path) -> None:
    header = "date,vwap,volume,close,low,high,open, symbol "
    (bar,) = read(tmp_path, "2012-03-05,x,7,3,1,4,2, AAPL ", "", header=header)
    assert (bar.symbol, bar.volume, bar.prices.open) == ("AAPL", 7, 2)


def test_options_have_bars_too_under_either_form_of_their_symbol(tmp_path: Path) -> None:
    rows = [
        "AAPL120421C00600000,2012-03-05,1,1,1,1,1",
        "AAPL  120421C00600000,2012-03-06,1,1,1,1,1",
    ]
    assert {bar.symbol for bar in read(tmp_path, *rows)} == {"AAPL  120421C00600000"}


def test_several_files_and_symbols_are_one_market(tmp_path: Path) -> None:
    first = written(tmp_path, GOOD, "IBM,2012-03-05,1,1,1,1,1", name="a.csv")
    second = written(tmp_path, "AAPL,2012-03-06,1,1,1,1,1", name="b.csv")
    assert [bar.symbol for bar in read_bars([first, second])] == ["AAPL", "AAPL", "IBM"]


def test_the_real_bars_can_be_read() -> None:
    bars = read_bars(sorted(DATA.glob("*.csv")))
    assert len(bars) == 250
    assert {bar.symbol for bar in bars} == {"AAPL", "IBM"}


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("AAPL,2012-03-05,100,110,90,105", "6 cells where the header has 7"),
        ("AAPL,2012-03-05,100,110,90,105,1000,", "8 cells"),
        ("aapl,2012-03-05,100,110,90,105,1000", "symbol: 'aapl'"),
        ("AAPL,,100,110,90,105,1000", "timestamp: ''"),
        ("AAPL,2012-02-30,100,110,90,105,1000", "timestamp: '2012-02-30' is neither"),
        ("AAPL,05/03/2012,100,110,90,105,1000", "timestamp: '05/03/2012' is neither"),
        ("AAPL,2012-03-04,100,110,90,105,1000", "the exchange is closed on 2012-03-04"),
        ("AAPL,2012-03-05T15:00:00,100,110,90,105,1000", "does not say in which zone"),
        ("AAPL,2012-03-05T14:29:59Z,100,110,90,105,1000", "(2012-03-05 09:29 in New York)"),
        ("AAPL,2012-03-05T21:00:00Z,100,110,90,105,1000", "outside the regular sessions"),
        ("AAPL,2012-03-05,x,110,90,105,1000", "open: 'x' is not a number"),
        ("AAPL,2012-03-05,1_00,110,90,105,1000", "open: '1_00' is not a number"),
        ("AAPL,2012-03-05,100,NaN,90,105,1000", "high: 'NaN' is not a number"),
        ("AAPL,2012-03-05,100,Infinity,90,105,1000", "high: 'Infinity' is not a number"),
        ("AAPL,2012-03-05,100,1e13,90,105,1000", "high: 1e13 is beyond any market"),
        ("AAPL,2012-03-05,100,110,0,105,1000", "low: 0 is not above zero"),
        ("AAPL,2012-03-05,100,110,90,-1,1000", "close: -1 is not above zero"),
        ("AAPL,2012-03-05,100,90,110,105,1000", "the high 90 is below the low 110"),
        ("AAPL,2012-03-05,111,110,90,105,1000", "the open 111 is not between"),
        ("AAPL,2012-03-05,100,110,90,89,1000", "the close 89 is not between"),
        ("AAPL,2012-03-05,100,110,90,105,-1", "volume: '-1' is not a whole number"),
        ("AAPL,2012-03-05,100,110,90,105,1.5", "volume: '1.5' is not a whole number"),
        ("AAPL,2012-03-05,100,110,90,105,", "volume: '' is not a number"),
        (GOOD, "the same time as"),
        ("AAPL,2012-03-02,100,110,90,105,1000", "earlier than"),
        ("AAPL,2012-03-05T15:30:00Z,100,110,90,105,1000", "begins before the bar of"),
    ],
)
def test_what_is_wrong_with_a_row_is_said_with_file_and_line(
    tmp_path: Path, row: str, says: str
) -> None:
    file = written(tmp_path, GOOD, row)
    (problem,) = problems(file)
    assert problem.startswith(f"{file}:3: ")
    assert says in problem


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("", "there is no column symbol, open, high, low, close, volume, timestamp"),
        ("symbol,date,open,high,low,close", "there is no column volume"),
        ("symbol,open,high,low,close,volume", "there is no column timestamp"),
        (f"{HEADER},open", "there are two columns open"),
        (f"{HEADER},date", "there are two columns timestamp (and date)"),
    ],
)
def test_a_file_without_its_columns_is_refused(tmp_path: Path, header: str, says: str) -> None:
    file = written(tmp_path, GOOD, header=header)
    (problem,) = problems(file)
    assert problem == f"{file}:1: {says}"


def test_a_bar_that_another_file_has_already_is_found(tmp_path: Path) -> None:
    first, second = written(tmp_path, GOOD, name="a.csv"), written(tmp_path, GOOD, name="b.csv")
    assert problems(first, second) == [f"{second}:2: the same time as {first}:2"]


def test_everything_that_is_wrong_is_said_at_once_but_not_without_end(tmp_path: Path) -> None:
    file = written(tmp_path, *["AAPL,x,1,1,1,1,1"] * 25)
    found = problems(file)
    assert found[0].startswith(f"{file}:2: ")
    assert found[-1] == "and 5 more"
    assert len(found) == 21


def test_a_file_without_bars_is_refused(tmp_path: Path) -> None:
    assert problems(written(tmp_path)) == ["there are no bars in these files"]


def test_what_is_no_text_or_no_table_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "bars.csv"
    file.write_bytes(b"symbol,\xff\xfe")
    assert problems(file) == [f"{file}: this is not UTF-8"]
    quoted = written(tmp_path, 'AAPL,"2012-03-05"x,1,1,1,1,1', name="quoted.csv")
    (problem,) = problems(quoted)
    assert problem.startswith(f"{quoted}:2: ")


def test_there_is_an_end_to_how_many_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bar_files, "MOST_BARS", 1)
    file = written(tmp_path, GOOD, "AAPL,2012-03-06,1,1,1,1,1")
    assert problems(file) == [f"{file}:3: more than 1 bars"]


def test_a_file_that_is_not_there_is_an_error_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_bars([tmp_path / "none.csv"])
