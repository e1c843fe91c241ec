from datetime import date, timedelta
from decimal import Decimal

import pytest
from attrs import evolve

from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.options.dividends import Dividend, dividends_of
from cream.core.options.occ import expires_at
from cream.core.pricing.quoted import valuation_at
from cream.core.risk.greeks import NO_GREEKS, Greeks, QuotedGreeks
from tests.unit.core.risk.scenes import MARKET, NOW, VERTICAL, d, quote

CALL = VERTICAL[0].contract


def greeks(of: OptionContract = CALL, spot: str = "238.40", price: str = "4.20") -> Greeks:
    found = QuotedGreeks()(of, quote("AAPL", spot, spot), quote(of.symbol, price, price))
    assert found is not None
    return found


def test_a_call_near_the_money_moves_half_as_much_as_its_share() -> None:
    found = greeks()

    assert d("0.4") < found.delta < d("0.6")
    assert found.gamma > 0
    # A point of volatility is worth some 0.25 a share with 25 days to go; a day costs some 0.1.
    assert d("0.1") < found.vega < d("0.5")
    assert d("-0.3") < found.theta < 0


def test_a_price_below_what_exercise_brings_is_all_share() -> None:
    assert greeks(spot="400", price="100").delta > d("0.99")


def test_what_nobody_pays_for_does_not_move() -> None:
    assert greeks(spot="100", price="0").delta < d("0.01")


def test_a_share_that_is_worth_nothing_tells_nothing() -> None:
    nothing = quote("AAPL", "0", "0")

    assert QuotedGreeks()(CALL, nothing, quote(CALL.symbol, "1", "1")) is None


def test_greeks_are_found_anew_when_something_has_moved() -> None:
    source = QuotedGreeks()
    own = quote(CALL.symbol, *MARKET[CALL.symbol])
    first = source(CALL, quote("AAPL", "238.40", "238.40"), own)

    assert source(CALL, quote("AAPL", "238.41", "238.41"), own) is first
    assert source(CALL, quote("AAPL", "240", "240"), own) is not first
    later = evolve(own, at=NOW + timedelta(minutes=1))
    assert source(CALL, quote("AAPL", "240", "240"), later) is not first


def test_in_the_last_hours_a_tenth_of_a_percent_is_much() -> None:
    """The delta of what ends within the hour moves by more than it is known to."""
    source, last = QuotedGreeks(), expires_at(CALL) - timedelta(minutes=30)
    own = evolve(quote(CALL.symbol, "0.09", "0.11"), at=last)
    strike = CALL.strike
    before = source(CALL, quote("AAPL", f"{strike}", f"{strike}"), own)
    moved = strike - d("0.20")
    assert d("0.20") < d("0.001") * strike

    after = source(CALL, quote("AAPL", f"{moved}", f"{moved}"), own)

    assert before is not None
    assert after is not None
    assert before.delta - after.delta > d("0.1")


def test_holdings_add_up() -> None:
    one = Greeks(d(1), d(2), d(3), d(-4))

    assert one.times(d(-200)) == Greeks(d(-200), d(-400), d(-600), d(800))
    assert one.plus(one).minus(one) == one
    assert one.above() == Greeks(d(1), d(2), d(3), d(0))
    assert one.below() == Greeks(d(0), d(0), d(0), d(-4))
    assert one.above().plus(one.below()) == one
    assert NO_GREEKS.times(d(5)) == NO_GREEKS


@pytest.mark.parametrize("count", [1, 5_001])
def test_only_so_many_are_kept(count: int) -> None:
    source = QuotedGreeks()
    source._kept.update(
        {evolve(CALL, strike=Decimal(n + 1000)): source._kept.get(CALL) for n in range(count)}  # type: ignore[misc]
    )

    assert source(CALL, quote("AAPL", "238", "238"), quote(CALL.symbol, "4", "4")) is not None
    assert len(source._kept) <= 5_000


PUT = evolve(CALL, right=OptionRight.PUT, strike=d(300))


def test_a_put_that_is_worth_no_more_than_exercise_brings_is_all_share() -> None:
    """As a European option that price would be one that no volatility gives."""
    found = greeks(PUT, price="61.60")

    assert (found.delta, found.gamma, found.vega) == (-1, 0, 0)


def test_a_put_is_read_as_one_that_may_be_exercised_early() -> None:
    """What exercise adds is no volatility: less of it explains the same price."""
    deep = evolve(PUT, strike=d(260))
    early = greeks(deep, price="22.60")
    never = valuation_at(OptionRight.PUT, 238.4, 260.0, 25.25 / 365, 22.6, 0.04)

    assert early.delta < Decimal(never.delta) - d("0.01")


def test_a_dividend_to_come_takes_from_a_call_s_delta() -> None:
    deep = evolve(CALL, strike=d(230))
    told = dividends_of([("AAPL", Dividend(date(2026, 12, 7), d("2.00")))])
    quotes = quote("AAPL", "238.40", "238.40"), quote(deep.symbol, "9.50", "9.50")
    without, with_it = QuotedGreeks()(deep, *quotes), QuotedGreeks(dividends=told)(deep, *quotes)

    assert without is not None
    assert with_it is not None
    assert with_it.delta < without.delta - d("0.01")


def test_figures_that_do_not_fit_together_tell_nothing() -> None:
    told = dividends_of([("AAPL", Dividend(date(2026, 12, 7), d(500)))])

    found = QuotedGreeks(dividends=told)(
        CALL, quote("AAPL", "238.40", "238.40"), quote(CALL.symbol, "4.20", "4.20")
    )

    assert found is None


def test_a_yield_stands_for_dividends_where_none_is_known() -> None:
    quotes = quote("AAPL", "238.40", "238.40"), quote(CALL.symbol, "4.20", "4.20")
    none = dividends_of([("AAPL", Dividend(date(2027, 1, 4), d(0)))])

    bare = QuotedGreeks()(CALL, *quotes)
    assert bare is not None
    assert QuotedGreeks(dividend_yield=0.06)(CALL, *quotes) != bare
    assert QuotedGreeks(dividend_yield=0.06, dividends=none)(CALL, *quotes) == bare


# What the share has done ------------------------------------------------------------------------

SHARE = quote("AAPL", "238.40", "238.40")


def test_without_a_quote_of_its_own_an_option_is_read_by_what_its_share_has_done() -> None:
    known = QuotedGreeks(history_of={"AAPL": 0.25}.get)
    own = quote(CALL.symbol, "4.20", "4.20")

    found = known(CALL, SHARE, None)

    assert found is not None
    assert d("0.3") < found.delta < d("0.7")
    assert QuotedGreeks()(CALL, SHARE, None) is None
    assert known(CALL, SHARE, own) == QuotedGreeks()(CALL, SHARE, own), "its quote goes first"


def test_where_quotes_are_not_to_be_asked_only_what_the_share_has_done_counts() -> None:
    history: dict[str, float] = {}
    source = QuotedGreeks(history_of=history.get, implied=False)
    cheap, dear = quote(CALL.symbol, "1.00", "1.00"), quote(CALL.symbol, "20.00", "20.00")
    assert source(CALL, SHARE, cheap) is None, "nothing is known yet"

    history["AAPL"] = 0.25

    found = source(CALL, SHARE, cheap)
    assert found is not None, "what becomes known counts at once"
    assert source(CALL, SHARE, dear) is found
    assert found == QuotedGreeks(history_of=history.get)(CALL, SHARE, None)
    history["AAPL"] = 0.50
    assert source(CALL, SHARE, dear) != found
