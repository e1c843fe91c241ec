"""The market-data endpoints that show the present: quotes, trades, bars and snapshots of now.

Numbers are numbers here, as in Alpaca's data API, and texts in its trading API.

Source: Alpaca Market Data API v2 and v1beta1, OpenAPI document 1.1, 2026-06.
"""

from collections.abc import Callable
from datetime import date

from attrs import frozen
from quart import Response, request
from quart_trio import QuartTrio

from cream.adapters.sandbox.app import Sandbox
from cream.adapters.sandbox.chains import contracts_of, greeks_json
from cream.adapters.sandbox.data_words import NUMBERS, bar_json, quote_json, trade_json
from cream.adapters.sandbox.forms import read_symbol
from cream.adapters.sandbox.refusals import Refusal, too_recent, unprocessable
from cream.adapters.sandbox.replies import Json
from cream.adapters.sandbox.tape import LOT, Print
from cream.adapters.sandbox.words import symbol as symbol_text
from cream.adapters.sandbox.words import whole
from cream.core.model.instrument import Instrument, OptionContract
from cream.core.model.market import Quote

# Alpaca answers for so many symbols at one time.
MOST_SYMBOLS = 1_000
_CHAIN_PAGE, _MOST_A_CHAIN_PAGE = 100, 1_000
# A chain has every expiration, unlike the list of contracts.
_UNBOUNDED = {"expiration_date_lte": date.max.isoformat()}

# Paths of shares begin like this, those of options do not.
SHARES = "/v2/stocks"

View = Callable[[Instrument], Json | None]


