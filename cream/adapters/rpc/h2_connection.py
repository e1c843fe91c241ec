"""How is h2 set up to judge the frames of a gRPC client?"""

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.settings import SettingCodes, Settings

from cream.adapters.rpc.hpack_blocks import CachingDecoder
from cream.adapters.rpc.settings import INITIAL_WINDOW_BYTES, RpcSettings

# How a frame that comes late for a closed stream is judged depends on how the stream was closed.
# Frames in flight are a matter of one round trip; h2's own 65,536 would be 6 MiB a connection.
MAX_REMEMBERED_STREAMS = 1_024


class ServerConnection(H2Connection):
    """h2 without its own limit on streams: the transport refuses them one by one instead."""

    MAX_CLOSED_STREAMS = MAX_REMEMBERED_STREAMS

    @property
    def open_inbound_streams(self) -> int:
        """Always 0: h2 would count all streams at each request, and end the connection."""
        return 0

    def forget_if_closed(self, stream_id: int) -> None:
        """Drop a closed stream, which h2 would keep until the count above."""
        stream = self.streams.get(stream_id)
        if stream is not None and stream.closed:
            del self.streams[stream_id]
            self._closed_streams[stream_id] = stream.closed_by


def server_connection(settings: RpcSettings) -> ServerConnection:
    """A connection that has its SETTINGS ready to be sent.

    Headers are not validated by h2: those that matter are read by `headers.read_request`, and a
    gRPC server passes none of them on.
    """
    connection = ServerConnection(
        H2Configuration(
            client_side=False,
            header_encoding=None,
            validate_inbound_headers=False,
            validate_outbound_headers=False,
            normalize_inbound_headers=False,
            normalize_outbound_headers=False,
        )
    )
    connection.local_settings = Settings(
        client=False,
        initial_values={
            SettingCodes.ENABLE_PUSH: 0,
            SettingCodes.MAX_CONCURRENT_STREAMS: settings.max_streams_per_connection,
            SettingCodes.INITIAL_WINDOW_SIZE: settings.stream_window_bytes,
            SettingCodes.MAX_HEADER_LIST_SIZE: settings.max_header_list_bytes,
        },
    )
    connection.decoder = CachingDecoder(settings.max_header_list_bytes)
    connection.initiate_connection()
    if settings.connection_window_bytes > INITIAL_WINDOW_BYTES:
        connection.increment_flow_control_window(
            settings.connection_window_bytes - INITIAL_WINDOW_BYTES
        )
    return connection
