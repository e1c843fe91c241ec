"""What does a portfolio gain and lose when prices, volatility, time or rates move a little?

Positions in shares and options, from live figures a share, aggregated per underlying in shares and
in dollars. A position whose figures are missing is named, never counted as zero; the oldest figure
gives the age. Sums are of decimals rounded position by position, so that the whole is exactly the
sum of its parts.

Units: as the fields say. A point of volatility is 0.01; a day is a 365th of a year.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal

from attrs import frozen

from cream.core.model.instrument import Equity, Instrument
from cream.core.model.market import Datum, Known, Stale, Unknown
from cream.core.model.money import ZERO, decimal_from_float

# Beyond what anybody quotes, far below a cent on the largest position.
_PLACES = Decimal("0.00000001")

_POINTS = Decimal(100)
_DAYS = Decimal(365)


@frozen
class PerShare:
    """Sensitivities of one option in the units of `core/pricing`: per share, per 1.00, per year."""

    delta: float
    gamma: float
    vega: float
    theta: float
    rho: float


@frozen
class Exposure:
    """One position. `quantity` is signed, in shares or contracts.

    `figures` of shares are not asked for: their delta is 1 and the rest 0.
    """

    instrument: Instrument
    quantity: Decimal
    spot: Datum[Decimal]
    figures: Datum[PerShare]
    as_of: datetime


@frozen(kw_only=True)
class Totals:
    """Sensitivities of positions in one underlying.

    `gamma_shares` is the change of the delta per dollar, `gamma_dollars_per_percent` the change of
    the dollar delta when the price moves by one percent.
    """

    delta_shares: Decimal = ZERO
    delta_dollars: Decimal = ZERO
    gamma_shares: Decimal = ZERO
    gamma_dollars_per_percent: Decimal = ZERO
    vega_dollars_per_point: Decimal = ZERO
    theta_dollars_per_day: Decimal = ZERO
    rho_dollars_per_point: Decimal = ZERO

    def __add__(self, other: "Totals") -> "Totals":
        return Totals(
            delta_shares=self.delta_shares + other.delta_shares,
            delta_dollars=self.delta_dollars + other.delta_dollars,
            gamma_shares=self.gamma_shares + other.gamma_shares,
            gamma_dollars_per_percent=(
                self.gamma_dollars_per_percent + other.gamma_dollars_per_percent
            ),
            vega_dollars_per_point=self.vega_dollars_per_point + other.vega_dollars_per_point,
            theta_dollars_per_day=self.theta_dollars_per_day + other.theta_dollars_per_day,
            rho_dollars_per_point=self.rho_dollars_per_point + other.rho_dollars_per_point,
        )


@frozen
class Aggregate:
    """The totals of what is known, how old the oldest of it is, and what is not known.

    `stale` and `missing` hold symbols. A limit can only be judged where `missing` is empty.
    """

    totals: Totals
    oldest_seconds: float
    stale: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether every position counts, with figures that are fresh."""
        return not self.stale and not self.missing


def by_underlying(exposures: Iterable[Exposure], now: datetime) -> Mapping[str, Aggregate]:
    """An aggregate for each underlying, in the order in which they come."""
    groups: dict[str, list[Exposure]] = {}
    for one in exposures:
        groups.setdefault(one.instrument.underlying, []).append(one)
    return {underlying: aggregate(group, now) for underlying, group in groups.items()}


def aggregate(exposures: Iterable[Exposure], now: datetime) -> Aggregate:
    """All of them as one, of one underlying or of several."""
    totals, oldest = Totals(), 0.0
    stale: list[str] = []
    missing: list[str] = []
    for one in exposures:
        symbol = one.instrument.symbol
        spot, figures = one.spot, one.figures
        if isinstance(one.instrument, Equity):
            figures = Known(_SHARE)
        if isinstance(spot, Unknown) or isinstance(figures, Unknown):
            missing.append(symbol)
            continue
        if isinstance(spot, Stale) or isinstance(figures, Stale):
            stale.append(symbol)
        oldest = max(oldest, (now - one.as_of).total_seconds())
        totals += contribution(one.instrument, one.quantity, spot.value, figures.value)
    return Aggregate(totals, oldest, tuple(stale), tuple(missing))


_SHARE = PerShare(1.0, 0.0, 0.0, 0.0, 0.0)


def contribution(
    instrument: Instrument, quantity: Decimal, spot: Decimal, figures: PerShare
) -> Totals:
    """What one position adds.   Raises: ValueError for figures that are not finite."""
    shares = quantity * instrument.multiplier
    delta = decimal_from_float(figures.delta) * shares
    gamma = decimal_from_float(figures.gamma) * shares
    return Totals(
        delta_shares=_rounded(delta),
        delta_dollars=_rounded(delta * spot),
        gamma_shares=_rounded(gamma),
        gamma_dollars_per_percent=_rounded(gamma * spot * spot / 100),
        vega_dollars_per_point=_rounded(decimal_from_float(figures.vega) * shares / _POINTS),
        theta_dollars_per_day=_rounded(decimal_from_float(figures.theta) * shares / _DAYS),
        rho_dollars_per_point=_rounded(decimal_from_float(figures.rho) * shares / _POINTS),
    )


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(_PLACES, ROUND_HALF_EVEN)
