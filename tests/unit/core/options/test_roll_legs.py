"""What a unit of a roll costs, and at which limit it is ordered."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.model.market import Quote
from cream.core.options.roll_legs import NetPrice, RollLeg, cost_of, leading, per_contract

D = Decimal
AT = datetime(2026, 12, 2, 19, 0, tzinfo=UTC)
LOW = OptionContract("AAPL", date(2026, 12, 18), OptionRight.CALL, D("240"))
HIGH = OptionContract("AAPL", date(2026, 12, 18), OptionRight.CALL, D("245"))
OWNED, OWED = RollLeg(LOW, 1), RollLeg(HIGH, -2)


def quote(contract: OptionContract, bid: str, ask: str) -> Quote:
    return Quote(symbol=contract.symbol, bid=D(bid), ask=D(ask), bid_size=10, ask_size=10, at=AT)


QUOTES = {LOW.symbol: quote(LOW, "5.00", "5.20"), HIGH.symbol: quote(HIGH, "3.00", "3.10")}


def test_what_is_owned_is_bought_at_the_ask_and_what_is_owed_is_sold_at_the_bid() -> None:
    cost = cost_of((OWNED, OWED), QUOTES, opens=True)

    assert (cost.middle, cost.natural) == (D("5.10") - D("6.10"), D("5.20") - D("6.00"))


def test_to_close_it_is_the_other_way_round() -> None:
    cost = cost_of((OWNED, OWED), QUOTES, opens=False)

    assert (cost.middle, cost.natural) == (D("6.10") - D("5.10"), D("6.20") - D("5.00"))


def test_both_together_cost_the_sum() -> None:
    assert NetPrice(D(1), D(2)) + NetPrice(D(-3), D(1)) == NetPrice(D(-2), D(3))


@pytest.mark.parametrize(
    ("concession", "urgent", "expected"),
    [
        ("0", False, "1.00"),
        ("0.5", False, "1.01"),
        ("1", False, "1.03"),
        ("7", False, "1.03"),
        ("0", True, "1.04"),
    ],
)
def test_never_more_is_given_than_was_to_be_given(
    concession: str, urgent: bool, expected: str
) -> None:
    """What is urgent goes to the next whole cent, as it would not fill below."""
    assert NetPrice(D("1.00"), D("1.035")).limit(D(concession), urgent=urgent) == D(expected)


@given(st.decimals(-50, 50, places=3), st.decimals(0, 5, places=3), st.decimals(0, 3, places=2))
def test_a_limit_lies_between_the_middle_and_the_natural_price(
    middle: Decimal, wide: Decimal, concession: Decimal
) -> None:
    price = NetPrice(middle, middle + wide)

    assert middle - D("0.01") < price.limit(concession, urgent=False) <= price.natural
    assert price.natural <= price.limit(concession, urgent=True) < price.natural + D("0.01")


def test_a_single_option_is_ordered_by_the_contract_and_a_spread_as_a_whole() -> None:
    assert per_contract((OWED,)) == 2
    assert per_contract((OWNED, OWED)) == 1


def test_a_position_goes_by_what_it_owes() -> None:
    assert leading((OWNED, OWED)) == OWED
    assert leading((OWNED,)) == OWNED
