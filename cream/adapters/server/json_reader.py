"""What do the members of a JSON object hold, key by key, with every mistake noted?"""

from collections.abc import Collection, Iterator
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import TypeVar

from cream.adapters.server import values
from cream.adapters.server.problems import Problems, shown
from cream.adapters.server.strict_json import Json, JsonObject
from cream.core.model.instrument import Instrument

E = TypeVar("E", bound=Enum)


class ObjectReader:
    """One object at `path`. A key that is absent and a key that holds null are the same.

    Every reading method gives None for an absent key, and None with a note for a wrong one.
    """

    def __init__(self, value: Json, path: str, problems: Problems, keys: Collection[str]) -> None:
        self.path = path
        self.problems = problems
        self.is_object = isinstance(value, JsonObject)
        self._members = value if isinstance(value, JsonObject) else JsonObject()
        if not self.is_object:
            problems.add(path, "must be an object")
        for key in self._members:
            if key not in keys:
                problems.add(self.at(shown_key(key)), "is not a known key")
        for key in self._members.duplicates:
            problems.add(self.at(shown_key(key)), "stands here more than once")

    def at(self, key: str) -> str:
        """The path of a member."""
        return f"{self.path}.{key}" if self.path else key

    def given(self, key: str) -> bool:
        """Whether the key is there and not null."""
        return self._members.get(key) is not None

    def require(self, *keys: str) -> None:
        """Note every one of `keys` that is not given."""
        for key in keys:
            if self.is_object and not self.given(key):
                self.problems.add(self.at(key), "is required")

    def raw(self, key: str) -> Json:
        """The member as it was decoded."""
        return self._members.get(key)

    def text(self, key: str, longest: int = values.LONGEST_PROSE) -> str | None:
        """A text."""
        if not self.given(key):
            return None
        return values.text_value(self.raw(key), self.at(key), self.problems, longest=longest)

    def identifier(self, key: str) -> str | None:
        """A name that others refer to."""
        if not self.given(key):
            return None
        return values.identifier_value(self.raw(key), self.at(key), self.problems)

    def decimal(self, key: str) -> Decimal | None:
        """A finite number."""
        if not self.given(key):
            return None
        return values.decimal_value(self.raw(key), self.at(key), self.problems)

    def whole(self, key: str, *, least: int, most: int) -> int | None:
        """An integer in its bounds."""
        if not self.given(key):
            return None
        raw, path = self.raw(key), self.at(key)
        return values.whole_value(raw, path, self.problems, least=least, most=most)

    def flag(self, key: str) -> bool | None:
        """True or false."""
        value = self.raw(key)
        if value is None or isinstance(value, bool):
            return value
        self.problems.add(self.at(key), f"must be true or false, was {shown(value)}")
        return None

    def choice(self, key: str, choices: type[E]) -> E | None:
        """One of the words of `choices`."""
        if not self.given(key):
            return None
        return values.choice_value(self.raw(key), self.at(key), self.problems, choices)

    def instrument(self, key: str) -> Instrument | None:
        """A share or an option contract."""
        if not self.given(key):
            return None
        return values.instrument_value(self.raw(key), self.at(key), self.problems)

    def instant(self, key: str) -> datetime | None:
        """A moment in UTC."""
        if not self.given(key):
            return None
        return values.instant_value(self.raw(key), self.at(key), self.problems)

    def child(self, key: str, keys: Collection[str]) -> "ObjectReader | None":
        """The reader of a member that is an object."""
        if not self.given(key):
            return None
        return ObjectReader(self.raw(key), self.at(key), self.problems, keys)

    def elements(self, key: str, most: int) -> Iterator[tuple[Json, str]]:
        """Every element of a list of at most `most`, with its path."""
        if self.given(key):
            yield from list_elements(self.raw(key), self.at(key), self.problems, most)

    def texts(self, key: str, *, most: int, longest: int) -> tuple[str, ...]:
        """The texts of a list; those that are none are noted and left out."""
        found = [
            values.text_value(value, path, self.problems, longest=longest)
            for value, path in self.elements(key, most)
        ]
        return tuple(text for text in found if text is not None)

    def identifiers(self, key: str, most: int) -> tuple[str, ...]:
        """The names of a list; those that are none are noted and left out."""
        found = [
            values.identifier_value(value, path, self.problems)
            for value, path in self.elements(key, most)
        ]
        return tuple(text for text in found if text is not None)


def list_elements(
    value: Json, path: str, problems: Problems, most: int
) -> Iterator[tuple[Json, str]]:
    """Every element of `value` with its path; a note if it is no list or too long a one."""
    if not isinstance(value, list):
        problems.add(path, "must be a list")
    elif len(value) > most:
        problems.add(path, f"may have {most} elements, has {len(value)}")
    else:
        for index, element in enumerate(value):
            yield element, f"{path}[{index}]"


def shown_key(key: str) -> str:
    """A key as a path can hold it."""
    return key if key.isidentifier() and len(key) <= values.LONGEST_IDENTIFIER else shown(key)
