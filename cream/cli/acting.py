"""`cream cancel`, `halt`, `reduce`, `resume`: change what may happen."""

import argparse
import getpass
import os
import sys

from cream.cli.client import Json, call, guarded, print_json
from cream.cli.exits import DONE, REFUSED

_STATES = {"halt": "HALTED", "reduce": "REDUCING", "resume": "ACTIVE"}


def acting(options: argparse.Namespace) -> int:
    """Do what `options.action` says."""
    return guarded(_cancel if options.action == "cancel" else _set_state, options)


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
    reply = call(options, "POST", "/v1/trading-state", body)
    if options.json:
        print_json(reply)
        return DONE
    sys.stdout.write(f"{reply['state']}\n")
    for one in reply["causes"]:
        sys.stdout.write(f"  {one['cause']}: {one['reason']} ({one['actor']}, {one['since']})\n")
    return DONE
