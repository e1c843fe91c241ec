"""What does a text of the configuration say once `${NAME}` stands for a variable's value?

Only parsed scalars are looked at, each once: a value that is put in is never read again, neither
as YAML nor as another `${NAME}`.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeVar, assert_never

from attrs import frozen

from cream.adapters.config import yaml_nodes
from cream.adapters.config.problems import Origin, Problem, join, join_index
from cream.adapters.config.yaml_nodes import Broken, Entry, Node, Scalar, Sequence

# No setting is longer; a scalar that names a long variable thousands of times ends here.
MAX_VALUE_CHARACTERS: Final = 64 * 1024

VARIABLE_NAME: Final = r"[A-Za-z_][A-Za-z0-9_]*"

# A dollar for itself; a placeholder; anything else that starts like one and so is a mistake.
_TOKEN: Final = re.compile(
    rf"\$\$|\$\{{({VARIABLE_NAME})(?::-((?:(?!\$\{{)[^}}])*))?\}}|(\$\{{[^}}]*\}}?)"
)

Environ = Mapping[str, str]

T = TypeVar("T")


@frozen
class Expanded:
    """The text with all values in place, and the variables that it names."""

    text: str
    variables: tuple[str, ...]


@frozen
class Unset:
    """These variables are not set (or empty) and have no default."""

    variables: tuple[str, ...]


@frozen
class Malformed:
    """What was found that cannot be, and what was expected instead."""

    found: str
    expected: str


def expand(text: str, environ: Environ) -> Expanded | Unset | Malformed:
    """`text` with each `${NAME}` and `${NAME:-default}` replaced, and each `$$` made a dollar.

    A variable that is set but empty counts as unset.
    """
    if "$" not in text:
        return Expanded(text, ())
    parts: list[str] = []
    variables: list[str] = []
    unset: list[str] = []
    length = at = 0
    for token in _TOKEN.finditer(text):
        name, default, mistake = token.groups()
        if mistake is not None:
            # What follows is not repeated: it may be part of a password.
            return Malformed("a ${ of another form", "${NAME}, ${NAME:-default} or $$ for a dollar")
        part = "$"
        if name is not None:
            variables.append(name)
            part = environ.get(name, "") or (default or "").replace("$$", "$")
            if not part and default is None:
                unset.append(name)
        parts += (text[at : token.start()], part)
        at = token.end()
        length += len(parts[-2]) + len(part)
        if length > MAX_VALUE_CHARACTERS:
            limit = f"at most {MAX_VALUE_CHARACTERS} characters"
            return Malformed("a longer text once the variables are put in", limit)
    if unset:
        return Unset(tuple(dict.fromkeys(unset)))
    return _checked("".join([*parts, text[at:]]), tuple(dict.fromkeys(variables)))


def _checked(text: str, variables: tuple[str, ...]) -> Expanded | Malformed:
    try:
        text.encode()
    except UnicodeEncodeError:
        return Malformed(f"bytes that are no text in {', '.join(variables)}", "UTF-8")
    return Expanded(text, variables)


def text_at(root: Node | None, path: str, environ: Environ) -> str | None:
    """The text of the scalar at the dotted `path`, None where there is none or no value for it."""
    node = root
    for key in path.split("."):
        entries = node.entries if isinstance(node, yaml_nodes.Mapping) else ()
        node = next((entry.value for entry in entries if entry.key == key), None)
    if not isinstance(node, Scalar) or node.is_null:
        return None
    if node.literal:
        return node.text
    outcome = expand(node.text, environ)
    return outcome.text if isinstance(outcome, Expanded) else None


@frozen
class Interpolation:
    """One pass over a tree. Under the prefixes in `inactive` an unset variable is no error."""

    environ: Environ
    inactive: frozenset[str]
    report: Callable[[Problem], None]

    def resolve(self, node: Node, path: str = "") -> Node | None:
        """The same tree with its scalars expanded; None where a value is absent by that."""
        match node:
            case Scalar():
                return node if node.literal else self._scalar(node, path)
            case Sequence(items, origin):
                placed = (
                    self.resolve(item, join_index(path, index)) for index, item in enumerate(items)
                )
                return Sequence(_present(placed), origin)
            case yaml_nodes.Mapping(entries, origin):
                kept = (self._entry(entry, path) for entry in entries)
                return yaml_nodes.Mapping(_present(kept), origin)
            case Broken():
                return node
            case _:
                assert_never(node)

    def _entry(self, entry: Entry, path: str) -> Entry | None:
        value = self.resolve(entry.value, join(path, entry.key))
        return None if value is None else Entry(entry.key, entry.origin, value)

    def _scalar(self, scalar: Scalar, path: str) -> Node | None:
        outcome = expand(scalar.text, self.environ)
        match outcome:
            case Expanded(text, variables):
                is_same = text == scalar.text and not variables
                return scalar if is_same else _with_values(scalar, outcome)
            case Unset(variables):
                if self._is_inactive(path):
                    return None
                for name in variables:
                    self._unset(name, path, scalar.origin)
                return Broken(scalar.origin)
            case Malformed(found, expected):
                self.report(Problem(path, scalar.origin, expected, found))
                return Broken(scalar.origin)
            case _:
                assert_never(outcome)

    def _unset(self, name: str, path: str, origin: Origin) -> None:
        expected = f"a value in {name} or a default: ${{{name}:-...}}"
        found = f"the variable {name}, which is not set"
        if name in self.environ:
            found = f"the variable {name}, which is empty"
        self.report(Problem(path, origin, expected, found))

    def _is_inactive(self, path: str) -> bool:
        return any(
            path == prefix or path.startswith((f"{prefix}.", f"{prefix}["))
            for prefix in self.inactive
        )


def _with_values(scalar: Scalar, expanded: Expanded) -> Scalar:
    return Scalar(
        expanded.text,
        scalar.origin,
        is_quoted=scalar.is_quoted,
        variables=expanded.variables,
    )


def _present(values: Iterable[T | None]) -> tuple[T, ...]:
    return tuple(value for value in values if value is not None)
