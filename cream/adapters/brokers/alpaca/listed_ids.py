"""Which orders does a page of Alpaca's list name? Only that is read of it.

Whether an order is in the list at all is asked of thousands of them, and the whole of each would be
a hundred times as much to keep for a moment.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

from cream.adapters.brokers.alpaca.document import SchemaMismatch, read_moment
from cream.core.model.broker import OrderIds


class ListedOrder(msgspec.Struct):
    """An order of the list: its ids, its moments as they are written, and its legs."""

    id: str
    client_order_id: str | None = None
    submitted_at: str | None = None
    created_at: str | None = None
    legs: "list[ListedOrder] | None" = None

    def family(self) -> "Iterator[ListedOrder]":
        """Itself, its legs, and theirs."""
        yield self
        for leg in self.legs or ():
            yield from leg.family()

    @property
    def ids(self) -> OrderIds:
        """Its own, without those of its legs."""
        return OrderIds(self.id, self.client_order_id or "")

    def is_before(self, moment: datetime) -> bool:
        """Whether it was submitted before; not where nobody says when.

        Raises: SchemaMismatch for what is no moment.
        """
        stamp = self.submitted_at or self.created_at
        return bool(stamp) and read_moment(str(stamp)).at < moment


_page = msgspec.json.Decoder(list[ListedOrder])


def read_page(body: bytes) -> Sequence[ListedOrder]:
    """The orders of a page, as they are sorted there.   Raises: SchemaMismatch."""
    try:
        return _page.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SchemaMismatch("$", f"is no list of orders: {error}") from None
