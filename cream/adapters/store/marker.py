"""Could the last run's journal be trusted to its end? A file that is there says yes.

A journal that cannot commit cannot record that either, but a file can be removed even on a full
disk: the marker exists while a journal is trusted and is removed the moment a commit fails. A start
that finds records but no marker begins HALTED. `kill -9` leaves it in place.
"""

import contextlib
import os
from pathlib import Path


class TrustMarker:
    """The marker beside the journal at `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(path.name + ".trusted")

    def stands(self) -> bool:
        """Whether the marker is there."""
        return self._path.exists()

    def place(self) -> None:
        """Say that the journal is trusted. Raises: OSError."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
        self._sync_directory()

    def remove(self) -> None:
        """Say that it is not any more. Never raises: the caller has a failure at hand already."""
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)
            self._sync_directory()

    def _sync_directory(self) -> None:
        """What is there and what is not outlives a power cut: an old marker must not come back."""
        descriptor = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
