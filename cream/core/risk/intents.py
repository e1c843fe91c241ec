"""What does each decision come to: which order, of what size, at what price, with what at stake?

Worked out for each decision by itself, from the decision and the scene alone, so that the order in
which decisions stand changes nothing. What keeps a decision from becoming an order is a fault.
"""

from collections.abc import Iterator
from decimal import Decimal

from attrs import define, field

from cream.core.model.instrument import Equity, Instrument, OptionContract, OptionRight
from cream.core.model.money import ONE, ZERO, floor_units
from cream.core.model.order import OrderTerms
from cream.core.model.plan import (
    Action,
    Decision,
    OptionLeg,
    SizeUnit,
    TimeHorizon,
    TimeInForce,
)
from cream.core.model.side import BUY, SELL
from cream.core.model.verdict import Unit
from cream.core.options.spread import SpreadRisk, leg_faults, spread_risk
from cream.core.risk.asks import Ask, Origin
from cream.core.risk.orders import Levels, levels_of, terms_of
from cream.core.risk.sizing import Unsized, units
from cream.core.risk.stance import INCREASE, Fault, Stance, stance_of
from cream.core.risk.view import Scene

# Beyond any order that any venue takes; what is larger is a typing error, and is not reckoned with.
LARGEST_QUANTITY = Decimal(10) ** 9
LARGEST_PRICE = Decimal(10) ** 9


# Reached through their classes, members cost more than what is done with them (see `side`).
_SHARES, _CONTRACTS = SizeUnit.SHARES, SizeUnit.CONTRACTS
_CLOSE, _DAY, _INTRADAY = Action.CLOSE, TimeInForce.DAY, TimeHorizon.INTRADAY


@define(kw_only=True)
class Intent:
    """One decision, worked out as far as it can be. What could not be worked out is None.

    `entry` is the price per share it is judged at: its limit, its trigger, or the far side of the
    market; net for a spread. `stake` is what one unit puts at stake, in dollars: price times
    multiplier, or the most that a spread can lose. `terms` is the order, if there can be one.

    What follows from those is worked out at once, as every rule asks for it: `key` says with what
    it is judged together, its instrument or the spreads of its underlying; `increases` and
    `reduces` what it is meant to do to risk; `is_written` whether a single option is sold to open;
    `adds` and `takes` whether it is worked out far enough to be added up; `value` what it puts at
    stake in dollars, zero where that is not known; `risk` what it loses at its stop, or a spread at
    worst; `is_rounded` whether a price of it was moved to the venue's grid; `is_plain` whether it
    is an entry in whole shares, for the day, of which there is nothing more to say than its sizes
    and prices. Nothing else of it is changed after it was made.
    """

    ask: Ask
    stance: Stance | None = None
    quantity: Decimal | None = None
    entry: Decimal | None = None
    stake: Decimal | None = None
    spread: SpreadRisk | None = None
    levels: Levels | None = None
    terms: OrderTerms | None = None
    faults: tuple[Fault, ...] = ()
    decision: Decision = field(init=False, eq=False)
    instrument: Instrument = field(init=False, eq=False)
    is_spread: bool = field(init=False, eq=False)
    of_options: bool = field(init=False, eq=False)
    is_written: bool = field(init=False, eq=False)
    key: str = field(init=False, eq=False)
    increases: bool = field(init=False, eq=False)
    reduces: bool = field(init=False, eq=False)
    adds: bool = field(init=False, eq=False)
    takes: bool = field(init=False, eq=False)
    value: Decimal = field(init=False, eq=False)
    risk: Decimal = field(init=False, eq=False)
    is_rounded: bool = field(init=False, eq=False)
    is_plain: bool = field(init=False, eq=False)

    def __attrs_post_init__(self) -> None:
        decision, stance, quantity = self.ask.decision, self.stance, self.quantity
        self.decision = decision
        self.instrument = instrument = decision.instrument
        self.is_spread = is_spread = bool(decision.legs)
        self.of_options = is_spread or isinstance(instrument, OptionContract)
        symbol = instrument.symbol
        self.key = f"{symbol} spreads" if is_spread else symbol
        self.increases = increases = stance is not None and stance.effect is INCREASE
        self.reduces = stance is not None and not increases
        sized = quantity is not None and quantity > ZERO
        self.adds = increases and sized
        self.is_written = self.of_options and increases and not is_spread and _sells(stance)
        self.takes = self.reduces and sized
        stake = self.stake
        self.value = ZERO if quantity is None or stake is None else quantity * stake
        self.is_rounded = self.levels is not None and _is_rounded(self.ask, self.levels)
        # Until a stop is known that bounds it.
        self.risk = self.value if is_spread or self.is_written else ZERO
        self.is_plain = (
            sized
            and increases
            and self.terms is not None
            and not (self.of_options or self.is_rounded or self.faults)
            and (decision.confidence is None or is_sound_confidence(decision.confidence))
            and decision.time_in_force is _DAY
            and (decision.time_horizon is None or decision.time_horizon is _INTRADAY)
            # What is larger could not be divided.
            and self.terms.quantity <= LARGEST_QUANTITY
            and not self.terms.quantity % ONE
        )

    def path(self, name: str) -> str:
        """Where the caller finds the field that a decision calls `name`."""
        return self.ask.path(name)

    def contracts(self) -> Iterator[tuple[Instrument, Decimal]]:
        """What is bought (positive) and sold (negative) if it fills, instrument by instrument."""
        if self.stance is None or self.quantity is None:
            return
        if not self.is_spread:
            yield self.instrument, self.stance.side.sign * self.quantity
        for leg in self.decision.legs:
            yield leg.contract, leg.ratio * self.quantity


