"""Orders are listed by the same words over both interfaces; one message holds only so many."""

import pytest

from cream.adapters.server.order_listing import (
    MOST_IN_ONE_MESSAGE,
    orders_from_query,
    orders_from_wire,
)
from cream.core.model.errors import CreamError
from cream.core.model.order import OrderStatus
from cream.wire.execution_pb2 import ListOrdersRequest
from tests.fakes.operations import FakeOperations
from tests.fakes.operations_data import working
from tests.unit.adapters.server import states
from tests.unit.adapters.server.calls import Caller
from tests.unit.adapters.server.site import get


def test_a_query_asks_for_everything_and_a_call_for_what_fits_into_one_message() -> None:
    query, wire = orders_from_query([]), orders_from_wire(ListOrdersRequest())

    assert (query.status, query.limit) == (None, None)
    assert (wire.status, wire.limit) == (None, MOST_IN_ONE_MESSAGE)


def test_status_and_limit_are_said_alike() -> None:
    query = orders_from_query([("status", ["FILLED"]), ("limit", ["5"])])

    assert query == orders_from_wire(ListOrdersRequest(status="FILLED", limit=5))
    assert (query.status, query.limit) == (OrderStatus.FILLED, 5)
    assert orders_from_wire(ListOrdersRequest(limit=0)).limit == 0


@pytest.mark.parametrize(
    ("request_message", "fields"),
    [
        (ListOrdersRequest(status="GONE", limit=-1), ["status", "limit"]),
        (ListOrdersRequest(limit=MOST_IN_ONE_MESSAGE + 1), ["limit"]),
    ],
)
def test_what_is_wrong_is_named_at_once(
    request_message: ListOrdersRequest, fields: list[str]
) -> None:
    with pytest.raises(CreamError) as caught:
        orders_from_wire(request_message)

    assert [one.field for one in caught.value.problems] == fields


async def test_the_orders_are_those_of_json(operations: FakeOperations) -> None:
    operations.put(working(states.ENTRY), states.filled_entry())
    request = ListOrdersRequest(limit=1)

    reply = await Caller(operations).call("ExecutionService/ListOrders", request)

    (shown,) = (await get(operations, "/v1/orders?limit=1"))["orders"]
    (order,) = reply.orders
    assert order.order_id == shown["order_id"]
    assert order.status_detail == shown["status"]
    assert order.exact_requested_quantity == shown["requested_quantity"]
