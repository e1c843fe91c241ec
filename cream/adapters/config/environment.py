"""Which variables does Cream see: the process's own, systemd's credentials, those of `.env`?"""

import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from dotenv.parser import Binding, parse_stream

from cream.adapters.config.interpolate import VARIABLE_NAME
from cream.adapters.config.problems import ConfigErrors, Origin, Problem

# The example with all variables is 2 KiB.
MAX_ENV_FILE_BYTES: Final = 64 * 1024

_NAME: Final = re.compile(VARIABLE_NAME)


def read_environment(cwd: Path, os_environ: Mapping[str, str]) -> dict[str, str]:
    """The variables in `cwd`/.env, below credentials and those of the process, which win even
    where they are empty.

    Values are taken as they stand: `${...}` in them means nothing.   Raises: ConfigErrors, with
    every line that cannot be read; no message shows what stands on it.
    """
    path = cwd / ".env"
    values: dict[str, str] = {}
    problems: list[Problem] = []
    for binding in _bindings(path):
        origin = Origin(str(path), _line(binding))
        key, value = binding.key, binding.value
        if binding.error or (key is not None and value is None):
            problems.append(Problem("", origin, "NAME=value", "a line that has another form"))
        elif key is not None and value is not None:
            if _NAME.fullmatch(key):
                values[key] = value
            else:
                expected = "a name of letters, digits and underscores"
                problems.append(Problem("", origin, expected, "something else before the ="))
    if problems:
        raise ConfigErrors(problems)
    return {**values, **_credentials(os_environ), **os_environ}


def _credentials(os_environ: Mapping[str, str]) -> dict[str, str]:
    """What systemd has been told to load (`LoadCredential=NAME:file`): a variable for each file.

    The directory is readable by this process alone, which the environment is not. A line break at
    the end, as editors leave it, is not part of the secret.
    """
    folder = os_environ.get("CREDENTIALS_DIRECTORY")
    if not folder:
        return {}
    values: dict[str, str] = {}
    try:
        files = sorted(path for path in Path(folder).iterdir() if _NAME.fullmatch(path.name))
        for path in files:
            values[path.name] = path.read_bytes()[:MAX_ENV_FILE_BYTES].decode().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        origin = Origin(folder)
        raise ConfigErrors([Problem("", origin, "readable credentials", f"“{error}”")]) from error
    return values


def _line(binding: Binding) -> int:
    # python-dotenv counts the blank lines before a binding as its own.
    text = binding.original.string
    return binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")


def _bindings(path: Path) -> Iterator[Binding]:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_ENV_FILE_BYTES + 1)
    except FileNotFoundError:
        return iter(())
    except OSError as error:
        found = f"“{error.strerror}”"
        raise ConfigErrors([Problem("", Origin(str(path)), "a readable file", found)]) from error
    if len(raw) > MAX_ENV_FILE_BYTES:
        limit = f"at most {MAX_ENV_FILE_BYTES} bytes"
        raise ConfigErrors([Problem("", Origin(str(path)), limit, "a larger file")])
    try:
        return parse_stream(io.StringIO(raw.decode("utf-8-sig")))
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigErrors(
            [Problem("", Origin(str(path), line), "UTF-8", "other bytes")]
        ) from error
