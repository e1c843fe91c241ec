"""Which faults can the simulated broker be made to have, and which of them are armed?

A fault is switched on by its name, for good or for a number of times, and off again. All that can
go wrong between a client and a broker is here by the way it looks to the client.
"""

from collections.abc import Mapping
from enum import Enum

from attrs import define, field, frozen

from cream.core.model.errors import CreamError, FieldProblem

# More repetitions than any test waits for.
MAX_COUNT = 1_000_000


class Fault(Enum):
    """Everything that can be made to go wrong."""

    # The market stands still and its quotes grow old.
    STALE_QUOTES = "stale_quotes"
    # The order is booked, and the answer is lost.
    SUBMIT_TIMEOUT_BOOKED = "submit_timeout_booked"
    # The order is lost, and nobody knows.
    SUBMIT_LOST = "submit_lost"
    # The broker says that it cannot take orders now.
    SUBMIT_UNAVAILABLE = "submit_unavailable"
    # The broker refuses the order for reasons of its own.
    REJECT_SUBMIT = "reject_submit"
    # The cancel is carried out, and the answer is lost.
    CANCEL_TIMEOUT = "cancel_timeout"
    # Messages of the order stream are lost.
    DROP_UPDATES = "drop_updates"
    # Messages of the order stream come twice.
    DUPLICATE_UPDATES = "duplicate_updates"


@frozen
class FaultSwitch:
    """What a caller asks for. `count` None: until it is switched off."""

    fault: Fault
    on: bool
    count: int | None


@define
class ArmedFaults:
    """The faults that are on, each with how often it will still happen."""

    _left: dict[Fault, int | None] = field(factory=dict)

    def set(self, switch: FaultSwitch) -> None:
        """Switch a fault on or off; the last word counts."""
        if switch.on:
            self._left[switch.fault] = switch.count
        else:
            self._left.pop(switch.fault, None)

    def is_on(self, fault: Fault) -> bool:
        """Whether `fault` would happen, without making it happen."""
        return fault in self._left

    def happens(self, fault: Fault) -> bool:
        """Whether `fault` happens this time. Counts."""
        if fault not in self._left:
            return False
        left = self._left[fault]
        if left is not None:
            if left <= 1:
                del self._left[fault]
            else:
                self._left[fault] = left - 1
        return True


def read_switch(name: str, parameters: Mapping[str, object]) -> FaultSwitch:
    """The switch that a caller means.

    `parameters`: `on` (default true) and `count` (default without end).

    Raises: CreamError INVALID_REQUEST, naming every field at fault.
    """
    by_name = {fault.value: fault for fault in Fault}
    problems = [
        FieldProblem(key, "is not known; there are on and count")
        for key in parameters
        if key not in ("on", "count")
    ]
    if name not in by_name:
        problems.append(FieldProblem("name", f"is none of {', '.join(by_name)}"))
    on = parameters.get("on", True)
    if not isinstance(on, bool):
        problems.append(FieldProblem("on", "must be true or false"))
    count = parameters.get("count")
    if count is not None and (
        isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MAX_COUNT
    ):
        problems.append(FieldProblem("count", f"must be a whole number from 1 to {MAX_COUNT}"))
    if problems:
        raise CreamError("INVALID_REQUEST", "there is no such fault", *problems)
    whole = count if isinstance(count, int) else None
    return FaultSwitch(by_name[name], on is True, whole)
