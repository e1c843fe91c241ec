"""A chain of records is believed only whole, in order, and as it was written."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve, frozen

from cream.adapters.store import chain, codec
from cream.core.execution.events import Record
from cream.core.model.plan import Environment
from tests.unit.adapters.store.examples import AT, LATER, records

ORIGIN = chain.origin(Environment.PAPER, "PA-1")


@frozen
class FakeRow:
    """A row of the table."""

    sequence: int
    at_ns: int
    at: str
    kind: str
    body: str
    previous_hash: str
    hash: str


def rows_for(written: list[Record], head: chain.Head = ORIGIN) -> list[FakeRow]:
    """The rows that a journal after `head` consists of."""
    rows = []
    for record in written:
        kind, body = codec.kind_of(record.event), codec.encode(record.event)
        digest = chain.hash_of(record.sequence, kind, body, head.hash)
        at = record.event.at
        rows.append(
            FakeRow(
                record.sequence,
                codec.nanoseconds(at),
                codec.instant_text(at),
                kind,
                body,
                head.hash,
                digest,
            )
        )
        head = chain.Head(record.sequence, digest)
    return rows


def rehashed(row: FakeRow) -> FakeRow:
    """The row as someone would forge it who knows how hashes are made."""
    return evolve(row, hash=chain.hash_of(row.sequence, row.kind, row.body, row.previous_hash))


def test_a_whole_chain_gives_its_records() -> None:
    written = records(5)

    entries = list(chain.verified(rows_for(written), ORIGIN))

    assert [entry.record for entry in entries] == written
    assert [entry.body for entry in entries] == [codec.encode(record.event) for record in written]


def test_a_chain_can_be_taken_up_in_the_middle() -> None:
    """What lies before is known from elsewhere, by its last hash."""
    rows = rows_for(records(5))

    entries = chain.verified(rows[3:], chain.Head(3, rows[2].hash))

    assert [entry.record.sequence for entry in entries] == [4, 5]


@pytest.mark.parametrize(
    "damage", [{"body": "{"}, {"hash": ""}, {"kind": "X"}, {"previous_hash": ""}]
)
def test_a_last_record_that_was_cut_off_is_told_from_the_good_ones_before(
    damage: dict[str, Any],
) -> None:
    rows = rows_for(records(3))
    rows[-1] = evolve(rows[-1], **damage)
    seen: list[Record] = []

    with pytest.raises(chain.TornTail) as caught:
        seen.extend(entry.record for entry in chain.verified(rows, ORIGIN))

    assert caught.value.row is rows[-1]
    assert caught.value.row.sequence == 3


def _body_changed(rows: list[FakeRow]) -> None:
    rows[1] = evolve(rows[1], body=rows[1].body.replace("2026", "2025"))


def _body_forged(rows: list[FakeRow]) -> None:
    rows[0] = rehashed(evolve(rows[0], body=rows[0].body.replace("0.1.0", "0.2.0")))


def _one_missing(rows: list[FakeRow]) -> None:
    del rows[1]


def _first_missing(rows: list[FakeRow]) -> None:
    del rows[0]


def _order_changed(rows: list[FakeRow]) -> None:
    rows[1], rows[2] = rows[2], rows[1]


def _two_torn(rows: list[FakeRow]) -> None:
    rows[-1] = evolve(rows[-1], body="")
    rows[-2] = evolve(rows[-2], body="")


def _torn_far_away(rows: list[FakeRow]) -> None:
    rows[-1] = evolve(rows[-1], body="", sequence=9)


def _last_replaced(rows: list[FakeRow]) -> None:
    rows[-1] = rehashed(evolve(rows[-1], previous_hash=ORIGIN.hash))


def _kind_unknown(rows: list[FakeRow]) -> None:
    rows[-1] = rehashed(evolve(rows[-1], body='{"v":1,"event":"OrderDreamt"}'))


def _indexed_elsewhen(rows: list[FakeRow]) -> None:
    rows[1] = evolve(rows[1], at_ns=codec.nanoseconds(LATER))


def _dated_elsewhen(rows: list[FakeRow]) -> None:
    rows[1] = evolve(rows[1], at=codec.instant_text(LATER))


def _filed_elsewhere(rows: list[FakeRow]) -> None:
    rows[-1] = rehashed(evolve(rows[-1], kind="RunStopped"))


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (_body_changed, "record 2 is not what was written"),
        (_body_forged, "record 2 does not belong after 1"),
        (_one_missing, "record 3 stands where 2 should"),
        (_first_missing, "record 2 stands where 1 should"),
        (_order_changed, "record 3 stands where 2 should"),
        (_two_torn, "record 3 is not what was written"),
        (_torn_far_away, "record 9 is not what was written"),
        (_last_replaced, "record 4 does not belong after 3"),
        (_kind_unknown, "record 4 is whole but unknown: no event of kind 'OrderDreamt'"),
        (_indexed_elsewhen, "record 2 is indexed by other values"),
        (_dated_elsewhen, "record 2 is indexed by other values"),
        (_filed_elsewhere, "record 4 is indexed by other values"),
    ],
)
def test_every_other_damage_ends_belief(
    damage: Callable[[list[FakeRow]], None], complaint: str
) -> None:
    """None of these is what a write that was cut off leaves, so nothing is dropped."""
    rows = rows_for(records(4))
    damage(rows)

    with pytest.raises(chain.BrokenChain, match=complaint):
        list(chain.verified(rows, ORIGIN))


@pytest.mark.parametrize(
    "elsewhere",
    [
        chain.origin(Environment.LIVE, "PA-1"),
        chain.origin(Environment.PAPER, "PA-2"),
    ],
)
def test_the_records_of_one_account_are_no_journal_of_another(elsewhere: chain.Head) -> None:
    rows = rows_for(records(1))

    with pytest.raises(chain.BrokenChain, match="does not belong"):
        list(chain.verified(rows, elsewhere))


def test_the_hash_depends_on_every_part() -> None:
    whole = chain.hash_of(12, "RunStopped", "{}", "00")

    assert len(whole) == 64
    assert (
        len(
            {
                whole,
                chain.hash_of(1, "RunStopped", "{}", "00"),
                chain.hash_of(12, "RunStarted", "{}", "00"),
                chain.hash_of(12, "RunStopped", "{ }", "00"),
                chain.hash_of(12, "RunStopped", "{}", "01"),
            }
        )
        == 5
    )


def test_the_example_instants_differ() -> None:
    """The tests above would prove nothing otherwise."""
    assert AT != LATER
