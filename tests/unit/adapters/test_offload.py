"""Work runs beside the event loop, a bounded number at a time, and can be given up."""

import sys
import threading

import pytest
import trio
import trio.testing

from cream.adapters.offload import ThreadOffload, give_way_quickly


async def test_work_runs_in_another_thread_and_answers() -> None:
    name = await ThreadOffload().run(lambda: threading.current_thread().name)

    assert name != threading.current_thread().name


def test_a_thread_that_computes_gives_way_within_a_millisecond(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[float] = []
    monkeypatch.setattr(sys, "setswitchinterval", asked.append)

    give_way_quickly()

    assert asked == [0.001]


async def test_what_work_raises_its_caller_gets() -> None:
    with pytest.raises(ZeroDivisionError):
        await ThreadOffload().run(lambda: 1 // 0)


async def test_a_cancelled_caller_leaves_at_once_and_the_work_still_counts_until_it_ends() -> None:
    """A chain of impatient callers must not fill the machine with threads."""
    offload, go, began = ThreadOffload(), threading.Event(), threading.Event()
    done: list[str] = []

    def long_work() -> None:
        began.set()
        go.wait(10)
        done.append("first")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(offload.run, long_work)
        while not began.is_set():
            await trio.lowlevel.checkpoint()
        nursery.cancel_scope.cancel()
    assert not done

    async def second() -> None:
        await offload.run(lambda: done.append("second"))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(second)
        await trio.testing.wait_all_tasks_blocked()
        assert not done, "the second waits for the thread that the first still holds"
        go.set()
    assert done == ["first", "second"]
