"""Which of the differences that a sweep has found still stand after its last round?"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from attrs import evolve

from cream.core.execution.book import Book
from cream.core.execution.reconciliation import Discrepancy, DiscrepancyKind, Reconciliation
from cream.core.model.order import Order
from cream.daemon.absences import Absences
from cream.daemon.reconciler_settings import ReconcilerSettings

# By kind and subject, over all rounds of one sweep.
Found = dict[tuple[str, str], Discrepancy]

# What a later round does not see any more, because something was done about it, and still was so.
_K = DiscrepancyKind
_ONCE_IS_ENOUGH = frozenset((_K.UNKNOWN_AT_BROKER, _K.ORPHAN, _K.CASH, _K.FEES))


def still_standing(
    book: Book,
    found: Mapping[tuple[str, str], Discrepancy],
    last: Reconciliation,
    absences: Absences,
    settings: ReconcilerSettings,
    *,
    at_start: bool,
    now: datetime,
) -> Iterator[Discrepancy]:
    """What the `last` round found as well, or was seen often enough.

    An order that is not listed has been asked about: it is let be while it is young and the broker
    shows it, or may any moment.
    """
    standing = {(one.kind.value, one.subject) for one in last.discrepancies}
    for key, one in found.items():
        if key not in standing and one.kind not in _ONCE_IS_ENOUGH:
            continue
        missing = one.kind is DiscrepancyKind.MISSING_AT_BROKER
        order = book.find(one.subject) if missing else None
        if order is None:
            yield one
        elif at_start and absences.is_missed(order.order_id):
            # It was taken in, nobody has listened since, and now it is denied.
            yield evolve(one, critical=True)
        elif not _is_let_be(order, absences, settings, now):
            yield one


def _is_let_be(
    order: Order, absences: Absences, settings: ReconcilerSettings, now: datetime
) -> bool:
    denied = absences.is_missed(order.order_id)
    patience = settings.absence_seconds if denied else settings.young
    return now - order.intended_at < timedelta(seconds=patience)
