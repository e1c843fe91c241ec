"""What is held, and what it earned: cash in equals cash out, to the last digit."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cream.core.model.position import Position
from tests.fakes.builders import AAPL, CALL

trades = st.lists(
    st.tuples(
        st.integers(-500, 500).filter(bool),
        st.decimals(min_value="0.01", max_value="5000", places=2),
    ),
    max_size=12,
)


@given(trades)
def test_cash_spent_is_what_is_held_less_what_was_earned(
    done: list[tuple[int, Decimal]],
) -> None:
    """Marked at any price: realised + unrealised = value - money paid."""
    position, paid = Position(instrument=AAPL), Decimal(0)
    for quantity, price in done:
        position = position.filled(Decimal(quantity), price)
        paid += quantity * price
    mark = Decimal("123.45")

    earned = position.realized_pnl + position.unrealized_pnl(mark)
    assert abs(earned - (position.market_value(mark) - paid)) < Decimal("1e-15")
    assert position.quantity == sum(quantity for quantity, _ in done)


def test_closing_leaves_no_cost() -> None:
    position = Position(instrument=AAPL).filled(Decimal(3), Decimal("10.01"))
    closed = position.filled(Decimal(-3), Decimal("11.01"))

    assert (closed.quantity, closed.cost, closed.average_price) == (0, 0, 0)
    assert closed.realized_pnl == 3
    assert closed.is_flat


def test_crossing_zero_closes_one_side_and_opens_the_other() -> None:
    long = Position(instrument=AAPL).filled(Decimal(10), Decimal(100))
    short = long.filled(Decimal(-15), Decimal(110))

    assert (short.quantity, short.average_price) == (-5, 110)
    assert short.realized_pnl == 100


@pytest.mark.parametrize(("price", "earned"), [("5.00", 500), ("1.00", -300)])
def test_an_option_earns_a_hundredfold(price: str, earned: int) -> None:
    position = Position(instrument=CALL).filled(Decimal(2), Decimal("2.50"))

    assert position.unrealized_pnl(Decimal(price)) == earned
