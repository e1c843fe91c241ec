"""What has gone wrong with single orders at Alpaca, and what the daemon does about it.

The whole daemon over the real adapter, over loopback, at the sandbox; the fault is switched on by
name, as anyone can do over the control port. The numbers are those of docs/sandbox.md.
"""

from decimal import Decimal
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from cream.adapters.brokers.alpaca.requests import Replacement
from cream.core.model.broker import Accepted, OutcomeUnknown, Refused
from cream.core.model.order import OrderStatus
from tests.conformance.alpaca_world import AlpacaLife, life
from tests.conformance.failure_world import (
    QUIET_SECONDS,
    filled,
    same_as_at_the_venue,
)
from tests.fakes.venue_lab import terms
from tests.fakes.world import buy

# Orders whose fate is unknown -------------------------------------------------------------------


@pytest.mark.parametrize("name", ["rest.post_accept_then_504", "rest.hang_after_commit"])
async def test_10_an_order_without_an_answer_is_looked_up_and_never_sent_again(
    autojump_clock: MockClock, name: str
) -> None:
    """Exactly one order at the venue."""
    async with life() as one:
        one.fault(name, seconds=300, count=1)
        await filled(one, buy())
        await trio.sleep(QUIET_SECONDS)
        assert len(one.at_venue()) == 1
        assert one.entry().status is OrderStatus.FILLED


async def test_10_an_order_that_never_arrived_is_declared_absent(
    autojump_clock: MockClock,
) -> None:
    async with life() as one:
        one.fault("rest.post_lost_504", count=1)
        await one.submit(buy())
        await one.until(lambda: one.entry().status.is_closed, seconds=3_600)
        assert one.at_venue() == []
        assert one.held() == 0


async def test_11_an_order_that_cannot_be_found_yet_is_not_given_up(
    autojump_clock: MockClock,
) -> None:
    async with life() as one:
        one.fault("rest.post_accept_then_504", count=1)
        one.fault("rest.lookup_lag", seconds=3, count=1)
        one.fault("ws.mute_updates")
        await filled(one, buy())
        assert len(one.at_venue()) == 1


async def test_29_an_outage_leaves_nothing_behind(autojump_clock: MockClock) -> None:
    """Orders are taken, nothing is told; what happened is found all the same."""
    async with life() as one:
        one.fault("venue.outage")
        await one.submit(buy())
        await trio.sleep(QUIET_SECONDS)
        one.heal()
        await one.until(lambda: one.held() == 20, seconds=600)
        same_as_at_the_venue(one)


async def test_30_requests_that_fail_now_and_then_change_nothing(
    autojump_clock: MockClock,
) -> None:
    async with life() as one:
        one.fault("rest.flaky", p=0.3)
        await one.submit(buy())
        await one.until(lambda: one.entry().status.is_closed, seconds=3_600)
        one.heal()
        await trio.sleep(QUIET_SECONDS)
        same_as_at_the_venue(one)


# Replacing and cancelling -----------------------------------------------------------------------


async def resting(one: AlpacaLife) -> str:
    outcome = await one.broker.submit(terms(limit="200.00"))
    assert isinstance(outcome, Accepted)
    return outcome.order.broker_order_id


def cheaper() -> Replacement:
    return Replacement(client_order_id="cream-new", limit_price=Decimal("199.00"))


async def test_12_a_replacement_that_failed_may_have_happened(autojump_clock: MockClock) -> None:
    """Nothing is replaced again; the old order says by whom it was replaced."""
    async with life() as one:
        broker: Any = one.broker
        order_id = await resting(one)
        one.fault("rest.patch_error_but_applied", count=1)
        assert isinstance(await broker.replace(order_id, cheaper()), OutcomeUnknown)
        old = await broker.api.order(order_id)
        new = await broker.order_by_client_id("cream-new")
        assert old.replaced_by == new.broker_order_id


