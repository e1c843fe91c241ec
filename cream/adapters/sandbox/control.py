"""What can whoever runs the sandbox do to it, while it runs? Faults, the market, and a look inside.

On a port of its own, so that nothing that Alpaca's clients can reach is more than Alpaca has.
"""

from decimal import Decimal, InvalidOperation

from attrs import frozen
from quart import Response, request
from quart_trio import QuartTrio

from cream.adapters.sandbox.app import Sandbox, body_of, create_control_app, reply
from cream.adapters.sandbox.faults import FaultName, read_fault
from cream.adapters.sandbox.refusals import unprocessable
from cream.core.model.errors import CreamError


@frozen
class ControlRoutes:
    """The handlers."""

    sandbox: Sandbox

    def app(self) -> QuartTrio:
        """The application of the control port."""
        app = create_control_app()
        rules = (
            ("GET", "/faults", self.faults),
            ("POST", "/faults", self.arm),
            ("DELETE", "/faults", self.clear),
            ("POST", "/quote", self.quote),
            ("GET", "/book", self.book),
        )
        for method, path, handler in rules:
            app.add_url_rule(path, f"{method} {path}", handler, methods=[method])
        return app

    async def faults(self) -> Response:
        """GET /faults: what is on, and what there is."""
        names = [name.value for name in FaultName]
        return reply({"armed": self.sandbox.faults.armed(), "known": names})

    async def arm(self) -> Response:
        """POST /faults {name, …}: switch a fault on."""
        faults = self.sandbox.faults
        fault = read_fault(await body_of(request), faults.now())
        faults.arm(fault)
        if fault.name in (FaultName.UNREACHABLE, FaultName.REVOKE):
            self.sandbox.broadcast.cut()
        return reply({"armed": faults.armed()})

    async def clear(self) -> Response:
        """DELETE /faults: switch all off, or with ?name= one."""
        names = {name.value: name for name in FaultName}
        asked = request.args.get("name")
        if asked is not None and asked not in names:
            raise unprocessable(f"name must be one of {', '.join(names)}")
        self.sandbox.faults.clear(names[asked] if asked is not None else None)
        self.sandbox.exchange.advance()
        return reply({"armed": self.sandbox.faults.armed()})

    async def quote(self) -> Response:
        """POST /quote {symbol, bid, ask, bid_size?, ask_size?}: move the market."""
        body = await body_of(request)
        symbol = body.get("symbol")
        if not isinstance(symbol, str):
            raise unprocessable("symbol is required")
        try:
            bid, ask = Decimal(str(body["bid"])), Decimal(str(body["ask"]))
            sizes = [int(str(body.get(name, 1_000))) for name in ("bid_size", "ask_size")]
            quote = self.sandbox.exchange.market.set_quote(symbol, bid, ask, sizes[0], sizes[1])
        except (KeyError, ValueError, InvalidOperation):
            raise unprocessable("bid and ask must be numbers, sizes whole numbers") from None
        except CreamError as error:
            raise unprocessable(error.message) from None
        return reply({"symbol": quote.symbol, "bid": str(quote.bid), "ask": str(quote.ask)})

    async def book(self) -> Response:
        """GET /book: what the venue really holds."""
        return reply(self.sandbox.exchange.book())
