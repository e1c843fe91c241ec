"""What every broker behind the Broker port must do, whoever it is.

Run over the simulated broker and over Alpaca's adapter at the sandbox; another adapter joins by
adding its stage to `STAGES`. A stage gives
a broker with an empty account and a market that the test moves, and pauses by waiting until what
was caused has arrived.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Protocol

import pytest
import trio
import trio.testing
from attrs import evolve

from cream.adapters.brokers.alpaca.broker import AlpacaBroker, open_alpaca
from cream.adapters.brokers.alpaca.settings import AlpacaSettings
from cream.adapters.brokers.levers import SimulationLevers
from cream.adapters.brokers.simulated import SimulatedBroker
from cream.adapters.brokers.simulated_settings import SimulatedSettings
from cream.adapters.clock import ShiftedClock
from cream.adapters.feeds.settings import LISTED_PRICES, SyntheticSettings
from cream.adapters.feeds.synthetic import SyntheticMarket
from cream.adapters.sandbox.faults import Armed, FaultName
from cream.adapters.sandbox.server import Opened, SandboxSettings, serve_sandbox
from cream.core.execution.reports import DUPLICATE_CLIENT_ID
from cream.core.model.broker import (
    Accepted,
    BrokerOrder,
    CancelTaken,
    OrderUpdate,
    OutcomeUnknown,
    Refused,
    Unavailable,
)
from cream.core.model.errors import BrokerUnavailable
from cream.core.model.ids import CLIENT_ID_PREFIX
from cream.core.model.order import OrderClass, OrderStatus, OrderTerms, OrderType, Side
from cream.core.model.plan import Environment, TimeInForce
from cream.core.model.secret import Secret
from cream.core.ports import Broker, Clock
from tests.fakes.venue_lab import NOON, bracket, call, leg, oco, spread, terms

BUY, SELL = Side.BUY, Side.SELL


class Stage(Protocol):
    """A broker and what a test can do to the world around it."""

    @property
    def broker(self) -> Broker: ...

    @property
    def clock(self) -> Clock: ...

    def quote(self, symbol: str, bid: str, ask: str, size: int = 1_000) -> None:
        """Move the market."""
        ...

    def cut_off(self, seconds: float) -> None:
        """Put the broker out of reach."""
        ...

    def lose_next_answer(self) -> None:
        """Let the next order be booked and its answer be lost."""
        ...


class SimulatedStage:
    """The simulated broker in the synthetic market."""

    def __init__(self, path: Path) -> None:
        self.clock = ShiftedClock(NOON)
        market = SyntheticMarket(SyntheticSettings(tick_rate=0), self.clock)
        settings = SimulatedSettings(db_path=str(path / "venue.db"))
        self.broker = SimulatedBroker.open(settings, market, self.clock)
        self._levers = SimulationLevers(self.broker, market)

    def quote(self, symbol: str, bid: str, ask: str, size: int = 1_000) -> None:
        self._levers.set_quote(symbol, Decimal(bid), Decimal(ask), size, size)

    def cut_off(self, seconds: float) -> None:
        self._levers.disconnect(seconds)

    def lose_next_answer(self) -> None:
        self._levers.fault("submit_timeout_booked", {"count": 1})


@asynccontextmanager
async def simulated(path: Path) -> AsyncIterator[Stage]:
    stage = SimulatedStage(path)
    try:
        yield stage
    finally:
        stage.broker.close()


class AlpacaStage:
    """The Alpaca adapter, over loopback, at the sandbox in the synthetic market."""

    def __init__(self, broker: AlpacaBroker, opened: Opened, clock: Clock) -> None:
        self.broker = broker
        self.clock = clock
        self._sandbox = opened.sandbox

    def quote(self, symbol: str, bid: str, ask: str, size: int = 1_000) -> None:
        self._sandbox.exchange.market.set_quote(symbol, Decimal(bid), Decimal(ask), size, size)

    def cut_off(self, seconds: float) -> None:
        faults = self._sandbox.faults
        faults.arm(Armed(name=FaultName.UNREACHABLE, until=faults.now() + seconds))
        self._sandbox.broadcast.cut()

    def lose_next_answer(self) -> None:
        self._sandbox.faults.arm(Armed(name=FaultName.POST_ACCEPTED_504, count=1))


@asynccontextmanager
async def alpaca(path: Path) -> AsyncIterator[Stage]:
    async with trio.open_nursery() as nursery:
        clock = ShiftedClock(NOON)
        market = SyntheticMarket(SyntheticSettings(tick_rate=0), clock)
        opened = await nursery.start(
            serve_sandbox, SandboxSettings(), market, clock, tuple(LISTED_PRICES)
        )
        settings = AlpacaSettings(
            api_key=Secret("PK-contract"),
            api_secret=Secret("secret"),
            base_url=f"http://127.0.0.1:{opened.port}",
        )
        async with open_alpaca(settings, Environment.PAPER, clock, lambda: 0.5) as broker:
            yield AlpacaStage(broker, opened, clock)
        nursery.cancel_scope.cancel()


STAGES: Sequence[Callable[[Path], AbstractAsyncContextManager[Stage]]] = (simulated, alpaca)


@pytest.fixture(params=STAGES, ids=[stage.__name__ for stage in STAGES])
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    async with request.param(tmp_path) as made:
        made.quote("AAPL", "238.39", "238.41")
        yield made


async def accepted(stage: Stage, order: OrderTerms) -> BrokerOrder:
    outcome = await stage.broker.submit(order)
    assert isinstance(outcome, Accepted), outcome
    return outcome.order


async def now_shown(stage: Stage, order: BrokerOrder) -> BrokerOrder:
    shown = await stage.broker.order(order.broker_order_id)
    assert shown is not None
    return shown


async def until(stage: Stage, order: BrokerOrder, status: OrderStatus) -> BrokerOrder:
    """The order once it has `status`."""
    with trio.fail_after(60):
        while True:
            shown = await now_shown(stage, order)
            if shown.status is status:
                return shown
            await trio.sleep(0.1)


async def heard(stream: AsyncIterator[OrderUpdate], until_event: str) -> list[OrderUpdate]:
    """Everything on the stream up to the first `until_event`."""
    updates = []
    with trio.fail_after(60):
        while not updates or updates[-1].event != until_event:
            updates.append(await anext(stream))
    return updates


# Submitting -----------------------------------------------------------------------------------


async def test_an_accepted_order_is_shown_as_it_was_sent(stage: Stage) -> None:
    order = terms(BUY, "10", "200.00", tif=TimeInForce.GTC)
    shown = await accepted(stage, order)
    assert shown.client_order_id == order.client_order_id
    assert shown.broker_order_id
    assert (shown.instrument, shown.side, shown.quantity) == (order.instrument, BUY, 10)
    assert (shown.order_type, shown.order_class) == (OrderType.LIMIT, OrderClass.SIMPLE)
    assert (shown.time_in_force, shown.limit_price) == (TimeInForce.GTC, Decimal("200.00"))
    assert not shown.status.is_closed
    assert abs(stage.clock.now() - shown.submitted_at) < timedelta(seconds=60)


async def test_no_order_at_the_broker_looks_as_if_it_had_not_been_sent(stage: Stage) -> None:
    """PENDING_NEW and UNKNOWN_SUBMIT are words about our side of the wire."""
    shown = await accepted(stage, terms(BUY, "10", "200.00"))
    assert shown.status not in (OrderStatus.PENDING_NEW, OrderStatus.UNKNOWN_SUBMIT)


async def test_a_client_order_id_is_taken_once(stage: Stage) -> None:
    """Invariant 1: a repeated send never makes a second order."""
    order = terms(BUY, "10", "200.00")
    first = await accepted(stage, order)
    again = await stage.broker.submit(order)
    assert isinstance(again, Refused)
    assert again.code == DUPLICATE_CLIENT_ID
    found = await stage.broker.order_by_client_id(order.client_order_id)
    assert found is not None
    assert found.broker_order_id == first.broker_order_id
    assert len(await stage.broker.open_orders()) == 1


async def test_a_client_order_id_stays_taken_after_its_order_is_over(stage: Stage) -> None:
    order = terms(BUY, "10", "200.00")
    shown = await accepted(stage, order)
    await stage.broker.cancel(shown.broker_order_id)
    await until(stage, shown, OrderStatus.CANCELED)
    assert isinstance(await stage.broker.submit(order), Refused)


@pytest.mark.parametrize(
    "order",
    [
        terms(BUY, "10", "200.005"),
        terms(BUY, "10", symbol="ZZZZ"),
        terms(BUY, "100000"),
        evolve(bracket(), stop_loss=None),
    ],
    ids=["sub-penny", "unknown symbol", "too dear", "bracket without stop"],
)
async def test_a_definite_refusal_leaves_nothing_behind(stage: Stage, order: OrderTerms) -> None:
    outcome = await stage.broker.submit(order)
    assert isinstance(outcome, Refused)
    assert outcome.code
    assert outcome.message
    assert await stage.broker.order_by_client_id(order.client_order_id) is None
    assert await stage.broker.open_orders() == []


async def test_more_than_is_held_cannot_be_sold_while_it_is_held(stage: Stage) -> None:
    shown = await accepted(stage, terms(BUY, "10"))
    await until(stage, shown, OrderStatus.FILLED)
    outcome = await stage.broker.submit(terms(SELL, "11"))
    assert isinstance(outcome, Refused)
    assert outcome.code == "INSUFFICIENT_QTY"


async def test_when_the_answer_is_lost_the_order_can_be_looked_up(stage: Stage) -> None:
    """Never sent again, asked for instead."""
    order = terms(BUY, "10", "200.00")
    stage.lose_next_answer()
    assert isinstance(await stage.broker.submit(order), OutcomeUnknown)
    found = await stage.broker.order_by_client_id(order.client_order_id)
    assert found is not None
    assert found.quantity == 10


# Filling --------------------------------------------------------------------------------------


async def test_a_fill_shows_in_order_execution_position_and_cash(stage: Stage) -> None:
    before = await stage.broker.account()
    shown = await until(stage, await accepted(stage, terms(BUY, "10")), OrderStatus.FILLED)
    assert (shown.filled, shown.average_price) == (10, Decimal("238.41"))
    (execution,) = await stage.broker.executions_since(NOON)
    assert execution.broker_order_id == shown.broker_order_id
    assert (execution.side, execution.quantity, execution.price) == (BUY, 10, Decimal("238.41"))
    (position,) = await stage.broker.positions()
    assert (position.quantity, position.average_price) == (10, Decimal("238.41"))
    after = await stage.broker.account()
    assert after.cash == before.cash - Decimal("2384.10")
    assert after.account_id == before.account_id
    assert after.buying_power < before.buying_power


async def test_a_short_position_is_negative(stage: Stage) -> None:
    await until(stage, await accepted(stage, terms(SELL, "10")), OrderStatus.FILLED)
    (position,) = await stage.broker.positions()
    assert position.quantity == -10


async def test_parts_of_an_order_are_executions_of_their_own(stage: Stage) -> None:
    stage.quote("AAPL", "238.39", "238.41", 4)
    order = await accepted(stage, terms(BUY, "10", "238.50"))
    await until(stage, order, OrderStatus.PARTIALLY_FILLED)
    stage.quote("AAPL", "238.40", "238.42", 1_000)
    shown = await until(stage, order, OrderStatus.FILLED)
    executions = await stage.broker.executions_since(NOON)
    assert [one.quantity for one in executions] == [4, 6]
    assert len({one.execution_id for one in executions}) == 2
    assert shown.average_price == Decimal("238.416")
    assert [one.executed_at for one in executions] == sorted(one.executed_at for one in executions)


async def test_a_spread_fills_under_its_own_id_leg_by_leg(stage: Stage) -> None:
    stage.quote(call("240").symbol, "4.30", "4.31")
    stage.quote(call("250").symbol, "1.23", "1.24")
    legs = (leg(call("240"), 1), leg(call("250"), -1))
    shown = await until(stage, await accepted(stage, spread(legs, "2", "3.10")), OrderStatus.FILLED)
    assert (shown.filled, shown.average_price) == (2, Decimal("3.08"))
    assert [one.ratio for one in shown.legs] == [1, -1]
    executions = await stage.broker.executions_since(NOON)
    assert {one.broker_order_id for one in executions} == {shown.broker_order_id}
    assert [(one.instrument, one.side) for one in executions] == [
        (call("240"), BUY),
        (call("250"), SELL),
    ]


# Groups ---------------------------------------------------------------------------------------


async def test_a_bracket_shows_its_exits_with_ids_of_the_brokers(stage: Stage) -> None:
    shown = await accepted(stage, bracket(limit="200.00", stop_loss="190.00"))
    kinds = {one.order_type for one in shown.legs}
    assert kinds == {OrderType.LIMIT, OrderType.STOP}
    assert {one.status for one in shown.legs} == {OrderStatus.HELD}
    assert {one.side for one in shown.legs} == {SELL}
    assert not any(one.client_order_id.startswith(CLIENT_ID_PREFIX) for one in shown.legs)
    (listed,) = await stage.broker.open_orders()
    assert [one.broker_order_id for one in listed.legs] == [
        one.broker_order_id for one in shown.legs
    ]


async def test_the_exits_of_a_filled_bracket_are_open_orders_held_ones_too(stage: Stage) -> None:
    shown = await until(stage, await accepted(stage, bracket()), OrderStatus.FILLED)
    listed = {one.broker_order_id for one in await stage.broker.open_orders()}
    assert listed == {one.broker_order_id for one in shown.legs}


@pytest.mark.parametrize(
    ("quote", "filled", "other"),
    [
        (("253.60", "253.62"), OrderType.LIMIT, OrderType.STOP),
        (("228.40", "228.42"), OrderType.STOP, OrderType.LIMIT),
    ],
)
async def test_one_exit_of_a_bracket_ends_the_other(
    stage: Stage, quote: tuple[str, str], filled: OrderType, other: OrderType
) -> None:
    shown = await until(stage, await accepted(stage, bracket()), OrderStatus.FILLED)
    stage.quote("AAPL", *quote)
    exits = {one.order_type: one for one in shown.legs}
    await until(stage, exits[filled], OrderStatus.FILLED)
    await until(stage, exits[other], OrderStatus.CANCELED)
    assert await stage.broker.positions() == []


async def test_an_oco_guards_what_is_held(stage: Stage) -> None:
    await until(stage, await accepted(stage, terms(BUY, "10")), OrderStatus.FILLED)
    shown = await accepted(stage, oco())
    assert [one.order_type for one in shown.legs] == [OrderType.STOP]
    stage.quote("AAPL", "228.40", "228.42")
    await until(stage, shown.legs[0], OrderStatus.FILLED)
    await until(stage, shown, OrderStatus.CANCELED)


# Cancelling -----------------------------------------------------------------------------------


async def test_a_cancelled_order_is_closed_and_no_longer_listed(stage: Stage) -> None:
    shown = await accepted(stage, terms(BUY, "10", "200.00"))
    assert await stage.broker.cancel(shown.broker_order_id) == CancelTaken()
    await until(stage, shown, OrderStatus.CANCELED)
    assert await stage.broker.open_orders() == []


async def test_a_filled_order_cannot_be_cancelled(stage: Stage) -> None:
    shown = await until(stage, await accepted(stage, terms(BUY, "10")), OrderStatus.FILLED)
    assert isinstance(await stage.broker.cancel(shown.broker_order_id), Refused)


async def test_what_nobody_knows_cannot_be_cancelled(stage: Stage) -> None:
    assert isinstance(await stage.broker.cancel("00000000"), Refused)


# Asking ---------------------------------------------------------------------------------------


async def test_an_unknown_id_is_answered_with_none(stage: Stage) -> None:
    assert await stage.broker.order("00000000") is None
    assert await stage.broker.order_by_client_id("cream-nothing") is None


async def test_each_id_is_looked_up_by_its_own_question(stage: Stage) -> None:
    shown = await accepted(stage, terms(BUY, "10", "200.00"))
    assert await stage.broker.order(shown.client_order_id) is None
    assert await stage.broker.order_by_client_id(shown.broker_order_id) is None


async def test_ids_of_orders_since_include_closed_ones_and_exits(stage: Stage) -> None:
    moment = stage.clock.now()
    order = await until(stage, await accepted(stage, bracket()), OrderStatus.FILLED)
    cancelled = await accepted(stage, terms(BUY, "10", "200.00"))
    await stage.broker.cancel(cancelled.broker_order_id)
    await until(stage, cancelled, OrderStatus.CANCELED)
    shown = await stage.broker.order_ids_since(moment)
    assert {one.broker_order_id for one in shown} == {
        one.broker_order_id for one in (order, *order.legs, cancelled)
    }
    assert order.client_order_id in [one.client_order_id for one in shown]
    assert len(order.legs) == 2
    assert await stage.broker.order_ids_since(stage.clock.now() + timedelta(hours=1)) == []


async def test_executions_since_leave_out_what_came_before(
    autojump_clock: trio.testing.MockClock, stage: Stage
) -> None:
    await until(stage, await accepted(stage, terms(BUY, "10")), OrderStatus.FILLED)
    await trio.sleep(5)
    moment: datetime = stage.clock.now()
    await until(stage, await accepted(stage, terms(BUY, "3")), OrderStatus.FILLED)
    assert [one.quantity for one in await stage.broker.executions_since(moment)] == [3]


# The stream -----------------------------------------------------------------------------------


async def test_the_stream_tells_what_happens_to_an_order_in_order(stage: Stage) -> None:
    async with stage.broker.updates() as stream:
        order = await accepted(stage, terms(BUY, "10"))
        updates = await heard(stream, "fill")
    assert {one.order.broker_order_id for one in updates} == {order.broker_order_id}
    filled = [one.order.filled for one in updates]
    assert filled == sorted(filled)
    stamps = [one.order.updated_at for one in updates]
    assert stamps == sorted(stamps)
    executions = tuple(one for update in updates for one in update.executions)
    assert executions == tuple(await stage.broker.executions_since(NOON))


async def test_the_stream_tells_of_a_cancel(stage: Stage) -> None:
    order = await accepted(stage, terms(BUY, "10", "200.00"))
    async with stage.broker.updates() as stream:
        await stage.broker.cancel(order.broker_order_id)
        updates = await heard(stream, "canceled")
    assert updates[-1].order.status is OrderStatus.CANCELED


async def test_the_entry_is_told_of_with_its_exits_before_any_exit_is(stage: Stage) -> None:
    """An exit that comes up alone would look like a stranger's order."""
    async with stage.broker.updates() as stream:
        order = await accepted(stage, bracket())
        await until(stage, order, OrderStatus.FILLED)
        stage.quote("AAPL", "253.60", "253.62")
        updates = await heard(stream, "canceled")
    known: set[str] = set()
    for update in updates:
        if update.order.legs:
            known.update(one.broker_order_id for one in update.order.legs)
        elif update.order.order_class is OrderClass.BRACKET:
            assert update.order.broker_order_id in known
    assert known == {one.broker_order_id for one in order.legs}


