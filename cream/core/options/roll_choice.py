"""Would a position in options be rolled now, into what, at which net price, and if not, why not?

Put together from the rules in `rolling.py` and a chain of the underlying. What is not known, or
known only from before, rolls nothing: it is named instead. A missing figure hides only the triggers
that need it; the others stand. Nothing is opened that would be rolled again at once.

Units: prices per share, positive debit and negative credit; deltas per share.
"""

from collections.abc import Mapping
from decimal import Decimal
from math import gcd

from attrs import evolve, field, frozen

from cream.core.model.instrument import OptionContract
from cream.core.model.market import Quote
from cream.core.options.roll_legs import NetPrice, RollLeg, cost_of, leading
from cream.core.options.roll_levels import NotCarried, RollLevels, carried, fault_of
from cream.core.options.roll_market import (
    Kept,
    OpenOption,
    OpenPosition,
    OpenSpread,
    Reading,
    RollMarket,
    delta_of,
    held_of,
    read,
    spot_of,
    unknown_of,
)
from cream.core.options.roll_rules import RollRule, RollTarget
from cream.core.options.roll_successors import successors
from cream.core.options.rolling import (
    RollMode,
    RollPolicy,
    SessionHours,
    Timing,
    Trigger,
    new_quantity,
    timing,
    triggers,
)

__all__ = [
    "NoRoll",
    "OpenOption",
    "OpenPosition",
    "OpenSpread",
    "Roll",
    "RollAnswer",
    "RollMarket",
    "decide",
    "described",
    "still_wanted",
]


