"""Large blocks are the system's, and go back to it: shown by a process of its own."""

import platform
import subprocess
import sys

import pytest

from cream.adapters.blocks import LARGE, give_back_large_blocks

# What glibc has got from the system in large blocks of their own, while such a one is held that
# came after a larger one was let go: that is what it learns its threshold from.
_HELD_APART = """
import ctypes, sys
from cream.adapters.blocks import LARGE, give_back_large_blocks

class Figures(ctypes.Structure):
    names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = [(name, ctypes.c_size_t) for name in names.split()]

libc = ctypes.CDLL(None)
libc.mallinfo2.restype = Figures
if sys.argv[1] == "told":
    assert give_back_large_blocks()
before = libc.mallinfo2().hblkhd
block = bytearray(16 * LARGE)
del block
block = bytearray(8 * LARGE)
print(libc.mallinfo2().hblkhd - before >= 8 * LARGE)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library than glibc")
@pytest.mark.parametrize(("told", "apart"), [("told", "True"), ("untold", "False")])
def test_a_large_block_is_held_apart_also_after_a_larger_one(told: str, apart: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _HELD_APART, told], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == apart


def test_a_library_that_cannot_be_told_is_let_be(monkeypatch: pytest.MonkeyPatch) -> None:
    class Library:
        def __init__(self, _name: None) -> None:
            pass

    monkeypatch.setattr("ctypes.CDLL", Library)
    assert not give_back_large_blocks()
    assert LARGE == 128 * 1024
