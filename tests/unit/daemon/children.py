"""Children that fail, idle or resist on command, and a supervisor around them."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

import trio

from cream.daemon.supervisor import Child, Intensity, Run, Supervisor

# Any failure at all would escalate.
INTOLERANT = Intensity(restarts=0, period_seconds=60.0)
TOLERANT = Intensity(restarts=1000, period_seconds=60.0)


def whole() -> float:
    """No jitter: the wait is the ceiling."""
    return 1.0


def lives(
    began: list[float], lengths: Iterable[float], *, fails: bool = True, useful_after: float = 0.0
) -> Run:
    """A run whose lives last as long as `lengths` says, one after the other, and then for ever."""
    remaining = iter(lengths)

    async def run(*, task_status: trio.TaskStatus[None]) -> None:
        began.append(trio.current_time())
        await trio.sleep(useful_after)
        task_status.started()
        await trio.sleep(next(remaining, float("inf")))
        if fails:
            raise ValueError("as told")

    return run


@asynccontextmanager
async def supervised(
    *children: Child, draw: Callable[[], float] = whole, intensity: Intensity = TOLERANT
) -> AsyncIterator[Supervisor]:
    """A supervisor whose children have started; cancelled in the end."""
    supervisor = Supervisor(draw, intensity)
    async with trio.open_nursery() as nursery:
        await nursery.start(supervisor.run, children)
        yield supervisor
        nursery.cancel_scope.cancel()


async def idle(*, task_status: trio.TaskStatus[None]) -> None:
    task_status.started()
    await trio.sleep_forever()


def counted(began: list[float]) -> Run:
    """Idles, and notes when each life began."""

    async def run(*, task_status: trio.TaskStatus[None]) -> None:
        began.append(trio.current_time())
        await idle(task_status=task_status)

    return run


def stubborn(seconds: float, finished: list[float]) -> Run:
    """Ignores its cancellation for `seconds`."""

    async def run(*, task_status: trio.TaskStatus[None]) -> None:
        try:
            await idle(task_status=task_status)
        finally:
            with trio.move_on_after(seconds + 1, shield=True):
                await trio.sleep(seconds)
                finished.append(trio.current_time())

    return run
