"""How often does Python look for objects that only refer to each other? Seldom: few do here.

What nothing refers to any more is freed at once without it. Each look goes through everything that
was made since the last, and the long one through all that there is, so that with thousands of open
orders an order paid more for that than for its verdict.
"""

import gc

# Objects made before the young are looked through: those of some five orders, a millisecond's look.
# Python's own 700 are less than one order makes.
YOUNG = 20_000


def collect_seldom() -> None:
    """Have this process look for garbage in cycles once in a while, not with every order."""
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])


def keep_what_is_there() -> None:
    """Never again look through what a start has made: modules, settings, the book. It stays.

    An object of it that nothing refers to any more is freed all the same.
    """
    gc.freeze()
