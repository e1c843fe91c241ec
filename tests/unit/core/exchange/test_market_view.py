"""What every market that the venue trades in promises: the one for tests, and the synthetic one."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from cream.adapters.feeds.settings import SyntheticSettings
from cream.adapters.feeds.synthetic import SyntheticMarket
from cream.core.exchange.market_view import VenueMarket
from cream.core.model.instrument import Equity
from cream.core.options.occ import expires_at
from tests.fakes.venue_lab import NOON, HandMarket, call

Move = Callable[[str, str], None]


class FixedClock:
    """A clock that stands."""

    def now(self) -> datetime:
        return NOON


def by_hand() -> tuple[VenueMarket, Move]:
    market = HandMarket()
    for symbol in ("AAPL", call("240").symbol):
        market.set(symbol, "238.39", "238.41")
    return market, lambda bid, ask: market.set("AAPL", bid, ask)


def synthetic() -> tuple[VenueMarket, Move]:
    market = SyntheticMarket(SyntheticSettings(tick_rate=0), FixedClock())

    def move(bid: str, ask: str) -> None:
        market.set_quote("AAPL", Decimal(bid), Decimal(ask), 100, 100)

    return market, move


@pytest.fixture(params=[by_hand, synthetic])
def made(request: pytest.FixtureRequest) -> tuple[VenueMarket, Move]:
    market, move = request.param()
    return market, move


def test_every_new_quote_has_a_higher_number(made: tuple[VenueMarket, Move]) -> None:
    market, move = made
    numbers = [market.generation("AAPL")]
    for _ in range(3):
        move("240.00", "240.02")
        numbers.append(market.generation("AAPL"))
    assert sorted(set(numbers)) == numbers


def test_looking_at_a_quote_does_not_make_it_new(made: tuple[VenueMarket, Move]) -> None:
    market, _ = made
    for symbol in ("AAPL", call("240").symbol):
        before = market.generation(symbol)
        assert market.latest(symbol) == market.latest(symbol)
        assert market.generation(symbol) == before


def test_the_latest_quote_is_the_one_that_was_set(made: tuple[VenueMarket, Move]) -> None:
    market, move = made
    move("240.00", "240.02")
    quote = market.latest("AAPL")
    assert quote is not None
    assert (quote.bid, quote.ask) == (Decimal("240.00"), Decimal("240.02"))


def test_what_is_listed_is_known_and_nothing_else(made: tuple[VenueMarket, Move]) -> None:
    market, _ = made
    assert market.knows(Equity("AAPL"), NOON)
    assert market.knows(call("240"), NOON)
    assert not market.knows(Equity("ZZZZ"), NOON)
    assert not market.knows(call("240", "ZZZZ"), NOON)
    assert market.latest("ZZZZ") is None


def test_a_contract_is_known_until_it_ends(made: tuple[VenueMarket, Move]) -> None:
    market, _ = made
    end = expires_at(call("240"))
    assert market.knows(call("240"), end - timedelta(microseconds=1))
    assert not market.knows(call("240"), end)
