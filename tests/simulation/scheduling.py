"""How is a Trio program made a pure function of its seed?

Two private switches of Trio: batches of tasks are sorted by the order of their making and then
shuffled by a generator that is seeded here. A mock clock jumps to the next deadline whenever
nothing can run. No worker threads, no sockets: both would bring in the machine. `test_scheduling`
says whether the switches still do what is believed of them; trio is pinned exactly because of it.
"""

import hashlib
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import structlog
import trio
from attrs import define, field
from trio._core import _run as scheduler
from trio.testing import MockClock

# Words of a log line that are not the same in two processes.
_NOT_COMPARED = frozenset({"exc_info", "stack_info", "timestamp"})


@define(eq=False)
class Trace:
    """Everything that happened, as a digest, and as lines where somebody wants to read them.

    `steps` counts task steps; `on_step` is called before each with its number; `heard` is told
    every line of the daemon's log.
    """

    keep_lines: bool = False
    steps: int = 0
    lines: list[str] = field(factory=list)
    on_step: Callable[[int], None] = field(default=lambda _step: None)
    heard: Callable[[str, dict[str, Any]], None] = field(default=lambda _level, _event: None)
    _digest: Any = field(factory=lambda: hashlib.blake2b(digest_size=16))

    def note(self, text: str) -> None:
        """Take in a line."""
        now = trio.current_time() if trio.lowlevel.in_trio_run() else -1.0
        line = f"{now:11.6f} {text}"
        self._digest.update(line.encode())
        if self.keep_lines:
            self.lines.append(line)

    def step(self, name: str) -> None:
        """Take in a step of the task `name`."""
        self.steps += 1
        self._digest.update(f"{trio.current_time():.6f}{name}".encode())
        self.on_step(self.steps)

    def digest(self) -> str:
        """A name for all of it: the same history has the same one, in every process."""
        return str(self._digest.hexdigest())


class _Steps(trio.abc.Instrument):
    def __init__(self, trace: Trace) -> None:
        self._trace = trace

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self._trace.step(task.name)


@contextmanager
def deterministic(seed: int) -> Iterator[None]:
    """Tasks take turns by `seed` alone, and threads are refused. Everything is put back after."""
    generator: Any = scheduler._r
    state, was = generator.getstate(), scheduler._ALLOW_DETERMINISTIC_SCHEDULING
    threads = trio.to_thread.run_sync

    async def refuse(*_args: object, **_named: object) -> None:
        raise RuntimeError("a worker thread in the simulation: its end has no place in the order")

    scheduler._ALLOW_DETERMINISTIC_SCHEDULING = True  # type: ignore[misc]
    generator.seed(f"scheduler/{seed}")
    trio.to_thread.run_sync = refuse  # type: ignore[assignment]
    try:
        yield
    finally:
        scheduler._ALLOW_DETERMINISTIC_SCHEDULING = was  # type: ignore[misc]
        generator.setstate(state)
        trio.to_thread.run_sync = threads


@contextmanager
def logs_into(trace: Trace) -> Iterator[None]:
    """Every line of the daemon's log goes to `trace` and nowhere else."""
    before = structlog.get_config()

    def take(_logger: object, level: str, event: dict[str, Any]) -> dict[str, Any]:
        words = " ".join(
            f"{name}={event[name]}" for name in sorted(event) if name not in _NOT_COMPARED
        )
        error = event.get("exc_info")
        trace.note(f"{level} {words} {_told(error)}" if error else f"{level} {words}")
        trace.heard(level, event)
        raise structlog.DropEvent

    structlog.configure(processors=[take], cache_logger_on_first_use=False)
    try:
        yield
    finally:
        structlog.configure(**before)


def _told(error: object) -> str:
    """The leaves of an exception, without addresses and lines."""
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(_told(one) for one in error.exceptions)
    return f"{type(error).__name__}: {error}"


def run(seed: int, trace: Trace, main: Callable[[], Awaitable[None]]) -> float:
    """Run `main` in simulated time, to its end. The CPU seconds that it took."""
    began = time.process_time()
    with deterministic(seed), logs_into(trace):
        trio.run(main, clock=MockClock(autojump_threshold=0), instruments=[_Steps(trace)])
    return time.process_time() - began
