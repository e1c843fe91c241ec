"""Rolls by hand are refused while the daemon stops; the rest is shown in `test_roll_runner.py`."""

import pytest

from cream.core.model.errors import CreamError
from cream.daemon.roll_commands import RollCommands


class Stopping(RollCommands):
    """A daemon that takes nothing in any more."""

    draining = True


async def test_a_daemon_that_stops_begins_no_roll() -> None:
    with pytest.raises(CreamError) as caught:
        await Stopping().roll_now("AAPL  261127C00240000", "me")

    assert caught.value.kind.code == "NOT_READY"
