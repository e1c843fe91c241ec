"""`cream cancel`, `halt`, `resume`, `kill`, `exercise` and others: change what may happen."""

import argparse
import getpass
import os
import sys

from cream.cli.client import Json, call, guarded, print_json
from cream.cli.exits import DONE, REFUSED

_STATES = {"halt": "HALTED", "reduce": "REDUCING", "resume": "ACTIVE"}


def acting(options: argparse.Namespace) -> int:
    """Do what `options.action` says."""
    others = {
        "cancel": _cancel,
        "kill": _kill,
        "mass-cancel": _mass_cancel,
        "exercise": _exercise,
        "do-not-exercise": _exercise,
    }
    return guarded(others.get(options.action, _set_state), options)


def _cancel(options: argparse.Namespace) -> int:
    reply = call(options, "POST", "/v1/cancel-orders", {"order_ids": [options.order_id]})
    result = reply["results"][0]
    if options.json:
        print_json(reply)
    elif result["accepted"]:
        sys.stdout.write(f"{result['order_id']}: {result['status']}\n")
    else:
        sys.stderr.write(f"{result['order_id']}: {_words(result)}\n")
    return DONE if result["accepted"] else REFUSED


def _words(result: Json) -> str:
    error = result.get("error")
    if isinstance(error, dict):
        return f"{error.get('code')}: {error.get('message')}"
    return str(error or result["status"])


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container may run under an id that has no name.
        return str(os.getuid())


def _set_state(options: argparse.Namespace) -> int:
    body: Json = {
        "state": _STATES[options.action],
        "reason": options.reason,
        "actor": f"cli:{_user()}",
    }
    if options.action == "resume" and options.force:
        body["force"] = True
    return _show_state(options, call(options, "POST", "/v1/trading-state", body))


def _kill(options: argparse.Namespace) -> int:
    body: Json = {"reason": options.reason, "flatten": options.flatten == "submit"}
    return _show_state(options, call(options, "POST", "/v1/kill-switch", body))


def _mass_cancel(options: argparse.Namespace) -> int:
    reply = call(options, "POST", "/v1/mass-cancel", {"reason": options.reason})
    if options.json:
        print_json(reply)
    else:
        sys.stdout.write(f"{reply['confirmed']} of {reply['requested']} cancelled\n")
        for order_id in reply["remaining"]:
            sys.stdout.write(f"  still open: {order_id}\n")
    return DONE if reply["complete"] else REFUSED


def _exercise(options: argparse.Namespace) -> int:
    body: Json = {"symbol": options.symbol}
    if options.action == "exercise" and options.quantity != "all":
        body["quantity"] = options.quantity
    reply = call(options, "POST", f"/v1/options/{options.action}", body)
    if options.json:
        print_json(reply)
    else:
        words = f": {reply['message']}" if reply["message"] else ""
        sys.stdout.write(f"{reply['quantity']} {reply['symbol']} {reply['outcome']}{words}\n")
    return DONE if reply["outcome"] == "taken" else REFUSED


def _show_state(options: argparse.Namespace, reply: Json) -> int:
    if options.json:
        print_json(reply)
        return DONE
    sys.stdout.write(f"{reply['state']}\n")
    for one in reply["causes"]:
        sys.stdout.write(f"  {one['cause']}: {one['reason']} ({one['actor']}, {one['since']})\n")
    return DONE
