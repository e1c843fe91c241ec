"""What does a YAML text say, line by line, before anything is made of it?

PyYAML only scans and parses here. Its implicit types are never applied: a scalar stays the text
that stands in the file, so that a number keeps every digit and `no` is not a truth value. The
tree is built from the parser's events, because only there can depth, expansion of aliases and
duplicate keys be watched while they happen.
"""

from typing import Final, TypeVar

import yaml
from attrs import field, frozen

from cream.adapters.config.problems import Origin, Problem, join, join_index, quoted

# A documented configuration of Cream is about 20 KiB; ten times that is nobody's by intention.
MAX_FILE_BYTES: Final = 256 * 1024

# The deepest setting lies five levels down; the bound keeps recursion far from Python's own.
MAX_DEPTH: Final = 24

# Nodes after all aliases are expanded: some 50 times the settings that there are. A text that
# names a list of lists of lists (the "billion laughs") ends here instead of in memory.
MAX_NODES: Final = 10_000

_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})

_EventT = TypeVar("_EventT", bound=yaml.Event)


@frozen
class Scalar:
    """A single value, as text.

    `literal` is said of a text that did not come out of YAML (environment, override): nothing in
    it has a meaning. `variables` names what was put in for `${...}`.
    """

    text: str
    origin: Origin
    is_quoted: bool = False
    literal: bool = False
    variables: tuple[str, ...] = ()

    @property
    def is_bare(self) -> bool:
        """Whether nobody said that this is a text: no quotes, or only those around `${...}`."""
        return not self.is_quoted or bool(self.variables)

    @property
    def is_blank(self) -> bool:
        """Whether a variable, or a text from outside the file, turned out to be empty."""
        return self.text == "" and (self.literal or bool(self.variables))

    @property
    def is_null(self) -> bool:
        """Whether the file says null here, or says nothing after the colon."""
        return not (self.is_quoted or self.literal or self.variables) and self.text in _NULLS


@frozen
class Sequence:
    """A list of nodes."""

    items: "tuple[Node, ...]"
    origin: Origin


@frozen
class Entry:
    """A key of a mapping, where it stands, and its value."""

    key: str
    origin: Origin
    value: "Node"


@frozen
class Mapping:
    """Keys and values, each key once, in the order of the file."""

    entries: tuple[Entry, ...]
    origin: Origin


@frozen
class Broken:
    """A place whose problem has been reported; there is no value to judge any further."""

    origin: Origin


Node = Scalar | Sequence | Mapping | Broken


