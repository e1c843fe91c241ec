"""How the daemon does, over gRPC: the same as over JSON."""

from typing import Any

import pytest
from grpclib.const import Status
from grpclib.exceptions import GRPCError

from cream.core.model.errors import CreamError
from cream.wire import status_pb2
from tests.fakes.operations import FakeOperations
from tests.fakes.operations_data import NOW
from tests.unit.adapters.server.both import as_json, with_times
from tests.unit.adapters.server.calls import Caller
from tests.unit.adapters.server.site import call, get


async def ask(operations: FakeOperations, method: str) -> Any:
    request = getattr(status_pb2, f"{method}Request")()
    return await Caller(operations).call(f"StatusService/{method}", request)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GetFeedHealth", "/v1/feed-health"),
        ("GetCircuitBreakers", "/v1/circuit-breaker"),
        ("GetSupervision", "/v1/supervision"),
    ],
)
async def test_a_part_is_shown_as_json_shows_it(
    operations: FakeOperations, method: str, path: str
) -> None:
    reply = await ask(operations, method)

    shown = with_times(await get(operations, path))
    assert as_json(reply) == shown
    assert any(shown.values())


async def test_a_comparison_is_shown_and_made_as_over_json(operations: FakeOperations) -> None:
    shown = with_times(await get(operations, "/v1/reconciliation"))

    last = (await ask(operations, "GetReconciliation")).reconciliation
    now = (await ask(operations, "Reconcile")).reconciliation

    assert as_json(last) == as_json(now) == shown
    assert last.completed_at.seconds == int(NOW.timestamp())
    assert [one.kind for one in last.differences] == ["MISSING_AT_BROKER"]


async def test_a_comparison_that_cannot_be_made_says_why(operations: FakeOperations) -> None:
    operations.broken = CreamError("NOT_READY", "there is no broker")

    with pytest.raises(GRPCError) as caught:
        await ask(operations, "Reconcile")

    assert caught.value.status is Status.UNAVAILABLE
    assert caught.value.message == "there is no broker"


async def test_not_to_be_ready_is_an_answer_with_reasons(operations: FakeOperations) -> None:
    ready = await ask(operations, "GetReadiness")
    operations.not_ready = ("recovering", "the journal is down")

    waiting = await ask(operations, "GetReadiness")

    assert as_json(ready) == {"ready": True, "reasons": []}
    assert as_json(waiting) == await (await call(operations, "GET", "/ready")).get_json()
    assert waiting.reasons[0] == "recovering"
