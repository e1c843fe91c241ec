"""How are the calls of cream.v1.ControlService answered?"""

from typing import Any

from cream.adapters.server import wire_enums as enums
from cream.adapters.server import wire_requests as requests
from cream.adapters.server.auth import Gatekeeper
from cream.adapters.server.grpc_edge import request_of
from cream.adapters.server.heartbeats import heartbeat_from_wire
from cream.adapters.server.option_instructions import exercise_reply, option_instruction
from cream.adapters.server.wire_state_views import (
    cause_messages,
    kill_switch_reply,
    mass_cancel_reply,
    trading_state_name,
)
from cream.core.operations import Operations
from cream.wire import control_pb2
from cream.wire.control_grpc import ControlServiceBase


class ControlService(ControlServiceBase):
    """The operator's levers."""

    def __init__(self, operations: Operations, gatekeeper: Gatekeeper) -> None:
        self._operations = operations
        self._gatekeeper = gatekeeper

    async def GetTradingState(self, stream: Any) -> None:  # noqa: N802 - the contract's name
        """The state, and every cause that stands."""
        await request_of(stream)
        view = self._operations.trading_state()
        await stream.send_message(
            control_pb2.GetTradingStateResponse(
                state=trading_state_name(view), causes=cause_messages(view)
            )
        )

    async def SetTradingState(self, stream: Any) -> None:  # noqa: N802 - the contract's name
        """The operator's own cause is set or cleared."""
        request = requests.trading_state_request(await request_of(stream))
        actor = request.actor or self._gatekeeper.authorize(stream.metadata, "")
        view = await self._operations.set_trading_state(
            request.state, request.reason, actor, request.force
        )
        await stream.send_message(
            control_pb2.SetTradingStateResponse(
                state=trading_state_name(view), causes=cause_messages(view)
            )
        )

    async def KillSwitch(self, stream: Any) -> None:  # noqa: N802 - the contract's name
        """HALTED, a mass cancel, and positions closed where that is asked for."""
        request = await request_of(stream)
        reason = requests.reason(request.reason)
        actor = self._gatekeeper.authorize(stream.metadata, "")
        report = await self._operations.kill_switch(reason, actor, request.flatten)
        await stream.send_message(kill_switch_reply(report))

    async def Heartbeat(self, stream: Any) -> None:  # noqa: N802 - the contract's name
        """A client is still there, or leaves."""
        beat = heartbeat_from_wire(await request_of(stream))
        actor = self._gatekeeper.authorize(stream.metadata, "")
        if beat.close:
            await self._operations.close_session(beat.session_id)
            await stream.send_message(control_pb2.HeartbeatResponse(session_id=beat.session_id))
            return
        kept = await self._operations.heartbeat(
            beat.session_id, beat.timeout_seconds, beat.on_loss, actor
        )
        await stream.send_message(
            control_pb2.HeartbeatResponse(
                session_id=kept.session_id,
                timeout_seconds=kept.timeout_seconds,
                on_loss=enums.ON_CLIENT_LOSS.name(kept.on_loss),
            )
        )

    async def Exercise(self, stream: Any) -> None:  # noqa: N802 - the contract's name
        """The broker exercises an option that is owned."""
        request = await request_of(stream)
        quantity = request.quantity if request.HasField("quantity") else None
        contract, count = option_instruction(request.symbol, quantity)
        actor = self._gatekeeper.authorize(stream.metadata, "")
        state = await self._operations.exercise(contract, count, actor)
        await stream.send_message(exercise_reply(state))

    async def DoNotExercise(self, stream: Any) -> None:  # noqa: N802 - the contract's name
        """An option that is owned expires."""
        contract, _ = option_instruction((await request_of(stream)).symbol, None)
        actor = self._gatekeeper.authorize(stream.metadata, "")
        state = await self._operations.do_not_exercise(contract, actor)
        await stream.send_message(exercise_reply(state))

    async def MassCancel(self, stream: Any) -> None:  # noqa: N802 - the contract's name
        """Open orders are cancelled, and the broker's word is waited for."""
        reason = requests.reason((await request_of(stream)).reason)
        actor = self._gatekeeper.authorize(stream.metadata, "")
        report = await self._operations.mass_cancel(reason, actor)
        await stream.send_message(mass_cancel_reply(report))
