"""`make crash`: crashes and power failures in full number. Which suites, as arguments; else all."""

import sys
from collections.abc import Callable

from tests.crash import power

SUITES: dict[str, Callable[[], int]] = {"power": lambda: power.main([])}


def main(arguments: list[str]) -> int:
    """Run the suites; not 0 when one lost something."""
    codes = []
    for name in arguments or SUITES:
        sys.stdout.write(f"\n== {name}\n")
        sys.stdout.flush()
        codes.append(SUITES[name]())
    return max(codes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
