"""A command whose streams are closed or full says so, and does what it was asked."""

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from cream.cli.streams import is_no_room

ROOT = Path(__file__).parents[3]
CREAM = f"{sys.executable} -m cream"


def shell(line: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", "-c", line], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("closed", [">&-", "<&-", "<&- >&-"])
def test_a_closed_stream_is_no_defect(closed: str) -> None:
    done = shell(f"{CREAM} config schema {closed}")

    assert (done.returncode, done.stderr) == (0, "")


def test_a_plan_from_a_closed_input_is_an_empty_one() -> None:
    done = shell(f"{CREAM} plan check - <&-")

    assert done.returncode == 2
    assert done.stderr.startswith("-: ")


def test_an_output_without_room_is_told_in_one_line() -> None:
    done = shell(f"{CREAM} config schema > /dev/full")

    assert done.returncode == 74
    assert done.stderr == "cream: No space left on device: not all of the answer is written\n"


def test_only_a_lack_of_room_is_one() -> None:
    assert is_no_room(OSError(errno.EFBIG, "too large"))
    assert not is_no_room(OSError(errno.EACCES, "not allowed"))
