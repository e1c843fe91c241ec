"""What does the account's history show? Fills at once, and what is no trade a day later.

Exercise, assignment and expiry are told nowhere else: positions and cash change at once, and the
rows come the next day, as on Alpaca's paper accounts.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from attrs import define, field

from cream.adapters.sandbox.replies import Json
from cream.adapters.sandbox.words import dollars, number, price, symbol, uuid_text
from cream.core.exchange.venue import OptionEnd
from cream.core.model.instrument import OptionRight
from cream.core.model.money import ZERO
from cream.core.options.occ import NEW_YORK

# Rows that are kept; the oldest go first.
KEPT_ROWS = 100_000
# What is no trade becomes visible so much later.
VISIBLE_AFTER = timedelta(days=1)


@define
class ActivityLog:
    """The history of one account."""

    fills: deque[Json] = field(factory=lambda: deque(maxlen=KEPT_ROWS))
    _others: deque[tuple[datetime, Json]] = field(factory=lambda: deque(maxlen=KEPT_ROWS))

    def note_end(self, end: OptionEnd) -> None:
        """An option has ended: what there will be to read of it."""
        for row in _rows_of(end):
            self._others.append((end.at + VISIBLE_AFTER, row))

    def post(self, at: datetime, rows: Iterable[Json]) -> None:
        """Rows that can be read from `at` on."""
        self._others.extend((at, row) for row in rows)

    def others(self, now: datetime) -> Iterator[tuple[datetime, Json]]:
        """What is no fill and can be seen by now, with the moment since which it can."""
        return (row for row in self._others if row[0] <= now)


def _rows_of(end: OptionEnd) -> Iterator[Json]:
    contract, quantity = end.contract, end.quantity
    group = uuid_text("option-end", contract.symbol, end.at.isoformat())
    if not end.delivered:
        yield _row("OPEXP", end, group, symbol(contract), -quantity, ZERO, ZERO)
        return
    kind = "OPEXC" if quantity > 0 else "OPASN"
    yield _row(kind, end, group, symbol(contract), -quantity, ZERO, ZERO)
    buys = (quantity > 0) is (contract.right is OptionRight.CALL)
    shares = abs(quantity) * contract.multiplier * (1 if buys else -1)
    paid = -shares * contract.strike
    yield _row("OPTRD", end, group, contract.underlying, shares, contract.strike, paid)


def _row(
    kind: str, end: OptionEnd, group: str, name: str, quantity: Decimal, at: Decimal, paid: Decimal
) -> Json:
    local = end.at.astimezone(NEW_YORK)
    return {
        "id": f"{local:%Y%m%d}000000000::{uuid_text('activity', kind, group)}",
        "activity_type": kind,
        "date": local.date().isoformat(),
        "net_amount": dollars(paid),
        "symbol": name,
        "qty": number(quantity),
        "price": price(at),
        "description": "",
        "status": "executed",
        "group_id": group,
    }
