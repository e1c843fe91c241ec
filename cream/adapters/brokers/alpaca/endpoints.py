"""Where is this account, and do key, host and account number agree that it is play or real money?

Anything that does not agree stops the start: an order that was meant for paper and goes out live
cannot be taken back.
"""

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit, urlunsplit

from attrs import frozen

from cream.adapters.brokers.alpaca.settings import AlpacaSettings
from cream.core.model.plan import Environment

PAPER_HOST, LIVE_HOST = "paper-api.alpaca.markets", "api.alpaca.markets"
DATA_HOST, DATA_STREAM_HOST = "data.alpaca.markets", "stream.data.alpaca.markets"
# Whose keys begin how. Keys that begin otherwise say nothing.
KEY_PREFIXES = {"PK": Environment.PAPER, "AK": Environment.LIVE}
PAPER_ACCOUNT_PREFIX = "PA"

KEY_VARIABLE, SECRET_VARIABLE = "ALPACA_KEY", "ALPACA_SECRET"


@frozen(kw_only=True)
class Endpoints:
    """Base URLs without a trailing slash; `stream` is the order stream itself."""

    trading: str
    stream: str
    data: str
    data_stream: str


class WrongAccount(Exception):
    """The account at the other end is not of the kind that was configured."""


def endpoints(settings: AlpacaSettings, environment: Environment) -> Endpoints:
    """The configured addresses, and Alpaca's own where there are none.

    Without an address of its own the order stream is where orders are. So is market data where
    that is this machine: a sandbox has all of it at one port.
    """
    host = LIVE_HOST if environment is Environment.LIVE else PAPER_HOST
    trading = _base(settings.base_url or f"https://{host}")
    data, data_stream = f"https://{DATA_HOST}", f"wss://{DATA_STREAM_HOST}"
    if _is_loopback(urlsplit(trading).hostname or ""):
        data, data_stream = trading, _as_stream(trading).removesuffix("/stream")
    return Endpoints(
        trading=trading,
        stream=settings.stream_url or _as_stream(trading),
        data=_base(settings.data_url or data),
        data_stream=_base(settings.data_stream_url or data_stream),
    )


def missing_credentials(settings: AlpacaSettings) -> str | None:
    """The sentence that names the environment variables of keys that are not there."""
    keys = ((KEY_VARIABLE, settings.api_key), (SECRET_VARIABLE, settings.api_secret))
    missing = [name for name, secret in keys if not secret]
    if not missing:
        return None
    return f"Missing required environment variables: {', '.join(missing)}"


def endpoint_problems(
    settings: AlpacaSettings, environment: Environment
) -> Iterator[tuple[str, str]]:
    """What is wrong with the configured addresses and keys, as (name of the setting, problem).

    No problem shows a key.
    """
    given = (
        ("base_url", settings.base_url, ("http", "https")),
        ("stream_url", settings.stream_url, ("ws", "wss")),
        ("data_url", settings.data_url, ("http", "https")),
        ("data_stream_url", settings.data_stream_url, ("ws", "wss")),
    )
    for name, url, schemes in given:
        if url is not None:
            problem = _url_problem(name, url, schemes, environment)
            if problem is not None:
                yield name, problem
    for name, secret in (("api_key", settings.api_key), ("api_secret", settings.api_secret)):
        if not _is_plain(secret.reveal()):
            # What cannot be sent would be shown by the error that says so.
            yield name, "has a character that no key has, such as a blank or the end of a line"
    whose = KEY_PREFIXES.get(settings.api_key.reveal()[:2])
    if whose is not None and whose is not environment:
        yield "api_key", f"is a {whose.value} key, but environment.mode is {environment.value}"


def account_problem(account_number: str, environment: Environment, trading: str) -> str | None:
    """Why the account that answered is not the one meant; None where it is.

    Numbers of paper accounts begin with PA, those of others do not.
    """
    paper = account_number.startswith(PAPER_ACCOUNT_PREFIX)
    if paper is (environment is Environment.PAPER):
        return None
    kind = "a paper account" if paper else "no paper account"
    return f"{account_number} at {trading} is {kind}, but environment.mode is {environment.value}"


def _url_problem(
    name: str, url: str, schemes: tuple[str, ...], environment: Environment
) -> str | None:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        return f"is no URL: {error}"
    if parts.scheme not in schemes or not host or port == 0:
        return f"must be a URL that begins with {' or '.join(f'{one}://' for one in schemes)}"
    if environment is Environment.PAPER and _is_loopback(host):
        return None
    if parts.scheme in ("http", "ws"):
        return f"must be {schemes[-1]}:// outside of this machine"
    if name.startswith("data"):
        return None if host.endswith(".alpaca.markets") else "is no host of Alpaca"
    wanted = LIVE_HOST if environment is Environment.LIVE else PAPER_HOST
    if host == wanted:
        return None
    return f"must be {wanted} in {environment.value}, but is {host}"


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _base(url: str) -> str:
    """Without a trailing slash and the version, which users write in both ways."""
    return url.rstrip("/").removesuffix("/v2")


def _as_stream(trading: str) -> str:
    parts = urlsplit(trading)
    scheme = "wss" if parts.scheme == "https" else "ws"
    return urlunsplit((scheme, parts.netloc, f"{parts.path}/stream", "", ""))
