"""What has happened to the account that was no trade? Read from the broker's history.

Rows come up to a day after what they tell of, so each look goes back some days; a row is noted
once, by its id. Holdings that one of them moves are compared with the broker's at once.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
import trio
from attrs import define, field, frozen

from cream.core.exchange.calendar import Sessions
from cream.core.execution.activities import touched_symbols
from cream.core.execution.activity_events import ActivityNoted
from cream.core.execution.book import Book
from cream.core.execution.split_doubt import levels_doubtful
from cream.core.model.activity import Activity, ActivityKind
from cream.core.model.errors import BrokerUnavailable
from cream.core.options.occ import NEW_YORK
from cream.core.ports import Broker
from cream.core.risk.decisions import Decided
from cream.daemon.desk import Desk
from cream.daemon.link import BrokerLink

log = structlog.get_logger(__name__)


@frozen(kw_only=True)
class ActivityReaderSettings:
    """Units: seconds; days. Outside of sessions only full reconciliations look."""

    interval: float = 60.0
    lookback_days: int = 7


@define
class ActivityReader:
    """The collaborators. `doubted` has holdings compared soon."""

    desk: Desk
    broker: Broker
    link: BrokerLink
    sessions: Sessions
    settings: ActivityReaderSettings
    doubted: Callable[[], None] = field(default=lambda: None)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Look at intervals while the market is open, until cancelled."""
        task_status.started()
        while True:
            if self.link.session_up and self.sessions.is_open(self.desk.clock.now()):
                await self.read()
            await trio.sleep(self.settings.interval)

    async def read(self) -> bool:
        """Note what is new. False: the history could not be read, which is no sign of the link."""
        today = self.desk.clock.now().astimezone(NEW_YORK).date()
        try:
            rows = await self.broker.activities_since(
                today - timedelta(days=self.settings.lookback_days)
            )
        except BrokerUnavailable as error:
            log.warning("activity_reader.history_unavailable", error=str(error))
            return False
        if not self.desk.book.activities.fresh(rows):
            return True

        def note(book: Book, now: datetime) -> Decided[Sequence[Activity]]:
            fresh = book.activities.fresh(rows)
            return Decided(fresh, tuple(ActivityNoted(at=now, activity=one) for one in fresh))

        # It has happened, whether or not the journal can keep it.
        self._tell(await self.desk.do(note, passes_without_journal=True))
        return True

    def _tell(self, noted: Sequence[Activity]) -> None:
        for one in noted:
            log.info(
                "activity_reader.activity_noted",
                kind=one.word,
                symbol=one.symbol,
                quantity=str(one.quantity),
                net_amount=str(one.net_amount),
                status=one.status.value,
            )
            if one.kind.moves_positions and one.counts:
                self._alarm(one)
                self.doubted()

    def _alarm(self, one: Activity) -> None:
        book = self.desk.book
        symbols = set(touched_symbols(one))
        held = [name for name in symbols if (at := book.positions.get(name)) and not at.is_flat]
        guarded = [name for name, at in book.protections.items() if at.watched in symbols]
        if held or guarded:
            log.warning(
                "activity_reader.position_moved_by_broker",
                kind=one.word,
                symbol=one.symbol,
                held=sorted(held),
                guarded=sorted(guarded),
            )
        if one.kind is ActivityKind.SPLIT:
            why = levels_doubtful(book, one.symbol)
            if why is not None:
                log.error("activity_reader.levels_doubtful", symbol=one.symbol, reason=why)
