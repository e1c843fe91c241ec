"""What can an agent ask about the account's history?"""

from collections.abc import Iterable

from cream.client import v1
from cream.client.calls import Calls


class AccountCalls(Calls):
    """What happened to the account that was no trade, and what trades cost."""

    async def list_activities(
        self,
        *,
        types: Iterable[str] = (),
        since: str = "",
        until: str = "",
        limit: int | None = None,
        cursor: str = "",
        timeout: float | None = None,
    ) -> v1.ListActivitiesResponse:
        """A page of the history, the newest day first; its `next_cursor` leads to the next.

        Units: `since` and `until` as YYYY-MM-DD, both included.
        """
        request = v1.ListActivitiesRequest(
            types=list(types), since=since, until=until, limit=limit, cursor=cursor
        )
        return await self._ask(self._history.list_activities, request, timeout)

    async def get_fees(self, *, timeout: float | None = None) -> v1.GetFeesResponse:
        """What trades were estimated to cost and what was charged, by day and kind."""
        return await self._ask(self._history.get_fees, v1.GetFeesRequest(), timeout)

    @property
    def _history(self) -> v1.AccountServiceStub:
        return v1.AccountServiceStub(self._open.channel)
