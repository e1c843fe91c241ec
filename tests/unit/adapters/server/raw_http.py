"""How does a test speak HTTP that no client would?"""

import json
from typing import Any

import trio

# A busy machine may take its time to begin; once it has begun, silence is the end.
_FIRST_WORD_SECONDS = 5.0
_SILENCE_SECONDS = 0.3

HEALTH = b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n"

UPGRADE = (
    b"GET %s HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\n"
    b"sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


async def connect(port: int) -> trio.SocketStream:
    """A connection to the server."""
    return await trio.open_tcp_stream("127.0.0.1", port)


async def say(port: int, *parts: bytes) -> bytes:
    """What the server answers to `parts` until it closes or has nothing more to say."""
    async with await connect(port) as stream:
        try:
            for part in parts:
                await stream.send_all(part)
        except trio.BrokenResourceError:
            return b""
        return await heard(stream)


async def heard(stream: trio.SocketStream) -> bytes:
    """Everything until the server closes, or has said something and is silent for a while."""
    answer = b""
    patience = _FIRST_WORD_SECONDS
    try:
        while True:
            with trio.fail_after(patience):
                chunk = await stream.receive_some()
            if not chunk:
                return answer
            answer += chunk
            patience = _SILENCE_SECONDS
    except (trio.BrokenResourceError, trio.TooSlowError):
        return answer


def body_of(answer: bytes) -> Any:
    """The JSON in the answer."""
    return json.loads(answer.partition(b"\r\n\r\n")[2])


async def lives(port: int) -> bool:
    """Whether the server still answers."""
    async with await connect(port) as stream:
        await stream.send_all(HEALTH)
        return (await heard(stream)).startswith(b"HTTP/1.1 200")
