"""Plans, holdings and markets to judge, built in a line each."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from attrs import evolve

from cream.adapters.server.plan_json import PlanDefaults, read_plan
from cream.adapters.server.problems import Problems
from cream.adapters.server.strict_json import decode
from cream.core.model.account import Account
from cream.core.model.instrument import Equity, Instrument, OptionContract, OptionRight
from cream.core.model.market import Datum, Known, Quote, Unknown
from cream.core.model.order import (
    Order,
    OrderClass,
    OrderLeg,
    OrderPurpose,
    OrderStatus,
    OrderTerms,
    OrderType,
    Side,
    TwapTerms,
)
from cream.core.model.order_state import standing
from cream.core.model.plan import (
    Action,
    Decision,
    DecisionPlan,
    Direction,
    Environment,
    OptionLeg,
    PositionIntent,
    Size,
    SizeUnit,
    TimeInForce,
)
from cream.core.model.position import Position
from cream.core.model.request import SingleOrder
from cream.core.model.state import TradingState
from cream.core.model.verdict import Check, Verdict, Violation
from cream.core.options.occ import parse_instrument
from cream.core.risk.gate import Gate
from cream.core.risk.limits import Constraints
from cream.core.risk.view import PortfolioView

# A Monday morning in New York, in session, 25 days before the options of the examples expire.
NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
EXPIRY = date(2026, 12, 18)
ACCOUNT_ID = "PA-TEST"
PLANS = Path(__file__).parents[4] / "examples" / "plans"

# Bid and ask.
MARKET: Mapping[str, tuple[str, str]] = {
    "AAPL": ("238.39", "238.41"),
    "MSFT": ("511.99", "512.01"),
    "NVDA": ("182.49", "182.51"),
    "SPY": ("661.99", "662.01"),
    "TSLA": ("429.99", "430.01"),
    "XOM": ("115.99", "116.01"),
    "AAPL  261218C00240000": ("4.15", "4.25"),
    "AAPL  261218C00250000": ("1.05", "1.15"),
    "AAPL  261218P00230000": ("1.80", "1.90"),
    "NVDA  261218C00190000": ("6.30", "6.40"),
    "NVDA  261218P00180000": ("6.90", "7.00"),
    "SPY   261218P00640000": ("1.24", "1.26"),
    "SPY   261218P00645000": ("2.00", "2.04"),
    "SPY   261218C00680000": ("2.69", "2.74"),
    "SPY   261218C00685000": ("1.77", "1.81"),
}

LIMITS = Constraints()


def d(text: str | int) -> Decimal:
    return Decimal(text)


def limits(**sections: Mapping[str, object]) -> Constraints:
    """The defaults, with these keys changed: `limits(orders={"max_open": 3})`."""
    changed = {name: evolve(getattr(LIMITS, name), **keys) for name, keys in sections.items()}
    return evolve(LIMITS, **changed)


# Limits that nothing meets, so that a test can look at one alone.
WIDE = limits(
    per_instrument={
        "max_notional": d(10**12),
        "max_units": 10**9,
        "max_equity_pct": d(10**6),
    },
    portfolio={
        "max_gross_notional": d(10**12),
        "max_net_notional": d(10**12),
        "max_leverage": d(10**6),
        "max_net_equity_pct": d(10**6),
        "max_underlying_equity_pct": d(10**6),
        "max_sector_equity_pct": d(10**6),
    },
    options={
        "max_contracts_per_underlying": 10**9,
        "max_delta_per_underlying_shares": d(10**9),
        "max_portfolio_delta": d(10**9),
        "max_portfolio_gamma": d(10**9),
        "max_portfolio_vega": d(10**9),
        "max_portfolio_theta": d(-(10**9)),
    },
    buying_power={"min_buying_power_ratio": d(-(10**6)), "margin_buffer": d(0)},
    risk_limits={"max_per_trade_risk_pct": d(10**6), "min_risk_reward_ratio": d(0)},
    stops={"min_distance_pct": d(0), "max_distance_pct": d(1)},
)


def gate(constraints: Constraints = LIMITS) -> Gate:
    return Gate(constraints, Environment.PAPER, ACCOUNT_ID)


def quote(symbol: str, bid: str, ask: str) -> Quote:
    return Quote(symbol=symbol, bid=d(bid), ask=d(ask), bid_size=1000, ask_size=1000, at=NOW)


def account(equity: str | int = 100_000, **changes: Any) -> Account:
    of = Account(
        account_id=ACCOUNT_ID,
        equity=d(equity),
        cash=d(equity),
        buying_power=2 * d(equity),
        margin_used=d(0),
        last_equity=d(equity),
        as_of=NOW,
    )
    return evolve(of, **changes)


def instrument(symbol: str) -> Instrument:
    return parse_instrument(symbol)


def option(strike: str, right: OptionRight, underlying: str = "AAPL", on: date = EXPIRY) -> Any:
    return OptionContract(underlying, on, right, d(strike))


def held(symbol: str, quantity: str | int, price: str | int = 100) -> Position:
    return Position(
        instrument=instrument(symbol), quantity=d(quantity), cost=d(quantity) * d(price)
    )


def view(
    *positions: Position,
    working: Sequence[Order] = (),
    of: Datum[Account] | None = None,
    market: Mapping[str, tuple[str, str]] = MARKET,
    data: Mapping[str, Datum[Quote]] | None = None,
    state: TradingState = TradingState.ACTIVE,
    reasons: tuple[str, ...] = (),
    **more: Any,
) -> PortfolioView:
    """A portfolio in a market. `data` says of some symbols what is known instead of a quote."""
    given = dict(data or {})

    def quote_of(symbol: str) -> Datum[Quote]:
        if symbol in given:
            return given[symbol]
        if symbol in market:
            return Known(quote(symbol, *market[symbol]))
        return Unknown("no quote has come")

    return PortfolioView(
        account=Known(account()) if of is None else of,
        positions={one.instrument.symbol: one for one in positions},
        working=tuple(working),
        quote=quote_of,
        knows=lambda one: one.symbol in market or one.symbol in given,
        state=state,
        reasons=reasons,
        **more,
    )


def decision(
    symbol: str = "AAPL",
    quantity: str | int = 10,
    action: Action = Action.BUY,
    direction: Direction = Direction.LONG,
    unit: SizeUnit | None = None,
    limit: str | None = "238.50",
    stop: str | None = "228.50",
    target: str | None = "253.50",
    decision_id: str | None = None,
    **changes: Any,
) -> Decision:
    of_option = isinstance(instrument(symbol), OptionContract) or bool(changes.get("legs"))
    return Decision(
        decision_id=decision_id or f"{symbol}-{action.value}-{quantity}",
        instrument=instrument(symbol),
        action=action,
        direction=direction,
        size=Size(d(quantity), unit or (SizeUnit.CONTRACTS if of_option else SizeUnit.SHARES)),
        limit_price=None if limit is None else d(limit),
        stop_loss=None if stop is None else d(stop),
        take_profit=None if target is None else d(target),
        **changes,
    )


def buy(symbol: str = "AAPL", quantity: str | int = 10, **changes: Any) -> Decision:
    return decision(symbol, quantity, **changes)


def short(symbol: str = "TSLA", quantity: str | int = 10, **changes: Any) -> Decision:
    prices = {"limit": "430.00", "stop": "445.00", "target": "400.00", **changes}
    return decision(symbol, quantity, Action.SELL, Direction.SHORT, **prices)


def trim(symbol: str = "AAPL", quantity: str | int = 10, **changes: Any) -> Decision:
    """Sell some of what is held long."""
    bare = {"limit": None, "stop": None, "target": None, **changes}
    return decision(symbol, quantity, Action.SELL, Direction.LONG, **bare)


def cover(symbol: str = "TSLA", quantity: str | int = 10, **changes: Any) -> Decision:
    """Buy back some of what is held short."""
    bare = {"limit": None, "stop": None, "target": None, **changes}
    return decision(symbol, quantity, Action.BUY, Direction.SHORT, **bare)


def close(
    symbol: str = "AAPL",
    quantity: str | int = 10,
    direction: Direction = Direction.FLAT,
    **changes: Any,
) -> Decision:
    bare = {"limit": None, "stop": None, "target": None, **changes}
    return decision(symbol, quantity, Action.CLOSE, direction, **bare)


def leg(symbol: str, ratio: int, opening: bool = True) -> OptionLeg:
    contract = instrument(symbol)
    assert isinstance(contract, OptionContract)
    if opening:
        intent = PositionIntent.BUY_TO_OPEN if ratio > 0 else PositionIntent.SELL_TO_OPEN
    else:
        intent = PositionIntent.BUY_TO_CLOSE if ratio > 0 else PositionIntent.SELL_TO_CLOSE
    return OptionLeg(contract, ratio, intent)


VERTICAL = (leg("AAPL  261218C00240000", 1), leg("AAPL  261218C00250000", -1))
VERTICAL_CLOSING = (
    leg("AAPL  261218C00240000", -1, opening=False),
    leg("AAPL  261218C00250000", 1, opening=False),
)


def spread(
    quantity: str | int = 5,
    legs: tuple[OptionLeg, ...] = VERTICAL,
    net: str | None = "3.10",
    underlying: str = "AAPL",
    action: Action = Action.BUY,
    direction: Direction = Direction.LONG,
    **changes: Any,
) -> Decision:
    bare = {"limit": None, "stop": None, "target": None, **changes}
    return decision(
        underlying,
        quantity,
        action,
        direction,
        legs=legs,
        net_limit_price=None if net is None else d(net),
        **bare,
    )


def plan(*decisions: Decision, **changes: Any) -> DecisionPlan:
    of = DecisionPlan(
        plan_id="plan-1",
        cycle_id="cycle-1",
        environment=Environment.PAPER,
        decisions=decisions,
        risk_manager_approved=True,
        critic_approved=True,
    )
    return evolve(of, **changes)


def example(name: str) -> DecisionPlan:
    """One of the example plans, as the JSON API decodes it."""
    problems = Problems()
    text = (PLANS / f"{name}.json").read_bytes()
    found = read_plan(decode(text), "", problems, PlanDefaults())
    assert found is not None
    return found


def single(
    symbol: str = "AAPL", quantity: str | int = 10, side: Side = Side.BUY, **changes: Any
) -> SingleOrder:
    of = SingleOrder(
        client_order_id="mine-1",
        cycle_id="cycle-1",
        instrument=instrument(symbol),
        side=side,
        quantity=d(quantity),
        order_type=OrderType.LIMIT,
        time_in_force=TimeInForce.DAY,
        limit_price=d("238.50"),
        stop_loss=d("228.50"),
        take_profit=d("253.50"),
    )
    return evolve(of, **changes)


def order(
    symbol: str = "AAPL",
    quantity: str | int = 10,
    side: Side = Side.BUY,
    purpose: OrderPurpose = OrderPurpose.ENTRY,
    limit: str | None = "238.50",
    filled: str | int = 0,
    order_id: str = "o-working",
    status: OrderStatus = OrderStatus.ACCEPTED,
    **changes: Any,
) -> Order:
    """An order that works."""
    terms = OrderTerms(
        order_id=order_id,
        client_order_id=f"cream-{order_id}",
        plan_id="plan-0",
        cycle_id="cycle-0",
        decision_id="decision-0",
        instrument=instrument(symbol),
        side=side,
        order_type=OrderType.MARKET if limit is None else OrderType.LIMIT,
        order_class=OrderClass.SIMPLE,
        time_in_force=TimeInForce.DAY,
        quantity=d(quantity),
        purpose=purpose,
        limit_price=None if limit is None else d(limit),
    )
    return Order(
        terms=evolve(terms, **changes),
        state=standing(status),
        intended_at=NOW,
        updated_at=NOW,
        filled=d(filled),
    )


def working_spread(
    quantity: int = 5,
    legs: tuple[OptionLeg, ...] = VERTICAL,
    net: str | None = "3.10",
    **changes: Any,
) -> Order:
    """A spread that works."""
    return order(
        "AAPL",
        quantity,
        limit=net,
        order_class=OrderClass.MLEG,
        legs=tuple(OrderLeg(one.contract, one.ratio, one.intent) for one in legs),
        **changes,
    )


def twap_parent(*slices: int, **changes: Any) -> Order:
    """A parent order that is worked in slices, one a minute."""
    terms = TwapTerms(slices=tuple(map(d, slices)), interval_seconds=60)
    of = {"symbol": "MSFT", "limit": "512.50", "order_id": "o-parent", **changes}
    return order(quantity=sum(slices), twap=terms, **of)


def judge(
    *decisions: Decision,
    on: PortfolioView | None = None,
    by: Constraints = LIMITS,
    now: datetime = NOW,
) -> Verdict:
    """The gate's verdict on a plan of these decisions."""
    return gate(by).judge(plan(*decisions), on or view(), now)


def codes(verdict: Verdict) -> list[str]:
    """The codes of everything that refuses the plan, in order."""
    return [one.code for one in verdict.violations if one.severity.refuses]


def violation(verdict: Verdict, code: str) -> Violation:
    (found,) = (one for one in verdict.violations if one.code == code)
    return found


def check(verdict: Verdict, code: str) -> Check:
    (found,) = (one for one in verdict.checks if one.code == code)
    return found


def equity(symbol: str) -> Equity:
    return Equity(symbol)
