"""The venue's file: what was saved is read back as it was, whole changes or none."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from attrs import evolve

from cream.adapters.brokers.simulated_store import VenueFileUnreadable, VenueStore
from cream.core.exchange.account import flat_ledger
from cream.core.exchange.replacing import OrderChange
from cream.core.exchange.venue_book import VenueState
from cream.core.model.broker import Accepted
from cream.core.model.order import OrderType, Side
from cream.core.model.plan import TimeInForce
from cream.core.options.occ import expires_at
from tests.fakes.venue_lab import NOON, Lab, bracket, call, leg, oco, spread, terms


def busy() -> Lab:
    """A venue with every kind of row."""
    lab = Lab()
    lab.quote(call("240").symbol, "4.30", "4.31", 3, 3)
    lab.quote(call("250").symbol, "1.23", "1.24")
    lab.accepted(bracket())
    lab.accepted(bracket(limit="200", stop_loss="190"))
    lab.accepted(terms(Side.BUY, "0.5"))
    lab.accepted(terms(Side.BUY, "10", "201", tif=TimeInForce.GTC))
    lab.accepted(spread((leg(call("240"), 1), leg(call("250"), -1)), "5", "3.10"))
    lab.quote("MSFT", "512.00", "512.02")
    lab.accepted(terms(Side.BUY, "10", symbol="MSFT"))
    lab.accepted(
        terms(
            Side.SELL,
            "4",
            symbol="MSFT",
            order_type=OrderType.TRAILING_STOP,
            trail_percent="1",
        )
    )
    lab.quote("TSLA", "430.00", "430.02")
    lab.accepted(terms(Side.SELL, "10", symbol="TSLA"))
    lab.accepted(
        evolve(oco("10", "400", "450", Side.BUY), instrument=terms(symbol="TSLA").instrument)
    )
    lab.advance(lab.now + timedelta(days=1))
    return lab


def test_a_new_file_has_nothing_in_it(tmp_path: Path) -> None:
    with closing(VenueStore(str(tmp_path / "new" / "venue.db"))) as store:
        assert store.load() is None
    assert (tmp_path / "new" / "venue.db").exists()


def test_what_was_saved_is_read_back_as_it_was(tmp_path: Path) -> None:
    path = str(tmp_path / "venue.db")
    lab = busy()
    lab.advance(expires_at(call("240")))
    state = lab.venue.state()
    assert state.settlements
    with closing(VenueStore(path)) as store:
        store.save(state)
    with closing(VenueStore(path)) as store:
        loaded = store.load()
    assert loaded is not None
    assert loaded.orders == state.orders
    by_symbol = {one.instrument.symbol: one for one in state.positions}
    assert {one.instrument.symbol: one for one in loaded.positions} == by_symbol
    assert loaded.executions == state.executions
    assert loaded.settlements == state.settlements
    assert (loaded.ledger, loaded.moment) == (state.ledger, state.moment)


def test_a_file_from_before_instructions_were_kept_is_read(tmp_path: Path) -> None:
    path = str(tmp_path / "venue.db")
    state = busy().venue.state()
    with closing(VenueStore(path)) as store:
        store.save(state)
        with closing(sqlite3.connect(path)) as other:
            other.execute("UPDATE account SET body = json_remove(body, '$.abstained')")
            other.commit()
            (body,) = other.execute("SELECT body FROM account").fetchone()
        assert "abstained" not in body
        loaded = store.load()
    assert loaded is not None
    assert loaded.ledger == state.ledger


def test_changes_are_laid_over_what_was_there(tmp_path: Path) -> None:
    with closing(VenueStore(str(tmp_path / "venue.db"))) as store:
        lab = Lab()
        steps = (
            lambda: lab.accepted(bracket()),
            lambda: lab.quote("AAPL", "253.60", "253.62", 4, 4),
            lambda: lab.quote("AAPL", "228.00", "228.02"),
            lambda: lab.accepted(terms(Side.BUY, "3", "200")),
        )
        for step in steps:
            step()
            changes = lab.venue.unsaved()
            assert changes is not None
            store.save(changes)
            lab.venue.mark_saved()
        assert store.load() == lab.venue.state()


def test_a_change_is_saved_whole_or_not_at_all(tmp_path: Path) -> None:
    with closing(VenueStore(str(tmp_path / "venue.db"))) as store:
        lab = Lab()
        lab.accepted(terms(Side.BUY, "3"))
        state = lab.venue.state()
        store.save(state)
        richer = evolve(state, ledger=flat_ledger(Decimal(5)))
        with pytest.raises(sqlite3.IntegrityError):
            store.save(richer)
        assert store.load() == state
        store.save(evolve(richer, executions=()))
        loaded = store.load()
        assert loaded is not None
        assert loaded.ledger.cash == 5


def test_a_file_that_can_be_read_meanwhile(tmp_path: Path) -> None:
    """Another process may look at the venue's book while the daemon runs."""
    path = tmp_path / "venue.db"
    with closing(VenueStore(str(path))) as store:
        store.save(busy().venue.state())
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as reader:
            rows = reader.execute("SELECT symbol, status FROM orders ORDER BY sequence").fetchall()
    assert rows[0] == ("AAPL", "filled")


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE account SET format = 3",
        "UPDATE account SET moment = 'yesterday'",
        "UPDATE account SET body = '{}'",
        "UPDATE orders SET body = 'nothing'",
        "UPDATE orders SET body = replace(body, 'AAPL', 'aapl')",
        "UPDATE positions SET body = '[]'",
        "DROP TABLE executions",
    ],
)
def test_a_file_that_makes_no_sense_is_refused(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "venue.db"
    with closing(VenueStore(str(path))) as store:
        store.save(busy().venue.state())
        with closing(sqlite3.connect(path)) as other:
            other.execute(damage)
            other.commit()
        with pytest.raises(VenueFileUnreadable):
            store.load()


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "venue.db"
    path.write_text("this is not a database, and long enough to be looked at" * 40)
    with pytest.raises(VenueFileUnreadable):
        VenueStore(str(path))
    with pytest.raises(VenueFileUnreadable):
        VenueStore(str(tmp_path))


def test_a_venue_in_memory_needs_no_file() -> None:
    with closing(VenueStore(":memory:")) as store:
        state = VenueState(ledger=flat_ledger(Decimal(7)))
        store.save(state)
        assert store.load() == state


# What is no longer kept in memory --------------------------------------------------------------


def test_only_the_latest_of_what_has_ended_is_loaded_and_all_that_is_open(tmp_path: Path) -> None:
    with closing(VenueStore(str(tmp_path / "venue.db"))) as store:
        lab = Lab()
        resting = lab.accepted(terms(Side.BUY, "1", "100", tif=TimeInForce.GTC))
        held = lab.accepted(bracket("2", tif=TimeInForce.GTC))
        done = [lab.accepted(terms(Side.BUY, "1")) for _ in range(5)]
        state = lab.venue.state()
        store.save(state)

        loaded = store.load(2)

    assert loaded is not None
    names = [one.client_order_id for one in loaded.orders if one.parent_id is None]
    expected = (resting, held, done[3], done[4])
    assert names == [one.client_order_id for one in expected]
    assert len([one for one in loaded.orders if one.parent_id is not None]) == 2
    assert loaded.last_sequence == state.orders[-1].sequence
    assert loaded.executions == state.executions[-2:]


def test_everything_that_was_written_down_is_found(tmp_path: Path) -> None:
    with closing(VenueStore(str(tmp_path / "venue.db"))) as store:
        lab = Lab()
        entry = lab.accepted(bracket("2"))
        between = lab.now
        other = lab.accepted(terms(Side.BUY, "1"))
        state = lab.venue.state()
        store.save(state)
        by_id = {one.broker_order_id: one for one in state.orders}

        assert store.order(entry.client_order_id) == by_id[entry.broker_order_id]
        assert store.order(entry.legs[0].broker_order_id) == by_id[entry.legs[0].broker_order_id]
        assert store.order("nothing") is None
        assert tuple(store.changed_since(state.orders[0].submitted_at)) == state.orders
        assert [one.broker_order_id for one in store.changed_since(lab.now)] == [
            other.broker_order_id
        ]
        assert tuple(store.executions_since(state.executions[0].executed_at)) == state.executions
        later = between + timedelta(microseconds=1)
        assert tuple(store.executions_since(later)) == state.executions[1:]


def test_a_group_of_which_one_member_changed_is_found_whole(tmp_path: Path) -> None:
    with closing(VenueStore(str(tmp_path / "venue.db"))) as store:
        lab = Lab()
        entry = lab.accepted(bracket("2"))
        store.save(lab.venue.state())
        lab.venue.mark_saved()
        filled_at = lab.now
        lab.quote("AAPL", "228.00", "228.02")
        changes = lab.venue.unsaved()
        assert changes is not None
        store.save(changes)

        found = store.changed_since(filled_at + timedelta(microseconds=1))

    assert next(one.broker_order_id for one in found) == entry.broker_order_id
    assert len(found) == 3


def test_a_group_whose_root_was_replaced_is_found_under_the_new_one(tmp_path: Path) -> None:
    with closing(VenueStore(str(tmp_path / "venue.db"))) as store:
        lab = Lab()
        entry = lab.accepted(bracket("2", limit="200.00", stop_loss="190.00"))
        store.save(lab.venue.state())
        lab.venue.mark_saved()
        lab.now += timedelta(seconds=1)
        change = OrderChange(client_order_id="new", limit_price=Decimal("201.00"))
        outcome, _ = lab.venue.replace(entry.broker_order_id, change, lab.now)
        assert isinstance(outcome, Accepted)
        changes = lab.venue.unsaved()
        assert changes is not None
        store.save(changes)
        done = [lab.accepted(terms(Side.BUY, "1")) for _ in range(3)]
        store.save(evolve(lab.venue.state(), executions=()))

        loaded = store.load(1)

    assert loaded is not None
    assert [one.client_order_id for one in loaded.orders if one.parent_id is None] == [
        "new",
        done[-1].client_order_id,
    ]
    assert len(loaded.orders) == 4


def test_a_file_of_the_first_format_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "venue.db"
    lab = busy()
    state = lab.venue.state()
    with closing(VenueStore(str(path))) as store:
        store.save(state)
    with closing(sqlite3.connect(path)) as older:
        older.executescript(
            """
            DROP INDEX orders_by_root; DROP INDEX orders_by_change; DROP INDEX executions_by_time;
            ALTER TABLE orders DROP COLUMN root_id; ALTER TABLE orders DROP COLUMN updated_at;
            ALTER TABLE executions DROP COLUMN executed_at;
            UPDATE account SET format = 1;
            """
        )

    with closing(VenueStore(str(path))) as store:
        loaded = store.load()
        assert loaded is not None
        assert (loaded.orders, loaded.executions) == (state.orders, state.executions)
        last = state.orders[-1].updated_at
        expected = [one for one in state.orders if one.updated_at >= last]
        assert {one.sequence for one in expected} <= {
            one.sequence for one in store.changed_since(last)
        }
        assert tuple(store.executions_since(NOON)) == state.executions


def test_a_file_of_the_first_format_that_makes_no_sense_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "venue.db"
    with closing(sqlite3.connect(path)) as older:
        older.executescript(
            """
            CREATE TABLE orders (
                broker_order_id TEXT PRIMARY KEY, client_order_id TEXT NOT NULL UNIQUE,
                sequence INTEGER NOT NULL UNIQUE, symbol TEXT NOT NULL, status TEXT NOT NULL,
                body TEXT NOT NULL
            );
            INSERT INTO orders VALUES ('v', 'c', 1, 'AAPL', 'new', 'nothing');
            """
        )

    with pytest.raises(VenueFileUnreadable):
        VenueStore(str(path))

    with closing(sqlite3.connect(path)) as older:
        columns = [row[1] for row in older.execute("PRAGMA table_info(orders)")]
    assert "root_id" not in columns, "all of it, or nothing"
