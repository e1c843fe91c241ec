"""A port that cannot be had is named, with its setting and what to do."""

import socket

import pytest

from cream.adapters.server.listening import PortUnavailable, open_port


async def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])

        with pytest.raises(PortUnavailable) as refused:
            await open_port("server.grpc_port", "127.0.0.1", port)

    told = str(refused.value)
    assert told.startswith(f"server.grpc_port: cannot listen on port {port} of 127.0.0.1: ")
    assert told.endswith("free it, or set another port or server.bind_address")


async def test_a_free_port_is_listened_on() -> None:
    (listener,) = await open_port("server.http_port", "127.0.0.1", 0, 10)

    assert listener.socket.getsockname()[1] > 0
    await listener.aclose()
