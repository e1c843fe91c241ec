"""A rule that is not asked of a case would have had nothing to say of it."""

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from cream.core.exchange.calendar import SessionMode, Sessions
from cream.core.model.market import Known
from cream.core.model.plan import (
    Action,
    Decision,
    Direction,
    Environment,
    SizeUnit,
    TimeHorizon,
    TimeInForce,
)
from cream.core.model.state import TradingState
from cream.core.risk.asks import Origin, asks_of
from cream.core.risk.case import Case
from cream.core.risk.checks import ALL_RULES
from cream.core.risk.intents import intent_of
from cream.core.risk.view import Baseline, PortfolioView, scene_of
from tests.unit.core.risk.scenes import (
    NOW,
    VERTICAL,
    VERTICAL_CLOSING,
    account,
    d,
    decision,
    held,
    limits,
    order,
    plan,
    spread,
    view,
)

CALL = VERTICAL[0].contract.symbol
SUNDAY = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
ORIGIN = Origin(environment=Environment.PAPER, account_id="PA-1", plan_id="p", cycle_id="c")

prices = st.sampled_from(
    [None, "0.4567", "3.10", "228.50", "228.505", "238.5", "238.50", "253.50", "500", "-1"]
)
singles = st.builds(
    decision,
    symbol=st.sampled_from(["AAPL", "MSFT", "TSLA", "ZZZ", CALL]),
    quantity=st.sampled_from(["-1", "0", "0.5", "1", "10", "11", "60", "1e9", "1e12"]),
    action=st.sampled_from(list(Action)),
    direction=st.sampled_from(list(Direction)),
    unit=st.sampled_from([None, *SizeUnit]),
    limit=prices,
    stop=prices,
    target=prices,
    decision_id=st.sampled_from(["one", "two", "three"]),
    time_in_force=st.sampled_from(list(TimeInForce)),
    time_horizon=st.sampled_from([None, *TimeHorizon]),
    confidence=st.sampled_from([None, d("0.5"), d("1"), d("1.5"), d("-0.1")]),
    tactic=st.sampled_from([None, None, "TWAP", "ICEBERG"]),
)
spreads = st.builds(
    spread,
    st.sampled_from(["1", "5", "200"]),
    st.sampled_from([VERTICAL, VERTICAL_CLOSING, VERTICAL[1:]]),
    prices,
    decision_id=st.just("four"),
)
views = st.builds(
    view,
    st.builds(held, st.just("AAPL"), st.sampled_from(["-20", "5", "20"])),
    st.builds(held, st.just(CALL), st.sampled_from(["0", "2"])),
    working=st.sampled_from([(), (order(), order("MSFT", order_id="o-2"))]),
    of=st.builds(Known, st.builds(account, st.sampled_from(["-5", "0", "900", "100000"]))),
    state=st.sampled_from(list(TradingState)),
    sessions=st.builds(Sessions, st.sampled_from(list(SessionMode))),
    baseline=st.sampled_from([None, Known(Baseline(d(100_000), d(200_000)))]),
)
bounds = st.builds(
    limits,
    pdt=st.fixed_dictionaries({"mode": st.sampled_from(["off", "legacy", "budget"])}),
    losses=st.fixed_dictionaries(
        {
            "max_daily_loss_pct": st.sampled_from([None, d("0.02")]),
            "max_losing_streak": st.sampled_from([None, 0, 3]),
        }
    ),
)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.one_of(singles, spreads), min_size=1, max_size=3),
    views,
    bounds,
    st.sampled_from([NOW, SUNDAY]),
)
def test_a_rule_that_is_not_asked_has_nothing_to_say(
    decisions: list[Decision], on: PortfolioView, by: object, now: datetime
) -> None:
    asked, scene = plan(*decisions), scene_of(on)
    intents = [intent_of(ask, scene, ORIGIN) for ask in asks_of(asked)]
    case = Case(asked, intents, scene, by, Environment.PAPER, now)  # type: ignore[arg-type]

    unasked = [
        rule
        for rule in ALL_RULES
        if not case.traits.has(rule.scope)
        # Of exits and of nothing at all those rules are not asked that deny increases.
        and (case.traits.increases or not rule.scope.value.startswith(("increases", "loss")))
    ]

    assert [rule.code for rule in unasked if rule.breaches(case)] == []
