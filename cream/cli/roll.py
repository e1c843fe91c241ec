"""`cream roll`: which options would be rolled now, into what, and if not, why not? Or roll one."""

import argparse
import sys
from collections.abc import Iterator

from cream.cli.client import Json, call, guarded, print_json
from cream.cli.exits import DONE, USAGE
from cream.cli.tables import table

_HEADINGS = ("SYMBOL", "HELD", "OUTCOME", "INTO", "QUANTITY", "MIDDLE", "NATURAL", "LIMIT", "WHY")


def roll(options: argparse.Namespace) -> int:
    """Print what would be done and nothing is, or begin with one position."""
    if options.now is None:
        return guarded(_roll, options)
    if options.submit is None:
        sys.stderr.write("cream roll --now sends orders: say the word submit\n")
        return USAGE
    return guarded(_roll_now, options)


def _roll_now(options: argparse.Namespace) -> int:
    reply = call(options, "POST", "/v1/options/rolls", {"symbol": options.now})
    if options.json:
        print_json(reply)
    else:
        sys.stdout.write(_under_way(reply) + "\n")
    return DONE


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
    for one in reply.get("under_way", ()):
        yield _under_way(one)
    if not reply["rolls"]:
        yield "No options are held."
        return
    yield table(_HEADINGS, [_row(one) for one in reply["rolls"]])
    if any(one["into"] is not None for one in reply["rolls"]):
        yield ""
        yield "Net prices per share, negative: a credit. Nothing was sent."


def _under_way(one: Json) -> str:
    legs, into = _legs(one["legs"]), _legs(one["into_legs"])
    return f"Under way: {one['roll_id']}, {one['units']} times {legs} into {into}"


def _legs(legs: list[Json]) -> str:
    return ", ".join(f"{leg['ratio']:+d} {leg['symbol']}" for leg in legs)


def _row(one: Json) -> list[object]:
    reasons = ", ".join(one["reasons"])
    refused = one.get("refused")
    gate = f"the gate would refuse it: {refused}" if refused else None
    return [
        _name(one),
        one["quantity"],
        one["outcome"].lower().replace("_", " "),
        one["into"],
        one["into_quantity"],
        one["net_middle"],
        one["net_natural"],
        one["net_limit"],
        "; ".join(part for part in (reasons, one["why"], gate) if part),
    ]


def _name(one: Json) -> str:
    """The contract, and of a spread how many legs there are besides."""
    others = len(one.get("legs", ())) - 1
    symbol: str = one["symbol"]
    return f"{symbol} +{others}" if others > 0 else symbol
