"""What are these quotes of options on one underlying worth, as one piece of work?

Everything that takes time is in here, the reading of decimals and the making of answers too, so
that a thread can do all of it: `work_out` is a function of its job alone. The kernels are imported
when something is first priced; until then a daemon does without NumPy.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from attrs import frozen

from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.model.market import Quote
from cream.core.options.chain import FiguresFrom, Valuation, ValuationStatus, price_of
from cream.core.options.greeks import PerShare
from cream.core.options.occ import expires_at

if TYPE_CHECKING:
    from cream.core.pricing.explained import Explained, Tables

_SIGNS = {OptionRight.CALL: 1.0, OptionRight.PUT: -1.0}
_NO_NUMBER = float("nan")


@frozen
class Priced:
    """An option to be valued. `place` is the caller's own mark."""

    place: int
    contract: OptionContract
    quote: Quote


@frozen(kw_only=True)
class Job:
    """Options on `underlying`, none of them expired at `minute`, the moment from which time counts.

    `solved` are tables of an earlier job; they are used where they still serve.
    """

    options: tuple[Priced, ...]
    underlying: Quote
    spot: Decimal
    rate: float
    dividend_yield: float
    minute: datetime
    solved: "Tables | None" = None


@frozen
class Done:
    """A valuation of each option, in order, and the tables that gave them."""

    valuations: tuple[Valuation, ...]
    solved: "Tables"


def work_out(job: Job) -> Done:
    """Value every option of the job."""
    import numpy as np

    from cream.core.pricing.curves import year_fraction
    from cream.core.pricing.explained import explain, tables_for

    ends = {one.contract.expiration: one.contract for one in job.options}
    years = {day: year_fraction(job.minute, expires_at(one)) for day, one in ends.items()}
    groups = [(_SIGNS[one.contract.right], years[one.contract.expiration]) for one in job.options]
    prices = [price_of(one.quote) for one in job.options]
    tables = job.solved
    if tables is None or not tables.serve(groups, job.rate, job.dividend_yield):
        tables = tables_for(groups, job.rate, job.dividend_yield)
    explained = explain(
        groups,
        float(job.spot),
        np.array([float(one.contract.strike) for one in job.options]),
        np.array([_NO_NUMBER if price is None else float(price) for price in prices]),
        np.array(_twins(job.options), np.intp),
        tables,
    )
    return Done(_valuations(job, prices, explained), tables)


def _twins(options: Sequence[Priced]) -> list[int]:
    """Of each option, where the other right at its strike stands; -1 where it does not."""
    places: dict[tuple[date, Decimal, OptionRight], int] = {}
    for place, one in enumerate(options):
        contract = one.contract
        places[contract.expiration, contract.strike, contract.right] = place
    return [
        places.get((one.contract.expiration, one.contract.strike, _other(one.contract.right)), -1)
        for one in options
    ]


def _other(right: OptionRight) -> OptionRight:
    return OptionRight.PUT if right is OptionRight.CALL else OptionRight.CALL


def _valuations(
    job: Job, prices: Sequence[Decimal | None], explained: "Explained"
) -> tuple[Valuation, ...]:
    from cream.core.pricing.rows import Status

    names = {int(one): ValuationStatus[one.name] for one in Status}
    columns = (
        explained.status,
        explained.borrowed,
        explained.sigma,
        explained.price,
        explained.delta,
        explained.gamma,
        explained.vega,
        explained.theta,
        explained.rho,
    )
    rows = zip(job.options, prices, *(column.tolist() for column in columns), strict=True)
    made = []
    for one, price, status, borrowed, sigma, worth, *greeks in rows:
        figures = (sigma, worth, *greeks)
        # NaN is not equal to itself; whatever could not be said in full is not said.
        whole = all(figure == figure for figure in figures)
        own = ValuationStatus.NO_PRICE if price is None else names[status]
        made.append(
            Valuation(
                status=own if whole or own is not ValuationStatus.OK else ValuationStatus.BAD_INPUT,
                quote_at=one.quote.at,
                underlying_at=job.underlying.at,
                figures_from=_source(borrowed) if whole else None,
                implied_volatility=sigma if whole else None,
                price=worth if whole else None,
                greeks=PerShare(*greeks) if whole else None,
            )
        )
    return tuple(made)


def _source(borrowed: bool) -> FiguresFrom:
    return FiguresFrom.TWIN if borrowed else FiguresFrom.QUOTE
