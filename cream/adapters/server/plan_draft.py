"""Does a decision make sense in itself, whichever format it came in?

Both decoders fill a `DecisionDraft` with what their fields say; the rules between fields are here,
once, so that a plan means the same over JSON and over gRPC.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal

from attrs import define, field, frozen

from cream.adapters.server import values
from cream.adapters.server.plan_guard import GuardDraft, finish_guard
from cream.adapters.server.problems import Problems, shown
from cream.adapters.server.strict_json import Json
from cream.adapters.server.tactics import read_tactic
from cream.core.model.instrument import Equity, Instrument, OptionContract
from cream.core.model.money import ZERO, trim
from cream.core.model.order import OrderType
from cream.core.model.plan import (
    Action,
    Decision,
    Direction,
    OptionLeg,
    PositionIntent,
    RiskDenomination,
    Size,
    SizeUnit,
    StrategyFamily,
    ThesisState,
    TimeHorizon,
    TimeInForce,
)

# The gate's own limit (`constraints.plan.max_decisions`) is lower; this one bounds the work of
# reading.
MAX_DECISIONS = 1_000
# No venue takes more than four legs; the gate says so with the venue's rule.
MAX_LEGS = 16
# Contracts per spread; whatever is above is a typing error.
LARGEST_RATIO = 1_000

_OPENS_LONG = (PositionIntent.BUY_TO_OPEN, PositionIntent.BUY_TO_CLOSE)


@frozen(kw_only=True)
class DecisionPaths:
    """Where the fields of one decision stand in the caller's format; `at` for any other field."""

    decision_id: str
    instrument: str
    quantity: str
    unit: str
    order_type: str
    limit_price: str
    stop_loss: str
    take_profit: str
    denomination: str
    confidence: str
    legs: str
    net_limit_price: str
    tactic: str
    tactic_params: str
    at: Callable[[str], str]


@define(kw_only=True)
class DecisionDraft:
    """What the fields of one decision say. None: not given, or noted as a problem.

    `has_legs` is true also where the legs given are wrong and `legs` is empty for that.
    """

    decision_id: str
    instrument: Instrument | None = None
    action: Action | None = None
    direction: Direction | None = None
    quantity: Decimal | None = None
    unit: SizeUnit | None = None
    order_type: OrderType | None = None
    limit_price: Decimal | None = None
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None
    denomination: RiskDenomination | None = None
    time_in_force: TimeInForce | None = None
    strategy_family: StrategyFamily | None = None
    time_horizon: TimeHorizon | None = None
    thesis_state: ThesisState | None = None
    tactic: str | None = None
    tactic_params: Json = None
    bullish_factors: tuple[str, ...] = ()
    bearish_factors: tuple[str, ...] = ()
    rationale: str | None = None
    confidence: Decimal | None = None
    legs: tuple[OptionLeg, ...] = ()
    has_legs: bool = False
    net_limit_price: Decimal | None = None
    guard: GuardDraft = field(factory=GuardDraft)


def finish_decision(
    draft: DecisionDraft, paths: DecisionPaths, problems: Problems
) -> Decision | None:
    """The decision, or None with notes."""
    action = draft.action or Action.NO_TRADE
    quantity, unit = _size(draft, action, paths, problems)
    limit_price, net_limit_price = _prices(draft, paths, problems)
    stop_loss = _level(draft.stop_loss, paths.stop_loss, problems)
    take_profit = _level(draft.take_profit, paths.take_profit, problems)
    _denomination(draft, stop_loss or take_profit, paths, problems)
    confidence = values.within(
        draft.confidence, paths.confidence, problems, least=ZERO, most=Decimal(1)
    )
    _legs(draft, paths, problems)
    tactic, tactic_params = read_tactic(
        draft.tactic, draft.tactic_params, paths.tactic, paths.tactic_params, problems
    )
    guard = finish_guard(
        draft.guard,
        paths.at,
        problems,
        stop_loss=stop_loss,
        instrument=draft.instrument,
        denomination=draft.denomination,
        has_legs=draft.has_legs,
    )
    if draft.action is None or draft.instrument is None or quantity is None or unit is None:
        return None
    return Decision(
        decision_id=draft.decision_id,
        instrument=draft.instrument,
        action=action,
        direction=draft.direction or implied_direction(action),
        size=Size(quantity, unit),
        limit_price=_in_cents(limit_price),
        stop_loss=_in_cents(stop_loss),
        take_profit=_in_cents(take_profit),
        denomination=draft.denomination or RiskDenomination.UNDERLYING_PRICE,
        time_in_force=draft.time_in_force or TimeInForce.DAY,
        strategy_family=draft.strategy_family,
        time_horizon=draft.time_horizon,
        thesis_state=draft.thesis_state,
        tactic=tactic,
        tactic_params=tactic_params,
        bullish_factors=draft.bullish_factors,
        bearish_factors=draft.bearish_factors,
        rationale=draft.rationale or "",
        confidence=confidence,
        legs=draft.legs,
        net_limit_price=_in_cents(net_limit_price),
        guard=guard,
    )


