"""Is a Trio program still a pure function of its seed? These use two private names of Trio.

Should one of them fail after an upgrade, every digest of the simulation is worth nothing until the
switches are found again.
"""

import random
from collections.abc import Callable

import pytest
import trio
from trio._core import _run as scheduler

from tests.simulation.scheduling import Trace, deterministic, run

TASKS = 8


async def crowd(note: Callable[[str], None]) -> None:
    """Tasks whose deadlines are the same, waiting for the same event and channel."""
    event = trio.Event()
    send, receive = trio.open_memory_channel[int](0)

    async def one(number: int) -> None:
        await trio.sleep(1)
        note(f"{number} woke")
        await event.wait()
        note(f"{number} heard")
        await send.send(number)

    async with trio.open_nursery() as nursery:
        for number in range(TASKS):
            nursery.start_soon(one, number)
        await trio.sleep(2)
        event.set()
        for _ in range(TASKS):
            note(f"got {await receive.receive()}")


def story(seed: int) -> tuple[str, list[str]]:
    trace = Trace(keep_lines=True)

    async def main() -> None:
        await crowd(trace.note)

    run(seed, trace, main)
    return trace.digest(), trace.lines


def test_the_private_switches_are_there() -> None:
    assert isinstance(scheduler._r, random.Random)
    assert isinstance(scheduler._ALLOW_DETERMINISTIC_SCHEDULING, bool)


def test_a_seed_has_one_story() -> None:
    assert len({story(7)[0] for _ in range(10)}) == 1


def test_seeds_have_stories_of_their_own() -> None:
    assert len({story(seed)[0] for seed in range(10)}) == 10


def test_tasks_with_the_same_deadline_take_turns_by_the_seed() -> None:
    woken = [line for line in story(1)[1] if "woke" in line]

    assert len(woken) == TASKS
    assert woken != sorted(woken)


def test_a_worker_thread_is_refused() -> None:
    async def main() -> None:
        await trio.to_thread.run_sync(lambda: None)

    with pytest.raises(RuntimeError, match="worker thread"):
        run(1, Trace(), main)


def test_everything_is_put_back() -> None:
    before = scheduler._r.getstate(), scheduler._ALLOW_DETERMINISTIC_SCHEDULING
    thread = trio.to_thread.run_sync

    with deterministic(3):
        scheduler._r.random()

    assert (scheduler._r.getstate(), scheduler._ALLOW_DETERMINISTIC_SCHEDULING) == before
    assert trio.to_thread.run_sync is thread
