"""By which rule is a held option rolled, and into what?

The triggers are those of `rolling.py`; this adds what is rolled into, and which rule is for which
position.
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import Enum

from attrs import field, frozen

from cream.core.model.instrument import OptionContract
from cream.core.options.rolling import RollMode, RollPolicy


class StrikeChoice(Enum):
    """Which strike follows the old one."""

    SAME = "same"
    DELTA = "delta"


@frozen(kw_only=True)
class RollTarget:
    """What is rolled into, and what that may cost.

    `days` to expiry, the nearest listed counts. `delta` without sign, for `StrikeChoice.DELTA`.
    `concession` is how much of the way from the middle to the price at which it fills at once is
    given, and `concession_step` how much more with each attempt that did not fill; an urgent roll
    gives all of it. `most_debit` bounds any roll; None: nothing does.
    """

    days: int = 30
    strike: StrikeChoice = StrikeChoice.SAME
    delta: Decimal = Decimal("0.20")
    keep_delta: bool = False
    concession: Decimal = Decimal("0.5")
    concession_step: Decimal = Decimal("0.1")
    most_debit: Decimal | None = None


@frozen(kw_only=True)
class RollRule:
    """When a position is rolled, and into what."""

    policy: RollPolicy = field(factory=lambda: RollPolicy(mode=RollMode.DRY_RUN))
    target: RollTarget = field(factory=RollTarget)


@frozen(kw_only=True)
class RollRules:
    """Every rule; one for a contract goes before one for its underlying, and that before `others`.

    Keys of `by_symbol` are symbols of options and of underlyings. `dry_run`: none does anything.
    """

    enabled: bool = False
    dry_run: bool = True
    look_seconds: float = 60.0
    others: RollRule = field(factory=RollRule)
    by_symbol: Mapping[str, RollRule] = field(factory=dict)

    def of(self, contract: OptionContract) -> RollRule:
        """The rule for `contract`."""
        general = self.by_symbol.get(contract.underlying, self.others)
        return self.by_symbol.get(contract.symbol, general)

    def makes(self, contract: OptionContract) -> bool:
        """Whether a position in `contract` is rolled, and not only told of."""
        return (
            self.enabled and not self.dry_run and self.of(contract).policy.mode is RollMode.ACTIVE
        )
