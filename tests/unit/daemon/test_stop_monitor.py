"""A reached level closes the position, whatever else an agent has working on it."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest
import trio
from attrs import define, evolve
from trio.testing import MockClock, wait_all_tasks_blocked

from cream.core.execution.events import CancelRefused, ProtectionTriggered, Record
from cream.core.model.broker import OrderUpdate
from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.model.order import Order, OrderPurpose, OrderStatus, OrderTerms
from cream.core.model.plan import Decision, Guard, Size, SizeUnit, StrategyFamily
from cream.core.model.verdict import Severity, Violation
from cream.core.risk.gate import Approved, Gate
from cream.core.risk.view import PortfolioView
from cream.daemon.desk import Committed, Touched
from cream.daemon.readings import read
from tests.fakes.world import START, Life, World, buy, close
from tests.unit.daemon.timed import about

CALL = OptionContract("AAPL", date(2026, 12, 18), OptionRight.CALL, Decimal(240))
THREE = Size(Decimal(3), SizeUnit.CONTRACTS)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def call(**changes: Any) -> Decision:
    """Three calls with a stop at a price of the underlying: watched here, not at the venue."""
    entry = buy(instrument=CALL, stop="230.00", target=None, **{"limit": None, **changes})
    return evolve(entry, size=THREE, strategy_family=StrategyFamily.OPTION_LONG)


async def holding(life: Life) -> None:
    await life.submit(call())
    await life.until(lambda: life.held(CALL.symbol) == 3)


async def test_an_exit_that_rests_for_a_better_price_does_not_stand_in_the_stops_way(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await holding(life)
        rests = close("3", instrument=CALL, limit="20.00")
        await life.submit(evolve(rests, size=THREE), plan_id="out")
        resting = life.orders(OrderPurpose.EXIT)[0]
        assert resting.status is OrderStatus.ACCEPTED

        life.quote("AAPL", "229.00", "229.02")

        await life.until(lambda: life.held(CALL.symbol) == 0)
        first, fired = life.orders(OrderPurpose.EXIT)
        assert (first.status, first.filled) == (OrderStatus.CANCELED, 0)
        assert (fired.status, fired.filled) == (OrderStatus.FILLED, 3)


async def test_a_level_that_was_reached_fires_once(autojump_clock: MockClock, world: World) -> None:
    async with world.life() as life:
        await holding(life)
        for cents in range(50):
            life.quote("AAPL", f"229.{cents:02}", f"229.{cents + 1:02}")

        await life.until(lambda: life.held(CALL.symbol) == 0)
        assert len(life.orders(OrderPurpose.EXIT)) == 1


async def test_a_mass_cancel_does_not_undo_a_stop_that_has_fired(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await holding(life)
        life.broker.fault("submit_unavailable", {})
        life.quote("AAPL", "229.00", "229.02")
        await life.until(lambda: life.orders(OrderPurpose.EXIT))

        await life.operations.mass_cancel("test", "me")
        life.broker.fault("submit_unavailable", {"on": False})

        await life.until(lambda: life.held(CALL.symbol) == 0)
        assert not any("mass cancel" in one.reason for one in life.orders(OrderPurpose.EXIT))


# Stops that follow, and time ------------------------------------------------------------------


async def test_a_followed_stop_is_durable_and_fires_where_it_stood_before_the_crash(
    autojump_clock: MockClock, world: World
) -> None:
    """The best price was seen by the last life only: this one must not begin anew."""
    guard = Guard(trail_price=Decimal("4.00"))
    async with world.life() as life:
        await life.submit(buy(guard=guard))
        await life.until(lambda: life.held() == 20)
        for bid in ("239.00", "243.00", "248.00", "246.00"):
            life.quote("AAPL", bid, str(Decimal(bid) + Decimal("0.02")))
            await trio.sleep(0.5)
        assert life.operations.positions()[0].stop_price == Decimal("244.00")
        world.journal = world.journal.crash()
        life.die()

    # The market of the next life begins at 238.39, far above where the stop was put at first.
    async with world.life() as life:
        await life.until(lambda: life.held() == 0)
        (fired,) = life.orders(OrderPurpose.EXIT)
        assert fired.filled == 20
        await life.until(lambda: not list(life.tree.desk.book.open_orders()))
    events = [one.event for one in world.journal.durable]
    (why,) = [one for one in events if isinstance(one, ProtectionTriggered)]
    assert (why.kind, why.level) == ("stop_loss", Decimal("244.00"))


async def test_a_position_is_closed_when_its_time_is_up(
    autojump_clock: MockClock, world: World
) -> None:
    guard = Guard(exit_at=START + timedelta(minutes=10))
    async with world.life() as life:
        began = trio.current_time()
        await life.submit(buy(guard=guard))
        await life.until(lambda: life.held() == 20)
        await trio.sleep_until(began + 599.9)
        assert life.orders(OrderPurpose.EXIT) == []

        await life.until(lambda: life.held() == 0)

        (fired,) = life.orders(OrderPurpose.EXIT)
        assert (fired.intended_at - START).total_seconds() == about(600.0)
        kinds = [one.event for one in world.journal.durable]
        (why,) = [one for one in kinds if isinstance(one, ProtectionTriggered)]
        assert why.kind == "time_stop"


async def test_an_idle_monitor_does_not_look(autojump_clock: MockClock, world: World) -> None:
    """No polling: a position that the broker guards costs nothing while nothing happens."""
    async with world.life() as life:
        await life.submit(buy())
        await life.until(lambda: life.held() == 20)
        await trio.sleep(10)
        looks, quotes = life.tree.monitor.looks, life.operations.board.count
        await trio.sleep(100)
        # Quotes are restamped now and then; that is all.
        assert life.tree.monitor.looks - looks <= life.operations.board.count - quotes


async def test_what_an_entry_is_told_while_it_rests_calls_for_no_look(
    autojump_clock: MockClock, world: World
) -> None:
    """A look goes through every open order of the symbol: not for each of them once more."""
    async with world.life() as life:
        await wait_all_tasks_blocked()
        before = life.tree.monitor.looks
        for number in range(5):
            resting = buy("1", limit="200.00", stop="190.00", target="220.00")
            await life.submit(resting, plan_id=f"p{number}")
        await wait_all_tasks_blocked()

        assert len(life.orders(OrderPurpose.STOP_LOSS)) == 5
        assert life.tree.monitor.looks == before


async def test_an_entry_that_is_done_calls_for_a_look(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        resting = buy(limit="200.00", stop="190.00", target="220.00")
        await life.submit(resting)
        await wait_all_tasks_blocked()
        before = life.tree.monitor.looks

        life.quote("AAPL", "199.90", "199.92")
        await life.until(lambda: life.held() == 20)
        await wait_all_tasks_blocked()

        assert life.tree.monitor.looks > before


async def test_legs_that_outlive_their_entry_are_withdrawn_where_nothing_is_held(
    autojump_clock: MockClock, world: World
) -> None:
    """No position changes and no level is watched: only the end of the entry calls for the look."""
    async with world.life() as life:
        await life.submit(buy(limit="200.00", stop="190.00", target="220.00"))
        entry = life.orders(OrderPurpose.ENTRY)[0]
        shown = await life.broker.order(entry.broker_order_id or "")
        assert shown is not None
        ended = evolve(shown, status=OrderStatus.CANCELED, raw_status="canceled")

        await life.tree.desk.do(read(OrderUpdate(event="canceled", order=ended)))

        asked = "it would close more than is held"
        legs = (*life.orders(OrderPurpose.STOP_LOSS), *life.orders(OrderPurpose.TAKE_PROFIT))
        await life.until(lambda: any(asked in one.reason for one in _now(life, legs)), 4)


def _now(life: Life, orders: Sequence[Order]) -> list[Order]:
    return [life.tree.desk.book.order(one.order_id) for one in orders]


@define
class Refusing:
    """A gate that lets no exit through the first few times."""

    gate: Gate
    refusals: int

    def approve_exit(self, terms: OrderTerms, view: PortfolioView) -> Approved | Violation:
        if self.refusals:
            self.refusals -= 1
            return Violation(code="TEST", severity=Severity.ERROR, message="not now")
        return self.gate.approve_exit(terms, view)


async def test_an_exit_that_the_gate_refuses_is_tried_again_though_nothing_else_happens(
    autojump_clock: MockClock, world: World
) -> None:
    """No quote comes any more: time alone has to wake the monitor."""
    async with world.life() as life:
        await life.submit(buy(guard=Guard(exit_at=START + timedelta(seconds=60))))
        await life.until(lambda: life.held() == 20)
        life.broker.fault("stale_quotes", {})
        monitor = life.tree.monitor
        monitor.gate = cast(Gate, Refusing(monitor.gate, 3))

        await life.until(lambda: life.held() == 0, seconds=70)


@pytest.mark.parametrize("refused", [False, True])
async def test_after_a_refused_cancel_protection_waits_for_what_has_not_been_told_yet(
    autojump_clock: MockClock, world: World, refused: bool
) -> None:
    """Whoever would not let an order go knows more of it than has been told here."""
    async with world.life() as life:
        await life.submit(buy())
        await life.until(lambda: life.held() == 20)
        (stop,) = life.orders(OrderPurpose.STOP_LOSS)
        assert stop.broker_order_id is not None
        await life.broker.cancel(stop.broker_order_id)
        await life.until(lambda: not life.tree.desk.book.order(stop.order_id).is_open)
        monitor, gone = life.tree.monitor, trio.current_time()

        if refused:
            now = life.tree.desk.clock.now()
            refusal = CancelRefused(at=now, order_id=stop.order_id, reason="test")
            told = Committed(Record(0, refusal), Touched((stop,), ("AAPL",)))
            monitor.changed([told])
        await life.until(lambda: len(life.orders(OrderPurpose.STOP_LOSS)) == 2)

        policy = monitor.policy
        waits = policy.retry_seconds if refused else policy.settle_seconds
        assert policy.retry_seconds > policy.settle_seconds
        assert trio.current_time() - gone == about(waits)
