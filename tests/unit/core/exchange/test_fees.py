"""Sells pay more than purchases, caps bind, and a day is rounded up kind by kind."""

from datetime import date
from decimal import Decimal

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from cream.core.exchange.fee_schedule import FeeKind
from cream.core.exchange.fees import DayOfFees, Trade, estimated_fees, fees_of
from cream.core.model.instrument import Equity, OptionContract, OptionRight
from cream.core.model.side import Side

SHARE = Equity("AAPL")
CALL = OptionContract("AAPL", date(2026, 12, 18), OptionRight.CALL, Decimal(240))
# All kinds charge something on these days: TAF is waived afterwards, SEC was before.
DAY = date(2026, 8, 3)


def trade(
    side: Side,
    quantity: str,
    price: str,
    *,
    of: Equity | OptionContract = SHARE,
    day: date = DAY,
) -> Trade:
    return Trade(
        instrument=of, side=side, quantity=Decimal(quantity), price=Decimal(price), day=day
    )


def test_shares_sold_pay_the_sec_finra_and_the_audit_trail() -> None:
    """100 shares at 250.00: 20.60 per million dollars, 0.000195 and 0.000003 a share."""
    assert fees_of(trade(Side.SELL, "100", "250")) == {
        FeeKind.SEC: Decimal("0.515"),
        FeeKind.TAF: Decimal("0.0195"),
        FeeKind.CAT: Decimal("0.0003"),
    }


def test_shares_bought_pay_the_audit_trail_alone() -> None:
    assert fees_of(trade(Side.BUY, "100", "250")) == {FeeKind.CAT: Decimal("0.0003")}


def test_options_sold_pay_every_kind_and_by_their_hundred_shares_where_it_is_by_value() -> None:
    """Ten contracts at 4.20 are worth 4,200 dollars and are a thousand equivalent shares."""
    assert fees_of(trade(Side.SELL, "10", "4.20", of=CALL)) == {
        FeeKind.SEC: Decimal("0.08652"),
        FeeKind.TAF: Decimal("0.0329"),
        FeeKind.ORF: Decimal("0.15"),
        FeeKind.OCC: Decimal("0.25"),
        FeeKind.CAT: Decimal("0.003"),
    }


def test_options_bought_pay_what_is_by_contract() -> None:
    assert set(fees_of(trade(Side.BUY, "10", "4.20", of=CALL))) == {
        FeeKind.ORF,
        FeeKind.OCC,
        FeeKind.CAT,
    }


@pytest.mark.parametrize(
    ("shares", "fee"), [("50205", "9.789975"), ("50206", "9.79"), ("1000000", "9.79")]
)
def test_finra_s_fee_has_a_cap_a_trade(shares: str, fee: str) -> None:
    assert fees_of(trade(Side.SELL, shares, "1"))[FeeKind.TAF] == Decimal(fee)


def test_the_clearing_fee_had_a_cap_until_2025() -> None:
    capped = trade(Side.BUY, "10000", "1", of=CALL, day=date(2025, 2, 13))
    free = trade(Side.BUY, "10000", "1", of=CALL, day=date(2025, 2, 14))

    assert fees_of(capped)[FeeKind.OCC] == 55
    assert fees_of(free)[FeeKind.OCC] == 250


def test_what_is_waived_or_not_known_is_not_there() -> None:
    assert FeeKind.TAF not in fees_of(trade(Side.SELL, "100", "250", day=date(2026, 11, 25)))
    assert not fees_of(trade(Side.SELL, "100", "250", day=date(2016, 1, 4)))


def test_a_leg_that_trades_below_nothing_has_no_value_to_be_charged() -> None:
    assert FeeKind.SEC not in fees_of(trade(Side.SELL, "1", "-0.05", of=CALL))


def test_a_day_is_rounded_up_kind_by_kind() -> None:
    day = DayOfFees(DAY)
    for _ in range(3):
        day.add(trade(Side.SELL, "1", "250"))

    assert day.exact == {
        FeeKind.SEC: Decimal("0.01545"),
        FeeKind.TAF: Decimal("0.000585"),
        FeeKind.CAT: Decimal("0.000009"),
    }
    assert day.charged == {
        FeeKind.SEC: Decimal("0.02"),
        FeeKind.TAF: Decimal("0.01"),
        FeeKind.CAT: Decimal("0.01"),
    }
    assert day.total == Decimal("0.04")


def test_a_trade_of_another_day_belongs_to_that_day() -> None:
    with pytest.raises(ValueError, match="Expected a trade of 2026-08-03"):
        DayOfFees(DAY).add(trade(Side.BUY, "1", "1", day=date(2026, 8, 4)))


trades = st.builds(
    Trade,
    instrument=st.sampled_from([SHARE, CALL]),
    side=st.sampled_from(Side),
    quantity=st.integers(1, 5_000).map(Decimal),
    price=st.decimals(Decimal("0.01"), 900, places=2),
    day=st.just(DAY),
)


@settings(max_examples=60)
@given(st.lists(trades, max_size=12))
def test_the_estimates_of_a_day_are_under_its_charge_by_less_than_a_cent_a_kind(
    several: list[Trade],
) -> None:
    day = DayOfFees(DAY)
    for one in several:
        day.add(one)

    estimate = sum(map(estimated_fees, several), Decimal(0))
    assert estimate <= day.total
    assert day.total - estimate < Decimal("0.01") * max(1, len(day.exact))


@settings(max_examples=60)
@given(trades, st.integers(1, 20))
def test_a_fill_in_parts_pays_what_it_pays_whole_unless_a_cap_binds(one: Trade, parts: int) -> None:
    whole = estimated_fees(evolve(one, quantity=one.quantity * parts))
    in_parts = estimated_fees(one) * parts

    assert whole <= in_parts
    if one.quantity * parts <= 50_000:
        assert whole == in_parts
