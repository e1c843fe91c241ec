"""Which options does `cream sandbox` have? Apart from what it does, so that typing stays quick."""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Groups = argparse._SubParsersAction[argparse.ArgumentParser]


def add_sandbox(groups: "Groups") -> None:
    """Put the command among the others."""
    sandbox = groups.add_parser("sandbox", help="be an Alpaca to try things on, with faults")
    numbers = (
        ("--port", 8100, "trading API and order stream"),
        ("--control-port", 8101, "faults, quotes and the book"),
        ("--seed", 1, "of prices, ids and chance"),
        ("--requests-per-minute", 200, "what a key may ask"),
    )
    for name, default, text in numbers:
        sandbox.add_argument(name, type=int, default=default, help=f"{text} (default {default})")
    sandbox.add_argument("--cash", default="100000", help="of the account (default 100000)")
    sandbox.add_argument("--tick-rate", type=float, default=1.0, help="0: moved by hand only")
    sandbox.add_argument(
        "--session", choices=("always_open", "calendar"), default="always_open", help="hours"
    )
    sandbox.add_argument("--clock-start", help="where its clock begins (default: now)")
    sandbox.add_argument(
        "--bars", action="append", default=[], metavar="FILE", help="a CSV of bars to follow"
    )
    sandbox.add_argument(
        "--fees", choices=("live", "paper"), default="paper", help="charge trades, or do not"
    )
    sandbox.add_argument("--plan", choices=("basic", "plus"), default="plus", help="of data")
    sandbox.add_argument("--keys", metavar="KEY:SECRET", help="the only pair that is let in")
    sandbox.set_defaults(command=_sandbox)


def _sandbox(options: argparse.Namespace) -> int:
    from cream.cli.sandbox import sandbox

    return sandbox(options)
