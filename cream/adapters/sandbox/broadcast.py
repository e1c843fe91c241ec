"""Who listens to the order stream, and which faults do they hear?

One listener per account, as at Alpaca; nothing is replayed. What goes to it passes the faults.
"""

from collections import deque

import trio
from attrs import define, field

from cream.adapters.sandbox.faults import FaultName, Faults
from cream.adapters.sandbox.replies import Json

PATH = "/stream"
# Messages that wait for a slow client before it is cut.
MAX_WAITING = 10_000
# The messages that can be told again to a new connection.
_KEPT = 1_000


@define
class Listener:
    """One connection that has asked for order updates."""

    sender: trio.MemorySendChannel[Json]
    receiver: trio.MemoryReceiveChannel[Json]
    cut: trio.Event = field(factory=trio.Event)


@define
class Broadcast:
    """The order stream of one account."""

    faults: Faults
    _listener: Listener | None = None
    _connected: int = 0
    _ghost_until: float = float("-inf")
    _tail: deque[Json] = field(factory=lambda: deque(maxlen=_KEPT))
    _held_back: Json | None = None

    def may_connect(self) -> bool:
        """Whether another connection is let in now."""
        if self.faults.happens(FaultName.UPGRADE_429, PATH) is not None:
            return False
        return self._connected == 0 and trio.current_time() >= self._ghost_until

    def connect(self) -> None:
        """A connection was let in."""
        self._connected += 1

    def disconnect(self) -> None:
        """A connection ended; it may count for a while longer."""
        self._connected -= 1
        self._listener = None
        ghost = self.faults.happens(FaultName.GHOST_SESSION, PATH)
        if ghost is not None:
            self._ghost_until = trio.current_time() + ghost.seconds

    def listen(self) -> Listener:
        """Messages from now on."""
        sender, receiver = trio.open_memory_channel[Json](MAX_WAITING)
        self._listener = Listener(sender, receiver)
        replay = self.faults.happens(FaultName.REPLAY_TAIL)
        if replay is not None:
            for frame in list(self._tail)[-replay.times :]:
                self._send(frame)
        return self._listener

    def stop_listening(self) -> None:
        """No messages any more; the connection stays."""
        self._listener = None

    def cut(self) -> None:
        """End the connection without a word."""
        if self._listener is not None:
            self._listener.cut.set()

    def tell(self, frame: Json) -> None:
        """A message of the stream, as the faults let it through."""
        self._tail.append(frame)
        faults = self.faults
        if faults.peek(FaultName.MUTE) is not None or self._is_suppressed(frame):
            return
        if faults.happens(FaultName.DROP_EVENT) is not None:
            return
        if faults.happens(FaultName.SHUFFLE) is not None and self._held_back is None:
            self._held_back = frame
            return
        if faults.happens(FaultName.NULL_DATA) is not None:
            self._send({})
        if faults.happens(FaultName.UNKNOWN_EVENT) is not None:
            self._send(_strange(frame))
        duplicate = faults.happens(FaultName.DUPLICATE)
        for _ in range(1 + (duplicate.times if duplicate is not None else 0)):
            self._send(frame)
        if self._held_back is not None:
            late, self._held_back = self._held_back, None
            self._send(late)
        if faults.happens(FaultName.CUT, PATH) is not None:
            self.cut()

    def _is_suppressed(self, frame: Json) -> bool:
        order = frame["order"]
        assert isinstance(order, dict)
        is_exit = order["order_class"] in ("bracket", "oto", "oco") and order["legs"] is None
        return is_exit and self.faults.happens(FaultName.SUPPRESS_LEG_EVENT) is not None

    def _send(self, frame: Json) -> None:
        if self._listener is None:
            return
        try:
            self._listener.sender.send_nowait(frame)
        except trio.WouldBlock:
            self.cut()


def _strange(frame: Json) -> Json:
    """The message with words that nobody knows."""
    order = frame["order"]
    assert isinstance(order, dict)
    strange: Json = {"event": "order_teleported", "order": order | {"status": "teleported"}}
    return frame | strange | {"new_field": {"nobody": "knows"}}
