"""What the adapter asks and says; what the broker's port demands is in the contract tests."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
import trio
from attrs import evolve
from trio.testing import MockClock

from cream.adapters.brokers.alpaca import broker as module
from cream.adapters.brokers.alpaca import trading
from cream.adapters.brokers.alpaca.broker import AlpacaBroker, open_alpaca
from cream.adapters.brokers.alpaca.endpoints import WrongAccount
from cream.adapters.brokers.alpaca.requests import Replacement
from cream.adapters.brokers.alpaca.stream import OrderStream
from cream.adapters.brokers.alpaca.trading import TradingApi
from cream.adapters.clock import ShiftedClock
from cream.core.model.broker import (
    Accepted,
    CancelTaken,
    InstructionTaken,
    OutcomeUnknown,
    Refused,
    Unavailable,
)
from cream.core.model.errors import BrokerUnavailable
from cream.core.model.order import OrderPurpose
from cream.core.model.plan import Environment
from cream.core.options.occ import parse_occ
from tests.fakes.venue_lab import bracket, terms
from tests.unit.adapters.brokers.alpaca.scripted import (
    NOW,
    STAMP,
    Script,
    keyed,
    ok,
    order,
    reconnects,
    refused,
)

CONTRACT = "AAPL261218C00240000"


def over(script: Script) -> AlpacaBroker:
    rest = script.rest()
    stream = OrderStream("ws://x", rest.settings, reconnects(rest.settings))
    return AlpacaBroker(TradingApi(rest), stream, rest.clock, rest.settings)


async def test_what_alpaca_would_refuse_is_not_sent() -> None:
    script = Script()
    outcome = await over(script).submit(evolve(bracket(), stop_loss=None))
    assert isinstance(outcome, Refused)
    assert outcome.code == "MISSING_STOP_LOSS"
    assert script.requests == []


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (ok(order()), Accepted),
        (ok(order(side="sideways")), OutcomeUnknown),
        (refused(422, 42210000), Refused),
        (httpx.ReadTimeout("x"), OutcomeUnknown),
        (httpx.ConnectError("x"), Unavailable),
    ],
)
async def test_each_answer_to_an_order_has_its_outcome(answer: Any, kind: type[Any]) -> None:
    script = Script(answer)
    assert isinstance(await over(script).submit(terms()), kind)
    assert len(script.requests) == 1


async def test_extended_hours_are_asked_for() -> None:
    script = Script(ok(order()))
    await over(script).submit(terms(limit="238.50"), extended_hours=True)
    assert script.bodies()[0]["extended_hours"] is True


async def test_an_exit_passes_where_an_entry_is_held_back() -> None:
    """The budget is spent down to the reserve of exits."""
    script = Script(ok(order()))
    one = over(script)
    for _ in range(110):
        one.api.rest.turnstile.budget.take(trio.current_time())
    impatient = evolve(one.api.rest.settings, queue_timeout_seconds=0.001)
    one.api = TradingApi(evolve(one.api.rest, settings=impatient))
    assert isinstance(await one.submit(terms()), Unavailable)
    assert isinstance(await one.submit(terms(purpose=OrderPurpose.EXIT)), Accepted)


async def test_a_replacement_shows_the_order_that_takes_the_place() -> None:
    new = order(id="b-2", replaces="b-1", status="new")
    script = Script(ok(new), ok(new), httpx.Response(500))
    one, change = over(script), Replacement(client_order_id="cream-2", quantity=Decimal(5))
    outcome = await one.replace("b-1", change)
    assert isinstance(outcome, Accepted)
    assert outcome.order.broker_order_id == "b-2"
    assert isinstance(await one.replace("b-1", change), OutcomeUnknown)
    assert script.bodies()[0] == {"client_order_id": "cream-2", "qty": "5"}


async def test_a_replacement_that_is_rejected_afterwards_is_refused(
    autojump_clock: MockClock,
) -> None:
    """The first answer was yes; a question that fails is asked again."""
    new = ok(order(id="b-2", replaces="b-1", status="pending_new"))
    gone = ok(order(id="b-2", replaces="b-1", status="rejected"))
    one = over(Script(new, httpx.Response(500), gone))
    outcome = await one.replace("b-1", Replacement(client_order_id="cream-2"))
    assert isinstance(outcome, Refused)
    assert outcome.code == "REPLACEMENT_REJECTED"


async def test_a_replacement_that_does_not_settle_is_told_as_it_was_last(
    autojump_clock: MockClock,
) -> None:
    new = ok(order(id="b-2", replaces="b-1", status="pending_new"))
    one = over(Script(*[new] * 5))
    outcome = await one.replace("b-1", Replacement(client_order_id="cream-2"))
    assert isinstance(outcome, Accepted)
    assert outcome.order.raw_status == "pending_new"


async def test_a_cancel_is_taken_or_refused() -> None:
    one = over(Script(httpx.Response(204), refused(422, 42210000, 'order is already in "filled"')))
    assert await one.cancel("b") == CancelTaken()
    refusal = await one.cancel("b")
    assert isinstance(refusal, Refused)
    assert refusal.code == "ORDER_NOT_CANCELABLE"


HELD = {"symbol": CONTRACT, "qty": "2", "avg_entry_price": "5", "side": "long"}


async def test_the_whole_position_is_exercised_or_none_of_it() -> None:
    """Alpaca's call has no quantity: what is not all of it is not sent."""
    script = Script(ok([HELD]), ok([HELD]), ok({}), ok([]))
    one, contract = over(script), parse_occ(CONTRACT)

    part = await one.exercise(contract, Decimal(1))
    whole = await one.exercise(contract, Decimal(2))
    nothing = await one.exercise(contract, Decimal(2))

    assert isinstance(part, Refused)
    assert isinstance(nothing, Refused)
    assert part.code == nothing.code == "WHOLE_POSITION_ONLY"
    assert whole == InstructionTaken()
    sent = [(one.method, one.url.path) for one in script.requests if one.method == "POST"]
    assert sent == [("POST", f"/v2/positions/{CONTRACT}/exercise")]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (ok({}), InstructionTaken),
        (refused(422, 42210000), Refused),
        (httpx.ReadTimeout("x"), OutcomeUnknown),
        (httpx.ConnectError("x"), Unavailable),
    ],
)
async def test_each_answer_to_an_instruction_has_its_outcome(answer: Any, kind: type[Any]) -> None:
    script = Script(answer)
    assert isinstance(await over(script).do_not_exercise(parse_occ(CONTRACT)), kind)
    assert script.requests[0].url.path == f"/v2/positions/{CONTRACT}/do-not-exercise"


