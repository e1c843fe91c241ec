from typing import Any

import httpx
import pytest
import structlog.testing
import trio
import trio.testing

from cream.adapters.brokers.alpaca.breakers import Breakers, Endpoint, endpoint_of
from cream.adapters.brokers.alpaca.rest import AlpacaRest, NoAnswer, NotSent
from cream.core.resilience.breaker import BreakerLimits, BreakerState
from cream.core.resilience.budget import Priority
from tests.unit.adapters.brokers.alpaca.scripted import Script, ok, refused

LIMITS = BreakerLimits(minimum_calls=3, wait_seconds=30, half_open_calls=1)
QUERY = Priority.QUERY


def rest(script: Script, limits: BreakerLimits = LIMITS) -> AlpacaRest:
    one = script.rest()
    one.breakers.__init__(limits)  # type: ignore[misc]
    return one


def state(one: AlpacaRest, endpoint: Endpoint) -> BreakerState:
    return one.breakers.by_endpoint[endpoint].state(trio.current_time())


@pytest.mark.parametrize(
    ("path", "endpoint"),
    [
        ("/v2/orders", Endpoint.ORDERS),
        ("/v2/orders:by_client_order_id", Endpoint.ORDERS),
        ("/v2/orders/b-1", Endpoint.ORDERS),
        ("/v2/account/activities/FILL", Endpoint.HISTORY),
        ("/v2/account", Endpoint.ACCOUNT),
        ("/v2/positions", Endpoint.ACCOUNT),
        ("/v2/clock", Endpoint.CLOCK),
    ],
)
def test_a_path_belongs_to_a_class(path: str, endpoint: Endpoint) -> None:
    assert endpoint_of(path) is endpoint


async def test_a_class_that_keeps_failing_is_held_back_and_tried_again(
    autojump_clock: trio.testing.MockClock,
) -> None:
    failures = [ok({}, 500), ok({}, 503), httpx.ReadTimeout("slow")]
    script = Script(*failures, ok({"a": 1}), ok({"b": 2}))
    one = rest(script)
    with structlog.testing.capture_logs() as logs:
        for _ in range(2):
            await one.call("GET", "/v2/account", QUERY)
        with pytest.raises(NoAnswer):
            await one.call("GET", "/v2/positions", QUERY)
        with pytest.raises(NotSent, match="Circuit breaker is open for Alpaca"):
            await one.call("GET", "/v2/account", QUERY)
    assert len(script.requests) == 3
    lines = [line for line in logs if line["event"] == "Circuit breaker is open for Alpaca"]
    assert [line["endpoint"] for line in lines] == ["account", "account"]
    assert (await one.call("GET", "/v2/account/activities", QUERY)).succeeded
    await trio.sleep(30)
    assert (await one.call("GET", "/v2/account", QUERY)).succeeded
    assert state(one, Endpoint.ACCOUNT) is BreakerState.CLOSED


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "PATCH"])
async def test_what_is_about_orders_and_the_clock_always_pass(method: str) -> None:
    """Cancels, exits and what they ask about; entries have a breaker in the router."""
    script = Script(*(ok({}, 503) for _ in range(12)))
    one = rest(script)
    for _ in range(6):
        await one.call(method, "/v2/orders", QUERY)
        await one.call("GET", "/v2/clock", QUERY)
    assert len(script.requests) == 12
    assert state(one, Endpoint.ORDERS) is state(one, Endpoint.CLOCK) is BreakerState.OPEN


@pytest.mark.parametrize(
    "answer",
    [refused(403, 40310000), refused(422, 42210000), refused(429, 42910000), ok({}, 404)],
)
async def test_who_is_refused_or_throttled_was_answered(answer: httpx.Response) -> None:
    script = Script(*(answer for _ in range(3)))
    one = rest(script, BreakerLimits(minimum_calls=1))
    await one.call("GET", "/v2/account", QUERY)
    assert state(one, Endpoint.ACCOUNT) is BreakerState.CLOSED
    assert one.breakers.by_endpoint[Endpoint.ACCOUNT].total_failures == 0


async def test_a_request_that_was_given_up_tells_nothing(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def never(request: httpx.Request) -> Any:
        await trio.sleep_forever()

    one = rest(Script(never), BreakerLimits(minimum_calls=1))
    with trio.move_on_after(1):
        await one.call("GET", "/v2/account", QUERY)
    breaker = one.breakers.by_endpoint[Endpoint.ACCOUNT]
    assert (breaker.total_calls, breaker.state(trio.current_time())) == (0, BreakerState.CLOSED)


async def test_our_own_budget_tells_nothing_of_alpaca(
    autojump_clock: trio.testing.MockClock,
) -> None:
    one = rest(Script(), BreakerLimits(minimum_calls=1))
    one.turnstile.throttled(3_600)
    with pytest.raises(NotSent, match="budget"):
        await one.call("GET", "/v2/account", QUERY)
    assert one.breakers.by_endpoint[Endpoint.ACCOUNT].total_failures == 0


def test_each_class_has_a_name_of_its_own() -> None:
    names = [one.name for one in Breakers().all()]
    assert names == ["Alpaca orders", "Alpaca account", "Alpaca history", "Alpaca clock"]
