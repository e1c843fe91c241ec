"""With which TLS context does a gRPC server listen?"""

import ssl
from pathlib import Path

ALPN_PROTOCOL = "h2"


def server_context(
    certificate: Path, key: Path, *, client_authority: Path | None = None
) -> ssl.SSLContext:
    """A context for TLS 1.2 and later that agrees on HTTP/2.

    `certificate` is a PEM chain, `key` its PEM key. With `client_authority` (PEM), clients must
    show a certificate signed by it.

    Raises: OSError, ssl.SSLError for files that cannot be read or do not fit together.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols([ALPN_PROTOCOL])
    if client_authority is not None:
        context.load_verify_locations(client_authority)
        context.verify_mode = ssl.CERT_REQUIRED
    return context
