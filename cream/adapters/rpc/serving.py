"""What happens between a call's arrival and its trailers?

The barrier of one call: whatever a handler raises ends its call and nothing else.
"""

from collections.abc import Callable, Mapping
from typing import Any, assert_never

import structlog
import trio
from attrs import frozen
from grpclib.const import Status
from grpclib.exceptions import GRPCError, StreamTerminatedError

from cream.adapters.rpc.call import StoppedBy
from cream.adapters.rpc.status import (
    DEADLINE_EXCEEDED,
    FAULT,
    OK,
    SHUTTING_DOWN,
    Ending,
    leaf_error,
)
from cream.adapters.rpc.stream import Stream

log = structlog.get_logger(__name__)

# Asked before each call with its metadata and path; raises GRPCError to refuse it.
Authorize = Callable[[Mapping[str, str | bytes], str], None]
# Told after each call: path, status, seconds.
Observe = Callable[[str, Status, float], None]


@frozen
class Hooks:
    """What the owner of the server wants to decide or to know of every call."""

    authorize: Authorize | None = None
    observe: Observe | None = None


async def serve_call(call: Stream[Any, Any], hooks: Hooks) -> None:
    """Run the handler and end the reply.

    Cancellation: means that the connection is gone; nothing is sent.
    """
    try:
        ending = await _run_handler(call, hooks)
        if ending is not None:
            _end_reply(call, ending)
    finally:
        if call.final_status is None:
            call.carrier.statistics.calls_cancelled += 1
        call.close()
        if hooks.observe is not None:
            _observe(call, hooks.observe)


async def _run_handler(call: Stream[Any, Any], hooks: Hooks) -> Ending | None:
    """How the call ends, or None where nobody is left to hear it."""
    method = call.method
    try:
        with call.scope:
            if call.deadline_at <= call.opened_at:
                return DEADLINE_EXCEEDED
            if hooks.authorize is not None and not method.public:
                hooks.authorize(call.metadata, method.path)
            await method.func(call)
    except BaseExceptionGroup as group:
        return _ending_of_error(call, leaf_error(_failures_of(call, group)))
    except Exception as error:  # noqa: BLE001 - barrier: a handler's fault ends its call only
        return _ending_of_error(call, error)
    if call.scope.cancelled_caught:
        return _ending_of_cancellation(call)
    if call.dead:
        return None
    if call.final_status is None and not method.server_streaming and not call.messages_sent:
        return _fault(call, "The handler returned without a reply")
    if call.sending:
        return _fault(call, "The handler gave up within a message")
    return OK


def _failures_of(
    call: Stream[Any, Any], group: BaseExceptionGroup[BaseException]
) -> ExceptionGroup[Exception]:
    """What failed in the tasks of a handler that opened a nursery.

    Raises: what must go on, without the failures: the cancellation of a connection in which one
    task was stopped and another failed, for the same reason.
    """
    failures, others = group.split(Exception)
    if others is not None:
        if failures is not None:
            _ending_of_error(call, leaf_error(failures))
        raise others
    assert failures is not None, "a group is not empty"
    return failures


def _ending_of_cancellation(call: Stream[Any, Any]) -> Ending | None:
    match call.stopped_by:
        case StoppedBy.CLIENT | StoppedBy.SERVER:
            return None
        case StoppedBy.SHUTDOWN:
            return SHUTTING_DOWN
        case None:
            call.carrier.statistics.deadlines_exceeded += 1
            return DEADLINE_EXCEEDED
        case _ as never:
            assert_never(never)


def _ending_of_error(call: Stream[Any, Any], error: Exception) -> Ending | None:
    if isinstance(error, GRPCError):
        return Ending(error.status, error.message, error.details)
    if call.dead and isinstance(error, StreamTerminatedError):
        return None
    return _fault(call, "The handler raised", error)


def _fault(call: Stream[Any, Any], text: str, error: Exception | None = None) -> Ending:
    call.carrier.statistics.handler_faults += 1
    log.error("rpc.handler_failed", method=call.method.path, problem=text, exc_info=error)
    return FAULT


def _end_reply(call: Stream[Any, Any], ending: Ending) -> None:
    try:
        call.write_trailers(ending)
    except Exception as error:  # noqa: BLE001 - barrier: details that are no protobuf messages
        call.write_trailers(_fault(call, "The error's details cannot be sent", error))


def _observe(call: Stream[Any, Any], observe: Observe) -> None:
    status = Status.CANCELLED if call.final_status is None else call.final_status
    try:
        observe(call.method.path, status, trio.current_time() - call.opened_at)
    except Exception as error:
        log.error("rpc.observer_failed", method=call.method.path, exc_info=error)
