"""Which limits hold for one call that brings limits of its own? The tighter of both, each."""

from decimal import Decimal

from attrs import evolve

from cream.core.model.request import RiskConstraints
from cream.core.risk.limits import Constraints


def tightened(limits: Constraints, asked: RiskConstraints) -> Constraints:
    """`limits`, with each that `asked` wants tighter made so. None is ever made looser."""
    per_instrument, portfolio, options = limits.per_instrument, limits.portfolio, limits.options
    return evolve(
        limits,
        per_instrument=evolve(
            per_instrument,
            max_units=_count(per_instrument.max_units, asked.max_shares),
            max_contracts=_count(limits.max_contracts, asked.max_contracts),
            max_notional=_least(per_instrument.max_notional, asked.max_notional),
            max_equity_pct=_least(per_instrument.max_equity_pct, asked.max_equity_pct),
        ),
        portfolio=evolve(
            portfolio,
            max_leverage=_least(portfolio.max_leverage, asked.max_gross_equity_pct),
            max_net_equity_pct=_least(portfolio.max_net_equity_pct, asked.max_net_equity_pct),
            max_underlying_equity_pct=_least(
                portfolio.max_underlying_equity_pct, asked.max_underlying_equity_pct
            ),
            max_sector_equity_pct=_least(
                portfolio.max_sector_equity_pct, asked.max_sector_equity_pct
            ),
        ),
        options=evolve(
            options,
            max_delta_notional=_least_of(options.max_delta_notional, asked.max_delta_notional),
            max_portfolio_gamma=_least(options.max_portfolio_gamma, asked.max_gamma),
            max_portfolio_vega=_least(options.max_portfolio_vega, asked.max_vega),
            max_portfolio_theta=-_least(-options.max_portfolio_theta, asked.max_theta_loss),
        ),
        risk_limits=evolve(
            limits.risk_limits,
            max_per_trade_risk_pct=_least(
                limits.risk_limits.max_per_trade_risk_pct, asked.max_trade_risk_percent
            ),
        ),
        losses=evolve(
            limits.losses,
            max_drawdown_pct=_least_of(limits.losses.max_drawdown_pct, asked.max_drawdown_pct),
        ),
        orders=evolve(
            limits.orders,
            max_positions=_count(limits.orders.max_positions, asked.max_positions),
            # An order is bounded by what was configured for positions, not by what is asked now.
            max_order_notional=_least(limits.max_order_notional, asked.max_notional),
        ),
    )


def _least(limit: Decimal, asked: Decimal | None) -> Decimal:
    return limit if asked is None else min(limit, asked)


def _least_of(limit: Decimal | None, asked: Decimal | None) -> Decimal | None:
    return asked if limit is None else _least(limit, asked)


def _count(limit: int, asked: Decimal | None) -> int:
    return limit if asked is None else min(limit, int(asked))