@frozen(kw_only=True)
class Roll:
    """What would be done: `quantity` of `contract` closed, `into_quantity` of `into` opened.

    Of a spread these are its leading leg; `closes` and `opens` are all legs of one unit. Quantities
    are signed. Prices are net, of one unit: `close_ratio` contracts closed and `open_ratio` opened.
    `natural` fills at once, `limit` is the worst that would be accepted. `levels` are those that
    are carried over, `new_levels` where they would stand. `as_one`: the venue takes one order for
    all of it. `refused` is why the gate would not let it pass now; empty: it would. `halves` are
    what one unit costs to close, and then to open.
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
    closes: tuple[RollLeg, ...] = field()
    opens: tuple[RollLeg, ...] = field()
    levels: RollLevels | None = None
    new_levels: RollLevels | None = None
    as_one: bool = False
    refused: str = ""
    halves: tuple[NetPrice, NetPrice] | None = None

    @closes.default
    def _the_one_closed(self) -> tuple[RollLeg, ...]:
        sign = 1 if self.quantity > 0 else -1
        return (RollLeg(self.contract, sign * self.close_ratio),)

    @opens.default
    def _the_one_opened(self) -> tuple[RollLeg, ...]:
        sign = 1 if self.into_quantity > 0 else -1
        return (RollLeg(self.into, sign * self.open_ratio),)


@frozen(kw_only=True)
class NoRoll:
    """That nothing would be done, and why; `reasons` are triggers that have fired all the same."""

    contract: OptionContract
    quantity: Decimal
    reasons: tuple[Trigger, ...] = ()
    why: str
    legs: tuple[RollLeg, ...] = ()


RollAnswer = Roll | NoRoll


def decide(
    position: OpenPosition, market: RollMarket, rule: RollRule, *, asked: bool = False
) -> RollAnswer:
    """What would be done with `position` now. `asked`: somebody wants it whatever the rule says."""
    try:
        return _roll(position, market, rule, asked=asked)
    except Kept as kept:
        return NoRoll(
            contract=position.contract,
            quantity=position.quantity,
            reasons=kept.reasons,
            why=kept.why,
            legs=position.legs,
        )


def still_wanted(
    position: OpenPosition, market: RollMarket, rule: RollRule, *, asked: bool = False
) -> bool | str:
    """Whether to go on with a roll that is under way: whether it is urgent by now, or why not."""
    try:
        _, reasons, urgent = _wanted(position, market, rule, asked=asked)
    except Kept as kept:
        return kept.why
    return urgent if reasons or asked else "nothing asks for it"


def described(roll: Roll) -> str:
    """The roll in a line."""
    words = ", ".join(one.value for one in roll.reasons) or "asked for"
    kind = "credit" if roll.limit < 0 else "debit"
    price = f"at a net {kind} of {abs(roll.limit):f} or better ({words})"
    if len(roll.closes) > 1:
        old, new = (_legs_in_words(legs) for legs in (roll.closes, roll.opens))
        return f"{roll.units} of the spread {old} into {new} {price}"
    return (
        f"{roll.quantity:f} of {roll.contract.symbol} into {roll.into_quantity:f} of"
        f" {roll.into.symbol} {price}"
    )


def _legs_in_words(legs: tuple[RollLeg, ...]) -> str:
    return ", ".join(f"{leg.ratio:+d} {leg.contract.symbol}" for leg in legs)


def _wanted(
    position: OpenPosition, market: RollMarket, rule: RollRule, *, asked: bool
) -> tuple[Reading, tuple[Trigger, ...], bool]:
    """The position as it is quoted, what has fired, and whether that is urgent.   Raises: Kept."""
    policy = rule.policy
    if policy.mode is RollMode.OFF and not asked:
        raise Kept("its rule is off")
    if position.hindrance:
        raise Kept(position.hindrance)
    spot_of(market.chain)
    old = read(position.legs, market.chain, closes=True)
    held = held_of(old, position.units, position.entry, market)
    reasons = triggers(held, policy)
    if not reasons and not asked:
        raise Kept(_nothing_asks(old, position, policy))
    when = timing(reasons, held, market.chain.as_of, market.session, policy)
    closed = not _is_open(market)
    if closed or (when is Timing.WAIT and not asked):
        raise Kept("the market is closed" if closed else _waits(policy), reasons)
    return old, reasons, when is Timing.ROLL_URGENTLY


def _roll(position: OpenPosition, market: RollMarket, rule: RollRule, *, asked: bool) -> Roll:
    old, reasons, urgent = _wanted(position, market, rule, asked=asked)
    try:
        legs = successors(position.legs, market, rule)
        new = read(legs, market.chain)
        _refuse_again(position, new, market, rule.policy)
        quantity = _quantity(position, old, new, rule)
        roll = _priced(position, new, quantity, {**old.quotes, **new.quotes})
        roll = evolve(roll, reasons=reasons, urgent=urgent)
        return _carrying(position, _limited(roll, rule.target), new, market)
    except Kept as kept:
        raise Kept(kept.why, reasons) from None


def _nothing_asks(old: Reading, position: OpenPosition, policy: RollPolicy) -> str:
    unknown = " and ".join(unknown_of(old, position.entry, policy))
    return f"nothing asks for it, but {unknown} is unknown" if unknown else "nothing asks for it"


def _is_open(market: RollMarket) -> bool:
    session: SessionHours | None = market.session
    return session is not None and session.opens_at <= market.chain.as_of < session.closes_at


def _waits(policy: RollPolicy) -> str:
    return f"it waits for its window, {policy.opens_at:%H:%M} to {policy.closes_at:%H:%M}"


# What follows the old one -------------------------------------------------------------------------


def _refuse_again(
    position: OpenPosition, new: Reading, market: RollMarket, policy: RollPolicy
) -> None:
    """Raises: Kept where the new position would be rolled again at once, or nobody could tell."""
    entry = cost_of(new.legs, new.quotes, opens=True).natural
    if tuple(unknown_of(new, entry, policy)):
        raise Kept(f"the delta of {new.names} is unknown")
    again = triggers(held_of(new, position.units, entry, market), policy)
    if again:
        words = ", ".join(one.value for one in again)
        raise Kept(f"{new.names} would have to be rolled again at once: {words}")


def _quantity(position: OpenPosition, old: Reading, new: Reading, rule: RollRule) -> Decimal:
    """How many to open, signed as the leading leg is. Spreads are rolled one for one."""
    if not rule.target.keep_delta or isinstance(position, OpenSpread):
        return position.quantity
    before, after = delta_of(old.rows[0]), delta_of(new.rows[0])
    if before is None or after is None:
        raise Kept("a delta that is to be kept is unknown")
    return new_quantity(position.quantity, before, after, rule.policy)


# At what price ------------------------------------------------------------------------------------


def _priced(
    position: OpenPosition, new: Reading, quantity: Decimal, quotes: Mapping[str, Quote]
) -> Roll:
    units, closes_each, opens_each = int(position.units), 1, 1
    if isinstance(position, OpenOption):
        units = gcd(int(position.units), int(abs(quantity)))
        closes_each = int(position.units) // units
        opens_each = int(abs(quantity)) // units
    closes = tuple(RollLeg(leg.contract, leg.ratio * closes_each) for leg in position.legs)
    opens = tuple(RollLeg(leg.contract, leg.ratio * opens_each) for leg in new.legs)
    halves = cost_of(closes, quotes, opens=False), cost_of(opens, quotes, opens=True)
    price = halves[0] + halves[1]
    lead = leading(opens)
    return Roll(
        contract=position.contract,
        quantity=position.quantity,
        reasons=(),
        urgent=False,
        into=lead.contract,
        into_quantity=Decimal(lead.ratio * units),
        units=units,
        close_ratio=abs(leading(closes).ratio),
        open_ratio=abs(lead.ratio),
        middle=price.middle,
        natural=price.natural,
        limit=price.natural,
        closes=closes,
        opens=opens,
        halves=halves,
    )


def _limited(roll: Roll, target: RollTarget) -> Roll:
    """The roll with its limit, if it may cost that."""
    price = NetPrice(roll.middle, roll.natural)
    roll = evolve(roll, limit=price.limit(target.concession, urgent=roll.urgent))
    if target.most_debit is not None and roll.limit > target.most_debit:
        raise Kept(f"it would cost {roll.limit:f}, more than {target.most_debit:f}")
    return roll


def _carrying(position: OpenPosition, roll: Roll, new: Reading, market: RollMarket) -> Roll:
    """The roll with the levels of the old position, if the new one can have them."""
    levels = position.levels
    if levels is None:
        return roll
    owns, premium = position.quantity > 0, new.quotes[roll.into.symbol].mid
    try:
        moved = carried(levels, premium, owns=owns)
    except NotCarried as why:
        raise Kept(str(why)) from None
    fault = fault_of(moved, roll.into, spot_of(market.chain), premium, owns=owns)
    if fault is not None:
        raise Kept(f"its levels cannot be carried: {fault}")
    return evolve(roll, levels=levels, new_levels=moved)
