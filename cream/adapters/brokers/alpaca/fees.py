"""What will Alpaca charge for an execution, which it tells without its fees?"""

from attrs import evolve

from cream.core.exchange.fees import Trade, fees_of
from cream.core.model.broker import Execution
from cream.core.model.fill import Fee
from cream.core.options.occ import NEW_YORK


def with_fees(execution: Execution) -> Execution:
    """The execution with its fees as the schedule of its day has them."""
    trade = Trade(
        instrument=execution.instrument,
        side=execution.side,
        quantity=execution.quantity,
        price=execution.price,
        day=execution.executed_at.astimezone(NEW_YORK).date(),
    )
    fees = tuple(Fee(kind.value, amount) for kind, amount in fees_of(trade).items())
    return evolve(execution, fees=fees)