def intent_of(ask: Ask, scene: Scene, origin: Origin) -> Intent:
    """What `ask` comes to in this scene."""
    decision = ask.decision
    line = scene.line(decision.instrument)
    faults = [] if _is_sound(ask) else list(_faults_of_form(ask))
    stance = stance_of(decision, line.held)
    if isinstance(stance, Fault):
        return Intent(ask=ask, faults=(*faults, stance))
    if faults and any(fault.code == "OUT_OF_RANGE" for fault in faults):
        return Intent(ask=ask, stance=stance, faults=tuple(faults))
    levels = levels_of(ask, stance)
    entry = _entry_price(decision, levels, stance, scene)
    spread = None
    if decision.legs and entry is not None and not faults:
        spread = spread_risk(decision.legs, entry)
    stake = _stake(decision, stance, entry, spread, scene)
    quantity = _quantity(decision, stance, stake, scene)
    terms: OrderTerms | Fault | None = None
    if isinstance(quantity, Unsized):
        faults.append(_unsized(decision, quantity))
    elif _is_whole(quantity) or _may_be_fractional(ask, stance):
        terms = terms_of(ask, stance, quantity, levels, origin) if quantity > ZERO else None
        if isinstance(terms, Fault):
            faults.append(terms)
    return Intent(
        ask=ask,
        stance=stance,
        quantity=None if isinstance(quantity, Unsized) else quantity,
        entry=entry,
        stake=stake,
        spread=spread,
        levels=levels,
        terms=None if isinstance(terms, Fault) else terms,
        faults=tuple(faults),
    )


def _is_rounded(ask: Ask, levels: Levels) -> bool:
    """Whether some price was brought to the venue's grid."""
    decision = ask.decision
    asked = decision.net_limit_price if decision.legs else decision.limit_price
    limit, trigger = levels.limit, levels.trigger
    stop, target = levels.stop_loss, levels.take_profit
    # What was not moved is the very same object most of the time.
    if asked is not limit and asked != limit:
        return True
    if ask.stop_price is not trigger and ask.stop_price != trigger:
        return True
    if stop is not None and stop is not decision.stop_loss and stop != decision.stop_loss:
        return True
    return (
        target is not None
        and target is not decision.take_profit
        and (target != decision.take_profit)
    )


def is_sound_confidence(confidence: Decimal) -> bool:
    """Whether it lies between 0 and 1; both ends are inside."""
    return confidence.is_finite() and ZERO <= confidence <= ONE


def _sells(stance: Stance | None) -> bool:
    return stance is not None and stance.side is SELL


def must_be_whole(intent: Intent) -> bool:
    """Whether the venue takes only whole units of what `intent` asks for.

    Fractions of a share can only be sold or covered, by a plain order.
    """
    return intent.stance is not None and not _may_be_fractional(intent.ask, intent.stance)


def _is_sound(ask: Ask) -> bool:
    """Whether an order in shares has nothing but sound numbers: most have."""
    decision = ask.decision
    if decision.legs or isinstance(decision.instrument, OptionContract):
        return False
    size = decision.size
    if size.unit is _CONTRACTS or not size.quantity.is_finite():
        return False
    if size.quantity > LARGEST_QUANTITY or decision.net_limit_price is not None:
        return False
    for price in (decision.limit_price, decision.stop_loss, decision.take_profit, ask.stop_price):
        if price is not None and not (price.is_finite() and ZERO < price <= LARGEST_PRICE):
            return False
    return True


