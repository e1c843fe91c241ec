"""What the broker says, and what is read of it."""

from attrs import evolve

from cream.core.model.broker import OrderIds, ids_of
from tests.fakes.builders import order_terms, shown


def test_the_ids_are_those_of_orders_and_their_legs_in_order() -> None:
    leg = shown(order_terms("exit"))
    entry = evolve(shown(order_terms("entry")), legs=(leg,))
    single = shown(order_terms("single"))

    found = ids_of([entry, single])

    assert found == [
        OrderIds(one.broker_order_id, one.client_order_id) for one in (entry, leg, single)
    ]
