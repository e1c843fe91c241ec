"""What is a rule of the gate, and what does it say of a case?"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from typing import ClassVar, NamedTuple

from attrs import frozen

from cream.core.model.verdict import Severity, Unit
from cream.core.risk.case import Case
from cream.core.risk.traits import Scope

# Ratios are shown to a ten-thousandth of a percent: no limit is set finer.
_RATIO_QUANTUM = Decimal("0.000001")
# Larger ones keep their digits as they are: with six places they would not fit the context's 28.
_LARGEST_ROUNDED = Decimal(10) ** 15


@frozen(kw_only=True)
class Breach:
    """One way in which a rule is broken.

    `headroom` is how much would pass, in the unit of the rule. `fits_smaller` says that a smaller
    size might pass. `code` and `unit` are the rule's own where they are None.
    """

    message: str
    instrument_id: str | None = None
    field_path: str | None = None
    observed: Decimal | None = None
    limit: Decimal | None = None
    headroom: Decimal | None = None
    fits_smaller: bool = False
    code: str | None = None
    unit: Unit | None = None


class Figures(NamedTuple):
    """The numbers by which a rule passed. Units: those of the rule."""

    observed: Decimal | None = None
    limit: Decimal | None = None


NO_FIGURES = Figures()


class Rule(ABC):
    """One rule: a code, how grave a breach is, the key of its limit, and what it measures.

    The first line of the docstring of a rule says what it demands; clients are shown it. `scope`
    says what a case must have for the rule to have anything to say: of others it is not asked.
    `statement` is what the rule demands, in a sentence; `measures` whether it has any numbers.
    """

    code: ClassVar[str]
    severity: ClassVar[Severity] = Severity.ERROR
    limit_key: ClassVar[str | None] = None
    unit: ClassVar[Unit] = Unit.NONE
    scope: ClassVar[Scope] = Scope.ALWAYS
    statement: ClassVar[str] = ""
    measures: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        """Read off the class once what is shown with every verdict."""
        super().__init_subclass__()
        cls.statement = (cls.__doc__ or "").partition("\n")[0]
        cls.measures = cls.figures is not Rule.figures

    @abstractmethod
    def breaches(self, case: Case) -> Sequence[Breach]:
        """Every way in which `case` breaks the rule; empty where it does not."""

    def figures(self, case: Case) -> Figures:
        """The numbers of a case that passes. Asked for only when somebody reads them."""
        return NO_FIGURES


def room(limit: Decimal, taken: Decimal) -> Decimal | None:
    """What is left of `limit` when `taken` is gone; None where nothing is."""
    left = limit - taken
    return left if left > 0 else None


def shown_at_most(ratio: Decimal) -> Decimal:
    """A ratio that has an upper limit, rounded so that it never looks better than it is."""
    return _shown(ratio, ROUND_UP)


def shown_at_least(ratio: Decimal) -> Decimal:
    """A ratio that has a lower limit, rounded so that it never looks better than it is."""
    return _shown(ratio, ROUND_DOWN)


def _shown(ratio: Decimal, rounding: str) -> Decimal:
    return ratio if abs(ratio) > _LARGEST_ROUNDED else ratio.quantize(_RATIO_QUANTUM, rounding)
