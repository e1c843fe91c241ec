"""Which order is it that a decision asks for?

Prices are brought to the venue's grid here, and nowhere else, always away from harm: a buyer pays
no more than asked for, a seller gets no less, a stop is reached no later.
"""

from collections.abc import Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from attrs import define

from cream.core.exchange.alpaca_rules import CENT, tick_size
from cream.core.model.ids import client_order_id, entry_order_id
from cream.core.model.instrument import Equity, Instrument, OptionContract, OptionRight
from cream.core.model.money import ONE, ZERO
from cream.core.model.order import (
    OrderClass,
    OrderLeg,
    OrderPurpose,
    OrderTerms,
    OrderType,
    Side,
    TwapTerms,
    WalkTerms,
)
from cream.core.model.plan import Decision, Guard, RiskDenomination
from cream.core.model.side import BUY
from cream.core.risk.asks import Ask, Origin
from cream.core.risk.stance import INCREASE, Fault, Stance

TWAP = "TWAP"
WALK = "WALK"

# What is asked for where the parameters of a TWAP are silent: an hour in steps of a minute.
_DEFAULT_MINUTES = 60
_DEFAULT_INTERVAL_SECONDS = 60
# Each slice is an order, and a broker's budget is some 200 requests a minute.
_MAX_SLICES = 1_000
_SECONDS_PER_MINUTE = 60
# From mid to natural where the parameters of a WALK are silent: five steps of ten seconds.
_DEFAULT_STEPS = 5
_DEFAULT_STEP_SECONDS = 10
# Each step costs a cancel and an order; a spread is seldom wider than this many cents.
MAX_STEPS = 50


# Reached through their classes, members cost more than what is done with them (see `side`).
_MARKET, _LIMIT = OrderType.MARKET, OrderType.LIMIT
_ENTRY, _EXIT = OrderPurpose.ENTRY, OrderPurpose.EXIT
_BY_EXITS = (OrderClass.SIMPLE, OrderClass.OTO, OrderClass.BRACKET)
_NO_GUARD = Guard()


@define
class Levels:
    """The prices of an order on the venue's grid. Units: dollars per share; net for a spread.

    Not changed after they were made.
    """

    limit: Decimal | None
    trigger: Decimal | None
    stop_loss: Decimal | None
    take_profit: Decimal | None


def watched_by(decision: Decision) -> Instrument:
    """Whose price the stop and the target are levels of."""
    instrument = decision.instrument
    if (
        isinstance(instrument, OptionContract)
        and decision.denomination is RiskDenomination.UNDERLYING_PRICE
    ):
        return Equity(instrument.underlying)
    return instrument


def gains_up(decision: Decision, side: Side) -> bool:
    """Whether a position opened on `side` gains when the watched price rises."""
    instrument = decision.instrument
    if isinstance(instrument, OptionContract) and watched_by(decision) is not instrument:
        return (side is BUY) == (instrument.right is OptionRight.CALL)
    return side is BUY


def levels_of(ask: Ask, stance: Stance) -> Levels:
    """The prices of `ask` on the venue's grid. An exit carries no levels of its own."""
    decision, side = ask.decision, stance.side
    buys, opens = side is BUY, stance.effect is INCREASE
    if decision.legs:
        net = decision.net_limit_price
        net = None if net is None else net.quantize(CENT, ROUND_FLOOR)
        return Levels(limit=net, trigger=None, stop_loss=None, take_profit=None)
    instrument = decision.instrument
    watched = instrument if isinstance(instrument, Equity) else watched_by(decision)
    limit = _on_grid(instrument, decision.limit_price, up=not buys)
    trigger = _on_grid(instrument, ask.stop_price, up=buys == opens)
    if not opens:
        return Levels(limit, trigger, None, None)
    up = buys if watched is instrument else gains_up(decision, side)
    stop = _on_grid(watched, _stop_of(decision), up=up)
    return Levels(limit, trigger, stop, _on_grid(watched, decision.take_profit, up=up))


def _stop_of(decision: Decision) -> Decimal | None:
    """The stop; at or below zero it is none."""
    stop = decision.stop_loss
    return stop if stop is not None and stop > ZERO else None


def _on_grid(instrument: Instrument, price: Decimal | None, *, up: bool) -> Decimal | None:
    if price is None:
        return None
    if price.same_quantum(CENT) and price >= ONE:
        return price  # Most are asked for where they belong.
    # Every tick is a power of ten, so that to round is to keep that many places.
    return price.quantize(tick_size(instrument, price), ROUND_CEILING if up else ROUND_FLOOR)


