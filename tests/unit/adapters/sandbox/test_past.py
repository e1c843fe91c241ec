from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from cream.adapters.sandbox.bars import Frame, gathered
from cream.adapters.sandbox.past import Past
from cream.core.exchange.calendar import SessionMode, Sessions

UNTIL = datetime(2026, 11, 25, 15, 47, tzinfo=UTC)
DAY = timedelta(days=1)


def past(mode: SessionMode = SessionMode.CALENDAR, seed: int = 1) -> Past:
    return Past("AAPL", Decimal("238.40"), UNTIL, Sessions(mode), seed)


def test_it_ends_at_the_price_of_the_start() -> None:
    last = list(past().minutes(UNTIL - timedelta(hours=1), UNTIL + DAY))[-1]
    assert (last.start, last.close) == (UNTIL - timedelta(minutes=1), Decimal("238.40"))


def test_one_seed_has_one_past() -> None:
    rows = [list(past(seed=seed).minutes(UNTIL - DAY, UNTIL)) for seed in (1, 1, 2)]
    assert rows[0] == rows[1] != rows[2]


@pytest.mark.parametrize("mode", list(SessionMode))
def test_days_are_made_of_their_minutes_exactly(mode: SessionMode) -> None:
    minutes = past(mode).minutes(UNTIL - 3 * DAY, UNTIL)
    days = {bar.start: bar for bar in past(mode).days(UNTIL.date() - 3 * DAY, UNTIL.date())}
    frame = Frame(1, "Day")
    whole = [bar for bar in gathered(minutes, frame) if bar.start > UNTIL - 2 * DAY]
    assert whole
    for bar in whole[:-1]:
        day = days[bar.start]
        assert (bar.open, bar.high, bar.low) == (day.open, day.high, day.low)
        assert (bar.close, bar.volume) == (day.close, day.volume)


def test_nothing_trades_while_the_market_is_closed() -> None:
    """Thanksgiving is on the 26th; the days before are a weekend."""
    saturday = datetime(2026, 11, 21, 5, tzinfo=UTC)
    assert list(past().minutes(saturday, saturday + 2 * DAY)) == []
    days = [bar.start.date().day for bar in past().days(saturday.date(), UNTIL.date() + 5 * DAY)]
    assert days == [23, 24, 25]


def test_prices_stay_above_zero_and_move() -> None:
    days = list(past().days(UNTIL.date() - 1_000 * DAY, UNTIL.date()))
    closes = [bar.close for bar in days]
    assert len(days) > 600
    assert 0 < min(closes) < max(closes)
    assert max(closes) < 2 * min(closes)
