"""What the broker cannot tell is asked, and what it never tells is guessed."""

from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
import trio
from attrs import evolve
from trio.testing import MockClock

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.execution.lifecycle import MISSED
from cream.core.model.order import OrderPurpose, OrderStatus
from cream.core.model.plan import TimeInForce
from cream.core.model.state import Cause, TradingState
from cream.core.risk.decisions import Decided
from cream.daemon import reconciling
from cream.daemon.tree import TreeSettings
from tests.fakes.builders import NOW, order_terms, shown
from tests.fakes.world import World, buy


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def test_a_fill_without_an_execution_is_held_and_guarded_at_once(
    autojump_clock: MockClock, world: World
) -> None:
    """The order shows that it has filled; the list of executions lags behind."""
    async with world.life() as life:
        life.quote("AAPL", "238.39", "238.41", size=5)
        life.broker.fault("drop_updates", {})
        life.stubborn.forgetful = True
        await life.submit(buy())
        await trio.sleep(1)
        life.broker.fault("drop_updates", {"on": False})
        life.quote("AAPL", "238.39", "238.42", size=5)

        await life.until(lambda: life.held() == 10, seconds=5)
        assert life.operations.positions()[0].protected_quantity == 10

        life.stubborn.forgetful = False
        await life.tree.reconciler.sweep()
        life.quote("AAPL", "238.39", "238.43", size=50)
        await life.until(lambda: life.held() == 20)
        entry = life.orders(OrderPurpose.ENTRY)[0]
        position = life.tree.desk.book.positions["AAPL"]
        assert entry.filled == 20
        assert position.cost == entry.notional_filled
        assert Decimal("238.40") < position.average_price < Decimal("238.44")


async def test_a_guess_gives_way_to_its_execution(autojump_clock: MockClock, world: World) -> None:
    async with world.life() as life:
        life.broker.fault("drop_updates", {})
        life.stubborn.forgetful = True
        await life.submit(buy())
        await life.until(lambda: life.held() == 20, seconds=400)
        entry = life.orders(OrderPurpose.ENTRY)[0]
        assert entry.inferred
        life.stubborn.forgetful = False

        await life.until(lambda: not life.orders(OrderPurpose.ENTRY)[0].inferred, seconds=700)

        def corrections() -> int:
            return [type(one.event) for one in world.journal.durable].count(e.FillCorrected)

        await life.until(corrections)
        assert corrections() == 1
        assert life.held() == 20


async def test_each_layer_has_its_interval(autojump_clock: MockClock, world: World) -> None:
    """Open orders every 5 s, holdings every 30 s, everything every 300 s; never two at once."""
    async with world.life() as life:
        orders, holdings = life.stubborn.listed, life.stubborn.held
        await trio.sleep(301)

    assert pairwise_gaps(orders) == {5.0}
    assert pairwise_gaps(holdings) == {30.0}


def pairwise_gaps(moments: list[float]) -> set[float]:
    """The distances between what happened after the start's own sweep."""
    later = [moment for moment in moments if moment > 0]
    return {round(b - a, 3) for a, b in pairwise(later)}


async def test_an_order_changed_by_hand_is_in_the_journal(
    autojump_clock: MockClock, world: World
) -> None:
    """What differed is kept, with its reason code, once."""
    async with world.life() as life:
        terms = evolve(order_terms("stranger", "7", limit="200"), client_order_id="by-hand")
        life.broker.fault("drop_updates", {"count": 1})
        await life.broker.submit(terms)
        await trio.sleep(100)

        noted = [
            one.event.differences
            for one in world.journal.durable
            if isinstance(one.event, e.ReconciliationCompleted)
        ]
        kinds = [one.kind for differences in noted for one in differences]
        assert kinds == ["UNKNOWN_AT_BROKER"]


@pytest.mark.parametrize(("age", "status"), [(10, "ACCEPTED"), (90_000, "CANCELED")])
async def test_an_orphan_is_adopted_and_one_that_is_too_old_is_cancelled(
    autojump_clock: MockClock, world: World, age: float, status: str
) -> None:
    """It bears a name that only Cream gives: the journal that knew it is gone."""
    async with world.life() as life:
        life.broker.fault("drop_updates", {"count": 1})
        gtc = order_terms("lost", "7", limit="200", tif=TimeInForce.GTC)
        await life.broker.submit(gtc)
        life.die()
    world.later(age)

    async with world.life() as life:
        await trio.sleep(10)

        (orphan,) = life.orders(OrderPurpose.EXTERNAL)
        assert orphan.status is OrderStatus(status)
        assert life.tree.desk.book.trading_state is TradingState.ACTIVE


async def test_an_orphan_restricts_trading_where_the_policy_says_so(
    autojump_clock: MockClock, world: World
) -> None:
    def strict(settings: TreeSettings) -> TreeSettings:
        return evolve(settings, reconciler=evolve(settings.reconciler, auto_resolve_orphans=False))

    async with world.life(strict) as life:
        await life.broker.submit(order_terms("lost", "7", limit="200"))

        await life.until(lambda: Cause.RECONCILIATION in life.tree.desk.book.restrictions)
        assert life.orders(OrderPurpose.EXTERNAL)


