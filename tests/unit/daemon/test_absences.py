"""Absence counts when it was found often enough, over long enough."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast

import pytest
import trio
import trio.testing
from attrs import define, field

from cream.core.execution import events as e
from cream.core.execution import lifecycle
from cream.core.model.broker import OrderIds, ids_of
from cream.core.model.errors import BrokerUnavailable
from cream.core.model.order import Order
from cream.core.ports import Broker
from cream.daemon.absences import Absences, SharedListing
from tests.fakes.builders import broker_id, order_terms, shown
from tests.fakes.venue_lab import NOON


def test_absence_needs_both_the_look_ups_and_the_time() -> None:
    absences = Absences(probes=3, seconds=10)
    assert [absences.missed("o", at) for at in (0, 1, 2, 9.9)] == [0, 0, 0, 0]
    assert absences.missed("o", 10) == 5
    few = Absences(probes=3, seconds=10)
    assert [few.missed("o", at) for at in (0, 20)] == [0, 0]
    assert few.missed("o", 21) == 3


def test_what_was_found_begins_anew_and_others_are_not_touched() -> None:
    absences = Absences(probes=2, seconds=1)
    absences.missed("o", 0)
    absences.missed("other", 0)
    absences.found("o")
    assert absences.missed("o", 5) == 0
    assert absences.missed("other", 5) == 2


def test_what_is_not_asked_about_any_more_is_there() -> None:
    absences = Absences(probes=2, seconds=1)
    absences.missed("o", 0)
    absences.missed("other", 0)
    absences.only(("other",))
    assert (absences.missed("o", 5), absences.missed("other", 5)) == (0, 2)


@define
class Listed:
    """A broker of which only the listing is asked."""

    shown: list[OrderIds] = field(factory=list)
    asked: list[datetime] = field(factory=list)
    fails: bool = False

    async def order_ids_since(self, moment: datetime) -> Sequence[OrderIds]:
        self.asked.append(moment)
        await trio.sleep(1)
        if self.fails:
            raise BrokerUnavailable("no")
        return list(self.shown)


def order_of(order_id: str) -> Order:
    return lifecycle.intended(
        e.OrderIntended(at=NOON, terms=order_terms(order_id, "5"), reason="test")
    )


async def names(listing: SharedListing, broker: Listed, since: datetime, not_before: float) -> None:
    await listing.names(cast(Broker, broker), since, not_before)


async def test_one_listing_is_the_proof_of_all_that_were_missed_before_it(
    autojump_clock: trio.testing.MockClock,
) -> None:
    listing, broker = SharedListing(), Listed()
    async with trio.open_nursery() as nursery:
        for minutes in (5, 6, 7):
            since = NOON + timedelta(minutes=minutes)
            nursery.start_soon(names, listing, broker, since, trio.current_time())
    # Whoever comes first asks; those that come meanwhile may be about older orders.
    assert len(broker.asked) <= 2
    assert min(broker.asked) == NOON + timedelta(minutes=5)
    await names(listing, broker, NOON + timedelta(minutes=6), 0.0)
    assert len(broker.asked) <= 2


async def test_a_listing_proves_nothing_of_what_is_older_or_was_missed_after_it(
    autojump_clock: trio.testing.MockClock,
) -> None:
    listing, broker = SharedListing(), Listed()
    began = trio.current_time()
    await names(listing, broker, NOON, began)
    await names(listing, broker, NOON - timedelta(seconds=1), began)
    # It was answered later, but asked for before.
    await names(listing, broker, NOON, began + 1.5)
    older = NOON - timedelta(seconds=1)
    assert broker.asked == [NOON, older, older]


async def test_a_listing_names_orders_by_both_ids_and_one_that_failed_is_asked_for_again(
    autojump_clock: trio.testing.MockClock,
) -> None:
    listing, broker = SharedListing(), Listed(fails=True)
    with pytest.raises(BrokerUnavailable):
        await names(listing, broker, NOON, 0.0)
    broker.fails = False
    terms = order_terms()
    broker.shown = ids_of([shown(terms)])
    found = await listing.names(cast(Broker, broker), NOON, 0.0)
    assert found == {broker_id(terms.order_id), terms.client_order_id}


async def test_what_was_missed_for_long_enough_is_proven_by_a_listing_from_then_on(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Two orders at once, and one listing for both; the next round has another."""
    broker = Listed()
    absences = Absences(probes=2, seconds=10)
    first, second = (order_of(order_id) for order_id in ("o-1", "o-2"))

    async def prove(order: Order) -> int:
        return await absences.proven(order, cast(Broker, broker), NOON)

    assert [await prove(first), await prove(second)] == [0, 0]
    await trio.sleep(5)
    assert await prove(first) == 0
    await trio.sleep(5)
    assert [await prove(first), await prove(second)] == [3, 2]
    assert len(broker.asked) == 1

    assert await prove(first) == 0
    absences.begin_round()
    broker.shown = [shown(first.terms)]
    await trio.sleep(10)
    assert await prove(first) == 0, "listed after all"
    assert len(broker.asked) == 2


def missed_at(order: Order, at: datetime) -> Order:
    lost = e.SubmitUnknown(at=NOON, order_id=order.order_id, why="no answer in time")
    told = e.SubmitUnknown(at=at, order_id=order.order_id, why=f"{lifecycle.MISSED} in vain")
    return lifecycle.progressed(lifecycle.progressed(order, lost), told)


async def test_the_seconds_go_on_where_an_earlier_life_has_begun_to_count(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """The look-ups are made anew, and the list is asked for: neither is anybody else's."""
    broker = Listed()
    absences = Absences(probes=3, seconds=30)
    order = missed_at(order_of("o-1"), NOON + timedelta(seconds=5))

    async def prove(second: float) -> int:
        at = NOON + timedelta(seconds=second)
        return await absences.proven(order, cast(Broker, broker), at)

    assert [await prove(40), await prove(40)] == [0, 0]
    assert broker.asked == []
    assert await prove(40) == 3
    assert len(broker.asked) == 1


@pytest.mark.parametrize("second", [34.9, -3600.0])
async def test_too_short_a_time_proves_nothing_and_neither_does_a_clock_that_was_set_back(
    autojump_clock: trio.testing.MockClock, second: float
) -> None:
    broker = Listed()
    absences = Absences(probes=1, seconds=30)
    order = missed_at(order_of("o-1"), NOON + timedelta(seconds=5))
    at = NOON + timedelta(seconds=second)
    assert await absences.proven(order, cast(Broker, broker), at) == 0
    await trio.sleep(29.9 if second < 0 else 0.05)
    assert await absences.proven(order, cast(Broker, broker), at) == 0


async def test_the_loss_of_an_answer_alone_begins_nothing(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """After an outage of an hour the broker may still take in what waits at its door."""
    lost = e.SubmitUnknown(at=NOON, order_id="o-1", why="no answer in time")
    order = lifecycle.progressed(order_of("o-1"), lost)
    absences = Absences(probes=1, seconds=30)
    hour = NOON + timedelta(hours=1)
    assert await absences.proven(order, cast(Broker, Listed()), hour) == 0
