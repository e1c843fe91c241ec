"""What can a call ask for, once it has been decoded from either format?"""

from collections.abc import Mapping
from decimal import Decimal

from attrs import frozen

from cream.core.model.instrument import Instrument
from cream.core.model.plan import DecisionPlan
from cream.core.model.request import ExecutionParams, PortfolioOverride, RiskConstraints
from cream.core.model.state import TradingState


@frozen(kw_only=True)
class CheckRequest:
    """A plan to be judged, the portfolio to judge it on if not the engine's own, and limits that
    are to hold besides the configured ones."""

    plan: DecisionPlan
    override: PortfolioOverride | None
    asked: RiskConstraints | None = None


@frozen(kw_only=True)
class SubmitRequest:
    """A plan to be placed, and how."""

    plan: DecisionPlan
    params: ExecutionParams


@frozen(kw_only=True)
class CancelRequest:
    """Orders that should go, and why."""

    order_ids: tuple[str, ...]
    reason: str


@frozen(kw_only=True)
class TradingStateRequest:
    """The state that an operator wants. `force` clears causes that wait for an operator's word."""

    state: TradingState
    reason: str
    actor: str | None
    force: bool


@frozen(kw_only=True)
class QuoteRequest:
    """Where the simulated market is to be."""

    instrument: Instrument
    bid: Decimal
    ask: Decimal
    bid_size: int
    ask_size: int


@frozen(kw_only=True)
class FaultRequest:
    """A fault of the simulation, by name."""

    name: str
    parameters: Mapping[str, object]
