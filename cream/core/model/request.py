"""What can a caller hand over besides a plan: a single order, overrides for a check, handling?"""

from decimal import Decimal

from attrs import frozen

from cream.core.model.broker import BrokerPosition
from cream.core.model.instrument import Instrument
from cream.core.model.order import OrderType, Side
from cream.core.model.plan import TimeInForce


@frozen(kw_only=True)
class PortfolioOverride:
    """Account and holdings given with a check, used instead of the engine's own for that check."""

    equity: Decimal | None = None
    cash: Decimal | None = None
    buying_power: Decimal | None = None
    positions: tuple[BrokerPosition, ...] | None = None


@frozen(kw_only=True)
class RiskConstraints:
    """Limits that a caller asks for in one check, besides the configured ones. None: as configured.

    Units: shares; contracts; dollars; fractions of equity (0.10 is a tenth), but percent of equity
    for the risk of a trade; shares per dollar; dollars per point; dollars per day that may be lost.
    """

    max_shares: Decimal | None = None
    max_contracts: Decimal | None = None
    max_notional: Decimal | None = None
    max_equity_pct: Decimal | None = None
    max_gross_equity_pct: Decimal | None = None
    max_net_equity_pct: Decimal | None = None
    max_trade_risk_percent: Decimal | None = None
    max_sector_equity_pct: Decimal | None = None
    max_positions: Decimal | None = None
    max_underlying_equity_pct: Decimal | None = None
    max_drawdown_pct: Decimal | None = None
    max_delta_notional: Decimal | None = None
    max_gamma: Decimal | None = None
    max_vega: Decimal | None = None
    max_theta_loss: Decimal | None = None


@frozen(kw_only=True)
class ExecutionParams:
    """How a submitted plan is to be handled. `wait_seconds`: how long to wait for the broker.

    `session_id` is the client session that the plan's entries belong to; empty for none.
    """

    allow_partial: bool = False
    wait_seconds: float = 1.0
    session_id: str = ""


@frozen(kw_only=True)
class SingleOrder:
    """One order outside a plan, as `SubmitOrder` carries it. Idempotent by `client_order_id`."""

    client_order_id: str
    cycle_id: str
    instrument: Instrument
    side: Side
    quantity: Decimal
    order_type: OrderType
    time_in_force: TimeInForce
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None
    trail_price: Decimal | None = None
    trail_percent: Decimal | None = None
