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
    assert earned == position.market_value(mark) - paid, "exactly, whatever was rounded"
    assert position.quantity == sum(quantity for quantity, _ in done)


@given(trades, st.data())
def test_a_fill_that_is_undone_leaves_no_cent_behind(
    done: list[tuple[int, Decimal]], data: st.DataObject
) -> None:
    """Whichever it was: what is left is worth what the other fills have paid for it."""
    position, paid = Position(instrument=CALL), Decimal(0)
    for quantity, price in done:
        position = position.filled(Decimal(quantity), price)
    undone = data.draw(st.lists(st.sampled_from(range(len(done))), unique=True)) if done else []
    for index in undone:
        quantity, price = done[index]
        position = position.undone(Decimal(quantity), price)
    for index, (quantity, price) in enumerate(done):
        paid += 0 if index in undone else quantity * price * CALL.multiplier
    mark = Decimal("123.45")

    assert position.quantity == sum(q for i, (q, _) in enumerate(done) if i not in undone)
    assert position.realized_pnl + position.unrealized_pnl(mark) == (
        position.market_value(mark) - paid
    )
    assert not position.is_flat or position.cost == 0


def test_the_last_fill_undone_is_as_if_it_had_not_been() -> None:
    before = Position(instrument=AAPL).filled(Decimal(10), Decimal(100))

    assert before.filled(Decimal(5), Decimal(130)).undone(Decimal(5), Decimal(130)) == before
    assert before.filled(Decimal(-4), Decimal(130)).undone(Decimal(-4), Decimal(130)) == before


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


@given(trades)
def test_what_is_flat_has_no_cost_and_what_is_held_costs_on_its_side(
    done: list[tuple[int, Decimal]],
) -> None:
    position = Position(instrument=AAPL)
    for quantity, price in done:
        position = position.filled(Decimal(quantity), price)

        assert position.is_flat is (position.quantity == 0)
        assert position.cost * position.quantity >= 0
        assert (position.cost == 0) is position.is_flat


@given(st.integers(1, 100), st.integers(1, 100), st.booleans())
def test_a_flip_through_zero_is_a_close_and_an_entry(closed: int, opened: int, long: bool) -> None:
    """In one fill or in two: the same."""
    sign = 1 if long else -1
    held = Position(instrument=AAPL).filled(Decimal(sign * closed), Decimal("100.01"))

    at_once = held.filled(Decimal(-sign * (closed + opened)), Decimal("101.07"))
    in_two = held.filled(Decimal(-sign * closed), Decimal("101.07")).filled(
        Decimal(-sign * opened), Decimal("101.07")
    )

    assert at_once == in_two
    assert at_once.average_price == Decimal("101.07")
    assert at_once.realized_pnl == sign * closed * Decimal("1.06")


def test_a_third_leaves_as_a_third_and_nothing_is_lost() -> None:
    position = Position(instrument=AAPL).filled(Decimal(3), Decimal("33.34"))
    for _ in range(3):
        position = position.filled(Decimal(-1), Decimal("33.34"))

    assert (position.cost, position.realized_pnl) == (0, 0)


def test_an_enormous_position_is_odd_and_no_error() -> None:
    position = Position(instrument=AAPL).filled(Decimal("1E+30"), Decimal("1E+9"))

    assert position.filled(Decimal("-3E+29"), Decimal("1E+9")).realized_pnl == 0
    assert position.average_price == Decimal("1E+9")


def test_nothing_traded_changes_nothing() -> None:
    held = Position(instrument=AAPL).filled(Decimal(10), Decimal(100))

    assert held.filled(Decimal(0), Decimal(55)) == held
    assert Position(instrument=AAPL).filled(Decimal(0), Decimal(55)).is_flat
