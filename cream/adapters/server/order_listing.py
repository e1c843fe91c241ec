"""Which orders does a caller want listed, over gRPC or in a query?"""

from collections.abc import Iterable, Sequence

from attrs import frozen

from cream.adapters.server import values
from cream.adapters.server.problems import Problems
from cream.adapters.server.queries import known_keys
from cream.adapters.server.strict_json import Json
from cream.core.model.order import OrderStatus
from cream.wire import execution_pb2

# More orders than any journal will hold.
_LARGEST_LIMIT = 10**9
# Clients take messages of 4 MiB; an order has a kilobyte, with long texts several.
ORDERS_A_MESSAGE = 250

_KEYS = {"status": False, "limit": False}


@frozen
class OrderListing:
    """Orders with `status` (None: all), the newest `limit` of them (None: all)."""

    status: OrderStatus | None
    limit: int | None


def orders_from_query(given: Iterable[tuple[str, Sequence[str]]]) -> OrderListing:
    """The query of GET /v1/orders.   Raises: CreamError INVALID_REQUEST."""
    problems = Problems()
    found = {name: texts[0] for name, texts in known_keys(given, _KEYS, problems).items()}
    return _listing(found.get("status"), found.get("limit"), problems)


def orders_from_wire(message: execution_pb2.ListOrdersRequest) -> OrderListing:
    """The same, over gRPC."""
    limit = message.limit if message.HasField("limit") else None
    return _listing(message.status or None, limit, Problems())


def _listing(status: str | None, limit: Json, problems: Problems) -> OrderListing:
    word = count = None
    if status is not None:
        word = values.choice_value(status, "status", problems, OrderStatus)
    if limit is not None:
        count = values.whole_value(limit, "limit", problems, least=0, most=_LARGEST_LIMIT)
    problems.raise_any()
    return OrderListing(word, count)
