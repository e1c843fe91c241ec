"""Would a trade in options leave more risk than the limits allow?

Judged on the portfolio as it would be. Equality passes. A trade that leaves a figure no worse than
it is passes too, also when the figure is over its limit: else nobody could get out.

Units: as the limits say: shares, dollars per volatility point, dollars per day, contracts.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from attrs import frozen

from cream.core.model.money import ZERO
from cream.core.options.greeks import Totals


@frozen(kw_only=True)
class PositionLimits:
    """The bounds. Theta's is negative: the most that a day may cost."""

    delta_per_underlying_shares: Decimal = Decimal(250)
    portfolio_delta_shares: Decimal = Decimal(500)
    portfolio_gamma_shares: Decimal = Decimal(50)
    portfolio_vega_dollars_per_point: Decimal = Decimal(1000)
    portfolio_theta_dollars_per_day: Decimal = Decimal(-500)
    contracts_per_underlying: Decimal = Decimal(100)
    positions_per_underlying: Decimal = Decimal(10)
    contracts: Decimal = Decimal(500)
    positions: Decimal = Decimal(50)


@frozen
class OptionsBook:
    """What limits look at. By underlying: totals, gross contracts and open option positions."""

    totals: Mapping[str, Totals]
    contracts: Mapping[str, Decimal]
    positions: Mapping[str, int]

    @property
    def portfolio(self) -> Totals:
        """All underlyings together."""
        return sum(self.totals.values(), Totals())


@frozen
class Breach:
    """A limit that would be passed. `headroom` is what was left before the trade, never negative;
    `underlying` is None for limits of the whole portfolio."""

    code: str
    underlying: str | None
    observed: Decimal
    limit: Decimal
    unit: str
    headroom: Decimal


def breaches(before: OptionsBook, after: OptionsBook, limits: PositionLimits) -> Iterator[Breach]:
    """Every limit that the trade between the two books would pass."""
    for underlying in after.totals:
        yield from _judge(
            "OPTIONS_DELTA_PER_UNDERLYING_EXCEEDED",
            underlying,
            before.totals.get(underlying, Totals()).delta_shares,
            after.totals[underlying].delta_shares,
            limits.delta_per_underlying_shares,
            "shares",
        )
    yield from _portfolio_greeks(before.portfolio, after.portfolio, limits)
    for underlying in after.contracts:
        yield from _judge(
            "OPTIONS_CONTRACTS_PER_UNDERLYING_EXCEEDED",
            underlying,
            before.contracts.get(underlying, ZERO),
            after.contracts[underlying],
            limits.contracts_per_underlying,
            "contracts",
        )
    for underlying in after.positions:
        yield from _judge(
            "OPTIONS_POSITIONS_PER_UNDERLYING_EXCEEDED",
            underlying,
            Decimal(before.positions.get(underlying, 0)),
            Decimal(after.positions[underlying]),
            limits.positions_per_underlying,
            "positions",
        )
    yield from _judge(
        "OPTIONS_CONTRACTS_EXCEEDED",
        None,
        sum(before.contracts.values(), ZERO),
        sum(after.contracts.values(), ZERO),
        limits.contracts,
        "contracts",
    )
    yield from _judge(
        "OPTIONS_POSITIONS_EXCEEDED",
        None,
        Decimal(sum(before.positions.values())),
        Decimal(sum(after.positions.values())),
        limits.positions,
        "positions",
    )


def _portfolio_greeks(before: Totals, after: Totals, limits: PositionLimits) -> Iterator[Breach]:
    yield from _judge(
        "OPTIONS_DELTA_EXCEEDED",
        None,
        before.delta_shares,
        after.delta_shares,
        limits.portfolio_delta_shares,
        "shares",
    )
    yield from _judge(
        "OPTIONS_GAMMA_EXCEEDED",
        None,
        before.gamma_shares,
        after.gamma_shares,
        limits.portfolio_gamma_shares,
        "shares per USD",
    )
    yield from _judge(
        "OPTIONS_VEGA_EXCEEDED",
        None,
        before.vega_dollars_per_point,
        after.vega_dollars_per_point,
        limits.portfolio_vega_dollars_per_point,
        "USD per volatility point",
    )
    # Only decay is bounded: income from time is nobody's danger by itself.
    limit = limits.portfolio_theta_dollars_per_day
    was, is_now = before.theta_dollars_per_day, after.theta_dollars_per_day
    if is_now < limit and is_now < was:
        yield Breach(
            "OPTIONS_THETA_EXCEEDED", None, is_now, limit, "USD per day", max(ZERO, was - limit)
        )


def _judge(
    code: str, underlying: str | None, was: Decimal, is_now: Decimal, limit: Decimal, unit: str
) -> Iterator[Breach]:
    if abs(is_now) > limit and abs(is_now) > abs(was):
        yield Breach(code, underlying, is_now, limit, unit, max(ZERO, limit - abs(was)))
