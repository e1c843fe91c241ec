"""What does the JSON API look like as an application: its routes, its one error shape, its docs?"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog
from attrs import frozen
from quart import Quart, Response, g, request
from quart_schema import QuartSchema
from quart_trio import QuartTrio
from werkzeug.exceptions import HTTPException

from cream.adapters.server import http_routes, http_state_routes, stream
from cream.adapters.server.auth import Gatekeeper
from cream.adapters.server.http_replies import error_reply
from cream.adapters.server.settings import ServerSettings
from cream.core.model.errors import CreamError
from cream.core.model.ids import digest
from cream.core.model.plan import Environment
from cream.core.operations import Operations

log = structlog.get_logger(__name__)

# What the framework says itself, in our words.
_BY_STATUS = {
    404: ("NOT_FOUND", "there is nothing at this path; see /openapi.json"),
    405: ("METHOD_NOT_ALLOWED", "this path does not take this method; see /openapi.json"),
    408: ("INVALID_REQUEST", "the body did not arrive in time"),
    413: ("BODY_TOO_LARGE", "the body is over server.max_body_bytes"),
}

_LONGEST_REQUEST_ID = 128


@frozen(kw_only=True)
class Site:
    """What routes need."""

    operations: Operations
    settings: ServerSettings
    environment: Environment
    now: Callable[[], datetime]
    metrics: Callable[[], tuple[bytes, str]]
    is_stopping: Callable[[], bool]


def create_app(
    operations: Operations,
    settings: ServerSettings,
    *,
    environment: Environment,
    now: Callable[[], datetime],
    metrics: Callable[[], tuple[bytes, str]],
    is_stopping: Callable[[], bool],
) -> Quart:
    """The application over `operations`."""
    app = QuartTrio("cream")
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    app.config["BODY_TIMEOUT"] = settings.body_timeout_seconds
    # A reply may wait for the broker, and the stream never ends.
    app.config["RESPONSE_TIMEOUT"] = None
    QuartSchema(
        app,
        openapi_path="/openapi.json",
        swagger_ui_path=None,
        redoc_ui_path=None,
        scalar_ui_path=None,
        info={"title": "Cream", "version": "1"},
    )
    site = Site(
        operations=operations,
        settings=settings,
        environment=environment,
        now=now,
        metrics=metrics,
        is_stopping=is_stopping,
    )
    _add_hooks(app, Gatekeeper(settings.token_hashes))
    http_routes.add_to(app, site)
    http_state_routes.add_to(app, site)
    stream.add_to(app, site)
    return app


def _add_hooks(app: Quart, gatekeeper: Gatekeeper) -> None:
    """Who calls, under which id, and what they get when it goes wrong."""
    numbers = iter(range(1, 2**63))

    async def identify() -> None:
        given = request.headers.get("x-request-id", "")[:_LONGEST_REQUEST_ID]
        usable = given.isascii() and given.isprintable() and given
        g.request_id = usable or f"r-{digest('request', str(next(numbers)))[:16]}"
        structlog.contextvars.bind_contextvars(request_id=g.request_id)
        headers = {name.lower(): value for name, value in request.headers.items()}
        g.actor = gatekeeper.authorize(headers, request.path)

    async def sign(response: Any) -> Any:
        if isinstance(response, Response) and "request_id" in g:
            response.headers["X-Request-ID"] = g.request_id
        structlog.contextvars.unbind_contextvars("request_id")
        return response

    app.before_request(identify)
    app.after_request(sign)
    app.register_error_handler(CreamError, _refused)
    app.register_error_handler(HTTPException, _framework_error)
    app.register_error_handler(Exception, _defect)


async def _refused(error: CreamError) -> Response:
    return error_reply(error)


async def _framework_error(error: HTTPException) -> Response:
    status = error.code or 500
    code, message = _BY_STATUS.get(status, ("INVALID_REQUEST", error.description or error.name))
    if status >= 500:
        code, message = "INTERNAL", "a defect in Cream; the log has the story"
    reply = error_reply(CreamError(code, message))
    for name, value in error.get_headers():
        if name.lower() == "allow":
            reply.headers[name] = value
    return reply


async def _defect(error: Exception) -> Response:
    log.error("http.request_failed", path=request.path, exc_info=error)
    return error_reply(CreamError("INTERNAL", "a defect in Cream; the log has the story"))
