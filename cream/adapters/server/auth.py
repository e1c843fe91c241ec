"""Who is calling, and may they? The same answer on both ports."""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from hmac import compare_digest

from cream.core.model.errors import CreamError

# Liveness says nothing about the account, and those who ask (systemd, a load balancer) have no
# token. gRPC's health service is open for the same reason.
OPEN_PATHS = frozenset(("/health",))

# The caller's name in the journal where no tokens are configured: loopback is trusted.
ANONYMOUS = "local"

AUTHORIZATION = "authorization"
_SCHEME = "bearer"
# Enough of a hash to tell the configured tokens apart in a log, too little to be of any use.
_NAME_DIGITS = 8


class Gatekeeper:
    """Knows the hashes of the tokens that are let in. Without any, everyone is."""

    def __init__(self, token_hashes: Iterable[str]) -> None:
        self._hashes = tuple(text.lower() for text in token_hashes)

    def authorize(self, headers: Mapping[str, str | bytes], path: str) -> str:
        """The caller's name for the journal. Header names in `headers` are lower case.

        Raises: CreamError UNAUTHENTICATED.
        """
        if not self._hashes or path in OPEN_PATHS:
            return ANONYMOUS
        value = headers.get(AUTHORIZATION, "")
        scheme, _, token = value.partition(" ") if isinstance(value, str) else ("", "", "")
        if scheme.lower() == _SCHEME:
            name = self._name(token.strip())
            if name is not None:
                return name
        raise CreamError("UNAUTHENTICATED", "Expected the header `Authorization: Bearer <token>`")

    def _name(self, token: str) -> str | None:
        """The name of the token, after comparisons whose time tells nothing about the hashes."""
        digest = sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
        matches = [known for known in self._hashes if compare_digest(known, digest)]
        return f"token-{matches[0][:_NAME_DIGITS]}" if matches else None
