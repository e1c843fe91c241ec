"""What may an operator ask about an option that is held, or have the broker do with it?"""

from decimal import Decimal
from typing import Protocol

from cream.core.execution.option_book import ExerciseState
from cream.core.execution.roll_events import RollOwed
from cream.core.execution.rolls import RollReport
from cream.core.model.instrument import OptionContract
from cream.core.options.holdings_risk import HoldingsRisk


class ExerciseInstructions(Protocol):
    """The part of `core.operations.Operations` that is about exercise."""

    async def exercise(
        self, contract: OptionContract, quantity: Decimal | None, actor: str
    ) -> ExerciseState:
        """Have the broker exercise long contracts (None: all), once, and what became of it."""
        ...

    async def do_not_exercise(self, contract: OptionContract, actor: str) -> ExerciseState:
        """Have a contract expire unexercised, and what became of that."""
        ...


class RollsShown(Protocol):
    """The part of `core.operations.Operations` that is about rolling."""

    async def option_rolls(self) -> RollReport:
        """What would be rolled now of the options that are held, and why not otherwise."""
        ...

    async def roll_now(self, symbol: str, actor: str) -> RollOwed:
        """Begin to roll the position that `symbol` is (a leg of).   Raises: CreamError."""
        ...


class HoldingsRiskShown(Protocol):
    """The part of `core.operations.Operations` that is about the Greeks of what is held."""

    async def holdings_risk(self) -> HoldingsRisk:
        """Greeks of all holdings by underlying, and which short options may be exercised."""
        ...
