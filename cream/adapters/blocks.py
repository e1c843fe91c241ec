"""How does the C library give back what a daemon of weeks has used for a moment?

A snapshot or a long answer is a text of megabytes. glibc learns from the first of them to keep such
blocks among its own, one heap a thread, where what lives longer comes to lie between them: what is
free grows for hours, and nobody gets it back. Measured over 150 s of `make soak`: 23 MB of free
blocks after two minutes, and still more; 3 MB with this.
"""

import ctypes

# Numbers of glibc's malloc.h (mallopt(3)).
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8

# glibc's own threshold, before it has learnt: larger blocks are the system's, and go back to it.
LARGE = 128 * 1024
# Heaps for threads: one for the loop's and one for those that write and work out.
ARENAS = 2


def give_back_large_blocks() -> bool:
    """Have the C library keep no large blocks. Whether it can be told: glibc can, others need not.

    It holds for the whole process, and for what is asked for from now on.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    wishes = ((_M_MMAP_THRESHOLD, LARGE), (_M_TRIM_THRESHOLD, LARGE), (_M_ARENA_MAX, ARENAS))
    return all(mallopt(what, size) == 1 for what, size in wishes)
