"""What can be set about the servers: addresses, TLS, tokens, limits, durations?"""

from attrs import frozen

from cream.core.model.errors import FieldProblem
from cream.core.model.setting import section, setting

KIB = 1024
MIB = 1024 * KIB

# The names under which a bind address stays on this machine.
_LOOPBACK_NAMES = frozenset(("localhost", "::1"))
_LOOPBACK_PREFIX = "127."


@frozen(kw_only=True)
class TlsSettings:
    """The server's certificate, and the authority that clients' certificates must come from."""

    cert_path: str | None = setting(None, doc="Certificate chain in PEM form.")
    key_path: str | None = setting(None, doc="Private key of the certificate in PEM form.")
    client_ca_path: str | None = setting(
        None, doc="Authority in PEM form; where set, clients must show a certificate of it."
    )

    @property
    def enabled(self) -> bool:
        """Whether connections are encrypted."""
        return self.cert_path is not None and self.key_path is not None


@frozen(kw_only=True)
class ServerSettings:
    """Both servers. A port of 0 takes any free one."""

    http_port: int = setting(50051, ge=0, le=65535, doc="Port of the JSON API.")
    grpc_port: int = setting(50053, ge=0, le=65535, doc="Port of the gRPC API.")
    bind_address: str = setting(
        "127.0.0.1",
        doc="Address that both ports listen on. Other than loopback needs TLS and a token.",
    )
    tls: TlsSettings = section(TlsSettings, doc="Encryption of both ports.")
    token_hashes: tuple[str, ...] = setting(
        (),
        pattern="[0-9a-fA-F]{64}",
        doc="SHA-256 of each bearer token that is let in, as 64 hexadecimal digits.",
    )
    # A plan of 50 decisions is under 100 KiB.
    max_body_bytes: int = setting(
        MIB, ge=KIB, le=64 * MIB, unit="bytes", doc="Longest request body of the JSON API."
    )
    body_timeout_seconds: float = setting(
        10.0, gt=0, le=600, unit="s", doc="How long a request body may take to arrive."
    )
    # Each costs two tasks and some 60 KiB; agents, dashboards and a scraper need a handful.
    max_connections: int = setting(
        256,
        ge=1,
        le=65535,
        doc="Connections to the JSON port at one time; for one more the longest silent is closed.",
    )
    keep_alive_seconds: float = setting(
        75.0, gt=0, le=3600, unit="s", doc="How long a connection may stay silent."
    )
    send_timeout_seconds: float = setting(
        10.0, gt=0, le=600, unit="s", doc="How long a client may not read before it is dropped."
    )
    websocket_ping_seconds: float = setting(
        20.0, gt=0, le=600, unit="s", doc="Time between pings on /v1/stream."
    )
    stream_buffer: int = setting(
        1024, ge=1, le=1_000_000, doc="Updates that a stream may lag behind before it is ended."
    )
    drain_grace_seconds: float = setting(
        5.0, gt=0, le=600, unit="s", doc="How long calls in flight may take to end at shutdown."
    )


def is_loopback(address: str) -> bool:
    """Whether nothing outside this machine can reach `address`."""
    return address in _LOOPBACK_NAMES or address.startswith(_LOOPBACK_PREFIX)


def exposure_problems(bind: str, tls: TlsSettings, tokens: tuple[str, ...]) -> list[FieldProblem]:
    """What is missing before a server may listen on `bind`."""
    if is_loopback(bind):
        return []
    problems = []
    if not tls.enabled:
        problems.append(
            FieldProblem("server.tls", f"must be set to listen on {bind}, which is not loopback")
        )
    if not tokens:
        problems.append(
            FieldProblem(
                "server.token_hashes",
                f"needs at least one hash to listen on {bind}, which is not loopback",
            )
        )
    return problems


def server_problems(settings: ServerSettings) -> list[FieldProblem]:
    """Everything about the settings together that keeps the servers from starting."""
    problems = exposure_problems(settings.bind_address, settings.tls, settings.token_hashes)
    if settings.http_port == settings.grpc_port != 0:
        problems.append(
            FieldProblem("server.grpc_port", f"must differ from http_port, {settings.http_port}")
        )
    tls = settings.tls
    if (tls.cert_path is None) != (tls.key_path is None):
        missing = "cert_path" if tls.cert_path is None else "key_path"
        problems.append(
            FieldProblem(
                f"server.tls.{missing}", "must be set: a certificate and its key go together"
            )
        )
    if tls.client_ca_path is not None and not tls.enabled:
        problems.append(
            FieldProblem(
                "server.tls.client_ca_path", "has no effect without cert_path and key_path"
            )
        )
    return problems
