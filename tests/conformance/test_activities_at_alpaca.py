"""What is no trade is told by the history alone: the real adapter and daemon, at the sandbox."""

from datetime import UTC, datetime, timedelta
from typing import Any

import trio
from attrs import evolve
from trio.testing import MockClock

from cream.adapters.sandbox.charging import FeeMode
from cream.core.execution.fee_drift import charges
from cream.core.model.activity import ActivityKind
from cream.core.model.order import OrderPurpose
from cream.daemon.activity_reader import ActivityReaderSettings
from cream.daemon.tree import TreeSettings
from tests.conformance.alpaca_world import AlpacaLife, life, quick
from tests.conformance.failure_world import filled
from tests.fakes.world import START, buy

# Five minutes before midnight in New York; the sandbox trades around the clock.
LATE = datetime(2026, 11, 24, 4, 55, tzinfo=UTC)


def reading(settings: TreeSettings) -> TreeSettings:
    """Look every few seconds."""
    return evolve(quick(settings), activities=ActivityReaderSettings(interval=5.0))


def posted(one: AlpacaLife, **row: Any) -> None:
    """A row appears in the history of the account."""
    exchange = one.sandbox.exchange
    told = {"id": "20261123000000000::fee", "date": str(START.date()), "status": "executed"}
    exchange.activities._others.append((exchange.clock.now() - timedelta(seconds=1), told | row))


async def test_a_row_of_the_history_reaches_the_book_once(autojump_clock: MockClock) -> None:
    """A fill is booked with its estimate; the fee that comes later is compared with it."""
    async with life(reading, fees="estimate") as one:
        await filled(one, buy())
        (entry,) = one.orders(OrderPurpose.ENTRY)
        estimated = entry.commission
        assert 0 < estimated < 1
        posted(
            one,
            activity_type="FEE",
            activity_sub_type="CAT",
            net_amount="-0.50",
            description=f"CAT fee for proceed of 20 shares (1 trades) on {START.date()}",
        )
        book = one.tree.desk.book
        await one.until(lambda: book.activities.latest())

        def named() -> set[str]:
            last = book.last_reconciliation
            return set() if last is None else {found.kind for found in last.differences}

        await one.until(lambda: "FEES" in named())
        await trio.sleep(30)
        assert len(book.activities.latest()) == 1
        assert str(book.activities.moved) == "-0.50"
        assert entry.commission == estimated


async def test_what_a_day_of_trades_is_charged_is_what_was_estimated(
    autojump_clock: MockClock,
) -> None:
    """The sandbox charges as a live account is charged: by kind, rounded up, the next day."""
    async with life(reading, start=LATE, charged=FeeMode.LIVE, fees="estimate") as one:
        await filled(one, buy())
        book = one.tree.desk.book
        estimated = dict(book.activities.estimated_fees())
        assert estimated

        await one.until(lambda: book.activities.latest(), seconds=600)

        rows = [noted.activity for noted in book.activities.latest()]
        assert {row.kind for row in rows} == {ActivityKind.FEE}
        compared = charges(book.activities)
        assert {(day.day, day.kind) for day in compared} == set(estimated)
        assert [day for day in compared if day.charged != day.estimated] == []
        assert book.activities.moved == -sum(day.charged for day in compared) < 0
        view = await one.operations.reconcile_now()
        assert view.last is not None
        assert [found.kind for found in view.last.differences if found.kind == "FEES"] == []
