"""Which numbers describe the daemon at the moment it is scraped?"""

from collections import Counter
from collections.abc import Iterable

import trio

from cream.core.execution.option_duties import AlarmKind
from cream.core.model.state import TradingState
from cream.core.safety.heartbeat import Link
from cream.daemon.stop_monitor import unprotected
from cream.daemon.supervisor import Phase
from cream.daemon.tree import Tree

# name, help, labels, samples, whether it only ever rises: see adapters/metrics.py
Reading = tuple[str, str, tuple[str, ...], Iterable[tuple[tuple[str, ...], float]], bool]


def measures(tree: Tree) -> Iterable[Reading]:
    """Everything that can be read off the tree as it is."""
    yield from _book(tree)
    yield from _state(tree)
    yield from _supervision(tree)
    yield from _queues(tree)
    yield from _breakers(tree)


def _one(value: float) -> Iterable[tuple[tuple[str, ...], float]]:
    return [((), float(value))]


def _book(tree: Tree) -> Iterable[Reading]:
    book = tree.desk.book
    statuses = Counter(order.status.value for order in book.open_orders())
    orders = [((status,), float(count)) for status, count in sorted(statuses.items())]
    held = sum(not position.is_flat for position in book.positions.values())
    yield "cream_orders_open", "Orders that can still trade.", ("status",), orders, False
    yield "cream_positions_held", "Instruments that are held.", (), _one(held), False
    bare = len(unprotected(book))
    yield "cream_positions_unprotected", "Held without any stop.", (), _one(bare), False
    yield "cream_fills", "Executions booked.", (), _one(book.fills_booked), True
    yield "cream_late_fills", "Fills of closed orders.", (), _one(book.late_fills), True
    alarms = Counter(one.kind for one in tree.operations.history.option_alarms())
    kinds = [((kind.value,), float(alarms[kind.value])) for kind in AlarmKind]
    yield "cream_option_alarms", "Alarms about options that stand.", ("kind",), kinds, False
    yield "cream_journal_sequence", "Last journal sequence.", (), _one(book.sequence), True


def _state(tree: Tree) -> Iterable[Reading]:
    now = tree.desk.book.trading_state
    states = [((state.value,), float(state is now)) for state in TradingState]
    yield "cream_trading_state", "1 for the state in force.", ("state",), states, False
    links = [((link.value,), float(link is tree.link.state)) for link in Link]
    yield "cream_broker_link", "1 for how the link stands.", ("state",), links, False
    silent = trio.current_time() - tree.link.last_sign
    yield "cream_broker_silence_seconds", "Since the last sign of life.", (), _one(silent), False
    words = tree.link.status_words_not_known
    name = "cream_broker_status_words_not_known"
    yield name, "Reports with a status that nobody knows.", (), _one(words), True
    ready = tree.operations.readiness().ready
    yield "cream_ready", "1 if an increase would be accepted.", (), _one(ready), False
    found = tree.reconciler.critical_found
    name = "cream_critical_differences_found"
    yield name, "Critical differences from the broker.", (), _one(found), True
    standing = len(tree.reconciler.standing)
    name = "cream_critical_differences"
    yield name, "Those that stand and wait for somebody.", (), _one(standing), False
    failed = tree.desk.failure is not None
    yield "cream_journal_failed", "1 if the journal cannot commit.", (), _one(failed), False


def _supervision(tree: Tree) -> Iterable[Reading]:
    statuses = tree.supervisor.statuses()
    up = [((one.name,), float(one.phase is Phase.RUNNING)) for one in statuses]
    restarts = [((one.name,), float(one.restarts)) for one in statuses]
    yield "cream_subsystem_up", "1 while it runs.", ("subsystem",), up, False
    name = "cream_subsystem_restarts"
    yield name, "Times it was restarted.", ("subsystem",), restarts, True


def _queues(tree: Tree) -> Iterable[Reading]:
    channels = tree.desk.channels
    depths = [
        (("commands",), float(channels.commands_out.statistics().current_buffer_used)),
        (("batches",), float(channels.batches.statistics().current_buffer_used)),
        (("jobs",), float(channels.jobs.statistics().current_buffer_used)),
    ]
    yield "cream_channel_depth", "Messages that wait.", ("channel",), depths, False
    yield from _feed(tree)
    board = tree.operations.board
    yield "cream_quotes", "Quotes read from the feed.", (), _one(board.count), True
    hub = tree.hub
    yield "cream_subscribers", "Streams that follow changes.", (), _one(hub.subscribers), False
    yield "cream_subscribers_dropped", "Streams too slow.", (), _one(hub.dropped), True


def _breakers(tree: Tree) -> Iterable[Reading]:
    views = tree.operations.circuit_breakers()
    opened = [((one.name,), float(one.state != "CLOSED")) for one in views]
    calls = [((one.name,), float(one.total_calls)) for one in views]
    failures = [((one.name,), float(one.total_failures)) for one in views]
    names = ("breaker",)
    yield "cream_breaker_open", "1 while it lets nothing or little pass.", names, opened, False
    yield "cream_breaker_calls", "Calls that ended.", names, calls, True
    yield "cream_breaker_failures", "Calls that failed in transport.", names, failures, True


def _feed(tree: Tree) -> Iterable[Reading]:
    """What a real feed says of itself."""
    health = tree.operations.feed_health().health
    if health is None:
        return
    latencies = (
        ("0.5", health.latency_p50_milliseconds),
        ("0.95", health.latency_p95_milliseconds),
        ("0.99", health.latency_p99_milliseconds),
    )
    known = [((share,), late / 1000) for share, late in latencies if late is not None]
    name = "cream_feed_latency_seconds"
    yield name, "From the exchange to here, last minute.", ("quantile",), known, False
    name = "cream_feed_messages_per_second"
    yield name, "Quotes, prints and bars, last minute.", (), _one(health.messages_per_second), False
    yield "cream_feed_health", "1 is best, 0 worst.", (), _one(health.health_score), False
    yield "cream_feed_gaps", "Data gaps detected.", (), _one(health.gap_count), True
    stale = len(health.stale_symbols)
    yield "cream_feed_symbols_stale", "Needed and silent.", (), _one(stale), False
    halted = len(health.halted_symbols)
    yield "cream_feed_symbols_halted", "Not traded for now.", (), _one(halted), False
    unusable = [((why,), float(count)) for why, count in health.unusable_quotes]
    yield "cream_feed_quotes_unusable", "Quotes that are no prices.", ("why",), unusable, True
