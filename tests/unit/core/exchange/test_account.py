"""The simulated account: cash, positions, and the figures that a broker shows."""

from decimal import Decimal

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from cream.core.exchange.account import VenueAccount, flat_ledger
from cream.core.exchange.margin import OptionHolding
from cream.core.model.instrument import Equity, Instrument
from cream.core.model.order import Side
from tests.fakes.venue_lab import NOON, call, put

AAPL = Equity("AAPL")
MARKS: dict[Instrument, Decimal] = {
    AAPL: Decimal(240),
    call("240"): Decimal(5),
    call("250"): Decimal(2),
}


def account(cash: str = "100000") -> VenueAccount:
    return VenueAccount(flat_ledger(Decimal(cash)))


def marks(instrument: Instrument) -> Decimal | None:
    return MARKS.get(instrument)


def buying_power(one: VenueAccount, reserved: str = "0") -> Decimal:
    return one.figures(marks, Decimal(reserved), NOON).buying_power


def test_a_new_account_has_its_cash_and_twice_that_to_buy_with() -> None:
    figures = account().figures(marks, Decimal(0), NOON)
    assert (figures.cash, figures.equity, figures.last_equity) == (100_000, 100_000, 100_000)
    assert (figures.buying_power, figures.margin_used) == (200_000, 0)
    assert figures.as_of == NOON


def test_shares_tie_up_half_their_value() -> None:
    held = account()
    held.book(AAPL, Side.BUY, Decimal(100), Decimal(230))
    figures = held.figures(marks, Decimal(0), NOON)
    assert (figures.cash, figures.equity) == (77_000, 101_000)
    assert figures.margin_used == 12_000
    assert figures.buying_power == (101_000 - 12_000) * 2


def test_short_shares_tie_up_half_their_value_beyond_what_the_sale_brought() -> None:
    held = account()
    held.book(AAPL, Side.SELL, Decimal(100), Decimal(240))
    figures = held.figures(marks, Decimal(0), NOON)
    assert (figures.cash, figures.equity, figures.margin_used) == (124_000, 100_000, 12_000)


def test_a_long_option_ties_up_all_it_is_worth() -> None:
    held = account()
    held.book(call("240"), Side.BUY, Decimal(2), Decimal(5))
    figures = held.figures(marks, Decimal(0), NOON)
    assert (figures.cash, figures.equity, figures.margin_used) == (99_000, 100_000, 1_000)
    assert figures.buying_power == 198_000


def test_a_spread_ties_up_what_it_can_still_lose() -> None:
    held = account()
    held.book(call("240"), Side.SELL, Decimal(1), Decimal(5))
    held.book(call("250"), Side.BUY, Decimal(1), Decimal(2))
    figures = held.figures(marks, Decimal(0), NOON)
    assert (figures.cash, figures.equity) == (100_300, 100_000)
    assert figures.margin_used == 1_000 - 300


def test_reservations_lower_buying_power_and_nothing_else() -> None:
    assert buying_power(account(), "1000") == 198_000
    assert buying_power(account(), "999999") == 0
    assert account().figures(marks, Decimal(999_999), NOON).margin_used == 0


def test_a_position_without_a_mark_counts_at_what_it_cost() -> None:
    held = account()
    held.book(Equity("XYZ"), Side.BUY, Decimal(10), Decimal(50))
    assert held.equity(marks) == 100_000


def test_a_small_account_cannot_sell_short() -> None:
    assert not account("1999.99").figures(marks, Decimal(0), NOON).shorting_enabled
    assert account("2000").figures(marks, Decimal(0), NOON).shorting_enabled


def test_calls_that_lost_their_cover_tie_everything_up() -> None:
    held = account()
    held.book(call("240"), Side.SELL, Decimal(1), Decimal(5))
    assert buying_power(held) == 0


def test_a_change_can_be_judged_before_it_happens() -> None:
    held = account()
    held.book(AAPL, Side.BUY, Decimal(100), Decimal(240))
    change = [OptionHolding(call("240"), Decimal(-1))]
    assert held.requirement_of("AAPL", change) == 0
    assert held.requirement_of("AAPL", change, Decimal(1)) is None
    assert held.requirement_of("AAPL", [OptionHolding(put("230"), Decimal(-1))]) == 23_000
    assert held.requirement_of("AAPL", []) == 0


def test_a_day_begins_once_and_remembers_the_equity_of_the_last() -> None:
    held = account()
    day = NOON.date()
    assert held.begin_day(day, marks)
    assert not held.begin_day(day, marks)
    held.book(AAPL, Side.BUY, Decimal(100), Decimal(230))
    assert held.begin_day(day.replace(day=24), marks)
    assert held.ledger.last_equity == 101_000


@given(
    st.lists(
        st.tuples(
            st.sampled_from(Side),
            st.integers(1, 500),
            st.integers(1, 100_000),
            st.sampled_from([AAPL, call("240")]),
        ),
        max_size=30,
    )
)
def test_equity_is_what_was_paid_in_plus_what_was_earned(
    trades: list[tuple[Side, int, int, Instrument]],
) -> None:
    """Cash, positions and profit tell one story, to the cent."""
    held = account("0")
    paid = Decimal(0)
    for side, quantity, cents, instrument in trades:
        price = Decimal(cents).scaleb(-2)
        held.book(instrument, side, Decimal(quantity), price)
        paid -= side.sign * quantity * price * instrument.multiplier
    assert held.ledger.cash == paid
    earned = sum(
        position.realized_pnl + position.unrealized_pnl(MARKS[position.instrument])
        for position in held.positions.values()
    )
    assert held.equity(marks) == pytest.approx(earned, abs=Decimal("0.000001"))


def test_what_is_charged_leaves_the_cash_and_nothing_else() -> None:
    account = VenueAccount(flat_ledger(Decimal(100)))
    account.charge(Decimal("0.16"))
    assert account.ledger == evolve(flat_ledger(Decimal(100)), cash=Decimal("99.84"))
