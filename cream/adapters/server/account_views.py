"""How do the account's history, its fees and its alarms look in JSON?"""

from collections.abc import Sequence

from cream.adapters.server import json_account_types as api
from cream.adapters.server.json_views import text_or_none
from cream.core.execution.activities import KEPT, Noted
from cream.core.execution.activity_pages import ActivityPage, Place
from cream.core.execution.fee_drift import DayOfCharges, DayOfEstimates
from cream.core.execution.option_events import OptionAlarmed
from cream.core.model.money import decimal_text


def activities_view(page: ActivityPage) -> api.Activities:
    """A page of the history."""
    return api.Activities(
        activities=tuple(_activity_view(one) for one in page.rows),
        next_cursor=None if page.ends_at is None else place_text(page.ends_at),
        kept_days=KEPT.days,
    )


def place_text(place: Place) -> str:
    """The cursor that stands for a place; `account_requests.py` reads it."""
    return f"{place.day.isoformat()}:{place.activity_id}"


def _activity_view(noted: Noted) -> api.Activity:
    row = noted.activity
    return api.Activity(
        activity_id=row.activity_id,
        type=row.kind.value,
        word=row.word,
        sub_word=row.sub_word,
        date=row.day.isoformat(),
        status=row.status.value,
        symbol=row.symbol,
        quantity=text_or_none(row.quantity),
        price=text_or_none(row.price),
        net_amount=decimal_text(row.net_amount),
        description=row.description,
        group_id=row.group_id,
        noted_at=noted.at,
    )


def fees_view(days: Sequence[DayOfCharges | DayOfEstimates]) -> api.Fees:
    """Estimates beside what was charged."""
    return api.Fees(fees=tuple(_fee_view(one) for one in days))


def _fee_view(one: DayOfCharges | DayOfEstimates) -> api.DayOfFees:
    charged = one if isinstance(one, DayOfCharges) else None
    return api.DayOfFees(
        date=one.day.isoformat(),
        kind=one.kind,
        estimated=decimal_text(one.estimated),
        charged=None if charged is None else decimal_text(charged.charged),
        differs=None if charged is None else charged.drifts,
    )


def alarms_view(alarms: Sequence[OptionAlarmed]) -> api.OptionAlarms:
    """Alarms about options."""
    return api.OptionAlarms(
        alarms=tuple(
            api.OptionAlarm(symbol=one.symbol, kind=one.kind, message=one.message, since=one.at)
            for one in alarms
        )
    )
