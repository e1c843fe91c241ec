"""The JSON port opens, serves real clients, and closes in order."""

import gc
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio
import trio.lowlevel
import trustme
from attrs import evolve

from cream.adapters.server.settings import TlsSettings
from tests.fakes.operations import FakeOperations
from tests.unit.adapters.server.plans import SWING
from tests.unit.adapters.server.raw_http import HEALTH, connect, heard
from tests.unit.adapters.server.site import BEARER, SETTINGS, TOKEN_HASH, served


def url(port: int, scheme: str = "http") -> str:
    return f"{scheme}://127.0.0.1:{port}"


# For what takes no time at all on an idle machine.
PATIENCE_SECONDS = 20

# A client that is cancelled or refused midway leaves its own socket to the collector: that is
# httpx's affair and not the server's. Collected after each test, so that it shows nowhere else.
pytestmark = pytest.mark.filterwarnings(
    "ignore:unclosed <socket:ResourceWarning",
    "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning",
)


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    yield
    gc.collect()


async def test_a_real_client_submits_over_one_connection(operations: FakeOperations) -> None:
    async with served(operations) as port, httpx.AsyncClient(base_url=url(port)) as client:
        body = {"decision_plan": SWING}
        for repeated in (False, True):
            reply = await client.post("/v1/submit-orders", json=body)
            assert reply.status_code == 200
            assert reply.json()["repeated"] is repeated
        assert "server" not in reply.headers
        assert reply.headers["x-request-id"]


async def test_a_body_may_come_in_chunks(operations: FakeOperations) -> None:
    async def chunks() -> Any:
        yield b'{"order_ids"'
        yield b": []}"

    async with served(operations) as port, httpx.AsyncClient(base_url=url(port)) as client:
        kind = {"content-type": "application/json"}
        reply = await client.post("/v1/order-state", content=chunks(), headers=kind)

    assert reply.json() == {"orders": [], "not_found": []}


async def test_a_body_over_the_limit_is_refused_before_it_has_come(
    operations: FakeOperations,
) -> None:
    async with served(operations) as port, await connect(port) as stream:
        head = b"POST /v1/order-state HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999\r\n\r\n"
        await stream.send_all(head)

        assert (await heard(stream)).startswith(b"HTTP/1.1 413")


async def test_a_connection_whose_body_was_not_wanted_says_so_and_ends(
    operations: FakeOperations,
) -> None:
    """Or the client's next request would go into it and never be answered."""
    head = b"POST /v1/order-state HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999\r\n\r\n"
    async with served(operations) as port:
        for _ in range(10):
            async with await connect(port) as stream:
                await stream.send_all(head)
                answer = b""
                with trio.fail_after(PATIENCE_SECONDS):
                    while chunk := await stream.receive_some():
                        answer += chunk

            assert answer.startswith(b"HTTP/1.1 413")
            assert b"\r\nconnection: close\r\n" in answer.lower()


async def test_a_reply_may_take_longer_than_a_connection_may_be_silent(
    operations: FakeOperations,
) -> None:
    operations.answers_at = trio.Event()
    hurried = evolve(SETTINGS, keep_alive_seconds=0.2)
    body = {"decision_plan": SWING}
    async with (
        served(operations, hurried) as port,
        httpx.AsyncClient(base_url=url(port)) as client,
        trio.open_nursery() as nursery,
    ):

        async def answer_late() -> None:
            await trio.sleep(1.2)
            assert operations.answers_at is not None
            operations.answers_at.set()

        nursery.start_soon(answer_late)
        reply = await client.post("/v1/submit-orders", json=body)

    assert reply.status_code == 200


async def test_a_second_server_on_the_port_is_refused(operations: FakeOperations) -> None:
    async with served(operations) as port:
        taken = evolve(SETTINGS, http_port=port)
        with pytest.RaisesGroup(OSError, flatten_subgroups=True):
            async with served(operations, taken):
                pass  # pragma: no cover - never reached


async def test_a_call_in_flight_ends_and_idle_connections_close_at_shutdown(
    operations: FakeOperations,
) -> None:
    operations.answers_at = trio.Event()
    shutdown = trio.Event()
    answers: list[httpx.Response] = []

    async def submit(port: int) -> None:
        async with httpx.AsyncClient(base_url=url(port)) as client:
            answers.append(await client.post("/v1/submit-orders", json={"decision_plan": SWING}))

    async with served(operations, shutdown=shutdown) as port, await connect(port) as idle:
        await idle.send_all(HEALTH)
        assert (await heard(idle)).startswith(b"HTTP/1.1 200")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(submit, port)
            await operations.arrived.wait()
            shutdown.set()
            with trio.fail_after(5):
                assert await idle.receive_some() == b""
            operations.answers_at.set()
        with pytest.raises(OSError, match="all attempts"):
            await connect(port)

    assert answers[0].status_code == 200
    assert answers[0].json()["ok"] is True


