"""Which orders at the broker are nobody's here, and what follows where the journal was another."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import trio
from attrs import define, evolve, field
from trio.testing import MockClock

from cream.core.exchange.replacing import OrderChange
from cream.core.model.broker import Accepted, BrokerOrder
from cream.core.model.order import OrderPurpose, OrderStatus
from cream.core.model.state import Cause
from tests.fakes.memory_journal import MemoryJournal
from tests.fakes.world import Life, World, buy


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@define
class Chains:
    """A broker in front of another that names the neighbours of what it has replaced."""

    inner: Any
    successors: dict[str, str] = field(factory=dict)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def open_orders(self) -> Sequence[BrokerOrder]:
        return [self.named(one) for one in await self.inner.open_orders()]

    async def order(self, broker_order_id: str) -> BrokerOrder | None:
        shown = await self.inner.order(broker_order_id)
        return None if shown is None else self.named(shown)

    def named(self, shown: BrokerOrder) -> BrokerOrder:
        before = {after: one for one, after in self.successors.items()}
        return evolve(
            shown,
            replaces=before.get(shown.broker_order_id),
            replaced_by=self.successors.get(shown.broker_order_id),
        )


def replace_by_hand(life: Life, times: int) -> str:
    """Move the limit of the only entry so often, unheard. The broker's id of the last."""
    chains = Chains(life.stubborn.inner)
    life.stubborn.inner = chains
    life.broker.fault("drop_updates", {})
    (entry,) = life.orders(OrderPurpose.ENTRY)
    newest = entry.broker_order_id
    assert newest is not None
    for number in range(times):
        change = OrderChange(client_order_id=f"by-hand-{number}", limit_price=Decimal(201 + number))
        answer, _ = life.broker._venue.replace(newest, change, life.broker._clock.now())
        assert isinstance(answer, Accepted)
        chains.successors[newest] = answer.order.broker_order_id
        newest = answer.order.broker_order_id
    return newest


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_however_often_an_order_was_replaced_unheard_it_is_the_same_order(
    autojump_clock: MockClock, world: World, times: int
) -> None:
    """The list shows the last of the chain only; nobody has heard of those between."""
    async with world.life() as life:
        await life.submit(buy(limit="200", stop="190"))
        newest = replace_by_hand(life, times)

        await trio.sleep(60)

        assert not life.orders(OrderPurpose.EXTERNAL)
        (entry,) = life.orders(OrderPurpose.ENTRY)
        assert (entry.status, entry.broker_order_id) == (OrderStatus.ACCEPTED, newest)
        assert entry.terms.limit_price == 200 + times


async def test_an_order_that_an_earlier_journal_had_sent_is_not_sent_again_and_in_no_doubt(
    autojump_clock: MockClock, world: World
) -> None:
    """A backup was restored: the broker takes an id once, and what bears it is EXTERNAL here."""
    again = buy(limit="200", stop="190")
    async with world.life() as life:
        backup = list(world.journal.durable)
        await life.submit(again)
    world.journal = MemoryJournal(durable=backup)

    async with world.life() as life:
        await life.tree.recovered.wait()
        (orphan, *_) = life.orders(OrderPurpose.EXTERNAL)
        await life.submit(again)
        await trio.sleep(10)

        (entry,) = life.orders(OrderPurpose.ENTRY)
        assert entry.status is OrderStatus.REJECTED
        assert "CLIENT_ORDER_ID_NOT_UNIQUE" in entry.reason
        assert orphan.order_id in entry.reason
        assert life.tree.desk.book.order(orphan.order_id).is_open
        assert len(await life.broker.open_orders()) == 1


async def test_holdings_are_compared_at_the_start_though_there_were_strangers(
    autojump_clock: MockClock, world: World
) -> None:
    """Nobody is told that all is well before a question of the first look is answered."""
    async with world.life() as life:
        backup = list(world.journal.durable)
        await life.submit(buy())
        await life.until(lambda: life.held() == 20)
    world.journal = MemoryJournal(durable=backup)

    async with world.life() as life:
        await life.until(lambda: life.tree.link.session_up)
        assert life.held() == 20
        assert Cause.RECONCILIATION in life.tree.desk.book.restrictions