def terms_of(
    ask: Ask, stance: Stance, quantity: Decimal, levels: Levels, origin: Origin
) -> OrderTerms | Fault:
    """The order that `ask` is, for `quantity` whole shares, contracts or spreads."""
    decision = ask.decision
    tactic = None if decision.tactic is None else tactic_of(decision, quantity, levels.limit)
    if isinstance(tactic, Fault):
        return tactic
    twap = tactic if isinstance(tactic, TwapTerms) else None
    ours = entry_order_id(origin.frame, decision.decision_id)
    plain = _MARKET if levels.limit is None else _LIMIT
    opens = stance.effect is INCREASE
    legs = decision.legs
    return OrderTerms(
        order_id=ours,
        client_order_id=ask.client_order_id or client_order_id(ours),
        plan_id=origin.plan_id,
        cycle_id=origin.cycle_id,
        decision_id=decision.decision_id,
        instrument=decision.instrument,
        side=stance.side,
        order_type=ask.order_type or plain,
        order_class=_class_of(decision, levels, twap),
        time_in_force=decision.time_in_force,
        quantity=quantity,
        purpose=_ENTRY if opens else _EXIT,
        limit_price=levels.limit,
        stop_price=levels.trigger,
        trail_price=ask.trail_price,
        trail_percent=ask.trail_percent,
        take_profit=levels.take_profit,
        stop_loss=levels.stop_loss,
        denomination=decision.denomination,
        position_intent=None if legs else stance.intent,
        legs=tuple([OrderLeg(leg.contract, leg.ratio, leg.intent) for leg in legs]) if legs else (),
        twap=twap,
        walk=tactic if isinstance(tactic, WalkTerms) else None,
        guard=decision.guard if opens else _NO_GUARD,
    )


def _class_of(decision: Decision, levels: Levels, twap: TwapTerms | None) -> OrderClass:
    """Only a plain order in shares takes its exits along; other levels are watched here.

    A stop with a limit is one of those: the leg of a bracket would sell at any price.
    """
    if decision.legs:
        return OrderClass.MLEG
    if twap is not None or isinstance(decision.instrument, OptionContract):
        return OrderClass.SIMPLE
    if decision.guard.stop_limit_price is not None:
        return OrderClass.SIMPLE
    exits = (levels.take_profit is not None) + (levels.stop_loss is not None)
    return _BY_EXITS[exits]


def tactic_of(
    decision: Decision, quantity: Decimal, limit: Decimal | None
) -> TwapTerms | WalkTerms | Fault:
    """How the order is worked here."""
    if decision.tactic == WALK:
        return walk_of(decision, limit)
    return twap_of(decision, quantity, limit)


def walk_of(decision: Decision, limit: Decimal | None) -> WalkTerms | Fault:
    """How the limit walks. Only options have a spread worth it, and only a limit bounds it."""
    if not decision.legs and not isinstance(decision.instrument, OptionContract):
        message = "the tactic WALK is for options and spreads"
        return Fault(code="TACTIC_UNAVAILABLE", message=message, field="execution_tactic")
    if limit is None:
        name = "net_limit_price" if decision.legs else "entry_limit_price"
        message = f"the tactic WALK needs {name}: it is never passed"
        return Fault(code="TACTIC_UNAVAILABLE", message=message, field="execution_tactic")
    steps = _whole(decision.tactic_params, "steps", _DEFAULT_STEPS)
    interval = _whole(decision.tactic_params, "step_interval_seconds", _DEFAULT_STEP_SECONDS)
    if steps is None or interval is None or steps > MAX_STEPS:
        message = f"steps (at most {MAX_STEPS}) and step_interval_seconds must be whole, above zero"
        return Fault(code="TACTIC_UNAVAILABLE", message=message, field="execution_params")
    return WalkTerms(steps=steps, interval_seconds=interval)


def twap_of(decision: Decision, quantity: Decimal, limit: Decimal | None) -> TwapTerms | Fault:
    """How the order is sliced: whole units that add up exactly, the odd ones first."""
    if decision.tactic != TWAP or decision.legs:
        what = "a spread" if decision.legs else "this version"
        return Fault(
            code="TACTIC_UNAVAILABLE",
            message=f"the tactic {decision.tactic} is not available for {what}",
            field="execution_tactic",
        )
    minutes = _whole(decision.tactic_params, "duration_minutes", _DEFAULT_MINUTES)
    interval = _whole(decision.tactic_params, "slice_interval_seconds", _DEFAULT_INTERVAL_SECONDS)
    if minutes is None or interval is None:
        return Fault(
            code="TACTIC_UNAVAILABLE",
            message="duration_minutes and slice_interval_seconds must be whole and above zero",
            field="execution_params",
        )
    # More slices than units would be slices of nothing.
    count = min(max(1, minutes * _SECONDS_PER_MINUTE // interval), _MAX_SLICES, int(quantity))
    each, odd = divmod(int(quantity), count)
    slices = tuple(Decimal(each + (index < odd)) for index in range(count))
    market = limit is None or decision.tactic_params.get("slice_type") == "market"
    return TwapTerms(slices=slices, interval_seconds=interval, market=market)


def _whole(params: Mapping[str, object], name: str, default: int) -> int | None:
    value = params.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return int(value) if value > 0 and value == int(value) else None