class _Unreadable(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem


def parse(text: str, source: str) -> tuple[Node | None, list[Problem]]:
    """The tree of the only document in `text` (None if there is none), and what is wrong in it.

    After an error of syntax nothing more can be read: the tree is None, the last problem says so.
    """
    problems: list[Problem] = []
    try:
        loader = yaml.SafeLoader(text)
    except yaml.YAMLError as error:
        return None, [_reader_problem(error, text, source)]
    try:
        return _Composer(loader, source, problems).document(), problems
    except _Unreadable as error:
        problems.append(error.problem)
    except yaml.MarkedYAMLError as error:
        problems.append(_syntax_problem(error, text, source))
    except (ValueError, OverflowError):
        # The scanner itself fails on numbers that no computer holds: `%YAML 999...`, "\UFFFFFFFF".
        origin = Origin(source, loader.line + 1)
        problems.append(Problem("", origin, "YAML", "a number or an escape that is too large"))
    finally:
        loader.dispose()
    return None, problems


def _reader_problem(error: yaml.YAMLError, text: str, source: str) -> Problem:
    position = getattr(error, "position", 0)
    found = f"the character {quoted(text[position : position + 1])}"
    line = text.count("\n", 0, position) + 1
    return Problem("", Origin(source, line), "printable text", found)


def _syntax_problem(error: yaml.MarkedYAMLError, text: str, source: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    origin = Origin(source, None if mark is None else mark.line + 1)
    at = 0 if mark is None else mark.index
    if text[at : at + 1] == "\t":
        return Problem("", origin, "spaces only", "a tab at the start of a value")
    if text[max(at - 1, 0) : at + 1] == "${":
        hint = 'within { } and [ ] write it in quotes: "${NAME}"'
        return Problem("", origin, "YAML", "${ without quotes", hint)
    return Problem("", origin, f"this is not YAML: {error.problem}", hint=error.context or "")


@frozen
class _Anchored:
    node: Node
    size: int
    height: int


@frozen
class _Composer:
    """Builds the tree from the parser's events; each method takes one production."""

    loader: yaml.SafeLoader
    source: str
    problems: list[Problem]
    anchors: dict[str, _Anchored] = field(factory=dict)
    counter: list[int] = field(factory=lambda: [0])

    def document(self) -> Node | None:
        self._next(yaml.StreamStartEvent)
        if self.loader.check_event(yaml.StreamEndEvent):
            return None
        self._next(yaml.DocumentStartEvent)
        node = self._node("", 0)
        self._next(yaml.DocumentEndEvent)
        if not self.loader.check_event(yaml.StreamEndEvent):
            line = self._line(self._peek())
            raise _Unreadable(Problem("", line, "one document", "a second one after ---"))
        return node

    def _peek(self) -> yaml.Event:
        event: yaml.Event = self.loader.peek_event()  # type: ignore[no-untyped-call]
        return event

    def _next(self, event_type: type[_EventT]) -> _EventT:
        event = self.loader.get_event()  # type: ignore[no-untyped-call]
        assert isinstance(event, event_type)
        return event

    def _line(self, event: yaml.Event) -> Origin:
        assert event.start_mark is not None  # the scanner marks every event
        return Origin(self.source, event.start_mark.line + 1)

    def _report(self, path: str, origin: Origin, expected: str, found: str, hint: str = "") -> None:
        self.problems.append(Problem(path, origin, expected, found, hint))

    def _count(self, nodes: int, origin: Origin) -> None:
        self.counter[0] += nodes
        if self.counter[0] > MAX_NODES:
            limit = f"at most {MAX_NODES} values, those that aliases repeat included"
            raise _Unreadable(Problem("", origin, limit, "more"))

    def _check_depth(self, depth: int, origin: Origin) -> None:
        if depth > MAX_DEPTH:
            raise _Unreadable(Problem("", origin, f"at most {MAX_DEPTH} levels", "more"))

    def _node(self, path: str, depth: int) -> Node:
        event = self._peek()
        origin = self._line(event)
        self._check_depth(depth, origin)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(path, depth)
        before = self.counter[0]
        self._count(1, origin)
        assert isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent)
        if event.tag is not None:
            # Not repeated, as with aliases: it may be a password that nobody put in quotes.
            hint = "a text that starts with ! needs quotes"
            self._report(path, origin, "a value without a tag", "a tag", hint)
        if isinstance(event, yaml.ScalarEvent):
            node: Node = self._scalar(path)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(path, depth)
        else:
            node = self._mapping(path, depth)
        if event.anchor is not None:
            size = self.counter[0] - before
            self.anchors[event.anchor] = _Anchored(node, size, _height(node))
        return node

    def _alias(self, path: str, depth: int) -> Node:
        event = self._next(yaml.AliasEvent)
        origin = self._line(event)
        name = str(event.anchor)
        anchored = self.anchors.get(name)
        if anchored is None:
            hint = "a text that starts with * needs quotes"
            expected = "the name of an anchor that is complete before it"
            self._report(path, origin, expected, "an alias", hint)
            return Broken(origin)
        self._count(anchored.size, origin)
        self._check_depth(depth + anchored.height, origin)
        return anchored.node

    def _scalar(self, path: str) -> Node:
        event = self._next(yaml.ScalarEvent)
        origin = self._line(event)
        if not _is_unicode(event.value):
            self._report(path, origin, "text", "half of a surrogate pair")
            return Broken(origin)
        return Scalar(event.value, origin, is_quoted=event.style not in (None, ""))

    def _sequence(self, path: str, depth: int) -> Node:
        origin = self._line(self._next(yaml.SequenceStartEvent))
        items: list[Node] = []
        while not self.loader.check_event(yaml.SequenceEndEvent):
            items.append(self._node(join_index(path, len(items)), depth + 1))
        self._next(yaml.SequenceEndEvent)
        return Sequence(tuple(items), origin)

    def _mapping(self, path: str, depth: int) -> Node:
        origin = self._line(self._next(yaml.MappingStartEvent))
        entries: dict[str, Entry] = {}
        merged: list[Mapping] = []
        seen: dict[str, int | None] = {}
        while not self.loader.check_event(yaml.MappingEndEvent):
            is_merge = self._at_merge_key()
            key_node = self._node(path, depth + 1)
            key = key_node.text if isinstance(key_node, Scalar) else None
            value = self._node(path if key is None else join(path, key), depth + 1)
            if not isinstance(key_node, Scalar) or not key_node.text:
                self._report(path, key_node.origin, "a name as key", "something else")
            elif key_node.text in seen:
                first = f"it stands already on line {seen[key_node.text]}"
                path_of_key = join(path, key_node.text)
                self._report(path_of_key, key_node.origin, "each key once", "a key again", first)
            else:
                seen[key_node.text] = key_node.origin.line
                if is_merge:
                    merged = self._mergeable(path, value)
                else:
                    entries[key_node.text] = Entry(key_node.text, key_node.origin, value)
        self._next(yaml.MappingEndEvent)
        for mapping in merged:
            for entry in mapping.entries:
                entries.setdefault(entry.key, entry)
        return Mapping(tuple(entries.values()), origin)

    def _at_merge_key(self) -> bool:
        event = self._peek()
        if not isinstance(event, yaml.ScalarEvent):
            return False
        return event.value == "<<" and event.style in (None, "")

    def _mergeable(self, path: str, value: Node) -> list[Mapping]:
        """The mappings to merge; the first that has a key wins, what is written out wins over all.

        Source: YAML merge key, https://yaml.org/type/merge.html
        """
        candidates = value.items if isinstance(value, Sequence) else (value,)
        mappings = [node for node in candidates if isinstance(node, Mapping)]
        if len(mappings) != len(candidates):
            self._report(join(path, "<<"), value.origin, "mappings to merge", "something else")
        return mappings


def _height(node: Node) -> int:
    match node:
        case Sequence(items):
            return 1 + max(map(_height, items), default=0)
        case Mapping(entries):
            return 1 + max((_height(entry.value) for entry in entries), default=0)
        case _:
            return 0


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)
