"""`cream plan`: ask for a verdict, or submit."""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from cream.cli.client import CommandFailed, Json, call, guarded, print_json
from cream.cli.exits import DONE, REFUSED, USAGE
from cream.cli.tables import table


def plan(options: argparse.Namespace) -> int:
    """Do what `options.action` says; 1 if the plan was refused."""
    return guarded(_check if options.action == "check" else _submit, options)


def _read(options: argparse.Namespace) -> str:
    """The plan as it stands in the file: the daemon judges its content, to the last digit."""
    file: Path = options.file
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
        json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise CommandFailed(f"{file}: {error}", USAGE) from None
    return text


def _check(options: argparse.Namespace) -> int:
    body = f'{{"decision_plan": {_read(options)}}}'
    reply = call(options, "POST", "/v1/check-constraints", body)
    if options.json:
        print_json(reply)
    else:
        sys.stdout.write(f"{'approved' if reply['ok'] else 'refused'}\n")
        _print_violations(reply)
        _print_planned(reply)
    return DONE if reply["ok"] else REFUSED


def _submit(options: argparse.Namespace) -> int:
    params = json.dumps({"allow_partial": options.allow_partial})
    body = f'{{"decision_plan": {_read(options)}, "execution_params": {params}}}'
    reply = call(options, "POST", "/v1/submit-orders", body)
    if options.json:
        print_json(reply)
    else:
        sys.stdout.write(f"{'accepted' if reply['ok'] else 'refused'}\n")
        _print_violations(reply)
        for one in reply["errors"]:
            sys.stdout.write(f"  {one['code']} ({_where(one)}): {one['message']}\n")
        _print_placed(reply)
    return DONE if reply["ok"] else REFUSED


def violation_lines(reply: Json) -> Iterator[str]:
    """What the gate found, and the sizes that would pass."""
    for one in reply["violations"]:
        yield f"  {one['severity']} {one['code']} ({_where(one)}): {one['message']}"
    for one in reply.get("suggestions", ()):
        if one["quantity"] is not None:
            yield f"  {one['decision_id']} would pass with {one['quantity']}"


def _print_violations(reply: Json) -> None:
    for line in violation_lines(reply):
        sys.stdout.write(f"{line}\n")


def _where(one: Json) -> str:
    return str(one.get("instrument_id") or "plan")


def _print_planned(reply: Json) -> None:
    if reply["orders"]:
        headings = ("SIDE", "QUANTITY", "SYMBOL", "TYPE", "LIMIT", "CLASS", "STOP", "TARGET")
        keys = (
            "side",
            "quantity",
            "symbol",
            "order_type",
            "limit_price",
            "order_class",
            "stop_price",
            "take_profit_price",
        )
        rows = [[one.get(key) for key in keys] for one in reply["orders"]]
        sys.stdout.write(table(headings, rows) + "\n")


def _print_placed(reply: Json) -> None:
    if reply["orders"]:
        headings = ("ORDER", "SYMBOL", "SIDE", "QUANTITY", "FILLED", "STATUS")
        keys = ("order_id", "symbol", "side", "requested_quantity", "filled_quantity", "status")
        rows = [[one.get(key) for key in keys] for one in reply["orders"]]
        sys.stdout.write(table(headings, rows) + "\n")
