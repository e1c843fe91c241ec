"""The databases that contracts are run over."""

from collections.abc import Iterator

import pytest

from tests.databases import postgres


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """A server for the whole run; what needs it is skipped where none can be had, and says so."""
    try:
        with postgres.running() as server:
            yield server
    except postgres.NoServer as error:
        pytest.skip(str(error))
