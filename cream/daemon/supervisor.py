"""What happens when a subsystem fails? It is started again, at most so often; then all give up.

A `Supervisor` runs named children, each in a cancel scope of its own. A child that ends or raises
is restarted by its policy after a backoff with full jitter; more than `Intensity.restarts` within
`Intensity.period_seconds` is a fault that restarting does not cure, so it escalates: `run` raises
`Escalated`, the daemon drains, and systemd decides. One child's failure never cancels another.

Vocabulary and arithmetic are Erlang/OTP's (Design Principles, Supervisor Behaviour). Nothing here
knows Cream: the module can be lifted out with `core/resilience/backoff.py`.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from typing import Any, Protocol

import structlog
import trio
from attrs import define, field, frozen

from cream.core.resilience.backoff import Backoff

log = structlog.get_logger(__name__)

# A status shows the beginning of an error; the log has it whole.
_ERROR_CHARACTERS = 500


class Run(Protocol):
    """A child's life: `await run(task_status=...)`; `started()` once it is useful."""

    def __call__(self, *, task_status: trio.TaskStatus[Any]) -> Awaitable[None]: ...


class Restart(Enum):
    """PERMANENT comes back always, TRANSIENT only after a failure, TEMPORARY never."""

    PERMANENT = "permanent"
    TRANSIENT = "transient"
    TEMPORARY = "temporary"


class Phase(Enum):
    """Where a child is in its life."""

    WAITING = "waiting"
    STARTING = "starting"
    RUNNING = "running"
    BACKING_OFF = "backing_off"
    STOPPED = "stopped"
    FAILED = "failed"


@frozen(kw_only=True)
class Intensity:
    """How many restarts within how many seconds are still taken for bad luck."""

    restarts: int = 10
    period_seconds: float = 60.0


@frozen(kw_only=True)
class Child:
    """What to run and how to keep it running. Units: seconds.

    A child that must not hold up the others while it starts has `wait_for_start=False`.
    `unlimited` children may restart for ever: the outside, not a defect, decides how often.
    One that `must_start` escalates if its first life fails before it has started: a port that is
    taken does not become free by asking again.
    `expected` failures are that outside too: logged in a line, without their traces.
    Each life begins only while all children in `after` run; the others do not wait for it.
    """

    name: str
    run: Run
    restart: Restart = Restart.PERMANENT
    backoff: Backoff = field(factory=Backoff)
    start_timeout: float = 30.0
    wait_for_start: bool = True
    unlimited: bool = False
    must_start: bool = False
    expected: tuple[type[Exception], ...] = ()
    after: tuple[str, ...] = ()


@define
class ChildStatus:
    """What is known of a child; read by `GET /v1/supervision`. `since` is monotonic seconds."""

    name: str
    phase: Phase = Phase.STARTING
    restarts: int = 0
    since: float = 0.0
    last_error: str = ""


class StartTimedOut(Exception):
    """A child did not say `started()` within its time."""


class Escalated(Exception):
    """A child failed more often than its intensity allows."""

    def __init__(self, name: str, last_error: str) -> None:
        super().__init__(f"subsystem {name} keeps failing; giving up. The last was {last_error}")
        self.name = name


@define
class _Keeper:
    """One child and the scopes that end its current life, or all of them."""

    child: Child
    status: ChildStatus
    all_lives: trio.CancelScope
    gone: trio.Event
    life: trio.CancelScope | None = None
    failures: deque[float] = field(factory=deque)


