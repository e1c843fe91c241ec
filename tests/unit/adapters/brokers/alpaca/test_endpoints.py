from collections.abc import Mapping

import pytest

from cream.adapters.brokers.alpaca.endpoints import (
    account_problem,
    endpoint_problems,
    endpoints,
    missing_credentials,
)
from cream.adapters.brokers.alpaca.settings import AlpacaSettings
from cream.core.model.plan import Environment
from cream.core.model.secret import Secret

PAPER, LIVE = Environment.PAPER, Environment.LIVE


def problems(environment: Environment, **urls: str) -> Mapping[str, str]:
    return dict(endpoint_problems(AlpacaSettings(**urls), environment))


def test_without_addresses_they_are_alpacas_own() -> None:
    paper = endpoints(AlpacaSettings(), PAPER)
    assert paper.trading == "https://paper-api.alpaca.markets"
    assert paper.stream == "wss://paper-api.alpaca.markets/stream"
    live = endpoints(AlpacaSettings(), LIVE)
    assert live.trading == "https://api.alpaca.markets"
    assert live.stream == "wss://api.alpaca.markets/stream"
    assert (live.data, paper.data_stream) == (
        "https://data.alpaca.markets",
        "wss://stream.data.alpaca.markets",
    )


@pytest.mark.parametrize("suffix", ["", "/", "/v2", "/v2/"])
def test_a_version_in_the_address_does_no_harm(suffix: str) -> None:
    where = endpoints(AlpacaSettings(base_url=f"http://127.0.0.1:8100{suffix}"), PAPER)
    assert where.trading == "http://127.0.0.1:8100"
    assert where.stream == "ws://127.0.0.1:8100/stream"


def test_the_stream_may_be_elsewhere() -> None:
    where = endpoints(AlpacaSettings(stream_url="ws://127.0.0.1:9/x"), PAPER)
    assert where.stream == "ws://127.0.0.1:9/x"


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        (PAPER, "https://paper-api.alpaca.markets"),
        (PAPER, "http://127.0.0.1:8100"),
        (PAPER, "http://[::1]:8100"),
        (PAPER, "http://localhost:8100"),
        (LIVE, "https://api.alpaca.markets"),
    ],
)
def test_the_hosts_of_the_environment_are_allowed(environment: Environment, url: str) -> None:
    assert problems(environment, base_url=url) == {}


@pytest.mark.parametrize(
    ("environment", "url", "words"),
    [
        (PAPER, "https://api.alpaca.markets", "must be paper-api"),
        (LIVE, "https://paper-api.alpaca.markets", "must be api"),
        (LIVE, "http://127.0.0.1:8100", "https://"),
        (LIVE, "https://127.0.0.1:8100", "must be api"),
        (PAPER, "http://paper-api.alpaca.markets", "https://"),
        (PAPER, "https://paper-api.alpaca.markets.evil.example", "must be paper-api"),
        (PAPER, "ftp://127.0.0.1", "http:// or https://"),
        (PAPER, "nonsense", "http:// or https://"),
        (PAPER, "http://[::1", "is no URL"),
        (PAPER, "http://127.0.0.1:99999", "is no URL"),
        (PAPER, "http://127.0.0.1:port", "is no URL"),
        (PAPER, "http://127.0.0.1:0", "http:// or https://"),
    ],
)
def test_any_other_host_stops_the_start(environment: Environment, url: str, words: str) -> None:
    assert words in problems(environment, base_url=url)["base_url"]


def test_each_address_has_its_own_scheme_and_hosts() -> None:
    assert problems(LIVE, stream_url="https://api.alpaca.markets/stream").keys() == {"stream_url"}
    assert problems(LIVE, data_url="https://data.alpaca.markets") == {}
    assert problems(PAPER, data_stream_url="wss://stream.example.com").keys() == {"data_stream_url"}


@pytest.mark.parametrize(
    ("key", "environment", "agrees"),
    [("PKX", PAPER, True), ("PKX", LIVE, False), ("AKX", PAPER, False), ("any", LIVE, True)],
)
def test_a_key_of_the_other_kind_stops_the_start(
    key: str, environment: Environment, agrees: bool
) -> None:
    settings = AlpacaSettings(api_key=Secret(key))
    assert (dict(endpoint_problems(settings, environment)) == {}) is agrees


@pytest.mark.parametrize("secret", ["two\nlines", "trailing ", "\ttab", "clé", "nul\0"])
def test_a_key_that_cannot_be_sent_stops_the_start_and_is_not_shown(secret: str) -> None:
    """A file with a line's end behind the key: HTTP refuses it, and says what it has refused."""
    settings = AlpacaSettings(api_key=Secret(secret), api_secret=Secret(secret))
    found = dict(endpoint_problems(settings, PAPER))
    assert found.keys() == {"api_key", "api_secret"}
    assert secret not in " ".join(found.values())


@pytest.mark.parametrize(
    ("number", "environment", "agrees"),
    [("PA1", PAPER, True), ("PA1", LIVE, False), ("123456", PAPER, False), ("123456", LIVE, True)],
)
def test_an_account_of_the_other_kind_stops_the_start(
    number: str, environment: Environment, agrees: bool
) -> None:
    assert (account_problem(number, environment, "https://x") is None) is agrees


def test_missing_keys_are_named_by_their_variables() -> None:
    assert missing_credentials(AlpacaSettings()) == (
        "Missing required environment variables: ALPACA_KEY, ALPACA_SECRET"
    )
    half = AlpacaSettings(api_key=Secret("k"))
    assert missing_credentials(half) == "Missing required environment variables: ALPACA_SECRET"
    assert missing_credentials(AlpacaSettings(api_key=Secret("k"), api_secret=Secret("s"))) is None
