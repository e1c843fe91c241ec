"""The trading endpoints: orders, positions, the account and its history.

Source: Alpaca Trading API v2, OpenAPI document 2.0.1, 2026-06.
"""

from datetime import datetime

import trio
from attrs import define, field
from quart import Response, request
from quart_trio import QuartTrio

from cream.adapters.sandbox.app import Sandbox, after_commit, body_of, gateway_page, reply
from cream.adapters.sandbox.faults import FaultName
from cream.adapters.sandbox.forms import read_change
from cream.adapters.sandbox.listings import is_true, read_day, read_query, read_time
from cream.adapters.sandbox.refusals import (
    FORBIDDEN,
    Refusal,
    not_found,
    unprocessable,
)
from cream.adapters.sandbox.replies import Json
from cream.adapters.sandbox.words import whole
from cream.core.options.occ import NEW_YORK

_DEFAULT_PAGE, _MOST_A_PAGE = 100, 100
# How much of what makes no sense is said again.
_SHOWN = 40

_CONFIGURATIONS: Json = {
    "no_shorting": False,
    "suspend_trade": False,
    "fractional_trading": True,
    "max_margin_multiplier": "2",
    "max_options_trading_level": 3,
    "trade_confirm_email": "all",
    "ptp_no_exception_entry": False,
    "disable_overnight_trading": False,
}


