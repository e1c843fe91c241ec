"""What do the words of Alpaca's non-trade activities mean?

New words come; what is not known here is told as OTHER with its word.

Source: Alpaca Trading API v2, OpenAPI document 2.0.1, 2026-06, and its page on account activities.
"""

from datetime import date

import structlog

from cream.adapters.brokers.alpaca.document import SchemaMismatch
from cream.adapters.brokers.alpaca.models import AlpacaNonTrade
from cream.core.model.activity import Activity, ActivityKind, ActivityStatus
from cream.core.model.money import ZERO
from cream.core.options.occ import NEW_YORK

log = structlog.get_logger(__name__)

_KINDS = {
    "FEE": ActivityKind.FEE,
    "CFEE": ActivityKind.FEE,
    "PTC": ActivityKind.FEE,
    "CSD": ActivityKind.TRANSFER,
    "CSW": ActivityKind.TRANSFER,
    "TRANS": ActivityKind.TRANSFER,
    "JNL": ActivityKind.TRANSFER,
    "JNLC": ActivityKind.TRANSFER,
    "JNLS": ActivityKind.TRANSFER,
    "ACATC": ActivityKind.TRANSFER,
    "ACATS": ActivityKind.TRANSFER,
    "OPASN": ActivityKind.ASSIGNMENT,
    "OPEXC": ActivityKind.EXERCISE,
    "OPXRC": ActivityKind.EXERCISE,
    "OPEXP": ActivityKind.EXPIRY,
    "OPTRD": ActivityKind.OPTION_TRADE,
    "SPLIT": ActivityKind.SPLIT,
    "SSP": ActivityKind.SPLIT,
    "SPIN": ActivityKind.SPIN_OFF,
    "SSO": ActivityKind.SPIN_OFF,
    "MA": ActivityKind.MERGER,
    "REORG": ActivityKind.MERGER,
}
# Families: dividends by how they are taxed (DIVCGL, DIVNRA, ...), interest by who withholds.
_FAMILIES = (("DIV", ActivityKind.DIVIDEND), ("INT", ActivityKind.INTEREST))


def activity(row: AlpacaNonTrade) -> Activity:
    """What the row tells of.   Raises: SchemaMismatch."""
    return Activity(
        activity_id=row.id,
        kind=_kind(row.activity_type),
        word=row.activity_type,
        sub_word=row.activity_sub_type,
        day=_day(row),
        status=_status(row),
        symbol=row.symbol,
        quantity=row.qty,
        price=row.price,
        net_amount=ZERO if row.net_amount is None else row.net_amount,
        description=row.description,
        group_id=row.group_id,
    )


def _kind(word: str) -> ActivityKind:
    known = _KINDS.get(word)
    if known is not None:
        return known
    return next((kind for stem, kind in _FAMILIES if word.startswith(stem)), ActivityKind.OTHER)


def _day(row: AlpacaNonTrade) -> date:
    if row.transaction_time is not None and not row.date:
        return row.transaction_time.at.astimezone(NEW_YORK).date()
    try:
        return date.fromisoformat(row.date[:10])
    except ValueError:
        raise SchemaMismatch("$.date", f"activity {row.id} has no day: {row.date!r}") from None


def _status(row: AlpacaNonTrade) -> ActivityStatus:
    """Rows had no status once. What is not known does not count until it is."""
    try:
        return ActivityStatus(row.status or "executed")
    except ValueError:
        log.warning("alpaca.activity_status_unknown", activity=row.id, status=row.status)
        return ActivityStatus.PENDING
