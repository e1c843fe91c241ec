"""Which contracts follow those of a spread."""

from datetime import date
from decimal import Decimal

import pytest

from cream.core.options.roll_legs import RollLeg
from cream.core.options.roll_market import Kept
from cream.core.options.roll_rules import RollRule, RollTarget, StrikeChoice
from cream.core.options.roll_successors import NOTHING_FITS, successors
from tests.unit.core.options.test_roll_choice import BY_DELTA, FAR, NEXT, call, market, put, row

D = Decimal
RULE = RollRule()
VERTICAL = (RollLeg(call("240"), -1), RollLeg(call("245"), 1))


def listed(*contracts: str, day: date = NEXT) -> list:
    return [row(call(one, day), "2", "2.1") for one in contracts]


def test_the_same_strikes_are_taken_where_all_are_listed() -> None:
    """Nearest to the target is 30 days away, and has only one of them."""
    there = market(*listed("240"), *listed("240", "245", day=FAR))

    assert successors(VERTICAL, there, RULE) == (
        RollLeg(call("240", FAR), -1),
        RollLeg(call("245", FAR), 1),
    )


def test_by_delta_the_leg_that_is_owed_leads_and_the_others_keep_their_distance() -> None:
    rows = [
        row(call("250", NEXT), "1", "1.1", 0.21),
        row(call("255", NEXT), "0.5", "0.6", 0.12),
        row(call("245", NEXT), "2", "2.1", 0.35),
    ]

    assert successors(VERTICAL, market(*rows), BY_DELTA) == (
        RollLeg(call("250", NEXT), -1),
        RollLeg(call("255", NEXT), 1),
    )


def test_a_spread_becomes_narrower_rather_than_wider() -> None:
    rows = [
        row(call("250", NEXT), "1", "1.1", 0.21),
        row(call("254", NEXT), "0.6", "0.7", 0.13),
        row(call("256", NEXT), "0.4", "0.5", 0.11),
    ]

    _, bought = successors(VERTICAL, market(*rows), BY_DELTA)

    assert bought == RollLeg(call("254", NEXT), 1)


def test_what_would_have_to_change_sides_is_not_rolled() -> None:
    rows = [row(call("250", NEXT), "1", "1.1", 0.21), *listed("245", "240")]

    with pytest.raises(Kept, match=NOTHING_FITS):
        successors(VERTICAL, market(*rows[:1], rows[2]), BY_DELTA)


def test_days_between_expirations_are_kept() -> None:
    """From 8 and 15 December to 1 and (no 8 January is listed) 15 January is a week too far."""
    calendar = (RollLeg(call("240"), -1), RollLeg(call("240", date(2026, 12, 15)), 1))
    near = market(*listed("240"), *listed("240", day=date(2027, 1, 9)))

    assert successors(calendar, near, RULE) == (
        RollLeg(call("240", NEXT), -1),
        RollLeg(call("240", date(2027, 1, 9)), 1),
    )
    with pytest.raises(Kept, match=NOTHING_FITS):
        successors(calendar, market(*listed("240"), *listed("240", day=date(2027, 1, 16))), RULE)


def test_puts_and_calls_each_stay_what_they_are() -> None:
    strangle = (RollLeg(put("230"), -1), RollLeg(call("250"), -1))
    there = market(row(put("230", NEXT), "1", "1.1"), *listed("230", "250"))

    assert successors(strangle, there, RULE) == (
        RollLeg(put("230", NEXT), -1),
        RollLeg(call("250", NEXT), -1),
    )


def test_what_is_held_on_the_other_side_is_not_opened() -> None:
    held = {call("240", NEXT).symbol: D(1)}
    there = market(*listed("240", "245"), held=held)

    with pytest.raises(Kept, match="is held on the other side"):
        successors(VERTICAL, there, RULE)


def test_what_is_part_of_the_old_position_is_not_opened_as_well() -> None:
    """The later leg of the old calendar would be the earlier one of the new, on the same side."""
    legs = (RollLeg(call("240"), 1), RollLeg(call("240", NEXT), 1))
    there = market(*listed("240"), *listed("240", day=date(2027, 1, 26)))

    with pytest.raises(Kept, match="is part of what would be closed"):
        successors(legs, there, RULE)


def test_without_a_delta_near_the_target_nothing_is_opened() -> None:
    rule = RollRule(target=RollTarget(strike=StrikeChoice.DELTA))

    with pytest.raises(Kept, match=NOTHING_FITS):
        successors(VERTICAL, market(row(call("250", NEXT), "1", "1.1", None)), rule)
