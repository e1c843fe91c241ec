"""Bugs in what leaves the daemon, and when."""

from typing import Any

import trio
from attrs import evolve

from cream.core.model.broker import CancelTaken, OutcomeUnknown, SubmitOutcome
from cream.core.model.order import OrderPurpose
from cream.core.risk import routing
from cream.core.risk.gate import Approved
from cream.daemon.desk import Desk, SendOrder
from cream.daemon.mass_canceller import MassCanceller, _confirmed
from cream.daemon.order_router import Router
from cream.daemon.watchdog import Watchdog
from tests.simulation.mutants.registry import Bench, mutant


@mutant("I12")
def send_before_journal(bench: Bench) -> None:
    """An order is handed to the router when it is decided, not when its intent is durable."""

    def take(self: Desk, command: Any) -> Any:
        decide = command.decide

        def eager(book: Any, now: Any) -> Any:
            decided = decide(book, now)
            for approved in decided.sends:
                self.channels.jobs.send_nowait(SendOrder(approved))
            return evolve(decided, sends=())

        command.decide = eager
        return plain(self, command)

    plain = bench.swap(Desk, "_decide", take)


@mutant("I1")
def new_id_on_retry(bench: Bench) -> None:
    """An order without an answer is sent again, under another id."""

    async def submit_now(self: Router, approved: Approved) -> SubmitOutcome:
        outcome: SubmitOutcome = await plain(self, approved)
        if isinstance(outcome, OutcomeUnknown):
            other = approved.terms.client_order_id + "-again"
            terms = evolve(approved.terms, client_order_id=other)
            outcome = await self.broker.submit(terms)
        return outcome

    plain = bench.swap(Router, "_submit_now", submit_now)


@mutant("I1")
def blind_resend(bench: Bench) -> None:
    """An order without an answer is sent again as it is."""

    async def submit_now(self: Router, approved: Approved) -> SubmitOutcome:
        outcome: SubmitOutcome = await plain(self, approved)
        if isinstance(outcome, OutcomeUnknown):
            outcome = await self.broker.submit(approved.terms)
        return outcome

    plain = bench.swap(Router, "_submit_now", submit_now)


@mutant("I12")
def entries_leave_whatever_the_state(bench: Bench) -> None:
    """What was approved leaves, though trading has been restricted since."""

    def stopped(self: Router, approved: Approved) -> Any:
        entry = approved.terms.purpose is OrderPurpose.ENTRY
        return None if entry else plain(self, approved)

    plain = bench.swap(Router, "_stopped_at_the_door", stopped)


@mutant("I7")
def exits_are_not_bounded(bench: Bench) -> None:
    """An exit leaves as it was decided, whatever has filled since."""
    bench.swap(routing, "closes_too_much", lambda _book, _terms: None)


@mutant("I24")
def shares_are_not_released(bench: Bench) -> None:
    """An exit is sent while its shares are still held for the protection."""

    async def released(self: Router, approved: Approved) -> bool:
        await trio.lowlevel.checkpoint()
        return True

    bench.swap(Router, "_released", released)


@mutant("I3")
def a_cancel_is_believed(bench: Bench) -> None:
    """An order counts as cancelled as soon as the broker has taken the request."""
    from cream.core.execution import events as e
    from cream.core.model.order import OrderStatus
    from cream.core.risk.decisions import Decided

    async def cancel_once(self: Router, order: Any, broker_order_id: str) -> bool:
        outcome = await self.broker.cancel(broker_order_id)
        if not isinstance(outcome, CancelTaken):
            return bool(await plain(self, order, broker_order_id))

        def gone(book: Any, now: Any) -> Any:
            if not book.order(order.order_id).is_open:
                return Decided(None)
            ended = e.OrderProgressed(
                at=now, order_id=order.order_id, status=OrderStatus.CANCELED, reason="taken"
            )
            return Decided(None, (ended,))

        await self.desk.do(gone)
        return False

    plain = bench.swap(Router, "_cancel_once", cancel_once)


@mutant("I9")
def cancels_come_in_swarms(bench: Bench) -> None:
    """Nobody keeps the cancels of one order apart: each is sent ten times."""

    async def cancel_once(self: Router, order: Any, broker_order_id: str) -> bool:
        for _ in range(9):
            await self.broker.cancel(broker_order_id)
        return bool(await plain(self, order, broker_order_id))

    plain = bench.swap(Router, "_cancel_once", cancel_once)


@mutant("I5")
def mass_cancel_tried_once(bench: Bench) -> None:
    """A mass cancel counts as done when every cancel was sent once."""

    async def pay(self: MassCanceller) -> None:
        await plain_pass(self)
        await self.desk.do(_confirmed, passes_without_journal=True)

    async def plain_pass(self: MassCanceller) -> None:
        from cream.core.model.errors import BrokerUnavailable

        try:
            await self._cancelled_all()
        except (BrokerUnavailable, trio.TooSlowError):
            self.link.failed()

    bench.swap(MassCanceller, "_pay", pay)


@mutant("I5")
def a_disconnect_cancels_nothing(bench: Bench) -> None:
    """When the broker is gone trading is restricted, and what works there is left alone."""
    from cream.core.model.state import Cause, TradingState
    from cream.core.risk.decisions import restrict

    async def disconnect(self: Watchdog) -> None:
        gone = restrict(Cause.DISCONNECT, TradingState.REDUCING, "gone", "watchdog")
        await self.desk.do(gone, passes_without_journal=True)
        self.end_session()

    bench.swap(Watchdog, "_disconnect", disconnect)
