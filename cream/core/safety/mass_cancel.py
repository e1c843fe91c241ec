"""Which orders must go when everything is cancelled, and which stand guard and stay?"""

from collections.abc import Iterator, Sequence

from attrs import frozen

from cream.core.execution.book import Book
from cream.core.execution.guards import entry_that_holds_back, protects_now
from cream.core.model.broker import BrokerOrder
from cream.core.model.order import Order, OrderPurpose
from cream.core.model.order_state import Intended, beneath
from cream.core.model.plan import TimeInForce


@frozen(kw_only=True)
class MassCancelPolicy:
    """`keep_protection` wins over `spare_gtc`: a stop stays whatever its time in force."""

    keep_protection: bool = True
    spare_gtc: bool = False


def must_go(book: Book, order: Order, policy: MassCancelPolicy) -> bool:
    """Whether a mass cancel is after this order.

    Entries and agents' exits go; protection stays unless the policy says otherwise, and so does the
    exit that a reached level or a flattening has sent: it is protection at work. What an entry
    holds back shares its fate, as a broker cancels the whole group. Strangers' orders are never
    touched.
    """
    purpose = order.terms.purpose
    if purpose is OrderPurpose.EXTERNAL:
        return False
    if purpose.is_protective or protects_now(book, order):
        entry = entry_that_holds_back(book, order)
        return not policy.keep_protection and (entry is None or must_go(book, entry, policy))
    return not (policy.spare_gtc and order.terms.time_in_force is TimeInForce.GTC)


def targets(book: Book, policy: MassCancelPolicy) -> Sequence[Order]:
    """Open orders that a mass cancel is after, those at the broker and those still on the way."""
    return [order for order in book.open_orders() if must_go(book, order, policy)]


def can_withdraw(order: Order) -> bool:
    """Whether the order can be ended here, without the broker: it never left.

    PENDING_NEW means exactly that: what has left and was not answered is UNKNOWN_SUBMIT. A cancel
    that was asked for in the meantime changes nothing about it.
    """
    if order.terms.is_tactic:
        return True
    if order.broker_order_id is not None:
        return False
    return isinstance(beneath(order.state), Intended)


def still_listed(
    book: Book, listed: Sequence[BrokerOrder], policy: MassCancelPolicy
) -> Iterator[BrokerOrder]:
    """Orders on the broker's own open list that a mass cancel should have removed."""
    for shown in listed:
        order = book.find(shown.broker_order_id) or book.find(shown.client_order_id)
        if order is not None and must_go(book, order, policy):
            yield shown
