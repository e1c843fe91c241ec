"""The random walk: seeded, one stream per symbol, and never at a price that no market has."""

from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from cream.adapters.feeds.random_walk import RandomWalk, first_quote
from tests.fakes.venue_lab import NOON


def path(
    symbol: str = "AAPL", seed: int = 1, steps: int = 50, volatility: float = 0.2
) -> list[Decimal]:
    walk = RandomWalk(symbol, Decimal("238.40"), volatility, seed)
    return [walk.step(60.0, NOON).mid for _ in range(steps)]


def test_the_first_quote_is_a_cent_to_each_side_with_a_thousand_a_side() -> None:
    quote = first_quote("AAPL", Decimal("238.40"), NOON)
    assert (quote.bid, quote.ask) == (Decimal("238.39"), Decimal("238.41"))
    assert (quote.bid_size, quote.ask_size, quote.at) == (1_000, 1_000, NOON)


def test_the_same_seed_walks_the_same_way_and_another_does_not() -> None:
    assert path() == path()
    assert path() != path(seed=2)
    assert path() != path("MSFT")


def test_a_price_without_volatility_stands() -> None:
    assert set(path(volatility=0.0)) == {Decimal("238.40")}


def test_a_walk_moves_about_as_much_as_its_volatility_says() -> None:
    """A year of days at 20 % a year: the spread of the logs is near what was asked for."""
    walk = RandomWalk("AAPL", Decimal(1_000), 0.20, 3)
    prices = [float(walk.step(86_400.0, NOON).mid) for _ in range(365)]
    returns = [after / before - 1 for before, after in pairwise(prices)]
    yearly = (sum(one * one for one in returns) / len(returns) * 365) ** 0.5
    assert 0.17 < yearly < 0.23


def test_a_walk_goes_on_from_where_it_was_put() -> None:
    walk = RandomWalk("AAPL", Decimal("238.40"), 0.0, 1)
    walk.move_to(Decimal("100.00"))
    assert walk.step(1.0, NOON).mid == Decimal("100.00")


@given(st.integers(0, 1_000), st.integers(5, 100_000), st.floats(0.0, 10.0))
def test_every_quote_is_sound(seed: int, cents: int, volatility: float) -> None:
    walk = RandomWalk("AAPL", Decimal(cents).scaleb(-2), volatility, seed)
    for _ in range(20):
        quote = walk.step(3_600.0, NOON)
        assert Decimal(0) < quote.bid < quote.ask
        assert quote.ask - quote.bid == Decimal("0.02")
        assert 500 <= quote.bid_size <= 1_500
        assert 500 <= quote.ask_size <= 1_500
