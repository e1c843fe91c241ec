"""What the options section means to the keeper and to the gate."""

from decimal import Decimal

from attrs import evolve

from cream.core.execution.option_duties import ExpiryAction
from cream.core.risk.limits import Constraints
from cream.daemon.option_settings import OptionsSettings, with_cutoffs

LIMITS = Constraints()


def test_nothing_is_opened_that_would_have_to_be_closed_at_once() -> None:
    assert LIMITS.options.min_minutes_to_expiry == 60
    later = with_cutoffs(LIMITS, OptionsSettings(expiry_cutoff_by_underlying={"SPY": 120}))

    assert with_cutoffs(LIMITS, OptionsSettings()).options.min_minutes_to_expiry == 90
    assert later.options.min_minutes_to_expiry == 120


def test_a_limit_that_is_tighter_stands_and_so_does_one_beside_no_policy() -> None:
    tight = evolve(LIMITS, options=evolve(LIMITS.options, min_minutes_to_expiry=200))

    assert with_cutoffs(tight, OptionsSettings()) == tight
    assert with_cutoffs(LIMITS, OptionsSettings(expiry_day="none")) == LIMITS


def test_the_policy_says_what_the_section_says() -> None:
    given = OptionsSettings(
        orphan_legs="close", expiry_day="none", expiry_leave_otm_pct=Decimal("0.05")
    )

    assert given.policy.close_orphans
    assert given.policy.expiry is ExpiryAction.NONE
    assert given.policy.leave_otm_pct == Decimal("0.05")
    assert not OptionsSettings().policy.close_orphans
