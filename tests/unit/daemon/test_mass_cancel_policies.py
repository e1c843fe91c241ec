"""What a mass cancel takes, what it leaves, and who may go on afterwards: as configured."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
import trio
from attrs import evolve
from trio.testing import MockClock

from cream.core.execution.events import MassCancelOwed
from cream.core.model.errors import CreamError
from cream.core.model.order import OrderPurpose, OrderStatus
from cream.core.model.plan import TimeInForce
from cream.core.model.state import Cause, TradingState
from cream.daemon.settings import SafetySettings, Settings
from cream.daemon.tree import TreeSettings
from cream.daemon.tree_settings import tree_settings
from tests.fakes.world import Life, World, buy
from tests.unit.daemon.timed import RESTING


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def configured(**safety: object) -> Callable[[TreeSettings], TreeSettings]:
    """The tree's settings as the configuration's section `safety` makes them."""
    own = SafetySettings(  # type: ignore[arg-type]
        heartbeat_interval_ms=5000,
        heartbeat_timeout_seconds=2.0,
        grace_period_seconds=3.0,
        **safety,
    )
    return lambda _settings: tree_settings(evolve(Settings(), safety=own), "test", "test")


async def holding_and_resting(life: Life) -> None:
    """20 shares behind a bracket's exits, a DAY entry and a GTC entry that rest."""
    await life.submit(buy())
    await life.until(lambda: life.held() == 20)
    await life.submit(buy("2", **RESTING), plan_id="day")
    gtc = buy("2", time_in_force=TimeInForce.GTC, **RESTING)
    await life.submit(gtc, plan_id="gtc")
    await life.until(lambda: all(one.broker_order_id for one in life.orders()))


async def disconnected(life: Life, seconds: float = 20.0) -> None:
    """Lose the broker for long enough, and wait until what that demands is done."""
    book = life.tree.desk.book
    life.broker.disconnect(seconds)
    await life.until(lambda: book.mass_cancel_owed is not None)
    await life.until(lambda: book.mass_cancel_owed is None, seconds=120)
    await life.until(lambda: life.tree.link.session_up, seconds=120)


def open_terms(life: Life, purpose: OrderPurpose) -> list[TimeInForce]:
    return [one.terms.time_in_force for one in life.orders(purpose) if one.is_open]


@pytest.mark.parametrize("protective", ["keep", "cancel"])
@pytest.mark.parametrize("gtc_policy", ["include", "exclude"])
async def test_a_disconnect_takes_what_it_is_configured_to_take(
    autojump_clock: MockClock, world: World, protective: str, gtc_policy: str
) -> None:
    """`keep` wins over `gtc_policy`; what is spared by it is a GTC entry."""
    async with world.life(configured(protective=protective, gtc_policy=gtc_policy)) as life:
        await holding_and_resting(life)
        stops = life.orders(OrderPurpose.STOP_LOSS)
        (first,) = [one for one in stops if one.terms.stop_price == Decimal("228.50")]
        await disconnected(life)

        spared = [TimeInForce.GTC] if gtc_policy == "exclude" else []
        assert open_terms(life, OrderPurpose.ENTRY) == spared
        kept = life.tree.desk.book.order(first.order_id).is_open
        assert kept is (protective == "keep")
        # Whatever went, the position is guarded: here, and where no entry stands against it at
        # the broker again.
        assert life.operations.positions()[0].protected_quantity == 20
        if kept or not spared:
            await life.until(
                lambda: any(
                    one.is_open and one.terms.quantity == 20
                    for one in life.orders(OrderPurpose.STOP_LOSS)
                )
            )
        assert await resumed(life)


async def resumed(life: Life) -> bool:
    await life.until(lambda: life.operations.readiness().ready)
    return life.tree.desk.book.trading_state is TradingState.ACTIVE


async def test_a_partly_filled_bracket_goes_and_what_it_filled_is_protected_again(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(configured()) as life:
        life.quote("AAPL", "238.39", "238.41", size=5)
        await life.submit(buy())
        await life.until(lambda: life.held() == 5)
        await disconnected(life)

        entry = life.orders(OrderPurpose.ENTRY)[0]
        assert (entry.status, entry.filled) == (OrderStatus.CANCELED, 5)

        def guarded() -> bool:
            stops = [one for one in life.orders(OrderPurpose.STOP_LOSS) if one.is_open]
            return [one.terms.quantity for one in stops] == [Decimal(5)]

        await life.until(guarded, seconds=10)
        assert life.operations.positions()[0].protected_quantity == 5


async def test_an_operator_resumes_where_that_is_configured(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(configured(resume="operator")) as life:
        await holding_and_resting(life)
        await disconnected(life)
        await trio.sleep(1_000)

        assert list(life.tree.desk.book.restrictions) == [Cause.DISCONNECT]
        assert not life.operations.readiness().ready
        view = await life.operations.set_trading_state(TradingState.ACTIVE, "looked", "me")
        assert view.state is TradingState.ACTIVE
        assert life.operations.readiness().ready


async def test_no_operator_resumes_while_the_mass_cancel_is_owed(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(configured(resume="operator")) as life:
        await holding_and_resting(life)
        life.stubborn.deaf_to = 1_000
        life.broker.disconnect(10)
        await life.until(lambda: life.tree.desk.book.mass_cancel_owed is not None)
        await life.until(lambda: life.tree.link.session_up)

        with pytest.raises(CreamError) as refused:
            await life.operations.set_trading_state(TradingState.ACTIVE, "hurry", "me")

        assert refused.value.kind.code == "STATE_NOT_CLEARED"
        assert life.tree.desk.book.trading_state is TradingState.REDUCING
        life.stubborn.deaf_to = 0


@pytest.mark.parametrize("resume", ["auto", "operator"])
async def test_the_policy_holds_across_a_crash_with_a_debt(
    autojump_clock: MockClock, world: World, resume: str
) -> None:
    async with world.life(configured(resume=resume)) as life:
        await holding_and_resting(life)
        life.broker.disconnect(1_000)
        await life.until(
            lambda: any(isinstance(one.event, MassCancelOwed) for one in world.journal.durable)
        )
        world.journal = world.journal.crash()
        life.die()

    async with world.life(configured(resume=resume)) as life:
        await life.until(lambda: life.tree.desk.book.mass_cancel_owed is None)
        await trio.sleep(30)

        assert open_terms(life, OrderPurpose.ENTRY) == []
        assert len(open_terms(life, OrderPurpose.STOP_LOSS)) == 1
        assert life.operations.readiness().ready is (resume == "auto")


async def test_without_a_journal_a_mass_cancel_still_works(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(configured()) as life:
        await holding_and_resting(life)
        world.journal.fail_next_commit()
        with pytest.raises(CreamError):
            await life.operations.set_trading_state(TradingState.REDUCING, "x", "me")

        report = await life.operations.mass_cancel("everything", "me")

        assert (report.requested, report.complete) == (2, True)
        shown = await life.broker.open_orders()
        assert {one.instrument.symbol for one in shown} == {"AAPL"}
        assert not any(one.is_open for one in life.orders(OrderPurpose.ENTRY))
