"""What a hostile client sends to the JSON port, byte for byte, and what a raw socket hears."""

import random
import socket
import struct
import zlib

HOST = b"host: x\r\n"
POST = b"POST /v1/order-state HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
BODY = b'{"order_ids": []}'
CHUNKED = POST + b"transfer-encoding: chunked\r\n\r\n"
HANDSHAKE = {
    b"host": b"x",
    b"connection": b"Upgrade",
    b"upgrade": b"websocket",
    b"sec-websocket-version": b"13",
    b"sec-websocket-key": b"dGhlIHNhbXBsZSBub25jZQ==",
}
# How long a test waits for an answer that does not come.
SILENCE_SECONDS = 0.3
# How long it waits for one that must.
PATIENCE_SECONDS = 30


def upgrade(path: bytes = b"/v1/stream", version: bytes = b"1.1", **changes: bytes | None) -> bytes:
    """A WebSocket handshake; a header that is None is left out."""
    headers: dict[bytes, bytes | None] = dict(HANDSHAKE)
    headers.update({key.encode().replace(b"_", b"-"): value for key, value in changes.items()})
    lines = [name + b": " + value for name, value in headers.items() if value is not None]
    return b"\r\n".join([b"GET " + path + b" HTTP/" + version, *lines, b"", b""])


def frame(
    opcode: int, data: bytes = b"", *, first: int = 0x80, masked: bool = True, length: int = -1
) -> bytes:
    """A WebSocket frame. `first` holds the bits before the opcode, `length` may lie."""
    size = len(data) if length < 0 else length
    mask = 0x80 if masked else 0
    head = bytes([first | opcode])
    if size < 126:
        head += bytes([mask | size])
    elif size < 65_536:
        head += struct.pack(">BH", mask | 126, size)
    else:
        head += struct.pack(">BQ", mask | 127, size)
    return head + (bytes(4) if masked else b"") + data


