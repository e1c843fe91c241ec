"""The table of fees is in order, and the day of a trade picks its row."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from cream.core.exchange.fee_schedule import SCHEDULE, FeeKind, FeeRule, Traded


def named(rule: FeeRule) -> str:
    return f"{rule.kind.name} of {' and '.join(sorted(one.value for one in rule.of))}"


@pytest.mark.parametrize("rule", SCHEDULE, ids=named)
def test_rows_are_by_day_and_no_rate_is_below_nothing(rule: FeeRule) -> None:
    days = [one.since for one in rule.rates]

    assert days == sorted(set(days))
    assert all(one.rate >= 0 and (one.cap is None or one.cap > 0) for one in rule.rates)


@pytest.mark.parametrize("rule", SCHEDULE, ids=named)
def test_a_row_holds_from_its_day_until_the_next_one(rule: FeeRule) -> None:
    for row, following in zip(rule.rates, (*rule.rates[1:], None), strict=True):
        assert rule.rate_on(row.since) == row
        last = date(2030, 1, 1) if following is None else following.since - timedelta(days=1)
        assert rule.rate_on(last) == row
    assert rule.rate_on(rule.rates[0].since - timedelta(days=1)) is None


def test_no_fee_is_charged_twice() -> None:
    charged = [(rule.kind, one) for rule in SCHEDULE for one in rule.of]

    assert len(charged) == len(set(charged))
    assert {kind for kind, _ in charged} == set(FeeKind)
    assert {one for kind, one in charged if kind is FeeKind.ORF} == {Traded.OPTIONS}


def test_an_unusual_year_is_as_announced() -> None:
    """Section 31 was waived for a year, FINRA's trading fee for a quarter."""
    sec = next(rule for rule in SCHEDULE if rule.kind is FeeKind.SEC)
    taf = next(rule for rule in SCHEDULE if rule.kind is FeeKind.TAF)

    def rate(rule: FeeRule, day: str) -> Decimal:
        row = rule.rate_on(date.fromisoformat(day))
        assert row is not None
        return row.rate

    assert rate(sec, "2025-05-13") == Decimal("0.0000278")
    assert rate(sec, "2026-04-03") == 0
    assert rate(sec, "2026-04-04") == Decimal("0.0000206")
    assert rate(taf, "2026-09-30") == Decimal("0.000195")
    assert rate(taf, "2026-12-31") == 0
