"""Which TLS contexts do the two ports use?"""

import ssl
from pathlib import Path

from cream.adapters.rpc import server_context
from cream.adapters.server.settings import TlsSettings

# HTTP/2 is for the gRPC port; the JSON port speaks HTTP/1.1 only (`guard`).
HTTP_ALPN_PROTOCOL = "http/1.1"


def http_context(tls: TlsSettings) -> ssl.SSLContext | None:
    """The context of the JSON port, or None where TLS is not configured.

    Raises: OSError for files that cannot be read, ssl.SSLError for what is in them.
    """
    if tls.cert_path is None or tls.key_path is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(tls.cert_path, tls.key_path)
    if tls.client_ca_path is not None:
        context.load_verify_locations(tls.client_ca_path)
        context.verify_mode = ssl.CERT_REQUIRED
    context.set_alpn_protocols([HTTP_ALPN_PROTOCOL])
    return context


def grpc_context(tls: TlsSettings) -> ssl.SSLContext | None:
    """The context of the gRPC port, or None where TLS is not configured.

    Raises: OSError for files that cannot be read, ssl.SSLError for what is in them.
    """
    if tls.cert_path is None or tls.key_path is None:
        return None
    authority = None if tls.client_ca_path is None else Path(tls.client_ca_path)
    return server_context(Path(tls.cert_path), Path(tls.key_path), client_authority=authority)