def bomb() -> bytes:
    """200 MB of zeros, deflated to some 200 KB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(bytes(200_000_000)) + packer.flush(zlib.Z_SYNC_FLUSH)[:-4]


# One request each, with the statuses that may answer it; 0: closed without an answer.
REQUESTS: dict[str, tuple[bytes, set[int]]] = {
    "random bytes": (random.Random(20_261_123).randbytes(100_000), {400, 431, 0}),
    "zeros": (bytes(100_000), {400}),
    "a TLS hello": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(600), {400}),
    "the HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9), {505}),
    "no host": (b"GET /health HTTP/1.1\r\n\r\n", {400}),
    "HTTP/0.9": (b"GET /health\r\n\r\n", {400}),
    "HTTP/9.9": (b"GET /health HTTP/9.9\r\nhost: x\r\n\r\n", {505}),
    "two kinds of length": (
        POST + b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1",
        {400},
    ),
    "the same, turned round": (
        POST + b"transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n",
        {400},
    ),
    "two lengths": (POST + b"content-length: 5\r\ncontent-length: 6\r\n\r\nhello!", {400}),
    "a list of lengths": (POST + b"content-length: 5, 6\r\n\r\nhello!", {400}),
    "a negative length": (POST + b"content-length: -1\r\n\r\n", {400}),
    "a length with a sign": (POST + b"content-length: +17\r\n\r\n" + BODY, {400}),
    "a length with an underscore": (POST + b"content-length: 1_7\r\n\r\n" + BODY, {400}),
    "a length of forty digits": (POST + b"content-length: " + b"9" * 40 + b"\r\n\r\n", {400}),
    "a length beyond the limit": (POST + b"content-length: 99999999999\r\n\r\n", {413}),
    "a length that is too short": (POST + b"content-length: 5\r\n\r\n" + BODY, {400}),
    "chunked twice": (
        POST + b"transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        {400, 501},
    ),
    "chunked, almost": (POST + b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n", {501}),
    "chunked behind a tab": (POST + b"transfer-encoding:\x0bchunked\r\n\r\n0\r\n\r\n", {400}),
    "a blank before the colon": (POST + b"transfer-encoding : chunked\r\n\r\n0\r\n\r\n", {400}),
    "a negative chunk": (CHUNKED + b"-1\r\n", {400}),
    "a chunk of 2^96": (CHUNKED + b"f" * 24 + b"\r\n", {400}),
    "a chunk beyond the limit": (CHUNKED + b"fffffff\r\n" + bytes(3_000_000), {413, 0}),
    "a chunk with a long extension": (CHUNKED + b"11;" + b"a" * 100_000 + b"\r\n", {431}),
    "a chunk without an end": (CHUNKED + b"2\r\n{}XX0\r\n\r\n", {400}),
    "trailers": (CHUNKED + b"11\r\n" + BODY + b"\r\n0\r\nhost: evil\r\nx: y\r\n\r\n", {200}),
    "endless trailers": (
        CHUNKED + b"11\r\n" + BODY + b"\r\n0\r\n" + b"x: y\r\n" * 50_000 + b"\r\n",
        {431, 0},
    ),
    "a huge header": (b"GET /health HTTP/1.1\r\nhost: x\r\nx: " + b"y" * 5_000_000, {431, 0}),
    "a huge path": (b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n", {431}),
    "a NUL in a header": (b"GET /health HTTP/1.1\r\nhost: x\r\na: b\x00c\r\n\r\n", {400}),
    "a lone CR in a header": (b"GET /health HTTP/1.1\r\nhost: x\rfoo: b\r\n\r\n", {400}),
    "headers that are no text": (
        b"GET /health HTTP/1.1\r\nhost: \xff\r\nx-request-id: \xfe\r\ncookie: \xff=;;\r\n"
        b"authorization: Bearer \xff\r\n\r\n",
        {200},
    ),
    "a path that is no text": (b"GET /%ff%00?%zz=%fe HTTP/1.1\r\nhost: x\r\n\r\n", {404}),
    "a tunnel": (b"CONNECT evil:443 HTTP/1.1\r\nhost: x\r\n\r\n", {404, 405}),
    "invalid UTF-8": (POST + b"content-length: 17\r\n\r\n" + b"\xff" * 17, {400}),
    "a nest of a hundred thousand": (
        POST + b"content-length: 100000\r\n\r\n" + b"[" * 100_000,
        {400},
    ),
    "a nest that closes": (
        POST + b"content-length: 200000\r\n\r\n" + b"[" * 100_000 + b"]" * 100_000,
        {400},
    ),
    "a number of a million digits": (
        POST + b"content-length: 1000015\r\n\r\n" + b'{"order_ids": ' + b"1" * 1_000_000 + b"}",
        {400},
    ),
    "ten thousand keys, all the same": (
        POST + b"content-length: 70002\r\n\r\n{" + b'"a": 1,' * 9_999 + b'"a": 1}}',
        {400},
    ),
    "an exponent of nine digits": (
        POST + b"content-length: 28\r\n\r\n" + b'{"order_ids": [1e999999999]}',
        {400},
    ),
    "an upgrade without a key": (upgrade(sec_websocket_key=None), {400}),
    "an upgrade with a key that is no text": (upgrade(sec_websocket_key=b"\xff"), {400}),
    "an upgrade without a version": (upgrade(sec_websocket_version=None), {400}),
    "an upgrade of version 99": (upgrade(sec_websocket_version=b"99"), {400}),
    "an upgrade over HTTP/1.0": (upgrade(version=b"1.0"), {400}),
    "an upgrade whose connection is no text": (upgrade(connection=b"Upgrade, \xff"), {400}),
    "an upgrade with a protocol that is no text": (upgrade(sec_websocket_protocol=b"\xff"), {400}),
    "an upgrade with a body": (upgrade(content_length=b"5") + b"hello", {400}),
    "an upgrade with a chunked body": (
        upgrade(transfer_encoding=b"chunked") + b"5\r\nhello\r\n0\r\n\r\n",
        {400},
    ),
    "an upgrade and no patience": (upgrade() + frame(1, b"hello"), {400}),
    "an upgrade and garbage": (upgrade() + b"\xff" * 100, {400}),
    "an upgrade of nowhere": (upgrade(b"/nowhere"), {404}),
    "an upgrade of a path that is none": (upgrade(b"/%ff%fe/%00"), {404}),
    "an upgrade of a resource": (upgrade(b"/health"), {400}),
}

TEXT, BINARY, CLOSE, PING = 1, 2, 8, 9

# Sent on an open /v1/stream; whether the server must end the connection for it.
FRAMES: dict[str, tuple[list[bytes], bool]] = {
    "no mask": ([frame(TEXT, b"hello", masked=False)], True),
    "reserved bits": ([frame(TEXT, b"hello", first=0xF0)], True),
    "an opcode that is none": ([frame(3, b"x")], True),
    "a control opcode that is none": ([frame(15, b"x")], True),
    "a length with the highest bit": ([frame(BINARY, b"x", length=2**63 + 5)], True),
    "a ping that is too long": ([frame(PING, bytes(126))], True),
    "a ping in pieces": ([frame(PING, b"x", first=0)], True),
    "a continuation of nothing": ([frame(0, b"x")], True),
    "a message within another": ([frame(TEXT, b"a", first=0), frame(TEXT, b"b")], True),
    "text that is no UTF-8": ([frame(TEXT, b"\xff\xfe")], True),
    "a close with a code that is none": ([frame(CLOSE, b"\x00\x01")], True),
    "half a close code": ([frame(CLOSE, b"\x03")], True),
    "a close whose reason is no UTF-8": ([frame(CLOSE, b"\x03\xe8\xff")], True),
    "a message over the limit": ([frame(BINARY, bytes(70_000))], True),
    "a message over the limit in pieces": (
        [frame(BINARY, bytes(1000), first=0)] + [frame(0, bytes(1000), first=0)] * 100,
        True,
    ),
    "a message of 4 EiB": ([frame(BINARY, bytes(300_000), length=2**62)], True),
    "a message in a hundred thousand pieces": (
        [frame(TEXT, b"x", first=0) + frame(0, b"", first=0) * 100_000],
        False,
    ),
    "a deflated message": ([frame(BINARY, bomb(), first=0xC0)], True),
    "talk after the close": ([frame(CLOSE, b"\x03\xe8") + frame(TEXT, b"hello")], True),
    "two thousand messages": ([frame(TEXT, bytes(1000)) * 2000], False),
}


def open_socket(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def heard(connection: socket.socket, seconds: float = SILENCE_SECONDS) -> tuple[bytes, bool]:
    """What comes until the server closes or is silent for `seconds`, and whether it closed."""
    connection.settimeout(seconds)
    answer = b""
    try:
        while chunk := connection.recv(65_536):
            answer += chunk
    except TimeoutError:
        return answer, False
    except OSError:
        pass
    return answer, True


def answered(connection: socket.socket) -> bytes:
    """The answer, however long it takes to begin; empty where the server closes without one."""
    connection.settimeout(PATIENCE_SECONDS)
    try:
        first = connection.recv(65_536)
    except OSError:
        return b""
    return first + heard(connection)[0] if first else b""


def said(connection: socket.socket, *parts: bytes) -> None:
    """Send what the server still takes."""
    connection.settimeout(PATIENCE_SECONDS)
    try:
        for part in parts:
            connection.sendall(part)
    except OSError:
        pass


def status_of(answer: bytes) -> int:
    """The HTTP status in an answer; 0 where there is none."""
    return int(answer[9:12]) if answer.startswith(b"HTTP/1.1 ") else 0
