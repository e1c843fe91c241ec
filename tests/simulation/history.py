"""What happens in one history? Storm, healing, stillness, a last restart; and judges all the time.

The daemon is the whole tree, as `daemon/wiring.py` puts it together, over ports of this world. An
init starts it again whenever it has died, on whatever the disk has kept.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import trio
from attrs import define, evolve, field

from cream.adapters.feeds.settings import SyntheticSettings
from cream.adapters.feeds.synthetic import SyntheticMarket
from cream.core.execution.book import Book
from cream.core.execution.events import PlanJudged, Record
from cream.core.execution.memory import ArchivedOrder, BookState
from cream.core.model.broker import Execution
from cream.core.model.errors import JournalFailed
from cream.core.model.order import OrderTerms
from cream.core.model.plan import Environment
from cream.core.resilience.backoff import Backoff
from cream.core.safety.heartbeat import HeartbeatLimits
from cream.daemon.archivist import ArchivistSettings
from cream.daemon.settings import Settings
from cream.daemon.supervisor import Escalated
from cream.daemon.tree import Outside, Tree, TreeSettings
from cream.daemon.tree_settings import tree_settings
from cream.daemon.wiring import assemble
from tests.simulation.agents import Agents, Door
from tests.simulation.archive import DiskArchive
from tests.simulation.disk import Disk, DiskJournal
from tests.simulation.exchange import ACCOUNT, Exchange
from tests.simulation.judge_book import BookJudge
from tests.simulation.judge_bounds import BoundsJudge
from tests.simulation.judge_broker import MAX_UNITS, BrokerJudge
from tests.simulation.judge_end import EndJudge
from tests.simulation.judge_options import OptionJudge
from tests.simulation.life import Crashes, Process
from tests.simulation.market import Mover
from tests.simulation.misfortune import Misfortune
from tests.simulation.network import Network, Sky
from tests.simulation.orders_asked import Memory
from tests.simulation.person import Person, Stranger
from tests.simulation.ports import LossyFeed, NetworkBroker, is_reachable
from tests.simulation.profiles import CALM
from tests.simulation.seasons import GridChains, with_options
from tests.simulation.weather import Weather
from tests.simulation.world import ProcessDied, World

# After the storm, in seconds: how long everything may take to come right, and to come to rest.
HEAL_SECONDS = 75.0
STILL_SECONDS = 30.0
# I8, I19: a start in calm weather, and a stop in order. After the storm orders may be unknown
# still, and that they are absent takes 30 s to prove.
START_SECONDS = 30.0
CALM_DOWN_SECONDS = 60.0
STOP_SECONDS = 40.0
# How long closed orders stay in memory: longer than what is late takes to come, and so short that a
# history sees most of them go, and some come back.
CLOSED_SECONDS = 100.0
# A power cut rather than a killed process, of all crashes.
_POWER_SHARE = 0.5
# Histories in which what is rolled is rolled at once, at what it costs.
_URGENT_SHARE = 0.5
# Log lines that say that something in the daemon is broken, whatever comes of it.
_DEFECTS = frozenset({"desk.decision_failed", "supervisor.subsystem_failed"})


def settings_of_the_daemon(world: World) -> TreeSettings:
    """The daemon's defaults, with the durations shortened so that ten minutes see all of it."""
    plain = tree_settings(Settings(), "simulated", "simulated")
    per_instrument = evolve(plain.constraints.per_instrument, max_units=MAX_UNITS)
    shortened = evolve(
        plain,
        constraints=evolve(plain.constraints, per_instrument=per_instrument),
        heartbeat=HeartbeatLimits(interval=5.0, timeout=3.0, grace=6.0),
        reconciler=evolve(plain.reconciler, interval=30.0),
        restart=Backoff(base=0.1, cap=5.0),
        levels_interval=0.5,
        archivist=ArchivistSettings(snapshot_interval=20.0, closed_orders=CLOSED_SECONDS),
    )
    urgently = world.chance.draw("rolls urgently") < _URGENT_SHARE
    return with_options(shortened, world.season, urgently=urgently)


