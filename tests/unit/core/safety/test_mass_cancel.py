"""What goes when everything goes."""

import pytest

from cream.core.model.order import Order, OrderPurpose, OrderStatus
from cream.core.model.plan import TimeInForce
from cream.core.safety.mass_cancel import MassCancelPolicy, can_withdraw, must_go
from tests.fakes.builders import NOW, order_terms, tactic

KEEP, TAKE_ALL = MassCancelPolicy(), MassCancelPolicy(keep_protection=False)
SPARE_GTC = MassCancelPolicy(spare_gtc=True)


def order(purpose: OrderPurpose, tif: TimeInForce = TimeInForce.DAY) -> Order:
    return Order(
        terms=order_terms(purpose=purpose, tif=tif),
        status=OrderStatus.ACCEPTED,
        intended_at=NOW,
        updated_at=NOW,
        broker_order_id="b",
    )


@pytest.mark.parametrize("policy", [KEEP, TAKE_ALL, SPARE_GTC])
def test_a_strangers_order_is_never_touched(policy: MassCancelPolicy) -> None:
    assert not must_go(order(OrderPurpose.EXTERNAL), policy)


def test_protection_stays_unless_the_policy_says_otherwise() -> None:
    for purpose in (OrderPurpose.STOP_LOSS, OrderPurpose.TAKE_PROFIT):
        assert not must_go(order(purpose), KEEP)
        assert must_go(order(purpose), TAKE_ALL)
        assert not must_go(order(purpose, TimeInForce.GTC), SPARE_GTC)


def test_good_till_cancelled_entries_can_be_spared() -> None:
    assert must_go(order(OrderPurpose.ENTRY, TimeInForce.GTC), KEEP)
    assert not must_go(order(OrderPurpose.ENTRY, TimeInForce.GTC), SPARE_GTC)
    assert must_go(order(OrderPurpose.EXIT), SPARE_GTC)


@pytest.mark.parametrize(
    ("status", "before", "broker_id", "can"),
    [
        (OrderStatus.PENDING_NEW, None, None, True),
        (OrderStatus.PENDING_CANCEL, OrderStatus.PENDING_NEW, None, True),
        (OrderStatus.PENDING_CANCEL, OrderStatus.UNKNOWN_SUBMIT, None, False),
        (OrderStatus.UNKNOWN_SUBMIT, None, None, False),
        (OrderStatus.ACCEPTED, None, "b", False),
        (OrderStatus.PENDING_CANCEL, OrderStatus.PENDING_NEW, "b", False),
    ],
)
def test_only_what_never_left_is_withdrawn_here(
    status: OrderStatus, before: OrderStatus | None, broker_id: str | None, can: bool
) -> None:
    found = Order(
        terms=order_terms(),
        status=status,
        status_before_pending=before,
        intended_at=NOW,
        updated_at=NOW,
        broker_order_id=broker_id,
    )

    assert can_withdraw(found) is can


def test_a_tactic_works_here_and_ends_here() -> None:
    parent = Order(terms=tactic(), status=OrderStatus.ACCEPTED, intended_at=NOW, updated_at=NOW)

    assert can_withdraw(parent)