async def test_15_the_head_of_a_chain_of_replacements_is_followed(
    autojump_clock: MockClock,
) -> None:
    """Replaced twice from outside: the daemon has the order on its last terms, and one order."""
    async with life() as one:
        broker: Any = one.broker
        await one.submit(buy(limit="200.00", stop="195.00"))
        await one.until(lambda: one.entry().broker_order_id is not None)
        first = one.entry().broker_order_id
        for price in ("199.00", "198.00"):
            change = Replacement(client_order_id=f"hand-{price}", limit_price=Decimal(price))
            outcome = await broker.replace(one.entry().broker_order_id, change)
            assert isinstance(outcome, Accepted)
            new = outcome.order.broker_order_id
            await one.until(lambda new=new: one.entry().broker_order_id == new)
        assert one.entry().broker_order_id != first
        one.quote("AAPL", "197.50", "197.52")
        await one.until(lambda: one.held() == 20)
        same_as_at_the_venue(one)


@pytest.mark.parametrize("name", ["rest.chain_not_ready", "rest.patch_403_qty"])
async def test_15_39_a_replacement_that_is_refused_leaves_the_order(
    autojump_clock: MockClock, name: str
) -> None:
    async with life() as one:
        broker: Any = one.broker
        order_id = await resting(one)
        one.fault(name, count=1)
        assert isinstance(await broker.replace(order_id, cheaper()), Refused)
        shown = await broker.order(order_id)
        assert (shown.status, shown.limit_price) == (OrderStatus.ACCEPTED, Decimal("200"))


async def test_16_an_order_that_fills_as_it_is_cancelled_is_filled(
    autojump_clock: MockClock,
) -> None:
    """The refusal of the cancel is no failure: the final state is asked for."""
    async with life() as one:
        await one.submit(buy(limit="238.00"))
        await one.until(lambda: one.entry().status is OrderStatus.ACCEPTED)
        one.fault("order.fill_before_cancel", count=1)
        await one.operations.cancel_orders((one.entry().order_id,), "test", "test")
        await one.until(lambda: one.held() == 20)
        assert one.entry().status is OrderStatus.FILLED


async def test_17_a_cancel_that_sticks_is_counted_until_it_is_done(
    autojump_clock: MockClock,
) -> None:
    async with life() as one:
        await one.submit(buy(limit="200.00", stop="195.00"))
        await one.until(lambda: one.entry().status is OrderStatus.ACCEPTED)
        one.fault("order.stick_pending_cancel", seconds=120, count=1)
        await one.operations.cancel_orders((one.entry().order_id,), "test", "test")
        await trio.sleep(QUIET_SECONDS)
        assert one.entry().is_open
        await one.until(lambda: one.entry().status is OrderStatus.CANCELED, seconds=600)


async def test_18_what_fills_while_it_is_cancelled_is_kept_and_protected(
    autojump_clock: MockClock,
) -> None:
    async with life() as one:
        await one.submit(buy(limit="230.00"))
        await one.until(lambda: one.entry().status is OrderStatus.ACCEPTED)
        one.fault("order.partial_then_cancel", count=1)
        await one.operations.cancel_orders((one.entry().order_id,), "test", "test")
        await one.until(lambda: one.entry().status is OrderStatus.CANCELED)
        assert (one.entry().filled, one.held()) == (10, 10)
        one.quote("AAPL", "228.00", "228.02")
        await one.until(lambda: one.held() == 0, seconds=600)
        same_as_at_the_venue(one)


async def test_18_what_filled_before_the_cancel_is_kept(autojump_clock: MockClock) -> None:
    async with life() as one:
        one.quote("AAPL", "238.39", "238.41", 5)
        await one.submit(buy(limit="238.41"))
        await one.until(lambda: one.held() == 5)
        await one.operations.cancel_orders((one.entry().order_id,), "test", "test")
        await one.until(lambda: one.entry().status is OrderStatus.CANCELED)
        assert (one.entry().filled, one.held()) == (5, 5)
        same_as_at_the_venue(one)