@define(eq=False)
class History:
    """One history of one world. `script` takes the place of weather and callers."""

    world: World
    crashes: Crashes
    disk: Disk = field(init=False)
    exchange: Exchange = field(init=False)
    memory: Memory = field(init=False)
    door: Door = field(factory=Door)
    judge: BrokerJudge = field(init=False)
    options: OptionJudge = field(init=False)
    agents: Agents = field(init=False)
    person: Person = field(init=False)
    mover: Mover = field(init=False)
    script: Callable[["History"], Awaitable[None]] | None = None
    heal_seconds: float = HEAL_SECONDS
    still_seconds: float = STILL_SECONDS
    tree: Tree | None = None
    lives: int = 0
    _bounds: BoundsJudge | None = None
    _snapshots: list[BookState] = field(factory=list)
    _shelf: list[tuple[int, ArchivedOrder]] = field(factory=list)
    _plans: dict[str, PlanJudged] = field(factory=dict)
    _stopped: trio.Event = field(factory=trio.Event)
    _settings: TreeSettings = field(init=False)

    def __attrs_post_init__(self) -> None:
        world = self.world
        self._settings = settings_of_the_daemon(world)
        market = SyntheticMarket(evolve(SyntheticSettings(), tick_rate=0), world.clock)
        self.disk = Disk(world)
        self.exchange = Exchange(world, market, Network(world))
        self.memory = Memory(world)
        self.judge = BrokerJudge(self.exchange, self.memory)
        self.options = OptionJudge(self.exchange)
        misfortune = Misfortune(world, self.crashes, self.exchange.network)
        self.options.moment = misfortune.moment
        self.agents = Agents(self.exchange, self.memory, self.door)
        self.person = Person(self.exchange, self.memory, self.door, self.restart, self.agents.enter)
        self.mover = Mover(world, market)
        self.disk.told = self._recorded
        self.exchange.taken = self._taken
        self.exchange.cancelled = self.judge.cancelled
        self.exchange.traded = self._traded
        world.trace.on_step = self._step
        world.trace.heard = self._heard

    async def run(self) -> None:
        """The history, to its end.   Raises: Violation, in groups."""
        world, horizon = self.world, self.world.profile.horizon
        self.crashes.plan()
        self.mover.begin()
        start = world.nursery.start_soon
        start(self.mover.run)
        start(self.exchange.run)
        start(self._init)
        start(self.person.look_after)
        start(self._watch)
        start(self.agents.listen)
        if self.script is not None:
            start(self.script, self)
        else:
            start(Weather(world, self.exchange.network).run)
            start(self.agents.run, horizon)
            start(self.person.run, horizon - 60)
            start(Stranger(self.exchange, self.judge).run, horizon)
        await trio.sleep_until(horizon)
        await self._heal()
        await self._end()
        world.nursery.cancel_scope.cancel()

    def restart(self) -> None:
        """Have the daemon stop in order."""
        if self.tree is not None:
            self.tree.stop()

    # Phases -------------------------------------------------------------------------------------

    async def _heal(self) -> None:
        """No more faults: everything has to come right."""
        self.world.trace.note("the storm is over")
        self.world.chance.calm = self.crashes.are_over = True
        self.world.profile = evolve(CALM, horizon=self.world.profile.horizon)
        if self.exchange.network.sky is not Sky.CLEAR:
            self.exchange.network.becomes(Sky.CLEAR)
        self.memory.halted = False
        with trio.move_on_after(CALM_DOWN_SECONDS):
            while not self._is_ready():
                await trio.sleep(1)
                await self.person.resume()
        reasons = self.tree.operations.readiness().reasons if self.tree is not None else "dead"
        self.world.demand(self._is_ready(), "I8", f"not ready after the storm: {reasons}")
        await trio.sleep(self.heal_seconds)
        self.mover.stands_still = True
        await trio.sleep(self.still_seconds)

    def _is_ready(self) -> bool:
        return self.tree is not None and self.tree.operations.readiness().ready

    async def _end(self) -> None:
        """Compare; stop in order; start once more; compare again."""
        judge = EndJudge(self.exchange, self.memory, lambda: self.judge.reconciliations)
        assert self.tree is not None
        await judge.judge(self.tree, await self._records())
        self.options.end()
        self._stopped = trio.Event()
        self.restart()
        with trio.move_on_after(STOP_SECONDS):
            await self._stopped.wait()
        self.world.demand(self._stopped.is_set(), "I19", "a stop in order does not come to its end")
        with trio.move_on_after(START_SECONDS):
            while not self._is_ready():  # noqa: ASYNC110 - asked as a caller would ask
                await trio.sleep(0.5)
        self.world.demand(self._is_ready(), "I8", "not ready after a stop and a start")
        assert self.tree is not None
        await judge.judge(self.tree, await self._records())

    async def _records(self) -> Sequence[Record]:
        """Everything on the disk."""
        await trio.sleep(1)
        process = Process(self.world, 0, Crashes(self.world))
        return await DiskJournal(self.disk, process, Environment.PAPER, ACCOUNT).load()

    # The daemon's lives -------------------------------------------------------------------------

    async def _init(self) -> None:
        """Start the daemon, and start it again however it has ended."""
        chance = self.world.chance
        while True:
            self.lives += 1
            process = Process(self.world, self.lives, self.crashes)
            with trio.CancelScope() as scope:
                process.ties(scope)
                try:
                    await self._live(process)
                except* ProcessDied:
                    pass
                except* (JournalFailed, Escalated) as group:
                    self.world.trace.note(f"the daemon gives up: {group.exceptions[0]}")
                    chance.sometimes("the daemon gave up")
                except* Exception as group:  # noqa: BLE001 - barrier: the daemon, not the world
                    self.world.violate("defect", f"the daemon ended by {_leaf(group)!r}")
            self.tree = self.door.operations = None
            died = not process.is_alive
            process.end()
            power = died and chance.draw("power", self.lives) < _POWER_SHARE
            self.disk.crash(self.lives, power=power)
            self._stopped.set()
            await trio.sleep(chance.uniform(0.2, 3, "init", self.lives))

    async def _live(self, process: Process) -> None:
        broker, feed = NetworkBroker(self.exchange, process), LossyFeed(self.exchange, process)
        journal = DiskJournal(self.disk, process, Environment.PAPER, ACCOUNT)
        archive = DiskArchive(
            journal=journal,
            snapshots=self._snapshots,
            shelf=self._shelf,
            plans=self._plans,
            process=process,
        )
        chance = self.world.chance
        outside = Outside(
            account_id=ACCOUNT,
            clock=self.world.clock,
            broker=broker,
            market=feed,
            journal=journal,
            archive=archive,
            chains=GridChains(self.exchange.market, self.world.season),
            draw=lambda: chance.draw("jitter", process.number),
            trusted=self.disk.marker,
            entrust=partial(self._mark, process, trusted=True),
            distrust=partial(self._mark, process, trusted=False),
        )
        tree = await assemble(self._settings, outside)
        book = tree.desk.book
        self.judge.begun(book)
        self.options.begun(book)
        self.memory.check(book, archive)
        BookJudge(self.exchange, self.judge, feed, book).watch()
        broker.submitting = lambda terms: self._submitting(terms, book)
        broker.settled = self.judge.settled
        broker.asked = self.judge.cancelling
        tree.committed = lambda _commit: process.effect(
            f"journal/{'+'.join(process.committed)}/5 let go"
        )
        async with trio.open_nursery() as nursery:
            self.tree = tree
            nursery.start_soon(self._open_door, tree, process)
            await nursery.start(partial(tree.run, ()))
            await tree.ended.wait()
            nursery.cancel_scope.cancel()

    async def _open_door(self, tree: Tree, process: Process) -> None:
        await tree.recovered.wait()
        self.door.operations, self.door.process = tree.operations, process

    def _mark(self, process: Process, *, trusted: bool) -> None:
        process.effect("marker")
        self.disk.marker = trusted

    # Watching -----------------------------------------------------------------------------------

    async def _watch(self) -> None:
        """Look at every bound, every second."""
        self.exchange.network.listeners.append(self._sky_changed)
        while True:
            await trio.sleep(1)
            if self.tree is None:
                self._bounds = None
                continue
            if self._bounds is None or self._bounds.tree is not self.tree:
                self._bounds = BoundsJudge(self.exchange, self.judge, self.tree)
            self._bounds.look()
            if is_reachable(self.exchange):
                self.options.look()

    def _sky_changed(self, sky: Sky) -> None:
        if self._bounds is not None and self._bounds.tree is self.tree:
            self._bounds.sky_changed(sky)

    def _recorded(self, records: Sequence[Record]) -> None:
        self.judge.recorded(records)
        self.options.recorded(records)

    def _traded(self, execution: Execution) -> None:
        self.judge.traded(execution)
        self.options.traded(execution)

    def _submitting(self, terms: OrderTerms, book: Book) -> None:
        self.judge.submitting(terms, book)
        self.options.submitting(terms)

    def _taken(self, terms: OrderTerms) -> None:
        """I3: no order is given up that arrives after all. None takes as long as the proof."""
        self.judge.taken(terms)
        self.options.taken(terms)
        known = self.tree.desk.book.find(terms.client_order_id) if self.tree is not None else None
        given_up = known is not None and not known.is_open
        text = f"{terms.client_order_id} was given up, and the venue has taken it"
        self.world.demand(not given_up, "I3", text)

    def _step(self, _step: int) -> None:
        process = self.door.process
        if process is not None and process.is_alive and self.crashes.strikes_at_step():
            self.world.chance.sometimes("a process died between two steps")
            process.die("a step")

    def _heard(self, level: str, event: dict[str, Any]) -> None:
        if level == "error" and event.get("event") in _DEFECTS:
            error = event.get("exc_info")
            leaf = _leaf(error) if isinstance(error, BaseException) else error
            name = event.get("subsystem", "desk")
            self.world.violate("defect", f"{event['event']} {name}: {leaf!r}")


def _leaf(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
