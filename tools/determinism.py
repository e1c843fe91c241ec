"""Does anything in the tree reach for the wall clock, chance or a thread outside the seams?

Run by `make check`. Ruff bans the calls by name; this looks at imports and attribute chains, so
that an alias does not slip through, and at iteration over sets where order can be seen. The seams
are listed here with the reason; a new one is a decision, not an accident.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

# Module -> why it may touch it. Paths are relative to the package.
SEAMS = {
    "adapters/clock.py": "the wall clock: everyone else is given a Clock",
    "adapters/feeds/random_walk.py": "the synthetic market's own seeded chance",
    "daemon/root.py": "makes the one random generator that others are given",
    "adapters/store/work_thread.py": "the journal's writer thread",
    "client/connection.py": "runs in the agent's process, with its clock and chance",
}
GENERATED = ("wire/", "client/v1/", "adapters/rpc/google_rpc/")

BANNED_MODULES = {"random", "secrets", "uuid", "time", "threading", "asyncio"}
BANNED_CALLS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("os", "urandom"),
    ("to_thread", "run_sync"),
}


def problems(path: Path, relative: str) -> Iterator[str]:
    """What the file does that only a seam may do."""
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        for what in _reaches(node):
            yield f"{relative}:{getattr(node, 'lineno', 0)}: {what}"


def _reaches(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            for name in names:
                if name.name.split(".")[0] in BANNED_MODULES:
                    yield f"imports {name.name}"
        case ast.ImportFrom(module=str(module), level=0):
            if module.split(".")[0] in BANNED_MODULES:
                yield f"imports from {module}"
        case ast.Call(func=ast.Attribute(value=value, attr=attr)):
            owner = value.attr if isinstance(value, ast.Attribute) else getattr(value, "id", "")
            if (owner, attr) in BANNED_CALLS:
                yield f"calls {owner}.{attr}"
        case (
            ast.For(iter=ast.Set() | ast.SetComp())
            | ast.comprehension(iter=ast.Set() | ast.SetComp())
        ):
            yield "iterates over a set: its order differs from run to run"
        case ast.For(iter=ast.Call(func=ast.Name(id="set" | "frozenset"))):
            yield "iterates over a set: its order differs from run to run"
        case _:
            return


def main(root: Path) -> int:
    """Print every problem under `root`. 1 if there are any, or a seam that is none any more."""
    found = 0
    stale = dict(SEAMS)
    for path in sorted(root.rglob("*.py")):
        relative = path.relative_to(root).as_posix()
        if relative.startswith(GENERATED):
            continue
        here = list(problems(path, relative))
        if relative in SEAMS:
            if here:
                stale.pop(relative)
            continue
        for problem in here:
            found += 1
            sys.stdout.write(f"{problem} (not a seam: see tools/determinism.py)\n")
    for relative in stale:
        sys.stdout.write(f"{relative}: listed as a seam, but needs none\n")
    sys.stdout.write(f"determinism: {found} problems, {len(SEAMS) - len(stale)} seams\n")
    return 1 if found or stale else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
