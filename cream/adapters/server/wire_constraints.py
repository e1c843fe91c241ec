"""Which limits does a caller ask for in the contract's scaled whole numbers?"""

from decimal import Decimal

from cream.adapters.server.problems import Problems
from cream.core.model.request import RiskConstraints
from cream.wire import execution_pb2

_ONE = Decimal(1)
_CENTS = Decimal("0.01")
_BASIS_POINTS = Decimal("0.0001")
_PERCENT_OF_BASIS_POINTS = Decimal("0.01")
_THOUSANDTHS = Decimal("0.001")

# The limit in the model, and how much of its unit one on the wire is. Zero on the wire is none.
_FIELDS: dict[str, tuple[str, Decimal]] = {
    "max_shares": ("max_shares", _ONE),
    "max_contracts": ("max_contracts", _ONE),
    "max_notional_cents": ("max_notional", _CENTS),
    "max_pct_equity_bps": ("max_equity_pct", _BASIS_POINTS),
    "max_gross_pct_equity_bps": ("max_gross_equity_pct", _BASIS_POINTS),
    "max_net_pct_equity_bps": ("max_net_equity_pct", _BASIS_POINTS),
    "max_risk_per_trade_bps": ("max_trade_risk_percent", _PERCENT_OF_BASIS_POINTS),
    "max_sector_exposure_bps": ("max_sector_equity_pct", _BASIS_POINTS),
    "max_positions": ("max_positions", _ONE),
    "max_concentration_bps": ("max_underlying_equity_pct", _BASIS_POINTS),
    "max_drawdown_bps": ("max_drawdown_pct", _BASIS_POINTS),
    "max_delta_notional_cents": ("max_delta_notional", _CENTS),
    "max_gamma_scaled": ("max_gamma", _THOUSANDTHS),
    "max_vega_cents": ("max_vega", _CENTS),
    "max_theta_cents": ("max_theta_loss", _CENTS),
}


def constraints_from_wire(
    message: execution_pb2.RiskConstraints, path: str, problems: Problems
) -> RiskConstraints:
    """The limits that are given; what cannot be one is noted.

    A limit that nothing here judges is refused: to pass by it in silence would be worse.
    """
    given: dict[str, Decimal] = {}
    for name, (model_name, scale) in _FIELDS.items():
        number: int = getattr(message, name)
        if name == "max_theta_cents":
            # A loss with time is written with either sign.
            number = abs(number)
        if number < 0:
            problems.add(f"{path}.{name}", f"must not be below 0, was {number}")
        elif number > 0:
            given[model_name] = number * scale
    if message.max_correlation_bps:
        problems.add(f"{path}.max_correlation_bps", "correlations are not judged: leave it out")
    return RiskConstraints(**given)