def _in_cents(price: Decimal | None) -> Decimal | None:
    """The same price as prices are written: 245, 245.0 and 245.00 are one, in messages too."""
    return None if price is None else trim(price)


def implied_direction(action: Action) -> Direction:
    """The side of the position that an action means where its direction is not given."""
    if action is Action.BUY:
        return Direction.LONG
    if action is Action.SELL:
        return Direction.SHORT
    return Direction.FLAT


def note_duplicates(named: Sequence[tuple[str, str]], problems: Problems) -> None:
    """Note every id of `named` (id and path) that an earlier one has already."""
    first: dict[str, str] = {}
    for name, path in named:
        if name in first:
            problems.add(path, f"{shown(name)} is the id of {first[name]} already")
        else:
            first[name] = path


def _size(
    draft: DecisionDraft, action: Action, paths: DecisionPaths, problems: Problems
) -> tuple[Decimal | None, SizeUnit | None]:
    quantity, unit = draft.quantity, draft.unit
    if action.trades:
        quantity = values.within(quantity, paths.quantity, problems, above=ZERO)
    else:
        quantity = values.within(quantity or ZERO, paths.quantity, problems, least=ZERO)
        unit = unit or SizeUnit.SHARES
    if unit is SizeUnit.CONTRACTS and quantity is not None and not values.is_whole(quantity):
        problems.add(paths.quantity, f"must be whole contracts, was {shown(quantity)}")
    if action.trades and draft.instrument is not None:
        of_options = isinstance(draft.instrument, OptionContract) or draft.has_legs
        if of_options and unit is SizeUnit.SHARES:
            problems.add(paths.unit, "options are counted in CONTRACTS, DOLLARS or PCT_EQUITY")
        if not of_options and unit is SizeUnit.CONTRACTS:
            problems.add(paths.unit, "shares are counted in SHARES, DOLLARS or PCT_EQUITY")
    return quantity, unit


def _prices(
    draft: DecisionDraft, paths: DecisionPaths, problems: Problems
) -> tuple[Decimal | None, Decimal | None]:
    """The limit price and the net limit price."""
    limit = values.within(draft.limit_price, paths.limit_price, problems, above=ZERO)
    net = values.within(
        draft.net_limit_price, paths.net_limit_price, problems, least=-values.LARGEST_NUMBER
    )
    if draft.has_legs:
        price, path, name = draft.net_limit_price, paths.net_limit_price, "net_limit_price"
        if draft.limit_price is not None and price is None and not problems.concern(path):
            problems.add(path, "is required: a spread has a net price")
            return limit, net
    else:
        price, path, name = draft.limit_price, paths.limit_price, "a limit price"
        if draft.net_limit_price:
            problems.add(paths.net_limit_price, "only a decision with legs has a net price")
        net = None
    if problems.concern(path):
        return limit, net
    if draft.order_type is OrderType.LIMIT and price is None:
        problems.add(path, f"is required: a LIMIT order has {name}")
    # A spread with a net price is worked at it, whatever its legs' word: clients of the older
    # contract, which had no net price, call every spread a MARKET order.
    if draft.order_type is OrderType.MARKET and price is not None and not draft.has_legs:
        problems.add(path, "must not be set: a MARKET order has no price")
    if draft.order_type not in (None, OrderType.LIMIT, OrderType.MARKET):
        problems.add(paths.order_type, "must be LIMIT or MARKET for an entry")
    return limit, net


def _level(level: Decimal | None, path: str, problems: Problems) -> Decimal | None:
    """A stop or a target; zero means none."""
    return values.within(level, path, problems, least=ZERO) or None


def _denomination(
    draft: DecisionDraft, level: Decimal | None, paths: DecisionPaths, problems: Problems
) -> None:
    if (
        draft.denomination is RiskDenomination.OPTION_PRICE
        and level is not None
        and isinstance(draft.instrument, Equity)
        and not draft.has_legs
    ):
        problems.add(paths.denomination, "a share has no option price to set levels on")


def _legs(draft: DecisionDraft, paths: DecisionPaths, problems: Problems) -> None:
    if not draft.legs or draft.instrument is None:
        return
    if not isinstance(draft.instrument, Equity):
        problems.add(paths.instrument, "must be the underlying's ticker where there are legs")
    for index, leg in enumerate(draft.legs):
        path = f"{paths.legs}[{index}]"
        if leg.contract.underlying != draft.instrument.underlying:
            name = shown(leg.contract.underlying)
            problems.add(f"{path}.symbol", f"is on {name}, not on the decision's underlying")
        if (leg.ratio > 0) != (leg.intent in _OPENS_LONG):
            problems.add(
                f"{path}.position_intent",
                f"{leg.intent.value} contradicts the sign of the ratio, {leg.ratio}",
            )
