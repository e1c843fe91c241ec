"""What do all unit tests of the gRPC transport share?"""

from collections.abc import Iterator
from typing import Any

import pytest
import structlog


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[Any]]:
    """What the transport logs, instead of on the screen."""
    with structlog.testing.capture_logs() as entries:
        yield entries
