"""How many whole spreads are these executions of legs, and at which net price?

A venue fills the legs of a multi-leg order as a unit, but tells one execution per leg and may cut
legs into parts differently. Executions are taken up to each point at which every leg has filled the
same whole number of spreads; what is left over waits for its counterparts and is not booked before.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from cream.core.execution.events import SpreadFilled
from cream.core.model.fill import Fill
from cream.core.model.money import ZERO, average
from cream.core.model.order import OrderLeg, OrderTerms


def spread_fills(terms: OrderTerms, fills: Sequence[Fill], now: datetime) -> Iterator[SpreadFilled]:
    """The whole spreads of `terms` that `fills` make, one event for each step that legs share."""
    by_leg: dict[str, list[Fill]] = {leg.contract.symbol: [] for leg in terms.legs}
    for fill in fills:
        if fill.instrument.symbol in by_leg:
            by_leg[fill.instrument.symbol].append(fill)
    ends = [_whole_spreads(leg, by_leg[leg.contract.symbol]) for leg in terms.legs]
    if not ends:
        return
    done = ZERO
    begun = [0] * len(ends)
    for spreads in sorted(set(ends[0]).intersection(*ends[1:])):
        counts = [end[spreads] for end in ends]
        parts = [
            by_leg[leg.contract.symbol][first:last]
            for leg, first, last in zip(terms.legs, begun, counts, strict=True)
        ]
        yield _spread_filled(terms, parts, spreads - done, now)
        done, begun = spreads, counts


def _whole_spreads(leg: OrderLeg, fills: Sequence[Fill]) -> dict[Decimal, int]:
    """After how many of its `fills` the leg has filled a whole number of spreads, by number."""
    ends: dict[Decimal, int] = {}
    contracts = ZERO
    for count, fill in enumerate(fills, start=1):
        contracts += fill.quantity
        if contracts % abs(leg.ratio) == 0:
            ends[contracts / abs(leg.ratio)] = count
    return ends


def _spread_filled(
    terms: OrderTerms, parts: Sequence[Sequence[Fill]], spreads: Decimal, now: datetime
) -> SpreadFilled:
    """One event for `spreads`, of which `parts` are the fills leg by leg."""
    net = ZERO
    for leg, fills in zip(terms.legs, parts, strict=True):
        sign = 1 if leg.ratio > 0 else -1
        net += sign * sum((fill.quantity * fill.price for fill in fills), ZERO)
    return SpreadFilled(
        at=now,
        order_id=terms.order_id,
        execution_id=f"{parts[0][0].execution_id}/unit",
        quantity=spreads,
        net_price=average(net, spreads),
        legs=tuple(fill for fills in parts for fill in fills),
    )
