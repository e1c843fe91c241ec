"""What is wrong with a configuration, where, and what should stand there instead?"""

from collections.abc import Iterable
from typing import Final

from attrs import frozen

# A value or key is quoted in a message only as far as it helps to recognise it.
_SHOWN_CHARACTERS: Final = 60


@frozen
class Origin:
    """Where a value comes from: a line of a file, or something else that `source` names."""

    source: str
    line: int | None = None

    def __str__(self) -> str:
        return self.source if self.line is None else f"{self.source}:{self.line}"


@frozen
class Problem:
    """One thing to correct. `path` is a dotted path, empty for the file as a whole.

    `found` is empty where values that are fine by themselves do not go together; then `expected`
    is the whole sentence.
    """

    path: str
    origin: Origin
    expected: str
    found: str = ""
    hint: str = ""

    @property
    def line(self) -> int | None:
        """The line in the file, None where the cause is not in a file."""
        return self.origin.line

    def __str__(self) -> str:
        what = f"found {self.found}, expected {self.expected}" if self.found else self.expected
        place = f"{self.origin}: {self.path}: " if self.path else f"{self.origin}: "
        return place + what + (f"; {self.hint}" if self.hint else "")

    @property
    def order(self) -> tuple[bool, int, str, str]:
        """The key to sort by: lines of files first, then what has no line."""
        return (self.line is None, self.line or 0, self.origin.source, self.path)


class ConfigErrors(Exception):
    """Everything that is wrong with a configuration, at once, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.order))
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class Invalid(Exception):
    """There is no value here. No problems: they have been reported where they were found."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(*problems)
        self.problems = problems


def quoted(text: str) -> str:
    """`text` in quotes, on one line, cut where it is long."""
    shown = text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"
    return repr(shown)


def join(path: str, key: str) -> str:
    """The path of `key` below `path`; a key that would be unreadable in a path is quoted."""
    plain = key != "" and len(key) <= _SHOWN_CHARACTERS and key.isprintable() and " " not in key
    shown = key if plain else quoted(key)
    return f"{path}.{shown}" if path else shown


def join_index(path: str, index: int) -> str:
    """The path of an element of the list at `path`."""
    return f"{path}[{index}]"
