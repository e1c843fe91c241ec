"""How do all holdings together lean, and which of the options that are sold may be exercised?

From live quotes: whatever stands on one that is missing or old is named, never counted as zero.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Generic, TypeVar

from attrs import frozen

from cream.core.model.instrument import Instrument, OptionContract
from cream.core.model.market import Datum, Known, Quote, Stale, Unknown
from cream.core.options.chain import Valuation, age_of, spot_of
from cream.core.options.dividends import Dividend
from cream.core.options.exercise_risk import ExerciseRisk, ShortOption, exercise_risk
from cream.core.options.greeks import Aggregate, Exposure, PerShare, aggregate, by_underlying

T = TypeVar("T")

# What is worked out of shares needs none: their delta is one.
_NOT_ASKED: Datum[PerShare] = Unknown("shares have no figures")


@frozen(kw_only=True)
class Held:
    """One position with its market. `quantity` is signed; `valuation` is an option's."""

    instrument: Instrument
    quantity: Decimal
    underlying: Quote | None
    own: Quote | None = None
    valuation: Valuation | None = None


@frozen(kw_only=True)
class Basis:
    """What all of it is judged by. Units: seconds; per year. `dividends` are those to come."""

    now: datetime
    today: date
    stale_after_seconds: float
    rate: float
    dividends: Mapping[str, Sequence[Dividend]]


@frozen
class ShortRisk:
    """A position that is short, and what its exercise would be to us."""

    contract: OptionContract
    quantity: Decimal
    risk: ExerciseRisk


@frozen(kw_only=True)
class HoldingsRisk:
    """Greeks of each underlying and of everything; short options, the likeliest exercised first.

    A short option whose underlying has no price is in `unknown`.
    """

    as_of: datetime
    by_underlying: Mapping[str, Aggregate]
    whole: Aggregate
    shorts: tuple[ShortRisk, ...]
    unknown: tuple[str, ...]


def holdings_risk(held: Sequence[Held], basis: Basis) -> HoldingsRisk:
    """The risk of these positions now."""
    exposures = [_exposure(one, basis) for one in held]
    shorts: list[ShortRisk] = []
    unknown: list[str] = []
    for one in held:
        contract = one.instrument
        if not isinstance(contract, OptionContract) or one.quantity >= 0:
            continue
        spot = spot_of(one.underlying)
        if spot is None:
            unknown.append(contract.symbol)
        else:
            shorts.append(ShortRisk(contract, one.quantity, _risk(one, contract, spot, basis)))
    shorts.sort(key=lambda one: (-one.risk.level, one.contract.symbol))
    return HoldingsRisk(
        as_of=basis.now,
        by_underlying=by_underlying(exposures, basis.now),
        whole=aggregate(exposures, basis.now),
        shorts=tuple(shorts),
        unknown=tuple(unknown),
    )


@frozen
class _Aged(Generic[T]):
    """A value and the moment that it is of; None where there is none."""

    value: T | None
    at: datetime | None
    why: str

    def judged(self, basis: Basis) -> Datum[T]:
        """Known, or what is wrong with it."""
        if self.value is None or self.at is None:
            return Unknown(self.why)
        age = max(0.0, (basis.now - self.at).total_seconds())
        return Known(self.value) if age <= basis.stale_after_seconds else Stale(self.value, age)


def _exposure(one: Held, basis: Basis) -> Exposure:
    spot_at = None if one.underlying is None else one.underlying.at
    spot = _Aged(spot_of(one.underlying), spot_at, "its underlying has no price")
    figures, oldest = _NOT_ASKED, spot_at
    if isinstance(one.instrument, OptionContract):
        found = one.valuation
        aged: _Aged[PerShare] = _Aged(None, None, "nothing is known of it")
        if found is not None:
            moments = [at for at in (found.quote_at, found.underlying_at) if at is not None]
            oldest = min(moments, default=None)
            aged = _Aged(found.greeks, oldest, found.status.value)
        figures = aged.judged(basis)
    return Exposure(one.instrument, one.quantity, spot.judged(basis), figures, oldest or basis.now)


def _risk(one: Held, contract: OptionContract, spot: Decimal, basis: Basis) -> ExerciseRisk:
    """Of the dividends before its end the one for which exercise is likeliest counts."""
    quote, age = one.own, age_of(one.own, basis.now)
    fresh = age is not None and age <= basis.stale_after_seconds
    due: list[Dividend | None] = [
        paid
        for paid in basis.dividends.get(contract.underlying, ())
        if paid.ex_date <= contract.expiration
    ]
    return max(
        (
            exercise_risk(
                ShortOption(
                    contract=contract,
                    quantity=-one.quantity,
                    spot=spot,
                    today=basis.today,
                    ask=quote.ask if quote is not None and fresh and quote.ask > 0 else None,
                    rate=Decimal(repr(basis.rate)),
                    dividend=paid,
                )
            )
            for paid in due or [None]
        ),
        key=lambda risk: risk.level,
    )
