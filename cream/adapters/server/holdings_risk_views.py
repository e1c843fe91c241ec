"""How does the risk of everything that is held look in JSON?"""

from decimal import Decimal

from cream.adapters.server import json_holdings_risk_types as api
from cream.core.model.money import decimal_text, trim
from cream.core.options.greeks import Aggregate
from cream.core.options.holdings_risk import HoldingsRisk, ShortRisk


def holdings_risk_view(risk: HoldingsRisk) -> api.HoldingsRisk:
    """The risk in JSON."""
    return api.HoldingsRisk(
        as_of=risk.as_of,
        total=_greeks_view(None, risk.whole),
        underlyings=tuple(_greeks_view(name, one) for name, one in risk.by_underlying.items()),
        shorts=tuple(map(_short_view, risk.shorts)),
        unknown=risk.unknown,
    )


def _greeks_view(underlying: str | None, found: Aggregate) -> api.GreeksOfHoldings:
    totals = found.totals
    return api.GreeksOfHoldings(
        underlying=underlying,
        delta_shares=_text(totals.delta_shares),
        delta_dollars=_text(totals.delta_dollars),
        gamma_shares=_text(totals.gamma_shares),
        gamma_dollars_per_percent=_text(totals.gamma_dollars_per_percent),
        vega_dollars_per_point=_text(totals.vega_dollars_per_point),
        theta_dollars_per_day=_text(totals.theta_dollars_per_day),
        rho_dollars_per_point=_text(totals.rho_dollars_per_point),
        oldest_seconds=found.oldest_seconds,
        stale=found.stale,
        missing=found.missing,
    )


def _short_view(one: ShortRisk) -> api.ShortOptionRisk:
    return api.ShortOptionRisk(
        symbol=one.contract.symbol,
        quantity=decimal_text(one.quantity),
        level=one.risk.level.name,
        reasons=one.risk.reasons,
        strike_dollars=_text(one.risk.strike_dollars),
        loss_dollars=_text(one.risk.loss_dollars),
    )


def _text(value: Decimal) -> str:
    """Without the zeros that rounding to eight places has left."""
    return decimal_text(trim(value))
