"""How are the calls of cream.v1.OptionService answered?"""

from typing import Any

from cream.adapters.server.account_views import alarms_view
from cream.adapters.server.auth import Gatekeeper
from cream.adapters.server.grpc_edge import request_of
from cream.adapters.server.holdings_risk_views import holdings_risk_view
from cream.adapters.server.option_instructions import option_instruction
from cream.adapters.server.roll_views import rolls_view, under_way_view
from cream.adapters.server.wire_shapes import message_of
from cream.core.operations import Operations
from cream.wire import options_pb2
from cream.wire.options_grpc import OptionServiceBase


class OptionService(OptionServiceBase):
    """Options that are held: their risk, their alarms, their rolls."""

    def __init__(self, operations: Operations, gatekeeper: Gatekeeper) -> None:
        self._operations = operations
        self._gatekeeper = gatekeeper

    async def GetOptionRisk(self, stream: Any) -> None:  # noqa: N802 - the contract's name
        """Greeks of everything that is held, and which options sold may be exercised."""
        await request_of(stream)
        view = holdings_risk_view(await self._operations.holdings_risk())
        await stream.send_message(message_of(view, options_pb2.GetOptionRiskResponse))

    async def GetOptionAlarms(self, stream: Any) -> None:  # noqa: N802 - the contract's name
        """What an operator has to know of options that are held."""
        await request_of(stream)
        view = alarms_view(self._operations.history.option_alarms())
        await stream.send_message(message_of(view, options_pb2.GetOptionAlarmsResponse))

    async def GetOptionRolls(self, stream: Any) -> None:  # noqa: N802 - the contract's name
        """What would be rolled now, and why not otherwise."""
        await request_of(stream)
        view = rolls_view(await self._operations.option_rolls())
        await stream.send_message(message_of(view, options_pb2.GetOptionRollsResponse))

    async def RollOption(self, stream: Any) -> None:  # noqa: N802 - the contract's name
        """One position begins to be rolled."""
        contract, _ = option_instruction((await request_of(stream)).symbol, None)
        actor = self._gatekeeper.authorize(stream.metadata, "")
        owed = await self._operations.roll_now(contract.symbol, actor)
        roll = message_of(under_way_view(owed), options_pb2.OptionRollUnderWay)
        await stream.send_message(options_pb2.RollOptionResponse(roll=roll))
