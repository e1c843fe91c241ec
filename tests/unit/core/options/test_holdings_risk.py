"""The Greeks of everything that is held, and who may exercise against us."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from attrs import evolve

from cream.core.model.instrument import Equity, OptionContract, OptionRight
from cream.core.model.market import Quote
from cream.core.options.chain import Valuation, ValuationStatus
from cream.core.options.dividends import Dividend
from cream.core.options.exercise_risk import RiskLevel
from cream.core.options.greeks import PerShare
from cream.core.options.holdings_risk import Basis, Held, holdings_risk

D = Decimal
NOW = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)
CALL = OptionContract("XYZ", date(2026, 12, 18), OptionRight.CALL, D(100))
FIGURES = PerShare(delta=0.5, gamma=0.02, vega=12.0, theta=-14.6, rho=5.0)
BASIS = Basis(now=NOW, today=NOW.date(), stale_after_seconds=5.0, rate=0.04, dividends={"XYZ": ()})


def quote(symbol: str, bid: str, ask: str, age: float = 1.0) -> Quote:
    at = NOW - timedelta(seconds=age)
    return Quote(symbol=symbol, bid=D(bid), ask=D(ask), bid_size=1, ask_size=1, at=at)


SHARE = quote("XYZ", "99.99", "100.01")


def option(quantity: int, age: float = 2.0, figures: PerShare | None = FIGURES) -> Held:
    return Held(
        instrument=CALL,
        quantity=D(quantity),
        underlying=SHARE,
        own=quote(CALL.symbol, "2.00", "2.10", age),
        valuation=Valuation(
            status=ValuationStatus.OK if figures else ValuationStatus.NO_PRICE,
            quote_at=NOW - timedelta(seconds=age),
            underlying_at=SHARE.at,
            greeks=figures,
        ),
    )


def shares(symbol: str, quantity: int, market: Quote | None) -> Held:
    return Held(instrument=Equity(symbol), quantity=D(quantity), underlying=market)


def test_shares_and_options_of_an_underlying_are_added_up_with_the_age_of_the_oldest() -> None:
    found = holdings_risk([shares("XYZ", 30, SHARE), option(-2)], BASIS)

    one = found.by_underlying["XYZ"]
    assert one.totals.delta_shares == D(-70)
    assert one.totals.delta_dollars == D(-7000)
    assert one.totals.theta_dollars_per_day == D(8)
    assert one.totals.vega_dollars_per_point == D(-24)
    assert one.oldest_seconds == 2.0
    assert one.is_complete
    assert found.whole.totals == one.totals


def test_what_is_old_counts_and_is_named_and_what_is_unknown_is_named_alone() -> None:
    """Neither a share that nobody bids for, nor an option without figures, is worth zero."""
    unbid = quote("ABC", "0", "50")
    found = holdings_risk(
        [option(1, age=6.0), shares("ABC", 10, unbid), shares("DEF", 10, None)], BASIS
    )

    assert found.by_underlying["XYZ"].stale == (CALL.symbol,)
    assert found.by_underlying["XYZ"].totals.delta_shares == D(50)
    assert found.by_underlying["ABC"].missing == ("ABC",)
    assert found.whole.missing == ("ABC", "DEF")
    assert holdings_risk([option(1, figures=None)], BASIS).whole.missing == (CALL.symbol,)
    assert holdings_risk([evolve(option(1), valuation=None)], BASIS).whole.missing == (CALL.symbol,)


def test_short_options_have_their_exercise_level_the_likeliest_first() -> None:
    put = evolve(CALL, right=OptionRight.PUT, strike=D(90))
    deep = Held(
        instrument=evolve(CALL, strike=D(80)),
        quantity=D(-1),
        underlying=SHARE,
        own=quote("deep", "19.9", "20.1"),
    )
    safe = Held(instrument=put, quantity=D(-3), underlying=SHARE)
    due = (Dividend(date(2026, 12, 2), D("0.50")), Dividend(date(2027, 6, 1), D(9)))

    found = holdings_risk([safe, deep, option(2)], evolve(BASIS, dividends={"XYZ": due}))

    assert [one.risk.level for one in found.shorts] == [RiskLevel.CRITICAL, RiskLevel.NONE]
    first = found.shorts[0]
    assert (first.quantity, first.risk.strike_dollars, first.risk.loss_dollars) == (-1, 8000, 2000)
    assert "dividend" in first.risk.reasons[0]
    assert holdings_risk([deep], BASIS).shorts[0].risk.level is RiskLevel.LOW


def test_an_old_offer_says_nothing_of_the_time_value_that_is_given_up() -> None:
    deep = Held(
        instrument=evolve(CALL, strike=D(80)),
        quantity=D(-1),
        underlying=SHARE,
        own=quote("deep", "19.9", "20.001", age=60.0),
    )

    (short,) = holdings_risk([deep], BASIS).shorts

    assert "no quote" in short.risk.reasons[0]


def test_without_a_price_of_its_underlying_a_short_option_is_named() -> None:
    found = holdings_risk([evolve(option(-1), underlying=None)], BASIS)

    assert (found.shorts, found.unknown) == ((), (CALL.symbol,))
