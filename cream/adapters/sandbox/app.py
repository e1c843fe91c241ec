"""What is asked of every request before it is answered, and what is on every answer?

Keys, the rate limit, the faults that any endpoint can have; X-Request-ID and the X-RateLimit
headers; and every refusal in Alpaca's form.
"""

from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Any

import msgspec
import structlog
import trio
from attrs import define, field
from quart import Request, Response, g, request
from quart_trio import QuartTrio
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException
from werkzeug.http import http_date

from cream.adapters.sandbox.broadcast import Broadcast
from cream.adapters.sandbox.data_plans import PLUS, DataPlan
from cream.adapters.sandbox.data_shown import Shown
from cream.adapters.sandbox.exchange import Exchange
from cream.adapters.sandbox.faults import FaultName, Faults
from cream.adapters.sandbox.history import History
from cream.adapters.sandbox.limits import Allowance, RateLimits
from cream.adapters.sandbox.refusals import (
    INTERNAL,
    THROTTLED,
    UNAUTHORIZED,
    Refusal,
    unprocessable,
)
from cream.adapters.sandbox.tape import Tape
from cream.adapters.sandbox.words import uuid_text

log = structlog.get_logger(__name__)

# What belongs to the market data interface, which counts its requests by itself.
_DATA_PATHS = ("/v2/stocks", "/v1beta1")
# How long an answer is behind its messages if the fault does not say.
_EARLY_SECONDS = 0.05
MAX_BODY_BYTES = 1024 * 1024

_json = msgspec.json.Decoder(float_hook=Decimal)

_HTML = "<html><body><h1>504 Gateway Time-out</h1></body></html>"


@define
class Sandbox:
    """Everything that the routes share. `keys` None: any non-empty pair is let in.

    `cut_data` ends every connection of the data streams.
    """

    exchange: Exchange
    broadcast: Broadcast
    faults: Faults
    limits: RateLimits
    tape: Tape
    history: History
    shown: Shown
    keys: tuple[str, str] | None = None
    plan: DataPlan = PLUS
    cut_data: Callable[[], None] = field(default=lambda: None)
    _requests: int = field(default=0)

    def next_id(self, kind: str) -> str:
        """A fresh id, the next of its kind."""
        self._requests += 1
        return uuid_text(kind, str(self._requests))

    def lets_in(self, key: str, secret: str) -> bool:
        """Whether these keys open the account."""
        if not key or not secret or self.faults.happens(FaultName.REVOKE) is not None:
            return False
        return self.keys in (None, (key, secret))


def create_app(sandbox: Sandbox) -> QuartTrio:
    """The application that clients of Alpaca talk to, without its routes."""
    app = create_control_app()

    @app.before_request
    async def enter() -> Response | None:
        return await _enter(sandbox)

    @app.after_request
    async def stamp(response: Response) -> Response:
        return _stamp(sandbox, response)

    return app


def create_control_app() -> QuartTrio:
    """An application that says no in Alpaca's form, and never shows a traceback."""
    app = QuartTrio("cream.sandbox")
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES

    @app.errorhandler(Refusal)
    async def refused(error: Refusal) -> Response:
        return reply(error.body(), error.status)

    @app.errorhandler(HTTPException)
    async def missing(error: HTTPException) -> Response:
        return reply({"message": error.name}, error.code or 500)

    @app.errorhandler(Exception)
    async def defect(error: Exception) -> Response:
        log.error("sandbox.request_failed", path=request.path, exc_info=error)
        return reply({"code": INTERNAL, "message": "internal server error"}, 500)

    return app


def reply(document: object, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(msgspec.json.encode(document), status, content_type="application/json")


def gateway_page() -> Response:
    """What a gateway says when the server behind it took too long."""
    return Response(_HTML, 504, content_type="text/html")


async def body_of(asked: Request) -> Mapping[str, Any]:
    """The JSON object of the request, numbers exact.   Raises: Refusal."""
    data = await asked.get_data()
    try:
        document = _json.decode(data)
    except (msgspec.DecodeError, ArithmeticError, RecursionError):
        raise Refusal(400, 40010000, "request body format is invalid") from None
    if not isinstance(document, dict):
        raise unprocessable("request body must be an object")
    return document


def keys_of(headers: Headers) -> tuple[str, str]:
    """Key and secret of a request."""
    return headers.get("APCA-API-KEY-ID", ""), headers.get("APCA-API-SECRET-KEY", "")


async def _enter(sandbox: Sandbox) -> Response | None:
    faults, path = sandbox.faults, request.path
    if faults.peek(FaultName.UNREACHABLE) is not None:
        return Response("", 503)
    key, secret = keys_of(request.headers)
    if not sandbox.lets_in(key, secret):
        raise Refusal(401, UNAUTHORIZED, "request is not authorized")
    of_data = path.startswith(_DATA_PATHS)
    allowance: Allowance = sandbox.limits.take(key, of_data=of_data)
    g.allowance = allowance
    if not allowance.allowed or faults.happens(FaultName.THROTTLE, path) is not None:
        # The two interfaces do not even say it alike.
        if of_data:
            raise Refusal(429, None, "too many requests.")
        raise Refusal(429, THROTTLED, "rate limit exceeded")
    if faults.happens(FaultName.UNAVAILABLE, path) is not None:
        return Response("", 503)
    flaky = faults.happens(FaultName.FLAKY, path)
    if flaky is not None:
        raise Refusal(flaky.status, INTERNAL, "internal server error")
    return None


def _stamp(sandbox: Sandbox, response: Response) -> Response:
    response.headers["Date"] = http_date(sandbox.exchange.clock.now())
    response.headers["X-Request-ID"] = sandbox.next_id("request").replace("-", "")
    allowance = g.get("allowance")
    if isinstance(allowance, Allowance):
        response.headers["X-RateLimit-Limit"] = str(allowance.limit)
        response.headers["X-RateLimit-Remaining"] = str(allowance.remaining)
        response.headers["X-RateLimit-Reset"] = str(allowance.reset_at)
    return response


async def after_commit(sandbox: Sandbox, commit: Callable[[], Awaitable[Response]]) -> Response:
    """What `commit` answers, or what the faults of a POST make of it."""
    faults = sandbox.faults
    if faults.happens(FaultName.POST_LOST_504) is not None:
        return gateway_page()
    if faults.happens(FaultName.SPURIOUS_403) is not None:
        message = "insufficient underlying qty available for covered call (required: 100)"
        raise Refusal(403, 40310000, message)
    response = await commit()
    if faults.happens(FaultName.POST_ACCEPTED_504) is not None:
        return gateway_page()
    hang = faults.happens(FaultName.HANG_AFTER_COMMIT)
    if hang is not None:
        await trio.sleep(hang.seconds)
    early = faults.happens(FaultName.EARLY)
    if early is not None:
        await trio.sleep(early.seconds or _EARLY_SECONDS)
    return response
