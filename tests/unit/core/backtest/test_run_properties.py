"""What holds for every run: money adds up, prices are those of bars, the future is not known."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from attrs import evolve, frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from cream.core.backtest.outcome import Outcome
from cream.core.backtest.path import MarketBar
from cream.core.execution.bars import Bar, SameBarPriority, first_reached
from cream.core.model.plan import DecisionPlan, TimeInForce
from tests.unit.core.backtest.lab import (
    PLENTY,
    QUIET,
    TUESDAY,
    days,
    enter,
    fills,
    leave,
    plan,
    run,
)

SYMBOLS = ("AAPL", "IBM")
DAYS = 6


@st.composite
def some_bars(draw: st.DrawFn) -> list[MarketBar]:
    """A few days of two shares around 100 dollars, in cents."""
    found: list[MarketBar] = []
    for symbol in SYMBOLS:
        texts = [QUIET]
        for _ in range(DAYS):
            four = draw(st.lists(st.integers(8_500, 11_500), min_size=4, max_size=4))
            low, *_, high = sorted(four)
            opens, close = draw(st.permutations(four))[:2]
            texts.append(" ".join(f"{Decimal(one) / 100}" for one in (opens, high, low, close)))
        volumes = draw(st.lists(st.sampled_from((0, 30, 500, PLENTY)), min_size=7, max_size=7))
        bars = days(*texts, symbol=symbol)
        found += [
            evolve(bar, volume=volume)
            for bar, volume in zip(bars, [PLENTY, *volumes], strict=False)
        ]
    return found


@frozen
class Given:
    """What a run is given."""

    plans: list[tuple[DecisionPlan, datetime]]
    assumed: dict[str, Any]


@st.composite
def some_plans(draw: st.DrawFn) -> Given:
    plans = []
    for number in range(draw(st.integers(1, 6))):
        at = TUESDAY + timedelta(hours=draw(st.integers(0, 24 * DAYS)))
        symbol = draw(st.sampled_from(SYMBOLS))
        if draw(st.integers(0, 3)) == 0:
            decision = leave("10", symbol)
        else:
            short = draw(st.booleans())
            limit = draw(st.sampled_from((None, "97.00", "99.50", "101.00")))
            near, far = draw(st.sampled_from((("92", "112"), ("95", "125"), ("88", "140"))))
            if short:
                near, far = {"92": ("108", "88"), "95": ("105", "75"), "88": ("112", "60")}[near]
            decision = enter(
                str(draw(st.sampled_from((10, 40)))),
                symbol=symbol,
                limit=limit,
                stop=near,
                target=draw(st.sampled_from((far, None))),
                short=short,
                time_in_force=draw(st.sampled_from((TimeInForce.DAY, TimeInForce.GTC))),
            )
            if draw(st.integers(0, 3)) == 0:
                guard = evolve(decision.guard, trail_price=Decimal(4))
                decision = evolve(decision, take_profit=None, guard=guard)
        plans.append((plan(decision, plan_id=f"p{number}"), at))
    assumed = {
        "slippage_bps": draw(st.sampled_from((Decimal(0), Decimal(7), Decimal(300)))),
        "participation": draw(st.sampled_from((Decimal(1), Decimal("0.5")))),
        "priority": draw(st.sampled_from(SameBarPriority)),
        "fee": lambda _instrument, _side, quantity, _price, _at: quantity * Decimal("0.01"),
    }
    return Given(sorted(plans, key=lambda one: one[1]), assumed)


def bar_of(bars: list[MarketBar], symbol: str, at: datetime) -> MarketBar:
    (found,) = (one for one in bars if one.symbol == symbol and one.starts_at <= at < one.ends_at)
    return found


def check_money(bars: list[MarketBar], outcome: Outcome) -> None:
    """Cash and marks, added up from the fills alone."""
    for mark in outcome.curve:
        done = [one.fill for one in outcome.trades if one.fill.executed_at < mark.at]
        cash = Decimal(100_000) + sum((fill.paid for fill in done), Decimal(0))
        value = Decimal(0)
        for symbol in SYMBOLS:
            held = sum(
                (one.side.sign * one.quantity for one in done if one.instrument.symbol == symbol),
                Decimal(0),
            )
            closes = [one for one in bars if one.symbol == symbol and one.ends_at <= mark.at]
            value += held * closes[-1].prices.close
        assert mark.cash == cash
        assert mark.equity == cash + value
    assert outcome.equity == (
        outcome.cash + outcome.realized + outcome.unrealized - outcome.fees
    ), "profit and loss explain the account"
    assert outcome.realized == sum((one.realized for one in outcome.trades), Decimal(0))


def check_fills(bars: list[MarketBar], outcome: Outcome, participation: Decimal) -> None:
    taken: dict[tuple[str, datetime, str], Decimal] = {}
    for one in outcome.trades:
        fill = one.fill
        bar = bar_of(bars, fill.instrument.symbol, fill.executed_at)
        assert bar.prices.low <= fill.price <= bar.prices.high
        key = (bar.symbol, bar.starts_at, fill.side.value)
        taken[key] = taken.get(key, Decimal(0)) + fill.quantity
        assert taken[key] <= bar.volume * participation
        order = next(each for each in outcome.orders if each.order_id == fill.order_id)
        limit = order.terms.limit_price
        assert limit is None or fill.side.sign * (fill.price - limit) <= 0


@settings(max_examples=60, deadline=None)
@given(some_bars(), some_plans())
def test_the_account_adds_up_and_every_price_is_one_of_its_bar(
    bars: list[MarketBar], asked: Given
) -> None:
    outcome = run(bars, more=asked.plans, **asked.assumed)
    check_money(bars, outcome)
    check_fills(bars, outcome, asked.assumed["participation"])
    assert run(bars, more=asked.plans, **asked.assumed).digest == outcome.digest


def test_most_of_such_runs_trade() -> None:
    """The properties above are about something."""
    counts = []

    @settings(max_examples=30, deadline=None, database=None, derandomize=True)
    @given(some_bars(), some_plans())
    def count(bars: list[MarketBar], asked: Given) -> None:
        counts.append(len(run(bars, more=asked.plans, **asked.assumed).trades))

    count()
    assert sum(one > 0 for one in counts) > len(counts) / 2


@settings(max_examples=40, deadline=None)
@given(some_bars(), some_plans(), st.integers(1, DAYS))
def test_what_has_happened_does_not_depend_on_what_comes(
    bars: list[MarketBar], asked: Given, known: int
) -> None:
    """With the bars of the first days alone the same plans do the same in these days."""
    until = sorted({bar.ends_at for bar in bars})[known]
    first = [bar for bar in bars if bar.ends_at <= until]
    early = [one for one in asked.plans if one[1] <= until]
    whole = run(bars, more=asked.plans, **asked.assumed)
    part = run(first, more=early, **asked.assumed)
    count = len(part.curve)
    assert whole.curve[:count] == part.curve
    assert [one for one in whole.trades if one.fill.executed_at < until] == list(part.trades)
    judged = [(one.plan_id, one.verdict, one.problem) for one in whole.plans]
    assert judged[: len(early)] == [(one.plan_id, one.verdict, one.problem) for one in part.plans]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.integers(80, 140), min_size=4, max_size=4),
    st.booleans(),
    st.booleans(),
    st.sampled_from(SameBarPriority),
)
def test_a_bar_does_to_a_position_what_the_rule_of_bars_says(
    four: list[int], short: bool, gtc: bool, priority: SameBarPriority
) -> None:
    """Held by the broker all along (GTC), or placed anew after a day: the same level and price."""
    low, opens, close, high = sorted(four)[0], four[0], four[1], sorted(four)[3]
    bar = Bar(open=Decimal(opens), high=Decimal(high), low=Decimal(low), close=Decimal(close))
    stop, target = ("110", "85") if short else ("90", "120")
    decision = enter(
        limit="100.00",
        short=short,
        stop=stop,
        target=target,
        time_in_force=TimeInForce.GTC if gtc else TimeInForce.DAY,
    )
    outcome = run(days(QUIET, QUIET, f"{opens} {high} {low} {close}"), decision, priority=priority)
    expected = first_reached(
        bar, stop=Decimal(stop), target=Decimal(target), rising=not short, priority=priority
    )
    sides = ("BUY", "SELL") if not short else ("SELL", "BUY")
    found = [(side, Decimal(price), reason) for side, _, price, reason in fills(outcome)]
    wanted = [(sides[0], Decimal(100), "")]
    if expected is not None:
        wanted.append((sides[1], expected.price, expected.trigger.value))
    assert found == wanted
