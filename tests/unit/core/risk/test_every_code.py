"""Every code that the gate answers with, in at least three rows: below its limit, at it, above it.

Where there is no number, the rows are what is clearly allowed, what is just allowed, and what is
not. The families' own tests say more; this table shows that none is forgotten.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from attrs import evolve

from cream.core.exchange.calendar import SessionMode, Sessions
from cream.core.execution.history import TradeHistory, trading_day
from cream.core.model.market import Known, Stale, Unknown
from cream.core.model.order import Side
from cream.core.model.plan import (
    Action,
    Decision,
    Direction,
    Environment,
    RiskDenomination,
    SizeUnit,
    TimeHorizon,
    TimeInForce,
)
from cream.core.model.state import TradingState
from cream.core.model.verdict import Verdict
from cream.core.options.dividends import Dividend, dividends_of
from cream.core.risk.checks import ALL_RULES
from cream.core.risk.greeks import Greeks
from cream.core.risk.limits import Constraints
from cream.core.risk.view import Baseline, PortfolioView
from tests.fakes.builders import order_terms
from tests.unit.core.risk.scenes import (
    MARKET,
    NOW,
    VERTICAL,
    WIDE,
    account,
    buy,
    close,
    d,
    decision,
    gate,
    held,
    leg,
    order,
    plan,
    quote,
    short,
    spread,
    trim,
    view,
)

CALL, HIGHER = (one.contract.symbol for one in VERTICAL)
DEEP = "AAPL  261218C00230000"
BY_OPTION = RiskDenomination.OPTION_PRICE
CALENDAR = Sessions(SessionMode.CALENDAR)
# 16:00 in New York on the options' last day; a Friday that ends at 13:00, and its eve.
END = datetime(2026, 12, 18, 21, 0, tzinfo=UTC)
FRIDAY = datetime(2026, 11, 27, 17, 50, tzinfo=UTC)

# Rules that answer with finer codes than their own.
FINER = {
    "LEG_RULES": {"LEG_COUNT", "LEG_RATIO", "LEG_UNDERLYING", "LEG_DUPLICATE", "LEG_INTENT"},
    "VENUE_RULES": {"INVALID_TIME_IN_FORCE", "FRACTIONAL_QUANTITY"},
}

Row = tuple[str, str, Callable[[], Verdict], bool]


def by(**sections: dict[str, object]) -> Constraints:
    """Limits that nothing meets, but for these."""
    changed = {name: evolve(getattr(WIDE, name), **keys) for name, keys in sections.items()}
    return evolve(WIDE, **changed)


def ask(
    *decisions: Decision,
    on: PortfolioView | None = None,
    limits: Constraints = WIDE,
    now: datetime = NOW,
    **changes: object,
) -> Callable[[], Verdict]:
    """A plan, to be judged when the row is tried."""
    asked = evolve(plan(*decisions), **changes)
    return lambda: gate(limits).judge(asked, on or view(), now)


def rows(code: str, *cases: tuple[str, Callable[[], Verdict], bool]) -> Iterator[Row]:
    return ((code, name, verdict, expected) for name, verdict, expected in cases)


def counted(
    code: str, attempt: Callable[[int], Callable[[], Verdict]], limit: int, at: bool = False
) -> Iterator[Row]:
    """One below the limit, the limit, and one above. `at`: whether the limit itself is refused."""
    return rows(
        code,
        ("below", attempt(limit - 1), False),
        ("at", attempt(limit), at),
        ("above", attempt(limit + 1), True),
    )


def option_call(count: int = 1, **more: object) -> Decision:
    bare = {"limit": "4.20", "stop": "3.00", "target": "9.00", "denomination": BY_OPTION, **more}
    return buy(CALL, count, **bare)


def shares_at(price: str, count: int, **more: object) -> Decision:
    """Far from the market, where no collar and no self-cross stands in the way."""
    return buy(quantity=count, limit=price, stop=None, target=None, **more)


def past(**of: object) -> TradeHistory:
    return TradeHistory(**of)  # type: ignore[arg-type]


def judged(plans: int = 0, orders: int = 0) -> TradeHistory:
    found = TradeHistory()
    for _ in range(plans):
        found.judged(NOW)
    for _ in range(orders):
        found.intended(order_terms(), NOW)
    return found


def approvals(risk: bool | None, critic: bool | None) -> Callable[[], Verdict]:
    return ask(buy(), risk_manager_approved=risk, critic_approved=critic)


def plan_rows() -> Iterator[Row]:
    yield from rows(
        "PLAN_NOT_APPROVED",
        ("both", approvals(True, True), False),
        ("one", approvals(True, None), True),
        ("none", approvals(False, False), True),
    )
    yield from rows(
        "ENVIRONMENT_MISMATCH",
        ("ours", ask(buy(), environment=Environment.PAPER), False),
        ("ours, nothing to do", ask(environment=Environment.PAPER), False),
        ("another", ask(buy(), environment=Environment.LIVE), True),
    )
    aged = WIDE.plan.max_age_seconds
    yield from counted(
        "STALE_PLAN", lambda age: ask(buy(), timestamp=NOW - timedelta(seconds=age)), aged
    )
    yield from counted(
        "TOO_MANY_DECISIONS",
        lambda count: ask(
            *(buy("XOM", 1, action=Action.HOLD, decision_id=str(n)) for n in range(count))
        ),
        WIDE.plan.max_decisions,
    )
    yield from rows(
        "DUPLICATE_DECISION_ID",
        ("one", ask(buy(decision_id="a")), False),
        ("two names", ask(buy(decision_id="a"), buy(decision_id="b")), False),
        ("one name twice", ask(buy(decision_id="a"), buy(decision_id="a")), True),
    )
    for action, direction, wrong in (
        (Action.BUY, Direction.LONG, False),
        (Action.INCREASE, Direction.LONG, False),
        (Action.BUY, Direction.FLAT, True),
    ):
        verdict = ask(buy(action=action, direction=direction))
        yield "DIRECTION_ACTION_MISMATCH", f"{action.value} {direction.value}", verdict, wrong
    yield from rows(
        "TACTIC_UNAVAILABLE",
        ("none", ask(buy()), False),
        ("TWAP", ask(buy(tactic="TWAP")), False),
        ("another", ask(buy(tactic="VWAP")), True),
    )
    holding = view(held("AAPL", 10))
    yield from counted("POSITION_MISMATCH", lambda n: ask(trim(quantity=n), on=holding), 10)
    yield from rows(
        "CONFLICTING_ORDERS",
        ("one", ask(buy(), on=holding), False),
        ("both buy", ask(buy(decision_id="a"), buy(decision_id="b"), on=holding), False),
        ("one sells", ask(buy(), trim(), on=holding), True),
    )
    yield from rows(
        "CONFLICTING_DIRECTIONS",
        ("one", ask(buy()), False),
        ("both long", ask(buy(decision_id="a"), buy(decision_id="b")), False),
        ("one short", ask(buy("TSLA", 1, limit="430.00"), short("TSLA", 1)), True),
    )
    yield from rows(
        "INVALID_CONFIDENCE",
        ("below", ask(buy(confidence=d("0.99"))), False),
        ("at", ask(buy(confidence=d(1))), False),
        ("above", ask(buy(confidence=d("1.01"))), True),
    )


def rate_and_session_rows() -> Iterator[Row]:
    yield from counted(
        "PLAN_RATE_EXCEEDED",
        lambda n: ask(
            buy(), on=view(history=judged(n - 1)), limits=by(rate={"plans_per_second": 5})
        ),
        5,
    )
    yield from counted(
        "ORDER_RATE_EXCEEDED",
        lambda n: ask(
            buy(), on=view(history=judged(0, n - 1)), limits=by(rate={"orders_per_minute": 5})
        ),
        5,
    )
    for code, refusing in (
        ("TRADING_HALTED", TradingState.HALTED),
        ("TRADING_REDUCING", TradingState.REDUCING),
    ):
        for state in TradingState:
            yield code, state.value, ask(buy(), on=view(state=state)), state is refusing
    yield from counted(
        "INSTRUMENT_EXPIRED",
        lambda second: ask(option_call(), now=END + timedelta(seconds=second)),
        0,
        at=True,
    )
    yield from counted(
        "MARKET_CLOSED",
        lambda second: ask(
            buy(time_in_force=TimeInForce.IOC),
            on=view(sessions=CALENDAR),
            now=FRIDAY + timedelta(minutes=10, seconds=second),
        ),
        0,
        at=True,
    )
    yield from counted(
        "TIME_IN_FORCE_WINDOW",
        lambda second: ask(
            close(time_in_force=TimeInForce.CLS),
            on=view(held("AAPL", 10), sessions=CALENDAR),
            now=FRIDAY + timedelta(seconds=second),
        ),
        0,
        at=True,
    )
    yield from counted(
        "QUEUED_FOR_SESSION",
        lambda second: ask(
            buy(),
            on=view(sessions=CALENDAR),
            now=FRIDAY + timedelta(minutes=10, seconds=second),
        ),
        0,
        at=True,
    )
    for horizon, warned in (
        (TimeHorizon.INTRADAY, False),
        (None, False),
        (TimeHorizon.SWING, True),
    ):
        yield "SWING_DAY_ENTRY", str(horizon), ask(buy(time_horizon=horizon)), warned


def size_rows() -> Iterator[Row]:
    for text, code, wrong in (
        ("1", "NON_POSITIVE_SIZE", False),
        ("0", "NON_POSITIVE_SIZE", True),
        ("-1", "NON_POSITIVE_SIZE", True),
        ("999999999", "OUT_OF_RANGE", False),
        ("1000000000", "OUT_OF_RANGE", False),
        ("1000000001", "OUT_OF_RANGE", True),
        ("9", "WHOLE_UNITS_REQUIRED", False),
        ("9.0", "WHOLE_UNITS_REQUIRED", False),
        ("9.1", "WHOLE_UNITS_REQUIRED", True),
    ):
        yield code, text, ask(buy(quantity=text)), wrong
    for unit, wrong in (
        (SizeUnit.SHARES, False),
        (SizeUnit.DOLLARS, False),
        (SizeUnit.CONTRACTS, True),
    ):
        yield "SIZE_UNIT_MISMATCH", unit.value, ask(buy(quantity=500, unit=unit)), wrong
    for dollars, wrong in (("238.51", False), ("238.50", False), ("238.49", True)):
        verdict = ask(buy(quantity=dollars, unit=SizeUnit.DOLLARS))
        yield "SIZE_TOO_SMALL", dollars, verdict, wrong
    one = "per_instrument"
    yield from counted(
        "PER_INSTRUMENT_UNITS_EXCEEDED",
        lambda n: ask(buy(quantity=n), limits=by(**{one: {"max_units": 20}})),
        20,
    )
    yield from counted(
        "PER_INSTRUMENT_NOTIONAL_EXCEEDED",
        lambda n: ask(shares_at("200", n), limits=by(**{one: {"max_notional": d(4_000)}})),
        20,
    )
    yield from counted(
        "PER_INSTRUMENT_PCT_EQUITY_EXCEEDED",
        lambda n: ask(shares_at("200", n), limits=by(**{one: {"max_equity_pct": d("0.04")}})),
        20,
    )
    yield from counted(
        "MAX_ORDER_NOTIONAL_EXCEEDED",
        lambda n: ask(shares_at("200", n), limits=by(orders={"max_order_notional": d(4_000)})),
        20,
    )
    working = tuple(order("MSFT", 1, limit="400", order_id=f"o-{n}") for n in range(3))
    yield from counted(
        "MAX_OPEN_ORDERS_EXCEEDED",
        lambda n: ask(
            *(buy(quantity=1, decision_id=str(one)) for one in range(n - 3)),
            on=view(working=working),
            limits=by(orders={"max_open": 5}),
        ),
        5,
    )
    every = ("AAPL", "MSFT", "NVDA", "XOM")
    yield from counted(
        "MAX_POSITIONS_EXCEEDED",
        lambda n: ask(
            *(buy(symbol, 1, limit="50", decision_id=symbol) for symbol in every[: n - 1]),
            on=view(held("TSLA", 1)),
            limits=by(orders={"max_positions": 3}),
        ),
        3,
    )
    usual = past(sizes={str(n): d(400) for n in range(5)})
    yield from counted(
        "SIZING_SANITY_WARNING", lambda n: ask(shares_at("200", n), on=view(history=usual)), 6
    )


def price_rows() -> Iterator[Row]:
    stop = {"limit": "50", "stop": "45", "target": "60"}
    for symbol, held_too, wrong in (
        ("AAPL", False, False),
        ("ACME", True, False),
        ("ACME", False, True),
    ):
        on = view(*([held("ACME", 10)] if held_too else []))
        asked = close("ACME") if held_too else buy(symbol, 1, **stop)
        yield "UNKNOWN_INSTRUMENT", f"{symbol} {held_too}", ask(asked, on=on), wrong
    fresh = quote("AAPL", "238.39", "238.41")
    for name, datum, wrong in (
        ("known", Known(fresh), False),
        ("stale", Stale(fresh, 6.0), True),
        ("unknown", Unknown("no feed"), True),
    ):
        verdict = ask(buy(), on=view(data={"AAPL": datum}))
        yield "RISK_INPUT_UNKNOWN", name, verdict, wrong
    for name, symbol, wrong in (
        ("none", "", False),
        ("another", "MSFT", False),
        ("its", "AAPL", True),
    ):
        halted = {symbol: "LULD"}.get
        yield "SYMBOL_HALTED", name, ask(buy(), on=view(halted=halted)), wrong
    # Five percent above an offer of 238.41 are 250.3305.
    for limit, wrong in (("250.32", False), ("250.33", False), ("250.34", True)):
        yield "PRICE_COLLAR_EXCEEDED", limit, ask(buy(limit=limit, target="290")), wrong
    sale = view(working=(order("AAPL", 5, Side.SELL, limit="238.50"),))
    for limit, wrong in (("238.49", False), ("238.50", True), ("238.51", True)):
        yield "SELF_CROSS", limit, ask(buy(limit=limit), on=sale), wrong
    for limit, warned in (("238.5", False), ("238.50", False), ("238.501", True)):
        yield "PRICE_ROUNDED", limit, ask(buy(limit=limit)), warned
    for tif, wrong in (
        (TimeInForce.DAY, False),
        (TimeInForce.GTC, False),
        (TimeInForce.IOC, True),
    ):
        yield "VENUE_RULES", tif.value, ask(buy(time_in_force=tif)), wrong


def stop_rows() -> Iterator[Row]:
    for stop, missing in (("228.50", False), ("0.01", False), (None, True)):
        yield "MISSING_STOP_LOSS", str(stop), ask(buy(stop=stop)), missing
    for stop, wrong in (("238.38", False), ("238.39", True), ("238.40", True)):
        yield "STOP_WRONG_SIDE", stop, ask(buy(limit="238.41", stop=stop)), wrong
    for target, wrong in (("238.51", False), ("238.50", True), ("238.49", True)):
        yield "TARGET_WRONG_SIDE", target, ask(buy(target=target)), wrong
    limited = by(stops={"max_distance_pct": d("0.10")})
    for stop, wrong in (("180.01", False), ("180.00", False), ("179.99", True)):
        verdict = ask(buy(limit="200.00", stop=stop, target=None), limits=limited)
        yield "STOP_DISTANCE_OUT_OF_RANGE", stop, verdict, wrong
    risk = by(risk_limits={"max_per_trade_risk_pct": d("0.2")})
    yield from counted("PER_TRADE_RISK_EXCEEDED", lambda n: ask(buy(quantity=n), limits=risk), 20)
    reward = by(risk_limits={"min_risk_reward_ratio": d("1.5")})
    for target, wrong in (("253.51", False), ("253.50", False), ("253.49", True)):
        yield "INSUFFICIENT_RISK_REWARD", target, ask(buy(target=target), limits=reward), wrong
    holding = view(held("AAPL", 10))
    yield from rows(
        "LEVELS_IGNORED",
        ("entry", ask(buy()), False),
        ("bare exit", ask(close(), on=holding), False),
        ("exit with a stop", ask(close(stop="200"), on=holding), True),
    )


def option_rows() -> Iterator[Row]:
    two, four = (
        VERTICAL,
        (*VERTICAL, leg("AAPL  261218P00230000", 1), leg("NVDA  261218P00180000", 1)),
    )
    yield from rows(
        "LEG_RULES",
        ("two", ask(spread(1, two)), False),
        (
            "one contract in another ratio",
            ask(spread(1, (two[0], evolve(two[1], ratio=-1)))),
            False,
        ),
        ("one", ask(spread(1, two[:1])), True),
        ("a strange underlying", ask(spread(1, four)), True),
        (
            "ratios in common",
            ask(spread(1, (evolve(two[0], ratio=2), evolve(two[1], ratio=-2)))),
            True,
        ),
    )
    for net, wrong in (("3.10", False), ("0.01", False), ("-3.10", True)):
        yield "NET_PRICE_SIGN", net, ask(spread(1, net=net)), wrong
    sold = decision(HIGHER, 1, Action.SELL, Direction.SHORT, limit="1.05", stop=None, target=None)
    for shares, naked in ((101, False), (100, False), (99, True)):
        yield "UNDEFINED_RISK", str(shares), ask(sold, on=view(held("AAPL", shares))), naked
    yield from counted(
        "OPTIONS_CONTRACTS_EXCEEDED",
        lambda n: ask(option_call(n), limits=by(options={"max_contracts_per_underlying": 5})),
        5,
    )
    yield from counted(
        "OPTIONS_TOTAL_CONTRACTS_EXCEEDED",
        lambda n: ask(option_call(n), limits=by(options={"max_contracts": 5})),
        5,
    )
    others = view(*(held(one, 1, 4) for one in (HIGHER, "AAPL  261218P00230000")))
    for key, code in (
        ("max_positions_per_underlying", "OPTIONS_POSITIONS_PER_UNDERLYING_EXCEEDED"),
        ("max_positions", "OPTIONS_POSITIONS_EXCEEDED"),
    ):
        for most, wrong in ((4, False), (3, False), (2, True)):
            asked = ask(option_call(1), on=others, limits=by(options={key: most}))
            yield code, str(most), asked, wrong
    for minutes, wrong in ((61, False), (60, False), (59, True)):
        verdict = ask(option_call(), now=END - timedelta(minutes=minutes))
        yield "NEAR_EXPIRY", str(minutes), verdict, wrong
    for days, warned in ((6, False), (5, True), (4, True)):
        verdict = sold_deep(END - timedelta(days=days, hours=3))
        yield "ASSIGNMENT_RISK", str(days), verdict, warned
    for offer, warned in (("8.46", False), ("8.45", False), ("8.44", True)):
        verdict = sold_deep(END - timedelta(days=20), offer)
        yield "EARLY_EXERCISE_RISK", offer, verdict, warned
    for amount, warned in (("0.79", False), ("0.80", False), ("0.81", True)):
        verdict = sold_deep(END - timedelta(days=20), paying=amount)
        yield "DIVIDEND_EXERCISE_RISK", amount, verdict, warned
    for paying, told in ((None, False), ("0", True), ("0.81", True)):
        verdict = sold_deep(END - timedelta(days=20), paying=paying)
        yield "DIVIDEND_UNKNOWN", str(paying), verdict, not told
    for spot, warned in (("234.61", False), ("234.60", True), ("230.00", True)):
        verdict = sold_deep(END - timedelta(hours=3), spot=spot)
        yield "PIN_RISK", spot, verdict, warned
    greeks = Greeks(d("0.50"), d("0.01"), d("0.20"), d("-0.10"))
    valued = view(valuer=lambda _contract, _underlying, _own: greeks)
    for code, key, limit in (
        ("OPTIONS_DELTA_PER_UNDERLYING_EXCEEDED", "max_delta_per_underlying_shares", 100),
        ("OPTIONS_DELTA_EXCEEDED", "max_portfolio_delta", 100),
        ("OPTIONS_DELTA_NOTIONAL_EXCEEDED", "max_delta_notional", 23_840),
        ("OPTIONS_GAMMA_EXCEEDED", "max_portfolio_gamma", 2),
        ("OPTIONS_VEGA_EXCEEDED", "max_portfolio_vega", 40),
        ("OPTIONS_THETA_EXCEEDED", "max_portfolio_theta", -20),
    ):
        limits = by(options={key: d(limit)})
        yield from counted(code, lambda n, of=limits: ask(option_call(n), on=valued, limits=of), 2)


def sold_deep(
    now: datetime, offer: str = "9.20", paying: str | None = None, spot: str = "238.40"
) -> Callable[[], Verdict]:
    """A call in the money is sold, at 8.40 of intrinsic value where the spot is not given."""
    market = {**MARKET, DEEP: ("8.30", offer), CALL: ("1.00", "1.10"), "AAPL": (spot, spot)}
    told = () if paying is None else (("AAPL", Dividend(date(2026, 12, 7), d(paying))),)
    asked = spread(
        1,
        (leg(DEEP, -1), leg(CALL, 1)),
        net="-7.20",
        action=Action.SELL,
        direction=Direction.SHORT,
    )
    return ask(asked, on=view(market=market, dividends=dividends_of(told)), now=now)


def portfolio_rows() -> Iterator[Row]:
    holding = view(held("MSFT", 10), market={**MARKET, "MSFT": ("100", "100")})
    for code, limits in (
        ("PORTFOLIO_GROSS_NOTIONAL_EXCEEDED", {"max_gross_notional": d(5_000)}),
        ("PORTFOLIO_NET_NOTIONAL_EXCEEDED", {"max_net_notional": d(5_000)}),
        ("PORTFOLIO_GROSS_PCT_EXCEEDED", {"max_leverage": d("0.05")}),
        ("PORTFOLIO_NET_PCT_EXCEEDED", {"max_net_equity_pct": d("0.05")}),
    ):
        bound = by(portfolio=limits)
        yield from counted(
            code, lambda n, of=bound: ask(shares_at("200", n), on=holding, limits=of), 20
        )
    alone = by(portfolio={"max_underlying_equity_pct": d("0.04")})
    yield from counted(
        "UNDERLYING_CONCENTRATION_EXCEEDED",
        lambda n: ask(shares_at("200", n), limits=alone),
        20,
    )
    sectors = {"AAPL": "TECH", "MSFT": "TECH"}
    together = by(portfolio={"max_sector_equity_pct": d("0.05"), "sectors": sectors})
    yield from counted(
        "SECTOR_EXPOSURE_EXCEEDED",
        lambda n: ask(shares_at("200", n), on=holding, limits=together),
        20,
    )


def loss_rows() -> Iterator[Row]:
    def worth(equity: int) -> PortfolioView:
        start = Known(Baseline(d(100_000), d(100_000)))
        return view(of=Known(account(equity)), baseline=start)

    for code, key in (
        ("DAILY_LOSS_LIMIT", "max_daily_loss_pct"),
        ("DRAWDOWN_LIMIT", "max_drawdown_pct"),
    ):
        limits = by(losses={key: d("0.05")})
        yield from counted(
            code,
            lambda lost, of=limits: ask(buy(), on=worth(100_000 - lost), limits=of),
            5_000,
            at=True,
        )
    yield from counted(
        "LOSS_STREAK_LIMIT",
        lambda n: ask(
            buy(),
            on=view(history=past(streak_day=trading_day(NOW), losing_streak=n)),
            limits=by(losses={"max_losing_streak": 3}),
        ),
        3,
        at=True,
    )


def money_rows() -> Iterator[Row]:
    def cash(amount: int) -> PortfolioView:
        return view(of=Known(account(amount)))

    # Twenty shares at 200 take half of 4,000.
    for amount, wrong in ((2_001, False), (2_000, False), (1_999, True)):
        verdict = ask(shares_at("200", 20), on=cash(amount))
        yield "INSUFFICIENT_BUYING_POWER", str(amount), verdict, wrong
    kept = by(buying_power={"min_buying_power_ratio": d("0.50")})
    for amount, wrong in ((4_001, False), (4_000, False), (3_999, True)):
        verdict = ask(shares_at("200", 20), on=cash(amount), limits=kept)
        yield "BUYING_POWER_RATIO_TOO_LOW", str(amount), verdict, wrong
    barred = view(held("TSLA", 10), of=Known(account(shorting_enabled=False)))
    yield from rows(
        "SHORTING_DISABLED",
        ("allowed", ask(short()), False),
        ("a sale of what is held", ask(trim("TSLA"), on=barred), False),
        ("barred", ask(short("AAPL", 1, limit="238.40"), on=barred), True),
    )
    for level, wrong in ((3, False), (2, False), (1, True)):
        on = view(of=Known(account(options_level=level)))
        yield "OPTIONS_LEVEL_TOO_LOW", str(level), ask(option_call(), on=on), wrong
    legacy = by(pdt={"mode": "legacy"})

    def used(count: int) -> PortfolioView:
        return view(of=Known(account(20_000, day_trade_count=count)))

    yield from counted(
        "PDT_LIMIT_EXCEEDED", lambda n: ask(buy(), on=used(n), limits=legacy), 3, at=True
    )
    for count, warned in ((1, False), (2, True), (3, False)):
        verdict = ask(buy(), on=used(count), limits=legacy)
        yield "PDT_LIMIT_WARNING", str(count), verdict, warned
    budget = by(pdt={"mode": "budget"})
    power = account(5_000, buying_power=d(10**9), margin_used=d(-(10**9)))
    yield from counted(
        "INTRADAY_MARGIN_EXCEEDED",
        lambda n: ask(shares_at("200", n), on=view(of=Known(power)), limits=budget),
        100,
    )


ROWS: list[Row] = [
    *plan_rows(),
    *rate_and_session_rows(),
    *size_rows(),
    *price_rows(),
    *stop_rows(),
    *option_rows(),
    *portfolio_rows(),
    *loss_rows(),
    *money_rows(),
]


@pytest.mark.parametrize(
    ("code", "verdict", "expected"),
    [
        pytest.param(code, verdict, expected, id=f"{code}-{name}")
        for code, name, verdict, expected in ROWS
    ],
)
def test_a_code_is_answered_where_its_limit_is_passed_and_nowhere_else(
    code: str, verdict: Callable[[], Verdict], expected: bool
) -> None:
    said = {one.code for one in verdict().violations}

    assert bool(said & FINER.get(code, {code})) is expected, said


def test_every_code_has_at_least_three_rows_with_both_answers() -> None:
    every = [rule.code for rule in ALL_RULES]
    counts = Counter(code for code, *_ in ROWS)

    assert set(counts) == set(every)
    assert [code for code in every if counts[code] < 3] == []
    answers = {code: {expected for one, _, _, expected in ROWS if one == code} for code in every}
    assert [code for code in every if answers[code] != {True, False}] == []
