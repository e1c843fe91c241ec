"""Is the server as closed as its TLS context says?"""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
import pytest
import trustme
from attrs import frozen
from grpclib.client import Channel

from cream.adapters.rpc import server_context
from tests.integration.rpc.gen.echo_grpc import EchoStub
from tests.integration.rpc.gen.echo_pb2 import Payload, Script
from tests.integration.rpc.handlers import UNARY, ScriptedEcho
from tests.integration.rpc.threads import Running, trio_server

HELLO = Script(payload=Payload(text="hello"))
CODEC: dict[str, Any] = {
    "request_serializer": Script.SerializeToString,
    "response_deserializer": Payload.FromString,
}


@frozen
class Papers:
    """PEM files of one authority, and of a client that it vouches for."""

    authority: Path
    certificate: Path
    key: Path
    client: trustme.LeafCert


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    server = authority.issue_cert("127.0.0.1", "localhost")
    paths = [folder / name for name in ("ca.pem", "server.pem", "server.key")]
    authority.cert_pem.write_to_path(paths[0])
    for blob in server.cert_chain_pems:
        blob.write_to_path(paths[1], append=True)
    server.private_key_pem.write_to_path(paths[2])
    return Papers(*paths, authority.issue_cert("agent@example.org"))


class ShowsPeer(ScriptedEcho):
    """Replies with the common facts of the client's certificate."""

    async def Unary(self, stream: Any) -> None:
        await stream.recv_message()
        certificate = stream.peer.cert()
        names = "" if certificate is None else repr(certificate["subjectAltName"])
        await stream.send_message(Payload(text=names))


@pytest.fixture(scope="module")
def secured(papers: Papers) -> Iterator[Running]:
    with trio_server([ShowsPeer()], tls=server_context(papers.certificate, papers.key)) as it:
        yield it


@pytest.fixture(scope="module")
def mutual(papers: Papers) -> Iterator[Running]:
    tls = server_context(papers.certificate, papers.key, client_authority=papers.authority)
    with trio_server([ShowsPeer()], tls=tls) as running:
        yield running


def _call(running: Running, papers: Papers, client: trustme.LeafCert | None = None) -> Payload:
    pem = {}
    if client is not None:
        pem = {
            "private_key": client.private_key_pem.bytes(),
            "certificate_chain": b"".join(blob.bytes() for blob in client.cert_chain_pems),
        }
    credentials = grpc.ssl_channel_credentials(papers.authority.read_bytes(), **pem)
    with grpc.secure_channel(running.target, credentials) as channel:
        reply: Payload = channel.unary_unary(UNARY, **CODEC)(HELLO, timeout=5)
        return reply


def test_a_call_over_tls_works(secured: Running, papers: Papers) -> None:
    assert _call(secured, papers).text == ""


def test_a_client_with_a_certificate_is_known_to_the_handler(
    mutual: Running, papers: Papers
) -> None:
    assert "agent@example.org" in _call(mutual, papers, papers.client).text


def test_a_client_without_a_certificate_is_refused_where_one_is_demanded(
    mutual: Running, papers: Papers
) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        _call(mutual, papers)

    error: Any = caught.value
    assert error.code() is grpc.StatusCode.UNAVAILABLE


def test_a_client_of_another_authority_is_refused(mutual: Running, papers: Papers) -> None:
    stranger = trustme.CA().issue_cert("agent@example.org")

    with pytest.raises(grpc.RpcError):
        _call(mutual, papers, stranger)


def test_clear_text_is_refused(secured: Running) -> None:
    with (
        grpc.insecure_channel(secured.target) as channel,
        pytest.raises(grpc.RpcError) as caught,
    ):
        channel.unary_unary(UNARY, **CODEC)(HELLO, timeout=5)

    error: Any = caught.value
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert secured.server.statistics().tls_failures > 0


@pytest.mark.parametrize("protocols", [[], ["http/1.1"]])
def test_a_client_that_does_not_agree_on_http2_is_sent_away(
    secured: Running, papers: Papers, protocols: list[str]
) -> None:
    async def main() -> bytes:
        context = ssl.create_default_context(cafile=papers.authority)
        if protocols:
            context.set_alpn_protocols(protocols)
        reader, writer = await asyncio.open_connection("127.0.0.1", secured.port, ssl=context)
        try:
            return await reader.read()
        except ConnectionResetError:
            return b""
        finally:
            writer.close()
            with suppress(ConnectionResetError, ssl.SSLError):
                await writer.wait_closed()

    assert asyncio.run(main()) == b""


def test_tls_before_1_2_is_refused(secured: Running, papers: Papers) -> None:
    tls = server_context(papers.certificate, papers.key)

    assert tls.minimum_version is ssl.TLSVersion.TLSv1_2


def test_grpclib_over_tls_works(secured: Running, papers: Papers) -> None:
    async def main() -> Payload:
        context = ssl.create_default_context(cafile=papers.authority)
        context.set_alpn_protocols(["h2"])
        channel = Channel("127.0.0.1", secured.port, ssl=context)
        try:
            return await EchoStub(channel).Unary(HELLO)
        finally:
            channel.close()
            await asyncio.sleep(0.05)  # asyncio closes TLS transports behind our back

    assert asyncio.run(main()) == Payload()
