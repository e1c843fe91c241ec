"""`make crash`: crashes and power failures in full number. Which suites, as arguments; else all."""

import sys
from collections.abc import Callable

from tests.crash import daemon_kill9, power

SUITES: dict[str, Callable[[], int]] = {
    "power": lambda: power.main([]),
    "daemon-sqlite": lambda: daemon_kill9.main("sqlite", daemon_kill9.SQLITE_CYCLES),
    "daemon-postgresql": lambda: daemon_kill9.main("postgresql", daemon_kill9.POSTGRES_CYCLES),
}


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
