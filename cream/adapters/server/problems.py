"""How is everything that is wrong with one request reported at once?"""

from cream.core.model.errors import CreamError, FieldProblem

# A body of 1 MiB could hold a hundred thousand mistakes; nobody reads more than these.
MAX_PROBLEMS = 100

# What is quoted of a value: enough to recognise it.
_SHOWN_CHARACTERS = 40


def shown(value: object) -> str:
    """`value` as a message quotes it, cut."""
    text = str(value) if not isinstance(value, str) else f'"{value}"'
    printable = text.encode("ascii", "backslashreplace").decode()
    if len(printable) <= _SHOWN_CHARACTERS:
        return printable
    return printable[: _SHOWN_CHARACTERS - 3] + "..."


class Problems:
    """What was found so far, each with the path of its field."""

    def __init__(self) -> None:
        self._found: list[FieldProblem] = []
        self._tactics: list[FieldProblem] = []
        self._fields: set[str] = set()
        self._omitted = 0

    def add(self, field: str, problem: str) -> None:
        """Note that `field` is wrong."""
        self._note(self._found, field, problem)

    def add_tactic(self, field: str, problem: str) -> None:
        """Note that `field` names a tactic that does not exist here."""
        self._note(self._tactics, field, problem)

    def concern(self, field: str) -> bool:
        """Whether something was noted about `field`, so that its value means nothing."""
        return field in self._fields

    def raise_any(self) -> None:
        """Raises: CreamError with everything noted, if anything was."""
        if self._found:
            raise CreamError("INVALID_REQUEST", self._summary(), *self._everything())
        if self._tactics:
            raise CreamError("TACTIC_UNAVAILABLE", self._summary(), *self._everything())

    def _note(self, kind: list[FieldProblem], field: str, problem: str) -> None:
        self._fields.add(field)
        if len(self._found) + len(self._tactics) >= MAX_PROBLEMS:
            self._omitted += 1
        else:
            kind.append(FieldProblem(field, problem))

    def _everything(self) -> list[FieldProblem]:
        everything = [*self._found, *self._tactics]
        if self._omitted:
            everything.append(FieldProblem("", f"and {self._omitted} more problems"))
        return everything

    def _summary(self) -> str:
        first, *others = [*self._found, *self._tactics]
        text = f"{first.field}: {first.problem}" if first.field else first.problem
        count = len(others) + self._omitted
        return f"{text} (and {count} more)" if count else text
