"""`cream status`, `orders`, `positions`, `activities` and the like: look, touch nothing."""

import argparse
import sys

from cream.cli.account import activities, fees
from cream.cli.client import call, guarded, print_json
from cream.cli.exits import DONE, REFUSED
from cream.cli.tables import table

_CLOSED = ("FILLED", "CANCELED", "REJECTED", "EXPIRED")


def reading(options: argparse.Namespace) -> int:
    """Do what `options.action` says."""
    commands = {
        "status": _status,
        "orders": _orders,
        "positions": _positions,
        "activities": activities,
        "fees": fees,
        "reconcile": _reconcile,
        "watch": _watch,
    }
    return guarded(commands[options.action], options)


def _status(options: argparse.Namespace) -> int:
    ready = call(options, "GET", "/ready")
    state = call(options, "GET", "/v1/trading-state")
    parts = call(options, "GET", "/v1/supervision")
    alerts = call(options, "GET", "/v1/reconciliation").get("alerts", [])
    alarms = call(options, "GET", "/v1/options/alarms")["alarms"]
    if options.json:
        print_json({**ready, **state, **parts, "alerts": alerts, "option_alarms": alarms})
    else:
        sys.stdout.write(f"{'ready' if ready['ready'] else 'not ready'}, {state['state']}\n")
        for reason in ready["reasons"]:
            sys.stdout.write(f"  {reason}\n")
        for one in alerts:
            words = f"{one['kind']} in {one['subject']}: we have {one['ours']}"
            sys.stdout.write(f"  ALERT {words}, the broker has {one['theirs']}\n")
        for one in alarms:
            sys.stdout.write(f"  ALARM {one['kind']}: {one['message']} (since {one['since']})\n")
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


def _reconcile(options: argparse.Namespace) -> int:
    """Exit code 1 where something critical differs, or nothing was ever compared."""
    reply = call(options, "POST" if options.now else "GET", "/v1/reconciliation")
    if options.json:
        print_json(reply)
        return DONE if reply["clean"] else REFUSED
    when = f"{reply['layer']} at {reply['completed_at']}" if reply["completed_at"] else "never"
    sys.stdout.write(f"last compared: {when}\n")
    keys = ("kind", "subject", "ours", "theirs", "critical")
    rows = [[one[key] for key in keys] for one in reply["differences"]]
    if rows:
        heading = ("DIFFERENCE", "IN", "OURS", "THE BROKER'S", "CRITICAL")
        sys.stdout.write(table(heading, rows) + "\n")
    for key, text in (("unanswered", "may be at the broker"), ("guessed", "fills guessed")):
        if reply[key]:
            sys.stdout.write(f"{text}: {', '.join(reply[key])}\n")
    return DONE if reply["clean"] else REFUSED


def _watch(options: argparse.Namespace) -> int:
    from cream.cli.watching import watch

    return watch(options)
