"""What leaves, what keeps its place, and what is asked for again."""

from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
import trio
from attrs import evolve
from trio.testing import MockClock

from cream.core.execution.book import Book
from cream.core.execution.events import PositionAdjusted
from cream.core.model.errors import CreamError
from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.model.order import OrderPurpose, OrderStatus
from cream.core.model.plan import (
    Action,
    Direction,
    OptionLeg,
    PositionIntent,
    RiskDenomination,
    Size,
    SizeUnit,
    StrategyFamily,
)
from cream.core.model.state import TradingState
from cream.core.risk.decisions import Decided
from cream.core.risk.gate import Approved
from cream.daemon.desk import Desk
from tests.fakes.world import BRACKET, Life, World, buy, close

TWO = Size(Decimal(2), SizeUnit.CONTRACTS)
RESTING = {"limit": "200.00", "stop": "190.00", "target": "220.00"}
LOW = OptionContract("AAPL", date(2026, 12, 18), OptionRight.CALL, Decimal(240))
HIGH = OptionContract("AAPL", date(2026, 12, 18), OptionRight.CALL, Decimal(250))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def new_session(life: Life) -> None:
    """End the session and wait for the next."""
    life.tree.supervisor.interrupt("broker_session")
    await life.until(lambda: not life.tree.link.session_up)
    await life.until(lambda: life.tree.link.session_up)


async def test_a_spread_is_closed_by_its_legs(autojump_clock: MockClock, world: World) -> None:
    """What is held are contracts, not shares of the underlying that a spread is named by."""
    family = {
        "strategy_family": StrategyFamily.VERTICAL_SPREAD,
        "denomination": RiskDenomination.OPTION_PRICE,
        "limit": None,
        "stop": None,
        "target": None,
    }
    async with world.life() as life:
        opens = (
            OptionLeg(LOW, 1, PositionIntent.BUY_TO_OPEN),
            OptionLeg(HIGH, -1, PositionIntent.SELL_TO_OPEN),
        )
        entry = buy(legs=opens, net_limit_price=Decimal("3.20"), **family)
        await life.submit(evolve(entry, size=TWO))
        await life.until(lambda: life.held(LOW.symbol) == 2)

        closes = (
            OptionLeg(LOW, -1, PositionIntent.SELL_TO_CLOSE),
            OptionLeg(HIGH, 1, PositionIntent.BUY_TO_CLOSE),
        )
        leave = buy(legs=closes, action=Action.CLOSE, direction=Direction.FLAT, **family)
        await life.submit(evolve(leave, size=TWO), plan_id="out")

        await life.until(lambda: (life.held(LOW.symbol), life.held(HIGH.symbol)) == (0, 0))


