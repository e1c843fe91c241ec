"""Which orders make a roll, at which limits, and does the gate let them pass?

An order that closes is an exit; what opens afterwards is judged as any entry is, at that moment;
one order that does both is judged by what is held once it has filled.

Units: costs per share, positive debit and negative credit.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal

from attrs import evolve, frozen

from cream.core.exchange.leg_rules import rolls_as_one
from cream.core.execution import option_events as o
from cream.core.execution.book import Book
from cream.core.execution.roll_steps import Part, RollIds, RollState, attempt_name
from cream.core.model.ids import client_order_id, digest
from cream.core.model.instrument import Equity
from cream.core.model.market import Quote
from cream.core.model.money import ZERO
from cream.core.model.order import (
    Order,
    OrderClass,
    OrderLeg,
    OrderPurpose,
    OrderTerms,
    OrderType,
    Side,
)
from cream.core.model.plan import (
    Action,
    Decision,
    DecisionPlan,
    Direction,
    Environment,
    Guard,
    OptionLeg,
    PositionIntent,
    RiskDenomination,
    Size,
    SizeUnit,
    TimeInForce,
)
from cream.core.options.roll_choice import Roll
from cream.core.options.roll_legs import CENT, NetPrice, RollLeg, cost_of, per_contract
from cream.core.options.roll_levels import NotCarried, RollLevels, carried
from cream.core.options.roll_market import Kept
from cream.core.options.roll_rules import RollTarget

# The reason of a roll that somebody asked for, beside the triggers that have fired.
ASKED_FOR = "asked_for"
_NO_LEVELS = RollLevels(
    stop_loss=None, take_profit=None, denomination=RiskDenomination.OPTION_PRICE, guard=Guard()
)


def owed_of(
    roll: Roll,
    most_debit: Decimal | None,
    book: Book,
    now: datetime,
    actor: str = "",
    *,
    trades_spreads: bool = True,
) -> o.RollOwed:
    """What is owed once it is decided that `roll` is made.

    An account that trades no spreads sends no order of several legs: it closes, and then opens.
    """
    # The journal's length makes the id new for each roll and the same in a replay.
    name = digest("roll", roll.contract.symbol, str(book.sequence))
    reasons = tuple(one.value for one in roll.reasons)
    owed = o.RollOwed(
        at=now,
        roll_id=f"roll-{name}",
        closes=roll.closes,
        opens=roll.opens,
        units=roll.units,
        as_one=False,
        limit=roll.limit,
        most_debit=most_debit,
        urgent=roll.urgent,
        reasons=reasons if not actor else (*reasons, ASKED_FOR),
        levels=roll.levels,
        actor=actor,
    )
    return evolve(owed, as_one=trades_spreads and rolls_as_one(whole_legs(owed)))


# At what price ------------------------------------------------------------------------------------


@frozen
class RollCosts:
    """What one unit costs to close, and to open."""

    close: NetPrice
    open: NetPrice

    @property
    def whole(self) -> NetPrice:
        """What it costs to do both."""
        return self.close + self.open


def costs_of(owed: o.RollOwed, quotes: Mapping[str, Quote]) -> RollCosts:
    """As the market stands.   Raises: KeyError without a quote."""
    return RollCosts(
        cost_of(owed.closes, quotes, opens=False), cost_of(owed.opens, quotes, opens=True)
    )


def limit_of(
    owed: o.RollOwed,
    state: RollState,
    part: Part,
    costs: RollCosts,
    target: RollTarget,
    *,
    urgent: bool,
) -> Decimal:
    """The most that the next order of this part may cost, per contract or spread of it.

    Each attempt gives a step more than the one before.   Raises: Kept where the whole would cost
    more than it may.
    """
    attempts = state.opening if part is Part.OPEN else state.closing
    concession = target.concession + len(attempts) * target.concession_step
    if part is Part.OPEN:
        return _opening_limit(owed, state, costs, concession, urgent=urgent)
    whole = costs.whole.limit(target.concession, urgent=False)
    most = owed.most_debit
    if most is not None and whole > most:
        raise Kept(f"it would cost {whole:f}, more than {most:f}")
    price = costs.whole if part is Part.WHOLE else costs.close
    limit = price.limit(concession, urgent=urgent)
    if most is not None:
        room = most
        if part is Part.CLOSE:
            room -= costs.open.limit(target.concession, urgent=False)
        limit = min(limit, room)
    each = 1 if part is Part.WHOLE else per_contract(owed.closes)
    return _in_cents(limit / each)


def _opening_limit(
    owed: o.RollOwed, state: RollState, costs: RollCosts, concession: Decimal, *, urgent: bool
) -> Decimal:
    each = per_contract(owed.opens)
    limit = _in_cents(costs.open.limit(concession, urgent=urgent) / each)
    if owed.most_debit is None:
        return limit
    units = (state.opened + state.owing) / each
    # A part of a unit that was closed beyond whole ones is not opened, and not reckoned with.
    share = units * per_contract(owed.closes) / state.closed
    spent = _spent(state.closing) * share + _spent(state.opening)
    left = _in_cents((owed.most_debit * units - spent) / state.owing)
    if costs.open.middle / each > left:
        raise Kept(
            f"it costs {costs.open.middle / each:f}, and {left:f} is left of the most that the roll"
            f" may cost"
        )
    return min(limit, left)


def _spent(orders: tuple[Order, ...]) -> Decimal:
    """What the fills have cost. A spread is bought, for a debit or for a credit."""
    return sum(
        ((1 if one.terms.legs else one.terms.side.sign) * one.notional_filled for one in orders),
        ZERO,
    )


def _in_cents(cost: Decimal) -> Decimal:
    return cost.quantize(CENT, ROUND_FLOOR)


# Which orders -------------------------------------------------------------------------------------


def closing_terms(
    owed: o.RollOwed, ids: RollIds, attempt: int, quantity: Decimal, limit: Decimal
) -> OrderTerms:
    """The order that closes so much; `limit` is its cost, so what is sold brings it negative."""
    plain = _terms(owed, ids.of(Part.CLOSE, attempt), attempt_name(Part.CLOSE, attempt))
    if len(owed.closes) > 1:
        return evolve(
            plain,
            legs=_closing_legs(owed),
            quantity=quantity,
            limit_price=limit,
        )
    leg = owed.closes[0]
    return evolve(
        plain,
        instrument=leg.contract,
        side=Side.SELL if leg.ratio > 0 else Side.BUY,
        order_class=OrderClass.SIMPLE,
        quantity=quantity,
        limit_price=-limit if leg.ratio > 0 else limit,
        position_intent=_closing_intent(leg),
    )


def _terms(owed: o.RollOwed, order_id: str, name: str) -> OrderTerms:
    return OrderTerms(
        order_id=order_id,
        client_order_id=client_order_id(order_id),
        plan_id=owed.roll_id,
        cycle_id="",
        decision_id=name,
        instrument=Equity(owed.underlying),
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        order_class=OrderClass.MLEG,
        time_in_force=TimeInForce.DAY,
        quantity=ZERO,
        purpose=OrderPurpose.EXIT,
    )


def _closing_intent(leg: RollLeg) -> PositionIntent:
    return PositionIntent.SELL_TO_CLOSE if leg.ratio > 0 else PositionIntent.BUY_TO_CLOSE


def _opening_intent(leg: RollLeg) -> PositionIntent:
    return PositionIntent.BUY_TO_OPEN if leg.ratio > 0 else PositionIntent.SELL_TO_OPEN


def _closing_legs(owed: o.RollOwed) -> tuple[OrderLeg, ...]:
    return tuple(OrderLeg(leg.contract, -leg.ratio, _closing_intent(leg)) for leg in owed.closes)


def whole_legs(owed: o.RollOwed) -> tuple[OrderLeg, ...]:
    """The legs of one order that does all of it."""
    opens = (OrderLeg(leg.contract, leg.ratio, _opening_intent(leg)) for leg in owed.opens)
    return (*_closing_legs(owed), *opens)


def whole_terms(
    owed: o.RollOwed,
    ids: RollIds,
    attempt: int,
    quantity: Decimal,
    limit: Decimal,
    premium: Decimal,
) -> OrderTerms:
    """The order that closes and opens so many units; a single option is opened at `premium`.

    Raises: Kept.
    """
    levels = levels_at(owed, premium)
    return evolve(
        _terms(owed, ids.of(Part.WHOLE, attempt), attempt_name(Part.WHOLE, attempt)),
        purpose=OrderPurpose.ROLL,
        legs=whole_legs(owed),
        quantity=quantity,
        limit_price=limit,
        stop_loss=levels.stop_loss,
        take_profit=levels.take_profit,
        denomination=levels.denomination,
        guard=levels.guard,
    )


def levels_at(owed: o.RollOwed, premium: Decimal) -> RollLevels:
    """The levels of what is opened at `premium`.   Raises: Kept where they cannot be carried."""
    if owed.levels is None:
        return _NO_LEVELS
    try:
        return carried(owed.levels, premium, owns=owed.opens[0].ratio > 0)
    except NotCarried as why:
        raise Kept(str(why)) from None


def opening_plan(
    owed: o.RollOwed,
    environment: Environment,
    attempt: int,
    quantity: Decimal,
    limit: Decimal,
    now: datetime,
) -> DecisionPlan:
    """The plan that opens so much, for the gate to judge; `limit` is its cost.   Raises: Kept."""
    if len(owed.opens) > 1:
        decision = _spread(owed, attempt, quantity, limit)
    else:
        decision = _single(owed, attempt, quantity, limit)
    return DecisionPlan(
        plan_id=owed.roll_id,
        cycle_id="",
        environment=environment,
        decisions=(decision,),
        timestamp=now,
        risk_manager_approved=True,
        critic_approved=True,
        rationale=f"roll: {', '.join(owed.reasons)}",
    )


def _spread(owed: o.RollOwed, attempt: int, quantity: Decimal, limit: Decimal) -> Decision:
    return Decision(
        decision_id=attempt_name(Part.OPEN, attempt),
        instrument=Equity(owed.underlying),
        action=Action.BUY,
        direction=Direction.LONG,
        size=Size(quantity, SizeUnit.CONTRACTS),
        denomination=RiskDenomination.OPTION_PRICE,
        legs=tuple(OptionLeg(leg.contract, leg.ratio, _opening_intent(leg)) for leg in owed.opens),
        net_limit_price=limit,
    )


def _single(owed: o.RollOwed, attempt: int, quantity: Decimal, limit: Decimal) -> Decision:
    leg = owed.opens[0]
    price = limit if leg.ratio > 0 else -limit
    if price <= 0:
        raise Kept(f"{leg.contract.symbol} has no price")
    levels = levels_at(owed, price)
    return Decision(
        decision_id=attempt_name(Part.OPEN, attempt),
        instrument=leg.contract,
        action=Action.BUY if leg.ratio > 0 else Action.SELL,
        direction=Direction.LONG if leg.ratio > 0 else Direction.SHORT,
        size=Size(quantity, SizeUnit.CONTRACTS),
        limit_price=price,
        stop_loss=levels.stop_loss,
        take_profit=levels.take_profit,
        denomination=levels.denomination,
        guard=levels.guard,
    )
