"""Is h2 bounded where it is not by itself?"""

from h2.connection import H2Connection

from cream.adapters.rpc.h2_connection import MAX_REMEMBERED_STREAMS, server_connection
from cream.adapters.rpc.settings import RpcSettings
from tests.integration.rpc.raw_client import PREFACE, block, frame, request_headers

UNARY = block(request_headers())


def test_limits_are_announced_to_the_client() -> None:
    settings = RpcSettings(max_streams_per_connection=7, stream_window_bytes=70_000)
    client = H2Connection()
    client.initiate_connection()

    client.receive_data(server_connection(settings).data_to_send())

    assert client.remote_settings.max_concurrent_streams == 7
    assert client.remote_settings.initial_window_size == 70_000
    assert client.remote_settings.max_header_list_size == settings.max_header_list_bytes
    assert client.remote_settings.enable_push == 0
    assert client.outbound_flow_control_window == settings.connection_window_bytes


def test_the_smallest_connection_window_needs_no_update() -> None:
    client = H2Connection()
    client.initiate_connection()

    client.receive_data(
        server_connection(RpcSettings(connection_window_bytes=65_535)).data_to_send()
    )

    assert client.outbound_flow_control_window == 65_535


def test_closed_streams_are_forgotten_and_their_memory_is_bounded() -> None:
    connection = server_connection(RpcSettings())
    connection.receive_data(PREFACE + frame(4, 0, 0))
    for stream_id in range(1, 2 * MAX_REMEMBERED_STREAMS + 21, 2):
        connection.receive_data(frame(1, 5, stream_id, UNARY))
        connection.forget_if_closed(stream_id)
        assert stream_id in connection.streams, "an open stream stays"
        connection.reset_stream(stream_id)
        connection.forget_if_closed(stream_id)

    assert not connection.streams
    assert len(connection._closed_streams) == MAX_REMEMBERED_STREAMS
    connection.forget_if_closed(1)
