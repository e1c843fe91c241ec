"""How does an agent's client hang on its connection, and how is each call made?"""

from collections.abc import Callable
from ssl import SSLContext
from types import TracebackType
from typing import Self

from cream.client.connection import Connection, Reply, Request, UnaryCall, check_token
from cream.client.retry import RetryPolicy, no_jitter

# The port on which the daemon listens for gRPC by default.
DEFAULT_PORT = 50053

# What the known client of the contract allows a call; a plan's answers take milliseconds.
DEFAULT_TIMEOUT_SECONDS = 30.0

DEFAULT_RETRY = RetryPolicy()


class Calls:
    """A connection, and the two ways in which its calls are made.

    Units: `timeout` in seconds, for one call with all its attempts; each method takes its own.
    `ssl` is True for the system's authorities, or a context, which is told to speak HTTP/2.
    `jitter` gives numbers from 0 to 1 that the pauses between attempts are multiplied by.

    Raises: CallError and its kinds, from every call; ValueError for a token that would travel in
    clear text to another machine.
    Owns: the connection, which ends with the block.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = DEFAULT_PORT,
        *,
        token: str | None = None,
        ssl: SSLContext | bool | None = None,
        timeout: float = DEFAULT_TIMEOUT_SECONDS,
        retry: RetryPolicy = DEFAULT_RETRY,
        jitter: Callable[[], float] = no_jitter,
    ) -> None:
        check_token(host, token, ssl)
        self.host = host
        self.port = port
        self.timeout = timeout
        self._token = token
        self._ssl = ssl
        self._retry = retry
        self._jitter = jitter
        self._connection: Connection | None = None

    async def __aenter__(self) -> Self:
        """The client; it connects with the first call."""
        self._connection = Connection(
            self.host,
            self.port,
            token=self._token,
            ssl=self._ssl,
            retry=self._retry,
            jitter=self._jitter,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Hang up."""
        self._open.close()
        self._connection = None

    @property
    def _open(self) -> Connection:
        if self._connection is None:
            raise RuntimeError("use the client inside its `async with` block")
        return self._connection

    async def _ask(
        self, call: UnaryCall[Request, Reply], request: Request, timeout: float | None
    ) -> Reply:
        return await self._call(call, request, timeout, repeatable=True)

    async def _call(
        self,
        call: UnaryCall[Request, Reply],
        request: Request,
        timeout: float | None,
        *,
        repeatable: bool = False,
    ) -> Reply:
        limit = self.timeout if timeout is None else timeout
        return await self._open.unary(call, request, repeatable=repeatable, timeout=limit)
