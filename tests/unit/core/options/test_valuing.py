"""One piece of work values whatever can be valued, and says of the rest why not."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from attrs import evolve

from cream.core.model.instrument import OptionContract
from cream.core.model.market import Quote
from cream.core.options.chain import FiguresFrom, ValuationStatus
from cream.core.options.dividends import Dividend
from cream.core.options.occ import expires_at
from cream.core.options.valuing import Job, Priced, work_out
from cream.core.pricing import black_scholes
from tests.fakes.chains import NOW, SHARE, contract, quoted

RATE, SIGMA = 0.04, 0.19


def worth(one: OptionContract, at: datetime = NOW) -> float:
    years = (expires_at(one) - at).total_seconds() / (365 * 86_400)
    return black_scholes.price(one.right, 238.40, float(one.strike), years, SIGMA, RATE)


def around(one: OptionContract, at: datetime = NOW) -> Quote:
    """A quote a ten-thousandth to each side of what the contract is worth."""
    middle = Decimal(repr(worth(one, at)))
    half = Decimal("0.0001")
    return evolve(quoted(one.symbol, "1", "1"), bid=middle - half, ask=middle + half)


def job(*options: tuple[OptionContract, Quote], minute: datetime = NOW) -> Job:
    return Job(
        options=tuple(Priced(place, *one) for place, one in enumerate(options)),
        underlying=SHARE,
        spot=SHARE.mid,
        rate=RATE,
        dividend_yield=0.0,
        minute=minute,
        reference=SHARE.mid,
    )


def test_a_call_without_dividends_has_the_figures_of_black_scholes() -> None:
    """Exercising it early never pays: American and European are the same."""
    one = contract("240")
    years = (expires_at(one) - NOW).total_seconds() / (365 * 86_400)
    known = black_scholes.value(one.right, 238.40, 240.0, years, SIGMA, RATE)

    (found,) = work_out(job((one, around(one)))).valuations

    assert found.status is ValuationStatus.OK
    assert found.figures_from is FiguresFrom.QUOTE
    assert found.implied_volatility == pytest.approx(SIGMA, abs=1e-6)
    assert found.price == pytest.approx(known.price, abs=1e-4)
    assert found.greeks is not None
    assert found.greeks.delta == pytest.approx(known.delta, abs=1e-5)
    assert found.greeks.gamma == pytest.approx(known.gamma, abs=1e-5)
    assert found.greeks.vega == pytest.approx(known.vega, rel=1e-3)
    assert found.greeks.theta == pytest.approx(known.theta, rel=1e-3)
    assert found.greeks.rho == pytest.approx(known.rho, rel=1e-3)


def test_a_put_at_its_intrinsic_value_has_the_volatility_of_the_call() -> None:
    put, twin = contract("260", "P"), contract("260")
    at_intrinsic = quoted(put.symbol, "21.59", "21.61")

    alone, together = (
        work_out(job((put, at_intrinsic))).valuations[0],
        work_out(job((put, at_intrinsic), (twin, around(twin)))).valuations[0],
    )

    assert alone.status is together.status is ValuationStatus.BELOW_INTRINSIC
    assert alone.greeks is None
    assert alone.figures_from is None
    assert together.figures_from is FiguresFrom.TWIN
    assert together.implied_volatility == pytest.approx(SIGMA, abs=1e-6)


@pytest.mark.parametrize(
    ("bid", "ask", "status"),
    [
        ("5.00", "4.00", ValuationStatus.NO_PRICE),
        ("4.00", "0", ValuationStatus.NO_PRICE),
        ("300", "301", ValuationStatus.ABOVE_MAXIMUM),
    ],
)
def test_a_quote_that_says_nothing_says_why(bid: str, ask: str, status: ValuationStatus) -> None:
    bad, good = contract("240"), contract("245")

    found, other = work_out(
        job((bad, quoted(bad.symbol, bid, ask)), (good, around(good)))
    ).valuations

    assert found.status is status
    assert (found.implied_volatility, found.price, found.greeks) == (None, None, None)
    assert other.status is ValuationStatus.OK, "one bad row spoils no other"


def test_minutes_before_the_close_there_is_still_a_volatility() -> None:
    one = contract("238")
    last = expires_at(one) - timedelta(minutes=5)

    (found,) = work_out(job((one, around(one, last)), minute=last)).valuations

    assert found.implied_volatility == pytest.approx(SIGMA, abs=1e-4)


def test_cash_dividends_are_the_yield_with_the_same_forward() -> None:
    """Those after expiry do not count, and a share that pays more than it is worth has none."""
    one = contract("240", "P")
    quote = quoted(one.symbol, "7.00", "7.10")
    before, after = date(2026, 12, 10), date(2026, 12, 20)

    def volatility(*dividends: Dividend) -> float | None:
        (found,) = work_out(evolve(job((one, quote)), dividends=dividends)).valuations
        return found.implied_volatility

    plain = volatility()
    assert plain is not None
    assert volatility(Dividend(after, Decimal(2))) == plain
    lower = volatility(Dividend(before, Decimal(2)))
    assert lower is not None
    assert lower < plain
    (lost,) = work_out(
        evolve(job((one, quote)), dividends=(Dividend(before, Decimal(500)),))
    ).valuations
    assert lost.status is ValuationStatus.BAD_INPUT


def test_tables_are_used_again_where_they_serve_and_solved_where_they_do_not() -> None:
    one, other = contract("240", "P"), contract("250", "P")
    first = work_out(job((one, around(one))))

    again = work_out(evolve(job((other, around(other))), solved=first.solved))
    anew = work_out(evolve(job((other, around(other))), solved=first.solved, rate=0.05))

    assert again.solved is first.solved
    assert anew.solved is not first.solved


def test_what_no_quote_gives_takes_what_the_share_has_done() -> None:
    """Its own, its twin's and its neighbours' quotes come first; the status stays its own."""
    put, call, lone = contract("260", "P"), contract("240"), contract("300")
    at_intrinsic = quoted(put.symbol, "21.59", "21.61")
    one_sided = quoted(lone.symbol, "0.10", "0")

    asked = evolve(job((put, at_intrinsic), (call, around(call)), (lone, one_sided)), history=0.31)
    found = work_out(asked).valuations

    assert [one.figures_from for one in found] == [
        FiguresFrom.HISTORY,
        FiguresFrom.QUOTE,
        FiguresFrom.HISTORY,
    ]
    assert [one.implied_volatility for one in found][0::2] == [0.31, 0.31]
    assert found[0].status is ValuationStatus.BELOW_INTRINSIC
    assert found[2].status is ValuationStatus.NO_PRICE
    assert all(one.greeks is not None and one.price is not None for one in found)


def test_where_quotes_are_not_to_be_asked_all_take_what_the_share_has_done() -> None:
    call, put = contract("240"), contract("240", "P")
    asked = evolve(job((call, around(call)), (put, around(put))), implied=False, history=0.31)

    known = work_out(asked).valuations
    unknown = work_out(evolve(asked, history=None)).valuations

    assert [one.figures_from for one in known] == [FiguresFrom.HISTORY] * 2
    assert {one.implied_volatility for one in known} == {0.31}
    years = (expires_at(call) - NOW).total_seconds() / (365 * 86_400)
    price = black_scholes.price(call.right, 238.40, 240.0, years, 0.31, RATE)
    assert known[0].price == pytest.approx(price, abs=1e-3)
    assert [one.status for one in unknown] == [ValuationStatus.NO_HISTORY] * 2
    assert [(one.greeks, one.figures_from) for one in unknown] == [(None, None)] * 2
