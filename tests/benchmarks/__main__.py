"""`make bench`: what it costs, as ratios to peers measured in the same run. Asserts nothing."""

import sys

from tests.benchmarks import (
    chains,
    durable,
    feed,
    gate,
    idle,
    options,
    recovery,
    rpc,
    startup,
    stops,
)


def main(arguments: list[str]) -> None:
    """Run all benchmarks, or those whose names are given."""
    suites = {
        "startup": startup.run,
        "idle": idle.run,
        "stops": stops.run,
        "feed": feed.run,
        "rpc": rpc.run,
        "gate": gate.run,
        "options": options.run,
        "chains": chains.run,
        "durable": durable.run,
        "recovery": recovery.run,
    }
    for name in arguments or suites:
        sys.stdout.write(f"\n== {name}\n")
        for row in suites[name]():
            sys.stdout.write("  ".join(f"{key}={value}" for key, value in row.items()) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
