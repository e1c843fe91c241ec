"""The way of the price through one bar."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cream.core.backtest.path import Path
from cream.core.execution.bars import Bar
from tests.unit.core.backtest.lab import days, prices


def walked(bar: str, *levels: str, low_first: bool = True) -> list[str]:
    path = Path(prices(bar))
    found = []
    while path.step([Decimal(one) for one in levels], low_first=low_first):
        found.append(f"{path.at:f}")
    return found


def test_the_path_goes_from_the_open_over_both_extremes_to_the_close() -> None:
    assert walked("100 110 90 105") == ["90", "110", "105"]
    assert walked("100 110 90 105", low_first=False) == ["110", "90", "105"]


@pytest.mark.parametrize(
    ("bar", "expected"),
    [
        ("100 100 100 100", []),
        ("100 110 100 110", ["110"]),
        ("100 100 90 90", ["90"]),
        ("100 110 100 105", ["110", "105"]),
        ("90 110 90 90", ["110", "90"]),
    ],
)
def test_an_extreme_that_is_the_open_or_the_close_is_not_visited_twice(
    bar: str, expected: list[str]
) -> None:
    assert walked(bar) == expected
    assert walked(bar, low_first=False) == expected


def test_it_stops_at_every_level_between() -> None:
    assert walked("100 110 90 105", "95", "108", "97") == [
        *("97", "95", "90"),
        *("95", "97", "108", "110"),
        *("108", "105"),
    ]


def test_levels_that_the_price_stands_at_or_never_reaches_are_no_stops() -> None:
    assert walked("100 110 90 105", "100", "89", "111") == ["90", "100", "110", "105"]


def test_the_other_extreme_may_come_first_once_something_has_happened_on_the_way() -> None:
    path = Path(prices("100 110 90 105"))
    path.step([Decimal(102)], low_first=False)
    assert path.at == 102
    path.step([], low_first=True)
    assert path.at == 90
    path.step([], low_first=True)
    assert path.at == 110


PRICES = st.integers(1, 40).map(Decimal)


@settings(max_examples=100)
@given(st.lists(PRICES, min_size=4, max_size=4), st.lists(PRICES, max_size=5), st.data())
def test_whatever_comes_first_the_whole_bar_is_visited_and_nothing_outside(
    four: list[Decimal], levels: list[Decimal], data: st.DataObject
) -> None:
    low, *_, high = sorted(four)
    bar = Bar(open=four[1], high=high, low=low, close=four[2])
    path = Path(bar)
    seen = [path.at]
    while path.step(levels, low_first=data.draw(st.booleans())):
        seen.append(path.at)
    assert {low, high} <= {*seen}
    assert all(low <= one <= high for one in seen)
    assert seen[-1] == bar.close


def test_a_bar_is_named_by_its_instrument() -> None:
    (bar,) = days("1 1 1 1", symbol="IBM")
    assert bar.symbol == "IBM"
