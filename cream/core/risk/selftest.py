"""Does each limit that is configured deny what exceeds it? Tried on a portfolio of our own.

A limit that stands in a file and is not wired is worse than none. Each probe goes past one limit
and looks whether the gate says so.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum

from attrs import evolve, frozen

from cream.core.execution.history import LEAST_SIZES, TradeHistory, trading_day
from cream.core.model.account import Account
from cream.core.model.instrument import Equity, Instrument, OptionContract, OptionRight
from cream.core.model.market import Datum, Known, Quote
from cream.core.model.money import ONE, ZERO
from cream.core.model.plan import (
    Action,
    Decision,
    DecisionPlan,
    Direction,
    Environment,
    RiskDenomination,
    Size,
    SizeUnit,
)
from cream.core.options.occ import expires_at
from cream.core.risk.exposure import Exposure
from cream.core.risk.gate import Gate
from cream.core.risk.greeks import Greeks
from cream.core.risk.intents import LARGEST_QUANTITY
from cream.core.risk.limits import Constraints
from cream.core.risk.view import Baseline, PortfolioView

# A Wednesday morning in New York, and a share that costs a hundred dollars.
_NOW = datetime(2026, 7, 15, 15, 0, tzinfo=UTC)
_PRICE = Decimal(100)
_SYMBOL = "PROBE"
_EXPIRY = (_NOW + timedelta(days=30)).date()
_EQUITY = Decimal(1_000)
# Per share, so that any number of contracts that is large enough exceeds any limit.
_GREEKS = Greeks(Decimal("0.5"), Decimal("0.1"), Decimal("0.1"), Decimal("-0.1"))


class Outcome(Enum):
    """What became of a probe. OFF: the value of the limit switches it off, or it has none."""

    DENIES = "denies"
    WARNS = "warns"
    OFF = "off"
    FAILS = "fails"


@frozen
class Proof:
    """What going past one limit led to."""

    limit_key: str
    code: str
    outcome: Outcome


@frozen
class Attempt:
    """A plan that goes past a limit, and the portfolio to do it in."""

    decisions: tuple[Decision, ...]
    view: PortfolioView
    plan: Callable[[DecisionPlan], DecisionPlan] = lambda plan: plan
    now: datetime = _NOW


@frozen
class _Probe:
    limit_key: str
    code: str
    attempt: Callable[[Constraints], Attempt | None]


def self_test(limits: Constraints) -> Sequence[Proof]:
    """The outcome for every limit, in the order of the configuration."""
    gate = Gate(limits, Environment.PAPER, "PROBE")
    return [_proof(probe, gate) for probe in _PROBES]


def _proof(probe: _Probe, gate: Gate) -> Proof:
    attempt = probe.attempt(gate.limits)
    if attempt is None:
        return Proof(probe.limit_key, probe.code, Outcome.OFF)
    plan = DecisionPlan(
        plan_id="probe",
        cycle_id="probe",
        environment=Environment.PAPER,
        decisions=attempt.decisions,
        risk_manager_approved=True,
        critic_approved=True,
    )
    verdict = gate.judge(attempt.plan(plan), attempt.view, attempt.now)
    said = [one.severity.refuses for one in verdict.violations if one.code == probe.code]
    if not said:
        return Proof(probe.limit_key, probe.code, Outcome.FAILS)
    return Proof(probe.limit_key, probe.code, Outcome.DENIES if any(said) else Outcome.WARNS)


def _view(
    equity: Decimal = _EQUITY,
    *,
    history: TradeHistory | None = None,
    baseline: Datum[Baseline] | None = None,
    exposure: Exposure | None = None,
) -> PortfolioView:
    account = Account(
        account_id="PROBE",
        equity=equity,
        cash=equity,
        buying_power=equity,
        margin_used=ZERO,
        last_equity=equity,
        as_of=_NOW,
    )

    def quote(symbol: str) -> Datum[Quote]:
        price = Decimal(10) if symbol != _SYMBOL else _PRICE
        return Known(Quote(symbol=symbol, bid=price, ask=price, bid_size=1, ask_size=1, at=_NOW))

    return PortfolioView(
        account=Known(account),
        positions={},
        working=(),
        quote=quote,
        knows=lambda _instrument: True,
        valuer=lambda _contract, _underlying, own: None if own is None else _GREEKS,
        history=history,
        baseline=baseline,
        exposure=exposure,
    )


def _entry(
    quantity: Decimal = ONE,
    instrument: Instrument | None = None,
    limit: Decimal = _PRICE,
    stop: Decimal = Decimal(90),
    target: Decimal | None = None,
    name: str = "probe",
) -> Decision:
    of = instrument or Equity(_SYMBOL)
    contracts = isinstance(of, OptionContract)
    return Decision(
        decision_id=name,
        instrument=of,
        action=Action.BUY,
        direction=Direction.LONG,
        size=Size(quantity, SizeUnit.CONTRACTS if contracts else SizeUnit.SHARES),
        limit_price=limit,
        stop_loss=stop,
        take_profit=target,
        denomination=(
            RiskDenomination.OPTION_PRICE if contracts else RiskDenomination.UNDERLYING_PRICE
        ),
    )


def _call() -> OptionContract:
    return OptionContract(_SYMBOL, _EXPIRY, OptionRight.CALL, _PRICE)


def _too_many_shares(_limits: Constraints) -> Attempt:
    return Attempt((_entry(LARGEST_QUANTITY),), _view())


def _too_many_contracts(_limits: Constraints) -> Attempt:
    order = _entry(LARGEST_QUANTITY, _call(), limit=Decimal(10), stop=Decimal(5))
    return Attempt((order,), _view())


def _too_many_options(limits: Constraints) -> Attempt:
    contract, of = _call(), limits.options
    most = max(of.max_positions_per_underlying, of.max_positions)
    full = Exposure(lines={}, option_positions={contract.underlying: most})
    order = _entry(ONE, contract, limit=Decimal(10), stop=Decimal(5))
    return Attempt((order,), _view(exposure=full))


def _one(view: PortfolioView) -> Attempt:
    return Attempt((_entry(),), view)


def _sector(limits: Constraints) -> Attempt | None:
    for symbol in limits.portfolio.sectors:
        return Attempt((_entry(LARGEST_QUANTITY, Equity(symbol), limit=Decimal(10)),), _view())
    return None


def _delta_notional(limits: Constraints) -> Attempt | None:
    given = limits.options.max_delta_notional
    return None if given is None else _too_many_contracts(limits)


def _near_expiry(limits: Constraints) -> Attempt | None:
    if limits.options.min_minutes_to_expiry <= 1:
        return None
    order = _entry(ONE, _call(), limit=Decimal(10), stop=Decimal(5))
    return Attempt((order,), _view(), now=expires_at(_call()) - timedelta(minutes=1))


def _small_reward(limits: Constraints) -> Attempt | None:
    if limits.risk_limits.min_risk_reward_ratio == 0:
        return None
    risk = Decimal(10)
    reward = min(risk, risk * limits.risk_limits.min_risk_reward_ratio / 2)
    return Attempt((_entry(target=_PRICE + max(reward, Decimal("0.01"))),), _view())


def _unusual(_limits: Constraints) -> Attempt:
    usual = {str(index): Decimal("0.01") for index in range(LEAST_SIZES)}
    return Attempt((_entry(LARGEST_QUANTITY),), _view(history=TradeHistory(sizes=usual)))


def _lost(limit: Callable[[Constraints], object]) -> Callable[[Constraints], Attempt | None]:
    def attempt(limits: Constraints) -> Attempt | None:
        if limit(limits) is None:
            return None
        start = Known(Baseline(_EQUITY, _EQUITY))
        return _one(_view(ZERO, baseline=start))

    return attempt


def _streak(limits: Constraints) -> Attempt | None:
    most = limits.losses.max_losing_streak
    if most is None:
        return None
    return _one(_view(history=TradeHistory(streak_day=trading_day(_NOW), losing_streak=most)))


def _day_trades(limits: Constraints) -> Attempt | None:
    if limits.pdt.mode != "legacy" or limits.pdt.equity_threshold == 0:
        return None
    view = _view(ZERO)
    assert isinstance(view.account, Known), "the portfolio of a probe is known"
    account = evolve(view.account.value, day_trade_count=limits.pdt.max_day_trades)
    return _one(evolve(view, account=Known(account)))


def _budget(limits: Constraints) -> Attempt | None:
    return _too_many_shares(limits) if limits.pdt.mode == "budget" else None


def _near_stop(limits: Constraints) -> Attempt | None:
    nearest = limits.stops.min_distance_pct
    stop = _PRICE - Decimal("0.01")
    return None if nearest * _PRICE <= Decimal("0.01") else Attempt((_entry(stop=stop),), _view())


def _far_stop(limits: Constraints) -> Attempt | None:
    stop = Decimal("0.01")
    return None if limits.stops.max_distance_pct == 1 else Attempt((_entry(stop=stop),), _view())


def _far_option_stop(limits: Constraints) -> Attempt | None:
    if limits.stops.max_option_distance_pct >= Decimal("0.999"):
        return None
    order = _entry(ONE, _call(), limit=Decimal(10), stop=Decimal("0.01"))
    return Attempt((order,), _view())


def _old(limits: Constraints) -> Attempt:
    at = _NOW - timedelta(seconds=limits.plan.max_age_seconds + 1)
    return Attempt((_entry(),), _view(), lambda plan: evolve(plan, timestamp=at))


def _ahead(limits: Constraints) -> Attempt:
    at = _NOW + timedelta(seconds=limits.plan.max_ahead_seconds + 1)
    return Attempt((_entry(),), _view(), lambda plan: evolve(plan, timestamp=at))


def _many(limits: Constraints) -> Attempt:
    count = limits.plan.max_decisions + 1
    # Decisions that trade nothing count, and cost nothing to judge.
    idle = evolve(_entry(), action=Action.HOLD)
    names = (evolve(idle, decision_id=str(index)) for index in range(count))
    return Attempt(tuple(names), _view())


def _unapproved(limits: Constraints) -> Attempt | None:
    if limits.plan.absent_approval == "allow":
        return None
    return Attempt((_entry(),), _view(), lambda plan: evolve(plan, critic_approved=None))


def _full(limits: Constraints) -> Attempt:
    full = Exposure(
        lines={}, open_orders=limits.orders.max_open, occupied=limits.orders.max_positions
    )
    return _one(_view(exposure=full))


def _plans(limits: Constraints) -> Attempt:
    return _one(_view(history=_busy(limits.rate.plans_per_second, 0)))


def _orders(limits: Constraints) -> Attempt:
    return _one(_view(history=_busy(0, limits.rate.orders_per_minute)))


def _busy(plans: int, orders: int) -> TradeHistory:
    return TradeHistory(plans=deque([_NOW] * plans), orders=deque([_NOW] * orders))


def _dear(limits: Constraints) -> Attempt:
    collar = limits.collar
    over = max(_PRICE * collar.max_pct, collar.min_abs) + ONE
    return Attempt((_entry(limit=_PRICE + over),), _view())


def _probes() -> Iterator[_Probe]:
    for key, code in (
        ("per_instrument.max_notional", "PER_INSTRUMENT_NOTIONAL_EXCEEDED"),
        ("per_instrument.max_units", "PER_INSTRUMENT_UNITS_EXCEEDED"),
        ("per_instrument.max_equity_pct", "PER_INSTRUMENT_PCT_EQUITY_EXCEEDED"),
        ("portfolio.max_gross_notional", "PORTFOLIO_GROSS_NOTIONAL_EXCEEDED"),
        ("portfolio.max_net_notional", "PORTFOLIO_NET_NOTIONAL_EXCEEDED"),
        ("portfolio.max_leverage", "PORTFOLIO_GROSS_PCT_EXCEEDED"),
        ("portfolio.max_net_equity_pct", "PORTFOLIO_NET_PCT_EXCEEDED"),
        ("portfolio.max_underlying_equity_pct", "UNDERLYING_CONCENTRATION_EXCEEDED"),
        ("buying_power.min_buying_power_ratio", "BUYING_POWER_RATIO_TOO_LOW"),
        ("buying_power.margin_buffer", "INSUFFICIENT_BUYING_POWER"),
        ("risk_limits.max_per_trade_risk_pct", "PER_TRADE_RISK_EXCEEDED"),
        ("orders.max_order_notional", "MAX_ORDER_NOTIONAL_EXCEEDED"),
    ):
        yield _Probe(key, code, _too_many_shares)
    for key, code in (
        ("per_instrument.max_contracts", "PER_INSTRUMENT_UNITS_EXCEEDED"),
        (
            "options.max_delta_per_underlying_shares",
            "OPTIONS_DELTA_PER_UNDERLYING_EXCEEDED",
        ),
        ("options.max_portfolio_delta", "OPTIONS_DELTA_EXCEEDED"),
        ("options.max_portfolio_gamma", "OPTIONS_GAMMA_EXCEEDED"),
        ("options.max_portfolio_vega", "OPTIONS_VEGA_EXCEEDED"),
        ("options.max_portfolio_theta", "OPTIONS_THETA_EXCEEDED"),
        ("options.max_contracts_per_underlying", "OPTIONS_CONTRACTS_EXCEEDED"),
        ("options.max_contracts", "OPTIONS_TOTAL_CONTRACTS_EXCEEDED"),
    ):
        yield _Probe(key, code, _too_many_contracts)
    for key, code in (
        ("options.max_positions_per_underlying", "OPTIONS_POSITIONS_PER_UNDERLYING_EXCEEDED"),
        ("options.max_positions", "OPTIONS_POSITIONS_EXCEEDED"),
    ):
        yield _Probe(key, code, _too_many_options)


_OWN_PROBES: Iterable[_Probe] = (
    _Probe("portfolio.max_sector_equity_pct", "SECTOR_EXPOSURE_EXCEEDED", _sector),
    _Probe("options.max_delta_notional", "OPTIONS_DELTA_NOTIONAL_EXCEEDED", _delta_notional),
    _Probe("options.min_minutes_to_expiry", "NEAR_EXPIRY", _near_expiry),
    _Probe("risk_limits.min_risk_reward_ratio", "INSUFFICIENT_RISK_REWARD", _small_reward),
    _Probe("risk_limits.sizing_sanity_threshold", "SIZING_SANITY_WARNING", _unusual),
    _Probe(
        "losses.max_daily_loss_pct",
        "DAILY_LOSS_LIMIT",
        _lost(lambda limits: limits.losses.max_daily_loss_pct),
    ),
    _Probe(
        "losses.max_drawdown_pct",
        "DRAWDOWN_LIMIT",
        _lost(lambda limits: limits.losses.max_drawdown_pct),
    ),
    _Probe("losses.max_losing_streak", "LOSS_STREAK_LIMIT", _streak),
    _Probe("pdt.max_day_trades", "PDT_LIMIT_EXCEEDED", _day_trades),
    _Probe("pdt.mode", "INTRADAY_MARGIN_EXCEEDED", _budget),
    _Probe("stops.min_distance_pct", "STOP_DISTANCE_OUT_OF_RANGE", _near_stop),
    _Probe("stops.max_distance_pct", "STOP_DISTANCE_OUT_OF_RANGE", _far_stop),
    _Probe("stops.max_option_distance_pct", "STOP_DISTANCE_OUT_OF_RANGE", _far_option_stop),
    _Probe("plan.max_age_seconds", "STALE_PLAN", _old),
    _Probe("plan.max_ahead_seconds", "STALE_PLAN", _ahead),
    _Probe("plan.max_decisions", "TOO_MANY_DECISIONS", _many),
    _Probe("plan.absent_approval", "PLAN_NOT_APPROVED", _unapproved),
    _Probe("orders.max_open", "MAX_OPEN_ORDERS_EXCEEDED", _full),
    _Probe("orders.max_positions", "MAX_POSITIONS_EXCEEDED", _full),
    _Probe("rate.plans_per_second", "PLAN_RATE_EXCEEDED", _plans),
    _Probe("rate.orders_per_minute", "ORDER_RATE_EXCEEDED", _orders),
    _Probe("collar.max_pct", "PRICE_COLLAR_EXCEEDED", _dear),
    _Probe("collar.min_abs", "PRICE_COLLAR_EXCEEDED", _dear),
)

_PROBES: Sequence[_Probe] = (*_probes(), *_OWN_PROBES)
