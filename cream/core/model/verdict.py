"""What does the gate answer: yes with orders, or no with numbers that an agent can act on?"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import overload

from attrs import define, evolve, frozen

from cream.core.model.order import OrderTerms


class Severity(Enum):
    """INFO and WARNING inform; ERROR and CRITICAL refuse."""

    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"
    CRITICAL = "CRITICAL"

    @property
    def refuses(self) -> bool:
        """Whether one of these is enough to refuse the plan."""
        return self in (Severity.ERROR, Severity.CRITICAL)


class Unit(Enum):
    """What `observed`, `limit` and `headroom` of a violation count."""

    USD = "USD"
    SHARES = "SHARES"
    CONTRACTS = "CONTRACTS"
    UNITS = "UNITS"
    RATIO = "RATIO"
    PERCENT = "PERCENT"
    SECONDS = "SECONDS"
    COUNT = "COUNT"
    USD_PER_SHARE = "USD_PER_SHARE"
    SHARES_PER_USD = "SHARES_PER_USD"
    USD_PER_POINT = "USD_PER_POINT"
    USD_PER_DAY = "USD_PER_DAY"
    DAYS = "DAYS"
    MINUTES = "MINUTES"
    NONE = ""


@frozen(kw_only=True)
class Violation:
    """One rule that the plan breaks (or, as INFO and WARNING, brushes against).

    `instrument_id` is None for rules on the whole portfolio. `headroom` is how much of this order
    would pass, in `unit`; None where no size would.
    """

    code: str
    severity: Severity
    message: str
    instrument_id: str | None = None
    field_path: str | None = None
    observed: Decimal | None = None
    limit: Decimal | None = None
    unit: Unit = Unit.NONE
    headroom: Decimal | None = None


class CheckResult(Enum):
    """How one check came out. INFO and WARN let the plan pass."""

    PASS = "PASS"
    INFO = "INFO"
    WARN = "WARN"
    FAIL = "FAIL"


@define(kw_only=True, unsafe_hash=True)
class Check:
    """One check with its numbers, passed or not. Not changed after it was made."""

    code: str
    result: CheckResult
    description: str = ""
    observed: Decimal | None = None
    limit: Decimal | None = None
    unit: Unit = Unit.NONE


class Checks(Sequence[Check]):
    """Rows that are built when somebody reads them, once. Equal to any sequence with equal rows.

    Most callers want to know whether, not by how much: those pay nothing for the rows. `measure`
    gives what `with_numbers` makes of the rows, for less.
    """

    __slots__ = ("_build", "_measure", "_rows")

    def __init__(
        self,
        build: Callable[[], tuple[Check, ...]],
        measure: Callable[[], tuple[Check, ...]] | None = None,
    ) -> None:
        self._build = build
        self._measure = measure
        self._rows: tuple[Check, ...] | None = None

    def with_numbers(self) -> tuple[Check, ...]:
        """The rows that measured something, without what their rules demand."""
        return with_numbers(self) if self._measure is None else self._measure()

    def _read(self) -> tuple[Check, ...]:
        if self._rows is None:
            self._rows = self._build()
        return self._rows

    @overload
    def __getitem__(self, index: int) -> Check: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Check]: ...

    def __getitem__(self, index: int | slice) -> Check | Sequence[Check]:
        return self._read()[index]

    def __iter__(self) -> Iterator[Check]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._read() == tuple(other)

    def __hash__(self) -> int:
        return hash(self._read())

    def __repr__(self) -> str:
        return repr(self._read())


def with_numbers(checks: Iterable[Check]) -> tuple[Check, ...]:
    """The checks that measured something, without what their rules demand."""
    return tuple(evolve(one, description="") for one in checks if one.observed is not None)


@frozen
class Suggestion:
    """A size of this decision that would pass. Units: those of the decision's order."""

    decision_id: str
    quantity: Decimal | None


@frozen(kw_only=True)
class Verdict:
    """The gate's answer to one plan. `orders` is what would be sent, in plan order.

    `left_out` names decisions that `allow_partial` did not admit.
    """

    ok: bool
    violations: tuple[Violation, ...]
    checks: Sequence[Check]
    orders: tuple[OrderTerms, ...]
    suggestions: tuple[Suggestion, ...]
    policy_version: str
    validated_at: datetime
    left_out: tuple[str, ...] = ()
