"""What every command needs: an environment that says nothing, an empty directory, a daemon."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.cli.fake_daemon import FakeDaemon, serving


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, which is empty. The environment names no daemon and no token."""
    for name in ("CREAM_URL", "CREAM_TOKEN", "CREAM_ENV"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDaemon]:
    """A daemon that CREAM_URL names."""
    with serving(FakeDaemon()) as one:
        monkeypatch.setenv("CREAM_URL", one.url)
        yield one