async def test_what_has_traded_while_nobody_listened_is_booked_at_the_start(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await life.submit(buy("5"))
        await life.until(lambda: life.held() == 5)
        life.quote("AAPL", "238.39", "238.41", size=2)
        await life.submit(buy("7"), plan_id="more")
        await life.until(lambda: life.held() == 7)
        life.broker.fault("drop_updates", {})
        life.quote("AAPL", "238.39", "238.42", size=2)
        world.journal = world.journal.crash()
        life.die()

    async with world.life() as life:
        await life.until(lambda: life.tree.link.session_up)
        assert life.held() == 9
        assert not life.tree.desk.book.restrictions


async def test_cash_that_no_fill_has_moved_is_named(
    autojump_clock: MockClock, world: World
) -> None:
    """A deposit, a dividend, a fee: no alarm, but somebody should know."""
    async with world.life() as life:
        await life.submit(buy())
        await life.until(lambda: life.held() == 20)
        await life.tree.reconciler.sweep()
        life.stubborn.deposited = Decimal("12.34")
        await life.tree.reconciler.sweep()

        last = life.tree.desk.book.last_reconciliation
        assert last is not None
        assert [(one.kind, one.ours, one.theirs) for one in last.differences] == [
            ("CASH", "+0.00", "+12.34")
        ]
        assert life.tree.desk.book.trading_state is TradingState.ACTIVE


@pytest.mark.parametrize(
    ("policy", "state"),
    [
        ("halt", TradingState.REDUCING),
        ("alert", TradingState.ACTIVE),
        ("log_and_continue", TradingState.ACTIVE),
    ],
)
async def test_a_critical_difference_does_to_trading_what_is_configured(
    autojump_clock: MockClock, world: World, policy: str, state: TradingState
) -> None:
    """It is written down in any case, and the broker's holding is the truth in any case."""

    def configured(settings: TreeSettings) -> TreeSettings:
        own = evolve(settings.reconciler, on_critical=policy, rounds=1)
        return evolve(settings, reconciler=own)

    async with world.life(configured) as life:
        await life.submit(buy())
        await life.until(lambda: life.held() == 20)
        life.stubborn.sold_by_hand = Decimal(4)

        await life.tree.reconciler.sweep()

        book = life.tree.desk.book
        assert book.trading_state is state
        assert life.held() == 16
        last = book.last_reconciliation
        assert last is not None
        assert [one.kind for one in last.differences] == ["POSITION_QUANTITY"]


async def test_what_has_not_left_is_not_asked_about_though_it_is_to_be_cancelled(
    autojump_clock: MockClock, world: World
) -> None:
    """After minutes without a session there are hundreds of those, and the sweep comes before the
    router that would withdraw them."""

    def recorded(book: Book, now: datetime) -> Decided[None]:
        intended = [
            e.OrderIntended(at=now, terms=order_terms(order_id, "5", limit="200"), reason="test")
            for order_id in ("o-waits", "o-goes", "o-lost")
        ]
        goes = e.CancelRequested(at=now, order_id="o-goes", reason="test", actor="test")
        lost = e.SubmitUnknown(at=now, order_id="o-lost", why="no answer in time")
        going = e.CancelRequested(at=now, order_id="o-lost", reason="test", actor="test")
        return Decided(None, (*intended, goes, lost, going))

    async with world.life() as life:
        await life.tree.desk.do(recorded)
        names = {
            order_id: life.tree.desk.book.order(order_id).terms.client_order_id
            for order_id in ("o-waits", "o-goes", "o-lost")
        }
        await life.tree.reconciler.sweep()
        asked = {one.subject for one in life.stubborn.requested("order_by_client_id")}
        assert asked & set(names.values()) == {names["o-lost"]}


async def test_lives_too_short_for_a_proof_make_one_together(
    autojump_clock: MockClock, world: World
) -> None:
    """An exit without an answer keeps every other exit from the position: not for ever."""
    began: float | None = None
    for _ in range(9):
        async with world.life() as life:
            if began is None:
                life.broker.fault("submit_lost", {"count": 1})
                await life.submit(buy())
                began = trio.current_time()
            with trio.move_on_after(20):
                await life.until(lambda: not life.orders(OrderPurpose.ENTRY)[0].is_open, 100)
            entry = life.orders(OrderPurpose.ENTRY)[0]
            world.journal = world.journal.crash()
            life.die()
        world.later(20)
        if not entry.is_open:
            break
    assert entry.reason.startswith("[NOT_FOUND_AT_BROKER]")
    assert began is not None
    assert 30 <= trio.current_time() - began <= 70
    told = [one.event for one in world.journal.durable]
    missed = [
        one for one in told if isinstance(one, e.SubmitUnknown) and one.why.startswith(MISSED)
    ]
    assert len(missed) == 1, "the first look-up that found nothing, and no other"


def test_of_an_order_that_left_memory_meanwhile_nothing_is_concluded() -> None:
    stranger = shown(order_terms("o-other"))
    for decide in (
        reconciling.missed("o-gone"),
        reconciling.absent("o-gone", 5),
        reconciling.vanished("o-gone", 5),
        reconciling.known_as_another("o-gone", stranger),
    ):
        assert decide(Book(), NOW).events == ()
