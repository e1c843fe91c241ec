"""What callers ask for is done once, and told as it is."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from cream.core.model.errors import CreamError
from cream.core.model.instrument import Equity
from cream.core.model.market import Known, MarketStatus
from cream.core.model.order import OrderPurpose, OrderStatus, OrderType, Side
from cream.core.model.plan import Decision, TimeInForce
from cream.core.model.request import PortfolioOverride, SingleOrder
from cream.core.model.state import Cause, TradingState
from cream.core.operations import StreamEnd, Update
from cream.core.risk.decisions import restrict
from cream.core.safety.heartbeat import Link
from tests.fakes.world import Life, World, buy, close, plan_of


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def test_what_a_closed_holding_earned_is_still_told(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await life.submit(buy())
        await life.until(lambda: life.held() == 20)
        bought = life.orders()[0].average_price
        life.quote("AAPL", "240.00", "240.02")
        await life.submit(close("20"), plan_id="out")
        await life.until(lambda: life.held() == 0)

        assert life.operations.positions() == []
        assert life.operations.realized_pnl() == 20 * (Decimal("240.00") - bought)
        assert life.operations.realized_pnl() > 0


# Judging and placing ----------------------------------------------------------------------------


def single(client_order_id: str = "mine", quantity: str = "5", **changes: Any) -> SingleOrder:
    return SingleOrder(
        client_order_id=client_order_id,
        cycle_id="cycle",
        instrument=changes.pop("instrument", Equity("AAPL")),
        side=changes.pop("side", Side.BUY),
        quantity=Decimal(quantity),
        order_type=OrderType.LIMIT,
        time_in_force=TimeInForce.DAY,
        limit_price=Decimal("238.50"),
        stop_loss=Decimal("228.50"),
        **changes,
    )


async def test_a_check_changes_nothing(autojump_clock: MockClock, world: World) -> None:
    async with world.life() as life:
        before = life.tree.desk.book.sequence

        verdict = await life.operations.check_plan(plan_of(buy()))
        alone = await life.operations.check_order(single())

        assert verdict.ok
        assert alone.ok
        assert (len(verdict.orders), len(alone.orders)) == (1, 1)
        assert life.operations.orders() == ()
        assert life.tree.desk.book.sequence == before


async def test_a_check_may_be_of_another_account(autojump_clock: MockClock, world: World) -> None:
    async with world.life() as life:
        poor = PortfolioOverride(equity=Decimal(1_000))

        verdict = await life.operations.check_plan(plan_of(buy()), poor)

        assert not verdict.ok
        assert (await life.operations.check_plan(plan_of(buy()))).ok


async def test_a_plan_that_comes_again_gets_its_first_answer(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        first = await life.submit(buy())
        again = await life.submit(buy())

        assert (first.repeated, again.repeated) == (False, True)
        assert [one.order_id for one in again.orders] == [one.order_id for one in first.orders]
        assert again.verdict.ok
        assert again.verdict.policy_version == first.verdict.policy_version
        assert [one.order_id for one in again.verdict.orders] == [
            one.order_id for one in first.orders
        ]
        assert len(life.orders(OrderPurpose.ENTRY)) == 1


async def test_a_single_order_is_placed_once_under_its_id(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        first = await life.operations.submit_order(single())
        again = await life.operations.submit_order(single())

        assert first.order is not None
        assert again.order is not None
        assert again.order.order_id == first.order.order_id
        assert (first.repeated, again.repeated) == (False, True)
        with pytest.raises(CreamError) as refused:
            await life.operations.submit_order(single(quantity="6"))
        assert refused.value.kind.code == "DUPLICATE_ID"
        await life.until(lambda: life.held() == 5)


async def test_a_single_order_that_is_refused_is_an_answer_without_an_order(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        result = await life.operations.submit_order(single(instrument=Equity("ZZZZ")))

        assert result.order is None
        assert not result.verdict.ok
        assert life.operations.orders() == ()


async def test_the_wait_for_the_brokers_answer_is_the_callers_to_choose(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        life.stubborn.mute = True
        life.broker.fault("drop_updates", {})
        began = trio.current_time()
        result = await life.submit(buy(), wait_seconds=1.5)

        assert trio.current_time() - began == pytest.approx(1.5, abs=0.01)
        assert result.orders[0].status is OrderStatus.PENDING_NEW


async def test_a_daemon_that_stops_takes_nothing_in(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        life.operations.draining = True

        with pytest.raises(CreamError) as plan:
            await life.submit(buy())
        with pytest.raises(CreamError) as order:
            await life.operations.submit_order(single())

        assert plan.value.kind.code == order.value.kind.code == "NOT_READY"
        assert "draining: the daemon is stopping" in life.operations.readiness().reasons


async def test_cancels_are_answered_each_in_order(autojump_clock: MockClock, world: World) -> None:
    async with world.life() as life:
        decision, plan_id = resting("rest")
        await life.submit(decision, plan_id=plan_id)
        entry = life.orders(OrderPurpose.ENTRY)[0]

        known, unknown = await life.operations.cancel_orders(
            [entry.terms.client_order_id, "nothing"], "test", "kim"
        )

        assert (known.accepted, known.order.order_id) == (True, entry.order_id)
        assert (unknown.accepted, unknown.order, unknown.code) == (False, None, "NOT_FOUND")


# Reading ----------------------------------------------------------------------------------------


async def test_orders_are_found_by_every_id_and_with_their_children(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await life.submit(buy())
        await life.until(lambda: life.held() == 20)
        entry = life.orders(OrderPurpose.ENTRY)[0]
        operations = life.operations

        for any_id in (entry.order_id, entry.terms.client_order_id, entry.broker_order_id):
            assert await operations.find_order(any_id) is entry
        assert await operations.find_order("nothing") is None
        assert [one.terms.purpose for one in operations.children(entry.order_id)] == [
            OrderPurpose.TAKE_PROFIT,
            OrderPurpose.STOP_LOSS,
        ]
        assert len(operations.orders()) == 3


async def test_quotes_the_account_and_the_market_are_as_the_outside_tells(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        life.quote("AAPL", "239.00", "239.02")
        operations = life.operations

        assert operations.quote("AAPL").bid == Decimal("239.00")
        assert operations.quote("ZZZZ") is None
        async with operations.quotes(["AAPL"]) as quotes:
            assert (await anext(quotes)).ask == Decimal("239.02")
        await life.until(lambda: isinstance(operations.account(), Known))
        assert operations.account().value.equity == 100_000
        assert operations.market_status() is MarketStatus.OPEN
        assert operations.simulation is not None


async def test_a_subscription_begins_where_the_book_stands_and_ends_with_the_daemon(
    autojump_clock: MockClock, world: World
) -> None:
    heard: list[Update] = []
    ends: list[StreamEnd | None] = []

    async def follow(life: Life, following: trio.Event) -> None:
        async with life.operations.subscribe() as subscription:
            assert subscription.sequence == life.tree.desk.book.sequence
            following.set()
            heard.extend([update async for update in subscription])
            ends.append(subscription.ended)

    async with trio.open_nursery() as nursery, world.life() as life:
        following = trio.Event()
        nursery.start_soon(follow, life, following)
        await following.wait()
        await life.submit(buy())
        await life.until(lambda: life.held() == 20)

    sequences = [one.sequence for one in heard]
    assert sequences == list(range(sequences[0], sequences[0] + len(sequences)))
    assert any(type(one.event).__name__ == "OrderFilled" for one in heard)
    assert ends == [StreamEnd.STOPPING]


async def test_a_subscription_ends_with_the_journal(
    autojump_clock: MockClock, world: World
) -> None:
    """What is published from then on has gaps, so nobody is left to take it for the whole."""
    async with world.life() as life, life.operations.subscribe() as subscription:
        world.journal.fail_next_commit()
        with pytest.raises(CreamError):
            await life.submit(buy())

        async for _ in subscription:
            pass
        assert subscription.ended is StreamEnd.BROKEN_OFF


# How the daemon does ----------------------------------------------------------------------------


async def test_a_feed_is_healthy_while_what_is_held_has_fresh_quotes(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await life.submit(buy())
        await life.until(lambda: life.held() == 20)
        fresh = life.operations.feed_health()

        life.broker.fault("stale_quotes", {})
        await trio.sleep(30)
        stale = life.operations.feed_health()

        assert (fresh.healthy, fresh.stale_symbols, fresh.issues) == (True, (), ())
        assert (stale.healthy, stale.stale_symbols) == (False, ("AAPL",))
        assert stale.issues == ("feed_stale",)
        assert fresh.provider == "synthetic"
        assert fresh.messages > 0
        assert stale.last_message_age_seconds > 20


async def test_every_subsystem_and_the_breaker_are_shown(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await trio.sleep(10)

        shown = {one.name: one for one in life.operations.supervision()}
        (breaker,) = life.operations.circuit_breakers()

        assert {"feed_reader", "stop_monitor", "broker_session", "watchdog"} <= set(shown)
        assert all(one.state == "running" and one.restarts == 0 for one in shown.values())
        assert all(one.since <= life.tree.desk.clock.now() for one in shown.values())
        assert (breaker.state, breaker.total_failures) == ("CLOSED", 0)


# The trading state ------------------------------------------------------------------------------


async def test_resuming_lifts_what_an_operator_may_lift_and_names_what_stands(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        operations, desk = life.operations, life.tree.desk
        await operations.set_trading_state(TradingState.HALTED, "news", "kim")
        await desk.do(restrict(Cause.LOSS_LIMIT, TradingState.HALTED, "lost too much", "gate"))

        with pytest.raises(CreamError) as refused:
            await operations.set_trading_state(TradingState.ACTIVE, "clear", "kim")

        assert refused.value.kind.code == "STATE_NOT_CLEARED"
        assert "loss_limit" in refused.value.message
        assert list(desk.book.restrictions) == [Cause.LOSS_LIMIT], "the operator's is lifted"
        view = await operations.set_trading_state(TradingState.ACTIVE, "clear", "kim", force=True)
        assert view.state is TradingState.ACTIVE


async def test_a_disconnect_is_not_resumed_from_while_the_broker_is_away(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        operations, desk = life.operations, life.tree.desk
        await desk.do(restrict(Cause.DISCONNECT, TradingState.REDUCING, "away", "watchdog"))
        life.broker.disconnect(30)
        await life.until(lambda: life.tree.link.state is not Link.CONNECTED)

        with pytest.raises(CreamError) as refused:
            await operations.set_trading_state(TradingState.ACTIVE, "clear", "kim", force=True)

        assert "disconnect" in refused.value.message
        reasons = operations.readiness().reasons
        assert any(one.startswith("broker: ") for one in reasons)
        assert any(one.startswith("disconnect: REDUCING") for one in reasons)


async def test_a_mass_cancel_says_how_far_it_came(autojump_clock: MockClock, world: World) -> None:
    async with world.life() as life:
        decision, plan_id = resting("rest")
        await life.submit(decision, plan_id=plan_id)
        entry = life.orders(OrderPurpose.ENTRY)[0]

        report = await life.operations.mass_cancel("maintenance", "kim")
        nothing = await life.operations.mass_cancel("again", "kim")

        assert report.complete
        assert report.requested == report.confirmed > 0
        found = await life.operations.find_order(entry.order_id)
        assert found.status is OrderStatus.CANCELED
        assert (nothing.requested, nothing.complete) == (0, True)


async def test_a_mass_cancel_that_the_broker_does_not_confirm_names_what_remains(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        decision, plan_id = resting("rest")
        await life.submit(decision, plan_id=plan_id)
        entry = life.orders(OrderPurpose.ENTRY)[0]
        life.broker.disconnect(600)
        began = trio.current_time()

        report = await life.operations.mass_cancel("maintenance", "kim")

        assert trio.current_time() - began == pytest.approx(10.0, abs=0.01)
        assert not report.complete
        assert entry.order_id in report.remaining
        life.broker.disconnect(0)
        book = life.tree.desk.book
        await life.until(lambda: book.order(entry.order_id).status.is_closed, 120)


# The kill switch --------------------------------------------------------------------------------


def resting(plan_id: str) -> tuple[Decision, str]:
    """An entry far from the market, and the plan it comes in."""
    return buy(limit="200.00", stop="190.00", target="220.00"), plan_id


async def test_the_kill_switch_names_what_it_cancels_and_leaves_protection(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await life.submit(buy())
        await life.until(lambda: life.held() == 20)
        decision, plan_id = resting("rest")
        await life.submit(decision, plan_id=plan_id)
        entry = life.orders(OrderPurpose.ENTRY)[1]

        report = await life.operations.kill_switch("enough", "me", False)

        assert report.trading_state.state is TradingState.HALTED
        assert entry.order_id in [one.requested_id for one in report.results]
        assert all(one.accepted for one in report.results)
        await life.until(lambda: life.tree.desk.book.order(entry.order_id).status.is_closed)
        assert life.operations.positions()[0].protected_quantity == 20


async def test_the_kill_switch_cancels_even_where_the_journal_is_lost(
    autojump_clock: MockClock, world: World
) -> None:
    """While the journal cannot commit only cancels leave, and these are what is asked for."""
    async with world.life() as life:
        decision, plan_id = resting("rest")
        await life.submit(decision, plan_id=plan_id)
        entry = life.orders(OrderPurpose.ENTRY)[0]
        world.journal.fail_next_commit()
        with pytest.raises(CreamError):
            await life.submit(buy(), plan_id="other")

        report = await life.operations.kill_switch("enough", "me", False)

        assert report.trading_state.state is TradingState.HALTED
        assert entry.order_id in [one.requested_id for one in report.results]
        await trio.sleep(1)
        shown = await life.broker.order_by_client_id(entry.terms.client_order_id)
        assert shown is not None
        assert shown.status is OrderStatus.CANCELED


async def test_a_state_is_shown_once_it_is_durable(autojump_clock: MockClock, world: World) -> None:
    """Whoever has read that trading is halted must find it halted after a crash."""
    async with world.life() as life:
        await life.until(lambda: life.tree.link.session_up)
        world.journal.delay_seconds = 3.0
        async with trio.open_nursery() as nursery:
            nursery.start_soon(life.operations.set_trading_state, TradingState.HALTED, "x", "me")
            book = life.tree.desk.book
            await life.until(lambda: book.trading_state is TradingState.HALTED)

            assert life.operations.trading_state().state is TradingState.ACTIVE
        assert life.operations.trading_state().state is TradingState.HALTED
