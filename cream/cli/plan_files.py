"""Which plan is in a file? Read here, without a daemon, as the daemon would read it."""

import sys
from pathlib import Path

from cream.adapters.server.plan_json import PlanDefaults, read_plan
from cream.adapters.server.problems import Problems
from cream.adapters.server.strict_json import decode
from cream.cli.client import CommandFailed
from cream.cli.exits import USAGE
from cream.core.model.errors import CreamError
from cream.core.model.plan import DecisionPlan


def read_plan_file(file: Path) -> DecisionPlan:
    """The plan in `file`; `-` is standard input.

    Raises: CommandFailed with every problem.
    """
    problems = Problems()
    try:
        body = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        plan = read_plan(decode(body), "plan", problems, PlanDefaults())
        problems.raise_any()
    except OSError as error:
        raise CommandFailed(f"{file}: {error}", USAGE) from None
    except CreamError as error:
        lines = [f"{file} is not a plan: {error.message}"]
        lines += [f"  {one.field}: {one.problem}" for one in error.problems if one.field]
        raise CommandFailed("\n".join(lines), USAGE) from None
    assert plan is not None, "what is not a plan has a problem"
    return plan
