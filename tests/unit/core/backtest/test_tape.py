"""What is known at each moment, and for how long a close is good."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from cream.core.backtest.path import MarketBar
from cream.core.backtest.run import SESSIONS
from cream.core.backtest.tape import Tape
from cream.core.model.instrument import Equity
from cream.core.model.market import Known, Stale, Unknown
from cream.core.options.occ import expires_at, parse_occ
from tests.unit.core.backtest.lab import EVE, days

CALL = parse_occ("AAPL  120316C00100000")


def tape(*listed: str) -> Tape:
    return Tape(SESSIONS, frozenset(listed or ("AAPL",)), Decimal("0.1"), EVE)


def begun(one: Tape, bar: MarketBar, now: datetime | None = None) -> None:
    one.now = now or bar.starts_at
    one.open(bar)


def test_before_the_first_bar_there_is_no_quote() -> None:
    market = tape()
    assert market.latest("AAPL") is None
    assert market.fresh("AAPL") is None
    assert market.judged("AAPL") == Unknown("no bar has begun yet")
    assert market.judged("IBM") == Unknown("there are no bars of it")


def test_a_bar_offers_its_part_of_the_volume_at_its_price_and_none_once_it_is_over() -> None:
    (bar,) = days("100 110 90 105", volume=1_009)
    market = tape()
    begun(market, bar)
    quote = market.latest("AAPL")
    assert quote is not None
    assert (quote.bid, quote.ask, quote.bid_size, quote.ask_size) == (100, 100, 100, 100)
    assert market.running("AAPL") is bar
    assert not market.is_idle

    market.move("AAPL", Decimal(105))
    market.now = bar.ends_at
    market.close("AAPL")
    quote = market.latest("AAPL")
    assert quote is not None
    assert (quote.bid, quote.ask, quote.bid_size, quote.ask_size) == (105, 105, 0, 0)
    assert market.running("AAPL") is None
    assert market.is_idle


def test_the_volume_of_a_bar_is_numbered_by_the_bar_and_not_by_its_prices() -> None:
    first, second = days("100 110 90 105", "100 110 90 105")
    market = tape()
    begun(market, first)
    number = market.generation("AAPL")
    market.move("AAPL", Decimal(90))
    assert market.generation("AAPL") == number
    market.close("AAPL")
    begun(market, second)
    assert market.generation("AAPL") == number + 1


@pytest.mark.parametrize(
    ("after", "fresh"),
    [
        (timedelta(0), True),
        (timedelta(hours=23, minutes=59, seconds=59), True),
        (timedelta(days=1), False),
        (timedelta(days=30), False),
    ],
)
def test_a_close_is_good_until_the_next_session_has_ended_without_a_bar(
    after: timedelta, fresh: bool
) -> None:
    (bar,) = days("100 110 90 105")
    market = tape()
    begun(market, bar)
    market.close("AAPL")
    market.now = bar.ends_at + after
    judged = market.judged("AAPL")
    assert isinstance(judged, Known if fresh else Stale)
    assert (market.fresh("AAPL") is not None) is fresh
    quote = market.latest("AAPL")
    assert quote is not None
    assert quote.at == (market.now if fresh else bar.ends_at)
    if isinstance(judged, Stale):
        assert judged.age_seconds == after.total_seconds()


@pytest.mark.parametrize(
    ("listed", "before", "known"),
    [
        (("AAPL", CALL.symbol), timedelta(microseconds=1), True),
        (("AAPL", CALL.symbol), timedelta(0), False),
        (("AAPL",), timedelta(days=1), False),
        ((CALL.symbol,), timedelta(days=1), False),
    ],
)
def test_an_option_is_known_by_its_own_bars_and_those_of_its_share_until_it_ends(
    listed: tuple[str, ...], before: timedelta, known: bool
) -> None:
    assert tape(*listed).knows(CALL, expires_at(CALL) - before) is known


def test_a_share_is_known_by_its_bars() -> None:
    assert tape().knows(Equity("AAPL"), EVE)
    assert not tape().knows(Equity("IBM"), EVE)
