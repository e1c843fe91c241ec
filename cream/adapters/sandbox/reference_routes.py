"""The endpoints about the market itself: clock, calendar, what is listed.

Source: Alpaca Trading API v2, OpenAPI document 2.0.1, 2026-06.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from attrs import frozen
from quart import Response, request
from quart_trio import QuartTrio

from cream.adapters.sandbox.app import Sandbox, reply
from cream.adapters.sandbox.chains import contracts_of, read_date
from cream.adapters.sandbox.forms import read_symbol
from cream.adapters.sandbox.refusals import Refusal, not_found, unprocessable
from cream.adapters.sandbox.replies import Json
from cream.adapters.sandbox.words import eastern, price, uuid_text, whole
from cream.core.exchange.calendar import closes_early, is_trading_day
from cream.core.model.instrument import Equity, OptionContract
from cream.core.options.occ import NEW_YORK, compact

_DAY = timedelta(days=1)
# The longest calendar that is answered at once.
_MOST_DAYS = 366 * 3
_DEFAULT_PAGE, _MOST_A_PAGE = 100, 10_000
# Alpaca's calendar begins and ends with these.
_FIRST_DAY, _LAST_DAY = date(1970, 1, 1), date(2029, 12, 31)


@frozen
class ReferenceRoutes:
    """The handlers. `symbols` are the shares that are listed."""

    sandbox: Sandbox
    symbols: tuple[str, ...]

    def register(self, app: QuartTrio) -> None:
        """Put every handler at its path."""
        rules = (
            ("/v2/clock", self.clock),
            ("/v2/calendar", self.calendar),
            ("/v2/assets", self.assets),
            ("/v2/assets/<symbol>", self.asset),
            ("/v2/options/contracts", self.contracts),
            ("/v2/options/contracts/<symbol>", self.contract),
        )
        for path, handler in rules:
            app.add_url_rule(path, f"GET {path}", handler, methods=["GET"])

    async def clock(self) -> Response:
        """GET /v2/clock."""
        exchange = self.sandbox.exchange
        now, sessions = exchange.clock.now(), exchange.market.sessions
        today = sessions.session_of(now) or sessions.next_session(now)
        return reply(
            {
                "timestamp": eastern(now),
                "is_open": sessions.is_open(now),
                "next_open": eastern(sessions.next_open(now)),
                "next_close": eastern(today.closes_at),
            }
        )

    async def calendar(self) -> Response:
        """GET /v2/calendar: the days of the New York exchange."""
        today = self.sandbox.exchange.clock.now().astimezone(NEW_YORK).date()
        start = read_date(request.args, "start", today)
        if not _FIRST_DAY <= start <= _LAST_DAY:
            return reply([])
        end = min(
            read_date(request.args, "end", start + timedelta(days=30)),
            start + timedelta(days=_MOST_DAYS),
            _LAST_DAY,
        )
        return reply([_day(day) for day in _days(start, end) if is_trading_day(day)])

    async def assets(self) -> Response:
        """GET /v2/assets: those that fit every argument."""
        rows = [_asset(symbol) for symbol in self.symbols]
        for name, field in (
            ("status", "status"),
            ("asset_class", "class"),
            ("exchange", "exchange"),
        ):
            asked = request.args.get(name)
            if asked:
                rows = [row for row in rows if row[field] == asked]
        attributes = {one for one in request.args.get("attributes", "").split(",") if one}
        return reply([row for row in rows if not attributes or attributes & _attributes(row)])

    async def asset(self, symbol: str) -> Response:
        """GET /v2/assets/{symbol or id}."""
        for one in self.symbols:
            if symbol in (one, uuid_text("asset", one)):
                return reply(_asset(one))
        raise not_found(f"asset not found for {symbol}")

    async def contracts(self) -> Response:
        """GET /v2/options/contracts. Without bounds only up to the next weekend, as at Alpaca."""
        arguments = request.args
        size = whole(arguments.get("limit", str(_DEFAULT_PAGE)))
        first = whole(arguments.get("page_token", "0"))
        if size is None or first is None or not 1 <= size <= _MOST_A_PAGE:
            raise unprocessable("invalid limit or page_token")
        exchange = self.sandbox.exchange
        asked = arguments.get("underlying_symbols")
        underlyings = asked.split(",") if asked else self.symbols
        if arguments.get("status", "active") != "active":
            underlyings = ()
        rows = [
            one
            for underlying in underlyings
            for one in contracts_of(underlying, arguments, exchange.market, exchange.clock.now())
        ]
        last = first + size
        return reply(
            {
                "option_contracts": [self._contract(one) for one in rows[first:last]],
                "next_page_token": str(last) if last < len(rows) else None,
            }
        )

    async def contract(self, symbol: str) -> Response:
        """GET /v2/options/contracts/{symbol}."""
        try:
            contract = read_symbol(symbol)
        except Refusal:
            contract = Equity(symbol)
        market, now = self.sandbox.exchange.market, self.sandbox.exchange.clock.now()
        if not isinstance(contract, OptionContract) or not market.knows(contract, now):
            raise not_found(f"option contract {symbol} not found")
        return reply(self._contract(contract))

    def _contract(self, contract: OptionContract) -> Json:
        kind = contract.right.value.lower()
        quote = self.sandbox.exchange.market.latest(contract.symbol)
        return {
            "id": uuid_text("asset", contract.symbol),
            "symbol": compact(contract),
            "name": f"{contract.underlying} {contract.expiration} {contract.strike} {kind}",
            "status": "active",
            "tradable": True,
            "expiration_date": contract.expiration.isoformat(),
            "root_symbol": contract.underlying,
            "underlying_symbol": contract.underlying,
            "underlying_asset_id": uuid_text("asset", contract.underlying),
            "type": kind,
            "style": "american",
            "strike_price": price(contract.strike),
            "multiplier": "100",
            "size": "100",
            "open_interest": None,
            "open_interest_date": None,
            "close_price": price(quote.mid) if quote is not None else None,
            "close_price_date": None,
        }


def _attributes(row: Json) -> set[str]:
    attributes = row["attributes"]
    assert isinstance(attributes, list), "every asset has some"
    return set(attributes)


def _asset(symbol: str) -> Json:
    return {
        "id": uuid_text("asset", symbol),
        "class": "us_equity",
        "exchange": "NASDAQ",
        "symbol": symbol,
        "name": f"{symbol} in the sandbox",
        "status": "active",
        "tradable": True,
        "marginable": True,
        "shortable": True,
        "easy_to_borrow": True,
        "borrow_status": "easy_to_borrow",
        "fractionable": True,
        "maintenance_margin_requirement": 30,
        "margin_requirement_long": "50",
        "margin_requirement_short": "50",
        "attributes": ["has_options", "fractional_eh_enabled"],
    }


def _day(day: date) -> Json:
    close = "13:00" if closes_early(day) else "16:00"
    session_close = "1700" if closes_early(day) else "2000"
    settles = day + _DAY
    while not is_trading_day(settles):
        settles += _DAY
    return {
        "date": day.isoformat(),
        "open": "09:30",
        "close": close,
        "session_open": "0400",
        "session_close": session_close,
        "settlement_date": settles.isoformat(),
    }


def _days(start: date, end: date) -> Iterator[date]:
    while start <= end:
        yield start
        start += _DAY
