"""Is a server's TLS context as strict as it says?"""

import ssl
from pathlib import Path

import pytest
import trustme

from cream.adapters.rpc.tls import server_context


@pytest.fixture
def papers(tmp_path: Path) -> tuple[Path, Path, Path]:
    authority = trustme.CA()
    leaf = authority.issue_cert("localhost")
    certificate, key, client_authority = (tmp_path / name for name in ("a.pem", "a.key", "ca.pem"))
    leaf.cert_chain_pems[0].write_to_path(certificate)
    leaf.private_key_pem.write_to_path(key)
    authority.cert_pem.write_to_path(client_authority)
    return certificate, key, client_authority


def test_without_an_authority_clients_need_no_certificate(
    papers: tuple[Path, Path, Path],
) -> None:
    context = server_context(*papers[:2])

    assert context.verify_mode is ssl.CERT_NONE
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_with_an_authority_clients_must_show_a_certificate(
    papers: tuple[Path, Path, Path],
) -> None:
    context = server_context(*papers[:2], client_authority=papers[2])

    assert context.verify_mode is ssl.CERT_REQUIRED


def test_a_file_that_does_not_exist_is_an_error(papers: tuple[Path, Path, Path]) -> None:
    with pytest.raises(OSError, match="No such file"):
        server_context(papers[0], papers[1].with_name("none"))
