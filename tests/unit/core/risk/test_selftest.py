import attrs
import pytest
from attrs import evolve

from cream.core.risk.limits import Constraints
from cream.core.risk.selftest import Outcome, self_test
from tests.unit.core.risk.scenes import LIMITS, d, limits

# Not limits by themselves: what others are applied to, for whom, and what follows.
NO_LIMITS = {
    "portfolio.sectors",
    "options.assignment_warning_days",
    "options.min_short_extrinsic",
    "pdt.equity_threshold",
    "pdt.rolling_window_days",
    "losses.action",
    "losses.confirmations",
}
EVERYTHING = evolve(
    limits(
        losses={
            "max_daily_loss_pct": d("0.05"),
            "max_drawdown_pct": d("0.2"),
            "max_losing_streak": 3,
        },
        options={"max_delta_notional": d(1000)},
        portfolio={"sectors": {"AAPL": "TECH"}},
        pdt={"mode": "legacy"},
    )
)


def outcomes(of: Constraints) -> dict[str, Outcome]:
    return {proof.limit_key: proof.outcome for proof in self_test(of)}


BY_EVERYTHING = outcomes(EVERYTHING)


def test_every_limit_is_gone_past() -> None:
    """A new limit needs a probe, or a reason to be none."""
    every = {
        f"{section.name}.{field.name}"
        for section in attrs.fields(Constraints)
        for field in attrs.fields(type(getattr(LIMITS, section.name)))
    }

    assert set(BY_EVERYTHING) == every - NO_LIMITS


@pytest.mark.parametrize("key", sorted(set(BY_EVERYTHING) - {"pdt.mode"}))
def test_each_configured_limit_denies(key: str) -> None:
    wanted = Outcome.WARNS if key == "risk_limits.sizing_sanity_threshold" else Outcome.DENIES

    assert BY_EVERYTHING[key] is wanted


def test_the_intraday_margin_denies_where_it_is_asked_for() -> None:
    assert outcomes(limits(pdt={"mode": "budget"}))["pdt.mode"] is Outcome.DENIES


def test_limits_of_zero_deny() -> None:
    zero = limits(
        per_instrument={"max_units": 0, "max_notional": d(0), "max_equity_pct": d(0)},
        orders={"max_open": 0, "max_positions": 0},
        rate={"plans_per_second": 0, "orders_per_minute": 0},
        plan={"max_decisions": 0},
    )

    assert Outcome.FAILS not in outcomes(zero).values()


@pytest.mark.parametrize(
    ("section", "changes"),
    [
        ("stops", {"min_distance_pct": d(0)}),
        ("stops", {"max_distance_pct": d(1)}),
        ("stops", {"max_option_distance_pct": d(1)}),
        ("plan", {"absent_approval": "allow"}),
        ("risk_limits", {"min_risk_reward_ratio": d(0)}),
        ("options", {"min_minutes_to_expiry": 0}),
    ],
)
def test_a_value_that_switches_a_limit_off_is_shown_as_that(
    section: str, changes: dict[str, object]
) -> None:
    (name,) = changes

    assert outcomes(limits(**{section: changes}))[f"{section}.{name}"] is Outcome.OFF


def test_a_limit_that_nothing_reaches_is_found_out() -> None:
    """Beyond what any order can be: whoever writes that has no limit."""
    endless = limits(
        per_instrument={"max_notional": d(10**30)}, orders={"max_order_notional": d(1)}
    )

    assert outcomes(endless)["per_instrument.max_notional"] is Outcome.FAILS
