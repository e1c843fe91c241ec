"""What can whoever runs the sandbox do to it, while it runs? Faults, the market, and a look inside.

On a port of its own, so that nothing that Alpaca's clients can reach is more than Alpaca has.
"""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from attrs import field, frozen
from quart import Response, request
from quart_trio import QuartTrio

from cream.adapters.sandbox.app import Sandbox, body_of, create_control_app, reply
from cream.adapters.sandbox.faults import ACTS, HALT, FaultName, read_fault
from cream.adapters.sandbox.forms import read_symbol
from cream.adapters.sandbox.listings import is_true
from cream.adapters.sandbox.refusals import not_found, unprocessable
from cream.adapters.sandbox.tape import LOT
from cream.core.model.errors import CreamError
from cream.core.model.instrument import Instrument
from cream.core.model.money import is_within_reason

# What ends every stream at once.
_CUTS = (FaultName.UNREACHABLE, FaultName.REVOKE, FaultName.DROPPED)
# Above every price, size and age.
_HIGHEST = 10_000_000


@frozen
class ControlRoutes:
    """The handlers."""

    sandbox: Sandbox
    # What a fault has halted.
    _halted: set[str] = field(factory=set)

    def app(self) -> QuartTrio:
        """The application of the control port."""
        app = create_control_app()
        rules = (
            ("GET", "/faults", self.faults),
            ("POST", "/faults", self.arm),
            ("DELETE", "/faults", self.clear),
            ("POST", "/quote", self.quote),
            ("POST", "/print", self.print),
            ("POST", "/correction", self.correction),
            ("POST", "/halt", self.halt),
            ("POST", "/resume", self.resume),
            ("POST", "/luld", self.luld),
            ("POST", "/imbalance", self.imbalance),
            ("POST", "/assign", self.assign),
            ("POST", "/liquidate", self.liquidate),
            ("POST", "/split", self.split),
            ("GET", "/book", self.book),
        )
        for method, path, handler in rules:
            app.add_url_rule(path, f"{method} {path}", handler, methods=[method])
        return app

    async def faults(self) -> Response:
        """GET /faults: what is on, and what there is."""
        names = [name.value for name in FaultName]
        return reply({"armed": self._armed(), "known": [*names, *ACTS]})

    def _armed(self) -> list[str]:
        return self.sandbox.faults.armed() + [HALT] * bool(self._halted)

    async def arm(self) -> Response:
        """POST /faults {name, …}: switch a fault on, or do what happens but once."""
        faults = self.sandbox.faults
        body = await body_of(request)
        name = body.get("name")
        if isinstance(name, str) and name in ACTS:
            return await self._act(name, body)
        fault = read_fault(body, faults.now())
        faults.arm(fault)
        if fault.name in _CUTS:
            self.sandbox.broadcast.cut()
            self.sandbox.cut_data()
        return reply({"armed": self._armed()})

    async def _act(self, name: str, body: Mapping[str, Any]) -> Response:
        """What lasts no longer than it takes to do it, or until it is undone by name."""
        unknown = sorted(set(body) - ACTS[name] - {"name"})
        if unknown:
            takes = ", ".join(sorted(ACTS[name]))
            raise unprocessable(f"unknown: {', '.join(unknown)}; {name} takes {takes}")
        match name:
            case "ca.split":
                return await self.split()
            case "ops.liquidate_leg":
                return await self.liquidate()
            case "opt.assign":
                return await self.assign()
            case _:
                self._halted.add(self._listed(body).underlying)
                return await self.halt()

    def _end_halts(self) -> None:
        for symbol in sorted(self._halted & self.sandbox.tape.halted):
            self._resume(symbol)
        self._halted.clear()

    async def clear(self) -> Response:
        """DELETE /faults: switch all off, or with ?name= one."""
        names = {name.value: name for name in FaultName}
        asked = request.args.get("name")
        if asked is not None and asked not in names and asked != HALT:
            raise unprocessable(f"name must be one of {', '.join(names)}, {HALT}")
        if asked in (None, HALT):
            self._end_halts()
        if asked != HALT:
            self.sandbox.faults.clear(names[asked] if asked is not None else None)
        self.sandbox.exchange.advance()
        return reply({"armed": self._armed()})

    async def quote(self) -> Response:
        """POST /quote {symbol, bid, ask, bid_size?, ask_size?}: move the market."""
        body = await body_of(request)
        symbol = body.get("symbol")
        if not isinstance(symbol, str):
            raise unprocessable("symbol is required")
        try:
            bid, ask = _number(body, "bid"), _number(body, "ask")
            sizes = [int(str(body.get(name, 1_000))) for name in ("bid_size", "ask_size")]
            quote = self.sandbox.exchange.market.set_quote(symbol, bid, ask, sizes[0], sizes[1])
        except ValueError:
            raise unprocessable("sizes must be whole numbers") from None
        except CreamError as error:
            raise unprocessable(error.message) from None
        return reply({"symbol": quote.symbol, "bid": str(quote.bid), "ask": str(quote.ask)})

    async def print(self) -> Response:
        """POST /print {symbol, price, size?, seconds_ago?}: a trade of one's own."""
        body = await body_of(request)
        instrument = self._listed(body)
        ago = timedelta(seconds=float(_number(body, "seconds_ago", Decimal(0))))
        price, size = _number(body, "price"), int(_number(body, "size", Decimal(LOT)))
        printed = self.sandbox.tape.print(instrument.symbol, price, size, ago)
        return reply({"id": printed.number})

    async def correction(self) -> Response:
        """POST /correction {symbol, id, price, size} or {symbol, id, action}: it was not so."""
        body = await body_of(request)
        symbol, number = self._listed(body).symbol, int(_number(body, "id"))
        if "action" in body:
            self.sandbox.tape.cancel(symbol, number, str(body["action"]))
            return reply({})
        price, size = _number(body, "price"), int(_number(body, "size"))
        return reply({"id": self.sandbox.tape.correct(symbol, number, price, size).number})

    async def halt(self) -> Response:
        """POST /halt {symbol, reason?}: nothing of it trades, orders wait."""
        body = await body_of(request)
        symbol = self._listed(body).underlying
        self.sandbox.exchange.halt(symbol)
        self.sandbox.tape.halt(symbol, str(body.get("reason", "LUDP")))
        return reply({"halted": sorted(self.sandbox.tape.halted)})

    async def resume(self) -> Response:
        """POST /resume {symbol}: it trades again, at the quote of now."""
        symbol = self._listed(await body_of(request)).underlying
        self._halted.discard(symbol)
        self._resume(symbol)
        return reply({"halted": sorted(self.sandbox.tape.halted)})

    def _resume(self, symbol: str) -> None:
        self.sandbox.tape.resume(symbol)
        self.sandbox.exchange.resume(symbol)

    async def luld(self) -> Response:
        """POST /luld {symbol, up, down}: the prices between which it may trade."""
        body = await body_of(request)
        symbol = self._listed(body).symbol
        self.sandbox.tape.limit(symbol, _number(body, "up"), _number(body, "down"))
        return reply({})

    async def imbalance(self) -> Response:
        """POST /imbalance {symbol, price}: where it would open again."""
        body = await body_of(request)
        self.sandbox.tape.imbalance(self._listed(body).symbol, _number(body, "price"))
        return reply({})

    async def assign(self) -> Response:
        """POST /assign {symbol, qty?}: options become shares, and the stream says nothing."""
        body = await body_of(request)
        symbol = str(body.get("symbol", ""))
        self.sandbox.exchange.assign(symbol, _number(body, "qty", Decimal(1)))
        return reply({})

    async def split(self) -> Response:
        """POST /split {symbol, ratio}: so many shares for each, and orders stay as they were.

        Halt it first where those shall not trade at once.
        """
        body = await body_of(request)
        self.sandbox.exchange.split(self._listed(body).symbol, _number(body, "ratio"))
        return reply({})

    async def liquidate(self) -> Response:
        """POST /liquidate {symbol}: the broker closes a holding at the market, unasked."""
        body = await body_of(request)
        order_id = self.sandbox.next_id("order")
        return reply(self.sandbox.exchange.close(str(body.get("symbol", "")), order_id))

    def _listed(self, body: Mapping[str, Any]) -> Instrument:
        """What the body is about.   Raises: Refusal for what the market does not have."""
        symbol = body.get("symbol")
        if not isinstance(symbol, str):
            raise unprocessable("symbol is required")
        instrument = read_symbol(symbol)
        exchange = self.sandbox.exchange
        if not exchange.market.knows(instrument, exchange.clock.now()):
            raise not_found(f"the market does not list {symbol}")
        return instrument

    async def book(self) -> Response:
        """GET /book: what the venue really holds; with ?open=true, without what is over."""
        open_only = is_true(request.args.get("open"))
        return reply(self.sandbox.exchange.book(open_only=open_only))


def _number(body: Mapping[str, Any], name: str, default: Decimal | None = None) -> Decimal:
    """A number of the body.   Raises: Refusal."""
    raw = body.get(name, default)
    try:
        value = Decimal(str(raw))
    except InvalidOperation:
        value = Decimal("NaN")
    if not is_within_reason(value) or not 0 <= value <= _HIGHEST:
        raise unprocessable(f"{name} must be a number from 0 to {_HIGHEST}")
    return value
