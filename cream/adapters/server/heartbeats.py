"""What does a client say with its sign of life, in either format?"""

from decimal import Decimal

from attrs import frozen

from cream.adapters.server import values
from cream.adapters.server import wire_enums as enums
from cream.adapters.server.json_reader import ObjectReader
from cream.adapters.server.problems import Problems
from cream.adapters.server.strict_json import decode
from cream.adapters.server.wire_values import decimal_from_double
from cream.core.model.money import ONE
from cream.core.model.promise import OnLoss
from cream.wire import control_pb2

# As `safety.client_timeout_seconds`: less cannot be kept over a network, more protects nobody.
_LONGEST_SECONDS = Decimal(3600)


@frozen(kw_only=True)
class Heartbeat:
    """A sign of life, or with `close` a farewell. None: as configured. Units: seconds."""

    session_id: str
    timeout_seconds: float | None = None
    on_loss: OnLoss | None = None
    close: bool = False


def heartbeat_request(body: bytes) -> Heartbeat:
    """The body of POST /v1/heartbeat."""
    problems = Problems()
    keys = ("session_id", "timeout_seconds", "on_loss", "close")
    reader = ObjectReader(decode(body), "", problems, keys)
    reader.require("session_id")
    session_id = reader.identifier("session_id")
    seconds = values.within(
        reader.decimal("timeout_seconds"),
        "timeout_seconds",
        problems,
        least=ONE,
        most=_LONGEST_SECONDS,
    )
    on_loss = reader.choice("on_loss", OnLoss)
    close = bool(reader.flag("close"))
    problems.raise_any()
    assert session_id is not None, "no problem, no gap"
    return Heartbeat(
        session_id=session_id,
        timeout_seconds=None if seconds is None else float(seconds),
        on_loss=on_loss,
        close=close,
    )


def heartbeat_from_wire(message: control_pb2.HeartbeatRequest) -> Heartbeat:
    """The same, over gRPC."""
    problems = Problems()
    values.identifier_value(message.session_id, "session_id", problems)
    seconds = None
    if message.HasField("timeout_seconds"):
        given = decimal_from_double(message.timeout_seconds, "timeout_seconds", problems)
        seconds = values.within(
            given, "timeout_seconds", problems, least=ONE, most=_LONGEST_SECONDS
        )
    on_loss = enums.ON_CLIENT_LOSS.read_optional(message.on_loss, "on_loss", problems)
    problems.raise_any()
    return Heartbeat(
        session_id=message.session_id,
        timeout_seconds=None if seconds is None else float(seconds),
        on_loss=on_loss,
        close=message.close,
    )
