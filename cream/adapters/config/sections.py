"""How does a tree of YAML nodes become an attrs settings class, with every problem collected?

cattrs builds the classes: a structure function is generated for each settings class, and its
detailed validation lets every field be tried before the class fails. What makes a value
impossible is raised as `Invalid` and gathered by cattrs; what is wrong beside the values
(unknown keys, values that do not go together) is reported to the `Reading` on the way.
"""

from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from functools import cache
from typing import Final, TypeVar, assert_never, get_args

from attrs import evolve
from cattrs import ClassValidationError, Converter, IterableValidationError
from cattrs.gen import make_dict_structure_fn

from cream.adapters.config.convert import NoValue, did_you_mean, found_words, read
from cream.adapters.config.kinds import (
    PLAIN_BY_TYPE,
    Choice,
    Field,
    Kind,
    Many,
    Maybe,
    Plain,
    Section,
    Table,
    default_instance,
    default_value,
    fields_of,
    kind_of,
    section_within,
)
from cream.adapters.config.problems import (
    Invalid,
    Origin,
    Problem,
    join,
    join_index,
    quoted,
)
from cream.adapters.config.reading import Cursor, Default, Reading
from cream.adapters.config.yaml_nodes import Broken, Entry, Mapping, Node, Scalar, Sequence
from cream.core.model.setting import Setting

T = TypeVar("T")


def structure(root: Node | None, settings_type: type[T], reading: Reading, source: str) -> T | None:
    """The settings that `root` means, None where there is a value that means none.

    Problems are in `reading` either way; only without any are the settings of use.
    """
    origin = Origin(source)
    reading.origins[""] = origin
    node = Mapping((), origin) if root is None else root
    cursor = Cursor(node, "", Setting(), reading, origin)
    try:
        return _converter().structure(cursor, settings_type)
    except (Invalid, ClassValidationError) as error:
        reading.problems.extend(_problems_in(error))
        return None


def _problems_in(error: Exception) -> Iterator[Problem]:
    if isinstance(error, Invalid):
        yield from error.problems
        return
    assert isinstance(error, ExceptionGroup)
    for inner in error.exceptions:
        yield from _problems_in(inner)


@cache
def _converter() -> Converter:
    converter = Converter(detailed_validation=True, prefer_attrib_converters=False)
    for plain_type in PLAIN_BY_TYPE:
        converter.register_structure_hook(plain_type, _single)
    converter.register_structure_hook(Enum, _single)
    for shape, factory in _HOOK_FACTORIES.items():
        converter.register_structure_hook_factory(_is_of(shape), factory)
    return converter


def _is_of(shape: type) -> Callable[[type], bool]:
    return lambda annotation: isinstance(kind_of(annotation), shape)


Hook = Callable[[Cursor, type], object]


def _single(cursor: Cursor, annotation: type) -> object:
    """The value of a single setting."""
    kind = kind_of(annotation)
    assert isinstance(kind, Plain | Choice)
    match cursor.node:
        case Default(value):
            return value
        case Scalar() as scalar if not scalar.is_null:
            value = read(scalar, kind, cursor.info)
            if isinstance(value, NoValue):
                raise cursor.invalid(kind, found_words(scalar, kind), value.hint)
            return value
        case other:
            raise _misplaced(cursor, other, kind)


def _misplaced(cursor: Cursor, node: Node | Default | None, kind: Kind) -> Invalid:
    """The error for a node of the wrong shape."""
    match node:
        case None | Default():
            return cursor.invalid(kind, "nothing")
        case Broken():
            return Invalid()
        case Scalar():
            return cursor.invalid(kind, found_words(node, kind))
        case Sequence():
            return cursor.invalid(kind, "a list")
        case Mapping():
            return cursor.invalid(kind, "a section")
        case _:
            assert_never(node)


def _choice(annotation: type, converter: Converter) -> Hook:
    return _single


def _maybe(annotation: type, converter: Converter) -> Hook:
    (inner,) = (argument for argument in get_args(annotation) if argument is not type(None))
    inner_hook: Hook = converter.get_structure_hook(inner)

    def hook(cursor: Cursor, _: type) -> object:
        node = cursor.node
        if isinstance(node, Default):
            return node.value
        if isinstance(node, Scalar) and (node.is_null or node.is_blank):
            return None
        return inner_hook(cursor, inner)

    return hook


def _many(annotation: type, converter: Converter) -> Hook:
    item_type = get_args(annotation)[0]
    item_hook: Hook = converter.get_structure_hook(item_type)

    def hook(cursor: Cursor, _: type) -> object:
        if isinstance(cursor.node, Default):
            return cursor.node.value
        if not isinstance(cursor.node, Sequence):
            raise _misplaced(cursor, cursor.node, kind_of(annotation))
        cursors = (
            cursor.to(item, join_index(cursor.path, index))
            for index, item in enumerate(cursor.node.items)
        )
        return tuple(_each(item_hook, item_type, cursors))

    return hook


def _table(annotation: type, converter: Converter) -> Hook:
    value_type = get_args(annotation)[1]
    value_hook: Hook = converter.get_structure_hook(value_type)

    def hook(cursor: Cursor, _: type) -> object:
        if isinstance(cursor.node, Default):
            return cursor.node.value
        if not isinstance(cursor.node, Mapping):
            raise _misplaced(cursor, cursor.node, kind_of(annotation))
        entries = cursor.node.entries
        for entry in entries:
            _refuse_variable_in_key(cursor, entry)
        cursors = (cursor.to(entry.value, join(cursor.path, entry.key)) for entry in entries)
        values = _each(value_hook, value_type, cursors)
        return {entry.key: value for entry, value in zip(entries, values, strict=True)}

    return hook


