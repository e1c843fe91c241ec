"""How does a file become settings, or else a list of everything that is wrong with it?

Knows no setting of Cream: what can be set is said by the attrs class that is asked for.
"""

from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path
from typing import Final, Generic, TypeVar

from attrs import frozen

from cream.adapters.config import yaml_nodes
from cream.adapters.config.interpolate import Environ, Interpolation, text_at
from cream.adapters.config.overrides import with_environment, with_override
from cream.adapters.config.problems import ConfigErrors, Invalid, Origin, Problem
from cream.adapters.config.reading import Reading
from cream.adapters.config.sections import structure
from cream.adapters.config.yaml_nodes import MAX_FILE_BYTES, Mapping, Node, Scalar

T = TypeVar("T")

# Given the text that stands at a dotted path (None: nothing), says which sections are not in use.
TextAt = Callable[[str], str | None]
Inactive = Callable[[TextAt], frozenset[str]]

Overrides = Iterable[tuple[str, str]]

_UTF8_MARK: Final = b"\xef\xbb\xbf"


@frozen
class Loaded(Generic[T]):
    """Settings, and what is known of their making.

    `given` holds the dotted path of every setting and section that the file, the environment or
    the command line names; `text_hash` is the SHA-256 of the file's bytes.
    """

    settings: T
    given: frozenset[str]
    path: Path | None
    text_hash: str


def all_active(text_at_path: TextAt) -> frozenset[str]:
    """No section is out of use."""
    return frozenset()


def load(
    path: Path | None,
    settings_type: type[T],
    *,
    environ: Environ,
    overrides: Overrides = (),
    inactive: Inactive = all_active,
) -> Loaded[T]:
    """The settings in the YAML file at `path`; without a path, those of an empty file.

    `overrides` are dotted paths with the text that stands there instead, whatever file and
    environment say. In a section that `inactive` names, a `${NAME}` without a value is absent
    instead of an error.

    Raises: ConfigErrors, with all problems; TypeError where `settings_type` itself is wrong.
    """
    raw = b"" if path is None else _bytes_of(path)
    return load_bytes(
        raw,
        settings_type,
        environ=environ,
        overrides=overrides,
        inactive=inactive,
        path=path,
    )


def load_bytes(
    raw: bytes,
    settings_type: type[T],
    *,
    environ: Environ,
    overrides: Overrides = (),
    inactive: Inactive = all_active,
    path: Path | None = None,
) -> Loaded[T]:
    """As `load`, from the bytes of a file; `path` only names them in messages."""
    source = "configuration" if path is None else str(path)
    reading = Reading()
    root = _root(raw, source, reading)
    root = with_environment(root, settings_type, environ)
    for dotted, text in overrides:
        try:
            root = with_override(root, settings_type, dotted, text)
        except Invalid as error:
            reading.problems.extend(error.problems)
    tree = root
    unused = inactive(lambda dotted: text_at(tree, dotted, environ))
    resolved = Interpolation(environ, unused, reading.problems.append).resolve(tree)
    settings = structure(resolved, settings_type, reading, source)
    if reading.problems or settings is None:
        raise ConfigErrors(reading.problems)
    return Loaded(settings, frozenset(reading.given), path, sha256(raw).hexdigest())


def _bytes_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        problem = Problem("", Origin(str(path)), "a file that can be read", f"“{reason}”")
        raise ConfigErrors([problem]) from error


def _root(raw: bytes, source: str, reading: Reading) -> Mapping:
    """The mapping that the file is.

    Raises: ConfigErrors: there is none, so that nothing else can be said.
    """
    node, problems = yaml_nodes.parse(_text(raw, source), source)
    if node is None and problems:
        raise ConfigErrors(problems)
    reading.problems.extend(problems)
    if node is None or (isinstance(node, Scalar) and node.is_null):
        return Mapping((), Origin(source))
    if not isinstance(node, Mapping):
        shape = _shape(node)
        problem = Problem("", node.origin, "sections with keys and values", shape)
        raise ConfigErrors([*problems, problem])
    return node


def _text(raw: bytes, source: str) -> str:
    if len(raw) > MAX_FILE_BYTES:
        limit = f"at most {MAX_FILE_BYTES} bytes"
        raise ConfigErrors([Problem("", Origin(source), limit, "a larger file")])
    content = raw.removeprefix(_UTF8_MARK)
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        found = f"the byte 0x{content[error.start]:02x}"
        raise ConfigErrors([Problem("", Origin(source, line), "UTF-8", found)]) from error


def _shape(node: Node) -> str:
    return "a single value" if isinstance(node, Scalar) else "a list"
