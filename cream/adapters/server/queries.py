"""Which keys does a query have, and are they such as it may have?"""

from collections.abc import Iterable, Mapping, Sequence

from cream.adapters.server.json_reader import shown_key
from cream.adapters.server.problems import Problems


def known_keys(
    given: Iterable[tuple[str, Sequence[str]]], keys: Mapping[str, bool], problems: Problems
) -> dict[str, Sequence[str]]:
    """The values by key. `keys` are those it may have, and whether more than once.

    A key that is there too often is noted, and read all the same: it is not missing.
    """
    found: dict[str, Sequence[str]] = {}
    for key, texts in given:
        if key not in keys:
            problems.add(shown_key(key), "is not a known parameter")
            continue
        if len(texts) > 1 and not keys[key]:
            problems.add(key, "stands here more than once")
        found[key] = texts
    return found


def refuse_any(given: Iterable[tuple[str, Sequence[str]]]) -> None:
    """A path that takes no query is asked without one.   Raises: CreamError INVALID_REQUEST.

    Who narrows what cannot be narrowed would take the answer for less than it is.
    """
    problems = Problems()
    known_keys(given, {}, problems)
    problems.raise_any()