def _each(hook: Hook, annotation: type, cursors: Iterable[Cursor]) -> list[object]:
    """All values, or all their problems.   Raises: IterableValidationError."""
    values: list[object] = []
    errors: list[Exception] = []
    for cursor in cursors:
        assert isinstance(cursor.node, Scalar | Sequence | Mapping | Broken)
        cursor.reading.origins[cursor.path] = cursor.node.origin
        try:
            values.append(hook(cursor, annotation))
        except (Invalid, ClassValidationError, IterableValidationError) as error:
            errors.append(error)
    if errors:
        raise IterableValidationError("values that cannot be", errors, annotation)
    return values


def _refuse_variable_in_key(cursor: Cursor, entry: Entry) -> None:
    if "${" in entry.key:
        problem = Problem(
            join(cursor.path, entry.key),
            entry.origin,
            "a name as key",
            quoted(entry.key),
            "variables have their place in values",
        )
        cursor.reading.problems.append(problem)


def _section(settings_type: type, converter: Converter) -> Hook:
    fields = fields_of(settings_type)
    cls: type[object] = settings_type
    build: Callable[[dict[str, Cursor], type], object] = make_dict_structure_fn(
        cls,
        converter,
        _cattrs_detailed_validation=True,
        _cattrs_use_linecache=False,
    )

    def hook(cursor: Cursor, _: type) -> object:
        match cursor.node:
            case Mapping(entries):
                pass
            case Scalar() as scalar if scalar.is_null:
                entries = ()
            case other:
                raise _misplaced(cursor, other, Section(settings_type))
        cursors = _cursors(cursor, entries, fields)
        try:
            section = build(cursors, settings_type)
        except ClassValidationError as failed:
            errors = [_with_place(error, cursor) for error in failed.exceptions]
            raise ClassValidationError(failed.message, errors, settings_type) from None
        cursor.reading.cross_check(section, cursor.path)
        return section

    return hook


def _with_place(error: Exception, cursor: Cursor) -> Exception:
    """The error of a field as it is; what the class itself raised gets the section's place."""
    if isinstance(error, Invalid | ClassValidationError | IterableValidationError):
        return error
    sentence = str(error.args[0]) if error.args else type(error).__name__
    return Invalid(Problem(cursor.path, cursor.origin, sentence))


def _cursors(
    cursor: Cursor, entries: tuple[Entry, ...], fields: tuple[Field, ...]
) -> dict[str, Cursor]:
    """What is given for each field of a section. Unknown keys and double ones are reported."""
    entry_by_key = {entry.key: entry for entry in entries}
    known = [key for each in fields for key in each.keys]
    for entry in entries:
        if entry.key not in known:
            _report_unknown(cursor, entry, known)
    cursors = {}
    for each in fields:
        given = [entry_by_key[key] for key in each.keys if key in entry_by_key]
        path = join(cursor.path, each.name)
        if len(given) > 1:
            _report_both(cursor, given, path)
            cursors[each.name] = _at(cursor, Broken(given[0].origin), each, path)
        elif given:
            _note(cursor.reading, given[0], each, path)
            cursors[each.name] = _at(cursor, given[0].value, each, path)
        else:
            absent = _absent(cursor, each, path)
            if absent is not None:
                cursors[each.name] = absent
    return cursors


def _at(cursor: Cursor, node: Node, each: Field, path: str) -> Cursor:
    base = _base(each, cursor.base)
    return Cursor(node, path, each.info, cursor.reading, node.origin, base)


def _absent(cursor: Cursor, each: Field, path: str) -> Cursor | None:
    """A cursor where something has to be done without a value; None leaves the field to attrs.

    A section is visited although it is absent, so that its values are checked together.
    """
    at = Cursor(None, path, each.info, cursor.reading, cursor.origin)
    if each.is_required:
        return at
    if isinstance(each.kind, Section):
        empty = Mapping((), cursor.origin)
        return evolve(at, node=empty, base=_base(each, cursor.base))
    if cursor.base is not None:
        return evolve(at, node=Default(getattr(cursor.base, each.name)))
    return None


def _base(each: Field, base_around: object) -> object:
    """The defaults of the section in this field where they differ from those of its class."""
    settings_type = section_within(each.kind)
    if settings_type is None:
        return None
    if base_around is not None:
        value = getattr(base_around, each.name)
    else:
        value = default_value(each.default)
    is_other = isinstance(value, settings_type) and value != default_instance(settings_type)
    return value if is_other else None


def _note(reading: Reading, entry: Entry, each: Field, path: str) -> None:
    reading.origins[path] = entry.value.origin
    is_null_section = (
        isinstance(each.kind, Section) and isinstance(entry.value, Scalar) and entry.value.is_null
    )
    if not is_null_section:
        reading.given.add(path)


def _report_unknown(cursor: Cursor, entry: Entry, known: list[str]) -> None:
    expected = "one of " + ", ".join(known) if known else "no key"
    path = join(cursor.path, entry.key)
    hint = did_you_mean(entry.key, known)
    problem = Problem(path, entry.origin, expected, "an unknown key", hint)
    cursor.reading.problems.append(problem)


def _report_both(cursor: Cursor, given: list[Entry], path: str) -> None:
    keys = " and ".join(entry.key for entry in given)
    problem = Problem(path, given[-1].origin, "one of the two names of the setting", keys)
    cursor.reading.problems.append(problem)


_HOOK_FACTORIES: Final[dict[type, Callable[[type, Converter], Hook]]] = {
    Choice: _choice,
    Maybe: _maybe,
    Many: _many,
    Table: _table,
    Section: _section,
}
