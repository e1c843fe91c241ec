"""What does Alpaca's data REST answer? Latest quotes, days, bars and option snapshots.

Every question goes through the data budget, apart from trading's. A question about many symbols is
answered for none of them if one makes no sense; it is then asked again in halves.

Source: Alpaca Market Data API v2 and v1beta1, OpenAPI document 1.1, 2026-06.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from attrs import frozen

from cream.adapters.brokers.alpaca.data_models import (
    AlpacaBar,
    AlpacaBars,
    AlpacaLatestQuotes,
    AlpacaQuote,
    AlpacaSnapshot,
    AlpacaSnapshots,
)
from cream.adapters.brokers.alpaca.document import SchemaMismatch, read
from cream.adapters.brokers.alpaca.errors import failure_of
from cream.adapters.brokers.alpaca.rest import AlpacaRest, NoAnswer, NotSent, Params
from cream.adapters.feeds.alpaca.settings import AlpacaFeedSettings
from cream.adapters.feeds.alpaca.stream import wire_name
from cream.core.market.bars import DAY_MINUTES
from cream.core.model.errors import BrokerUnavailable
from cream.core.model.instrument import OptionContract
from cream.core.model.market import Quote
from cream.core.model.ticks import Bar, DayStatistics, OptionSnapshot
from cream.core.options.occ import parse_instrument
from cream.core.resilience.budget import Priority

M = TypeVar("M")

# Alpaca answers for so many options at one time, and for more shares.
MOST_SYMBOLS = 100
# Pages of one answer; bars that are asked for fit into one.
MOST_PAGES = 20
_SESSION_MINUTES = 390
_TIMEFRAMES = {1: "1Min", 5: "5Min", 15: "15Min", 60: "1Hour", 240: "4Hour", DAY_MINUTES: "1Day"}


class NoSuchData(Exception):
    """The question was understood and refused: about a symbol that is none, or without a plan."""


@frozen
class DataApi:
    """Questions of one account."""

    rest: AlpacaRest
    settings: AlpacaFeedSettings

    async def latest_quotes(
        self, symbols: Sequence[str], priority: Priority = Priority.QUERY
    ) -> Mapping[str, Quote]:
        """The current quotes; symbols without one are left out.   Raises: BrokerUnavailable."""
        found: dict[str, Quote] = {}
        for path, some in _asked("quotes/latest", symbols):
            try:
                document = await self._get(path, self._query(path, some), priority)
            except NoSuchData:
                if len(some) > 1:
                    half = len(some) // 2
                    found |= await self.latest_quotes(some[:half], priority)
                    found |= await self.latest_quotes(some[half:], priority)
                continue
            quotes = _read(AlpacaLatestQuotes, document).quotes
            for name, one in quotes.items():
                found[_ours(name)] = quote_from(_ours(name), one)
        return found

    async def days(self, symbols: Sequence[str]) -> Mapping[str, DayStatistics]:
        """The day so far, and the close before it.   Raises: BrokerUnavailable."""
        found: dict[str, DayStatistics] = {}
        for path, some in _asked("snapshots", symbols):
            try:
                document = await self._get(path, self._query(path, some), Priority.QUERY)
            except NoSuchData:
                continue
            for name, raw in _snapshots(document, path).items():
                found[_ours(name)] = _day(_ours(name), raw)
        return found

    async def option_snapshots(self, symbols: Sequence[str]) -> Mapping[str, OptionSnapshot]:
        """Quotes, volatility and Greeks of these contracts, as far as the feed has them.

        Raises: BrokerUnavailable.
        """
        found: dict[str, OptionSnapshot] = {}
        for path, some in _asked("snapshots", symbols):
            if not path.startswith("/v1beta1"):
                continue
            document = await self._get(path, self._query(path, some), Priority.QUERY)
            for name, raw in _snapshots(document, path).items():
                found[_ours(name)] = option_snapshot(_ours(name), raw)
        return found

    async def bars(
        self, symbol: str, minutes: int, count: int, now: datetime, adjusted: bool = False
    ) -> Sequence[Bar]:
        """The newest `count` bars, oldest first; `adjusted` for splits.

        Raises: BrokerUnavailable, NoSuchData.
        """
        ((path, _),) = _asked("bars", [symbol])
        params = dict(self._query(path, [symbol])) | {
            "timeframe": _TIMEFRAMES[minutes],
            "start": _start(now, minutes, count),
            "sort": "desc",
            "limit": str(count),
        }
        if path.startswith("/v1beta1"):
            params.pop("feed")
        elif adjusted:
            params["adjustment"] = "split"
        newest: list[Bar] = []
        for _page in range(MOST_PAGES):
            page = _read(AlpacaBars, await self._get(path, params, Priority.QUERY))
            for found in page.bars.values():
                newest.extend(bar_from(symbol, minutes, one) for one in found)
            if len(newest) >= count or not page.next_page_token:
                break
            params["page_token"] = page.next_page_token
        return sorted(newest, key=lambda bar: bar.at)[-count:]

    def _query(self, path: str, symbols: Sequence[str]) -> Params:
        options = path.startswith("/v1beta1")
        feed = self.settings.option_feed if options else self.settings.feed
        return {"symbols": ",".join(wire_name(one) for one in symbols), "feed": feed}

    async def _get(self, path: str, params: Params, priority: Priority) -> object:
        try:
            reply = await self.rest.call("GET", path, priority, params=params)
        except (NotSent, NoAnswer) as error:
            raise BrokerUnavailable(f"market data: {error}") from None
        if not reply.succeeded:
            failure = failure_of(reply.status, reply.body)
            if reply.status in (400, 403, 404, 422):
                raise NoSuchData(str(failure))
            raise BrokerUnavailable(f"market data: {failure}")
        try:
            return reply.document()
        except SchemaMismatch as error:
            raise BrokerUnavailable(f"market data: {error}") from None


def _asked(what: str, symbols: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """The paths to ask at, and for which symbols at one time."""
    options = [one for one in symbols if is_option(one)]
    chosen = set(options)
    shares = [one for one in symbols if one not in chosen]
    for base, some in (("/v2/stocks", shares), ("/v1beta1/options", options)):
        for first in range(0, len(some), MOST_SYMBOLS):
            yield f"{base}/{what}", some[first : first + MOST_SYMBOLS]


def is_option(symbol: str) -> bool:
    """Whether it names an option."""
    try:
        return isinstance(parse_instrument(symbol), OptionContract)
    except ValueError:
        return False


def _ours(name: str) -> str:
    try:
        return parse_instrument(name).symbol
    except ValueError:
        return name


def _read(model: type[M], document: object) -> M:
    try:
        return read(model, document)
    except SchemaMismatch as error:
        raise BrokerUnavailable(f"market data makes no sense: {error}") from None


def _snapshots(document: object, path: str) -> Mapping[str, AlpacaSnapshot]:
    """By symbol: under a name for options, at the top for shares."""
    if path.startswith("/v1beta1"):
        return _read(AlpacaSnapshots, document).snapshots
    if not isinstance(document, Mapping):
        raise BrokerUnavailable("market data makes no sense: a snapshot is no object")
    rows: Any = document
    return {name: _read(AlpacaSnapshot, raw) for name, raw in rows.items() if raw is not None}


def quote_from(symbol: str, raw: AlpacaQuote) -> Quote:
    """A quote of ours, with its nanoseconds."""
    return Quote(
        symbol=symbol,
        bid=raw.bid,
        ask=raw.ask,
        bid_size=int(raw.bid_size),
        ask_size=int(raw.ask_size),
        at=raw.at.at,
        at_ns=raw.at.nanoseconds,
    )


def bar_from(symbol: str, minutes: int, raw: AlpacaBar) -> Bar:
    """A bar of ours."""
    return Bar(
        symbol=symbol,
        at=raw.at.at,
        minutes=minutes,
        open=raw.open,
        high=raw.high,
        low=raw.low,
        close=raw.close,
        volume=raw.volume,
        trades=None if raw.trades is None else int(raw.trades),
        vwap=raw.vwap,
    )


def _day(symbol: str, raw: AlpacaSnapshot) -> DayStatistics:
    day, before = raw.daily_bar, raw.previous_daily_bar
    return DayStatistics(
        symbol=symbol,
        open=None if day is None else day.open,
        high=None if day is None else day.high,
        low=None if day is None else day.low,
        volume=None if day is None else day.volume,
        previous_close=None if before is None else before.close,
    )


def option_snapshot(symbol: str, raw: AlpacaSnapshot) -> OptionSnapshot:
    """What the feed says of a contract."""
    quote, greeks = raw.latest_quote, raw.greeks
    return OptionSnapshot(
        symbol=symbol,
        bid=None if quote is None else quote.bid,
        ask=None if quote is None else quote.ask,
        bid_size=None if quote is None else quote.bid_size,
        ask_size=None if quote is None else quote.ask_size,
        quoted_at=None if quote is None else quote.at.at,
        last=None if raw.latest_trade is None else raw.latest_trade.price,
        implied_volatility=raw.implied_volatility,
        delta=None if greeks is None else greeks.delta,
        gamma=None if greeks is None else greeks.gamma,
        theta=None if greeks is None else greeks.theta,
        vega=None if greeks is None else greeks.vega,
        rho=None if greeks is None else greeks.rho,
    )


def _start(now: datetime, minutes: int, count: int) -> str:
    """Early enough for `count` bars, whatever weekends and holidays lie between."""
    days = count if minutes == DAY_MINUTES else count * minutes / _SESSION_MINUTES
    start = now.astimezone(UTC) - timedelta(days=days * 1.6 + 7)
    return start.strftime("%Y-%m-%dT%H:%M:%SZ")