def _faults_of_form(ask: Ask) -> Iterator[Fault]:
    decision = ask.decision
    quantity = decision.size.quantity
    if not quantity.is_finite() or quantity > LARGEST_QUANTITY:
        yield _out_of_range("size.quantity", quantity, LARGEST_QUANTITY)
    for name, price in (
        ("limit_price", decision.limit_price),
        ("net_limit_price", decision.net_limit_price),
        ("stop_loss_level", decision.stop_loss),
        ("take_profit_level", decision.take_profit),
        ("stop_price", ask.stop_price),
    ):
        if price is not None and (not price.is_finite() or abs(price) > LARGEST_PRICE):
            yield _out_of_range(name, price, LARGEST_PRICE)
    of_options = bool(decision.legs) or isinstance(decision.instrument, OptionContract)
    wrong = SizeUnit.SHARES if of_options else SizeUnit.CONTRACTS
    if decision.size.unit is wrong:
        counted = "contracts" if of_options else "shares"
        yield Fault(
            code="SIZE_UNIT_MISMATCH",
            message=f"{decision.instrument.symbol} is counted in {counted} here",
            field="size.unit",
        )
    if decision.legs:
        for fault in leg_faults(decision.legs, decision.instrument.underlying):
            place = "legs" if fault.leg is None else f"legs[{fault.leg}]"
            yield Fault(code=fault.code, message=fault.message, field=place)


def _out_of_range(name: str, value: Decimal, limit: Decimal) -> Fault:
    finite = value if value.is_finite() else None
    message = f"{name} is not a number that an order can have"
    return Fault(code="OUT_OF_RANGE", message=message, field=name, observed=finite, limit=limit)


def _entry_price(
    decision: Decision, levels: Levels, stance: Stance, scene: Scene
) -> Decimal | None:
    if levels.limit is not None:
        return levels.limit
    if decision.legs:
        return scene.prices.net_far_side(decision.legs)
    if levels.trigger is not None:
        return levels.trigger
    return scene.prices.of(decision.instrument.symbol).far_side(stance.side)


def _stake(
    decision: Decision,
    stance: Stance,
    entry: Decimal | None,
    spread: SpreadRisk | None,
    scene: Scene,
) -> Decimal | None:
    """What one unit puts at stake. A short sale may bring more than its limit, and then owes more.

    Units: dollars.
    """
    if decision.legs:
        return None if spread is None else spread.max_loss
    if entry is None:
        return None
    price = entry
    instrument = decision.instrument
    if stance.side is BUY or stance.effect is not INCREASE:
        return price if isinstance(instrument, Equity) else price * instrument.multiplier
    if isinstance(instrument, OptionContract):
        # Only sold where shares or cash stand behind it: a call then adds nothing to what the
        # shares can lose, a put what it obliges to pay less what it brings.
        owed = instrument.strike - entry if instrument.right is OptionRight.PUT else ZERO
        return max(ZERO, owed) * instrument.multiplier
    bid = scene.prices.of(instrument.symbol).far_side(SELL)
    return max(price, bid or price) * instrument.multiplier


def _quantity(
    decision: Decision, stance: Stance, stake: Decimal | None, scene: Scene
) -> Decimal | Unsized:
    """The size in units. CLOSE never asks for more than can be closed: it means all of it."""
    size, cost = decision.size, stake
    counted = size.unit is _SHARES or size.unit is _CONTRACTS
    if counted and decision.action is not _CLOSE:
        return size.quantity
    if not decision.legs:
        multiplier = decision.instrument.multiplier
        if decision.limit_price is not None:
            cost = decision.limit_price * multiplier
        elif cost is None and stance.effect is not INCREASE:
            # An exit is not refused for want of a price: its mark tells the size well enough.
            cost = scene.line(decision.instrument).mark * multiplier
    quantity = units(size, cost, scene.equity)
    if isinstance(quantity, Unsized) or decision.action is not _CLOSE:
        return quantity
    most = closable(decision, scene)
    return min(quantity, most) if most > 0 else quantity


def closable(decision: Decision, scene: Scene) -> Decimal:
    """How much an exit like `decision` can still close: what is held and no other exit works on.

    Units: shares, contracts, or whole spreads.
    """
    if not decision.legs:
        return scene.line(decision.instrument).available
    return min(_closable_by(leg, scene) for leg in decision.legs)


def _closable_by(leg: OptionLeg, scene: Scene) -> Decimal:
    line = scene.line(leg.contract)
    if leg.ratio * line.held >= 0:
        return ZERO
    return floor_units(line.available / abs(leg.ratio))


def _unsized(decision: Decision, unsized: Unsized) -> Fault:
    return Fault(
        code="RISK_INPUT_UNKNOWN",
        message=f"{decision.size.unit.value} cannot be told in units without {unsized.missing}",
        field="size",
    )


def _is_whole(quantity: Decimal) -> bool:
    return quantity == quantity.to_integral_value()


def _may_be_fractional(ask: Ask, stance: Stance) -> bool:
    decision = ask.decision
    of_options = bool(decision.legs) or isinstance(decision.instrument, OptionContract)
    return stance.effect is not INCREASE and not of_options and decision.tactic is None


def unit_of(intent: Intent) -> Unit:
    """What the order of `intent` is counted in."""
    of_options = intent.is_spread or isinstance(intent.instrument, OptionContract)
    return Unit.CONTRACTS if of_options else Unit.SHARES
