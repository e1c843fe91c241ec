"""The market-data endpoints that show the past: bars, trades and quotes, page by page.

All symbols together fill a page, one symbol after the other; `limit` counts what comes in total.
The default is what the current day brought, oldest first.

Source: Alpaca Market Data API v2 and v1beta1, OpenAPI document 1.1, 2026-06.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

from attrs import frozen
from quart import Response, request
from quart_trio import QuartTrio

from cream.adapters.sandbox.app import Sandbox
from cream.adapters.sandbox.bars import Frame, read_frame
from cream.adapters.sandbox.data_plans import SIP
from cream.adapters.sandbox.data_routes import (
    SHARES,
    answer,
    read_instrument,
    symbols_asked,
)
from cream.adapters.sandbox.data_words import bar_json, quote_json, trade_json
from cream.adapters.sandbox.listings import read_time
from cream.adapters.sandbox.refusals import Refusal, too_recent
from cream.adapters.sandbox.replies import Json
from cream.adapters.sandbox.tape import Track
from cream.adapters.sandbox.words import whole

DEFAULT_LIMIT, MAX_LIMIT = 1_000, 10_000
# Nothing is told of before; so far back go Alpaca's bars as well.
_EARLIEST = datetime(2016, 1, 1, tzinfo=UTC)
# A page is worked out without a pause: it has as many minutes in it as take a good second at most.
_MINUTES_A_PAGE = 40_000
_MINUTES_OF = {"Min": 1, "Hour": 60, "Day": 144, "Week": 720, "Month": 3_000}

Row = tuple[datetime, Json]
Rows = Callable[[str, datetime, datetime, bool], Iterable[Row]]


@frozen(kw_only=True)
class Page:
    """What a request asks for.

    The page begins in `symbol` at `at`, after `skip` rows of that moment.
    """

    symbols: list[str]
    start: datetime
    end: datetime
    limit: int
    backward: bool
    symbol: str = ""
    at: datetime | None = None
    skip: int = 0


@frozen
class HistoryRoutes:
    """The handlers."""

    sandbox: Sandbox

    def register(self, app: QuartTrio) -> None:
        """Put every handler at its path."""
        rules = (
            ("/v2/stocks/bars", self.bars),
            ("/v2/stocks/trades", self.trades),
            ("/v2/stocks/quotes", self.quotes),
            ("/v2/stocks/<symbol>/bars", self.bars),
            ("/v2/stocks/<symbol>/trades", self.trades),
            ("/v2/stocks/<symbol>/quotes", self.quotes),
            ("/v1beta1/options/bars", self.bars),
            ("/v1beta1/options/trades", self.trades),
        )
        for path, handler in rules:
            app.add_url_rule(path, f"GET {path}", handler, methods=["GET"])

    async def bars(self, symbol: str | None = None) -> Response:
        """GET …/bars."""
        frame = read_frame(request.args.get("timeframe", "1Min"))
        page = self._page(symbol, _MINUTES_A_PAGE // (frame.count * _MINUTES_OF[frame.unit]))

        def rows(symbol: str, start: datetime, end: datetime, backward: bool) -> Iterator[Row]:
            walk = self.sandbox.history.backward if backward else self.sandbox.history.forward
            for bar in walk(symbol, frame, start, end):
                if self._has_ended(frame, bar.start):
                    yield bar.start, bar_json(bar)

        return _paged("bars", page, rows, symbol)

    async def trades(self, symbol: str | None = None) -> Response:
        """GET …/trades: as far back as they are kept."""

        def rows(track: Track) -> list[Row]:
            return [(one.at, trade_json(one)) for one in track.prints]

        return _paged("trades", self._page(symbol), self._kept(rows), symbol)

    async def quotes(self, symbol: str | None = None) -> Response:
        """GET …/quotes: as far back as they are kept."""

        def rows(track: Track) -> list[Row]:
            return [(one.at, quote_json(track.instrument, one)) for one in track.quotes]

        return _paged("quotes", self._page(symbol), self._kept(rows), symbol)

    def _kept(self, rows_of: Callable[[Track], list[Row]]) -> Rows:
        def rows(symbol: str, start: datetime, end: datetime, backward: bool) -> list[Row]:
            track = self.sandbox.tape.known(symbol)
            found = sorted(rows_of(track), key=lambda row: row[0]) if track is not None else []
            fitting = [row for row in found if start <= row[0] <= end]
            return fitting[::-1] if backward else fitting

        return rows

    def _has_ended(self, frame: Frame, start: datetime) -> bool:
        """Days and longer are shown while they last."""
        now = self.sandbox.exchange.clock.now()
        minutes = frame.count * (60 if frame.unit == "Hour" else 1)
        return not frame.is_intraday or start + timedelta(minutes=minutes) <= now

    def _page(self, symbol: str | None, most: int = MAX_LIMIT) -> Page:
        arguments = request.args
        now = self.sandbox.exchange.clock.now()
        size = whole(arguments.get("limit", str(DEFAULT_LIMIT)))
        if size is None or not 1 <= size <= MAX_LIMIT:
            raise Refusal(400, None, f"limit must be from 1 to {MAX_LIMIT}")
        sort = arguments.get("sort", "asc")
        if sort not in ("asc", "desc"):
            raise Refusal(400, None, f"invalid sort: {sort}")
        start = read_time(arguments.get("start"), "start") or Frame(1, "Day").start_of(now)
        end = read_time(arguments.get("end"), "end")
        if request.path.startswith(SHARES):
            last = self.sandbox.plan.last_readable(arguments.get("feed", SIP), now)
            if end is not None and end > last:
                raise too_recent()
            now = min(now, last)
        symbols = [symbol] if symbol is not None else symbols_asked()
        at_symbol, at, skip = _read_token(arguments.get("page_token", ""))
        return Page(
            symbols=sorted(symbols),
            start=max(start, _EARLIEST),
            end=now if end is None else min(end, now),
            limit=max(1, min(size, most)),
            backward=sort == "desc",
            symbol=at_symbol,
            at=at,
            skip=skip,
        )


def _paged(name: str, page: Page, rows: Rows, alone: str | None) -> Response:
    found: dict[str, list[Json]] = {}
    left, token = page.limit, None
    for symbol in page.symbols:
        if symbol < page.symbol:
            continue
        start, end, skip = page.start, page.end, 0
        if symbol == page.symbol and page.at is not None:
            start, end = (start, page.at) if page.backward else (page.at, end)
            skip = page.skip
        key = read_instrument(symbol).symbol
        some = list(islice(rows(key, start, end, page.backward), skip, skip + left + 1))
        if some[:left]:
            found[symbol] = [row for _, row in some[:left]]
        if len(some) > left:
            token = _token(symbol, some, left, page if skip else None)
            break
        left -= len(some)
    document: Json = {"next_page_token": token}
    if alone is None:
        return answer({name: found} | document)
    return answer({"symbol": alone, name: found.get(alone, [])} | document)


def _token(symbol: str, some: list[Row], left: int, before: Page | None) -> str:
    """Where the next page begins: rows of one moment can stand on both."""
    at = some[left][0]
    skip = sum(1 for row in some[:left] if row[0] == at)
    if before is not None and before.at == at:
        skip += before.skip
    return urlsafe_b64encode(f"{symbol}|{at.isoformat()}|{skip}".encode()).decode()


def _read_token(text: str) -> tuple[str, datetime | None, int]:
    if not text:
        return "", None, 0
    try:
        symbol, at, skip = urlsafe_b64decode(text).decode().split("|")
        return symbol, datetime.fromisoformat(at), int(skip)
    except (Base64Error, ValueError):
        raise Refusal(400, None, "invalid page_token") from None
