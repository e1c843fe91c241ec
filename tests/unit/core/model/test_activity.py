"""What an activity counts for."""

from datetime import date
from decimal import Decimal

import pytest

from cream.core.model.activity import Activity, ActivityKind, ActivityStatus


@pytest.mark.parametrize(
    ("status", "moved"),
    [
        (ActivityStatus.EXECUTED, "-5"),
        (ActivityStatus.CORRECTED, "-5"),
        (ActivityStatus.PENDING, "0"),
        (ActivityStatus.CANCELED, "0"),
    ],
)
def test_only_what_has_happened_has_moved_money(status: ActivityStatus, moved: str) -> None:
    row = Activity(
        activity_id="a",
        kind=ActivityKind.FEE,
        word="FEE",
        day=date(2026, 11, 23),
        status=status,
        net_amount=Decimal(-5),
    )
    assert row.moved == Decimal(moved)
    assert row.counts is (moved != "0")


def test_money_alone_moves_no_position() -> None:
    money = (
        ActivityKind.FEE,
        ActivityKind.DIVIDEND,
        ActivityKind.INTEREST,
        ActivityKind.TRANSFER,
        ActivityKind.OTHER,
    )
    assert {one for one in ActivityKind if not one.moves_positions} == set(money)
