"""Without tokens loopback is trusted; with tokens nobody passes without one."""

from hashlib import sha256

import pytest

from cream.adapters.server.auth import ANONYMOUS, Gatekeeper
from cream.core.model.errors import CreamError

FIRST, SECOND = "first", "zweites-ü"
HASHES = [sha256(token.encode()).hexdigest() for token in (FIRST, SECOND)]


def test_without_tokens_everyone_is_the_local_caller() -> None:
    assert Gatekeeper(()).authorize({}, "/v1/orders") == ANONYMOUS


@pytest.mark.parametrize(("token", "index"), [(FIRST, 0), (SECOND, 1)])
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_token_is_named_by_the_start_of_its_hash(token: str, index: int, scheme: str) -> None:
    gatekeeper = Gatekeeper([HASHES[0].upper(), HASHES[1]])

    name = gatekeeper.authorize({"authorization": f"{scheme} {token}"}, "/v1/orders")

    assert name == f"token-{HASHES[index][:8]}"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "Bearer"},
        {"authorization": "Bearer wrong"},
        {"authorization": f"Basic {FIRST}"},
        {"authorization": FIRST},
        {"authorization": f"Bearer {HASHES[0]}"},
        {"authorization": b"Bearer first"},
        {"authorization": "Bearer \udcff"},
    ],
)
def test_without_a_valid_token_nobody_passes(headers: dict[str, str | bytes]) -> None:
    """Knowing the hash from a configuration file is not knowing the token."""
    with pytest.raises(CreamError) as caught:
        Gatekeeper(HASHES).authorize(headers, "/v1/orders")

    assert caught.value.kind.code == "UNAUTHENTICATED"


def test_liveness_is_open() -> None:
    assert Gatekeeper(HASHES).authorize({}, "/health") == ANONYMOUS
