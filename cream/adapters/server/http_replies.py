"""How does an answer become bytes? Through msgspec, from the classes that the schema is made of."""

import msgspec
from quart import Response, request

from cream.adapters.server.json_views import error_view
from cream.core.model.errors import CreamError

JSON = "application/json"

_encoder = msgspec.json.Encoder()


def encoded(view: object) -> bytes:
    """`view` as JSON."""
    return _encoder.encode(view)


def reply(view: object, status: int = 200) -> Response:
    """`view` as the body of a reply."""
    return Response(encoded(view), status=status, content_type=JSON)


def error_reply(error: CreamError, status: int | None = None) -> Response:
    """The one shape of every error."""
    response = reply(error_view(error), status or error.kind.http)
    if error.kind.http == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


async def json_body() -> bytes:
    """The body of the request. Empty whatever it calls itself: the decoder says so.

    Raises: CreamError UNSUPPORTED_MEDIA_TYPE.
    """
    body = await request.get_data(cache=False, as_text=False)
    if body and request.mimetype != JSON:
        raise CreamError(
            "UNSUPPORTED_MEDIA_TYPE",
            f"Expected content-type {JSON}, was {request.mimetype or 'nothing'}",
        )
    assert isinstance(body, bytes), "as_text is off"
    return body
