"""Which route shows the market?"""

from quart import Quart, Response, request
from quart_schema import document_response
from werkzeug.datastructures import MultiDict

from cream.adapters.server import market_types as api
from cream.adapters.server import wire_requests as requests
from cream.adapters.server.http_replies import reply
from cream.adapters.server.http_site import Site
from cream.adapters.server.market_views import market_view
from cream.adapters.server.openapi import document_query
from cream.adapters.server.problems import Problems
from cream.adapters.server.queries import known_keys
from cream.adapters.server.timeframes import timeframes_value
from cream.core.model.errors import CreamError, FieldProblem

# What a query may say, and whether it may say it more than once.
_KEYS = {"symbols": False, "timeframes": False}


def add_to(app: Quart, site: Site) -> None:
    """Add the route for market data."""

    @app.get("/v1/market")
    @document_query(
        symbols="Tickers and option symbols, with commas between them.",
        timeframes="Minutes per bar: of 1, 5, 15, 60, 240, 1440, with commas between them.",
    )
    @document_response(api.Market)
    async def market() -> Response:
        """Quotes, the day, the last minute, halts and bars of some symbols."""
        symbols, timeframes = followed(request.args, site, required=True)
        views = await site.operations.symbols(symbols, timeframes)
        return reply(market_view(views, site.operations.market_status(), site.now()))


def followed(
    given: MultiDict[str, str], site: Site, *, required: bool
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """The symbols and timeframes of a query.   Raises: CreamError with what is wrong in it."""
    problems = Problems()
    known_keys(list(given.lists()), _KEYS, problems)
    problems.raise_any()
    symbols = requests.symbols(_listed(given.get("symbols", "")), required=required)
    timeframes = timeframes_value(_listed(given.get("timeframes", "")), "timeframes")
    if timeframes and not site.operations.offers_bars:
        problem = FieldProblem("timeframes", "the simulated market has no bars; leave it out")
        raise CreamError("UNIMPLEMENTED", "This market has no bars", problem)
    return symbols, timeframes


def _listed(text: str) -> list[str]:
    return text.split(",") if text else []
