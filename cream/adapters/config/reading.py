"""What is noted while one configuration is read, and at which place of it are we?"""

from collections.abc import Iterable
from typing import Protocol, runtime_checkable

from attrs import evolve, field, frozen

from cream.adapters.config.convert import expected_words
from cream.adapters.config.kinds import Kind
from cream.adapters.config.problems import Invalid, Origin, Problem
from cream.adapters.config.yaml_nodes import Node
from cream.core.model.setting import Setting


@runtime_checkable
class CrossChecked(Protocol):
    """A settings class whose fields must also go together."""

    def problems(self) -> Iterable[tuple[str, str]]:
        """A relative path (empty: the section itself) and a sentence for each thing wrong."""
        ...


@frozen
class Reading:
    """What is noted while one configuration is read."""

    problems: list[Problem] = field(factory=list)
    given: set[str] = field(factory=set)
    origins: dict[str, Origin] = field(factory=dict)

    def cross_check(self, section: object, path: str) -> None:
        """Report what the section itself finds wrong with its values as a whole."""
        if isinstance(section, CrossChecked):
            for relative, sentence in section.problems():
                where = ".".join(part for part in (path, relative) if part)
                self.problems.append(Problem(where, self.origin_of(where), sentence))

    def origin_of(self, path: str) -> Origin:
        """Where `path` is given, or else the nearest section around it that is."""
        while path and path not in self.origins:
            path = path.rpartition(".")[0]
        return self.origins[path]


@frozen
class Default:
    """Nothing is given here, and this is the value that stands instead."""

    value: object


@frozen
class Cursor:
    """A place in the tree on its way to a value: what stands there and what it is for.

    `base` holds the defaults of the section where they are not those of its class.
    """

    node: Node | Default | None
    path: str
    info: Setting
    reading: Reading
    origin: Origin
    base: object = None

    def invalid(self, kind: Kind, found: str, hint: str = "") -> Invalid:
        """The error that says what is wrong here."""
        expected = expected_words(kind, self.info)
        return Invalid(Problem(self.path, self.origin, expected, found, hint))

    def to(self, node: Node, path: str) -> "Cursor":
        """A place below this one that is for the same setting (of a list, of a table)."""
        return evolve(self, node=node, path=path, origin=node.origin, base=None)
