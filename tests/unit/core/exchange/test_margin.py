"""What options on one underlying can lose: the known strategies, and the rule behind them."""

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cream.core.exchange.margin import OptionHolding, intrinsic_value, option_requirement
from cream.core.model.instrument import OptionContract, OptionRight
from tests.fakes.venue_lab import EXPIRY, call, put

LATER = date(2027, 1, 15)


def holdings(*pairs: tuple[OptionContract, int]) -> list[OptionHolding]:
    return [OptionHolding(contract, Decimal(quantity)) for contract, quantity in pairs]


@pytest.mark.parametrize(
    ("held", "shares", "requirement"),
    [
        (holdings(), 0, 0),
        (holdings((call("240"), 5)), 0, 0),
        (holdings((call("240"), 0)), 0, 0),
        (holdings((call("240"), -1)), 0, None),
        (holdings((call("240"), -1)), 99, None),
        (holdings((call("240"), -1)), 100, 0),
        (holdings((call("240"), -2)), 100, None),
        (holdings((put("230"), -1)), 0, 23_000),
        (holdings((call("240"), 5), (call("250"), -5)), 0, 0),
        (holdings((call("240"), -5), (call("250"), 5)), 0, 5_000),
        (
            holdings((put("225"), 2), (put("230"), -2), (call("245"), -2), (call("250"), 2)),
            0,
            1_000,
        ),
        (holdings((call("240"), -1), (call("245"), -1), (call("250"), 1)), 100, 500),
        (holdings((call("240", expiry=LATER), 1), (call("240"), -1)), 0, 0),
        (holdings((call("240", expiry=LATER), 1), (call("235"), -1)), 0, 500),
        (holdings((call("240", expiry=LATER), -1), (call("240"), 1)), 0, None),
        (holdings((put("230", expiry=LATER), -1), (put("230"), 1)), 0, 23_000),
    ],
)
def test_known_positions_require_what_they_can_lose(
    held: list[OptionHolding], shares: int, requirement: int | None
) -> None:
    assert option_requirement(held, Decimal(shares)) == requirement


def test_shares_stand_only_for_calls_that_no_option_covers() -> None:
    """The spread is covered by its long leg; the shares stay free."""
    spread = holdings((call("240"), -1), (call("250"), 1))
    assert option_requirement(spread, Decimal(100)) == 1_000


def test_short_shares_cover_nothing() -> None:
    assert option_requirement(holdings((call("240"), -1)), Decimal(-100)) is None


strikes = st.integers(1, 400).map(Decimal)
books = st.lists(
    st.builds(
        OptionHolding,
        st.builds(
            OptionContract,
            st.just("AAPL"),
            st.just(EXPIRY),
            st.sampled_from(OptionRight),
            strikes,
        ),
        st.integers(-3, 3).map(Decimal),
    ),
    max_size=5,
)


@given(books)
def test_no_price_of_the_underlying_costs_more_than_the_requirement(
    book: list[OptionHolding],
) -> None:
    requirement = option_requirement(book, Decimal(0))
    calls = sum(one.quantity for one in book if one.contract.right is OptionRight.CALL)
    assert (requirement is None) == (calls < 0)
    if requirement is None:
        return
    losses = [
        -sum(one.quantity * intrinsic_value(one.contract, Decimal(spot)) for one in book) * 100
        for spot in range(500)
    ]
    assert max(*losses, Decimal(0)) == requirement


@given(strikes, st.sampled_from(OptionRight))
def test_intrinsic_value_grows_one_way_only(strike: Decimal, right: OptionRight) -> None:
    contract = OptionContract("AAPL", EXPIRY, right, strike)
    values = [intrinsic_value(contract, Decimal(spot)) for spot in range(0, 500, 7)]
    rising = all(before <= after for before, after in pairwise(values))
    falling = all(before >= after for before, after in pairwise(values))
    assert rising if right is OptionRight.CALL else falling
    assert min(values) >= 0
