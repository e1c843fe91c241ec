"""What does a caller instruct about an option over gRPC, and how is it answered?"""

from decimal import Decimal

from cream.adapters.server.problems import Problems
from cream.core.execution.option_book import ExerciseState
from cream.core.model.instrument import OptionContract
from cream.core.options.occ import parse_occ
from cream.wire import control_pb2

# More contracts than anybody holds of one option.
MOST_CONTRACTS = 1_000_000


def option_instruction(symbol: str, quantity: int | None) -> tuple[OptionContract, Decimal | None]:
    """The contract, and how many of it (None: all).   Raises: CreamError."""
    problems = Problems()
    contract = None
    try:
        contract = parse_occ(symbol)
    except ValueError as error:
        problems.add("symbol", str(error))
    if quantity is not None and not 1 <= quantity <= MOST_CONTRACTS:
        problems.add("quantity", f"must be from 1 to {MOST_CONTRACTS}, was {quantity}")
    problems.raise_any()
    assert contract is not None, "a symbol without problems is a contract"
    return contract, None if quantity is None else Decimal(quantity)


def exercise_reply(state: ExerciseState) -> control_pb2.ExerciseResponse:
    """What became of an instruction."""
    answered = state.answered
    return control_pb2.ExerciseResponse(
        request_id=state.asked.request_id,
        symbol=state.asked.contract.symbol,
        quantity=int(state.asked.quantity),
        instruction=state.asked.instruction,
        outcome="unknown" if answered is None else answered.outcome,
        message="" if answered is None else answered.message,
    )
