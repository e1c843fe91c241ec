"""How often is the broker compared with the book, and what follows from what is found?"""

from enum import Enum

from attrs import frozen

from cream.core.execution.reconciliation import EXACT, Tolerances


class Layer(Enum):
    """How thoroughly to compare. Each includes those before it."""

    OPEN_ORDERS = "open_orders"
    POSITIONS = "positions"
    FULL = "full"


@frozen(kw_only=True)
class ReconcilerSettings:
    """Units: seconds. Absence needs `absence_probes` look-ups over `absence_seconds`.

    `doubt_settles`: how long a report that leaves questions waits for the next one to answer them.
    `young`: how long it is no difference that the broker does not list an order that it shows when
    asked. `on_critical`: "halt", "alert" or "log_and_continue"; the first comparison of a life
    restricts trading as `restricts_at_start` says, whatever that is.
    """

    enabled: bool = True
    interval: float = 300.0
    positions_interval: float = 30.0
    open_orders_interval: float = 5.0
    in_flight_interval: float = 2.0
    doubt_settles: float = 0.25
    absence_probes: int = 5
    absence_seconds: float = 30.0
    rounds: int = 5
    young: float = 1800.0
    max_order_age: float = 86_400.0
    auto_resolve_orphans: bool = True
    auto_resolve_at_start: bool = True
    sync_positions: bool = True
    on_critical: str = "halt"
    restricts_at_start: bool = True
    tolerances: Tolerances = EXACT
    resume_automatically: bool = True

    def every(self, layer: Layer) -> float:
        """Between two comparisons of this layer."""
        match layer:
            case Layer.OPEN_ORDERS:
                return self.open_orders_interval
            case Layer.POSITIONS:
                return self.positions_interval
            case Layer.FULL:
                return self.interval