# Out of reach ---------------------------------------------------------------------------------


async def test_out_of_reach_commands_say_so_and_questions_raise(
    autojump_clock: trio.testing.MockClock, stage: Stage
) -> None:
    stage.cut_off(30)
    order = terms(BUY, "10", "200.00")
    assert isinstance(await stage.broker.submit(order), Unavailable | OutcomeUnknown)
    assert isinstance(await stage.broker.cancel("x"), Unavailable | OutcomeUnknown)
    with pytest.raises(BrokerUnavailable):
        await stage.broker.ping()
    with pytest.raises(BrokerUnavailable):
        await stage.broker.open_orders()
    await trio.sleep(31)
    await stage.broker.ping()
    assert isinstance(await stage.broker.submit(order), Accepted)


async def test_a_stream_ends_with_broker_unavailable_when_the_broker_goes(stage: Stage) -> None:
    async with stage.broker.updates() as stream:
        stage.cut_off(30)
        with trio.fail_after(60), pytest.raises(BrokerUnavailable):
            await anext(stream)


async def test_what_happened_while_the_stream_was_down_can_be_asked_for(
    autojump_clock: trio.testing.MockClock, stage: Stage
) -> None:
    """Nothing is replayed, everything can be looked up."""
    order = await accepted(stage, terms(BUY, "10", "230.00"))
    moment = stage.clock.now()
    stage.cut_off(30)
    stage.quote("AAPL", "229.00", "229.02")
    await trio.sleep(31)
    shown = await stage.broker.order(order.broker_order_id)
    assert shown is not None
    assert shown.status is OrderStatus.FILLED
    assert [one.quantity for one in await stage.broker.executions_since(moment)] == [10]


async def test_the_broker_has_a_name_and_answers_a_ping(stage: Stage) -> None:
    assert stage.broker.name
    await stage.broker.ping()
