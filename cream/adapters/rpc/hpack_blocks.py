"""How are header blocks encoded and decoded without doing the same work for every call?

Sending: blocks use no dynamic table, so a block depends on its headers alone and the common ones
are encoded once for all connections. Receiving: a client that repeats itself sends the same block
again, and while its dynamic table stays as it is, the same bytes mean the same headers.
"""

from collections.abc import Iterable

from hpack.hpack import Decoder
from hpack.struct import HeaderTuple
from hpack.table import HeaderTable

from cream.adapters.rpc.engine import Headers

# RFC 7541 6.3: the dynamic table shrinks to nothing. It opens the first block of a connection and
# makes every later change of the peer's SETTINGS_HEADER_TABLE_SIZE irrelevant.
NO_DYNAMIC_TABLE = b"\x20"

# RFC 7541 appendix A: what the static table knows of the headers that a gRPC server sends.
_INDEXED_FIELDS = {
    (b":status", b"200"): b"\x88",
    (b":status", b"400"): b"\x8c",
}
_STATIC_NAMES = {b":status": 8, b"content-type": 31}

# What a connection remembers: a client rarely calls more methods than this in turn, longer blocks
# carry something individual and would not come again. Together some 50 KiB at most.
MAX_KNOWN_BLOCKS = 16
MAX_KNOWN_BLOCK_BYTES = 512
MAX_KNOWN_HEADERS = 32


def encode_block(headers: Headers) -> bytes:
    """The header block of `headers`: literals without indexing, no Huffman coding."""
    block = bytearray()
    for name, value in headers:
        indexed = _INDEXED_FIELDS.get((name, value))
        if indexed is not None:
            block += indexed
            continue
        static_index = _STATIC_NAMES.get(name)
        if static_index is not None:
            block += _integer(static_index, prefix_bits=4)
        else:
            block += b"\x00"
            block += _integer(len(name), prefix_bits=7)
            block += name
        block += _integer(len(value), prefix_bits=7)
        block += value
    return bytes(block)


def _integer(value: int, *, prefix_bits: int) -> bytes:
    """RFC 7541 5.1, with all bits above the prefix zero."""
    limit = (1 << prefix_bits) - 1
    if value < limit:
        return bytes((value,))
    encoded = bytearray((limit,))
    value -= limit
    while value >= 128:
        encoded.append(value & 127 | 128)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


class _WatchedTable(HeaderTable):
    """A dynamic table that counts what was added to it."""

    def __init__(self) -> None:
        super().__init__()
        self.additions = 0

    def add(self, name: bytes, value: bytes) -> None:
        self.additions += 1
        super().add(name, value)


class CachingDecoder(Decoder):
    """An HPACK decoder that remembers blocks until its dynamic table changes."""

    def __init__(self, max_header_list_size: int) -> None:
        super().__init__(max_header_list_size)
        self._watched = self.header_table = _WatchedTable()
        self._known: dict[bytes, list[HeaderTuple]] = {}

    def decode(self, data: bytes, raw: bool = False) -> Iterable[HeaderTuple]:
        """The headers of the block as bytes, whatever `raw` says: h2 asks for nothing else."""
        known = self._known.get(data)
        if known is not None:
            return known
        additions = self._watched.additions
        headers = list(super().decode(data, raw=True))
        if self._watched.additions != additions:
            self._known.clear()
        elif len(data) <= MAX_KNOWN_BLOCK_BYTES and len(headers) <= MAX_KNOWN_HEADERS:
            if len(self._known) >= MAX_KNOWN_BLOCKS:
                self._known.clear()
            self._known[data] = headers
        return headers

    def _update_encoding_context(self, data: bytes | memoryview) -> int:
        # A size update evicts entries, and a block that holds one must act again each time.
        self._watched.additions += 1
        return super()._update_encoding_context(data)
