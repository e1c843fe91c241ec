"""What does the JSON API look like as an application: its routes, its one error shape, its docs?"""

from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Any

import structlog
import trio
from quart import Quart, Response, g, has_request_context, request
from quart_trio import QuartTrio
from werkzeug.exceptions import HTTPException

import cream
from cream.adapters.server import http_routes, http_state_routes, market_routes, stream
from cream.adapters.server.auth import Gatekeeper
from cream.adapters.server.http_replies import error_reply
from cream.adapters.server.http_site import Site
from cream.adapters.server.openapi import describe, takes_query
from cream.adapters.server.queries import refuse_any
from cream.adapters.server.settings import ServerSettings
from cream.core.model.errors import KIND_BY_CODE, CreamError
from cream.core.model.ids import digest
from cream.core.model.plan import Environment
from cream.core.operations import Operations

log = structlog.get_logger(__name__)

# What the framework says itself, in our words.
_BY_STATUS = {
    400: ("INVALID_REQUEST", "The request does not fit this path; see /openapi.json"),
    404: ("NOT_FOUND", "There is nothing at this path; see /openapi.json"),
    405: ("METHOD_NOT_ALLOWED", "This path does not take this method; see /openapi.json"),
    408: ("INVALID_REQUEST", "The body did not arrive in time"),
    413: ("BODY_TOO_LARGE", "The body is over server.max_body_bytes"),
}

# A caller's own id goes into the log and back into the reply; a longer one is no id.
_LONGEST_REQUEST_ID = 128
# Other paths (health, metrics, documents) are asked by programs that add what they like.
_API = "/v1/"
# Enough of a digest to find a request in the log.
_REQUEST_ID_CHARACTERS = 16


def create_app(
    operations: Operations,
    settings: ServerSettings,
    *,
    environment: Environment,
    now: Callable[[], datetime],
    metrics: Callable[[], tuple[bytes, str]],
    shutdown: trio.Event,
) -> Quart:
    """The application over `operations`; its streams end at `shutdown`."""
    app = QuartTrio("cream", static_folder=None)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    app.config["BODY_TIMEOUT"] = settings.body_timeout_seconds
    # A reply may wait for the broker, and the stream never ends.
    app.config["RESPONSE_TIMEOUT"] = None
    # A path with a slash too many is another path, not a redirect.
    app.url_map.merge_slashes = False
    site = Site(
        operations=operations,
        settings=settings,
        gatekeeper=Gatekeeper(settings.token_hashes),
        environment=environment,
        now=now,
        metrics=metrics,
        shutdown=shutdown,
    )
    _add_hooks(app, site)
    http_routes.add_to(app, site)
    http_state_routes.add_to(app, site)
    market_routes.add_to(app, site)
    stream.add_to(app, site)
    describe(app, version=cream.__version__, with_tokens=bool(settings.token_hashes))
    return app


def _add_hooks(app: Quart, site: Site) -> None:
    """Who calls, under which id, and what they get when it goes wrong."""
    numbers = count(1)

    async def identify() -> None:
        given = request.headers.get("X-Request-ID", "")
        usable = given.isascii() and given.isprintable() and len(given) <= _LONGEST_REQUEST_ID
        own = f"r-{digest('request', str(next(numbers)))[:_REQUEST_ID_CHARACTERS]}"
        g.request_id = given if given and usable else own
        structlog.contextvars.bind_contextvars(request_id=g.request_id)
        headers = {name.lower(): value for name, value in request.headers.items()}
        g.actor = site.gatekeeper.authorize(headers, request.path)

    async def sign(response: Any) -> Any:
        if isinstance(response, Response) and "request_id" in g:
            response.headers["X-Request-ID"] = g.request_id
        structlog.contextvars.unbind_contextvars("request_id")
        return response

    async def unasked() -> None:
        route = app.view_functions.get(request.endpoint or "")
        if request.path.startswith(_API) and route is not None and not takes_query(route):
            refuse_any(list(request.args.lists()))

    app.before_request(identify)
    app.before_request(unasked)
    app.after_request(sign)
    app.register_error_handler(CreamError, _refused)
    app.register_error_handler(HTTPException, _framework_error)
    app.register_error_handler(Exception, _defect)


async def _refused(error: CreamError) -> Response:
    return error_reply(error)


async def _framework_error(error: HTTPException) -> Response:
    status = error.code or 500
    if status >= 500:
        return await _defect(error)
    code, message = _BY_STATUS.get(status, ("INVALID_REQUEST", error.description or error.name))
    reply = error_reply(CreamError(code, message), status)
    for name, value in error.get_headers():
        if name.lower() == "allow":
            reply.headers[name] = value
    return reply


async def _defect(error: Exception) -> Response:
    path = request.path if has_request_context() else "a WebSocket"
    log.error("http.request_failed", path=path, exc_info=error)
    return error_reply(CreamError("INTERNAL", KIND_BY_CODE["INTERNAL"].meaning))
