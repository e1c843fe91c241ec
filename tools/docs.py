"""Do the documents say what the code does, and how are they made again?

`python tools/docs.py` writes docs/configuration.md, docs/config.schema.json and docs/openapi.json
whole, and in the other documents what stands between `<!-- generated: NAME -->` and
`<!-- end: NAME -->`; the rest of them is written by hand. `--check` writes nothing and fails with a
diff of what is stale.
"""

import argparse
import ast
import difflib
import inspect
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

import trio
from attrs import frozen

from cream.adapters.clock import SystemClock
from cream.adapters.config import json_schema, render_markdown
from cream.adapters.server.http_app import create_app
from cream.adapters.server.settings import ServerSettings
from cream.cli.main import parser as command_line
from cream.core.exchange import alpaca_rules
from cream.core.execution.states import TRANSITIONS
from cream.core.model.errors import CATALOGUE
from cream.core.model.order import OrderStatus
from cream.core.model.plan import Environment
from cream.core.operations import Operations
from cream.core.options import spread
from cream.core.risk.checks import ALL_RULES
from cream.core.risk.rule import Rule
from cream.daemon.settings import Settings

ROOT = Path(__file__).resolve().parent.parent

# Enough of a diff to see what happened; the whole of it is one `make docs` away.
SHOWN_DIFF_LINES = 40

_BEGIN, _END = "<!-- generated: {} -->", "<!-- end: {} -->"
_MARKER = re.compile(r"<!-- generated: ([\w-]+) -->")

CONFIGURATION_INTRODUCTION = """\
# Configuration

Made by `make docs` from the settings classes; edit those, or the introduction in `tools/docs.py`.

Cream reads one YAML file: `config.yaml` in the working directory, or what `--config` names. A key
that is left out has its default, an empty file is a whole configuration, and a section may be left
out like a key. Keys that do not exist are errors. Relative paths are relative to the working
directory of the process.

## Where a value comes from

The first of these that says something wins:

1. the command line (`cream run --broker`, which stands for `brokers.active`);
2. the environment variable of the setting, where the tables below name one;
3. the file;
4. the default.

Variables are those of the process. Below them stand those of a file `.env` in the working
directory, one `NAME=value` a line; a variable of the process wins even where it is empty. What
stands in `.env` is taken as it is: `${...}` means nothing there.

## Variables inside values

`${NAME}` is replaced by the value of the variable NAME, `${NAME:-default}` by the default where
NAME is not set or is empty. `$$` is a dollar sign. Replacing happens inside values that are parsed
already, never in the text of the file: a value cannot add keys or lines, and comments are left
alone. What was put in is not looked at again.

A variable without a value and without a default is an error, except in the sections of a broker
that is not active: there the setting counts as left out. So the keys of Alpaca need not exist while
the simulated broker is active.

## Numbers, money, times

Money, quantities and ratios are decimals and are read from their text: `0.1` is exactly a tenth,
and `"0.1"` in quotes is the same. NaN and infinities are errors. Times are RFC 3339 with a zone.
Durations have their unit in the name or in the column *Unit*.

A limit of zero denies what it limits; it does not switch the check off.

## Secrets

Secrets print as `***`: in `cream config show`, in logs and in errors. Put them into the environment
or into `.env` (mode 0600), not into the file. Only hashes of bearer tokens are configured. A token
and its hash:

    python3 -c 'import secrets; print(secrets.token_urlsafe(32))'
    printf %s "$TOKEN" | sha256sum

## When something is wrong

`cream run` and every command that needs the configuration report all problems at once and exit with
78. Each problem is one line: file and line, path of the key, what was found, what was expected.

    cream config check     # every problem; keys that have no effect yet; whether each limit denies
    cream config show      # what is in force, secrets masked; loads again as it is
    cream config schema    # a JSON Schema, for editors; docs/config.schema.json is the same

To have an editor check the file while it is typed, put this on its first line:

    # yaml-language-server: $schema=docs/config.schema.json

**Not yet effective** marks keys that are accepted and checked because users have them, and whose
feature comes with the issue that is named. `cream config check` lists those that a file sets.

# Every setting

Bounds are those of a single value; a list or a table is bounded value by value.

"""


