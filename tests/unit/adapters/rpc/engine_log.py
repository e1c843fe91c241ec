"""How does a test see what an engine reports?"""

from collections.abc import Callable
from typing import Any

from attrs import define, field

from cream.adapters.rpc.engine import Headers
from cream.adapters.rpc.h2_engine import H2Engine
from cream.adapters.rpc.settings import RpcSettings
from tests.integration.rpc.raw_client import PREFACE, SETTINGS, block, frame, request_headers

GREETING = PREFACE + frame(SETTINGS, 0, 0)
REQUEST = block(request_headers())


@define
class Log:
    """Events in the order in which they were reported."""

    entries: list[tuple[Any, ...]] = field(factory=list)
    # What to do on a request, as the transport does.
    react: Callable[[int], None] = lambda stream_id: None

    def on_greeting(self) -> None:
        self.entries.append(("greeting",))

    def on_request(self, stream_id: int, headers: Headers, end_stream: bool) -> None:
        self.entries.append(("request", stream_id, [tuple(pair) for pair in headers], end_stream))
        self.react(stream_id)

    def on_data(self, stream_id: int, data: bytes, flow_bytes: int) -> None:
        self.entries.append(("data", stream_id, data, flow_bytes))

    def on_end(self, stream_id: int) -> None:
        self.entries.append(("end", stream_id))

    def on_reset(self, stream_id: int) -> None:
        self.entries.append(("reset", stream_id))

    def on_window(self, stream_id: int) -> None:
        self.entries.append(("window", stream_id))

    def on_control_frame(self) -> None:
        self.entries.append(("control",))

    def on_goaway(self) -> None:
        self.entries.append(("goaway",))

    def kinds(self) -> list[str]:
        return [entry[0] for entry in self.entries]


class ThoroughEngine(H2Engine):
    """Sends every frame the whole way through h2: the oracle for the short ways."""

    def _receive_plain(self, kind: int, flags: int, stream_id: int, payload: bytes) -> bool:
        return False


def new_engine(
    settings: RpcSettings | None = None, kind: type[H2Engine] = H2Engine
) -> tuple[H2Engine, Log]:
    log = Log()
    engine = kind(log, settings or RpcSettings())
    engine.take()
    return engine, log
