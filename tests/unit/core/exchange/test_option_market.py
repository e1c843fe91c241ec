"""Quotes of options: around their worth, tight, and near enough for the example plans to fill."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cream.core.exchange.option_market import DISPLAYED_CONTRACTS, OptionMarket
from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.model.market import Quote
from cream.core.pricing import black_scholes
from tests.fakes.venue_lab import EXPIRY, call, put

# The moment and the prices for which the example plans were written.
AT = datetime(2026, 11, 23, 15, tzinfo=UTC)
VOLATILITY = {"SPY": 0.12, "AAPL": 0.19, "NVDA": 0.48}
MARKET = OptionMarket(VOLATILITY.__getitem__, 0.04)


def underlying(symbol: str, price: str, at: datetime = AT) -> Quote:
    cent = Decimal("0.01")
    return Quote(
        symbol=symbol,
        bid=Decimal(price) - cent,
        ask=Decimal(price) + cent,
        bid_size=1_000,
        ask_size=1_000,
        at=at,
    )


def quoted(contract: OptionContract, price: str, at: datetime = AT) -> Quote:
    quote = MARKET.quote(contract, underlying(contract.underlying, price, at))
    assert quote is not None
    return quote


@pytest.mark.parametrize("minutes", [0, 5, 30])
def test_the_iron_condor_of_the_examples_brings_its_credit(minutes: int) -> None:
    at = AT.replace(minute=minutes)
    bought = [put("640", "SPY"), call("685", "SPY")]
    sold = [put("645", "SPY"), call("680", "SPY")]
    net = sum(quoted(one, "662.00", at).ask for one in bought)
    net -= sum(quoted(one, "662.00", at).bid for one in sold)
    assert net <= Decimal("-1.60")


@pytest.mark.parametrize("minutes", [0, 5, 30])
def test_the_vertical_spread_of_the_examples_costs_no_more_than_its_limit(minutes: int) -> None:
    at = AT.replace(minute=minutes)
    net = quoted(call("240"), "238.40", at).ask - quoted(call("250"), "238.40", at).bid
    assert net <= Decimal("3.10")


def test_the_call_of_the_examples_costs_no_more_than_its_limit() -> None:
    assert quoted(call("190", "NVDA"), "182.50").ask <= Decimal("6.40")


def test_an_option_that_has_ended_has_no_quote() -> None:
    end = datetime(2026, 12, 18, 21, tzinfo=UTC)
    assert MARKET.quote(call("240"), underlying("AAPL", "238.40", end)) is None
    assert MARKET.quote(call("240"), underlying("AAPL", "0.00")) is None


def test_nobody_bids_for_what_is_worthless() -> None:
    quote = quoted(call("900"), "238.40")
    assert (quote.bid, quote.bid_size, quote.ask) == (0, 0, Decimal("0.01"))
    assert quote.ask_size == DISPLAYED_CONTRACTS


def test_a_put_is_never_quoted_as_if_it_could_not_be_exercised() -> None:
    """Deep in the money a European put is worth less than exercise brings; these are American."""
    contract = OptionContract("AAPL", date(2028, 1, 21), OptionRight.PUT, Decimal(400))
    european = black_scholes.price(OptionRight.PUT, 238.40, 400, 1.16, 0.19, 0.04)
    assert european < 161.60
    assert quoted(contract, "238.40").mid == Decimal("161.60")


@given(
    st.sampled_from(OptionRight),
    st.integers(50, 600),
    st.integers(100, 50_000),
    st.integers(0, 24 * 24 * 60),
)
def test_every_quote_is_sound_and_on_the_tick(
    right: OptionRight, strike: int, cents: int, minutes: int
) -> None:
    at = datetime.fromtimestamp(AT.timestamp() + 60 * minutes, UTC)
    contract = OptionContract("AAPL", EXPIRY, right, Decimal(strike))
    quote = quoted(contract, str(Decimal(cents).scaleb(-2)), at)
    assert 0 <= quote.bid < quote.ask
    assert quote.bid % Decimal("0.01") == quote.ask % Decimal("0.01") == 0
    assert quote.at == at
    assert quote == quoted(contract, str(Decimal(cents).scaleb(-2)), at)


@given(st.integers(50, 600), st.integers(100, 50_000))
def test_a_dearer_underlying_never_makes_a_call_cheaper(strike: int, cents: int) -> None:
    contract = OptionContract("AAPL", EXPIRY, OptionRight.CALL, Decimal(strike))
    lower = quoted(contract, str(Decimal(cents).scaleb(-2)))
    higher = quoted(contract, str(Decimal(cents + 100).scaleb(-2)))
    assert higher.bid >= lower.bid
    assert higher.ask >= lower.ask
