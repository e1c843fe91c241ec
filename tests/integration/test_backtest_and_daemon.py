"""The backtest's gate is the daemon's: the same plan in the same state gets the same verdict."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cream.adapters.server.plan_json import PlanDefaults, read_plan
from cream.adapters.server.problems import Problems
from cream.adapters.server.strict_json import decode
from cream.core.backtest.path import MarketBar
from cream.core.backtest.run import DatedPlan, Setup, backtest
from cream.core.exchange.calendar import SessionMode
from cream.core.model.plan import DecisionPlan
from cream.core.model.verdict import Verdict
from cream.core.risk.limits import Constraints
from cream.daemon.option_settings import OptionsSettings, with_cutoffs
from tests.fakes.world import Life, World, buy, close, plan_of
from tests.unit.core.backtest.lab import days

# As the daemon judges by default: nothing is opened when it would have to be closed at once.
LIMITS = with_cutoffs(Constraints(), OptionsSettings())
PLANS = sorted((Path(__file__).parents[2] / "examples" / "plans").glob("*.json"))
PRICES = {"AAPL": "238.40", "MSFT": "512.00", "NVDA": "182.50", "TSLA": "430.00", "XOM": "116.00"}
FRIDAY = date(2026, 11, 20)
# After Friday's close.
EVENING = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)


def read(path: Path) -> DecisionPlan:
    problems = Problems()
    plan = read_plan(decode(path.read_bytes()), "plan", problems, PlanDefaults())
    problems.raise_any()
    assert plan is not None
    return plan


def bars(prices: dict[str, str], *, monday: bool = False) -> list[MarketBar]:
    """A quiet Friday, and where it is asked for a Monday that has begun."""
    found: list[MarketBar] = []
    for symbol, price in prices.items():
        quiet = [f"{price} {price} {price} {price}"] * (2 if monday else 1)
        found += days(*quiet, symbol=symbol, since=FRIDAY)
    return found


def quote_all(life: Life, plan: DecisionPlan) -> dict[str, str]:
    """Let the daemon's market stand still without a spread, at prices that bars can have too."""
    prices = dict(PRICES)
    for instrument in plan.instruments:
        quote = life.market.latest(instrument.symbol)
        assert quote is not None
        prices.setdefault(instrument.symbol, f"{quote.mid.quantize(Decimal('0.01')):f}")
    for symbol, price in prices.items():
        life.quote(symbol, price, price)
    return prices


def told(verdict: Verdict) -> dict[str, Any]:
    """What a caller is told, but for the moment of telling."""
    return {
        "ok": verdict.ok,
        "violations": verdict.violations,
        "orders": verdict.orders,
        "suggestions": verdict.suggestions,
        "left_out": verdict.left_out,
        "policy_version": verdict.policy_version,
        "checks": [(one.code, one.result) for one in verdict.checks],
    }


def test_the_examples_are_there() -> None:
    assert len(PLANS) == 12


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
async def test_an_example_gets_the_verdict_that_the_daemon_gives(
    path: Path, tmp_path: Path, autojump_clock: object
) -> None:
    """Shares and options, where both have the same prices."""
    plan = read(path)
    async with World(tmp_path, session=SessionMode.CALENDAR).life() as life:
        await life.operations.check_plan(plan)
        prices = quote_all(life, plan)
        daemon = await life.operations.check_plan(plan)

    setup = Setup(cash=Decimal(100_000), limits=LIMITS)
    outcome = backtest(setup, bars(prices), [DatedPlan(plan, daemon.validated_at)])
    verdict = outcome.plans[0].verdict
    assert verdict is not None
    assert told(verdict) == told(daemon)


@pytest.mark.parametrize("name", ["iron-condor", "single-call"])
def test_an_option_without_bars_is_refused_whatever_the_daemon_would_say(name: str) -> None:
    plan = next(read(path) for path in PLANS if path.stem == name)
    setup = Setup(cash=Decimal(100_000), limits=LIMITS)
    at = datetime(2026, 11, 23, 15, tzinfo=UTC)
    verdict = backtest(setup, bars(PRICES), [DatedPlan(plan, at)]).plans[0].verdict
    assert verdict is not None
    assert not verdict.ok
    assert "UNKNOWN_INSTRUMENT" in {one.code for one in verdict.violations}


@pytest.mark.parametrize(
    "asked",
    [
        plan_of(close("20"), plan_id="all"),
        plan_of(close("21"), plan_id="too much"),
        plan_of(buy("10"), plan_id="more"),
        plan_of(buy("25"), plan_id="too much more"),
        plan_of(buy("10", stop="240"), plan_id="wrong side"),
        plan_of(close("5", limit="300.00"), plan_id="resting"),
    ],
    ids=lambda plan: plan.plan_id,
)
async def test_with_a_position_and_its_bracket_the_verdict_is_the_same_too(
    asked: DecisionPlan, tmp_path: Path, autojump_clock: object
) -> None:
    first = plan_of(buy("20"), plan_id="first")
    async with World(tmp_path, session=SessionMode.CALENDAR).life() as life:
        quote_all(life, first)
        await life.submit(*first.decisions, plan_id="first")
        await life.until(lambda: life.held() == 20)
        daemon = await life.operations.check_plan(asked)

    setup = Setup(cash=Decimal(100_000), limits=LIMITS)
    plans = [DatedPlan(first, EVENING), DatedPlan(asked, daemon.validated_at)]
    assert plans[1].at - EVENING > timedelta(days=2)
    outcome = backtest(setup, bars(PRICES, monday=True), plans)
    assert outcome.trades[0].fill.quantity == 20
    verdict = outcome.plans[1].verdict
    assert verdict is not None
    assert told(verdict) == told(daemon)
