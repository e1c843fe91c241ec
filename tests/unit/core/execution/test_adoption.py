"""A stranger's order is kept as what it is, and meant by nobody here."""

import pytest

from cream.core.execution.adoption import adoption
from cream.core.model.order import OrderClass, OrderPurpose, OrderStatus
from cream.core.model.plan import PositionIntent
from tests.fakes.builders import NOW, order_terms, shown

S = OrderStatus


@pytest.mark.parametrize(
    ("status", "kept"),
    [
        (S.ACCEPTED, S.ACCEPTED),
        (S.HELD, S.HELD),
        (S.PENDING_CANCEL, S.PENDING_CANCEL),
        (S.PARTIALLY_FILLED, S.ACCEPTED),
        (S.FILLED, S.ACCEPTED),
        (S.CANCELED, S.ACCEPTED),
    ],
)
def test_fills_and_ends_are_left_to_events_of_their_own(status: S, kept: S) -> None:
    listed = adoption(shown(order_terms("o-theirs", limit="90"), status), NOW)

    assert listed.status is kept
    assert listed.terms.purpose is OrderPurpose.EXTERNAL
    assert (listed.terms.plan_id, listed.terms.legs) == ("", ())


def test_its_name_follows_from_the_brokers() -> None:
    order = shown(order_terms("o-theirs", limit="90"))

    first, again = adoption(order, NOW), adoption(order, NOW)

    assert first.terms.order_id == again.terms.order_id
    assert first.terms.order_class is OrderClass.SIMPLE
    assert first.terms.position_intent is not PositionIntent.BUY_TO_OPEN
