"""Every example plan does at the sandbox, over Alpaca's adapter, what it does in the simulation."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from cream.adapters.server.requests_json import submit_request
from cream.core.model.order import OrderStatus
from cream.core.model.plan import Environment
from tests.conformance.alpaca_world import life
from tests.fakes.world import Life, World

# What trades at once has traded by then, and what is told has arrived.
QUIET_SECONDS = 5
PLANS = Path(__file__).parents[2] / "examples" / "plans"


async def outcome(one: Life, name: str) -> Mapping[str, Any]:
    """The verdict on a plan, its orders, and what they filled."""
    body = b'{"decision_plan": ' + (PLANS / f"{name}.json").read_bytes() + b"}"
    request = submit_request(body, Environment.PAPER)
    result = await one.operations.submit_plan(request.plan, request.params)
    if result.verdict.ok and result.orders:
        with trio.fail_after(3_600):
            while not all(settled(order) for order in one.orders()):
                with trio.move_on_after(QUIET_SECONDS):
                    await one.tree.desk.wait_change()
        await trio.sleep(QUIET_SECONDS)
    return {
        "ok": result.verdict.ok,
        "violations": [(found.code, found.field_path) for found in result.verdict.violations],
        "orders": sorted(
            (
                order.terms.instrument.symbol,
                order.terms.side.value,
                order.terms.purpose.value,
                order.terms.order_class.value,
                order.terms.quantity,
                order.status.value,
                order.filled,
                order.average_price or Decimal(0),
            )
            for order in one.orders()
        ),
        "positions": {
            symbol: position.quantity
            for symbol, position in one.tree.desk.book.positions.items()
            if not position.is_flat
        },
    }


def settled(order: Any) -> bool:
    """At the broker; and where it is worked here by slices, filled."""
    if order.terms.is_tactic:
        return order.status is OrderStatus.FILLED
    return order.broker_order_id is not None


@pytest.mark.parametrize("name", sorted(path.stem for path in PLANS.glob("*.json")))
async def test_a_plan_ends_as_in_the_simulation(
    autojump_clock: MockClock, tmp_path: Path, name: str
) -> None:
    async with World(tmp_path).life() as simulated:
        expected = await outcome(simulated, name)
    async with life() as at_alpaca:
        assert await outcome(at_alpaca, name) == expected
