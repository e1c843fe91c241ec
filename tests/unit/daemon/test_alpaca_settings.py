"""What stops a start with Alpaca as the broker, before anything is asked of it."""

from typing import Any

import pytest
from attrs import evolve

from cream.adapters.brokers.alpaca.settings import AlpacaSettings
from cream.adapters.feeds.alpaca.settings import AlpacaFeedSettings, live_feed_problems
from cream.core.exchange.calendar import SessionMode
from cream.core.model.plan import Environment
from cream.core.model.secret import Secret
from cream.daemon.settings import BrokersSettings, EnvironmentSettings, Settings


def problems(mode: Environment = Environment.PAPER, **changes: Any) -> dict[str, str]:
    keys = {"api_key": Secret("PK-a"), "api_secret": Secret("b")}
    alpaca = evolve(AlpacaSettings(), **(keys | changes))
    brokers = evolve(BrokersSettings(), active="alpaca", alpaca=alpaca)
    environment = evolve(EnvironmentSettings(), mode=mode)
    settings = evolve(Settings(), brokers=brokers, environment=environment)
    return dict(settings.problems())


def test_a_paper_account_may_start() -> None:
    assert problems() == {}


def test_a_secret_that_is_missing_is_named() -> None:
    found = problems(api_secret=Secret(""))
    assert found == {"brokers.alpaca": "Missing required environment variables: ALPACA_SECRET"}


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"base_url": "https://api.alpaca.markets"}, "brokers.alpaca.base_url"),
        ({"stream_url": "wss://example.com"}, "brokers.alpaca.stream_url"),
        ({"api_key": Secret("AK-a")}, "brokers.alpaca.api_key"),
    ],
)
def test_what_does_not_agree_with_paper_is_named_by_its_path(
    changes: dict[str, Any], path: str
) -> None:
    assert list(problems(**changes)) == [path]


def test_real_money_starts_with_what_live_needs_and_a_true_market() -> None:
    """Stops that follow a late or a make-believe market must not guard real shares."""
    found = problems(Environment.LIVE, api_key=Secret("AK-a"))
    assert list(found) == ["server.token_hashes"]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"feed": "delayed_sip"}, "feeds.alpaca.feed"),
        ({"session": SessionMode.ALWAYS_OPEN}, "feeds.alpaca.session"),
    ],
)
def test_a_market_that_is_not_the_market_is_refused_for_real_money(
    changes: dict[str, Any], path: str
) -> None:
    feed = evolve(AlpacaFeedSettings(), **changes)
    assert [name for name, _ in live_feed_problems(feed)] == [path]
    assert not list(live_feed_problems(AlpacaFeedSettings()))
