"""`cream activities` and `cream fees`: what happened to the account, and what it cost."""

import argparse
import sys
from urllib.parse import urlencode

from cream.cli.client import Json, call, print_json
from cream.cli.exits import DONE
from cream.cli.tables import table


def activities(options: argparse.Namespace) -> int:
    """Every row that is asked for, the newest day first: all pages of it."""
    rows = list[Json]()
    query = [("type", one) for one in options.type]
    query += [(name, getattr(options, name)) for name in ("since", "until")]
    query = [(name, value) for name, value in query if value is not None]
    cursor = None
    while True:
        asked = [*query, ("limit", "1000"), *([("cursor", cursor)] if cursor else [])]
        page = call(options, "GET", f"/v1/activities?{urlencode(asked)}")
        rows += page["activities"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    if options.json:
        print_json({"activities": rows})
        return DONE
    keys = ("date", "word", "sub_word", "symbol", "quantity", "price", "net_amount", "status")
    headings = ("DATE", "TYPE", "KIND", "SYMBOL", "QTY", "PRICE", "AMOUNT", "STATUS")
    sys.stdout.write(table(headings, [[one.get(key) for key in keys] for one in rows]) + "\n")
    return DONE


def fees(options: argparse.Namespace) -> int:
    """Estimates beside what was charged, by day and kind."""
    reply = call(options, "GET", "/v1/fees")
    if options.json:
        print_json(reply)
        return DONE
    keys = ("date", "kind", "estimated", "charged", "differs")
    headings = ("DAY", "KIND", "ESTIMATED", "CHARGED", "DIFFERS")
    rows = [[one.get(key) for key in keys] for one in reply["fees"]]
    sys.stdout.write(table(headings, rows) + "\n")
    return DONE