async def test_an_order_that_could_not_leave_keeps_its_place(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        life.broker.fault("submit_unavailable", {})
        await life.submit(buy())
        await life.until(lambda: life.tree.router.in_flight)
        life.tree.supervisor.interrupt("broker_session")
        await life.until(lambda: not life.tree.router.in_flight)
        life.broker.fault("submit_unavailable", {"on": False})

        await life.until(lambda: life.held() == 20)
        assert len(life.orders(OrderPurpose.ENTRY)) == 1


async def test_what_may_have_left_is_not_sent_again(
    autojump_clock: MockClock, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_back: list[Approved] = []
    monkeypatch.setattr(Desk, "send_again", lambda _desk, approved: given_back.append(approved))
    async with world.life() as life:
        life.stubborn.mute = True
        await life.submit(buy())
        await life.until(lambda: life.tree.router.left)
        life.stubborn.mute = False
        await new_session(life)

        await life.until(lambda: life.held() == 20)
        assert len(await life.broker.order_ids_since(life.orders()[0].intended_at)) == BRACKET
        assert given_back == [], "nor does it take its place in the line again"


async def test_an_entry_does_not_leave_once_trading_is_halted(
    autojump_clock: MockClock, world: World
) -> None:
    """It was approved while trading was allowed: that was then."""
    async with world.life() as life:
        life.broker.fault("submit_unavailable", {})
        await life.submit(buy())
        await life.until(lambda: life.tree.router.in_flight)
        await life.operations.set_trading_state(TradingState.HALTED, "stop", "me")
        life.broker.fault("submit_unavailable", {"on": False})

        entry = life.orders(OrderPurpose.ENTRY)[0].order_id
        book = life.tree.desk.book
        await life.until(lambda: book.order(entry).status.is_closed)
        assert book.order(entry).status is OrderStatus.REJECTED
        assert not await life.broker.open_orders()


async def test_an_entry_that_waits_for_a_session_is_refused_when_trading_is_halted(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        life.broker.disconnect(5)
        await life.until(lambda: not life.tree.link.session_up)
        await life.submit(buy())
        await life.operations.set_trading_state(TradingState.HALTED, "stop", "me")

        entry = life.orders(OrderPurpose.ENTRY)
        if entry:
            book = life.tree.desk.book
            await life.until(lambda: book.order(entry[0].order_id).status.is_closed)
            assert "TRADING_HALTED" in book.order(entry[0].order_id).reason
        await trio.sleep(30)
        assert life.held() == 0
        assert not await life.broker.open_orders()


async def test_an_exit_that_waited_for_its_shares_goes_on_in_the_next_session(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await life.submit(buy())
        await life.until(lambda: life.held() == 20)
        life.stubborn.deaf_to = 2
        await life.submit(close("20"), plan_id="out")
        await life.until(lambda: life.stubborn.asked)

        await new_session(life)

        await life.until(lambda: life.held() == 0)
        assert [one.status for one in life.orders(OrderPurpose.EXIT)] == [OrderStatus.FILLED]


async def test_a_cancel_without_effect_is_asked_for_again(
    autojump_clock: MockClock, world: World
) -> None:
    """Less and less often, and however much else happens meanwhile; but never given up."""
    async with world.life() as life:
        await life.submit(buy(**RESTING))
        entry = life.orders(OrderPurpose.ENTRY)[0]
        life.stubborn.deaf_to = 8

        await life.operations.cancel_orders([entry.order_id], "test", "test")
        for number in range(20):
            await life.submit(buy(**RESTING), plan_id=f"other-{number}")
        book = life.tree.desk.book
        await life.until(lambda: book.order(entry.order_id).status.is_closed, seconds=600)

        moments = life.stubborn.asked[entry.broker_order_id or ""]
        gaps = [round(b - a) for a, b in pairwise(moments)]
        assert gaps == [2, 4, 8, 16, 32, 60, 60, 60]


async def test_who_asks_again_is_not_made_to_wait(autojump_clock: MockClock, world: World) -> None:
    async with world.life() as life:
        await life.submit(buy(**RESTING))
        entry = life.orders(OrderPurpose.ENTRY)[0]
        life.stubborn.deaf_to = 1
        await life.operations.cancel_orders([entry.order_id], "test", "test")
        await life.until(lambda: life.stubborn.asked)
        asked = trio.current_time()

        await life.operations.cancel_orders([entry.order_id], "again", "test")

        book = life.tree.desk.book
        await life.until(lambda: book.order(entry.order_id).status is OrderStatus.CANCELED)
        assert trio.current_time() - asked < 1


async def test_a_cancel_goes_on_in_the_next_session(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await life.submit(buy(**RESTING))
        entry = life.orders(OrderPurpose.ENTRY)[0]
        life.stubborn.deaf_to = 1
        await life.operations.cancel_orders([entry.order_id], "test", "test")
        await life.until(lambda: life.stubborn.asked)

        await new_session(life)

        book = life.tree.desk.book
        await life.until(lambda: book.order(entry.order_id).status is OrderStatus.CANCELED)


async def test_a_cancel_that_nobody_told_of_is_looked_at(
    autojump_clock: MockClock, world: World
) -> None:
    """An exit may wait for this entry to be gone: it cannot wait for the next reconciliation."""
    async with world.life() as life:
        await life.submit(buy(**RESTING))
        resting = life.orders(OrderPurpose.ENTRY)[0]
        life.broker.fault("drop_updates", {})
        asked = trio.current_time()

        await life.operations.cancel_orders([resting.order_id], "test", "test")

        book = life.tree.desk.book
        await life.until(lambda: book.order(resting.order_id).status is OrderStatus.CANCELED)
        assert trio.current_time() - asked < 2


async def test_an_exit_is_measured_again_when_it_leaves(
    autojump_clock: MockClock, world: World
) -> None:
    """Between the last decision and the sending less may be held than was to be closed."""
    async with world.life() as life:
        await life.submit(buy())
        await life.until(lambda: life.held() == 20)
        life.broker.fault("submit_unavailable", {})
        await life.submit(close("20"), plan_id="out", wait_seconds=0)
        leaving = life.orders(OrderPurpose.EXIT)[0]
        await life.until(lambda: leaving.order_id in life.tree.router.in_flight)

        def sold(book: Book, now: datetime) -> Decided[None]:
            less = PositionAdjusted(
                at=now,
                instrument=leaving.terms.instrument,
                quantity=Decimal(5),
                average_price=Decimal(238),
                reason="sold meanwhile",
            )
            return Decided(None, (less,))

        await life.tree.desk.do(sold)
        life.broker.fault("submit_unavailable", {"on": False})

        book = life.tree.desk.book
        await life.until(lambda: book.order(leaving.order_id).status is OrderStatus.REJECTED)
        shown = await life.broker.order_by_client_id(leaving.terms.client_order_id)
        assert shown is None


async def test_an_exit_does_not_wait_for_a_mass_cancel(
    autojump_clock: MockClock, world: World
) -> None:
    """An order without an answer keeps the debt for half a minute; a stop has no such time."""
    async with world.life() as life:
        await life.submit(buy())
        await life.until(lambda: life.held() == 20)
        life.broker.fault("submit_lost", {"count": 1})
        await life.submit(buy(**RESTING), plan_id="lost")
        await life.operations.set_trading_state(TradingState.REDUCING, "looked", "me")
        await life.operations.mass_cancel("all of it", "me")
        book = life.tree.desk.book
        assert book.mass_cancel_owed is not None
        await new_session(life)

        await life.submit(close("20"), plan_id="out")

        await life.until(lambda: life.held() == 0, seconds=5)
        assert book.mass_cancel_owed is not None


async def test_without_a_journal_a_mass_cancel_is_paid_and_nothing_fails(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await life.submit(buy(**RESTING))
        resting = life.orders(OrderPurpose.ENTRY)[0]
        world.journal.fail_next_commit()
        with pytest.raises(CreamError):
            await life.submit(buy(), plan_id="other")

        report = await life.operations.mass_cancel("the disk is full", "me")
        await trio.sleep(400)

        assert report.complete
        book = life.tree.desk.book
        assert book.order(resting.order_id).status is OrderStatus.CANCELED
        assert {one.restarts for one in life.tree.supervisor.statuses()} == {0}


async def test_orders_leave_in_the_order_in_which_they_were_decided(
    autojump_clock: MockClock, world: World
) -> None:
    """However many are begun in one turn, and in whatever order their tasks run."""
    async with world.life() as life:
        async with trio.open_nursery() as nursery:
            for number in range(40):
                decision = buy("1", **RESTING)
                nursery.start_soon(
                    lambda name, one: life.submit(one, plan_id=name), f"p{number}", decision
                )
        decided = [one.terms.client_order_id for one in life.orders(OrderPurpose.ENTRY)]

        shown = [one.client_order_id for one in await life.broker.open_orders()]

        assert shown == decided
        assert len(shown) == 40


async def test_an_order_whose_cancel_the_broker_refuses_is_not_over(
    autojump_clock: MockClock, world: World
) -> None:
    """A refusal is a reason to ask what happened; what works on works on here too."""
    async with world.life() as life:
        await life.submit(buy(**RESTING))
        await life.until(lambda: life.orders(OrderPurpose.ENTRY)[0].broker_order_id)
        life.stubborn.lets_none_go = True
        (entry,) = life.orders(OrderPurpose.ENTRY)

        await life.operations.cancel_orders([entry.order_id], "why", "me")
        await trio.sleep(1)

        (entry,) = life.orders(OrderPurpose.ENTRY)
        assert entry.status is OrderStatus.ACCEPTED
        assert "it is in another state than you think" in entry.reason
        assert len(await life.broker.open_orders()) == 1


async def test_an_exit_that_waits_does_not_leave_once_the_journal_has_failed(
    autojump_clock: MockClock, world: World
) -> None:
    """Its intent is durable, but what comes of it could not be written down any more."""
    async with world.life() as life:
        await life.submit(buy())
        await life.until(lambda: life.held() == 20)
        life.broker.fault("submit_unavailable", {})
        await life.submit(close("20"), plan_id="out")
        await trio.sleep(0.5)
        world.journal.fail_next_commit()
        with pytest.raises(CreamError, match="the disk is full"):
            await life.submit(buy("1"), plan_id="other")
        life.broker.fault("submit_unavailable", {"on": False})

        await trio.sleep(20)

        assert life.held() == 20
        held = {one.instrument.symbol: one.quantity for one in await life.broker.positions()}
        assert held == {"AAPL": 20}
