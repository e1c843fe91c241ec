"""What is wrong with a quote is said, and a filter leaves what it names, in order."""

from datetime import timedelta
from decimal import Decimal

import pytest

from cream.core.model.instrument import OptionRight
from cream.core.options.chain import (
    ChainFilter,
    ListedOption,
    QuoteFlag,
    Valuation,
    ValuationStatus,
    age_of,
    flags_of,
    price_of,
    select,
    spot_of,
)
from tests.fakes.chains import FAR, NEAR, NOW, contract, listed, quoted

LATER = NOW + timedelta(seconds=6)


@pytest.mark.parametrize(
    ("bid", "ask", "flags", "price"),
    [
        ("1.00", "1.10", (), "1.05"),
        ("1.10", "1.00", (QuoteFlag.CROSSED,), None),
        ("1.00", "1.00", (), "1"),
        ("0", "0.01", (QuoteFlag.NO_BID,), "0.005"),
        ("1.00", "0", (QuoteFlag.NO_ASK,), None),
        ("0", "0", (QuoteFlag.NO_QUOTE,), None),
    ],
)
def test_a_quote_has_its_flaws_and_a_middle_only_where_there_is_one(
    bid: str, ask: str, flags: tuple[QuoteFlag, ...], price: str | None
) -> None:
    quote = quoted("X", bid, ask)

    assert flags_of(quote, NOW, 5.0) == flags
    assert price_of(quote) == (None if price is None else Decimal(price))


def test_an_old_quote_is_stale_beside_whatever_else_it_is() -> None:
    assert flags_of(quoted("X", "1.10", "1.00"), LATER, 5.0) == (
        QuoteFlag.STALE,
        QuoteFlag.CROSSED,
    )
    assert flags_of(quoted("X", "1.00", "1.10"), LATER, 6.0) == ()


def test_without_a_quote_there_is_no_age_and_no_price() -> None:
    assert flags_of(None, NOW, 5.0) == (QuoteFlag.NO_QUOTE,)
    assert price_of(None) is None
    assert age_of(None, NOW) is None


@pytest.mark.parametrize(
    ("bid", "ask", "price"),
    [("1.00", "1.10", "1.05"), ("0", "1.10", None), ("1.00", "0", None), ("1.20", "1.10", None)],
)
def test_a_share_has_a_price_only_between_two_sides(bid: str, ask: str, price: str | None) -> None:
    assert spot_of(quoted("X", bid, ask)) == (None if price is None else Decimal(price))
    assert spot_of(None) is None


def test_an_age_is_never_below_zero() -> None:
    """A venue's clock may be ahead of ours."""
    assert age_of(quoted("X", "1", "2", LATER), NOW) == 0.0
    assert age_of(quoted("X", "1", "2"), LATER) == 6.0


def test_a_valuation_is_as_old_as_the_older_of_its_quotes() -> None:
    both = Valuation(status=ValuationStatus.OK, quote_at=NOW, underlying_at=LATER)
    neither = Valuation(status=ValuationStatus.NO_PRICE, quote_at=None, underlying_at=LATER)

    assert both.age_seconds(LATER) == 6.0
    assert neither.age_seconds(LATER) is None


def a_listing() -> list[ListedOption]:
    """Three strikes, both rights, two expirations; out of order."""
    made = [
        listed(contract(strike, right, day), "1.00", "1.10")
        for strike in ("250", "240", "230")
        for right in ("P", "C")
        for day in (FAR, NEAR)
    ]
    return made[::-1]


def test_a_chain_is_in_order_of_expiration_strike_and_right() -> None:
    rows, matched = select(ChainFilter(underlying="AAPL"), a_listing(), Decimal(238))

    places = [(r.contract.expiration, r.contract.strike, r.contract.right.value) for r in rows]
    assert places == sorted(places)
    assert matched == len(rows) == 12


def test_a_filter_keeps_its_bounds() -> None:
    wanted = ChainFilter(
        underlying="AAPL",
        expirations=(NEAR,),
        right=OptionRight.PUT,
        min_strike=Decimal(240),
        max_strike=Decimal(250),
    )

    rows, matched = select(wanted, a_listing(), None)

    assert [one.contract for one in rows] == [contract("240", "P"), contract("250", "P")]
    assert matched == 2


def test_a_limit_keeps_the_first_to_expire_and_of_these_the_nearest_to_the_money() -> None:
    rows, matched = select(ChainFilter(underlying="AAPL", limit=4), a_listing(), Decimal(248))

    assert [(one.contract.expiration, one.contract.strike) for one in rows] == [
        (NEAR, Decimal(240)),
        (NEAR, Decimal(240)),
        (NEAR, Decimal(250)),
        (NEAR, Decimal(250)),
    ]
    assert matched == 12


def test_without_a_price_the_middle_of_the_strikes_stands_for_the_money() -> None:
    rows, _ = select(ChainFilter(underlying="AAPL", limit=2), a_listing(), None)

    assert [one.contract.strike for one in rows] == [Decimal(240), Decimal(240)]
