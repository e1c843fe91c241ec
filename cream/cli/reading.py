"""`cream status`, `orders`, `positions`, `watch`: look, touch nothing."""

import argparse
import sys

from cream.cli.client import call, guarded, print_json
from cream.cli.exits import DONE, REFUSED
from cream.cli.tables import table

_CLOSED = ("FILLED", "CANCELED", "REJECTED", "EXPIRED")


def reading(options: argparse.Namespace) -> int:
    """Do what `options.action` says."""
    commands = {"status": _status, "orders": _orders, "positions": _positions, "watch": _watch}
    return guarded(commands[options.action], options)


def _status(options: argparse.Namespace) -> int:
    ready = call(options, "GET", "/ready")
    state = call(options, "GET", "/v1/trading-state")
    parts = call(options, "GET", "/v1/supervision")
    if options.json:
        print_json({**ready, **state, **parts})
    else:
        sys.stdout.write(f"{'ready' if ready['ready'] else 'not ready'}, {state['state']}\n")
        for reason in ready["reasons"]:
            sys.stdout.write(f"  {reason}\n")
        keys = ("name", "state", "restarts", "last_error")
        rows = [[one[key] for key in keys] for one in parts["subsystems"]]
        sys.stdout.write(table(("SUBSYSTEM", "STATE", "RESTARTS", "LAST ERROR"), rows) + "\n")
    return DONE if ready["ready"] else REFUSED


def _orders(options: argparse.Namespace) -> int:
    reply = call(options, "GET", "/v1/orders")
    orders = reply["orders"]
    if options.open:
        orders = [one for one in orders if one["status"] not in _CLOSED]
    if options.json:
        print_json({"orders": orders})
        return DONE
    keys = (
        "order_id",
        "symbol",
        "side",
        "order_type",
        "requested_quantity",
        "filled_quantity",
        "limit_price",
        "stop_price",
        "purpose",
        "status",
    )
    headings = (
        "ORDER",
        "SYMBOL",
        "SIDE",
        "TYPE",
        "QTY",
        "FILLED",
        "LIMIT",
        "STOP",
        "FOR",
        "STATUS",
    )
    sys.stdout.write(table(headings, [[one.get(key) for key in keys] for one in orders]) + "\n")
    return DONE


def _positions(options: argparse.Namespace) -> int:
    reply = call(options, "GET", "/v1/positions")
    if options.json:
        print_json(reply)
        return DONE
    keys = (
        "symbol",
        "quantity",
        "avg_entry_price",
        "market_value",
        "unrealized_pnl",
        "stop_price",
        "take_profit_price",
        "protected_quantity",
    )
    headings = ("SYMBOL", "QTY", "AVERAGE", "VALUE", "P&L", "STOP", "TARGET", "PROTECTED")
    rows = [[one.get(key) for key in keys] for one in reply["positions"]]
    sys.stdout.write(table(headings, rows) + "\n")
    return DONE


def _watch(options: argparse.Namespace) -> int:
    from cream.cli.watching import watch

    return watch(options)
