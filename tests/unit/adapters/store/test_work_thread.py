"""Work that was handed over is done, in order, whoever waits for it."""

import threading

import pytest
import trio
import trio.testing

from cream.adapters.store.work_thread import WorkThread


def _nothing() -> None:
    """The last job of a thread that has nothing to close."""


async def test_work_is_done_in_one_other_thread_and_answered() -> None:
    thread = WorkThread("worker")

    names = {await thread.do(lambda: threading.current_thread().name) for _ in range(3)}

    assert names == {"worker"}
    assert await thread.aclose(_nothing, 5)


async def test_what_the_work_raises_its_caller_gets() -> None:
    thread = WorkThread("worker")

    with pytest.raises(ZeroDivisionError):
        await thread.do(lambda: 1 // 0)

    assert await thread.do(lambda: "still alive") == "still alive"
    assert await thread.aclose(_nothing, 5)


async def test_work_is_done_in_order_though_its_callers_are_gone() -> None:
    """And closing waits for all of it, then does its own last job."""
    thread = WorkThread("worker")
    gate = threading.Event()
    done: list[str] = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(thread.do, gate.wait)
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(thread.do, lambda: done.append("first"))
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(thread.do, lambda: done.append("second"))
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert done == []

    gate.set()

    assert await thread.aclose(lambda: done.append("last"), 5)
    assert done == ["first", "second", "last"]


async def test_a_thread_that_hangs_is_left_behind_when_its_time_is_up() -> None:
    thread = WorkThread("worker")
    gate = threading.Event()
    with trio.CancelScope() as scope:
        scope.cancel()
        await thread.do(gate.wait)

    assert not await thread.aclose(_nothing, 0)

    gate.set()


async def test_closing_is_not_cut_short_by_a_cancellation() -> None:
    thread = WorkThread("worker")
    done: list[str] = []

    with trio.CancelScope() as scope:
        scope.cancel()
        assert await thread.aclose(lambda: done.append("last"), 5)

    assert done == ["last"]


def test_work_is_done_even_after_the_loop_has_ended() -> None:
    """A record that was handed over is written, though there is nobody left to hear of it."""
    gate, done = threading.Event(), threading.Event()

    async def hand_over() -> None:
        thread = WorkThread("worker")
        with trio.CancelScope() as scope:
            scope.cancel()
            await thread.do(gate.wait)
        assert not await thread.aclose(done.set, 0)

    trio.run(hand_over)
    gate.set()

    assert done.wait(timeout=30)
