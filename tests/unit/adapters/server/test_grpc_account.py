"""The account's history and fees, over gRPC: the same as over JSON."""

import pytest
from grpclib.const import Status
from grpclib.exceptions import GRPCError

from cream.wire.account_pb2 import GetFeesRequest, ListActivitiesRequest
from tests.fakes.account_history import a_history
from tests.fakes.operations import FakeOperations
from tests.integration.wire_calls import problem_fields
from tests.unit.adapters.server.both import as_json, with_times
from tests.unit.adapters.server.calls import Caller
from tests.unit.adapters.server.site import get


@pytest.fixture
def operations() -> FakeOperations:
    """Operations with a history."""
    return FakeOperations(history=a_history())


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("", {}),
        ("?type=ASSIGNMENT", {"types": ["ASSIGNMENT"]}),
        ("?type=FEE,ASSIGNMENT", {"types": ["FEE", "ASSIGNMENT"]}),
        ("?type=DIVIDEND", {"types": ["DIVIDEND"]}),
        ("?since=2026-11-23&until=2026-11-23", {"since": "2026-11-23", "until": "2026-11-23"}),
        ("?since=2026-11-25", {"since": "2026-11-25"}),
        ("?limit=1", {"limit": 1}),
    ],
)
async def test_a_page_is_that_of_the_query(
    operations: FakeOperations, query: str, fields: dict[str, object]
) -> None:
    request = ListActivitiesRequest(**fields)  # type: ignore[arg-type]

    reply = await Caller(operations).call("AccountService/ListActivities", request)

    assert as_json(reply) == with_times(await get(operations, f"/v1/activities{query}"))


async def test_the_cursor_of_a_page_leads_to_the_next(operations: FakeOperations) -> None:
    caller, seen = Caller(operations), []
    request = ListActivitiesRequest(limit=2)
    for _ in range(5):
        page = await caller.call("AccountService/ListActivities", request)
        seen += [(row.type, row.net_amount) for row in page.activities]
        if not page.HasField("next_cursor"):
            break
        request.cursor = page.next_cursor

    assert seen == [("FEE", "-0.02"), ("FEE", "-0.01"), ("ASSIGNMENT", "0")]


async def test_an_activity_without_a_price_has_none(operations: FakeOperations) -> None:
    request = ListActivitiesRequest(types=["FEE"])

    page = await Caller(operations).call("AccountService/ListActivities", request)

    assert {row.HasField("price") for row in page.activities} == {False}
    assert page.kept_days == 32


@pytest.mark.parametrize(
    ("request_message", "fields"),
    [
        (ListActivitiesRequest(types=["FEES", ""]), ["types", "types"]),
        (ListActivitiesRequest(types=["FEE,DIVIDEND"]), ["types"]),
        (ListActivitiesRequest(since="yesterday", until="2026-13-01"), ["since", "until"]),
        (ListActivitiesRequest(since="20261123"), ["since"]),
        (ListActivitiesRequest(since="2026-11-24", until="2026-11-23"), ["since"]),
        (ListActivitiesRequest(limit=0, cursor="x"), ["limit", "cursor"]),
        (ListActivitiesRequest(limit=1001), ["limit"]),
        (ListActivitiesRequest(cursor="2026-11-23:"), ["cursor"]),
    ],
)
async def test_what_is_wrong_in_a_request_is_named_at_once(
    operations: FakeOperations, request_message: ListActivitiesRequest, fields: list[str]
) -> None:
    with pytest.raises(GRPCError) as caught:
        await Caller(operations).call("AccountService/ListActivities", request_message)

    assert caught.value.status is Status.INVALID_ARGUMENT
    assert problem_fields(caught.value) == fields


async def test_fees_are_told_as_json_tells_them(operations: FakeOperations) -> None:
    reply = await Caller(operations).call("AccountService/GetFees", GetFeesRequest())

    assert as_json(reply) == with_times(await get(operations, "/v1/fees"))
    charged, expected = reply.fees
    assert (charged.estimated, charged.charged, charged.differs) == ("0.01", "0.03", True)
    assert not expected.HasField("charged")
    assert not expected.HasField("differs")
