from datetime import date

from cream.core.options.dividends import NOTHING_KNOWN, Dividend, dividends_of
from tests.unit.core.risk.scenes import d

FIRST, SECOND = date(2026, 11, 9), date(2027, 2, 8)
TOLD = dividends_of(
    [
        ("AAPL", Dividend(SECOND, d("0.27"))),
        ("AAPL", Dividend(FIRST, d("0.26"))),
        ("XOM", Dividend(FIRST, d("1"))),
    ]
)


def test_they_come_in_the_order_of_their_days() -> None:
    ahead = TOLD.ahead("AAPL", date(2026, 11, 1))

    assert ahead is not None
    assert [one.ex_date for one in ahead] == [FIRST, SECOND]


def test_on_its_ex_date_a_dividend_is_off_the_price_already() -> None:
    assert TOLD.ahead("AAPL", FIRST) == (Dividend(SECOND, d("0.27")),)


def test_what_nobody_has_said_is_unknown() -> None:
    assert TOLD.ahead("MSFT", FIRST) is None
    assert NOTHING_KNOWN.ahead("AAPL", FIRST) is None


def test_once_all_that_were_told_are_past_nothing_is_known() -> None:
    assert TOLD.ahead("XOM", FIRST) is None
