"""The clocks: the machine's, and one that begins where it is told."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
import trio
import trio.testing

from cream.adapters.clock import ShiftedClock, SystemClock, clock_from

START = datetime(2026, 11, 23, 15, tzinfo=UTC)


def test_the_system_clock_tells_the_time_of_the_machine_in_utc() -> None:
    before = datetime.now(UTC)
    told = SystemClock().now()
    assert before <= told <= datetime.now(UTC)
    assert told.utcoffset() == timedelta(0)


async def test_a_shifted_clock_begins_at_its_start_and_advances_with_trio(
    autojump_clock: trio.testing.MockClock,
) -> None:
    await trio.sleep(5)
    clock = ShiftedClock(START)
    assert clock.now() == START
    await trio.sleep(90)
    assert clock.now() == START + timedelta(seconds=90)


def test_a_shifted_clock_speaks_utc_whatever_its_start_was_written_in() -> None:
    new_york = timezone(timedelta(hours=-5))
    clock = ShiftedClock(START.astimezone(new_york), elapsed=lambda: 0.0)
    assert clock.now() == START
    assert clock.now().tzinfo is UTC


async def test_the_settings_choose_the_clock() -> None:
    assert isinstance(clock_from(None), SystemClock)
    assert isinstance(clock_from(START), ShiftedClock)


def test_a_shifted_clock_needs_trio_to_advance_it() -> None:
    with pytest.raises(RuntimeError):
        clock_from(START)
