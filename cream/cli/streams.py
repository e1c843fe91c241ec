"""Where do input and output go when whoever started us has closed them, or has no room?"""

import errno
import os
import sys

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_STANDARD = 2


def fill_standard_streams() -> None:
    """Have the null device stand in for standard streams that are closed.

    Without it the journal or a socket would be opened under the number of standard output, and
    get what some library prints there.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) <= _STANDARD:
        os.set_inheritable(number, True)
    os.close(number)
    # Open as long as the process lives, as standard streams are.
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


def discard_output() -> None:
    """Have what is left to write go nowhere: it is flushed once more when the interpreter ends."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)


def is_no_room(error: OSError) -> bool:
    """Whether a file could not be written because it, or its disk, may grow no further."""
    return error.errno in _NO_ROOM
