"""What does the gate say of a roll: one order that closes something held and opens something else?

It is judged as what it is: an exit by the rules of exits, and an entry by those of entries, on the
portfolio as it would be with the closing legs filled and nothing else changed. A broker fills both
in ratio, so that what is held on the way lies between the two.

The limit of a roll is one net price. What is closed is taken to close at the far side of the
market; what the limit leaves beyond that is the price at which the rest is opened, or what the
market asks for it if that is more.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from math import gcd
from types import MappingProxyType

from attrs import evolve, frozen

from cream.core.exchange.alpaca_rules import violations_of
from cream.core.exchange.margin import OptionHolding, option_requirement
from cream.core.model.account import Account
from cream.core.model.instrument import OptionContract
from cream.core.model.market import Datum, Known, Stale, Unknown
from cream.core.model.money import ZERO
from cream.core.model.order import OrderClass, OrderLeg, OrderPurpose, OrderTerms, Side
from cream.core.model.plan import (
    Action,
    Decision,
    DecisionPlan,
    Direction,
    OptionLeg,
    Size,
    SizeUnit,
)
from cream.core.model.position import Position
from cream.core.model.verdict import Check, Severity, Violation
from cream.core.options.spread import roll_faults
from cream.core.risk.asks import Ask, Origin
from cream.core.risk.checks.money import LEVEL_FOR_SPREAD
from cream.core.risk.limits import Constraints
from cream.core.risk.prices import Prices
from cream.core.risk.trial import Trial
from cream.core.risk.view import PortfolioView, scene_of

# A roll has the fields of an order, and of its parts nobody knows.
_NAMES: Mapping[str, str] = MappingProxyType({"size": "quantity", "size.quantity": "quantity"})


@frozen
class RollReview:
    """What the rules found. `refuses`: some of it keeps the order from being sent."""

    violations: tuple[Violation, ...]
    checks: tuple[Check, ...]
    refuses: bool


def form_faults(terms: OrderTerms) -> Iterator[Violation]:
    """Why `terms` are no roll that a venue takes."""
    if terms.purpose is not OrderPurpose.ROLL or terms.order_class is not OrderClass.MLEG:
        yield violation("NOT_A_ROLL", terms, "an order of several legs is needed", "purpose")
        return
    if terms.side is not Side.BUY or terms.twap is not None:
        message = "a roll is bought like a spread, at once or by a walk"
        yield violation("NOT_A_ROLL", terms, message, "side")
    if terms.walk is not None and terms.limit_price is None:
        message = "a walk needs the price that it never passes"
        yield violation("TACTIC_UNAVAILABLE", terms, message, "limit_price")
    faults = tuple(roll_faults(terms.legs, terms.instrument.underlying))
    for fault in faults:
        place = "legs" if fault.leg is None else f"legs[{fault.leg}]"
        yield violation(fault.code, terms, fault.message, place)
    for breach in violations_of(terms):
        # What is wrong with the legs is not said twice.
        if not (faults and breach.field.startswith("legs")):
            yield violation(breach.code, terms, breach.message, breach.field)


def inputs_doubted(terms: OrderTerms, view: PortfolioView, prices: Prices) -> Iterator[Violation]:
    """What is not known of the legs that close; the rules of entries ask about the others."""
    for index, leg in enumerate(terms.legs):
        symbol, place = leg.contract.symbol, f"legs[{index}].symbol"
        if leg.opens:
            continue
        doubt = prices.of(symbol).doubt
        if doubt is not None:
            yield violation("RISK_INPUT_UNKNOWN", terms, doubt, place)
        if not view.knows(leg.contract):
            message = f"{symbol} is not traded any more"
            yield violation("UNKNOWN_INSTRUMENT", terms, message, place)
        halt = view.halted(symbol)
        if halt is not None:
            yield violation("SYMBOL_HALTED", terms, f"{symbol} is halted: {halt}", place)


def judged_roll(
    terms: OrderTerms, view: PortfolioView, now: datetime, limits: Constraints, origin: Origin
) -> RollReview:
    """What the rules say of both parts. Sound in form, and what it closes is held and free."""
    closing = _reviewed(_closing(terms), view, now, limits, origin)
    after = after_closing(terms, view)
    clash = (*_not_entitled(terms, view), *_clashes(terms, after))
    net = Prices(view.quote).net_of_opening(terms)
    opening = _reviewed(_opening(terms, net), after, now, limits, origin)
    return RollReview(
        violations=(*closing.violations, *clash, *opening.violations),
        checks=(*closing.checks, *opening.checks),
        refuses=closing.refuses or bool(clash) or opening.refuses,
    )


def trades_spreads(account: Datum[Account]) -> bool:
    """Whether the account may send orders of several legs, as far as that is known."""
    return isinstance(account, Unknown) or account.value.options_level >= LEVEL_FOR_SPREAD


def _not_entitled(terms: OrderTerms, view: PortfolioView) -> Iterator[Violation]:
    """Where the account may trade no orders of several legs, though it may open what this opens."""
    account = view.account
    if isinstance(account, Unknown) or len(terms.opening_legs) > 1:
        return  # Told by the rules of entries.
    if not trades_spreads(account):
        level = account.value.options_level
        message = f"an order of several legs takes level {LEVEL_FOR_SPREAD}, not {level}"
        yield violation("OPTIONS_LEVEL_TOO_LOW", terms, message, "legs")


def _clashes(terms: OrderTerms, after: PortfolioView) -> Iterator[Violation]:
    """Legs that would open what is held on the other side: a broker takes no such order."""
    for index, leg in enumerate(terms.legs):
        held = _held(leg.contract, after.positions)
        if leg.opens and held * leg.ratio < 0:
            message = f"{held:f} {leg.contract.symbol} is held: close it first"
            yield violation("POSITION_MISMATCH", terms, message, f"legs[{index}]")


def _reviewed(
    decision: Decision, view: PortfolioView, now: datetime, limits: Constraints, origin: Origin
) -> RollReview:
    plan = DecisionPlan(
        plan_id=origin.plan_id,
        cycle_id=origin.cycle_id,
        environment=origin.environment,
        decisions=(decision,),
        risk_manager_approved=True,
        critic_approved=True,
    )
    asks = (Ask(index=0, decision=decision, names=_NAMES),)
    trial = Trial(plan, asks, scene_of(view), origin, limits, now)
    review = trial.review([trial.intent(ask) for ask in asks])
    return RollReview(review.violations(), review.checks(), review.refuses)


# The two parts -----------------------------------------------------------------------------------


def _closing(terms: OrderTerms) -> Decision:
    """The exit in it, at the market."""
    legs = tuple(leg for leg in terms.legs if not leg.opens)
    return _decision(terms, legs, Action.REDUCE, Direction.FLAT, None)


def _opening(terms: OrderTerms, net: Decimal | None) -> Decision:
    """The entry in it, at `net` (debit positive); at the market where there is no limit."""
    if terms.limit_price is None:
        net = None
    legs = terms.opening_legs
    buys = len(legs) > 1 or legs[0].ratio > 0
    action, direction = (Action.BUY, Direction.LONG) if buys else (Action.SELL, Direction.SHORT)
    decision = _decision(terms, legs, action, direction, net)
    if len(legs) > 1:
        return decision
    return evolve(
        decision,
        stop_loss=terms.stop_loss,
        take_profit=terms.take_profit,
        denomination=terms.denomination,
        guard=terms.guard,
    )


def _decision(
    terms: OrderTerms,
    legs: Sequence[OrderLeg],
    action: Action,
    direction: Direction,
    net: Decimal | None,
) -> Decision:
    """These legs in lowest terms: alone they may be several times the same."""
    times = gcd(*(leg.ratio for leg in legs))
    each = None if net is None else net / times
    single = len(legs) == 1
    if single and each is not None:
        each *= 1 if legs[0].ratio > 0 else -1
    return Decision(
        decision_id=terms.decision_id or terms.order_id,
        instrument=legs[0].contract if single else terms.instrument,
        action=action,
        direction=direction,
        size=Size(terms.quantity * times, SizeUnit.CONTRACTS),
        limit_price=each if single else None,
        net_limit_price=None if single else each,
        time_in_force=terms.time_in_force,
        legs=()
        if single
        else tuple(OptionLeg(leg.contract, leg.ratio // times, leg.intent) for leg in legs),
    )


# The portfolio between them ----------------------------------------------------------------------


def after_closing(terms: OrderTerms, view: PortfolioView) -> PortfolioView:
    """The view with the closing legs filled at the far side of the market. It has no sums."""
    prices = Prices(view.quote)
    positions = dict(view.positions)
    cash = slippage = ZERO
    for contract, side, quantity in terms.closing:
        quote = prices.of(contract.symbol).quote
        price = mid = ZERO
        if quote is not None:
            price, mid = (quote.ask if side is Side.BUY else quote.bid), quote.mid
        held = positions.get(contract.symbol) or Position(instrument=contract)
        positions[contract.symbol] = held.filled(side.sign * quantity, price)
        cash -= side.sign * quantity * price * contract.multiplier
        slippage += side.sign * quantity * (price - mid) * contract.multiplier
    before = _requirement(terms, view.positions)
    after = _requirement(terms, positions)
    released = before - after if before is not None and after is not None else ZERO
    account = _with(view.account, cash, released, slippage)
    return evolve(view, account=account, positions=positions, exposure=None)


def _requirement(terms: OrderTerms, positions: Mapping[str, Position]) -> Decimal | None:
    """What a broker ties up for the options on this underlying. None: without bound."""
    underlying = terms.instrument.underlying
    holdings = [
        OptionHolding(one.instrument, one.quantity)
        for one in positions.values()
        if isinstance(one.instrument, OptionContract) and one.instrument.underlying == underlying
    ]
    shares = positions.get(underlying)
    return option_requirement(holdings, ZERO if shares is None else shares.quantity)


def _with(
    account: Datum[Account], cash: Decimal, released: Decimal, slippage: Decimal
) -> Datum[Account]:
    """The account once so much cash has come in and so much is tied up no longer."""
    if isinstance(account, Unknown):
        return account
    before = account.value
    freed = released + cash
    after = evolve(
        before,
        cash=before.cash + cash,
        equity=before.equity - slippage,
        # What is free is equity less this.
        margin_used=before.margin_used - freed - slippage,
        buying_power=before.buying_power + freed,
    )
    return Known(after) if isinstance(account, Known) else Stale(after, account.age_seconds)


def _held(contract: OptionContract, positions: Mapping[str, Position]) -> Decimal:
    position = positions.get(contract.symbol)
    return ZERO if position is None else position.quantity


def violation(code: str, terms: OrderTerms, message: str, field: str) -> Violation:
    """Why a roll is refused, where no rule is asked."""
    return Violation(
        code=code,
        severity=Severity.ERROR,
        message=message,
        instrument_id=terms.instrument.symbol,
        field_path=field,
    )
