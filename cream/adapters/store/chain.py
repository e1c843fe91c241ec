"""Is the journal what was written? Each record carries a hash over itself and the one before it.

A torn last record is the trace of a write that was cut off: it was never acknowledged, and is
dropped. Anything else that does not fit (a changed record, a missing one, one put in from another
account) means that the history cannot be believed, and nothing may be built on it.
"""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Final, Protocol

from attrs import frozen

from cream.adapters.store.codec import UnreadableRecord, decode, instant_text, kind_of, nanoseconds
from cream.core.execution.events import Event, Record
from cream.core.model.plan import Environment

# What the first record of an account stands on, so that no record fits into another account.
_ORIGIN: Final = "cream journal"


class Row(Protocol):
    """A record as it stands in the table."""

    @property
    def sequence(self) -> int: ...
    @property
    def at_ns(self) -> int: ...
    @property
    def at(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def body(self) -> str: ...
    @property
    def previous_hash(self) -> str: ...
    @property
    def hash(self) -> str: ...


@frozen
class Head:
    """The end of a journal: what the next record follows."""

    sequence: int
    hash: str


@frozen
class Entry:
    """A record that was checked, with the text and the hash under which it stands."""

    record: Record
    body: str
    hash: str


class TornTail(Exception):
    """The last record was not written to its end; every one before it is good."""

    def __init__(self, row: Row) -> None:
        super().__init__(f"record {row.sequence} is torn")
        self.row = row


class BrokenChain(Exception):
    """The records cannot be what was written."""


def origin(environment: Environment, account_id: str) -> Head:
    """The head of the account's empty journal."""
    return Head(0, sha256(f"{_ORIGIN}|{environment.value}|{account_id}".encode()).hexdigest())


def hash_of(sequence: int, kind: str, body: str, previous_hash: str) -> str:
    """The hash that a record carries, as 64 hexadecimal digits.

    Neither a number nor a kind contains a bar and the last part has a fixed length, so two
    different records never give the same text.
    """
    return sha256(f"{sequence}|{kind}|{body}|{previous_hash}".encode()).hexdigest()


def verified(rows: Iterable[Row], head: Head) -> Iterator[Entry]:
    """The rows, in order, as entries, each after it was found to follow the one before.

    Raises: TornTail when the last row is torn; BrokenChain for everything else that is wrong.
    """
    upcoming = iter(rows)
    row = next(upcoming, None)
    while row is not None:
        following = next(upcoming, None)
        if row.hash != hash_of(row.sequence, row.kind, row.body, row.previous_hash):
            if following is None and row.sequence == head.sequence + 1:
                raise TornTail(row)
            raise BrokenChain(f"record {row.sequence} is not what was written")
        if row.sequence != head.sequence + 1:
            raise BrokenChain(f"record {row.sequence} stands where {head.sequence + 1} should")
        if row.previous_hash != head.hash:
            raise BrokenChain(f"record {row.sequence} does not belong after {head.sequence}")
        yield Entry(Record(row.sequence, _event(row)), row.body, row.hash)
        head = Head(row.sequence, row.hash)
        row = following


def _event(row: Row) -> Event:
    try:
        event = decode(row.body)
    except UnreadableRecord as error:
        # It is whole, so it was written like this: by a later version of Cream, most likely.
        raise BrokenChain(f"record {row.sequence} is whole but unknown: {error}") from error
    copies = (row.kind, row.at, row.at_ns)
    if copies != (kind_of(event), instant_text(event.at), nanoseconds(event.at)):
        raise BrokenChain(f"record {row.sequence} is indexed by other values than its own")
    return event
