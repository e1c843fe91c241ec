"""The market-data endpoints: what is quoted now, of shares and of options.

Numbers are numbers here, as in Alpaca's data API, and texts in its trading API. The sandbox's
market has quotes and no prints: the last trade is shown at the middle of the quote.

Source: Alpaca Market Data API v2 and v1beta1, OpenAPI document 1.1, 2026-06.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal

import msgspec
from attrs import frozen
from quart import Response, request
from quart_trio import QuartTrio

from cream.adapters.sandbox.app import Sandbox
from cream.adapters.sandbox.forms import read_symbol
from cream.adapters.sandbox.refusals import Refusal, unprocessable
from cream.adapters.sandbox.replies import Json
from cream.adapters.sandbox.words import moment
from cream.core.model.instrument import Instrument, OptionContract
from cream.core.model.market import Quote

# Alpaca answers for so many symbols at one time.
MOST_SYMBOLS = 1_000
_EXCHANGE = "V"
_LOT = 100

_numbers = msgspec.json.Encoder(decimal_format="number")

View = Callable[[Instrument, Quote], Json]


@frozen
class DataRoutes:
    """The handlers."""

    sandbox: Sandbox

    def register(self, app: QuartTrio) -> None:
        """Put every handler at its path."""
        rules = (
            ("/v2/stocks/quotes/latest", self.quotes),
            ("/v2/stocks/trades/latest", self.trades),
            ("/v2/stocks/snapshots", self.snapshots),
            ("/v2/stocks/<symbol>/quotes/latest", self.quote),
            ("/v1beta1/options/quotes/latest", self.quotes),
            ("/v1beta1/options/trades/latest", self.trades),
            ("/v1beta1/options/snapshots", self.option_snapshots),
        )
        for path, handler in rules:
            app.add_url_rule(path, f"GET {path}", handler, methods=["GET"])

    async def quotes(self) -> Response:
        """GET …/quotes/latest."""
        return _answer({"quotes": self._each(quote_json)})

    async def quote(self, symbol: str) -> Response:
        """GET /v2/stocks/{symbol}/quotes/latest."""
        instrument, quote = self._known(symbol)
        if quote is None:
            raise Refusal(404, None, "no quote found for " + symbol)
        return _answer({"symbol": symbol, "quote": quote_json(instrument, quote)})

    async def trades(self) -> Response:
        """GET …/trades/latest."""
        return _answer({"trades": self._each(trade_json)})

    async def snapshots(self) -> Response:
        """GET /v2/stocks/snapshots: by symbol, without a wrapper."""
        return _answer(self._each(_snapshot))

    async def option_snapshots(self) -> Response:
        """GET /v1beta1/options/snapshots."""
        return _answer({"snapshots": self._each(_snapshot), "next_page_token": None})

    def _each(self, view: View) -> Json:
        """What is known of each symbol that was asked for; others are left out."""
        symbols = [one for one in request.args.get("symbols", "").split(",") if one]
        if not symbols or len(symbols) > MOST_SYMBOLS:
            raise Refusal(400, None, "invalid symbols")
        found: Json = {}
        for symbol in symbols:
            instrument, quote = self._known(symbol)
            if quote is not None:
                found[symbol] = view(instrument, quote)
        return found

    def _known(self, symbol: str) -> tuple[Instrument, Quote | None]:
        try:
            instrument = read_symbol(symbol)
        except Refusal:
            raise unprocessable(f"invalid symbol: {symbol}") from None
        return instrument, self.sandbox.exchange.market.latest(instrument.symbol)


def quote_json(instrument: Instrument, quote: Quote) -> Json:
    """A quote. Options have one condition and no tape."""
    common: Json = {
        "t": moment(quote.at),
        "ax": _EXCHANGE,
        "ap": quote.ask,
        "as": quote.ask_size,
        "bx": _EXCHANGE,
        "bp": quote.bid,
        "bs": quote.bid_size,
    }
    option = isinstance(instrument, OptionContract)
    return common | ({"c": "A"} if option else {"c": ["R"], "z": "C"})


def trade_json(instrument: Instrument, quote: Quote) -> Json:
    """A print at the middle."""
    common: Json = {"t": moment(quote.at), "x": _EXCHANGE, "p": quote.mid, "s": _LOT}
    option = isinstance(instrument, OptionContract)
    return common | ({"c": "I"} if option else {"c": ["@"], "i": 1, "z": "C"})


def _snapshot(instrument: Instrument, quote: Quote) -> Json:
    return {
        "latestTrade": trade_json(instrument, quote),
        "latestQuote": quote_json(instrument, quote),
    }


def _answer(document: Mapping[str, object | Decimal]) -> Response:
    return Response(_numbers.encode(document), 200, content_type="application/json")
