"""Which listed contracts follow those of a position that is rolled?

Its first expiration becomes the listed one nearest to the target; what expires later keeps its
distance in days. At the same strikes, or the leading leg goes to the strike nearest to a delta and
the others keep their distance to it: never more than it was, as a wider spread can lose more.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import assert_never

from cream.core.model.money import ZERO
from cream.core.options.chain import OptionRow
from cream.core.options.roll_legs import RollLeg, leading
from cream.core.options.roll_market import Kept, RollMarket, delta_of
from cream.core.options.roll_rules import RollRule, RollTarget, StrikeChoice

NOTHING_FITS = "no later contract is listed that fits"
# Between two listed expirations of most underlyings lies a week: so far off a day may be.
_DAYS_OFF = timedelta(days=7)

_RowsOf = Callable[[RollLeg, date], list[OptionRow]]


def successors(legs: Sequence[RollLeg], market: RollMarket, rule: RollRule) -> tuple[RollLeg, ...]:
    """The legs that follow, in the same order.   Raises: Kept where none do."""
    first = min(leg.contract.expiration for leg in legs)
    for day in _days(legs, first, market, rule):
        found = _on(legs, first, day, market, rule.target)
        if found is not None:
            _refuse_held(legs, found, market)
            return found
        if rule.target.strike is StrikeChoice.DELTA:
            break
    raise Kept(NOTHING_FITS)


def _days(
    legs: Sequence[RollLeg], first: date, market: RollMarket, rule: RollRule
) -> Iterator[date]:
    """Later expirations, those near to the target first; of two as near, the later."""
    rights = {leg.contract.right for leg in legs}
    listed = {
        row.listed.contract.expiration
        for row in market.chain.rows
        if row.listed.contract.right in rights
    }
    target, today = rule.target.days, market.today
    later = [day for day in listed if day > first and (day - today).days > rule.policy.credit_days]
    yield from sorted(
        later, key=lambda day: (abs((day - today).days - target), -(day - today).days)
    )


def _on(
    legs: Sequence[RollLeg], first: date, day: date, market: RollMarket, target: RollTarget
) -> tuple[RollLeg, ...] | None:
    """The legs with `day` as their first expiration; None where one of them is not listed."""

    def rows_of(leg: RollLeg, expiration: date) -> list[OptionRow]:
        return [
            row
            for row in market.chain.rows
            if row.listed.contract.right is leg.contract.right
            and row.listed.contract.expiration == expiration
        ]

    lead = leading(legs)
    anchor = _expiration(lead, first, day, market)
    shift = ZERO
    match target.strike:
        case StrikeChoice.SAME:
            pass
        case StrikeChoice.DELTA if anchor is not None:
            nearest = _nearest_delta(
                [row for row in rows_of(lead, anchor) if not row.flags], target
            )
            if nearest is None:
                return None
            shift = nearest.listed.contract.strike - lead.contract.strike
        case StrikeChoice.DELTA:
            return None
        case _:
            assert_never(target.strike)
    found: list[RollLeg] = []
    for leg in legs:
        expiration = _expiration(leg, first, day, market)
        row = None if expiration is None else _at(leg, lead, shift, rows_of(leg, expiration))
        if row is None:
            return None
        found.append(RollLeg(row.listed.contract, leg.ratio))
    return tuple(found) if len({leg.contract for leg in found}) == len(found) else None


def _expiration(leg: RollLeg, first: date, day: date, market: RollMarket) -> date | None:
    """Where the leg goes if the first expiration goes to `day`."""
    gap = leg.contract.expiration - first
    if not gap:
        return day
    listed = {
        row.listed.contract.expiration
        for row in market.chain.rows
        if row.listed.contract.right is leg.contract.right
    }
    near = [one for one in listed if one > day and abs(one - (day + gap)) <= _DAYS_OFF]
    return min(near, key=lambda one: (abs(one - (day + gap)), one), default=None)


def _nearest_delta(rows: list[OptionRow], target: RollTarget) -> OptionRow | None:
    """The one nearest to the target; of two as near, the one further from the money."""
    deltas = [(abs(delta), row) for row in rows if (delta := delta_of(row)) is not None]
    deltas.sort(key=lambda one: (abs(one[0] - target.delta), one[0]))
    return deltas[0][1] if deltas else None


def _at(leg: RollLeg, lead: RollLeg, shift: Decimal, rows: list[OptionRow]) -> OptionRow | None:
    """The leg at its strike once the leading leg has moved by `shift`, or a little nearer to it."""
    apart = leg.contract.strike - lead.contract.strike
    if shift == 0:
        # The same strikes: nothing has moved, and nothing has to be made narrower.
        return next((r for r in rows if r.listed.contract.strike == leg.contract.strike), None)
    moved = lead.contract.strike + shift
    fits = [
        row
        for row in rows
        if (row.listed.contract.strike - moved) * apart > 0
        and abs(row.listed.contract.strike - moved) <= abs(apart)
    ]
    if apart == 0:
        fits = [row for row in rows if row.listed.contract.strike == moved]
    return max(fits, key=lambda row: abs(row.listed.contract.strike - moved), default=None)


def _refuse_held(legs: Sequence[RollLeg], found: Sequence[RollLeg], market: RollMarket) -> None:
    """Raises: Kept where one of them would be closed by what is to open it."""
    old = {leg.contract for leg in legs}
    for leg in found:
        symbol = leg.contract.symbol
        if market.held.get(symbol, ZERO) * leg.ratio < 0:
            raise Kept(f"{symbol} is held on the other side: it would be closed, not opened")
        if leg.contract in old:
            raise Kept(f"{symbol} is part of what would be closed")
