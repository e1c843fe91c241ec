"""What the gate has to know of the past: rates, round trips, streaks, sizes, equity."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from cream.core.execution.history import LEAST_SIZES, TradeHistory, trading_day
from cream.core.model.fill import Fill
from cream.core.model.instrument import Instrument
from cream.core.model.order import OrderPurpose, Side
from cream.core.model.position import Position
from tests.fakes.builders import AAPL, MSFT, order_terms

# A Friday morning in New York, after Thanksgiving: the day before was no session.
FRIDAY = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)


class Trader:
    """Fills, one after the other, and the holdings that they make."""

    def __init__(self) -> None:
        self.history = TradeHistory()
        self.held: dict[str, Position] = {}
        self.count = 0

    def trade(
        self,
        quantity: int,
        price: int = 100,
        at: datetime = FRIDAY,
        instrument: Instrument = AAPL,
        purpose: OrderPurpose = OrderPurpose.ENTRY,
        order_id: str | None = None,
    ) -> None:
        """Buy so many, or sell where it is below zero."""
        self.count += 1
        side = Side.BUY if quantity > 0 else Side.SELL
        terms = order_terms(
            order_id or f"o-{self.count}", str(abs(quantity)), side=side, purpose=purpose
        )
        before = self.held.get(instrument.symbol, Position(instrument=instrument))
        after = before.filled(Decimal(quantity), Decimal(price))
        fill = Fill(
            execution_id=f"x-{self.count}",
            order_id=terms.order_id,
            instrument=instrument,
            side=side,
            quantity=Decimal(abs(quantity)),
            price=Decimal(price),
            executed_at=at,
        )
        self.history.filled(terms, fill, before, after)
        self.held[instrument.symbol] = after


@pytest.fixture
def trader() -> Trader:
    return Trader()


def round_trips(trader: Trader, now: datetime = FRIDAY, sessions: int = 5) -> int:
    return trader.history.round_trips(now, sessions)


# Round trips ----------------------------------------------------------------------------------


def test_buying_and_selling_on_one_day_is_a_round_trip(trader: Trader) -> None:
    trader.trade(10)
    assert trader.history.would_round_trip("AAPL", FRIDAY)
    trader.trade(-10)

    assert round_trips(trader) == 1
    assert not trader.history.would_round_trip("AAPL", FRIDAY)


def test_selling_short_and_covering_is_one_too(trader: Trader) -> None:
    trader.trade(-10)
    trader.trade(10)

    assert round_trips(trader) == 1


@pytest.mark.parametrize("parts", [[-10], [-5, -5], [-1, -2, -3, -4]])
def test_selling_in_parts_is_one_round_trip(trader: Trader, parts: list[int]) -> None:
    trader.trade(10)
    for part in parts:
        trader.trade(part)

    assert round_trips(trader) == 1


def test_buying_again_in_between_begins_another(trader: Trader) -> None:
    for quantity in (10, -5, 5, -10):
        trader.trade(quantity)

    assert round_trips(trader) == 2


def test_what_was_held_overnight_can_be_sold(trader: Trader) -> None:
    trader.trade(10, at=FRIDAY - timedelta(days=2))
    trader.trade(-10)

    assert round_trips(trader) == 0


def test_what_was_sold_from_overnight_can_be_bought_again(trader: Trader) -> None:
    """No round trip: the purchase comes after, and is held."""
    trader.trade(10, at=FRIDAY - timedelta(days=2))
    trader.trade(-10)
    trader.trade(10)

    assert round_trips(trader) == 0
    assert trader.history.would_round_trip("AAPL", FRIDAY)


def test_adding_to_a_holding_and_selling_is_a_round_trip(trader: Trader) -> None:
    trader.trade(10, at=FRIDAY - timedelta(days=2))
    trader.trade(5)
    trader.trade(-5)

    assert round_trips(trader) == 1


def test_crossing_to_the_other_side_closes_and_opens(trader: Trader) -> None:
    trader.trade(10)
    trader.trade(-20)
    trader.trade(10)

    assert round_trips(trader) == 2


def test_each_symbol_is_counted_by_itself(trader: Trader) -> None:
    for instrument in (AAPL, MSFT):
        trader.trade(10, instrument=instrument)
        trader.trade(-10, instrument=instrument)

    assert round_trips(trader) == 2


def test_a_day_is_a_day_in_new_york(trader: Trader) -> None:
    """Bought at 23:30 UTC, sold at 00:30 UTC: the same evening in New York."""
    evening = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    trader.trade(10, at=evening)
    trader.trade(-10, at=evening + timedelta(hours=1))

    assert trading_day(evening + timedelta(hours=1)) == date(2026, 11, 23)
    assert round_trips(trader, evening) == 1


@pytest.mark.parametrize(
    ("traded_on", "sessions", "counted"),
    [
        # Friday, Wednesday (Thursday was a holiday), Tuesday, Monday, the Friday before.
        (date(2026, 11, 20), 5, 1),
        (date(2026, 11, 19), 5, 0),
        (date(2026, 11, 25), 2, 1),
        (date(2026, 11, 25), 1, 0),
    ],
)
def test_the_window_is_counted_in_sessions(
    trader: Trader, traded_on: date, sessions: int, counted: int
) -> None:
    at = datetime(traded_on.year, traded_on.month, traded_on.day, 15, tzinfo=UTC)
    trader.trade(10, at=at)
    trader.trade(-10, at=at)

    assert round_trips(trader, sessions=sessions) == counted


def test_a_fill_that_is_told_of_a_day_late_disturbs_nothing(trader: Trader) -> None:
    trader.trade(10)
    trader.trade(5, at=FRIDAY - timedelta(days=2), instrument=MSFT)
    trader.trade(-10)

    assert round_trips(trader) == 1


def test_old_days_are_forgotten(trader: Trader) -> None:
    trader.trade(10, at=FRIDAY - timedelta(days=200))
    trader.trade(-10, at=FRIDAY - timedelta(days=200))
    trader.trade(10)

    assert round_trips(trader, sessions=300) == 0


# Losses ---------------------------------------------------------------------------------------


def test_losing_trades_in_a_row_are_counted(trader: Trader) -> None:
    for _ in range(3):
        trader.trade(10, 100)
        trader.trade(-10, 99)

    assert trader.history.streak(FRIDAY) == 3
    assert trader.history.streak(FRIDAY + timedelta(days=1)) == 0


def test_a_gain_ends_the_row_and_nothing_gained_does_not(trader: Trader) -> None:
    for price in (99, 100):
        trader.trade(10, 100)
        trader.trade(-10, price)
    assert trader.history.streak(FRIDAY) == 1
    trader.trade(10, 100)
    trader.trade(-10, 101)

    assert trader.history.streak(FRIDAY) == 0


def test_a_trade_is_closed_once_all_of_it_is(trader: Trader) -> None:
    """In parts at a loss and a gain: what counts is the whole."""
    trader.trade(10, 100)
    trader.trade(-5, 99)
    assert trader.history.streak(FRIDAY) == 0
    trader.trade(-5, 98)

    assert trader.history.streak(FRIDAY) == 1


def test_crossing_zero_closes_a_trade(trader: Trader) -> None:
    trader.trade(10, 100)
    trader.trade(-20, 99)
    trader.trade(10, 100)

    assert trader.history.streak(FRIDAY) == 2


def test_a_row_begins_anew_each_day(trader: Trader) -> None:
    before = FRIDAY - timedelta(days=2)
    trader.trade(10, 100, before)
    trader.trade(-10, 99, before)
    trader.trade(10, 100)
    trader.trade(-10, 99)

    assert trader.history.streak(FRIDAY) == 1


def test_a_day_is_measured_from_its_first_equity() -> None:
    history = TradeHistory()
    for day, equity in ((23, 100), (23, 120), (24, 90), (24, 95)):
        history.marked(date(2026, 11, day), Decimal(equity))

    assert (history.session, history.session_equity) == (date(2026, 11, 24), 90)
    assert history.peak_equity == 120


# Sizes and rates ------------------------------------------------------------------------------


def test_the_usual_size_is_the_median_of_enough_entries(trader: Trader) -> None:
    for count in range(1, LEAST_SIZES):
        trader.trade(count)
    assert trader.history.usual_size() is None
    trader.trade(100)

    assert trader.history.usual_size() == 300


def test_fills_of_one_order_are_one_size_and_exits_are_none(trader: Trader) -> None:
    for count in range(LEAST_SIZES):
        trader.trade(1, order_id=f"o-{count}")
        trader.trade(1, order_id=f"o-{count}")
        trader.trade(-1, purpose=OrderPurpose.EXIT)

    assert trader.history.usual_size() == 200


def test_only_the_last_sizes_count(trader: Trader) -> None:
    for _ in range(50):
        trader.trade(1)
    for _ in range(50):
        trader.trade(7)

    assert trader.history.usual_size() == 700


def test_plans_and_entries_are_counted_over_a_span() -> None:
    history = TradeHistory()
    for tenth in range(30):
        history.judged(FRIDAY + timedelta(seconds=tenth / 10))
        history.intended(order_terms(), FRIDAY + timedelta(seconds=tenth * 10))
    last_plan, last_order = FRIDAY + timedelta(seconds=2.9), FRIDAY + timedelta(seconds=290)

    assert history.plans_since(last_plan - timedelta(seconds=0.95)) == 10
    assert history.orders_since(last_order - timedelta(seconds=59)) == 6
    assert history.orders_since(last_order + timedelta(seconds=1)) == 0


def test_exits_count_towards_no_rate() -> None:
    history = TradeHistory()
    history.intended(order_terms(purpose=OrderPurpose.EXIT), FRIDAY)

    assert history.orders_since(FRIDAY - timedelta(seconds=60)) == 0


def test_a_history_is_a_value_that_comes_back_as_it_was(trader: Trader) -> None:
    trader.trade(10, 100, at=FRIDAY - timedelta(days=2))
    for quantity, price in ((-5, 99), (5, 98), (-10, 97), (3, 97)):
        trader.trade(quantity, price)
    trader.history.judged(FRIDAY)
    trader.history.intended(order_terms(), FRIDAY)
    trader.history.marked(FRIDAY.date(), Decimal(100))

    again = TradeHistory.of(trader.history.state())

    assert again.state() == trader.history.state()
    assert again.round_trips(FRIDAY, 5) == trader.history.round_trips(FRIDAY, 5) == 1
    assert again.streak(FRIDAY) == trader.history.streak(FRIDAY) == 1
    assert again.orders_since(FRIDAY) == again.plans_since(FRIDAY) == 1
