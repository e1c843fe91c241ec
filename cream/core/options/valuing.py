"""What are these quotes of options on one underlying worth, as one piece of work?

Everything that takes time is in here, the reading of decimals and the making of answers too, so
that a thread can do all of it: `work_out` is a function of its job alone. The kernels are imported
when something is first priced; until then a daemon does without NumPy.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from attrs import frozen

from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.model.market import Quote
from cream.core.options.chain import FiguresFrom, Valuation, ValuationStatus, price_of
from cream.core.options.dividends import Dividend
from cream.core.options.greeks import PerShare
from cream.core.options.occ import NEW_YORK, expires_at
from cream.core.pricing.curves import DAYS_A_YEAR, year_fraction

if TYPE_CHECKING:
    from cream.core.pricing.explained import Explained, Tables

_SIGNS = {OptionRight.CALL: 1.0, OptionRight.PUT: -1.0}
_NO_NUMBER = float("nan")


@frozen
class Priced:
    """An option to be valued, with or without a quote. `place` is the caller's own mark."""

    place: int
    contract: OptionContract
    quote: Quote | None


@frozen
class Known:
    """An option whose own quote has given its volatility before."""

    contract: OptionContract
    volatility: float


@frozen(kw_only=True)
class Job:
    """Options on `underlying`, none of them expired at `minute`, the moment from which time counts.

    `known` lend their volatilities to options that have none of their own. `dividends` are those to
    come; they count as the yield with the same forward, worked out at the price `reference`, so
    that tables outlive a tick. `solved` are tables of an earlier job; they are used where they
    still serve. `history` is the volatility that the share has had, for options that get none from
    quotes; without `implied` it is for all of them.
    """

    options: tuple[Priced, ...]
    underlying: Quote
    spot: Decimal
    rate: float
    dividend_yield: float
    minute: datetime
    reference: Decimal
    dividends: tuple[Dividend, ...] = ()
    known: tuple[Known, ...] = ()
    solved: "Tables | None" = None
    history: float | None = None
    implied: bool = True


@frozen
class Done:
    """A valuation of each option, in order, and the tables that gave them."""

    valuations: tuple[Valuation, ...]
    solved: "Tables"


def work_out(job: Job) -> Done:
    """Value every option of the job."""
    import numpy as np

    from cream.core.pricing.explained import Smile, explain, tables_for

    contracts = [one.contract for one in job.options]
    others = [one.contract for one in job.known]
    ends = {one.expiration: expires_at(one) for one in (*contracts, *others)}
    years = {day: year_fraction(job.minute, end) for day, end in ends.items()}
    yields = _yields(job, years)
    groups = [
        (_SIGNS[one.right], years[one.expiration], yields[one.expiration]) for one in contracts
    ]
    prices = [price_of(one.quote) for one in job.options]
    tables = job.solved
    if tables is None or not tables.serve(groups, job.rate):
        tables = tables_for(groups, job.rate)
    explained = explain(
        groups,
        float(job.spot),
        np.array([float(one.strike) for one in contracts]),
        np.array([_NO_NUMBER if price is None else float(price) for price in prices]),
        tables,
        Smile(
            np.array([_SIGNS[one.right] for one in others], float),
            np.array([years[one.expiration] for one in others], float),
            np.array([float(one.strike) for one in others], float),
            np.array([one.volatility for one in job.known], float),
        ),
        _NO_NUMBER if job.history is None else job.history,
        job.implied,
    )
    return Done(_valuations(job, prices, explained), tables)


def _yields(job: Job, years: Mapping[date, float]) -> Mapping[date, float]:
    """Of each expiration, the yield that stands for the job's yield and cash dividends together.

    No number where the dividends are worth more than the share.
    """
    from cream.core.pricing.dividends import CashDividend, equivalent_yield

    today = job.minute.astimezone(NEW_YORK).date()
    paid = tuple(
        CashDividend((one.ex_date - today).days / DAYS_A_YEAR, float(one.amount))
        for one in job.dividends
    )
    found = {}
    for day, time in years.items():
        try:
            found[day] = equivalent_yield(
                float(job.reference), job.rate, job.dividend_yield, time, paid
            )
        except ValueError:
            found[day] = _NO_NUMBER
    return found


def _valuations(
    job: Job, prices: Sequence[Decimal | None], explained: "Explained"
) -> tuple[Valuation, ...]:
    from cream.core.pricing.explained import Source
    from cream.core.pricing.rows import Status

    sources = {
        int(Source.OWN): FiguresFrom.QUOTE,
        int(Source.TWIN): FiguresFrom.TWIN,
        int(Source.SMILE): FiguresFrom.SMILE,
        int(Source.HISTORY): FiguresFrom.HISTORY,
    }
    names = {int(one): ValuationStatus[one.name] for one in Status}
    columns = (
        explained.status,
        explained.source,
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
    for one, price, status, source, sigma, worth, *greeks in rows:
        figures = (sigma, worth, *greeks)
        # NaN is not equal to itself; whatever could not be said in full is not said.
        whole = all(figure == figure for figure in figures)
        own = ValuationStatus.NO_PRICE if price is None else names[status]
        if not job.implied and job.history is None:
            own = ValuationStatus.NO_HISTORY
        made.append(
            Valuation(
                status=own if whole or own is not ValuationStatus.OK else ValuationStatus.BAD_INPUT,
                quote_at=None if one.quote is None else one.quote.at,
                underlying_at=job.underlying.at,
                figures_from=sources[source] if whole else None,
                implied_volatility=sigma if whole else None,
                price=worth if whole else None,
                greeks=PerShare(*greeks) if whole else None,
            )
        )
    return tuple(made)
