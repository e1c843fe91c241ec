"""How are the calls of cream.v1.AccountService answered?"""

from functools import partial
from typing import Any

from cream.adapters.server.account_requests import activities_from_wire
from cream.adapters.server.account_views import activities_view, fees_view
from cream.adapters.server.grpc_edge import request_of
from cream.adapters.server.turns import in_turns
from cream.adapters.server.wire_shapes import message_of
from cream.core.operations import Operations
from cream.wire import account_pb2
from cream.wire.account_grpc import AccountServiceBase


class AccountService(AccountServiceBase):
    """What happened to the account that was no trade, and what trades cost."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    async def ListActivities(self, stream: Any) -> None:  # noqa: N802 - the contract's name
        """A page of the history, the newest day first."""
        wanted = activities_from_wire(await request_of(stream))
        view = activities_view(self._operations.history.activities(wanted))
        row = partial(message_of, kind=account_pb2.Activity)
        await stream.send_message(
            account_pb2.ListActivitiesResponse(
                activities=await in_turns(row, view.activities),
                next_cursor=view.next_cursor,
                kept_days=view.kept_days,
            )
        )

    async def GetFees(self, stream: Any) -> None:  # noqa: N802 - the contract's name
        """What trades were estimated to cost and what was charged."""
        await request_of(stream)
        view = fees_view(self._operations.history.fees())
        await stream.send_message(message_of(view, account_pb2.GetFeesResponse))