class Supervisor:
    """Keeps children running. `draw` gives [0, 1) for jitter and is a seam of the simulation."""

    def __init__(self, draw: Callable[[], float], intensity: Intensity) -> None:
        self._draw = draw
        self._intensity = intensity
        self._keepers: dict[str, _Keeper] = {}
        self._moved = trio.Event()

    def statuses(self) -> Sequence[ChildStatus]:
        """How each child does, in start order."""
        return [keeper.status for keeper in self._keepers.values()]

    async def run(self, children: Sequence[Child], *, task_status: trio.TaskStatus[None]) -> None:
        """Start children in order, keep them running, and return once all have been stopped.

        Raises: Escalated, in an exception group, when one keeps failing.
        Cancellation: cancels all children.
        """
        names = {child.name for child in children}
        assert len(names) == len(children), "names are addresses"
        assert all(names >= set(child.after) for child in children), "nobody waits for a stranger"
        async with trio.open_nursery() as nursery:
            for child in children:
                keeper = _Keeper(child, ChildStatus(child.name), trio.CancelScope(), trio.Event())
                self._keepers[child.name] = keeper
                if child.wait_for_start and not child.after:
                    await nursery.start(self._keep, keeper)
                else:
                    nursery.start_soon(self._keep, keeper)
            task_status.started()

    async def stop(self, name: str, within: float) -> bool:
        """End `name` for good. False if it had not ended `within` seconds.

        Cancellation: the child has been told to stop all the same.
        """
        keeper = self._keepers[name]
        keeper.all_lives.cancel()
        with trio.move_on_after(within):
            await keeper.gone.wait()
        return keeper.gone.is_set()

    async def stop_when_done(self, name: str, within: float) -> bool:
        """Let `name`, which has been told to finish, end by itself; stop it after `within`.

        True if it ended by itself.
        """
        keeper = self._keepers[name]
        with trio.move_on_after(within):
            await keeper.gone.wait()
        by_itself = keeper.gone.is_set()
        await self.stop(name, within)
        return by_itself

    def interrupt(self, name: str) -> None:
        """End the current life of `name`; its policy decides on the next."""
        keeper = self._keepers.get(name)
        if keeper is not None and keeper.life is not None:
            keeper.life.cancel()

    async def _keep(
        self, keeper: _Keeper, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """All lives of one child, one after the other."""
        announce = _Once(task_status)
        attempt = 0
        try:
            with keeper.all_lives:
                while True:
                    await self._await_others(keeper)
                    failed = await self._live(keeper, announce)
                    # However its last life ended: a child that was told to end has no next one,
                    # and does not escalate.
                    await trio.lowlevel.checkpoint_if_cancelled()
                    if failed and keeper.child.must_start and not announce.told:
                        self._note(keeper, Phase.FAILED)
                        raise Escalated(keeper.child.name, keeper.status.last_error)
                    attempt = 0 if self._was_steady(keeper) else attempt
                    if not self._comes_back(keeper, failed):
                        break
                    self._note(keeper, Phase.BACKING_OFF)
                    keeper.status.restarts += 1
                    await trio.sleep(keeper.child.backoff.delay(attempt, self._draw))
                    attempt += 1
        finally:
            ended = Phase.FAILED if keeper.status.phase is Phase.FAILED else Phase.STOPPED
            self._note(keeper, ended)
            keeper.gone.set()
        announce.started()

    async def _await_others(self, keeper: _Keeper) -> None:
        """Return once everyone that the child needs is running."""
        while not all(self._is_running(name) for name in keeper.child.after):
            if keeper.status.phase is not Phase.WAITING:
                self._note(keeper, Phase.WAITING)
            await self._moved.wait()

    def _is_running(self, name: str) -> bool:
        other = self._keepers.get(name)
        return other is not None and other.status.phase is Phase.RUNNING

    async def _live(self, keeper: _Keeper, announce: "_Once") -> bool:
        """One life. True if it ended by failing."""
        self._note(keeper, Phase.STARTING)
        name = keeper.child.name
        failed = False
        try:
            with trio.CancelScope() as life:
                keeper.life = life
                async with trio.open_nursery() as nursery:
                    with trio.move_on_after(keeper.child.start_timeout) as limit:
                        await nursery.start(_named(keeper.child))
                    if limit.cancelled_caught:
                        raise StartTimedOut(f"{name} took over {keeper.child.start_timeout} s")
                    self._note(keeper, Phase.RUNNING)
                    announce.started()
        except* Exception as group:  # noqa: BLE001 - barrier: the child, not its siblings, fails
            keeper.status.last_error = _first_line(group)
            _log_failure(keeper.child, group)
            failed = True
        finally:
            keeper.life = None
        return failed

    def _was_steady(self, keeper: _Keeper) -> bool:
        """Whether the life that just ended was useful for longer than a period."""
        status = keeper.status
        ran = trio.current_time() - status.since
        return status.phase is Phase.RUNNING and ran > self._intensity.period_seconds

    def _comes_back(self, keeper: _Keeper, failed: bool) -> bool:
        """Whether there is a next life. Raises: Escalated."""
        child = keeper.child
        if child.restart is Restart.TEMPORARY:
            return False
        if child.restart is Restart.TRANSIENT and not failed:
            return False
        now = trio.current_time()
        failures = keeper.failures
        failures.append(now)
        while failures and failures[0] < now - self._intensity.period_seconds:
            failures.popleft()
        if len(failures) > self._intensity.restarts and not child.unlimited:
            self._note(keeper, Phase.FAILED)
            raise Escalated(child.name, keeper.status.last_error)
        log.warning("supervisor.subsystem_restarted", subsystem=child.name, recent=len(failures))
        return True

    def _note(self, keeper: _Keeper, phase: Phase) -> None:
        keeper.status.phase = phase
        keeper.status.since = trio.current_time()
        self._moved.set()
        self._moved = trio.Event()


class _Once:
    """A task status that may be told twice: later lives start again, the nursery waits once."""

    def __init__(self, task_status: trio.TaskStatus[None]) -> None:
        self._task_status = task_status
        self.told = False

    def started(self) -> None:
        if not self.told:
            self.told = True
            self._task_status.started()


def _named(child: Child) -> Callable[..., Awaitable[None]]:
    """The child's run as a function with its name, so that task trees and traces can be read."""

    async def life(*, task_status: trio.TaskStatus[Any]) -> None:
        await child.run(task_status=task_status)

    life.__name__ = life.__qualname__ = child.name
    return life


def _log_failure(child: Child, group: BaseExceptionGroup[Exception]) -> None:
    """A line for what was expected; the whole group for the rest: its shape says which task."""
    if child.expected and group.split(child.expected)[1] is None:
        log.warning("supervisor.subsystem_failed", subsystem=child.name, error=_first_line(group))
    else:
        log.error("supervisor.subsystem_failed", subsystem=child.name, exc_info=group)


def _first_line(error: BaseException) -> str:
    """The beginning of the first leaf of an exception group, in one line."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    words = " ".join(f"{type(error).__name__}: {error}".split())
    return words[:_ERROR_CHARACTERS]
