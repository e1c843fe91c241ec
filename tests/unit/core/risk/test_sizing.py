from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cream.core.model.plan import Size, SizeUnit
from cream.core.risk.sizing import Unsized, units

SHARES, CONTRACTS = SizeUnit.SHARES, SizeUnit.CONTRACTS
DOLLARS, PCT_EQUITY = SizeUnit.DOLLARS, SizeUnit.PCT_EQUITY


@pytest.mark.parametrize(
    ("quantity", "unit", "unit_cost", "equity", "expected"),
    [
        ("5000", DOLLARS, "238.50", None, "20"),
        ("4770", DOLLARS, "238.50", None, "20"),
        ("4769.99", DOLLARS, "238.50", None, "19"),
        ("238.49", DOLLARS, "238.50", None, "0"),
        ("7777", DOLLARS, "50", None, "155"),
        ("3000", DOLLARS, "300", None, "10"),
        ("5", PCT_EQUITY, "662.00", "100000", "7"),
        ("3", PCT_EQUITY, "512.00", "100000", "5"),
        ("2", PCT_EQUITY, "500", "100000", "4"),
        ("5", PCT_EQUITY, "662.00", "0", "0"),
        ("5", PCT_EQUITY, "662.00", "-1", "0"),
        ("10.5", SHARES, None, None, "10.5"),
        ("3", CONTRACTS, None, None, "3"),
        ("-5000", DOLLARS, "238.50", None, "0"),
    ],
)
def test_a_size_in_units(
    quantity: str, unit: SizeUnit, unit_cost: str | None, equity: str | None, expected: str
) -> None:
    """A percent is a percent, shares are never rounded, dollars never buy more than asked for."""
    cost = None if unit_cost is None else Decimal(unit_cost)
    worth = None if equity is None else Decimal(equity)

    assert units(Size(Decimal(quantity), unit), cost, worth) == Decimal(expected)


@pytest.mark.parametrize(
    ("unit", "unit_cost", "equity", "missing"),
    [
        (DOLLARS, None, Decimal(1), "a price"),
        (DOLLARS, Decimal(0), Decimal(1), "a price"),
        (PCT_EQUITY, None, Decimal(1), "a price"),
        (PCT_EQUITY, Decimal(1), None, "the account's equity"),
    ],
)
def test_money_without_a_price_or_an_account_is_no_number_of_units(
    unit: SizeUnit, unit_cost: Decimal | None, equity: Decimal | None, missing: str
) -> None:
    assert units(Size(Decimal(5), unit), unit_cost, equity) == Unsized(missing)


prices = st.decimals("0.0001", "100000", places=4)


@given(st.decimals("0", "1000000000", places=9), prices)
def test_the_units_cost_no_more_than_the_dollars_and_one_more_would(
    dollars: Decimal, price: Decimal
) -> None:
    count = units(Size(dollars, DOLLARS), price, None)

    assert isinstance(count, Decimal)
    assert count * price <= dollars < (count + 1) * price


def test_a_quotient_that_rounds_up_to_a_whole_number_is_not_that_number() -> None:
    """The 28th digit of a quotient is rounded; the dollars are not enough all the same."""
    dollars = Decimal("2." + "9" * 28)

    assert units(Size(dollars, DOLLARS), Decimal(1), None) == 2


@given(st.decimals("0", "100", places=4), prices, st.decimals("0", "1000000000", places=2))
def test_a_percentage_is_that_part_of_equity_in_dollars(
    percent: Decimal, price: Decimal, equity: Decimal
) -> None:
    by_percent = units(Size(percent, PCT_EQUITY), price, equity)
    by_dollars = units(Size(percent * equity / 100, DOLLARS), price, None)

    assert by_percent == by_dollars
