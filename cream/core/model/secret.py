"""How does Cream carry a password or key without ever showing it?"""

import hmac
from typing import Final, Never

MASK: Final = "***"


class Secret:
    """A text that prints as `***` wherever it ends up: a log line, an error, a traceback.

    It is not an attrs class, so that no codec that walks attrs classes finds the text.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the one place that sends or compares it."""
        return self._text

    def __bool__(self) -> bool:
        return self._text != ""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        mine = self._text.encode("utf-8", "surrogatepass")
        # Takes the same time wherever the texts differ, so that a caller cannot feel its way.
        return hmac.compare_digest(mine, other._text.encode("utf-8", "surrogatepass"))

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __repr__(self) -> str:
        return MASK

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return MASK

    def __copy__(self) -> "Secret":
        return self

    def __deepcopy__(self, memo: object) -> "Secret":
        return self

    def __reduce_ex__(self, protocol: object) -> Never:
        """Raises: TypeError, always: a secret is not written anywhere."""
        raise TypeError("a Secret cannot be serialised")
