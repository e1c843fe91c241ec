"""What may an operator have the broker do with an option that is owned?"""

from decimal import Decimal
from typing import Protocol

from cream.core.execution.option_book import ExerciseState
from cream.core.model.instrument import OptionContract


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
