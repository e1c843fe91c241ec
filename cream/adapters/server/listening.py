"""Which port do we listen on, and what does an operator hear if it cannot be had?"""

import trio


class PortUnavailable(OSError):
    """A port that cannot be opened; its text says which, why, and whose setting it is."""


async def open_port(
    key: str, host: str, port: int, backlog: int | None = None
) -> list[trio.SocketListener]:
    """Listeners on `host` and `port`, which the setting `key` says.   Raises: PortUnavailable."""
    try:
        return await trio.open_tcp_listeners(port, host=host, backlog=backlog)
    except OSError as error:
        said = error.strerror or str(error)
        message = (
            f"{key}: cannot listen on port {port} of {host}: {said}; "
            "free it, or set another port or server.bind_address"
        )
        raise PortUnavailable(message) from error
