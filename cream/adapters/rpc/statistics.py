"""What has the server done so far, and what does it hold now?"""

from attrs import define, evolve


@define
class RpcStatistics:
    """Counters since the start, except where the name says `open` or `buffered`."""

    connections_open: int = 0
    connections_accepted: int = 0
    connections_refused: int = 0
    connection_crashes: int = 0
    tls_failures: int = 0
    handshake_timeouts: int = 0
    keepalive_timeouts: int = 0
    send_timeouts: int = 0
    idle_closed: int = 0
    protocol_errors: int = 0
    floods: int = 0
    accept_errors: int = 0

    calls_open: int = 0
    calls_started: int = 0
    calls_cancelled: int = 0
    calls_refused: int = 0
    streams_refused: int = 0
    deadlines_exceeded: int = 0
    handler_faults: int = 0
    messages_received: int = 0
    messages_sent: int = 0

    buffered_bytes: int = 0

    def copy(self) -> "RpcStatistics":
        """The state at this moment."""
        return evolve(self)
