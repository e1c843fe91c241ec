"""Orders are listed by the same words over both interfaces; one message holds only so many."""

import pytest
from attrs import evolve

from cream.adapters.server.order_listing import (
    ORDERS_A_MESSAGE,
    orders_from_query,
    orders_from_wire,
)
from cream.core.model.errors import CreamError
from cream.core.model.order import OrderStatus
from cream.wire.execution_pb2 import ListOrdersRequest
from tests.fakes.operations import FakeOperations
from tests.fakes.operations_data import working
from tests.unit.adapters.server import states
from tests.unit.adapters.server.calls import Caller, FakeStream
from tests.unit.adapters.server.site import get


def test_without_a_word_everything_is_asked_for() -> None:
    query = orders_from_query([])

    assert query == orders_from_wire(ListOrdersRequest())
    assert (query.status, query.limit) == (None, None)


def test_status_and_limit_are_said_alike() -> None:
    query = orders_from_query([("status", ["FILLED"]), ("limit", ["5"])])

    assert query == orders_from_wire(ListOrdersRequest(status="FILLED", limit=5))
    assert (query.status, query.limit) == (OrderStatus.FILLED, 5)
    assert orders_from_wire(ListOrdersRequest(limit=0)).limit == 0


@pytest.mark.parametrize(
    ("request_message", "fields"),
    [
        (ListOrdersRequest(status="GONE", limit=-1), ["status", "limit"]),
        (ListOrdersRequest(status="filled,held"), ["status"]),
    ],
)
def test_what_is_wrong_is_named_at_once(
    request_message: ListOrdersRequest, fields: list[str]
) -> None:
    with pytest.raises(CreamError) as caught:
        orders_from_wire(request_message)

    assert [one.field for one in caught.value.problems] == fields


async def listed(operations: FakeOperations, **asked: object) -> list[list[str]]:
    """The ids of the orders, message by message."""
    stream = FakeStream(ListOrdersRequest(**asked))  # type: ignore[arg-type]
    await Caller(operations).run("ExecutionService/ListOrders", stream)
    return [[order.order_id for order in message.orders] for message in stream.sent]


async def test_the_orders_are_those_of_json(operations: FakeOperations) -> None:
    operations.put(working(states.ENTRY), states.stop_child())
    stream = FakeStream(ListOrdersRequest())

    await Caller(operations).run("ExecutionService/ListOrders", stream)

    shown = (await get(operations, "/v1/orders"))["orders"]
    (message,) = stream.sent
    assert [
        (one.order_id, one.status_detail, one.exact_requested_quantity) for one in message.orders
    ] == [(one["order_id"], one["status"], one["requested_quantity"]) for one in shown]
    assert len(shown) == 2


async def test_many_orders_come_in_several_messages(operations: FakeOperations) -> None:
    """None twice, none left out, oldest first."""
    every = [f"o-{number}" for number in range(2 * ORDERS_A_MESSAGE + 1)]
    operations.put(*(working(evolve(states.ENTRY, order_id=one)) for one in every))

    messages = await listed(operations)

    assert [len(one) for one in messages] == [ORDERS_A_MESSAGE, ORDERS_A_MESSAGE, 1]
    assert [one for some in messages for one in some] == every
    assert await listed(operations, limit=1) == [every[-1:]]
    assert await listed(operations, limit=0) == []
    assert await listed(operations, status="FILLED") == []
