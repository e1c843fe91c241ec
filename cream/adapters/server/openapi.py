"""How do the routes describe themselves in /openapi.json and on /docs?

quart-schema walks the routes; the schemas come from msgspec, from the classes that replies are
built of. Its own msgspec support leaves nested classes out, hence the provider here.
"""

from collections.abc import Callable
from html import escape
from typing import Any, TypeVar

import msgspec
from quart import Quart
from quart_schema import Info, QuartSchema
from quart_schema.openapi import HttpSecurityScheme, OpenAPIProvider
from quart_schema.validation import QUART_SCHEMA_REQUEST_ATTRIBUTE, DataSource
from werkzeug.routing.rules import Rule

from cream.adapters.server.json_types import Error

OPENAPI_PATH = "/openapi.json"

_REFERENCE = "#/components/schemas/{name}"
_QUERY_ATTRIBUTE = "_cream_query_parameters"

F = TypeVar("F", bound=Callable[..., Any])


def document_request(body: type) -> Callable[[F], F]:
    """Say what the body of a route looks like; reading it is the route's own work."""

    def decorator(route: F) -> F:
        setattr(route, QUART_SCHEMA_REQUEST_ATTRIBUTE, (body, DataSource.JSON))
        return route

    return decorator


def document_query(**meanings: str) -> Callable[[F], F]:
    """Say which query parameters a route takes, and what they mean."""

    def decorator(route: F) -> F:
        setattr(route, _QUERY_ATTRIBUTE, meanings)
        return route

    return decorator


def takes_query(route: object) -> bool:
    """Whether a route has query parameters. It reads them itself."""
    return hasattr(route, _QUERY_ATTRIBUTE)


def _schema(model: type) -> tuple[dict[str, Any], dict[str, Any]]:
    """The schema of `model` and everything that it refers to."""
    (schema,), components = msgspec.json.schema_components([model], ref_template=_REFERENCE)
    return schema, components


def _content(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


class _Provider(OpenAPIProvider):
    """The document, with complete schemas and the error shape on every operation."""

    def build_request_body(self, model: Any, source: DataSource) -> tuple[dict[str, Any], Any]:
        schema, components = _schema(model)
        return {"required": True, "content": _content(schema)}, components

    def build_response_object(self, model: Any, headers_model: Any) -> tuple[dict[str, Any], Any]:
        schema, components = _schema(model)
        about = (model.__doc__ or "").strip().splitlines()[0]
        return {"description": about, "content": _content(schema)}, components

    def build_paths(self, rule: Rule) -> tuple[dict[str, Any], dict[str, Any]]:
        paths, components = super().build_paths(rule)
        error, error_components = _schema(Error)
        route = self._app.view_functions[rule.endpoint]
        parameters = [
            {"name": name, "in": "query", "description": meaning, "schema": {"type": "string"}}
            for name, meaning in getattr(route, _QUERY_ATTRIBUTE, {}).items()
        ]
        for operations in paths.values():
            for operation in operations.values():
                operation["parameters"] = parameters
                responses = {str(code): what for code, what in operation["responses"].items()}
                responses["default"] = {
                    "description": "Anything that is not a success.",
                    "content": _content(error),
                }
                operation["responses"] = responses
        return paths, {**components, **error_components}


def describe(app: Quart, *, version: str, with_tokens: bool) -> None:
    """Serve the document at /openapi.json. Nothing is fetched from elsewhere."""
    scheme: dict[str, Any] = {"bearer": HttpSecurityScheme(scheme="bearer")}
    QuartSchema(
        app,
        openapi_path=OPENAPI_PATH,
        redoc_ui_path=None,
        scalar_ui_path=None,
        swagger_ui_path=None,
        info=Info(title="Cream", version=version),
        conversion_preference="msgspec",
        security_schemes=scheme if with_tokens else None,
        security=[{"bearer": []}] if with_tokens else None,
        openapi_provider_class=_Provider,
    )


def docs_page(app: Quart) -> str:
    """A page for people: every route with what it does, without a script or a stylesheet."""
    document = app.extensions["QUART_SCHEMA"].openapi_provider.schema()
    rows = "".join(
        f"<tr><td><code>{escape(method.upper())}</code></td><td><code>{escape(path)}</code></td>"
        f"<td>{escape(str(about.get('summary', '')))}</td></tr>"
        for path, methods in sorted(document["paths"].items())
        for method, about in sorted(methods.items())
    )
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Cream</title>"
        "<style>body{font:16px/1.5 system-ui;margin:2rem auto;max-width:60rem}"
        "td{padding:.2rem 1rem .2rem 0;vertical-align:top}</style>"
        f"<h1>Cream</h1><p>For programs: <a href={OPENAPI_PATH}>openapi.json</a>. Changes as they "
        "happen: the WebSocket <code>/v1/stream</code>.</p>"
        f"<table>{rows}</table></html>"
    )