async def test_a_call_that_does_not_end_is_cut_after_the_grace(
    operations: FakeOperations,
) -> None:
    operations.answers_at = trio.Event()
    shutdown = trio.Event()
    hurried = evolve(SETTINGS, drain_grace_seconds=0.2)

    async def submit(port: int) -> None:
        with pytest.raises(httpx.RemoteProtocolError):
            async with httpx.AsyncClient(base_url=url(port)) as client:
                await client.post("/v1/submit-orders", json={"decision_plan": SWING})

    with trio.fail_after(10):
        async with served(operations, hurried, shutdown) as port, trio.open_nursery() as nursery:
            nursery.start_soon(submit, port)
            await operations.arrived.wait()
            shutdown.set()


async def test_a_caller_that_leaves_cancels_only_its_waiting(operations: FakeOperations) -> None:
    """The command belongs to the operations: they have it, whoever waits."""
    operations.answers_at = trio.Event()
    async with served(operations) as port:
        with trio.move_on_after(0.3):
            async with httpx.AsyncClient(base_url=url(port)) as client:
                await client.post("/v1/submit-orders", json={"decision_plan": SWING})

        assert len(operations.submitted) == 1
        async with httpx.AsyncClient(base_url=url(port)) as client:
            assert (await client.get("/health")).status_code == 200


async def test_cancelling_the_server_ends_it_at_once(operations: FakeOperations) -> None:
    with trio.move_on_after(10) as scope:
        async with served(operations) as port, await connect(port) as stream:
            await stream.send_all(HEALTH)
            await heard(stream)
            cancelled_at = trio.current_time()
            scope.cancel()
            await trio.lowlevel.checkpoint()

    assert scope.cancelled_caught
    assert trio.current_time() < cancelled_at + SETTINGS.drain_grace_seconds, "no drain"


# TLS and tokens ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls(authority: trustme.CA, tmp_path: Path) -> TlsSettings:
    certificate = authority.issue_cert("127.0.0.1")
    chain, key, ca = tmp_path / "chain.pem", tmp_path / "key.pem", tmp_path / "ca.pem"
    chain.write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
    certificate.private_key_pem.write_to_path(key)
    authority.cert_pem.write_to_path(ca)
    return TlsSettings(cert_path=str(chain), key_path=str(key), client_ca_path=str(ca))


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


async def test_tls_and_tokens_are_demanded(
    operations: FakeOperations, authority: trustme.CA, tls: TlsSettings
) -> None:
    settings = evolve(SETTINGS, tls=evolve(tls, client_ca_path=None), token_hashes=(TOKEN_HASH,))
    async with served(operations, settings) as port:
        async with httpx.AsyncClient(
            base_url=url(port, "https"), verify=trusting(authority)
        ) as client:
            assert (await client.get("/v1/orders")).status_code == 401
            assert (await client.get("/v1/orders", headers=BEARER)).status_code == 200
        async with await trio.open_tcp_stream("127.0.0.1", port) as plain:
            await plain.send_all(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            with trio.fail_after(10):
                assert not (await plain.receive_some(100)).startswith(b"HTTP/1.1 200")


async def test_a_client_without_a_certificate_is_not_let_in_where_one_is_demanded(
    operations: FakeOperations, authority: trustme.CA, tls: TlsSettings
) -> None:
    stranger = trusting(authority)
    known = trusting(authority)
    authority.issue_cert("agent@example.org").configure_cert(known)
    async with served(operations, evolve(SETTINGS, tls=tls)) as port:
        base = url(port, "https")
        async with httpx.AsyncClient(base_url=base, verify=known) as client:
            assert (await client.get("/health")).status_code == 200
        async with httpx.AsyncClient(base_url=base, verify=stranger) as client:
            with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError, httpx.ConnectError)):
                await client.get("/health")


async def test_a_handshake_that_never_comes_is_given_up(
    operations: FakeOperations, tls: TlsSettings
) -> None:
    settings = evolve(SETTINGS, tls=tls, drain_grace_seconds=0.1)
    with trio.fail_after(10):
        async with served(operations, settings) as port:
            silent = await connect(port)
            broken = await connect(port)
            await broken.send_all(b"hello\r\n\r\n")
            await heard(broken)
    await silent.aclose()
    await broken.aclose()


async def test_files_that_cannot_be_read_are_an_error(operations: FakeOperations) -> None:
    missing = TlsSettings(cert_path="/nowhere/c.pem", key_path="/nowhere/k.pem")

    with pytest.RaisesGroup(FileNotFoundError, flatten_subgroups=True):
        async with served(operations, evolve(SETTINGS, tls=missing)):
            pass  # pragma: no cover - never reached
