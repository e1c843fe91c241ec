"""Which methods does the server know, and how is each one called?"""

from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import Any, Protocol

from attrs import frozen
from grpclib.const import Handler


class Service(Protocol):
    """A service as grpclib generates it: it maps paths to handlers."""

    def __mapping__(self) -> dict[str, Handler]:
        """`/package.Service/Method` to its handler."""
        ...


@frozen
class Method:
    """One method of a service, ready to be called."""

    path: str
    func: Callable[[Any], Awaitable[None]]
    client_streaming: bool
    server_streaming: bool
    parse: Callable[[bytes], Any]
    reply_type: type
    # Served without asking `authorize`.
    public: bool


def service_name(path: str) -> str:
    """The service in a method's path."""
    return path.strip("/").rpartition("/")[0]


def methods_by_path(
    services: Iterable[Service], public_services: Collection[str] = ()
) -> dict[bytes, Method]:
    """All methods of the services, by the path that a request names.

    Raises: ValueError where two services claim one path, or a public service does not exist.
    """
    methods: dict[bytes, Method] = {}
    for service in services:
        for path, handler in service.__mapping__().items():
            key = path.encode("ascii")
            if key in methods:
                raise ValueError(f"Expected one handler for {path}, were two")
            methods[key] = Method(
                path=path,
                func=handler.func,
                client_streaming=handler.cardinality.client_streaming,
                server_streaming=handler.cardinality.server_streaming,
                parse=handler.request_type.FromString,
                reply_type=handler.reply_type,
                public=service_name(path) in public_services,
            )
    unknown = set(public_services) - {service_name(method.path) for method in methods.values()}
    if unknown:
        raise ValueError(f"Expected public services to be served, were not: {sorted(unknown)}")
    return methods
