"""The marker stands until it is removed, and its removal never adds a failure to one."""

import os
import stat
from pathlib import Path

import pytest

from cream.adapters.store.marker import TrustMarker


def test_it_stands_from_its_placing_to_its_removal(tmp_path: Path) -> None:
    marker = TrustMarker(tmp_path / "orders.db")
    assert not marker.stands()

    marker.place()
    marker.place()
    assert TrustMarker(tmp_path / "orders.db").stands()

    marker.remove()
    marker.remove()
    assert not TrustMarker(tmp_path / "orders.db").stands()


def test_each_journal_has_its_own_for_this_user_alone(tmp_path: Path) -> None:
    TrustMarker(tmp_path / "a.db").place()

    assert not TrustMarker(tmp_path / "b.db").stands()
    assert stat.S_IMODE((tmp_path / "a.db.trusted").stat().st_mode) == 0o600


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    marker = TrustMarker(tmp_path / "file" / "orders.db")

    with pytest.raises(OSError, match="exists"):
        marker.place()
    marker.remove()


def test_placing_and_removing_outlive_a_power_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An old marker that comes back would vouch for a journal that could not commit."""
    marker = TrustMarker(tmp_path / "orders.db")
    on_disk: list[tuple[str, bool]] = []

    def sync(descriptor: int) -> None:
        on_disk.append((os.readlink(f"/proc/self/fd/{descriptor}"), marker.stands()))

    monkeypatch.setattr(os, "fsync", sync)
    marker.place()
    marker.remove()

    assert on_disk == [(str(tmp_path), True), (str(tmp_path), False)]


def test_a_disk_that_cannot_sync_adds_nothing_to_the_failure_at_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marker = TrustMarker(tmp_path / "orders.db")
    marker.place()

    def sync(descriptor: int) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(os, "fsync", sync)
    marker.remove()
    assert not marker.stands()
    with pytest.raises(OSError, match="the disk is gone"):
        marker.place()
