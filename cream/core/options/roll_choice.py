"""Would a held option be rolled now, into which contract, at which net price, and if not, why not?

Put together from the rules in `rolling.py` and a chain of the underlying. What is not known, or
known only from before, rolls nothing: it is named instead. A missing figure hides only the triggers
that need it; the others stand. Nothing is opened that would be rolled again at once.

Units: prices per share, positive debit and negative credit; deltas per share.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from math import gcd, isfinite
from typing import assert_never

from attrs import evolve, frozen

from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.model.market import Quote
from cream.core.model.money import ZERO, decimal_from_float
from cream.core.options.chain import OptionChain, OptionRow, QuoteFlag, price_of
from cream.core.options.dividends import Dividend
from cream.core.options.exercise_risk import RiskLevel, ShortOption, exercise_risk
from cream.core.options.expirations import days_to_expiry
from cream.core.options.occ import NEW_YORK
from cream.core.options.roll_rules import RollRule, RollTarget, StrikeChoice
from cream.core.options.rolling import (
    Held,
    RollMode,
    RollPolicy,
    SessionHours,
    Timing,
    Trigger,
    new_quantity,
    roll_price,
    timing,
    triggers,
)

# Net prices of several legs are in whole cents at every venue.
_CENT = Decimal("0.01")


@frozen(kw_only=True)
class OpenOption:
    """A position in one contract.

    `quantity` is signed. `price` is the average at which it was opened, None where nobody knows.
    `hindrance` says why it is not to be rolled whatever the market does; empty: nothing does.
    """

    contract: OptionContract
    quantity: Decimal
    price: Decimal | None
    hindrance: str = ""


@frozen(kw_only=True)
class RollMarket:
    """What is known of the market at the moment of the chain.

    `dividends` are those to come that are known. `held` are all positions by symbol.
    """

    chain: OptionChain
    session: SessionHours | None
    dividends: tuple[Dividend, ...]
    held: Mapping[str, Decimal]

    @property
    def today(self) -> date:
        """The day in New York."""
        return self.chain.as_of.astimezone(NEW_YORK).date()


@frozen(kw_only=True)
class Roll:
    """What would be done: `quantity` of `contract` closed, `into_quantity` of `into` opened.

    Quantities are signed. Prices are net, of one unit: `close_ratio` contracts closed and
    `open_ratio` opened. `natural` fills at once, `limit` is the worst that would be accepted.
    """

    contract: OptionContract
    quantity: Decimal
    reasons: tuple[Trigger, ...]
    urgent: bool
    into: OptionContract
    into_quantity: Decimal
    units: int
    close_ratio: int
    open_ratio: int
    middle: Decimal
    natural: Decimal
    limit: Decimal


@frozen(kw_only=True)
class NoRoll:
    """That nothing would be done, and why; `reasons` are triggers that have fired all the same."""

    contract: OptionContract
    quantity: Decimal
    reasons: tuple[Trigger, ...] = ()
    why: str


RollAnswer = Roll | NoRoll


class _Kept(Exception):
    """Why the position is left as it is; inside this file only."""

    def __init__(self, why: str, reasons: tuple[Trigger, ...] = ()) -> None:
        super().__init__(why)
        self.why = why
        self.reasons = reasons


def decide(position: OpenOption, market: RollMarket, rule: RollRule) -> RollAnswer:
    """What would be done with `position` now."""
    try:
        return _roll(position, market, rule)
    except _Kept as kept:
        return NoRoll(
            contract=position.contract,
            quantity=position.quantity,
            reasons=kept.reasons,
            why=kept.why,
        )


def described(roll: Roll) -> str:
    """The roll in a line."""
    words = ", ".join(one.value for one in roll.reasons)
    kind = "credit" if roll.limit < 0 else "debit"
    return (
        f"{roll.quantity:f} of {roll.contract.symbol} into {roll.into_quantity:f} of"
        f" {roll.into.symbol} at a net {kind} of {abs(roll.limit):f} or better ({words})"
    )


def _roll(position: OpenOption, market: RollMarket, rule: RollRule) -> Roll:
    policy = rule.policy
    if policy.mode is RollMode.OFF:
        raise _Kept("its rule is off")
    if position.hindrance:
        raise _Kept(position.hindrance)
    spot = _spot(market.chain)
    row = _row_of(position.contract, market.chain)
    owns = position.quantity > 0
    # What is owed is bought back: nobody has to bid for it.
    old = _sound(row, "its quote", may_lack_bid=not owns)
    held = _held(position, row, old, spot, market)
    reasons = triggers(held, policy)
    if not reasons:
        raise _Kept(_nothing_asks(position, held, policy))
    when = timing(reasons, held, market.chain.as_of, market.session, policy)
    if when is Timing.WAIT:
        raise _Kept(_waits(market, policy), reasons)
    try:
        new_row = _new_row(position, market, rule)
        new = _sound(new_row, f"the quote of {new_row.listed.contract.symbol}")
        _refuse_again(position, new_row, new, spot, market, policy)
        quantity = _quantity(position, row, new_row, rule)
        roll = _priced(position, new_row.listed.contract, quantity, old, new, rule.target)
        urgent = when is Timing.ROLL_URGENTLY
        return _limited(evolve(roll, reasons=reasons, urgent=urgent), rule.target)
    except _Kept as kept:
        raise _Kept(kept.why, reasons) from None


# What is known ------------------------------------------------------------------------------------


def _spot(chain: OptionChain) -> Decimal:
    spot = price_of(chain.underlying)
    if spot is None or spot <= 0:
        raise _Kept(f"the price of {chain.symbol} is not known")
    if chain.underlying_is_stale:
        raise _Kept(f"the price of {chain.symbol} is {chain.underlying_age_seconds:.1f} s old")
    return spot


def _row_of(contract: OptionContract, chain: OptionChain) -> OptionRow:
    for row in chain.rows:
        if row.listed.contract == contract:
            return row
    raise _Kept(f"it is not in the chain of {chain.symbol}")


def _sound(row: OptionRow, whose: str, *, may_lack_bid: bool = False) -> Quote:
    """A quote that prices can be taken from."""
    flaws = [one for one in row.flags if not (may_lack_bid and one is QuoteFlag.NO_BID)]
    if row.listed.quote is None or flaws:
        words = ", ".join(one.value for one in flaws) or QuoteFlag.NO_QUOTE.value
        raise _Kept(f"{whose} is not good enough: {words}")
    return row.listed.quote


def _delta(row: OptionRow) -> Decimal | None:
    greeks = row.valuation.greeks
    # What a feed sends may be no number.
    if greeks is None or not isfinite(greeks.delta):
        return None
    return decimal_from_float(greeks.delta)


def _held(
    position: OpenOption, row: OptionRow, quote: Quote, spot: Decimal, market: RollMarket
) -> Held:
    """The position as the rules see it. An unknown entry is zero: it fires nothing."""
    contract, owes = row.listed.contract, position.quantity < 0
    price = position.price or ZERO
    best: Decimal | None = None
    if owes:
        best = price
    elif contract.right is OptionRight.PUT:
        best = contract.strike - price
    delta, level, inside = _delta(row), RiskLevel.NONE, False
    if owes:
        short = ShortOption(
            contract=contract,
            quantity=abs(position.quantity),
            spot=spot,
            today=market.today,
            ask=quote.ask,
            rate=decimal_from_float(market.chain.rate),
        )
        level, inside = _exercise_level(short, market), short.intrinsic > 0
    return Held(
        days=days_to_expiry(contract, market.chain.as_of),
        entry=-price if owes else price,
        # What is not known to have cost anything has neither gained nor lost.
        value=ZERO if position.price is None else (-quote.ask if owes else quote.bid),
        max_profit=None if position.price is None else best,
        exercise_risk=level,
        short_delta=abs(delta) if owes and delta is not None else None,
        in_the_money=inside,
    )


def _exercise_level(short: ShortOption, market: RollMarket) -> RiskLevel:
    """The highest over the dividends to come: its holder may exercise for any of them."""
    due = [one for one in market.dividends if one.ex_date <= short.contract.expiration]
    cases = [evolve(short, dividend=one) for one in due] or [short]
    return max(exercise_risk(one).level for one in cases)


def _unknown(position: OpenOption, held: Held, policy: RollPolicy) -> Iterator[str]:
    if position.price is None:
        yield "what it was opened at"
    if position.quantity < 0 and policy.most_short_delta is not None and held.short_delta is None:
        yield "its delta"


def _nothing_asks(position: OpenOption, held: Held, policy: RollPolicy) -> str:
    unknown = " and ".join(_unknown(position, held, policy))
    return f"nothing asks for it, but {unknown} is unknown" if unknown else "nothing asks for it"


def _waits(market: RollMarket, policy: RollPolicy) -> str:
    session, now = market.session, market.chain.as_of
    if session is None or not session.opens_at <= now < session.closes_at:
        return "the market is closed"
    return f"it waits for its window, {policy.opens_at:%H:%M} to {policy.closes_at:%H:%M}"


# What follows the old one -------------------------------------------------------------------------


def _new_row(position: OpenOption, market: RollMarket, rule: RollRule) -> OptionRow:
    old, target = position.contract, rule.target
    later = [row for row in market.chain.rows if _is_later(row.listed.contract, old, market, rule)]
    match target.strike:
        case StrikeChoice.SAME:
            listed = [row for row in later if row.listed.contract.strike == old.strike]
            found = _nearest_day(listed, market, target)
        case StrikeChoice.DELTA:
            usable = [row for row in _nearest_day(later, market, target) if not row.flags]
            found = _nearest_delta(usable, target)
        case _:
            assert_never(target.strike)
    if not found:
        raise _Kept("no later contract is listed that fits")
    new = found[0].listed.contract
    if market.held.get(new.symbol, ZERO) * position.quantity < 0:
        raise _Kept(f"{new.symbol} is held on the other side: it would be closed, not opened")
    return found[0]


def _is_later(new: OptionContract, old: OptionContract, market: RollMarket, rule: RollRule) -> bool:
    days = (new.expiration - market.today).days
    return (
        new.right is old.right
        and new.expiration > old.expiration
        and days > rule.policy.credit_days
    )


def _nearest_day(rows: list[OptionRow], market: RollMarket, target: RollTarget) -> list[OptionRow]:
    """Those of the expiration nearest to the target; of two as near, the later."""
    days = {(row.listed.contract.expiration - market.today).days for row in rows}
    best = min(days, key=lambda one: (abs(one - target.days), -one), default=None)
    return [row for row in rows if (row.listed.contract.expiration - market.today).days == best]


def _nearest_delta(rows: list[OptionRow], target: RollTarget) -> list[OptionRow]:
    """The one nearest to the target; of two as near, the one further from the money."""
    deltas = [(abs(delta), row) for row in rows if (delta := _delta(row)) is not None]
    deltas.sort(key=lambda one: (abs(one[0] - target.delta), one[0]))
    return [row for _, row in deltas[:1]]


def _refuse_again(
    position: OpenOption,
    row: OptionRow,
    quote: Quote,
    spot: Decimal,
    market: RollMarket,
    policy: RollPolicy,
) -> None:
    """Raises: _Kept where the new position would be rolled again at once, or nobody could tell."""
    contract = row.listed.contract
    price = quote.ask if position.quantity > 0 else quote.bid
    opened = evolve(position, contract=contract, price=price)
    held = _held(opened, row, quote, spot, market)
    if tuple(_unknown(opened, held, policy)):
        raise _Kept(f"the delta of {contract.symbol} is unknown")
    again = triggers(held, policy)
    if again:
        words = ", ".join(one.value for one in again)
        raise _Kept(f"{contract.symbol} would have to be rolled again at once: {words}")


def _quantity(position: OpenOption, row: OptionRow, new_row: OptionRow, rule: RollRule) -> Decimal:
    if not rule.target.keep_delta:
        return position.quantity
    old, new = _delta(row), _delta(new_row)
    if old is None or new is None:
        raise _Kept("a delta that is to be kept is unknown")
    return new_quantity(position.quantity, old, new, rule.policy)


# At what price ------------------------------------------------------------------------------------


def _priced(
    position: OpenOption,
    into: OptionContract,
    quantity: Decimal,
    old: Quote,
    new: Quote,
    target: RollTarget,
) -> Roll:
    units = gcd(int(abs(position.quantity)), int(abs(quantity)))
    closes, opens = int(abs(position.quantity)) // units, int(abs(quantity)) // units
    if position.quantity > 0:
        natural = roll_price(closes * old.bid, opens * new.ask)
        middle = roll_price(closes * old.mid, opens * new.mid)
    else:
        natural = roll_price(-closes * old.ask, -opens * new.bid)
        middle = roll_price(-closes * old.mid, -opens * new.mid)
    given = middle + target.concession * (natural - middle)
    return Roll(
        contract=position.contract,
        quantity=position.quantity,
        reasons=(),
        urgent=False,
        into=into,
        into_quantity=quantity,
        units=units,
        close_ratio=closes,
        open_ratio=opens,
        middle=middle,
        natural=natural,
        # Never more than was to be given.
        limit=given.quantize(_CENT, ROUND_FLOOR),
    )


def _limited(roll: Roll, target: RollTarget) -> Roll:
    """The roll with its limit, if it may cost that."""
    if roll.urgent:
        # A limit below the natural price by a part of a cent would not fill.
        roll = evolve(roll, limit=roll.natural.quantize(_CENT, ROUND_CEILING))
    if target.most_debit is not None and roll.limit > target.most_debit:
        raise _Kept(f"it would cost {roll.limit:f}, more than {target.most_debit:f}")
    return roll
