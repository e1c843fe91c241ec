"""What would expose the account, or cannot work, keeps the servers from starting."""

import pytest

from cream.adapters.server.settings import (
    ServerSettings,
    TlsSettings,
    exposure_problems,
    is_loopback,
    server_problems,
)

TLS = TlsSettings(cert_path="c.pem", key_path="k.pem")
HASH = "0" * 64


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_loopback_needs_nothing(address: str) -> None:
    assert is_loopback(address)
    assert exposure_problems(address, TlsSettings(), ()) == []


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "10.0.0.1", "trader.example", "", "1270.0"])
def test_any_other_address_needs_tls_and_a_token(address: str) -> None:
    assert not is_loopback(address)
    both = exposure_problems(address, TlsSettings(), ())
    assert [each.field for each in both] == ["server.tls", "server.token_hashes"]
    assert [each.field for each in exposure_problems(address, TLS, ())] == ["server.token_hashes"]
    assert [each.field for each in exposure_problems(address, TlsSettings(), (HASH,))] == [
        "server.tls"
    ]
    assert exposure_problems(address, TLS, (HASH,)) == []


def test_the_defaults_are_sound() -> None:
    settings = ServerSettings()

    assert server_problems(settings) == []
    assert (settings.http_port, settings.grpc_port) == (50051, 50053)
    assert settings.bind_address == "127.0.0.1"


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        (ServerSettings(http_port=5000, grpc_port=5000), "server.grpc_port"),
        (ServerSettings(tls=TlsSettings(cert_path="c")), "server.tls.key_path"),
        (ServerSettings(tls=TlsSettings(key_path="k")), "server.tls.cert_path"),
        (ServerSettings(tls=TlsSettings(client_ca_path="a")), "server.tls.client_ca_path"),
        (ServerSettings(bind_address="0.0.0.0", tls=TLS), "server.token_hashes"),
    ],
)
def test_settings_that_contradict_each_other_are_named(
    settings: ServerSettings, field: str
) -> None:
    assert [each.field for each in server_problems(settings)] == [field]


def test_two_ports_of_zero_are_two_free_ports() -> None:
    assert server_problems(ServerSettings(http_port=0, grpc_port=0)) == []
