"""The simulated broker through its port: restarts, faults, disconnects, and a life of its own.

What every broker must do is in tests/contracts/test_broker_contract.py.
"""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import trio
import trio.testing

from cream.adapters.brokers.simulated import ADVANCE_SECONDS, SimulatedBroker
from cream.adapters.brokers.simulated_settings import SimulatedSettings
from cream.adapters.brokers.simulated_store import VenueFileUnreadable, VenueStore
from cream.adapters.clock import ShiftedClock
from cream.adapters.feeds.settings import SyntheticSettings
from cream.adapters.feeds.synthetic import SyntheticMarket
from cream.core.exchange.calendar import SessionMode
from cream.core.exchange.venue_book import VenueState
from cream.core.model.broker import (
    Accepted,
    CancelTaken,
    InstructionTaken,
    OrderUpdate,
    OutcomeUnknown,
    Refused,
    Unavailable,
    ids_of,
)
from cream.core.model.errors import BrokerUnavailable, CreamError
from cream.core.model.order import OrderStatus, Side
from cream.core.model.plan import PositionIntent, TimeInForce
from cream.core.options.occ import expires_at
from tests.fakes.venue_lab import NOON, bracket, call, terms

GTC = TimeInForce.GTC


class Bench:
    """A simulated broker, its market and its file."""

    def __init__(
        self, path: Path, start: datetime = NOON, kept_in_memory: int = 1_000, **market: object
    ) -> None:
        settings = SyntheticSettings(**({"tick_rate": 0.0} | market))  # type: ignore[arg-type]
        self.clock = ShiftedClock(start)
        self.market = SyntheticMarket(settings, self.clock)
        self.settings = SimulatedSettings(
            db_path=str(path / "venue.db"), kept_in_memory=kept_in_memory
        )
        self.broker = SimulatedBroker.open(self.settings, self.market, self.clock)

    def quote(self, bid: str, ask: str, size: int = 1_000, symbol: str = "AAPL") -> None:
        self.market.set_quote(symbol, Decimal(bid), Decimal(ask), size, size)

    async def held(self, symbol: str = "AAPL") -> Decimal:
        for position in await self.broker.positions():
            if position.instrument.symbol == symbol:
                return position.quantity
        return Decimal(0)


@contextmanager
def bench(
    path: Path, start: datetime = NOON, kept_in_memory: int = 1_000, **market: object
) -> Iterator[Bench]:
    made = Bench(path, start, kept_in_memory, **market)
    try:
        yield made
    finally:
        made.broker.close()


@asynccontextmanager
async def running(made: Bench) -> AsyncIterator[None]:
    """The market and the venue live while the block runs."""
    async with trio.open_nursery() as nursery:
        await nursery.start(made.market.move)
        await nursery.start(made.broker.run)
        yield
        nursery.cancel_scope.cancel()


async def received(stream: AsyncIterator[OrderUpdate]) -> list[str]:
    """The events that wait in `stream`."""
    events = []

    async def listen() -> None:
        while True:
            events.append((await anext(stream)).event)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(listen)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    return events


# A life of its own ----------------------------------------------------------------------------


async def test_orders_trade_whenever_the_market_moves(
    tmp_path: Path, mock_clock: trio.testing.MockClock
) -> None:
    with bench(tmp_path) as made:
        await made.broker.submit(terms(Side.BUY, "10", "230.00"))
        made.quote("229.00", "229.02")
        assert await made.held() == 10