async def test_without_knowing_what_is_held_nothing_is_exercised() -> None:
    script = Script(*[httpx.ConnectError("x")] * 10)
    outcome = await over(script).exercise(parse_occ(CONTRACT), Decimal(2))
    assert isinstance(outcome, Unavailable)
    assert {one.method for one in script.requests} <= {"GET"}


async def test_without_groups_open_orders_take_one_request() -> None:
    script = Script(ok([order()]))
    assert len(await over(script).open_orders()) == 1
    assert script.requests[0].url.params["status"] == "open"


async def test_a_stop_that_is_held_is_shown_though_no_list_has_it() -> None:
    """Alpaca's lists have the target of a filled bracket alone (js #80, #87)."""
    target = order(id="t", status="new", order_class="bracket", side="sell")
    stop = order(id="s", status="held", order_class="bracket", side="sell")
    parent = order(id="p", status="filled", order_class="bracket", legs=[target, stop])
    script = Script(ok([target]), ok([]), ok([parent]))
    shown = await over(script).open_orders()
    assert [one.broker_order_id for one in shown] == ["t", "s"]
    asked = [(one.url.params["status"], one.url.params["nested"]) for one in script.requests]
    assert asked == [("open", "false"), ("open", "true"), ("all", "true")]


async def test_the_group_of_an_order_that_we_placed_is_asked_for_by_its_id() -> None:
    exits = [order(id=one, status="held", order_class="bracket", side="sell") for one in "ts"]
    placed = order(id="p", order_class="bracket", legs=exits)
    target = exits[0] | {"status": "new"}
    filled = order(id="p", status="filled", order_class="bracket", legs=[target, exits[1]])
    script = Script(ok(placed), ok([target]), ok([]), ok(filled))
    one = over(script)
    assert isinstance(await one.submit(bracket()), Accepted)
    shown = await one.open_orders()
    assert [one.broker_order_id for one in shown] == ["t", "s"]
    assert script.paths()[-1] == "GET /v2/orders/p"


async def test_an_order_that_cannot_be_read_makes_the_whole_answer_unknown() -> None:
    """A list that leaves an open order out would be a lie."""
    with pytest.raises(BrokerUnavailable, match="cannot be read"):
        await over(Script(ok([order(side="sideways")]))).open_orders()


async def test_ids_are_those_of_young_orders_and_their_legs_page_by_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(trading, "ORDERS_A_PAGE", 2)
    leg = order(id="leg", client_order_id="alpacas-own")
    first = [order(legs=[leg]), order(id="b-2", client_order_id=None)]
    last = [order(id="b-3", submitted_at=None, created_at=STAMP)]
    older = order(id="old", submitted_at="2026-11-20T15:00:00Z")
    script = Script(ok(first), ok([*last, older]))
    shown = await over(script).order_ids_since(NOW)
    assert [one.broker_order_id for one in shown] == ["b-1", "leg", "b-2", "b-3"]
    assert [one.client_order_id for one in shown[1:3]] == ["alpacas-own", ""]
    assert script.requests[1].url.params["before_order_id"] == "b-2"


async def test_ids_are_those_of_young_legs_of_old_orders_and_of_legs_of_legs() -> None:
    """A leg that was replaced is younger than its order; nobody says how deep groups go."""
    deep = order(id="deep", legs=[])
    old = {"submitted_at": "2026-11-20T15:00:00Z"}
    parent = order(id="old", legs=[order(id="leg", legs=[deep]), order(id="other", **old)], **old)
    shown = await over(Script(ok([parent]))).order_ids_since(NOW)
    assert [one.broker_order_id for one in shown] == ["leg", "deep"]


