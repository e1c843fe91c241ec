"""Does a handler learn who calls?"""

from trio.testing import memory_stream_pair

from cream.adapters.rpc.peer import Peer


def test_a_peer_without_tls_has_no_certificate() -> None:
    stream, _ = memory_stream_pair()
    peer = Peer(stream, ("127.0.0.1", 5))

    assert (peer.addr(), peer.cert()) == (("127.0.0.1", 5), None)


def test_a_peer_in_memory_has_no_address() -> None:
    stream, _ = memory_stream_pair()

    assert Peer(stream).addr() is None
