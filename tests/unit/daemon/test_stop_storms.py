"""Many levels on one tick: cancels first, then exits in the order in which they were passed."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import trio
from attrs import evolve
from trio.testing import MockClock

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.model.fill import Fill
from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.model.order import OrderPurpose, OrderStatus, OrderTerms, Side
from cream.core.risk.decisions import Decided
from tests.fakes.builders import order_terms
from tests.fakes.world import Life, World

EXPIRY = date(2026, 12, 18)
STOPS = 200
# Positions on which a further entry rests: it has to go before the exit leaves.
ADDING = 20


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def entry(number: int, level: Decimal, order_id: str) -> OrderTerms:
    call = OptionContract("AAPL", EXPIRY, OptionRight.CALL, Decimal(100 + number))
    return evolve(
        order_terms(order_id, "1"), instrument=call, stop_loss=level, plan_id="p", decision_id="d"
    )


def level_of(number: int) -> Decimal:
    """Scattered, so that neither the order of intent nor of symbols is that of prices."""
    return Decimal(200) + Decimal((number * 37) % STOPS) / 10


def held(book: Book, now: object) -> Decided[None]:
    """Two hundred calls, each with a stop at its own price of the underlying."""
    events: list[e.Event] = []
    for number in range(STOPS):
        terms = entry(number, level_of(number), f"o-{number}")
        events.append(e.OrderIntended(at=now, terms=terms, reason="test"))  # type: ignore[arg-type]
        fill = Fill(
            execution_id=f"x-{number}",
            order_id=terms.order_id,
            instrument=terms.instrument,
            side=Side.BUY,
            quantity=Decimal(1),
            price=Decimal(40),
            executed_at=now,  # type: ignore[arg-type]
        )
        events.append(e.OrderFilled(at=now, fill=fill))  # type: ignore[arg-type]
    for number in range(ADDING):
        terms = entry(number, level_of(number), f"more-{number}")
        events.append(e.OrderIntended(at=now, terms=terms, reason="test"))  # type: ignore[arg-type]
        events.append(
            e.OrderAcknowledged(
                at=now,  # type: ignore[arg-type]
                order_id=terms.order_id,
                broker_order_id=f"b-{number}",
                status=OrderStatus.ACCEPTED,
                broker_updated_at=now,  # type: ignore[arg-type]
            )
        )
    return Decided(None, tuple(events))


async def stormed(life: Life) -> float:
    """All levels are passed by one quote; when it came."""
    await life.tree.desk.do(held)
    assert len(life.tree.desk.book.protections) == STOPS
    life.stubborn.requests.clear()
    came = trio.current_time()
    life.quote("AAPL", "150.00", "150.02")
    await trio.testing.wait_all_tasks_blocked()
    return came


async def test_a_storm_is_served_cancels_first_and_in_price_order(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        came = await stormed(life)

        asked = [one for one in life.stubborn.requests if one.kind in ("cancel", "submit")]
        kinds = [one.kind for one in asked]
        cancels = kinds.index("submit")
        assert set(kinds[:cancels]) == {"cancel"}
        assert {one.subject for one in asked[:cancels]} == {f"b-{n}" for n in range(ADDING)}
        assert {one.at for one in asked} == {came}
        book = life.tree.desk.book
        sent = [book.order(one.subject) for one in asked if one.kind == "submit"]
        numbers = [int(o.terms.instrument.symbol[-8:]) // 1000 - 100 for o in sent]
        assert sorted(numbers) == list(range(STOPS))
        # Where an entry stands in the way the exit waits for its end; all others leave at once.
        free = [level_of(number) for number in numbers if number >= ADDING]
        assert free == sorted(free, reverse=True)
        assert {o.terms.purpose for o in sent} == {OrderPurpose.EXIT}


async def test_after_a_storm_nothing_has_fired_twice(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        # Every exit is on its way and none is answered, while the price goes on falling.
        life.stubborn.fall_silent()
        await stormed(life)
        for cents in range(30):
            life.quote("AAPL", f"149.{cents:02}", f"149.{cents + 10}")
            await trio.testing.wait_all_tasks_blocked()

        triggered = [
            one.event.symbol
            for one in world.journal.durable
            if isinstance(one.event, e.ProtectionTriggered)
        ]
        assert len(triggered) == len(set(triggered)) == STOPS
        life.stubborn.speak()


async def test_a_quote_becomes_an_exit_in_the_routers_hands_without_any_time_passing(
    autojump_clock: MockClock, world: World
) -> None:
    """Looked at, decided, durable and sent in the instant of the quote; nobody polls."""
    async with world.life() as life:
        await life.tree.desk.do(held)
        looks = life.tree.monitor.looks
        life.quote("MSFT", "510.00", "510.02")
        await trio.testing.wait_all_tasks_blocked()
        assert life.tree.monitor.looks == looks, "no position watches that symbol"

        life.quote("AAPL", "219.70", "219.72")
        await trio.testing.wait_all_tasks_blocked()

        passed = {n for n in range(STOPS) if level_of(n) >= Decimal("219.70")}
        exits = life.orders(OrderPurpose.EXIT)
        assert {int(o.terms.instrument.symbol[-8:]) // 1000 - 100 for o in exits} == passed
