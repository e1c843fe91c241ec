"""Which orders has the stream told of that nobody here placed? To be asked about, once each.

A broker that closes a position by itself does it with an order of its own, which fills at once: no
list of open orders ever shows it.
"""

from collections.abc import Iterable, Sequence

from attrs import define, field

from cream.core.execution.book import Book
from cream.core.model.broker import BrokerOrder

# More are not told of between two looks; what goes beyond is found by comparing holdings.
_MOST = 1_000


@define
class Strangers:
    """Those that nobody has looked at yet."""

    _seen: dict[str, str] = field(factory=dict)

    def note(self, shown: Iterable[BrokerOrder]) -> None:
        """The stream told of these, and the book knows none of them."""
        for one in shown:
            if len(self._seen) < _MOST:
                self._seen[one.broker_order_id] = one.client_order_id

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._seen)

    def take(self, book: Book) -> Sequence[str]:
        """The broker ids of those that the book still does not know. They are forgotten here."""
        seen, self._seen = self._seen, {}
        return [
            broker_id
            for broker_id, client_id in seen.items()
            if book.find(broker_id) is None and book.find(client_id) is None
        ]
