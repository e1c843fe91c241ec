"""Agents for tests: the typed client in a loop of its own, called from ordinary test code."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from cream.client import CreamClient

T = TypeVar("T")


def ask(
    port: int, work: Callable[[CreamClient], Coroutine[Any, Any, T]], token: str | None = None
) -> T:
    """What `work(client)` gives, with a client of the daemon on `port`."""

    async def main() -> T:
        async with CreamClient("127.0.0.1", port, token=token) as client:
            return await work(client)

    return asyncio.run(main())
