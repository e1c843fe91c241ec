from decimal import Decimal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cream.core.model.request import RiskConstraints
from cream.core.risk.limits import Constraints, policy_version
from cream.core.risk.tightening import tightened
from tests.unit.core.risk.scenes import (
    LIMITS,
    NOW,
    VERTICAL,
    buy,
    codes,
    d,
    gate,
    limits,
    plan,
    spread,
    view,
)

CALL = VERTICAL[0].contract.symbol
NAMES = [one.name for one in attrs.fields(RiskConstraints)]
# What each limit of a caller is a bound on, as a number that is larger the looser it is.
BOUNDS = {
    "max_shares": lambda one: one.per_instrument.max_units,
    "max_contracts": lambda one: one.max_contracts,
    "max_notional": lambda one: one.per_instrument.max_notional,
    "max_equity_pct": lambda one: one.per_instrument.max_equity_pct,
    "max_gross_equity_pct": lambda one: one.portfolio.max_leverage,
    "max_net_equity_pct": lambda one: one.portfolio.max_net_equity_pct,
    "max_trade_risk_percent": lambda one: one.risk_limits.max_per_trade_risk_pct,
    "max_sector_equity_pct": lambda one: one.portfolio.max_sector_equity_pct,
    "max_positions": lambda one: one.orders.max_positions,
    "max_underlying_equity_pct": lambda one: one.portfolio.max_underlying_equity_pct,
    "max_drawdown_pct": lambda one: _or_endless(one.losses.max_drawdown_pct),
    "max_delta_notional": lambda one: _or_endless(one.options.max_delta_notional),
    "max_gamma": lambda one: one.options.max_portfolio_gamma,
    "max_vega": lambda one: one.options.max_portfolio_vega,
    "max_theta_loss": lambda one: -one.options.max_portfolio_theta,
}


def _or_endless(limit: Decimal | None) -> Decimal:
    return Decimal("Infinity") if limit is None else limit


def test_every_limit_that_can_be_asked_for_has_its_bound() -> None:
    assert set(BOUNDS) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_tighter_limit_holds_and_a_looser_one_does_not(name: str) -> None:
    bound = BOUNDS[name]

    tight = tightened(LIMITS, RiskConstraints(**{name: d(0)}))
    loose = tightened(LIMITS, RiskConstraints(**{name: d(10**9)}))

    assert bound(tight) == 0
    assert bound(loose) == min(bound(LIMITS), d(10**9))


@given(st.fixed_dictionaries({name: st.none() | st.integers(0, 10**6).map(d) for name in NAMES}))
def test_nothing_is_ever_made_looser(asked: dict[str, Decimal | None]) -> None:
    found = tightened(LIMITS, RiskConstraints(**asked))

    for name, bound in BOUNDS.items():
        assert bound(found) <= bound(LIMITS)
        assert asked[name] is None or bound(found) <= asked[name]
    assert found.max_order_notional <= LIMITS.max_order_notional


def test_what_is_not_asked_for_stays_as_it_is() -> None:
    found = tightened(LIMITS, RiskConstraints())

    assert found.per_instrument.max_notional == LIMITS.per_instrument.max_notional
    assert found.max_contracts == LIMITS.max_contracts
    assert found.plan == LIMITS.plan


def judged(asked: RiskConstraints, *decisions: object, by: Constraints = LIMITS) -> object:
    return gate(by).judge(plan(*decisions), view(), NOW, asked=asked)  # type: ignore[arg-type]


def test_shares_and_contracts_have_limits_of_their_own() -> None:
    asked = RiskConstraints(max_shares=d(9), max_contracts=d(2))

    found = judged(asked, buy(quantity=10))
    assert codes(found) == ["PER_INSTRUMENT_UNITS_EXCEEDED"]  # type: ignore[arg-type]
    assert judged(asked, buy(quantity=9)).ok  # type: ignore[attr-defined]
    assert codes(judged(asked, spread(3))) == ["PER_INSTRUMENT_UNITS_EXCEEDED"]  # type: ignore[arg-type]
    assert judged(asked, spread(2)).ok  # type: ignore[attr-defined]


def test_a_verdict_by_the_caller_s_limits_has_a_version_of_its_own_and_approves_nothing() -> None:
    of = gate()
    asked = RiskConstraints(max_shares=d(100))

    found = of.judge(plan(buy()), view(), NOW, asked=asked)

    assert found.ok
    assert found.policy_version == policy_version(tightened(LIMITS, asked)) != of.policy_version
    with pytest.raises(ValueError, match="other limits"):
        of.approve(found)


def test_deltas_can_be_limited_in_dollars() -> None:
    """Two spreads move like some 60 shares of 238.40."""
    configured = limits(options={"max_delta_notional": d(20_000)})
    one_call = buy(CALL, 1, limit="4.20", stop="230", target="260")

    assert gate(configured).judge(plan(one_call), view(), NOW).ok
    refused = gate(configured).judge(plan(one_call), view(), NOW, asked=ASKED)
    assert codes(refused) == ["OPTIONS_DELTA_NOTIONAL_EXCEEDED"]


ASKED = RiskConstraints(max_delta_notional=d(1_000))
