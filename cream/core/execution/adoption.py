"""What does the book keep of an order that nobody here placed?"""

from collections.abc import Iterator
from datetime import datetime

from cream.core.execution import events as e
from cream.core.model.broker import BrokerOrder
from cream.core.model.ids import digest
from cream.core.model.instrument import OptionContract
from cream.core.model.order import OrderClass, OrderLeg, OrderPurpose, OrderStatus, OrderTerms
from cream.core.model.plan import PositionIntent

# Under these a stranger's order is taken in; fills and ends follow as events of their own.
_WATCHED = frozenset(
    (
        OrderStatus.ACCEPTED,
        OrderStatus.HELD,
        OrderStatus.DONE_FOR_DAY,
        OrderStatus.PENDING_CANCEL,
        OrderStatus.PENDING_REPLACE,
    )
)


def adoption(shown: BrokerOrder, now: datetime) -> e.ChildListed:
    """The event that takes a stranger's order into the book as EXTERNAL, to be watched only."""
    order_id = "o" + digest("external", shown.broker_order_id)
    terms = OrderTerms(
        order_id=order_id,
        client_order_id=shown.client_order_id,
        plan_id="",
        cycle_id="",
        decision_id="",
        instrument=shown.instrument,
        side=shown.side,
        order_type=shown.order_type,
        order_class=shown.order_class,
        time_in_force=shown.time_in_force,
        quantity=shown.quantity,
        purpose=OrderPurpose.EXTERNAL,
        limit_price=shown.limit_price,
        stop_price=shown.stop_price,
        legs=tuple(_spread_legs(shown)),
    )
    listed_as = shown.status if shown.status in _WATCHED else OrderStatus.ACCEPTED
    return e.ChildListed(
        at=now, terms=terms, broker_order_id=shown.broker_order_id, status=listed_as
    )


def _spread_legs(shown: BrokerOrder) -> Iterator[OrderLeg]:
    """The legs of a stranger's spread. What they mean to its owner is not known: they may open."""
    if shown.order_class is not OrderClass.MLEG:
        return
    for leg in shown.legs:
        if isinstance(leg.instrument, OptionContract):
            ratio = leg.side.sign * abs(leg.ratio or 1)
            opens = PositionIntent.BUY_TO_OPEN if ratio > 0 else PositionIntent.SELL_TO_OPEN
            yield OrderLeg(leg.instrument, ratio, opens)
