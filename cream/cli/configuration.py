"""`cream config`: check it, show it, print its schema."""

import argparse
import json
import sys

from cream.adapters.config import ConfigErrors, json_schema, not_effective, show
from cream.adapters.config.kinds import Section
from cream.adapters.config.show import plain
from cream.cli.exits import CONFIGURATION, DONE
from cream.cli.settings import complain, load_settings
from cream.core.risk.selftest import Outcome, self_test
from cream.daemon.settings import Settings


def configuration(options: argparse.Namespace) -> int:
    """Do what `options.action` says."""
    if options.action == "schema":
        sys.stdout.write(json.dumps(json_schema(Settings), indent=2) + "\n")
        return DONE
    try:
        loaded = load_settings(options.config)
    except ConfigErrors as errors:
        return _report(errors) if options.json else complain(errors)
    if options.action == "show":
        sys.stdout.write(_as_json(loaded.settings) if options.json else show(loaded.settings))
        return DONE
    waiting = not_effective(loaded.settings, loaded.given)
    proofs = self_test(loaded.settings.constraints)
    holds = all(one.outcome is not Outcome.FAILS for one in proofs)
    if options.json:
        rows = [{"path": one.path, "waits_for": one.reason} for one in waiting]
        limits = [
            {"path": f"constraints.{one.limit_key}", "code": one.code, "result": one.outcome.value}
            for one in proofs
        ]
        answer = {"ok": holds, "problems": [], "not_effective": rows, "limits": limits}
        sys.stdout.write(json.dumps(answer) + "\n")
        return DONE if holds else CONFIGURATION
    sys.stdout.write(f"{options.config}: valid\n")
    for one in waiting:
        sys.stdout.write(f"  {one.path}: not yet effective, waits for: {one.reason}\n")
    sys.stdout.write("Each limit, gone past on a portfolio made up for it:\n")
    for proof in proofs:
        what = f"constraints.{proof.limit_key}: {proof.outcome.value} ({proof.code})"
        sys.stdout.write(f"  {what}\n")
    return DONE if holds else CONFIGURATION


def _as_json(settings: Settings) -> str:
    """As `show`, in JSON; amounts are text, as in the API."""
    return json.dumps(plain(settings, Section(Settings)), indent=2, default=str) + "\n"


def _report(errors: ConfigErrors) -> int:
    problems = [
        {"path": one.path, "line": one.line, "found": one.found, "expected": one.expected}
        for one in errors.problems
    ]
    sys.stdout.write(json.dumps({"ok": False, "problems": problems}) + "\n")
    return CONFIGURATION
