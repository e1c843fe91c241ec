from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from cream.core.options.exercise_risk import RiskLevel
from cream.core.options.rolling import (
    AfterFill,
    Held,
    RollMode,
    RollPolicy,
    RollProgress,
    SessionHours,
    Timing,
    Trigger,
    after_fills,
    new_quantity,
    roll_price,
    timing,
    triggers,
)

D = Decimal
ACTIVE = RollPolicy(mode=RollMode.ACTIVE)
# A credit spread sold for 1.00, worth as much: nothing has happened yet.
QUIET = Held(days=40, entry=D("-1.00"), value=D("-1.00"), max_profit=D("1.00"))
WEDNESDAY = SessionHours(
    datetime(2026, 12, 2, 14, 30, tzinfo=UTC), datetime(2026, 12, 2, 21, 0, tzinfo=UTC)
)


def at(hour: int, minute: int = 0, day: int = 2) -> datetime:
    """A time of day in New York (winter), in UTC."""
    return datetime(2026, 12, day, tzinfo=UTC) + timedelta(hours=hour + 5, minutes=minute)


def test_it_is_off_until_it_is_turned_on() -> None:
    urgent = evolve(QUIET, days=0, exercise_risk=RiskLevel.CRITICAL)

    assert triggers(urgent, RollPolicy()) == ()
    assert triggers(urgent, evolve(ACTIVE, mode=RollMode.DRY_RUN)) == triggers(urgent, ACTIVE)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, []),
        ({"exercise_risk": RiskLevel.CRITICAL}, [Trigger.EXERCISE_RISK]),
        ({"exercise_risk": RiskLevel.HIGH}, []),
        ({"days": 3}, [Trigger.URGENT_EXPIRY, Trigger.CREDIT_EXPIRY]),
        ({"days": 7}, [Trigger.CREDIT_EXPIRY]),
        ({"short_delta": D("0.40")}, [Trigger.DELTA]),
        ({"short_delta": D("0.39")}, []),
        ({"value": D("-3.00")}, [Trigger.LOSS]),
        ({"value": D("-2.99")}, []),
        ({"value": D("-0.50")}, [Trigger.PROFIT_TARGET]),
        ({"value": D("-0.50"), "max_profit": None}, []),
        ({"value": D("-0.90"), "days": 21}, [Trigger.EARLY_PROFIT]),
        ({"entry": D("0"), "value": D("-5")}, []),
    ],
)
def test_each_trigger_at_its_threshold(changed: dict[str, object], expected: list[Trigger]) -> None:
    assert list(triggers(evolve(QUIET, **changed), ACTIVE)) == expected


def test_debit_positions_have_profit_and_loss_triggers_too() -> None:
    bought = Held(days=40, entry=D("3.00"), value=D("6.50"), max_profit=D("7.00"))

    assert triggers(bought, ACTIVE) == (Trigger.PROFIT_TARGET,)
    tight = evolve(ACTIVE, loss_multiple=D("0.5"))
    assert triggers(evolve(bought, value=D("1.50")), tight) == (Trigger.LOSS,)


def test_expiry_is_more_urgent_than_a_loss() -> None:
    found = triggers(evolve(QUIET, days=2, entry=Decimal(-1), value=Decimal(-5)), ACTIVE)

    assert found[:2] == (Trigger.URGENT_EXPIRY, Trigger.LOSS)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (at(9, 0), Timing.WAIT),
        (at(10, 0), Timing.WAIT),
        (at(13, 0), Timing.ROLL),
        (at(14, 59), Timing.ROLL),
        (at(15, 0), Timing.WAIT),
        (at(16, 0), Timing.WAIT),
    ],
)
def test_a_roll_that_can_wait_waits_for_its_window(now: datetime, expected: Timing) -> None:
    assert timing((Trigger.PROFIT_TARGET,), QUIET, now, WEDNESDAY, ACTIVE) is expected


def test_what_is_urgent_waits_for_nothing_but_the_session() -> None:
    reasons = (Trigger.URGENT_EXPIRY,)

    assert timing(reasons, QUIET, at(9, 31), WEDNESDAY, ACTIVE) is Timing.ROLL_URGENTLY
    assert timing(reasons, QUIET, at(9, 29), WEDNESDAY, ACTIVE) is Timing.WAIT
    assert timing(reasons, QUIET, at(12, 0), None, ACTIVE) is Timing.WAIT
    assert timing((), QUIET, at(14, 0), WEDNESDAY, ACTIVE) is Timing.WAIT


