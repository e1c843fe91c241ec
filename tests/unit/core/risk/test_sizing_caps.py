"""A size that fits: in whose unit, within which bounds, and what decided."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cream.core.model.plan import Size, SizeUnit
from cream.core.risk.sizing import Cap, OptionSizing, Sized, SizeRequest, Unsized, sized
from tests.unit.core.risk.scenes import d


def ask(
    quantity: str | int, unit: SizeUnit = SizeUnit.SHARES, price: str = "50", **more: object
) -> Sized:
    request = SizeRequest(size=Size(d(quantity), unit), price=d(price), **more)  # type: ignore[arg-type]
    found = sized(request)
    assert isinstance(found, Sized)
    return found


def missing(quantity: int = 5, unit: SizeUnit = SizeUnit.SHARES, **more: object) -> str:
    request = SizeRequest(size=Size(d(quantity), unit), **{"price": d(50), **more})  # type: ignore[arg-type]
    found = sized(request)
    assert isinstance(found, Unsized)
    return found.missing


@pytest.mark.parametrize(
    ("quantity", "unit", "price", "multiplier", "count"),
    [
        (7777, SizeUnit.DOLLARS, "50", 1, 155),
        (3000, SizeUnit.DOLLARS, "3", 100, 10),
        (2, SizeUnit.PCT_EQUITY, "5", 100, 4),
        (12, SizeUnit.SHARES, "50", 1, 12),
        (12, SizeUnit.CONTRACTS, "5", 100, 12),
        ("10.9", SizeUnit.SHARES, "50", 1, 10),
    ],
)
def test_every_unit_comes_to_whole_units(
    quantity: int, unit: SizeUnit, price: str, multiplier: int, count: int
) -> None:
    found = ask(quantity, unit, price, multiplier=multiplier, equity=d(100_000))

    assert (found.quantity, found.bound_by) == (count, Cap.REQUEST)
    assert found.value == count * d(price) * multiplier
    assert found.equity_percent == found.value / 1000


def test_a_percent_of_equity_is_a_percent() -> None:
    assert ask(5, SizeUnit.PCT_EQUITY, "50", equity=d(100_000)).quantity == 100


@pytest.mark.parametrize(
    ("bounds", "count", "cap"),
    [
        ({"max_units": d(99)}, 99, Cap.POSITION),
        ({"max_units": d(100)}, 100, Cap.REQUEST),
        ({"cash": d("4999.99")}, 99, Cap.CASH),
        ({"cash": d(5000)}, 100, Cap.REQUEST),
        ({"risk_budget": d(199), "risk_per_share": d(2)}, 99, Cap.RISK_BUDGET),
        ({"risk_budget": d(200), "risk_per_share": d(2)}, 100, Cap.REQUEST),
        ({"max_units": d(50), "cash": d(1000)}, 20, Cap.CASH),
        ({"max_units": d(10), "cash": d(1000)}, 10, Cap.POSITION),
        ({"cash": d(-5)}, 0, Cap.MINIMUM),
        ({"max_units": d(0)}, 0, Cap.MINIMUM),
    ],
)
def test_the_tightest_bound_decides_and_is_named(
    bounds: dict[str, Decimal], count: int, cap: Cap
) -> None:
    found = ask(100, **bounds)  # type: ignore[arg-type]

    assert (found.quantity, found.bound_by) == (count, cap)


def test_all_that_was_in_the_way_is_said() -> None:
    found = ask(100, max_units=d(50), cash=d(1000))

    assert found.binding == (Cap.POSITION, Cap.CASH)


def test_less_than_the_smallest_order_is_nothing() -> None:
    found = ask(40, SizeUnit.DOLLARS)

    assert (found.quantity, found.binding, found.value) == (0, (Cap.MINIMUM,), 0)
    assert ask(5, min_units=d(6)).quantity == 0


def option(**of: object) -> OptionSizing:
    return OptionSizing(**of)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("quantity", "unit", "count"),
    [
        (5000, SizeUnit.DOLLARS, 1),
        (5, SizeUnit.PCT_EQUITY, 1),
        (150, SizeUnit.SHARES, 3),
        (7, SizeUnit.CONTRACTS, 7),
    ],
)
def test_an_exposure_is_what_the_deltas_come_to(quantity: int, unit: SizeUnit, count: int) -> None:
    """Half a share each, of shares at 100: a contract moves like 5,000 dollars."""
    of = option(delta=d("-0.5"), underlying_price=d(100), by_exposure=True)

    assert ask(quantity, unit, "3", multiplier=100, equity=d(100_000), option=of).quantity == count


@pytest.mark.parametrize(("days", "count"), [(6, 50), (7, 75), (29, 75), (30, 100), (None, 100)])
def test_less_is_taken_near_the_end(days: int | None, count: int) -> None:
    found = ask(100, SizeUnit.CONTRACTS, option=option(days_to_expiry=days))

    assert found.quantity == count
    assert found.bound_by is (Cap.REQUEST if count == 100 else Cap.TIME_TO_EXPIRY)


@pytest.mark.parametrize(
    ("rank", "sells", "count"),
    [
        ("0.24", True, 75),
        ("0.25", True, 100),
        ("0.24", False, 100),
        ("0", True, 75),
        ("1", True, 100),
    ],
)
def test_less_is_sold_while_options_are_cheap(rank: str, sells: bool, count: int) -> None:
    found = ask(100, SizeUnit.CONTRACTS, option=option(iv_rank=d(rank), sells=sells))

    assert found.quantity == count


def test_both_adjustments_round_down_one_after_the_other() -> None:
    of = option(days_to_expiry=5, iv_rank=d("0.20"), sells=True)

    assert ask(100, SizeUnit.CONTRACTS, option=of).quantity == 37


@pytest.mark.parametrize("rank", ["-0.01", "1.01", "NaN"])
def test_an_iv_rank_that_is_none_tells_no_size(rank: str) -> None:
    assert "IV rank" in missing(option=option(iv_rank=d(rank)))


def test_what_is_not_known_is_named() -> None:
    exposed = option(by_exposure=True, delta=d(0), underlying_price=d(100))

    assert missing(price=None) == "a price"
    assert missing(price=d(0)) == "a price"
    assert missing(unit=SizeUnit.PCT_EQUITY) == "the account's equity"
    assert missing(risk_budget=d(100)) == "a risk"
    assert missing(risk_budget=d(100), risk_per_share=d(0)) == "a risk"
    assert missing(unit=SizeUnit.DOLLARS, option=exposed) == "a delta"
    assert (
        missing(unit=SizeUnit.DOLLARS, option=option(by_exposure=True)) == "the underlying's price"
    )


def test_without_equity_nothing_is_a_percentage_of_it() -> None:
    assert ask(5).equity_percent is None
    assert ask(5, equity=d(0)).equity_percent is None
    assert ask(5, SizeUnit.PCT_EQUITY, equity=d(-5)).quantity == 0


amounts = st.decimals("0.01", "100000", places=2)


@given(
    st.builds(Size, amounts, st.sampled_from(SizeUnit)), amounts, amounts, amounts, amounts, amounts
)
def test_a_size_never_exceeds_what_bounds_it(
    size: Size, price: Decimal, equity: Decimal, cash: Decimal, budget: Decimal, risk: Decimal
) -> None:
    found = sized(
        SizeRequest(
            size=size,
            price=price,
            equity=equity,
            cash=cash,
            risk_budget=budget,
            risk_per_share=risk,
            max_units=d(500),
        )
    )

    assert isinstance(found, Sized)
    assert found.quantity == found.quantity.to_integral_value()
    assert 0 <= found.quantity <= 500
    assert found.value <= cash
    assert found.quantity * risk <= budget
