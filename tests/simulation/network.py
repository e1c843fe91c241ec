"""What lies between the daemon and its broker? Requests that are lost, late, or answered to nobody.

A request is on its way by itself: whoever sent it may have given up, been cancelled or be dead when
it arrives. An outage either refuses everything at once, or swallows it without a word.
"""

from collections.abc import Callable
from enum import Enum
from typing import Generic, TypeVar

import trio
from attrs import define, field

from tests.simulation.life import DOUBT_SECONDS, Process
from tests.simulation.world import World

T = TypeVar("T")

# One way, in seconds.
_FASTEST, _SLOWEST = 0.005, 0.12
# How long nothing comes back before a client has to call it a failure of the network.
_NO_ANSWER = 12.0
_LATEST = 25.0
_SLOW_ANSWER = 4.0


class Lost(Exception):
    """No answer, or none that says what happened."""


class NotTaken(Exception):
    """It certainly had no effect."""


class Sky(Enum):
    """How the network is."""

    CLEAR = "clear"
    REFUSING = "refusing"
    SILENT = "silent"


@define(eq=False)
class _Request(Generic[T]):
    """What is asked, and what came of it."""

    op: str
    key: str
    act: Callable[[], T]
    done: trio.Event = field(factory=trio.Event)
    result: list[T] = field(factory=list)
    error: Exception | None = None

    def end(self, error: Exception | None = None) -> None:
        self.error = error
        self.done.set()


@define(eq=False)
class Network:
    """The network of one history. `changed` hears of every change of the sky."""

    world: World
    sky: Sky = Sky.CLEAR
    since: float = 0.0
    listeners: list[Callable[[Sky], None]] = field(factory=list)

    async def request(self, process: Process, op: str, key: str, act: Callable[[], T]) -> T:
        """Send a request and wait for its answer.

        Raises: Lost, NotTaken, ProcessDied.   Cancellation: the request travels on.
        """
        process.effect(f"net/{op}/0 before it is sent")
        request = _Request(op, key, act)
        self.world.nursery.start_soon(self._travel, request)
        kinds = "+".join(process.committed)
        await process.wait(request.done, f"net/{op}/6 answered, not told/{kinds}")
        if request.error is not None:
            raise request.error
        return request.result[0]

    def becomes(self, sky: Sky) -> None:
        """The sky changes."""
        self.sky, self.since = sky, trio.current_time()
        self.world.trace.note(f"the network is {sky.value}")
        for listener in self.listeners:
            listener(sky)

    async def _travel(self, request: _Request[T]) -> None:
        world, p = self.world, self.world.profile
        key = (request.op, request.key)
        await trio.sleep(world.chance.uniform(_FASTEST, _SLOWEST, "out", *key))
        if self.sky is Sky.REFUSING:
            request.end(NotTaken("the connection was refused"))
            return
        if self.sky is Sky.SILENT:
            await self._nothing_comes(request)
            return
        if world.fault("net.unavailable", p.unavailable, *key, seconds=2):
            request.end(NotTaken("503 service unavailable"))
            return
        doubt = self._doubt(request)
        if world.fault("net.request_lost", p.request_lost, *key, seconds=doubt):
            await self._nothing_comes(request)
            return
        if world.fault("net.gateway_timeout", p.gateway_timeout, *key, seconds=doubt):
            await self._gateway_gives_up(request)
            return
        if world.fault("net.request_late", p.request_late, *key, seconds=_LATEST):
            await self._arrive_late(request)
            return
        await self._arrive(request)

    @staticmethod
    def _doubt(request: _Request[T]) -> float:
        """How long a lost request is felt: that an order is absent takes its time to prove."""
        return DOUBT_SECONDS if request.op == "submit" else _NO_ANSWER

    async def _arrive(self, request: _Request[T]) -> None:
        world, p = self.world, self.world.profile
        key = (request.op, request.key)
        request.result.append(request.act())
        if world.fault("net.response_lost", p.response_lost, *key, seconds=_NO_ANSWER):
            await self._nothing_comes(request)
            return
        seconds = world.chance.uniform(_FASTEST, _SLOWEST, "back", *key)
        if world.fault("net.response_slow", p.response_slow, *key, seconds=_SLOW_ANSWER):
            seconds = world.chance.uniform(0.3, _SLOW_ANSWER, "slow", *key)
        await trio.sleep(seconds)
        if self.sky is Sky.SILENT:
            await self._nothing_comes(request)
        elif self.sky is Sky.REFUSING:
            request.end(Lost("the connection was reset"))
        else:
            request.end()

    async def _arrive_late(self, request: _Request[T]) -> None:
        """Whoever sent it has given up long before. Whatever comes of it, nobody is told."""
        key = (request.op, request.key)
        request.end(Lost("the connection was reset"))
        await trio.sleep(self.world.chance.uniform(0.5, _LATEST, "late", *key))
        if self.sky is Sky.CLEAR:
            request.act()

    async def _gateway_gives_up(self, request: _Request[T]) -> None:
        """A 504: before the broker was asked, after it has done it, or just before it does."""
        fate = self.world.chance.below(3, "gateway", request.op, request.key)
        if fate == 1:
            request.act()
        request.end(Lost("504 gateway timeout"))
        if fate == 2:
            await trio.sleep(self.world.chance.uniform(0.05, 2, "behind", request.op, request.key))
            request.act()

    async def _nothing_comes(self, request: _Request[T]) -> None:
        seconds = self.world.chance.uniform(1, _NO_ANSWER, "silence", request.op, request.key)
        await trio.sleep(seconds)
        request.end(Lost("no answer"))
