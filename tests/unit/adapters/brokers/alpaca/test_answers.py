import gzip
import zlib
from collections.abc import AsyncIterator

import httpx
import pytest
from attrs import define

from cream.adapters.brokers.alpaca.answers import BoundedTransport
from cream.adapters.brokers.alpaca.rest import http_client
from tests.unit.adapters.brokers.alpaca.scripted import keyed

BOUND = 1_000


@define
class Body(httpx.AsyncByteStream):
    """A body that comes in pieces, and counts those that were asked for."""

    pieces: list[bytes]
    given: int = 0
    closed: bool = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            self.given += 1
            yield piece

    async def aclose(self) -> None:
        self.closed = True


async def answer(body: Body, encoding: str | None = None) -> bytes:
    headers = {} if encoding is None else {"Content-Encoding": encoding}
    inner = httpx.MockTransport(lambda _: httpx.Response(200, headers=headers, stream=body))
    async with httpx.AsyncClient(transport=BoundedTransport(inner, BOUND)) as client:
        return (await client.get("http://alpaca/")).content


async def test_an_answer_comes_as_it_is() -> None:
    assert await answer(Body([b"a" * 400, b"b" * 600])) == b"a" * 400 + b"b" * 600


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [("gzip", gzip.compress(b"c" * 900, mtime=0)), ("Deflate", zlib.compress(b"c" * 900))],
)
async def test_one_that_is_packed_is_unpacked(encoding: str, packed: bytes) -> None:
    half = len(packed) // 2
    assert await answer(Body([packed[:half], packed[half:]]), encoding) == b"c" * 900


async def test_one_that_is_too_long_is_read_no_further() -> None:
    body = Body([b"d" * 600] * 1_000)
    with pytest.raises(httpx.DecodingError, match="longer than 1000 bytes"):
        await answer(body)
    assert body.given == 2
    assert body.closed


async def test_a_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(b"0" * 50_000_000, mtime=0)
    with pytest.raises(httpx.DecodingError, match="longer than 1000 bytes"):
        await answer(Body([bomb]), "gzip")


@pytest.mark.parametrize("encoding", ["gzip, gzip", "br", "nonsense"])
async def test_what_is_packed_in_another_way_is_no_answer(encoding: str) -> None:
    """Twice packed, a kilobyte becomes a gigabyte in one step."""
    with pytest.raises(httpx.DecodingError, match="packed as"):
        await answer(Body([b""]), encoding)


async def test_what_cannot_be_unpacked_is_no_answer() -> None:
    with pytest.raises(httpx.DecodingError, match="cannot be unpacked"):
        await answer(Body([b"plain"]), "gzip")


async def test_the_accounts_client_reads_no_more_and_asks_for_what_it_can_unpack() -> None:
    async with http_client(keyed(), "https://paper-api.alpaca.markets") as client:
        assert isinstance(client._transport, BoundedTransport)
        assert client.headers["Accept-Encoding"] == "gzip"
