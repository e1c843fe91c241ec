from typing import Any

import httpx
import pytest
import structlog.testing

from cream.adapters.brokers.alpaca import trading
from cream.adapters.brokers.alpaca.errors import (
    Ambiguous,
    CredentialsRefused,
    DefiniteRefusal,
    LookItUp,
    NothingSent,
    Unreadable,
)
from cream.adapters.brokers.alpaca.models import AlpacaOrder
from cream.adapters.brokers.alpaca.trading import TradingApi
from cream.core.model.errors import BrokerUnavailable
from cream.core.resilience.budget import Priority
from tests.unit.adapters.brokers.alpaca.scripted import NOW, STAMP, Script, ok, order, refused


def api(script: Script) -> TradingApi:
    return TradingApi(script.rest())


async def test_an_order_that_was_taken_is_answered_with_itself() -> None:
    script = Script(ok(order()))
    made = await api(script).post_order({"qty": "10"}, Priority.OPEN)
    assert isinstance(made, AlpacaOrder)
    assert script.paths() == ["POST /v2/orders"]
    assert script.bodies() == [{"qty": "10"}]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (refused(422, 42210000), DefiniteRefusal),
        (refused(422, 40010001), LookItUp),
        (httpx.Response(504, text="<html>"), Ambiguous),
        (httpx.Response(401), CredentialsRefused),
        (httpx.Response(200, text="<html>"), Unreadable),
        (ok({"id": 5}), Unreadable),
        (httpx.ConnectError("x"), NothingSent),
        (httpx.ReadTimeout("x"), Ambiguous),
    ],
)
async def test_every_other_answer_to_an_order_is_named_and_nothing_is_sent_again(
    answer: httpx.Response | Exception, kind: type[Any]
) -> None:
    script = Script(answer, ok(order()))
    assert isinstance(await api(script).post_order({}, Priority.OPEN), kind)
    assert len(script.requests) == 1


async def test_a_cancel_that_was_taken_says_nothing() -> None:
    script = Script(httpx.Response(204), refused(422, 42210000), httpx.ReadError("x"))
    one = api(script)
    assert await one.delete_order("a") is None
    assert isinstance(await one.delete_order("a"), DefiniteRefusal)
    assert isinstance(await one.delete_order("a"), Ambiguous)
    assert script.paths()[0] == "DELETE /v2/orders/a"


async def test_an_id_cannot_leave_its_place_in_the_path() -> None:
    script = Script(httpx.Response(204))
    await api(script).delete_order("../positions?x")
    assert script.requests[0].url.raw_path == b"/v2/orders/..%2Fpositions%3Fx"


async def test_a_replacement_is_the_order_that_takes_the_place() -> None:
    script = Script(ok(order(id="b-2", replaces="b-1")))
    made = await api(script).patch_order("b-1", {"qty": "5"})
    assert isinstance(made, AlpacaOrder)
    assert made.replaces == "b-1"
    assert script.paths() == ["PATCH /v2/orders/b-1"]


async def test_what_is_not_known_is_none() -> None:
    script = Script(refused(404, 40410000), refused(404, 40410000), ok(order()))
    one = api(script)
    assert await one.order("a") is None
    assert await one.order_by_client_id("c") is None
    assert await one.order_by_client_id("c") is not None
    assert script.requests[1].url.path == "/v2/orders:by_client_order_id"
    assert script.requests[1].url.params["client_order_id"] == "c"


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500),
        httpx.Response(401),
        httpx.Response(429),
        httpx.Response(200, text="<html>"),
        ok({"id": 7}),
        httpx.ConnectError("x"),
        httpx.ReadError("x"),
    ],
)
async def test_a_question_without_an_answer_is_never_read_as_nothing(
    answer: httpx.Response | Exception,
) -> None:
    """Unknown is not zero."""
    with pytest.raises(BrokerUnavailable):
        await api(Script(answer)).order("a")


@pytest.mark.parametrize("answer", [ok({}), ok([{"id": 1}]), ok([5])])
async def test_a_list_that_is_none_is_never_read_as_empty(answer: httpx.Response) -> None:
    with pytest.raises(BrokerUnavailable, match="cannot be read"):
        await api(Script(answer)).positions()


async def test_refused_keys_raise_an_alarm() -> None:
    with structlog.testing.capture_logs() as logs, pytest.raises(BrokerUnavailable):
        await api(Script(httpx.Response(401))).account()
    assert [one["log_level"] for one in logs if one["event"] == "alpaca.credentials_refused"] == [
        "critical"
    ]


async def test_orders_are_read_page_by_page_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trading, "ORDERS_A_PAGE", 2)
    pages = [[order(id=f"b-{9 - n}"), order(id=f"b-{8 - n}")] for n in (0, 1)]
    script = Script(ok(pages[0]), ok(pages[1]), ok([]))
    found = await api(script).orders("all", nested=True)
    assert [one.id for one in found] == ["b-9", "b-8", "b-7"]
    cursors = [one.url.params.get("before_order_id") for one in script.requests]
    assert cursors == [None, "b-8", "b-7"]
    assert script.requests[0].url.params["nested"] == "true"


async def test_older_pages_than_asked_for_are_not_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trading, "ORDERS_A_PAGE", 2)
    old = order(id="b-1", submitted_at="2026-11-20T15:00:00Z")
    script = Script(ok([order(id="b-2"), old]))
    found = await api(script).orders("all", nested=False, since=NOW)
    assert [one.id for one in found] == ["b-2"]


async def test_a_list_that_never_ends_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trading, "ORDERS_A_PAGE", 1)
    monkeypatch.setattr(trading, "ACTIVITIES_A_PAGE", 1)
    monkeypatch.setattr(trading, "MAX_PAGES", 3)
    with pytest.raises(BrokerUnavailable, match="does not end"):
        await api(Script(*[ok([order()])] * 3)).orders("all", nested=False)
    row = {"id": "f", "activity_type": "FILL"}
    with pytest.raises(BrokerUnavailable, match="does not end"):
        await api(Script(*[ok([row])] * 3)).fills(NOW)


async def test_the_history_is_read_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trading, "ACTIVITIES_A_PAGE", 1)
    rows = [{"id": f"f-{n}", "activity_type": "FILL"} for n in range(2)]
    script = Script(ok([rows[0]]), ok([rows[1]]), ok([]))
    assert [one.id for one in await api(script).fills(NOW)] == ["f-0", "f-1"]
    tokens = [one.url.params.get("page_token") for one in script.requests]
    assert tokens == [None, "f-0", "f-1"]


async def test_account_and_clock_are_typed() -> None:
    account = {"account_number": "PA1", "cash": "1", "equity": "2", "buying_power": "3"}
    clock = {"timestamp": STAMP, "is_open": True, "next_open": STAMP, "next_close": STAMP}
    one = api(Script(ok(account), ok(clock)))
    assert (await one.account()).account_number == "PA1"
    assert (await one.clock()).is_open
