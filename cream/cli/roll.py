"""`cream roll --dry-run`: which options would be rolled now, into what, and if not, why not?"""

import argparse
import sys
from collections.abc import Iterator

from cream.cli.client import Json, call, guarded, print_json
from cream.cli.exits import DONE
from cream.cli.tables import table

_HEADINGS = ("SYMBOL", "HELD", "OUTCOME", "INTO", "QUANTITY", "MIDDLE", "NATURAL", "LIMIT", "WHY")


def roll(options: argparse.Namespace) -> int:
    """Print what would be done; nothing is."""
    return guarded(_roll, options)


def _roll(options: argparse.Namespace) -> int:
    reply = call(options, "GET", "/v1/options/rolls")
    if options.json:
        print_json(reply)
    else:
        sys.stdout.write("\n".join(_lines(reply)) + "\n")
    return DONE


def _lines(reply: Json) -> Iterator[str]:
    if not reply["enabled"]:
        yield "Rolling is off (options.rolling.enabled): this is what it would say."
    if not reply["rolls"]:
        yield "No options are held."
        return
    yield table(_HEADINGS, [_row(one) for one in reply["rolls"]])
    if any(one["into"] is not None for one in reply["rolls"]):
        yield ""
        yield "Net prices per share, negative: a credit. Nothing was sent."


def _row(one: Json) -> list[object]:
    reasons = ", ".join(one["reasons"])
    return [
        one["symbol"],
        one["quantity"],
        one["outcome"].lower().replace("_", " "),
        one["into"],
        one["into_quantity"],
        one["net_middle"],
        one["net_natural"],
        one["net_limit"],
        "; ".join(part for part in (reasons, one["why"]) if part),
    ]
