"""Orders that arrive at the simulated venue together are taken in as if one had waited."""

import sqlite3
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import trio
import trio.testing
from attrs import evolve

from cream.adapters.brokers.simulated import SimulatedBroker
from cream.adapters.brokers.simulated_store import VenueStore
from cream.core.exchange.venue import Venue
from cream.core.exchange.venue_book import VenueState
from cream.core.model.broker import (
    Accepted,
    OutcomeUnknown,
    Refused,
    SubmitOutcome,
    Unavailable,
)
from cream.core.model.order import OrderTerms
from tests.fakes.venue_lab import terms
from tests.unit.adapters.brokers.test_simulated import bench, received

NAMES = ("a", "b", "c", "d", "e")


def resting(name: str) -> OrderTerms:
    return evolve(terms(limit="200.00"), client_order_id=name)


@pytest.fixture
async def broker(
    tmp_path: Path, mock_clock: trio.testing.MockClock
) -> AsyncIterator[SimulatedBroker]:
    with bench(tmp_path) as made:
        yield made.broker


async def together(
    broker: SimulatedBroker, orders: Sequence[OrderTerms]
) -> dict[str, SubmitOutcome]:
    """What each is answered when all are on their way before one is there."""
    answers: dict[str, SubmitOutcome] = {}
    waiting = list(orders)

    async def submit() -> None:
        order = waiting.pop(0)
        answers[order.client_order_id] = await broker.submit(order)

    async with trio.open_nursery() as nursery:
        for _ in orders:
            nursery.start_soon(submit)
    return answers


async def test_they_arrive_in_the_order_in_which_they_were_sent(broker: SimulatedBroker) -> None:
    """Whatever the order in which the tasks that sent them run."""
    for turn in range(8):
        names = [f"{turn}{name}" for name in NAMES]

        answers = await together(broker, [resting(name) for name in names])

        assert all(isinstance(one, Accepted) for one in answers.values())
        listed = [one.client_order_id for one in await broker.open_orders()]
        assert listed[-len(names) :] == names


async def test_they_are_written_down_once_and_each_is_told(
    broker: SimulatedBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: list[int] = []
    save = VenueStore.save

    def counted(store: VenueStore, changes: VenueState) -> None:
        saved.append(len(changes.orders))
        save(store, changes)

    monkeypatch.setattr(VenueStore, "save", counted)
    async with broker.updates() as stream:
        await together(broker, [resting(name) for name in NAMES])

        assert saved == [len(NAMES)]
        assert await received(stream) == ["new"] * len(NAMES)


async def test_what_could_not_be_written_is_unknown_and_a_refusal_is_one(
    broker: SimulatedBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    await broker.submit(resting("a"))

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("disk full")

    monkeypatch.setattr(VenueStore, "save", full)

    answers = await together(broker, [resting("b"), resting("a"), resting("c")])

    assert isinstance(answers["a"], Refused)
    assert isinstance(answers["b"], OutcomeUnknown)
    assert isinstance(answers["c"], OutcomeUnknown)


async def test_one_that_is_cancelled_on_its_way_does_not_arrive(broker: SimulatedBroker) -> None:
    with trio.CancelScope() as given_up:
        given_up.cancel()
        await broker.submit(resting("given-up"))

    await together(broker, [resting("a"), resting("b")])

    assert [one.client_order_id for one in await broker.open_orders()] == ["a", "b"]


async def test_each_is_asked_for_whether_it_is_wanted_when_it_arrives(
    broker: SimulatedBroker,
) -> None:
    """The first takes away the wish for the second."""
    wanted = {"a", "b"}

    def only_once() -> bool:
        ours = "a" in wanted
        wanted.discard("a")
        return ours

    answers: list[SubmitOutcome] = []
    waiting = ["a", "b"]

    async def submit() -> None:
        answers.append(await broker.submit(resting(waiting.pop(0)), only_once))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(submit)
        nursery.start_soon(submit)

    assert sorted(type(one).__name__ for one in answers) == ["Accepted", "Unavailable"]
    assert [one.client_order_id for one in await broker.open_orders()] == ["a"]


async def test_a_defect_in_one_order_loses_none_of_those_before_it(
    broker: SimulatedBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit = Venue.submit

    def defective(venue: Venue, order: OrderTerms, now: object) -> object:
        if order.client_order_id == "b":
            raise ZeroDivisionError
        return submit(venue, order, now)  # type: ignore[arg-type]

    monkeypatch.setattr(Venue, "submit", defective)
    async with broker.updates() as stream:
        with pytest.RaisesGroup(ZeroDivisionError):
            await together(broker, [resting("a"), resting("b")])

        assert await received(stream) == ["new"]
        assert [one.client_order_id for one in await broker.open_orders()] == ["a"]


async def test_an_order_alone_is_answered_as_ever(broker: SimulatedBroker) -> None:
    assert isinstance(await broker.submit(resting("a")), Accepted)
    assert isinstance(await broker.submit(resting("a")), Refused)
    broker.disconnect(10)
    assert isinstance(await broker.submit(resting("b")), Unavailable)
