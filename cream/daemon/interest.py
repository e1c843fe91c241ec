"""Which symbols can the daemon not do without? Those of the book, told to the feed as they change.

What is held, what works, and the prices that levels are compared with; of options their underlyings
too. Consumers of the API and plans that are judged ask for theirs themselves.
"""

from collections.abc import Collection, Iterator

import trio
from attrs import frozen

from cream.core.execution.book import Book
from cream.core.market.subscriptions import BOOK
from cream.core.ports import MarketDetail
from cream.daemon.desk import Desk

# Changes of the book come in bursts; the feed is told once for all of a moment.
_SETTLE_SECONDS = 0.05


@frozen
class Interest:
    """Tells `detail` what the book of `desk` needs."""

    desk: Desk
    detail: MarketDetail

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self.detail.follow(BOOK, needed_by(self.desk.book))
            await self.desk.wait_change()
            await trio.sleep(_SETTLE_SECONDS)


def needed_by(book: Book) -> Collection[str]:
    """The symbols whose prices decide something in `book`."""
    return frozenset(_needed_by(book))


def _needed_by(book: Book) -> Iterator[str]:
    for symbol, position in book.positions.items():
        if not position.is_flat:
            yield symbol
            yield position.instrument.underlying
    for order in book.open_orders():
        terms = order.terms
        yield from (terms.instrument.symbol, terms.instrument.underlying)
        yield from (leg.contract.symbol for leg in terms.legs)
    for protection in book.protections.values():
        yield protection.watched
