"""One answer that does not come holds up nobody else's."""

import pytest
import trio
from attrs import evolve
from trio.testing import MockClock

from cream.core.model.errors import BrokerUnavailable
from cream.core.model.order import Order
from cream.core.model.order_state import INTENDED
from cream.daemon.asking import side_by_side
from tests.fakes.builders import NOW, order_terms


def orders(count: int) -> list[Order]:
    terms = order_terms()
    return [
        Order(
            terms=evolve(terms, order_id=f"o-{number}"),
            state=INTENDED,
            intended_at=NOW,
            updated_at=NOW,
        )
        for number in range(count)
    ]


async def test_whoever_waits_in_vain_keeps_nobody_from_an_answer(
    autojump_clock: MockClock,
) -> None:
    answered: dict[str, float] = {}

    async def ask(order: Order) -> None:
        if order.order_id == "o-0":
            await trio.sleep(10)
            raise BrokerUnavailable("no answer")
        answered[order.order_id] = trio.current_time()

    began = trio.current_time()
    with pytest.raises(BrokerUnavailable, match="no answer"):
        await side_by_side(orders(3), ask)

    assert answered == {"o-1": began, "o-2": began}
    assert trio.current_time() == began + 10


async def test_only_some_are_asked_about_at_one_time(autojump_clock: MockClock) -> None:
    asking, most = 0, 0

    async def ask(_order: Order) -> None:
        nonlocal asking, most
        asking += 1
        most = max(most, asking)
        await trio.sleep(1)
        asking -= 1

    await side_by_side(orders(12), ask)

    assert most == 5
    assert asking == 0


async def test_nobody_to_ask_about_is_nothing_to_do() -> None:
    async def ask(_order: Order) -> None:
        raise AssertionError("there is no order")

    await side_by_side([], ask)
