"""How does the worth of an option move, and how is that found?

The gate takes the Greeks of a contract from whatever `Valuer` it is given; the one in here reads
them off the contract's own quote, or takes how much its underlying has moved.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from attrs import define, field, frozen

from cream.core.model.instrument import OptionContract
from cream.core.model.market import Quote
from cream.core.model.money import ZERO
from cream.core.options.dividends import NOTHING_KNOWN, Dividend, Dividends
from cream.core.options.occ import NEW_YORK, expires_at
from cream.core.pricing.quoted import american_valuation_at, american_valuation_with
from cream.core.pricing.tree import Payment

_YEAR = timedelta(days=365)
_DAYS_A_YEAR = 365
_POINTS = 100
# Six digits: beyond what any quote carries.
_QUANTUM = Decimal("0.000001")

# A contract is valued anew when its price or its underlying's has moved by this part, or after this
# time: nearer than that, its Greeks differ by less than they are known.
_SAME_PART = Decimal("0.001")
_SAME_FOR = timedelta(seconds=30)
# Nor may the delta have moved by this: in the last hours a tenth of a percent is a third of it.
_SAME_DELTA = Decimal("0.01")
# Contracts whose Greeks are kept; an account holds and trades far fewer.
_MOST_KEPT = 5_000


@frozen
class Greeks:
    """Of one contract per share, or of a whole holding.

    Units: delta in shares; gamma in shares per dollar of the underlying; vega in dollars per point
    (1 %) of volatility; theta in dollars per calendar day.
    """

    delta: Decimal = ZERO
    gamma: Decimal = ZERO
    vega: Decimal = ZERO
    theta: Decimal = ZERO

    def times(self, count: Decimal) -> "Greeks":
        """All of them, so many times."""
        return Greeks(self.delta * count, self.gamma * count, self.vega * count, self.theta * count)

    def plus(self, other: "Greeks") -> "Greeks":
        """Both together."""
        return Greeks(
            self.delta + other.delta,
            self.gamma + other.gamma,
            self.vega + other.vega,
            self.theta + other.theta,
        )

    def minus(self, other: "Greeks") -> "Greeks":
        """This without the other."""
        return self.plus(other.times(Decimal(-1)))

    def above(self) -> "Greeks":
        """Those above zero."""
        return Greeks(
            max(ZERO, self.delta),
            max(ZERO, self.gamma),
            max(ZERO, self.vega),
            max(ZERO, self.theta),
        )

    def below(self) -> "Greeks":
        """Those below zero."""
        return self.minus(self.above())


NO_GREEKS = Greeks()
# A share moves with itself, and with nothing else.
SHARE_GREEKS = Greeks(delta=Decimal(1))

# What a contract's Greeks are, per share, given the underlying's quote and its own, if that is one
# that a price can be taken from; None where they cannot be told.
Valuer = Callable[[OptionContract, Quote, Quote | None], Greeks | None]
# The volatility that an underlying has had, per year, as far as it is known.
HistoryOf = Callable[[str], float | None]


def _nothing_known(_underlying: str) -> float | None:
    return None


@frozen
class _Kept:
    """What it was worked out from: at its own `price`, or without one at `history`."""

    spot: Decimal
    price: Decimal | None
    history: float | None
    at: datetime
    greeks: Greeks | None


@define
class QuotedGreeks:
    """Greeks at the volatility that a contract's own quote implies, exercised when that pays best.

    Without such a quote, and without `implied` always, at the one that `history_of` its underlying
    tells. `dividends` are those to come, as far as they are known; where none is, `dividend_yield`
    stands for them. Units: `rate` and that per year.
    """

    rate: float = 0.04
    dividends: Dividends = NOTHING_KNOWN
    dividend_yield: float = 0.0
    history_of: HistoryOf = _nothing_known
    implied: bool = True
    _kept: dict[OptionContract, _Kept] = field(factory=dict, init=False)

    def __call__(
        self, contract: OptionContract, underlying: Quote, own: Quote | None
    ) -> Greeks | None:
        """What `Valuer` says."""
        priced = own if self.implied else None
        spot, price = underlying.mid, None if priced is None else priced.mid
        history = None if price is not None else self.history_of(contract.underlying)
        at = underlying.at if priced is None else priced.at
        kept = self._kept.get(contract)
        if kept is not None and _is_same(kept, spot, price, history, at):
            return kept.greeks
        greeks = None
        if price is not None or history is not None:
            greeks = _greeks_of(contract, spot, price, history, at, self)
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[contract] = _Kept(spot, price, history, at, greeks)
        return greeks


def _is_same(
    kept: _Kept, spot: Decimal, price: Decimal | None, history: float | None, at: datetime
) -> bool:
    if price is None or kept.price is None:
        alike = price is kept.price and history == kept.history
    else:
        alike = abs(price - kept.price) <= _SAME_PART * kept.price
    bend = ZERO if kept.greeks is None else kept.greeks.gamma
    moved = abs(spot - kept.spot)
    near = moved <= _SAME_PART * kept.spot and moved * bend <= _SAME_DELTA
    return alike and near and abs(at - kept.at) <= _SAME_FOR


def _greeks_of(
    contract: OptionContract,
    spot: Decimal,
    price: Decimal | None,
    history: float | None,
    at: datetime,
    basis: QuotedGreeks,
) -> Greeks | None:
    """At its price, else at `history`; None where the figures do not fit together."""
    if spot <= 0:
        return None
    today = at.astimezone(NEW_YORK).date()
    ahead = basis.dividends.ahead(contract.underlying, today)
    share = (contract.right, float(spot), float(contract.strike))
    years = (expires_at(contract) - at) / _YEAR
    payments = _payments(ahead or (), today)
    dividend_yield = basis.dividend_yield if ahead is None else 0.0
    try:
        if price is not None:
            found = american_valuation_at(
                *share, years, float(price), basis.rate, payments, dividend_yield
            )
        else:
            assert history is not None, "one of the two is known"
            found = american_valuation_with(
                *share, years, history, basis.rate, payments, dividend_yield
            )
    except ValueError:
        return None
    return Greeks(
        _decimal(found.delta),
        _decimal(found.gamma),
        _decimal(found.vega / _POINTS),
        _decimal(found.theta / _DAYS_A_YEAR),
    )


def _payments(ahead: Sequence[Dividend], today: date) -> list[Payment]:
    return [Payment((one.ex_date - today).days / _DAYS_A_YEAR, float(one.amount)) for one in ahead]


def _decimal(number: float) -> Decimal:
    return Decimal(repr(number)).quantize(_QUANTUM)