@frozen
class DataRoutes:
    """The handlers."""

    sandbox: Sandbox

    def register(self, app: QuartTrio) -> None:
        """Put every handler at its path."""
        rules = (
            ("/v2/stocks/quotes/latest", self.quotes),
            ("/v2/stocks/trades/latest", self.trades),
            ("/v2/stocks/bars/latest", self.bars),
            ("/v2/stocks/snapshots", self.snapshots),
            ("/v2/stocks/<symbol>/quotes/latest", self.quote),
            ("/v2/stocks/<symbol>/trades/latest", self.trade),
            ("/v2/stocks/<symbol>/bars/latest", self.bar),
            ("/v2/stocks/<symbol>/snapshot", self.snapshot),
            ("/v1beta1/options/quotes/latest", self.quotes),
            ("/v1beta1/options/trades/latest", self.trades),
            ("/v1beta1/options/snapshots", self.option_snapshots),
            ("/v1beta1/options/snapshots/<underlying>", self.chain),
        )
        for path, handler in rules:
            app.add_url_rule(path, f"GET {path}", handler, methods=["GET"])

    async def quotes(self) -> Response:
        """GET …/quotes/latest."""
        return answer({"quotes": self._each(self._quote)})

    async def trades(self) -> Response:
        """GET …/trades/latest."""
        return answer({"trades": self._each(self._trade)})

    async def bars(self) -> Response:
        """GET …/bars/latest."""
        return answer({"bars": self._each(self._bar)})

    async def snapshots(self) -> Response:
        """GET /v2/stocks/snapshots: by symbol, without a wrapper."""
        return answer(self._each(self._snapshot))

    async def quote(self, symbol: str) -> Response:
        """GET /v2/stocks/{symbol}/quotes/latest."""
        return answer({"symbol": symbol, "quote": self._one(symbol, self._quote)})

    async def trade(self, symbol: str) -> Response:
        """GET /v2/stocks/{symbol}/trades/latest."""
        return answer({"symbol": symbol, "trade": self._one(symbol, self._trade)})

    async def bar(self, symbol: str) -> Response:
        """GET /v2/stocks/{symbol}/bars/latest."""
        return answer({"symbol": symbol, "bar": self._one(symbol, self._bar)})

    async def snapshot(self, symbol: str) -> Response:
        """GET /v2/stocks/{symbol}/snapshot: flat."""
        return answer({"symbol": symbol} | self._one(symbol, self._snapshot))

    async def option_snapshots(self) -> Response:
        """GET /v1beta1/options/snapshots."""
        found = self._each(self._option_snapshot)
        return answer({"snapshots": found, "next_page_token": None})

    async def chain(self, underlying: str) -> Response:
        """GET /v1beta1/options/snapshots/{underlying}: every contract that fits, page by page."""
        arguments = request.args.to_dict()
        exchange = self.sandbox.exchange
        now = exchange.clock.now()
        rows = sorted(
            contracts_of(underlying, _UNBOUNDED | arguments, exchange.market, now), key=symbol_text
        )
        size = whole(arguments.get("limit", str(_CHAIN_PAGE)))
        token = arguments.get("page_token", "")
        if size is None or not 1 <= size <= _MOST_A_CHAIN_PAGE:
            raise Refusal(400, None, f"limit must be from 1 to {_MOST_A_CHAIN_PAGE}")
        if token:
            rows = [one for one in rows if symbol_text(one) > token]
        page = rows[:size]
        found = {symbol_text(one): self._option_snapshot(one) for one in page}
        last = symbol_text(page[-1]) if len(page) < len(rows) else None
        return answer({"snapshots": found, "next_page_token": last})

    # Views --------------------------------------------------------------------------------------

    def _quote(self, instrument: Instrument) -> Json | None:
        quote = self.sandbox.shown.latest(instrument)
        return quote_json(instrument, quote) if quote is not None else None

    def _trade(self, instrument: Instrument) -> Json | None:
        printed = self.sandbox.tape.last(instrument.symbol)
        if printed is None:
            quote = self.sandbox.shown.market.latest(instrument.symbol)
            if quote is None:
                return None
            printed = _unprinted(instrument, quote)
        return trade_json(printed)

    def _bar(self, instrument: Instrument) -> Json | None:
        bar = self.sandbox.history.latest(instrument.symbol, self.sandbox.exchange.clock.now())
        return bar_json(bar) if bar is not None else None

    def _snapshot(self, instrument: Instrument) -> Json | None:
        """What there is of the five parts; None where nothing is quoted."""
        quote = self._quote(instrument)
        if quote is None:
            return None
        days = self.sandbox.history.days(instrument.symbol, self.sandbox.exchange.clock.now())
        parts: Json = {
            "latestTrade": self._trade(instrument),
            "latestQuote": quote,
            "minuteBar": self._bar(instrument),
            "dailyBar": bar_json(days[0]) if days[0] is not None else None,
            "prevDailyBar": bar_json(days[1]) if days[1] is not None else None,
        }
        return {name: part for name, part in parts.items() if part is not None}

    def _option_snapshot(self, instrument: Instrument) -> Json | None:
        found = self._snapshot(instrument)
        if found is None or not isinstance(instrument, OptionContract):
            return found
        quote = self.sandbox.shown.latest(instrument)
        underlying = self.sandbox.shown.market.latest(instrument.underlying)
        if quote is None or underlying is None:
            return found
        now = self.sandbox.exchange.clock.now()
        return found | greeks_json(instrument, quote, underlying.mid, now)

    def _each(self, view: View) -> Json:
        """What is known of each symbol that was asked for; others are left out."""
        self._refuse_what_is_too_recent()
        symbols = symbols_asked()
        found = {one: view(read_instrument(one)) for one in symbols}
        return {one: shown for one, shown in found.items() if shown is not None}

    def _one(self, symbol: str, view: View) -> Json:
        self._refuse_what_is_too_recent()
        shown = view(read_instrument(symbol))
        if shown is None:
            raise Refusal(404, None, f"no data found for {symbol}")
        return shown

    def _refuse_what_is_too_recent(self) -> None:
        """By default the best feed answers that the plan has."""
        now = self.sandbox.exchange.clock.now()
        feed = request.args.get("feed", "")
        if request.path.startswith(SHARES) and self.sandbox.plan.last_readable(feed, now) < now:
            raise too_recent()


def symbols_asked() -> list[str]:
    """The symbols of the request, each once.   Raises: Refusal."""
    symbols = [one for one in request.args.get("symbols", "").split(",") if one]
    if not symbols or len(symbols) > MOST_SYMBOLS:
        raise Refusal(400, None, "invalid symbols")
    return list(dict.fromkeys(symbols))


def read_instrument(symbol: str) -> Instrument:
    """What a symbol of the data API names.   Raises: Refusal."""
    try:
        return read_symbol(symbol)
    except Refusal:
        raise unprocessable(f"invalid symbol: {symbol}") from None


def answer(document: Json) -> Response:
    """A JSON answer with numbers."""
    return Response(NUMBERS.encode(document), 200, content_type="application/json")


def _unprinted(instrument: Instrument, quote: Quote) -> Print:
    """What would be printed of a quote: nothing has been yet."""
    return Print(instrument=instrument, number=0, price=quote.mid, size=LOT, at=quote.at)