class Unmarked(Exception):
    """A document lacks a marker, so that a generated part has no place."""


@frozen
class Document:
    """A file, and how it is made from what stands in it now."""

    path: Path
    make: Callable[[str], str]


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 1 if `--check` found something stale, or if a marker is missing."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--check", action="store_true", help="only tell what is stale")
    check = options.parse_args(arguments).check
    stale = 0
    for document in documents():
        target = ROOT / document.path
        old = target.read_text() if target.exists() else ""
        try:
            new = document.make(old)
        except Unmarked as error:
            print(f"{document.path}: {error}")
            return 1
        if new == old:
            continue
        stale += 1
        if check:
            print(*difference(document.path, old, new), sep="\n")
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(new)
    if check:
        if stale:
            print("Documents are stale; run `make docs`.")
        return 1 if stale else 0
    print(f"docs: {stale} files changed")
    return 0


def documents() -> Iterator[Document]:
    """Everything that is made, in the order of a reader."""
    yield Document(Path("docs/configuration.md"), lambda _: configuration(Settings))
    yield Document(Path("docs/config.schema.json"), lambda _: schema(Settings))
    yield Document(Path("docs/openapi.json"), lambda _: openapi())
    parts: Mapping[str, Mapping[str, Callable[[], str]]] = {
        "docs/architecture.md": {"order-states": lambda: state_diagram(TRANSITIONS)},
        "docs/api.md": {
            "errors": errors,
            "violations": lambda: violations(ALL_RULES),
            "finer-codes": finer_codes,
        },
        "docs/operations.md": {
            "commands": lambda: commands(command_line()),
            "log-events": lambda: log_events(ROOT / "cream"),
        },
    }
    for path, makers in parts.items():
        yield Document(Path(path), lambda old, makers=makers: filled(old, makers))  # type: ignore[misc]


# Configuration --------------------------------------------------------------------------------


def configuration(settings_type: type) -> str:
    """The reference of all settings, with its introduction."""
    return CONFIGURATION_INTRODUCTION + render_markdown(settings_type)


def schema(settings_type: type) -> str:
    """The JSON Schema, as text."""
    return json.dumps(json_schema(settings_type), indent=2) + "\n"


def openapi() -> str:
    """What `GET /openapi.json` answers where tokens are configured. Nothing runs for it."""
    app = create_app(
        cast(Operations, object()),
        ServerSettings(token_hashes=("0" * 64,)),
        environment=Environment.PAPER,
        now=SystemClock().now,
        metrics=lambda: (b"", ""),
        shutdown=trio.Event(),
    )
    document = app.extensions["QUART_SCHEMA"].openapi_provider.schema()
    return json.dumps(document, indent=2) + "\n"


# Parts of documents ---------------------------------------------------------------------------


def filled(text: str, makers: Mapping[str, Callable[[], str]]) -> str:
    """`text` with each generated part made anew.

    Raises: Unmarked for a part that has no place, and for a place that has no maker.
    """
    unknown = set(_MARKER.findall(text)) - set(makers)
    if unknown:
        raise Unmarked(f"nothing makes {', '.join(sorted(unknown))}")
    for name, make in makers.items():
        begin, end = _BEGIN.format(name), _END.format(name)
        before, found, rest = text.partition(begin)
        _, closed, after = rest.partition(end)
        if not found or not closed:
            raise Unmarked(f"expected {begin} and after it {end}")
        text = f"{before}{begin}\n\n{make().strip()}\n\n{end}{after}"
    return text


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _code(text: str | None) -> str:
    return f"`{text}`" if text else ""


def errors() -> str:
    """Every error code with its statuses."""
    rows = (
        (_code(kind.code), str(kind.http), f"{kind.grpc.name} ({kind.grpc.value})", kind.meaning)
        for kind in CATALOGUE
    )
    return table(("Code", "HTTP", "gRPC", "Meaning"), rows)


def violations(rules: Iterable[Rule]) -> str:
    """The codes that the gate's rules answer with, in the order of a verdict."""
    rows = (
        (
            _code(rule.code),
            rule.severity.value,
            _code(rule.limit_key and f"constraints.{rule.limit_key}"),
            rule.unit.value,
            rule.statement,
        )
        for rule in rules
    )
    return table(("Code", "Severity", "Limit", "Unit", "Demands"), rows)


