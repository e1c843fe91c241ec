"""Which quotes are no prices, and how long a jump is doubted."""

import pytest
from attrs import evolve

from cream.core.market.quote_filter import FilterLimits, QuoteFilter, Unusable
from cream.core.model.market import MarketStatus, Quote
from tests.unit.core.market.ticks import a_quote, at


def judged(one: QuoteFilter, quote: Quote, now: float = 0.0, open_now: bool = True) -> object:
    status = MarketStatus.OPEN if open_now else MarketStatus.CLOSED
    assert quote.at_ns is not None
    return one.judge(quote, quote.at_ns, at(now), now, status)


@pytest.mark.parametrize(
    ("bid", "ask", "why"),
    [
        ("0", "101", Unusable.ONE_SIDED),
        ("100", "0", Unusable.ONE_SIDED),
        ("101.01", "101", Unusable.CROSSED),
        ("100", "112", Unusable.WIDE),
        ("100", "110", None),
        ("101", "101", None),
    ],
)
def test_what_no_market_trades_at_is_no_price(bid: str, ask: str, why: object) -> None:
    assert judged(QuoteFilter(FilterLimits()), a_quote(bid, ask)) is why


def test_an_option_may_be_wide_and_double() -> None:
    one = QuoteFilter(FilterLimits(), is_option=True)

    assert judged(one, a_quote("1", "1.5")) is None
    assert judged(one, a_quote("3", "4")) is None


def test_quotes_off_the_session_out_of_order_and_from_the_future_are_no_prices() -> None:
    one = QuoteFilter(FilterLimits())

    assert judged(one, a_quote("100", "101", 1), 1, open_now=False) is Unusable.OFF_SESSION
    assert judged(one, a_quote("100", "101", 2), 2) is None
    assert judged(one, a_quote("100", "101", 1.9), 2) is Unusable.OUT_OF_ORDER
    assert judged(one, a_quote("100", "101", 8), 2.5) is Unusable.FROM_THE_FUTURE
    assert judged(one, a_quote("100", "101", 2.8), 2.5) is None, "clocks are off by tenths"


def test_a_test_print_is_held_back_and_the_market_goes_on() -> None:
    one = QuoteFilter(FilterLimits())
    assert judged(one, a_quote("100", "101", 0)) is None

    assert judged(one, a_quote("1.10", "1.12", 1), 1) is Unusable.JUMP
    assert judged(one, a_quote("100", "101", 2), 2) is None


def test_a_jump_that_further_quotes_confirm_is_a_price() -> None:
    one = QuoteFilter(FilterLimits())
    judged(one, a_quote("100", "101", 0))

    falls = [judged(one, a_quote("60", "61", 1 + n / 100), 1 + n / 100) for n in range(3)]

    assert falls == [Unusable.JUMP, Unusable.JUMP, None]
    assert judged(one, a_quote("60", "61", 2), 2) is None


def test_a_jump_that_stands_for_a_moment_is_a_price() -> None:
    one = QuoteFilter(FilterLimits())
    judged(one, a_quote("100", "101", 0))

    assert judged(one, a_quote("60", "61", 1), 1) is Unusable.JUMP
    assert judged(one, a_quote("60", "61", 2), 2) is None


def test_jumps_here_and_there_confirm_nothing() -> None:
    one = QuoteFilter(FilterLimits())
    judged(one, a_quote("100", "101", 0))

    for n, bid in enumerate(["10", "20", "40", "10"]):
        ask = str(float(bid) + 0.01)
        assert judged(one, a_quote(bid, ask, 1 + n), 1 + n) is Unusable.JUMP


def test_after_a_night_or_a_halt_prices_begin_anew() -> None:
    one = QuoteFilter(FilterLimits())
    judged(one, a_quote("100", "101", 0))

    assert judged(one, a_quote("60", "61", 5 * 3600), 5 * 3600) is None
    one.begin_anew()
    late = a_quote("10", "10.01", 5 * 3600 + 1)
    assert judged(one, evolve(late), 5 * 3600 + 1) is None
