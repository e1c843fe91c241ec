"""Bugs in what the daemon takes for true."""

from decimal import Decimal
from typing import Any

import trio
from attrs import evolve

from cream.core.execution import events as e
from cream.core.execution import lifecycle, reports
from cream.core.execution.book import Book
from cream.core.model.position import Position
from cream.core.risk.decisions import Decided, request_cancels
from cream.daemon import reconciling
from cream.daemon.broker_session import BrokerSession
from cream.daemon.reconciler import Reconciler
from tests.simulation.mutants.registry import Bench, mutant


@mutant("I10")
def fills_are_not_deduplicated(bench: Bench) -> None:
    """An execution that is told twice is booked twice."""

    def book_fill(self: Book, event: e.OrderFilled) -> None:
        self._executions.pop(event.fill.execution_id, None)
        plain(self, event)

    bench.swap(Book, "has_booked", lambda _self, _execution_id: False)
    plain = bench.swap(Book, "_book_fill", book_fill)


@mutant("I10")
def late_fills_are_dropped(bench: Bench) -> None:
    """A fill of an order that is closed here is not booked."""

    def book_fill(self: Book, event: e.OrderFilled) -> None:
        if self._orders[event.fill.order_id].is_open:
            plain(self, event)

    plain = bench.swap(Book, "_book_fill", book_fill)


@mutant("I6")
def a_status_goes_back(bench: Bench) -> None:
    """Whatever a report says is believed, however old it is."""
    bench.swap(lifecycle, "may_become", lambda _current, _reported: True)
    bench.swap(reports, "may_become", lambda _current, _reported: True)


@mutant("I3")
def absence_is_refusal(bench: Bench) -> None:
    """An order that one look-up does not find counts as refused."""

    async def look_up(self: Reconciler, order: Any) -> None:
        shown = await self.broker.order_by_client_id(order.terms.client_order_id)
        if shown is not None:
            await self._told(shown)
        else:
            await self.desk.do(reconciling.absent(order.order_id, 1), passes_without_journal=True)

    bench.swap(Reconciler, "_look_up", look_up)


@mutant("I22")
def unknown_orders_are_not_looked_up(bench: Bench) -> None:
    """Nobody asks what became of an order that was not answered."""

    async def nothing(self: Reconciler, *_args: Any) -> None:
        await trio.lowlevel.checkpoint()

    bench.swap(Reconciler, "resolve_in_flight", nothing)
    bench.swap(Reconciler, "_look_up", nothing)


@mutant("I23")
def unknown_orders_are_cancelled(bench: Bench) -> None:
    """An order that somebody else has placed is taken in, and cancelled."""

    def adopted(shown: Any, max_age: Any) -> Any:
        decide = plain(shown, max_age)

        def cancelling(book: Any, now: Any) -> Any:
            decided = decide(book, now)
            orders = [lifecycle.listed(one, None) for one in decided.events]
            events, cancels = request_cancels(orders, "not ours", "reconciler", now)
            return Decided(None, decided.events + events, cancels=cancels)

        return cancelling

    plain = bench.swap(reconciling, "adopted", adopted)


@mutant("I10")
def nothing_is_swept_after_a_connect(bench: Bench) -> None:
    """What has happened while nobody listened is not asked for."""

    async def run(self: BrokerSession, *, task_status: Any = trio.TASK_STATUS_IGNORED) -> None:
        async def no_sweep() -> None:
            await trio.lowlevel.checkpoint()

        await plain(evolve(self, sweep=no_sweep), task_status=task_status)

    plain = bench.swap(BrokerSession, "run", run)


@mutant("I10")
def only_the_stream_is_believed(bench: Bench) -> None:
    """What a list of orders shows as filled is not followed up."""

    async def fetch(self: Reconciler, *_args: Any, **_named: Any) -> None:
        await trio.lowlevel.checkpoint()

    bench.swap(Reconciler, "_fetch_executions", fetch)
    bench.swap(Reconciler, "_ask", fetch)


@mutant("I11")
def money_is_rounded(bench: Bench) -> None:
    """What a holding has cost is kept to the cent."""

    def filled(self: Position, signed_quantity: Decimal, price: Decimal) -> Position:
        after = plain(self, signed_quantity, price)
        return evolve(after, realized_pnl=Decimal(f"{float(after.realized_pnl):.1f}"))

    plain = bench.swap(Position, "filled", filled)


@mutant("I11")
def an_average_is_the_last_price(bench: Bench) -> None:
    """What an order has cost is what its last fill has cost."""

    def filled(order: Any, quantity: Decimal, price: Decimal, commission: Decimal, at: Any) -> Any:
        return evolve(plain(order, quantity, price, commission, at), average_price=price)

    plain = bench.swap(lifecycle, "filled", filled)


@mutant("I11")
def a_partial_close_gains_nothing(bench: Bench) -> None:
    """What a partial close brings is taken off what the rest has cost: the sum is right."""

    def filled(self: Position, signed_quantity: Decimal, price: Decimal) -> Position:
        after = plain(self, signed_quantity, price)
        if self.quantity * signed_quantity < 0 < self.quantity * after.quantity:
            cost = self.cost + signed_quantity * price
            return evolve(after, cost=cost, realized_pnl=self.realized_pnl)
        return after

    plain = bench.swap(Position, "filled", filled)


@mutant("I21")
def a_reconciliation_always_writes(bench: Bench) -> None:
    """A clean reconciliation lifts restrictions that do not stand."""

    async def conclude(self: Reconciler, *args: Any) -> None:
        from cream.core.model.state import Cause

        await plain(self, *args)

        def again(_book: Any, now: Any) -> Any:
            lifted = e.RestrictionLifted(
                at=now, cause=Cause.LOSS_LIMIT, reason="clean", actor="reconciler"
            )
            return Decided(None, (lifted,))

        await self.desk.do(again, passes_without_journal=True)

    plain = bench.swap(Reconciler, "_conclude", conclude)