async def test_a_page_that_its_legs_fill_is_not_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever lies behind it would be taken for absent."""
    monkeypatch.setattr(trading, "ORDERS_A_PAGE", 3)
    first = order(legs=[order(id="leg-1"), order(id="leg-2")])
    script = Script(ok([first]), ok([order(id="b-2")]))
    shown = await over(script).order_ids_since(NOW)
    assert [one.broker_order_id for one in shown] == ["b-1", "leg-1", "leg-2", "b-2"]
    again = Script(ok([first]), ok([order(id="b-2")]))
    found = await TradingApi(again.rest()).orders("all", nested=True)
    assert [one.id for one in found] == ["b-1", "b-2"]


@pytest.mark.parametrize(
    "body",
    [b"<html>", b'{"id": "b-1"}', b"[{}]", b'[{"id": 7}]', b"[" * 100_000],
    ids=["markup", "no list", "no id", "a number as id", "a deep nest"],
)
async def test_a_list_that_cannot_be_read_names_nothing(body: bytes) -> None:
    """Whoever looks for an order in it must not take it for absent."""
    with pytest.raises(BrokerUnavailable, match="cannot be read"):
        await over(Script(httpx.Response(200, content=body))).order_ids_since(NOW)


async def test_a_list_of_moments_that_are_none_names_nothing() -> None:
    with pytest.raises(BrokerUnavailable, match="cannot be read"):
        await over(Script(ok([order(submitted_at="yesterday")]))).order_ids_since(NOW)


async def test_a_list_that_does_not_end_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trading, "ORDERS_A_PAGE", 1)
    monkeypatch.setattr(trading, "MAX_PAGES", 2)
    with pytest.raises(BrokerUnavailable, match="does not end"):
        await over(Script(ok([order()]), ok([order()]))).order_ids_since(NOW)


def fill(order_id: str, symbol: str = "AAPL", at: str = STAMP) -> dict[str, Any]:
    return {
        "id": f"row-{order_id}-{at}",
        "activity_type": "FILL",
        "order_id": order_id,
        "symbol": symbol,
        "side": "buy",
        "qty": "1",
        "cum_qty": "1",
        "price": "4.31",
        "transaction_time": at,
    }


async def test_executions_of_a_spread_come_under_its_own_id() -> None:
    leg = order(id="leg", symbol=CONTRACT, order_class="mleg")
    spread = order(id="spread", symbol="", side="", order_class="mleg", legs=[leg])
    script = Script(ok([fill("leg", CONTRACT)]), ok([spread]), ok([fill("leg", CONTRACT)]))
    one = over(script)
    for _ in range(2):
        (execution,) = await one.executions_since(NOW)
        assert (execution.broker_order_id, execution.execution_id) == ("spread", "leg/1")
    assert len(script.requests) == 3


async def test_executions_before_the_moment_are_left_out_and_the_rest_is_in_order() -> None:
    rows = [
        fill("b", at="2026-11-23T15:00:02Z"),
        fill("a", at="2026-11-23T15:00:01Z"),
        fill("c", at="2026-11-23T14:59:59Z"),
    ]
    found = await over(Script(ok(rows))).executions_since(NOW)
    assert [one.broker_order_id for one in found] == ["a", "b"]


async def test_a_history_that_cannot_be_read_is_no_empty_one() -> None:
    with pytest.raises(BrokerUnavailable, match="history"):
        await over(Script(ok([fill("a") | {"price": None}]))).executions_since(NOW)


async def test_positions_account_and_ping() -> None:
    position = {"symbol": "AAPL", "qty": "10", "avg_entry_price": "238.41", "side": "long"}
    account = {"account_number": "PA1", "cash": "1", "equity": "2", "buying_power": "3"}
    clock = {"timestamp": STAMP, "is_open": True, "next_open": STAMP, "next_close": STAMP}
    one = over(Script(ok([position]), ok(account), ok(clock)))
    assert [held.quantity for held in await one.positions()] == [10]
    figures = await one.account()
    assert figures.account_id == "PA1"
    assert abs(figures.as_of - NOW) < timedelta(seconds=30)
    await one.ping()
    assert one.name == "Alpaca"


@pytest.mark.parametrize(
    ("number", "environment", "opens"),
    [("PA1", Environment.PAPER, True), ("9", Environment.PAPER, False)],
)
async def test_an_account_of_the_other_kind_is_not_opened(
    monkeypatch: pytest.MonkeyPatch, number: str, environment: Environment, opens: bool
) -> None:
    account = {"account_number": number, "cash": "1", "equity": "2", "buying_power": "3"}
    client = Script(ok(account)).rest().client
    monkeypatch.setattr(module, "http_client", lambda _settings, _url: client)
    opened = open_alpaca(keyed(), environment, ShiftedClock(NOW), lambda: 0.5)
    if opens:
        async with opened as one:
            assert one.stream.url == "wss://paper-api.alpaca.markets/stream"
    else:
        with pytest.raises(WrongAccount, match="no paper account"):
            async with opened:
                raise AssertionError("it opened")
    assert client.is_closed
