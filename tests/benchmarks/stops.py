"""What does a quote cost the stop monitor, and what does it cost for positions in other symbols?

CPU per quote with five protected positions on the quoted symbol, alone and among 1,000 in 200
symbols. The ratio is what counts: it should be one.
"""

import time
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import trio
import trio.testing
from attrs import evolve

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.execution.protection import ProtectionPolicy
from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.model.market import Quote
from cream.core.model.order import Side
from cream.daemon.desk import Desk, DeskChannels
from cream.daemon.publication import touched_by
from cream.daemon.stop_monitor import StopMonitor
from tests.fakes.builders import NOW, order_terms
from tests.fakes.ledger import Ledger

A_SYMBOL = 5
QUOTES = 4_000


class _Clock:
    def now(self) -> Any:
        return NOW


def _book(symbols: int) -> Book:
    """Five long calls on each of the symbols, with a stop that is far away."""
    ledger = Ledger()
    day = NOW.date().replace(month=12, day=18)
    for number in range(symbols * A_SYMBOL):
        under, strike = f"S{number // A_SYMBOL}", Decimal(100 + number % A_SYMBOL)
        call = OptionContract(under, day, OptionRight.CALL, strike)
        terms = evolve(
            order_terms(f"o-{number}", "1", side=Side.BUY), instrument=call, stop_loss=Decimal(50)
        )
        ledger.intend(terms)
        ledger.trade(terms.order_id, "1", "10")
    assert isinstance(ledger.records[0].event, e.OrderIntended)
    return ledger.book


def _monitor(book: Book, quotes: Mapping[str, Quote]) -> StopMonitor:
    batches, _ = trio.open_memory_channel[Any](10)
    jobs, _ = trio.open_memory_channel[Any](10)
    desk = Desk(
        book=book,
        clock=_Clock(),
        channels=DeskChannels.to(batches, jobs),
        published=lambda _committed: None,
        touch=touched_by,
    )
    unused: Any = None
    return StopMonitor(desk, unused, unused, quotes.get, ProtectionPolicy(), 0.1)


async def _cost(symbols: int) -> float:
    """CPU of this process per quote. Units: microseconds."""
    quote = Quote(symbol="S0", bid=Decimal(100), ask=Decimal(101), bid_size=1, ask_size=1, at=NOW)
    monitor = _monitor(_book(symbols), {f"S{n}": quote for n in range(symbols)})
    async with trio.open_nursery() as nursery:
        await nursery.start(monitor.run)
        await trio.testing.wait_all_tasks_blocked()
        began = time.process_time()
        for _ in range(QUOTES):
            monitor.quoted(quote)
            # The monitor's turn, and its checkpoint.
            await trio.lowlevel.checkpoint()
            await trio.lowlevel.checkpoint()
        spent = time.process_time() - began
        nursery.cancel_scope.cancel()
    return spent / QUOTES * 1e6


def run() -> Iterator[Mapping[str, object]]:
    """Rows of figures."""
    alone = trio.run(_cost, 1)
    among = trio.run(_cost, 200)
    yield {
        "case": "a quote on 5 protected positions",
        "microseconds_alone": round(alone, 1),
        "microseconds_among_1000_in_200_symbols": round(among, 1),
        "ratio": round(among / alone, 2),
    }