def test_what_is_in_the_money_is_not_left_overnight() -> None:
    """Its last hour is urgent, and on a Friday the whole window."""
    reasons, held = (Trigger.LOSS,), evolve(QUIET, in_the_money=True)
    friday = SessionHours(
        WEDNESDAY.opens_at + timedelta(days=2), WEDNESDAY.closes_at + timedelta(days=2)
    )

    assert timing(reasons, held, at(14, 0), WEDNESDAY, ACTIVE) is Timing.ROLL
    assert timing(reasons, held, at(15, 10), WEDNESDAY, ACTIVE) is Timing.ROLL_URGENTLY
    assert timing(reasons, held, at(13, 30, day=4), friday, ACTIVE) is Timing.ROLL_URGENTLY
    relaxed = evolve(ACTIVE, avoid_itm_overnight=False)
    assert timing(reasons, held, at(15, 10), WEDNESDAY, relaxed) is Timing.WAIT


def test_on_a_day_that_closes_early_the_window_is_early_too() -> None:
    half = SessionHours(WEDNESDAY.opens_at, at(13, 0))
    reasons = (Trigger.PROFIT_TARGET,)

    assert timing(reasons, QUIET, at(10, 30), half, ACTIVE) is Timing.ROLL
    assert timing(reasons, QUIET, at(12, 30), half, ACTIVE) is Timing.WAIT


@pytest.mark.parametrize(
    ("contracts", "old", "new", "expected"),
    [
        ("4", "0.30", "0.30", "4"),
        ("4", "0.30", "0.40", "3"),
        ("-4", "-0.30", "-0.40", "-3"),
        ("4", "0.30", "0.001", "6"),
        ("1", "0.10", "0.90", "1"),
        ("4", "0.30", "-0.30", "4"),
        ("4", "0.30", "0", "4"),
    ],
)
def test_the_new_quantity_keeps_the_delta_within_a_cap(
    contracts: str, old: str, new: str, expected: str
) -> None:
    assert new_quantity(D(contracts), D(old), D(new), ACTIVE) == D(expected)


@given(st.integers(1, 100), st.integers(1, 100), st.integers(1, 100))
def test_the_new_quantity_never_adds_delta(count: int, old: int, new: int) -> None:
    found = new_quantity(D(count), D(old) / 100, D(new) / 100, ACTIVE)

    assert found == 1 or found * new <= count * old
    assert found <= D(count) * ACTIVE.most_growth


def test_the_price_of_a_roll_has_the_brokers_sign() -> None:
    """Buy back at 1.00, sell at 1.50: a credit of 0.50."""
    assert roll_price(D("-1.00"), D("-1.50")) == D("-0.50")
    assert roll_price(D("2.00"), D("3.25")) == D("1.25")


@pytest.mark.parametrize(
    ("progress", "seconds", "expected"),
    [
        (RollProgress(D(2), D(2), D(2), D(2)), 0, AfterFill.DONE),
        (RollProgress(D(0), D(2), D(0), D(2)), 29, AfterFill.WAIT),
        (RollProgress(D(0), D(2), D(0), D(2)), 30, AfterFill.CANCEL),
        (RollProgress(D(1), D(2), D(0), D(2)), 30, AfterFill.OPEN_CLOSED_PART),
        (RollProgress(D(2), D(2), D(1), D(2)), 90, AfterFill.OPEN_CLOSED_PART),
        (RollProgress(D(0), D(2), D(1), D(2)), 1, AfterFill.ALARM),
        (RollProgress(D(1), D(2), D(2), D(2)), 90, AfterFill.ALARM),
    ],
)
def test_a_roll_that_fills_in_part_never_takes_a_close_back(
    progress: RollProgress, seconds: int, expected: AfterFill
) -> None:
    assert after_fills(progress, timedelta(seconds=seconds), ACTIVE) is expected


def test_a_policy_that_contradicts_itself_is_refused() -> None:
    with pytest.raises(ValueError, match="days"):
        RollPolicy(urgent_days=9)
    with pytest.raises(ValueError, match="window"):
        RollPolicy(opens_at=time(15, 0), closes_at=time(14, 0))
