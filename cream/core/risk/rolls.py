"""Would the gate let a roll pass now, and which order of a roll that is owed does it let pass?"""

from datetime import datetime
from decimal import Decimal
from typing import assert_never

from cream.core.execution import option_events as o
from cream.core.execution.book import Book
from cream.core.execution.roll_steps import OrderDue, Part, RollIds, RollState
from cream.core.execution.rolls import open_positions
from cream.core.model.money import ZERO
from cream.core.model.plan import DecisionPlan
from cream.core.model.verdict import Verdict, Violation
from cream.core.options.roll_choice import Roll, still_wanted
from cream.core.options.roll_legs import NetPrice, cost_of, per_contract
from cream.core.options.roll_market import Kept, OpenPosition, RollMarket, read
from cream.core.options.roll_rules import RollRule
from cream.core.risk.gate import Approved, Gate
from cream.core.risk.roll_orders import (
    RollCosts,
    closing_terms,
    limit_of,
    opening_plan,
    whole_terms,
)
from cream.core.risk.roll_parts import after_closing
from cream.core.risk.view import PortfolioView

_NO_COST = NetPrice(ZERO, ZERO)


def ids_of(owed: o.RollOwed, gate: Gate) -> RollIds:
    """The ids of the roll's orders in the gate's account."""
    return RollIds(gate.environment, gate.account_id, owed.roll_id)


def refusal_of(owed: o.RollOwed, roll: Roll, gate: Gate, view: PortfolioView, now: datetime) -> str:
    """Why the gate would not let `roll` pass now, as it would be owed; empty: it would."""
    assert roll.halves is not None, "what was decided has prices"
    if owed.as_one:
        quantity, costs = Decimal(owed.units), RollCosts(*roll.halves)
        try:
            whole = _whole(owed, 0, quantity, roll.limit, costs, gate, view, now)
        except Kept as kept:
            return kept.why
        return in_words(whole) if isinstance(whole, Violation) else ""
    quantity = Decimal(owed.units * per_contract(owed.closes))
    limit = roll.halves[0].natural / per_contract(owed.closes)
    try:
        closing = closing_terms(owed, ids_of(owed, gate), 0, quantity, limit)
        judged = gate.approve_exit(closing, view)
        if isinstance(judged, Approved):
            judged = _trial(owed, quantity, roll.halves[1], gate, view, now)
    except Kept as kept:
        return kept.why
    return in_words(judged) if isinstance(judged, Violation) else ""


def in_words(violation: Violation) -> str:
    """A rule that was broken, for whoever reads about it."""
    return f"{violation.code}: {violation.message}"


def attempt(
    book: Book,
    owed: o.RollOwed,
    state: RollState,
    due: OrderDue,
    market: RollMarket,
    rule: RollRule,
    gate: Gate,
    view: PortfolioView,
    now: datetime,
) -> Approved | Violation:
    """The order that is due, at the limit that follows from the market, if the gate lets it pass.

    Raises: Kept where it is not wanted any more, or would cost too much, or nobody can tell.
    """
    match due.part:
        case Part.OPEN:
            costs = RollCosts(_NO_COST, _cost_to_open(owed, market))
            limit = limit_of(owed, state, due.part, costs, rule.target, urgent=owed.urgent)
            plan = opening_plan(owed, gate.environment, due.attempt, due.quantity, limit, now)
            return approve_opening(plan, gate, view, now)
        case Part.CLOSE | Part.WHOLE:
            urgent = _is_urgent(book, owed, market, rule)
            closed = read(owed.closes, market.chain, closes=True)
            cost = cost_of(owed.closes, closed.quotes, opens=False)
            costs = RollCosts(cost, _cost_to_open(owed, market))
            limit = limit_of(owed, state, due.part, costs, rule.target, urgent=urgent)
            if due.part is Part.WHOLE:
                return _whole(owed, due.attempt, due.quantity, limit, costs, gate, view, now)
            # What cannot be opened again is not closed.
            judged = _trial(owed, due.quantity, costs.open, gate, view, now)
            if isinstance(judged, Violation):
                return judged
            ids = ids_of(owed, gate)
            return gate.approve_exit(
                closing_terms(owed, ids, due.attempt, due.quantity, limit), view
            )
        case _:
            assert_never(due.part)


def _whole(
    owed: o.RollOwed,
    number: int,
    quantity: Decimal,
    limit: Decimal,
    costs: RollCosts,
    gate: Gate,
    view: PortfolioView,
    now: datetime,
) -> Approved | Violation:
    """The one order that does all of it."""
    premium = abs(costs.open.middle) / per_contract(owed.opens)
    terms = whole_terms(owed, ids_of(owed, gate), number, quantity, limit, premium)
    judged = gate.approve_roll(terms, view, now)
    return judged if isinstance(judged, Approved) else first_refusal(judged)


def _cost_to_open(owed: o.RollOwed, market: RollMarket) -> NetPrice:
    return cost_of(owed.opens, read(owed.opens, market.chain).quotes, opens=True)


def _is_urgent(book: Book, owed: o.RollOwed, market: RollMarket, rule: RollRule) -> bool:
    """Whether it is urgent by now.   Raises: Kept where nothing asks for it any more."""
    position = position_of(book, owed)
    if position is None:
        raise Kept("it is not held any more as it was")
    wanted = still_wanted(position, market, rule, asked=bool(owed.actor))
    if isinstance(wanted, str):
        raise Kept(wanted)
    return wanted


def position_of(book: Book, owed: o.RollOwed) -> OpenPosition | None:
    """What is left of the position that is rolled, with what stands in the way of that."""
    contracts = {leg.contract for leg in owed.closes}
    for one in open_positions(book, owed.roll_id):
        if {leg.contract for leg in one.legs} == contracts:
            return one
    return None


def approve_opening(
    plan: DecisionPlan, gate: Gate, view: PortfolioView, now: datetime
) -> Approved | Violation:
    """The order that `plan` is, judged as any entry; or the first rule that it breaks."""
    verdict = gate.judge(plan, view, now)
    if verdict.ok:
        (approved,) = gate.approve(verdict)
        return approved
    return first_refusal(verdict)


def first_refusal(verdict: Verdict) -> Violation:
    """The first rule that refuses, of a verdict that does."""
    return next(one for one in verdict.violations if one.severity.refuses)


def _trial(
    owed: o.RollOwed,
    quantity: Decimal,
    price: NetPrice,
    gate: Gate,
    view: PortfolioView,
    now: datetime,
) -> Approved | Violation:
    """What the gate would say to the opening once so much is closed. Nothing is sent of it."""
    closes, opens = per_contract(owed.closes), per_contract(owed.opens)
    wanted = quantity / closes * opens
    limit = price.limit(ZERO, urgent=True) / opens
    plan = opening_plan(owed, gate.environment, 0, wanted, limit, now)
    closing = closing_terms(owed, ids_of(owed, gate), 0, quantity, limit)
    return approve_opening(plan, gate, after_closing(closing, view), now)