def finer_codes() -> str:
    """The codes that stand in place of a rule's own, for spreads and for the venue's rules."""
    lines = (
        (title, sorted(set(re.findall(rf'{made}\(\s*"([A-Z_]+)"', inspect.getsource(module)))))
        for title, made, module in (
            ("Spreads", "LegFault", spread),
            ("Venue", "RuleBreach", alpaca_rules),
        )
    )
    return "\n".join(f"- {title}: {', '.join(map(_code, codes))}." for title, codes in lines)


# The order's states ---------------------------------------------------------------------------


def state_diagram(transitions: Mapping[OrderStatus, frozenset[OrderStatus]]) -> str:
    """A Mermaid diagram. Ends that every open state can reach are drawn once, from all of them."""
    still_open = [status for status in transitions if not status.is_closed]
    shared = [
        status
        for status in transitions
        if status.is_closed and all(status in transitions[one] for one in still_open)
    ]
    lines = ["stateDiagram-v2", f"    [*] --> {next(iter(transitions)).value}", "    state open {"]
    own: list[str] = []
    for status in still_open:
        for target in transitions:
            if target in transitions[status] and target not in shared:
                line = f"    {status.value} --> {target.value}"
                own.append(line) if target.is_closed else lines.append(f"    {line}")
    lines += ["    }", *own]
    for status in shared:
        lines += [f"    open --> {status.value}", f"    {status.value} --> [*]"]
    return "\n".join(["```mermaid", *lines, "```"])


# Commands and logs ----------------------------------------------------------------------------


def commands(parser: argparse.ArgumentParser) -> str:
    """Every command with its own arguments."""
    rows = (
        (f"`{name}`", text, " ".join(_code(one) for one in _arguments(command)))
        for name, text, command in _commands(parser, parser.prog)
    )
    return table(("Command", "Does", "Arguments"), rows)


def _commands(
    parser: argparse.ArgumentParser, prefix: str
) -> Iterator[tuple[str, str, argparse.ArgumentParser]]:
    for action in parser._actions:
        if not isinstance(action, argparse._SubParsersAction):
            continue
        helps = {choice.dest: choice.help or "" for choice in action._choices_actions}
        for name, inner in action.choices.items():
            nested = list(_commands(inner, f"{prefix} {name}"))
            yield from nested or [(f"{prefix} {name}", helps.get(name, ""), inner)]


def _arguments(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        if isinstance(action, argparse._HelpAction | argparse._SubParsersAction):
            continue
        value = action.dest.upper() if action.nargs != 0 else ""
        if action.choices:
            value = "{" + ",".join(map(str, action.choices)) + "}"
        words = [action.option_strings[0]] if action.option_strings else []
        text = " ".join([*words, *([value] if value else [])])
        yield text if action.required else f"[{text}]"


def log_events(package: Path) -> str:
    """Every event that is logged: its name, its level, its keys."""
    found: dict[tuple[str, str], list[str]] = {}
    for path in sorted(package.rglob("*.py")):
        for event, level, keys in _logged(ast.parse(path.read_text())):
            known = found.setdefault((event, level), [])
            known += [key for key in keys if key not in known]
    rows = (
        (_code(event), level, ", ".join(_code(key) for key in keys))
        for (event, level), keys in sorted(found.items())
    )
    return table(("Event", "Level", "Keys"), rows)


def _logged(tree: ast.Module) -> Iterator[tuple[str, str, list[str]]]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="log"), attr=level),
                args=[ast.Constant(value=str(event))],
                keywords=keywords,
            ):
                yield event, level, [one.arg for one in keywords if one.arg is not None]
            case _:
                pass


# Differences ----------------------------------------------------------------------------------


def difference(path: Path, old: str, new: str) -> Iterator[str]:
    """What would change in `path`, in a few lines."""
    lines = difflib.unified_diff(
        old.splitlines(), new.splitlines(), f"{path} (as it is)", f"{path} (made anew)", "", "", 1
    )
    for number, line in enumerate(lines):
        if number == SHOWN_DIFF_LINES:
            yield "..."
            return
        yield line.rstrip("\n")


if __name__ == "__main__":
    raise SystemExit(main())