async def test_day_orders_end_with_their_day_though_nobody_asks(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    closing = datetime(2026, 11, 23, 20, 59, 58, tzinfo=NOON.tzinfo)
    with bench(tmp_path, closing, session=SessionMode.CALENDAR) as made:
        outcome = await made.broker.submit(terms(Side.BUY, "10", "230.00"))
        assert isinstance(outcome, Accepted)
        async with made.broker.updates() as stream, running(made):
            await trio.sleep(1.9)
            assert await received(stream) == []
            await trio.sleep(0.1 + 2 * ADVANCE_SECONDS)
            assert await received(stream) == ["expired"]


async def test_the_venue_trades_in_the_synthetic_market_with_its_random_walk(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    """Any limit within reach fills sooner or later; no price is worse than it."""
    with bench(tmp_path, tick_rate=1.0, volatility=Decimal(2)) as made:
        await made.broker.submit(terms(Side.BUY, "10", "238.00", tif=GTC))
        async with running(made):
            await trio.sleep(3_600)
        (execution,) = await made.broker.executions_since(NOON)
        assert execution.price <= Decimal("238.00")


async def test_displayed_size_is_not_there_again_when_a_quote_is_only_stamped_anew(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    with bench(tmp_path) as made:
        made.quote("238.39", "238.41", 4)
        await made.broker.submit(terms(Side.BUY, "10", "238.50"))
        async with running(made):
            await trio.sleep(30)
            assert await made.held() == 4
            made.quote("238.39", "238.41", 4)
            assert await made.held() == 8


async def test_an_option_order_trades_when_its_underlying_moves(
    tmp_path: Path, mock_clock: trio.testing.MockClock
) -> None:
    with bench(tmp_path) as made:
        order = terms(Side.BUY, "2", "3.00", symbol=call("240").symbol)
        await made.broker.submit(order)
        assert await made.held(call("240").symbol) == 0
        made.quote("235.00", "235.02")
        assert await made.held(call("240").symbol) == 2


# Restarts -------------------------------------------------------------------------------------


async def test_the_venue_is_found_again_after_the_daemon_is_gone(
    tmp_path: Path, mock_clock: trio.testing.MockClock
) -> None:
    """Nothing is flushed or closed in order: what was answered is in the file already."""
    gone = Bench(tmp_path)
    await gone.broker.submit(bracket())
    resting = terms(Side.BUY, "10", "200.00", tif=GTC)
    await gone.broker.submit(resting)
    with bench(tmp_path) as made:
        for question in ("open_orders", "positions"):
            assert await getattr(made.broker, question)() == await getattr(gone.broker, question)()
        assert await made.broker.executions_since(NOON) == await gone.broker.executions_since(NOON)
        before = await gone.broker.account()
        assert await made.broker.account() == before
        again = await made.broker.submit(resting)
        assert isinstance(again, Refused)
        made.quote("199.00", "199.02")
        assert await made.held() == 10, "bought ten more, and the stop sold the first ten"
    gone.broker.close()


async def test_what_is_not_to_be_exercised_is_still_known_after_a_restart(
    tmp_path: Path, mock_clock: trio.testing.MockClock
) -> None:
    """In the money, it would be settled for more than eight dollars a share."""
    contract = call("230")
    morning = datetime(2026, 12, 18, 15, tzinfo=UTC)
    gone = Bench(tmp_path, start=morning)
    buying = terms(quantity="2", symbol=contract.symbol, intent=PositionIntent.BUY_TO_OPEN)
    assert isinstance(await gone.broker.submit(buying), Accepted)
    assert await gone.broker.do_not_exercise(contract) == InstructionTaken()
    with bench(tmp_path, start=expires_at(contract)) as made:
        before = (await made.broker.account()).cash
        made.broker.advance()
        assert await made.held(contract.symbol) == 0
        assert (await made.broker.account()).cash == before
    gone.broker.close()


async def test_cash_in_the_settings_is_for_new_accounts(
    tmp_path: Path, mock_clock: trio.testing.MockClock
) -> None:
    with bench(tmp_path) as made:
        await made.broker.submit(terms(Side.BUY, "10"))
        cash = (await made.broker.account()).cash
    settings = SimulatedSettings(db_path=str(tmp_path / "venue.db"), cash=Decimal(5))
    clock = ShiftedClock(NOON)
    market = SyntheticMarket(SyntheticSettings(), clock)
    broker = SimulatedBroker.open(settings, market, clock)
    assert (await broker.account()).cash == cash
    broker.close()


async def test_a_clock_that_starts_anew_does_not_set_the_venue_back(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    with bench(tmp_path) as made:
        await trio.sleep(60)
        outcome = await made.broker.submit(terms(Side.BUY, "10", "200.00"))
        assert isinstance(outcome, Accepted)
    with bench(tmp_path) as made:
        assert made.clock.now() == NOON
        await made.broker.cancel(outcome.order.broker_order_id)
        order = await made.broker.order(outcome.order.broker_order_id)
        assert order is not None
        assert order.status is OrderStatus.CANCELED
        assert order.updated_at >= outcome.order.updated_at


async def test_a_file_that_cannot_be_read_stops_the_broker_from_opening(
    tmp_path: Path, mock_clock: trio.testing.MockClock
) -> None:
    path = tmp_path / "venue.db"
    VenueStore(str(path)).close()
    connection = sqlite3.connect(path)
    connection.execute("INSERT INTO account VALUES (1, 99, NULL, '{}')")
    connection.commit()
    connection.close()
    with pytest.raises(VenueFileUnreadable, match="99"):
        Bench(tmp_path)


# Disconnects ----------------------------------------------------------------------------------


async def test_a_broker_out_of_reach_answers_nothing_and_comes_back(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    with bench(tmp_path) as made:
        made.broker.disconnect(30)
        assert isinstance(await made.broker.submit(terms()), Unavailable)
        assert isinstance(await made.broker.cancel("x"), Unavailable)
        for question in (
            made.broker.ping,
            made.broker.account,
            made.broker.positions,
            made.broker.open_orders,
        ):
            with pytest.raises(BrokerUnavailable):
                await question()
        with pytest.raises(BrokerUnavailable):
            async with made.broker.updates():
                raise AssertionError("there is no stream")
        await trio.sleep(29.9)
        with pytest.raises(BrokerUnavailable):
            await made.broker.ping()
        await trio.sleep(0.1)
        await made.broker.ping()
        assert await made.broker.open_orders() == []


async def test_a_disconnect_can_be_ended_early(
    tmp_path: Path, mock_clock: trio.testing.MockClock
) -> None:
    with bench(tmp_path) as made:
        made.broker.disconnect(30)
        made.broker.disconnect(0)
        await made.broker.ping()


async def test_a_disconnect_drops_every_stream_and_resting_orders_trade_on(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    with bench(tmp_path) as made:
        await made.broker.submit(terms(Side.BUY, "10", "230.00"))
        async with made.broker.updates() as stream:
            made.broker.disconnect(30)
            with pytest.raises(BrokerUnavailable, match="disconnected"):
                await anext(stream)
        made.quote("229.00", "229.02")
        await trio.sleep(30)
        async with made.broker.updates() as stream:
            assert await received(stream) == [], "what was missed is not sent again"
        assert len(await made.broker.executions_since(NOON)) == 1


# Faults ---------------------------------------------------------------------------------------


async def test_an_answer_can_be_lost_though_the_order_is_booked(
    tmp_path: Path, mock_clock: trio.testing.MockClock
) -> None:
    with bench(tmp_path) as made:
        made.broker.fault("submit_timeout_booked", {"count": 1})
        order = terms(Side.BUY, "10")
        assert isinstance(await made.broker.submit(order), OutcomeUnknown)
        found = await made.broker.order_by_client_id(order.client_order_id)
        assert found is not None
        assert found.raw_status == "filled"
        assert isinstance(await made.broker.submit(terms(Side.BUY, "1")), Accepted)


async def test_an_order_can_be_lost_without_anybody_knowing(
    tmp_path: Path, mock_clock: trio.testing.MockClock
) -> None:
    with bench(tmp_path) as made:
        made.broker.fault("submit_lost", {"count": 1})
        order = terms(Side.BUY, "10")
        assert isinstance(await made.broker.submit(order), OutcomeUnknown)
        assert await made.broker.order_by_client_id(order.client_order_id) is None
        assert isinstance(await made.broker.submit(order), Accepted)


@pytest.mark.parametrize(
    ("fault", "answer"), [("submit_unavailable", Unavailable), ("reject_submit", Refused)]
)
async def test_an_order_can_be_turned_away(
    fault: str, answer: type, tmp_path: Path, mock_clock: trio.testing.MockClock
) -> None:
    with bench(tmp_path) as made:
        made.broker.fault(fault, {})
        assert isinstance(await made.broker.submit(terms()), answer)
        assert await made.broker.order_ids_since(NOON) == []
        made.broker.fault(fault, {"on": False})
        assert isinstance(await made.broker.submit(terms()), Accepted)


async def test_the_answer_to_a_cancel_can_be_lost_though_it_is_done(
    tmp_path: Path, mock_clock: trio.testing.MockClock
) -> None:
    with bench(tmp_path) as made:
        outcome = await made.broker.submit(terms(Side.BUY, "10", "200.00"))
        assert isinstance(outcome, Accepted)
        made.broker.fault("cancel_timeout", {"count": 1})
        answer = await made.broker.cancel(outcome.order.broker_order_id)
        assert isinstance(answer, OutcomeUnknown)
        assert await made.broker.open_orders() == []
        assert await made.broker.cancel(outcome.order.broker_order_id) == CancelTaken()


async def test_messages_of_the_stream_can_be_lost_or_come_twice(
    tmp_path: Path, mock_clock: trio.testing.MockClock
) -> None:
    with bench(tmp_path) as made:
        async with made.broker.updates() as stream:
            made.broker.fault("drop_updates", {"count": 1})
            await made.broker.submit(terms(Side.BUY, "10"))
            assert await received(stream) == ["fill"]
            made.broker.fault("duplicate_updates", {})
            await made.broker.submit(terms(Side.BUY, "10"))
            assert await received(stream) == ["new", "new", "fill", "fill"]


async def test_the_market_can_be_made_to_stand_still(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    with bench(tmp_path) as made:
        async with running(made):
            made.broker.fault("stale_quotes", {})
            await trio.sleep(60)
            stale = made.market.latest("AAPL")
            made.broker.fault("stale_quotes", {"on": False})
            await trio.sleep(2)
            fresh = made.market.latest("AAPL")
    assert stale is not None
    assert fresh is not None
    assert stale.at == NOON
    assert fresh.at > NOON + timedelta(seconds=60)


async def test_an_unknown_fault_is_refused(
    tmp_path: Path, mock_clock: trio.testing.MockClock
) -> None:
    with bench(tmp_path) as made, pytest.raises(CreamError):
        made.broker.fault("meteor", {})


# What can be cancelled, and what can fail -----------------------------------------------------


async def test_who_is_cancelled_before_sending_has_sent_nothing(
    tmp_path: Path, mock_clock: trio.testing.MockClock
) -> None:
    with bench(tmp_path) as made:
        with trio.CancelScope() as scope:
            scope.cancel()
            await made.broker.submit(terms(Side.BUY, "10"))
        assert scope.cancelled_caught
        assert await made.broker.order_ids_since(NOON) == []


async def test_who_is_cancelled_while_waiting_for_the_answer_has_sent_the_order(
    tmp_path: Path, mock_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with bench(tmp_path) as made:
        save = VenueStore.save
        with trio.CancelScope() as scope:

            def save_and_cancel(store: VenueStore, changes: VenueState) -> None:
                save(store, changes)
                scope.cancel()

            monkeypatch.setattr(VenueStore, "save", save_and_cancel)
            await made.broker.submit(terms(Side.BUY, "10"))
        assert scope.cancelled_caught
        assert await made.held() == 10


async def test_what_cannot_be_written_down_is_not_told_and_not_lost(
    tmp_path: Path, mock_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with bench(tmp_path) as made:
        resting = await made.broker.submit(terms(Side.BUY, "1", "100.00"))
        assert isinstance(resting, Accepted)
        save, full = VenueStore.save, sqlite3.OperationalError("disk full")

        def fail(*_: object) -> None:
            raise full

        async with made.broker.updates() as stream:
            monkeypatch.setattr(VenueStore, "save", fail)
            assert isinstance(await made.broker.submit(terms(Side.BUY, "10")), OutcomeUnknown)
            answer = await made.broker.cancel(resting.order.broker_order_id)
            assert isinstance(answer, OutcomeUnknown)
            assert isinstance(await made.broker.cancel("nothing"), Refused)
            assert await received(stream) == []
            monkeypatch.setattr(VenueStore, "save", save)
            made.broker.advance()
            assert await received(stream) == ["new", "fill", "canceled"]
    with bench(tmp_path) as made:
        assert await made.held() == 10


# What it no longer keeps in memory --------------------------------------------------------------


async def test_orders_that_left_memory_are_known_on_and_across_a_restart(
    tmp_path: Path, mock_clock: trio.testing.MockClock
) -> None:
    order = terms(Side.BUY, "1")
    with bench(tmp_path, kept_in_memory=1) as made:
        assert isinstance(await made.broker.submit(order), Accepted)
        for _ in range(4):
            await made.broker.submit(terms(Side.BUY, "1"))
        assert isinstance(await made.broker.submit(order), Refused)
        found = await made.broker.order_by_client_id(order.client_order_id)
        assert found is not None
        assert len(await made.broker.executions_since(NOON)) == 5
    with bench(tmp_path, kept_in_memory=1) as made:
        assert isinstance(await made.broker.submit(order), Refused)
        assert await made.broker.order(found.broker_order_id) == found
        assert len(await made.broker.order_ids_since(NOON)) == 5
        assert len(await made.broker.executions_since(NOON)) == 5
        assert await made.held() == 5


async def test_a_file_that_can_no_longer_be_read_is_a_broker_out_of_reach(
    tmp_path: Path, mock_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is looked into where there may be orders that are in it alone."""
    with bench(tmp_path) as earlier:
        await earlier.broker.submit(terms(Side.BUY, "10", "200.00", tif=GTC))
    with bench(tmp_path) as made:

        def fail(*_: object) -> None:
            raise sqlite3.OperationalError("disk I/O error")

        for name in ("order", "changed_since", "executions_since"):
            monkeypatch.setattr(VenueStore, name, fail)
        assert isinstance(await made.broker.submit(terms()), Unavailable)
        assert isinstance(await made.broker.cancel("unknown"), Unavailable)
        for question in (
            made.broker.order("x"),
            made.broker.order_by_client_id("x"),
            made.broker.order_ids_since(NOON),
            made.broker.executions_since(NOON),
        ):
            with pytest.raises(BrokerUnavailable):
                await question
        assert len(await made.broker.open_orders()) == 1


@pytest.mark.parametrize("role", ["root", "stop_loss"])
async def test_an_order_that_somebody_took_out_of_the_file_is_gone_and_the_others_are_there(
    tmp_path: Path, role: str
) -> None:
    """Whoever wants to see what a daemon does about it must get no answer that is a defect."""
    with bench(tmp_path) as before:
        await before.broker.submit(bracket(quantity="10", limit="238.50"))
    with sqlite3.connect(tmp_path / "venue.db") as file:
        where = "json_extract(body, '$.role') = ?"
        (gone,) = file.execute(
            f"SELECT broker_order_id FROM orders WHERE {where}", [role]
        ).fetchone()
        file.execute(f"DELETE FROM orders WHERE {where}", [role])

    with bench(tmp_path) as after:
        assert await after.broker.order(gone) is None
        shown = ids_of(await after.broker.open_orders())
        shown += await after.broker.order_ids_since(NOON)
        every = {one.broker_order_id for one in shown}
        assert every
        assert gone not in every
        after.quote("240.00", "240.01")
        for one in await after.broker.open_orders():
            assert isinstance(await after.broker.cancel(one.broker_order_id), CancelTaken)
