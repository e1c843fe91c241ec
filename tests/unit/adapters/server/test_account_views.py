"""What is written down of the account is what JSON shows; the routes show it whole."""

from decimal import Decimal

import pytest

from cream.adapters.server.account_views import activities_view, fees_view
from cream.core.execution.activity_pages import ActivityPage, Place
from cream.core.execution.fee_drift import DayOfCharges
from tests.fakes.account_history import MONDAY, a_fee


@pytest.mark.parametrize(("charged", "differs"), [("0.02", False), ("0.03", True)])
def test_more_than_a_cent_is_a_difference(charged: str, differs: bool) -> None:
    day = DayOfCharges(day=MONDAY, kind="TAF", estimated=Decimal("0.01"), charged=Decimal(charged))
    (shown,) = fees_view([day]).fees
    assert (shown.charged, shown.differs) == (charged, differs)


def test_what_a_row_does_not_say_is_null_or_empty() -> None:
    (shown,) = activities_view(ActivityPage(rows=(a_fee(1),), ends_at=None)).activities
    assert (shown.quantity, shown.price, shown.symbol, shown.group_id) == (None, None, "", "")


def test_a_page_that_ends_before_the_rows_do_says_where() -> None:
    place = Place(MONDAY, "x")
    assert activities_view(ActivityPage(rows=(), ends_at=place)).next_cursor == "2026-11-23:x"
