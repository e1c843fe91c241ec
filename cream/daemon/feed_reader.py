"""Where do quotes come from, and who gets them? One feed session, fanned out in the same turn."""

import structlog
import trio
from attrs import frozen

from cream.core.ports import MarketData
from cream.daemon.hub import QuoteBoard
from cream.daemon.interest import Interest

log = structlog.get_logger(__name__)


@frozen
class FeedReader:
    """The reader's collaborators."""

    market: MarketData
    board: QuoteBoard
    interest: Interest | None = None

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Read one feed session to its end, however it ends; the supervisor starts the next."""
        log.info("feed_reader.feed_started")
        task_status.started()
        if self.interest is None:
            await self.market.run(self.board.publish)
            return
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.interest.run)
            await self.market.run(self.board.publish)
            nursery.cancel_scope.cancel()