@define
class TradingRoutes:
    """The handlers."""

    sandbox: Sandbox
    _invisible_until: dict[str, float] = field(factory=dict)
    _configured: Json = field(factory=dict)

    def register(self, app: QuartTrio) -> None:
        """Put every handler at its path."""
        rules = (
            ("POST", "/v2/orders", self.submit),
            ("GET", "/v2/orders", self.orders),
            ("DELETE", "/v2/orders", self.cancel_all),
            ("GET", "/v2/orders:by_client_order_id", self.by_client_id),
            ("GET", "/v2/orders/<order_id>", self.order),
            ("PATCH", "/v2/orders/<order_id>", self.replace),
            ("DELETE", "/v2/orders/<order_id>", self.cancel),
            ("GET", "/v2/positions", self.positions),
            ("DELETE", "/v2/positions", self.close_all),
            ("GET", "/v2/positions/<symbol>", self.position),
            ("DELETE", "/v2/positions/<symbol>", self.close),
            ("POST", "/v2/positions/<symbol>/exercise", self.exercise),
            ("POST", "/v2/positions/<symbol>/do-not-exercise", self.do_not_exercise),
            ("GET", "/v2/account", self.account),
            ("GET", "/v2/account/configurations", self.configurations),
            ("PATCH", "/v2/account/configurations", self.configure),
            ("GET", "/v2/account/activities", self.activities),
            ("GET", "/v2/account/activities/<kind>", self.activities),
        )
        for method, path, handler in rules:
            app.add_url_rule(path, f"{method} {path}", handler, methods=[method])

    # Orders -------------------------------------------------------------------------------------

    async def submit(self) -> Response:
        """POST /v2/orders."""
        body = await body_of(request)

        async def commit() -> Response:
            shown = self.sandbox.exchange.submit(body, self.sandbox.next_id("order"))
            lag = self.sandbox.faults.happens(FaultName.LOOKUP_LAG)
            if lag is not None:
                until = trio.current_time() + lag.seconds
                self._invisible_until[str(shown["client_order_id"])] = until
            return reply(shown)

        return await after_commit(self.sandbox, commit)

    async def orders(self) -> Response:
        """GET /v2/orders."""
        return reply(self.sandbox.exchange.orders(read_query(request.args)))

    async def order(self, order_id: str) -> Response:
        """GET /v2/orders/{id}."""
        nested = is_true(request.args.get("nested"))
        return reply(self.sandbox.exchange.order(order_id, nested=nested))

    async def by_client_id(self) -> Response:
        """GET /v2/orders:by_client_order_id."""
        client_id = request.args.get("client_order_id", "")
        if trio.current_time() < self._invisible_until.get(client_id, 0.0):
            raise not_found("order not found")
        nested = is_true(request.args.get("nested", "true"))
        return reply(self.sandbox.exchange.order_by_client_id(client_id, nested=nested))

    async def cancel(self, order_id: str) -> Response:
        """DELETE /v2/orders/{id}: the request is taken, the order is not gone yet."""
        self.sandbox.exchange.cancel(order_id)
        return Response("", 204)

    async def cancel_all(self) -> Response:
        """DELETE /v2/orders."""
        rows: list[Json] = []
        for order_id in self.sandbox.exchange.open_ids():
            try:
                self.sandbox.exchange.cancel(order_id)
            except Refusal as refusal:
                rows.append({"id": order_id, "status": refusal.status, "body": refusal.body()})
            else:
                rows.append({"id": order_id, "status": 200})
        return reply(rows, 207)

    async def replace(self, order_id: str) -> Response:
        """PATCH /v2/orders/{id}."""
        change = read_change(await body_of(request))
        faults = self.sandbox.faults
        if faults.happens(FaultName.CHAIN_NOT_READY) is not None:
            raise unprocessable("order chain not fully replaced")
        if faults.happens(FaultName.PATCH_403_QTY) is not None:
            raise Refusal(403, FORBIDDEN, "insufficient qty available for order")
        shown = self.sandbox.exchange.replace(order_id, change, self.sandbox.next_id("order"))
        if faults.happens(FaultName.PATCH_ERROR_APPLIED) is not None:
            return gateway_page()
        return reply(shown)

    # Positions ----------------------------------------------------------------------------------

    async def positions(self) -> Response:
        """GET /v2/positions."""
        return reply(self.sandbox.exchange.positions())

    async def position(self, symbol: str) -> Response:
        """GET /v2/positions/{symbol or asset id}."""
        return reply(self.sandbox.exchange.position(symbol))

    async def close(self, symbol: str) -> Response:
        """DELETE /v2/positions/{symbol}: an order at the market for all of it, or a part."""
        return reply(self._close(symbol, request.args.get("qty"), request.args.get("percentage")))

    async def close_all(self) -> Response:
        """DELETE /v2/positions."""
        if is_true(request.args.get("cancel_orders")):
            await self.cancel_all()
        rows: list[Json] = []
        for held in self.sandbox.exchange.positions():
            symbol = str(held["symbol"])
            try:
                row: Json = {"status": 200, "body": self._close(symbol, None, None)}
            except Refusal as refusal:
                row = {"status": refusal.status, "body": refusal.body()}
            rows.append({"symbol": symbol} | row)
        return reply(rows, 207)

    async def exercise(self, symbol: str) -> Response:
        """POST /v2/positions/{symbol or contract id}/exercise: all of it, now."""

        async def commit() -> Response:
            self.sandbox.exchange.exercise(symbol)
            return Response("", 200)

        return await after_commit(self.sandbox, commit)

    async def do_not_exercise(self, symbol: str) -> Response:
        """POST /v2/positions/{symbol or contract id}/do-not-exercise: it will end worthless."""

        async def commit() -> Response:
            self.sandbox.exchange.do_not_exercise(symbol)
            return Response("", 200)

        return await after_commit(self.sandbox, commit)

    def _close(self, symbol: str, quantity: str | None, percentage: str | None) -> Json:
        fresh_id = self.sandbox.next_id("order")
        return self.sandbox.exchange.close(symbol, fresh_id, quantity, percentage)

    # The account --------------------------------------------------------------------------------

    async def account(self) -> Response:
        """GET /v2/account."""
        return reply(self.sandbox.exchange.account())

    async def configurations(self) -> Response:
        """GET /v2/account/configurations."""
        return reply(_CONFIGURATIONS | self._configured)

    async def configure(self) -> Response:
        """PATCH /v2/account/configurations: kept and shown again, and obeyed by nobody."""
        body = await body_of(request)
        for name, value in body.items():
            if name in _CONFIGURATIONS and type(value) is not type(_CONFIGURATIONS[name]):
                raise unprocessable(f"invalid {name}: {str(value)[:_SHOWN]}")
        self._configured |= {name: body[name] for name in _CONFIGURATIONS if name in body}
        return await self.configurations()

    async def activities(self, kind: str = "") -> Response:
        """GET /v2/account/activities: newest first unless it is asked for otherwise."""
        arguments, exchange = request.args, self.sandbox.exchange
        kinds = arguments.get("activity_types", kind)
        category, order_id = arguments.get("category", ""), arguments.get("order_id", "")
        day = read_day(arguments.get("date"))
        after = read_time(arguments.get("after"), "after")
        until = read_time(arguments.get("until"), "until")
        dated = [(_at(row), row) for row in exchange.activities.fills]
        dated += exchange.activities.others(exchange.clock.now())
        rows = [
            row
            for at, row in sorted(dated, key=lambda one: one[0])
            if (not kinds or row["activity_type"] in kinds.split(","))
            and order_id in ("", row.get("order_id"))
            and day in (None, at.astimezone(NEW_YORK).date())
            and category in ("", _category(row))
            and (after is None or at > after)
            and (until is None or at < until)
        ]
        if arguments.get("direction", "desc") == "desc":
            rows.reverse()
        token = arguments.get("page_token")
        if token:
            ids = [row["id"] for row in rows]
            rows = rows[ids.index(token) + 1 :] if token in ids else []
        if day is not None and "page_size" not in arguments:
            return reply(rows)  # Of one day all of them come at once.
        size = whole(arguments.get("page_size", str(_DEFAULT_PAGE)))
        if not size:
            raise unprocessable("page_size must be a number above zero")
        return reply(rows[: min(size, _MOST_A_PAGE)])


def _category(row: Json) -> str:
    return "trade_activity" if row["activity_type"] == "FILL" else "non_trade_activity"


def _at(row: Json) -> datetime:
    """When a fill was written, to the microsecond."""
    at = read_time(str(row["transaction_time"])[:26] + "Z", "transaction_time")
    assert at is not None, "the sandbox writes its own moments"
    return at
