from typing import Any

import httpx
import pytest
import structlog.testing
import trio
import trio.testing

from cream.adapters.brokers.alpaca.rest import NoAnswer, NotSent, http_client
from cream.core.resilience.budget import Priority
from tests.unit.adapters.brokers.alpaca.scripted import NOW, Script, keyed, ok

QUERY = Priority.QUERY


async def test_every_call_is_logged_with_alpacas_request_id() -> None:
    script = Script(ok({"a": 1}))
    with structlog.testing.capture_logs() as logs:
        reply = await script.rest().call("GET", "/v2/clock", QUERY, params={"a": "b"})
    assert (reply.status, reply.request_id, reply.document()) == (200, "r-1", {"a": 1})
    assert reply.succeeded
    (line,) = [one for one in logs if one["event"] == "alpaca.call_answered"]
    assert (line["request_id"], line["path"], line["status"]) == ("r-1", "/v2/clock", 200)
    assert script.requests[0].url.query == b"a=b"


@pytest.mark.parametrize(
    "error",
    [httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"), httpx.PoolTimeout("busy")],
)
async def test_what_failed_before_it_left_did_not_happen(error: Exception) -> None:
    script = Script(error)
    with pytest.raises(NotSent):
        await script.rest().call("POST", "/v2/orders", QUERY, body={})
    assert len(script.requests) == 1


@pytest.mark.parametrize(
    "error",
    [
        httpx.ReadTimeout("slow"),
        httpx.WriteTimeout("slow"),
        httpx.ReadError("reset"),
        httpx.WriteError("reset"),
        httpx.RemoteProtocolError("Server disconnected"),
        httpx.DecodingError("gzip"),
    ],
)
async def test_what_failed_later_may_have_happened_and_is_not_sent_again(error: Exception) -> None:
    """A second POST could be a second order."""
    script = Script(error, ok({}))
    with pytest.raises(NoAnswer):
        await script.rest().call("POST", "/v2/orders", QUERY, body={})
    assert len(script.requests) == 1


async def test_an_answer_that_trickles_is_given_up(autojump_clock: trio.testing.MockClock) -> None:
    async def trickle(request: httpx.Request) -> Any:
        await trio.sleep_forever()

    with pytest.raises(NoAnswer):
        await Script(trickle).rest().call("GET", "/", QUERY)


async def test_a_request_that_the_budget_holds_back_too_long_does_not_leave(
    autojump_clock: trio.testing.MockClock,
) -> None:
    script = Script()
    rest = script.rest()
    rest.turnstile.throttled(60)
    with pytest.raises(NotSent, match="budget"):
        await rest.call("GET", "/", QUERY)
    assert script.requests == []


async def test_the_budget_follows_what_alpaca_counts() -> None:
    rest = Script(ok({}, **{"X-RateLimit-Remaining": "17", "X-RateLimit-Limit": "200"})).rest()
    await rest.call("GET", "/", Priority.CANCEL)
    assert rest.turnstile.budget.available(trio.current_time()) < 18


async def test_a_count_that_ran_out_holds_until_alpaca_resets_it() -> None:
    reset = str(int(NOW.timestamp()) + 30)
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
    rest = Script(ok({}, **headers)).rest()
    await rest.call("GET", "/", Priority.CANCEL)
    wait = rest.turnstile.budget.wait_seconds(Priority.CLOSE, trio.current_time())
    assert 25 < wait <= 30


@pytest.mark.parametrize(
    ("headers", "seconds"), [({"Retry-After": "20"}, 20), ({"Retry-After": "soon"}, 1), ({}, 1)]
)
async def test_a_throttled_account_waits_as_long_as_it_is_told(
    autojump_clock: trio.testing.MockClock, headers: dict[str, str], seconds: int
) -> None:
    rest = Script(ok({}, 429, **headers)).rest()
    await rest.call("GET", "/", QUERY)
    assert rest.turnstile.budget.wait_seconds(QUERY, trio.current_time()) == seconds


async def test_a_request_that_is_cancelled_is_no_longer_counted_as_under_way() -> None:
    async def hang(request: httpx.Request) -> Any:
        await trio.sleep_forever()

    script = Script(hang, ok({}, **{"X-RateLimit-Remaining": "9"}))
    rest = script.rest()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(rest.call, "GET", "/", QUERY)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    await rest.call("GET", "/", QUERY)
    assert rest.turnstile.budget.available(trio.current_time()) >= 9


async def test_the_client_carries_the_keys_and_a_limit_on_every_wait() -> None:
    async with http_client(keyed(), "https://paper-api.alpaca.markets") as client:
        assert client.headers["APCA-API-KEY-ID"] == "PK-key"
        assert client.headers["APCA-API-SECRET-KEY"] == "very-secret"
        waits = client.timeout.as_dict()
        assert all(waits[step] is not None for step in ("connect", "read", "write", "pool"))
        assert not client.trust_env
        assert not client.follow_redirects


async def test_a_number_of_thousands_of_digits_in_a_header_is_none() -> None:
    headers = dict.fromkeys(("X-RateLimit-Remaining", "X-RateLimit-Reset"), "9" * 5_000)
    rest = Script(ok({}, 429, **headers, **{"Retry-After": "9" * 5_000})).rest()
    assert (await rest.call("GET", "/", QUERY)).status == 429
