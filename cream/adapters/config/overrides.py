"""What does the tree of a file look like once the environment and the command line have spoken?"""

from typing import Final

from cream.adapters.config.interpolate import Environ
from cream.adapters.config.kinds import Field, Maybe, fields_of, section_within
from cream.adapters.config.problems import Invalid, Origin, Problem, quoted
from cream.adapters.config.yaml_nodes import Entry, Mapping, Node, Scalar

_COMMAND_LINE: Final = Origin("command line")


def with_environment(root: Mapping, settings_type: type, environ: Environ) -> Mapping:
    """The tree in which each setting that names a variable has its value, where that is set.

    An optional section that the file does not have is not brought into being by a variable.
    """
    for each in fields_of(settings_type):
        variable = each.info.env
        if variable is not None and environ.get(variable):
            origin = Origin(f"environment variable {variable}")
            root = _put(root, each.keys, Scalar(f"${{{variable}}}", origin))
            continue
        inner_type = section_within(each.kind)
        if inner_type is None:
            continue
        inner = _section_at(root, each)
        if inner is not None:
            changed = with_environment(inner, inner_type, environ)
            root = root if changed is inner else _put(root, each.keys, changed)
    return root


def with_override(root: Mapping, settings_type: type, path: str, text: str) -> Mapping:
    """The tree in which the setting at the dotted `path` has this text as its value.

    Raises: Invalid: the text is none, or on the way to `path` stands something that has no keys.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise Invalid(Problem(path, _COMMAND_LINE, "UTF-8", quoted(text))) from error
    value = Scalar(text, _COMMAND_LINE, literal=True)
    return _with_value(root, settings_type, path, path.split("."), value)


def _with_value(
    around: Mapping, settings_type: type | None, path: str, keys: list[str], value: Scalar
) -> Mapping:
    key, *rest = keys
    fields = () if settings_type is None else fields_of(settings_type)
    each = next((each for each in fields if key in each.keys), None)
    names = (key,) if each is None else each.keys
    if not rest:
        return _put(around, names, value)
    inner = _entry(around, names)
    if inner is None or _is_null(inner):
        inner = Mapping((), _COMMAND_LINE)
    if not isinstance(inner, Mapping):
        found = f"a value for {key}, which then has no keys of its own"
        raise Invalid(Problem(path, inner.origin, "a section", found))
    inner_type = None if each is None else section_within(each.kind)
    return _put(around, names, _with_value(inner, inner_type, path, rest, value))


def _section_at(root: Mapping, each: Field) -> Mapping | None:
    node = _entry(root, each.keys)
    if node is None or _is_null(node):
        return None if isinstance(each.kind, Maybe) else Mapping((), root.origin)
    return node if isinstance(node, Mapping) else None


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.is_null


def _entry(mapping: Mapping, keys: tuple[str, ...]) -> Node | None:
    return next((entry.value for entry in mapping.entries if entry.key in keys), None)


def _put(mapping: Mapping, keys: tuple[str, ...], value: Node) -> Mapping:
    kept = tuple(entry for entry in mapping.entries if entry.key not in keys)
    return Mapping((*kept, Entry(keys[0], value.origin, value)), mapping.origin)
