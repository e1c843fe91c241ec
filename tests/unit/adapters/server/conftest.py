"""What do all tests of the servers share?"""

from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from tests.fakes.operations import FakeOperations


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[Any]]:
    """What the servers log, instead of on the screen."""
    with structlog.testing.capture_logs() as entries:
        yield entries


@pytest.fixture
def operations() -> FakeOperations:
    """Operations that approve everything."""
    return FakeOperations()
