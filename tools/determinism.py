"""Does anything in the tree reach for the wall clock, chance or a thread outside the seams?

Run by `make check`. Ruff bans the calls by name; this follows what a name stands for, so that an
alias does not slip through, and looks for iteration over sets where order can be seen. The seams
are listed here with the reason; a new one is a decision, not an accident, and one that needs no
exception any more goes.
"""

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

# Module -> why it may touch it. Paths are relative to the package.
SEAMS = {
    "adapters/clock.py": "the wall clock: everyone else is given a Clock",
    "adapters/feeds/random_walk.py": "the synthetic market's own seeded chance",
    "adapters/systemd.py": "tells systemd when a reload began, by the machine's own clock",
    "daemon/root.py": "makes the one random generator that others are given",
    "adapters/store/work_thread.py": "the journal's writer thread",
    "adapters/offload.py": "the thread that prices options: the simulation prices inline",
    "client/connection.py": "runs in the agent's process, with its clock and chance",
}
GENERATED = ("wire/", "client/v1/", "adapters/rpc/google_rpc/")

BANNED_MODULES = {
    "asyncio",
    "concurrent",
    "multiprocessing",
    "random",
    "secrets",
    "threading",
    "time",
    "uuid",
}
BANNED_NAMES = {
    "__import__",
    "datetime.date.today",
    "datetime.datetime.now",
    "datetime.datetime.today",
    "datetime.datetime.utcnow",
    "importlib.import_module",
    "numpy.random",
    "os.getrandom",
    "os.urandom",
    "trio.lowlevel.start_thread_soon",
    "trio.to_thread",
}

OVER_A_SET = "iterates over a set: its order differs from run to run"
# What makes a sequence of its argument, and so shows its order.
SEQUENCES = {"enumerate", "iter", "list", "tuple", "zip", "map", "filter", "reversed", "dict"}
# What gives the same for any order of its argument. Not `sum`: floats remember it.
ORDERLESS = {"all", "any", "frozenset", "len", "max", "min", "set", "sorted"}
SET_METHODS = {"difference", "intersection", "symmetric_difference", "union"}


def problems(path: Path, relative: str) -> Iterator[str]:
    """What the file does that only a seam may do."""
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    meanings = _meanings(tree)
    orderless = set(map(id, _orderless(tree)))
    for node in ast.walk(tree):
        found = [*_imports(node), *_reaches(node, meanings)]
        if id(node) not in orderless and any(map(_is_set, _in_order(node))):
            found.append(OVER_A_SET)
        for what in found:
            yield f"{relative}:{getattr(node, 'lineno', 0)}: {what}"


def _imported(node: ast.AST) -> Iterator[tuple[str, str]]:
    """(name in this file, full name of what it stands for)."""
    match node:
        case ast.Import(names=names):
            for name in names:
                top = name.name.split(".")[0]
                yield (name.asname, name.name) if name.asname else (top, top)
        case ast.ImportFrom(module=str(module), names=names, level=0):
            for name in names:
                yield name.asname or name.name, f"{module}.{name.name}"
        case _:
            return


def _meanings(tree: ast.Module) -> Mapping[str, str]:
    return dict(pair for node in ast.walk(tree) for pair in _imported(node))


def _imports(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            full = [name.name for name in names]
        case ast.ImportFrom(level=0):
            full = [meaning for _, meaning in _imported(node)]
        case _:
            return
    for name in full:
        banned = any(name == one or name.startswith(f"{one}.") for one in BANNED_NAMES)
        if banned or name.split(".")[0] in BANNED_MODULES:
            yield f"imports {name}"


def _reaches(node: ast.AST, meanings: Mapping[str, str]) -> Iterator[str]:
    """The banned name that exactly this node stands for; called or passed on is the same."""
    if isinstance(node, ast.Name | ast.Attribute):
        name = _full_name(node, meanings)
        if name in BANNED_NAMES and not (isinstance(node, ast.Name) and node.id in meanings):
            yield f"reaches for {name}"


def _full_name(node: ast.AST, meanings: Mapping[str, str]) -> str:
    match node:
        case ast.Name(id=name):
            return meanings.get(name, name)
        case ast.Attribute(value=value, attr=attr):
            return f"{_full_name(value, meanings)}.{attr}"
        case _:
            return ""


def _in_order(node: ast.AST) -> Iterator[ast.expr]:
    """What `node` goes through one by one in a way that shows the order."""
    match node:
        case ast.For(iter=source) | ast.Starred(value=source):
            yield source
        case (
            ast.ListComp(generators=parts)
            | ast.GeneratorExp(generators=parts)
            | ast.DictComp(generators=parts)
        ):
            yield from (part.iter for part in parts)
        case ast.Call(func=ast.Name(id=name), args=arguments) if name in SEQUENCES:
            yield from arguments
        case ast.Call(func=ast.Attribute(attr="join"), args=arguments):
            yield from arguments
        case _:
            return


def _orderless(tree: ast.Module) -> Iterator[ast.AST]:
    """What is made only for a function that does not care about order."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name), args=arguments) if name in ORDERLESS:
                yield from arguments
            case ast.Call(func=ast.Attribute(attr=name), args=arguments) if name in SET_METHODS:
                yield from arguments
            case ast.Set(elts=elements):
                yield from elements
            case _:
                continue


def _is_set(node: ast.expr) -> bool:
    """Whether `node` is a set by its form: nothing is known of the types of names."""
    match node:
        case ast.Set() | ast.SetComp():
            return True
        case ast.Call(func=ast.Name(id="set" | "frozenset")):
            return True
        case ast.Call(func=ast.Attribute(value=value, attr=name)):
            return name in SET_METHODS and _is_set(value)
        case ast.BinOp(left=left, op=ast.BitOr() | ast.BitAnd() | ast.Sub() | ast.BitXor()):
            return any(_is_set(side) or _is_view(side) for side in (left, node.right))
        case _:
            return False


def _is_view(node: ast.expr) -> bool:
    """A dict's keys have an order, but what is made of them with an operator has none."""
    return isinstance(node, ast.Call) and (
        isinstance(node.func, ast.Attribute) and node.func.attr in ("keys", "items")
    )


def main(root: Path, seams: Mapping[str, str] = SEAMS) -> int:
    """Print every problem under `root`. 1 if there are any, or a seam that is none any more."""
    found = 0
    stale = dict.fromkeys(seams, "no such file")
    for path in sorted(root.rglob("*.py")):
        relative = path.relative_to(root).as_posix()
        if relative.startswith(GENERATED):
            continue
        here = list(problems(path, relative))
        if relative in seams:
            if here:
                del stale[relative]
            else:
                stale[relative] = "needs no exception"
            continue
        for problem in here:
            found += 1
            sys.stdout.write(f"{problem} (not a seam: see tools/determinism.py)\n")
    for relative, why in stale.items():
        sys.stdout.write(f"{relative}: listed as a seam, but {why}\n")
    sys.stdout.write(f"determinism: {found} problems, {len(seams) - len(stale)} seams\n")
    return 1 if found or stale else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
