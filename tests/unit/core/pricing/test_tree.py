import math
from itertools import product

import pytest

from cream.core.model.instrument import OptionRight
from cream.core.pricing import tree
from cream.core.pricing.black_scholes import value as european
from cream.core.pricing.dividends import CashDividend
from cream.core.pricing.quotes import Answer, Quote, Style, answer
from cream.core.pricing.rows import Status

CALL, PUT = OptionRight.CALL, OptionRight.PUT
RATE = 0.04


def exact(one: tree.Early, volatility: float) -> Answer:
    """By the kernels of `american` and `cash_dividends`."""
    paid = tuple(CashDividend(pay.years, pay.amount) for pay in one.payments)
    row = Quote(
        style=Style.AMERICAN,
        is_call=one.is_call,
        spot=one.spot,
        strike=one.strike,
        rate=RATE,
        dividend_yield=one.dividend_yield,
        years=one.years,
        dividends=paid,
        sigma=volatility,
    )
    (found,) = answer([row])
    assert found.status is Status.OK
    return found


@pytest.mark.parametrize(
    ("strike", "years", "volatility"),
    list(product((80.0, 95.0, 100.0, 105.0, 125.0), (0.02, 0.1, 0.5, 1.5), (0.15, 0.3, 0.8))),
)
def test_a_put_is_worth_what_the_kernels_say(
    strike: float, years: float, volatility: float
) -> None:
    """Within a tenth of a percent of the strike; its delta within a share in a hundred."""
    one = tree.option(PUT, 100.0, strike, years)
    found, right = tree.value(one, volatility, RATE), exact(one, volatility)

    assert found.price == pytest.approx(right.price, abs=1e-3 * strike)
    assert found.delta == pytest.approx(right.delta, abs=0.02)
    assert found.vega == pytest.approx(right.vega, abs=0.02 * strike)


@pytest.mark.parametrize("strike", [90.0, 100.0, 110.0])
def test_a_call_before_a_dividend_is_worth_what_the_kernels_say(strike: float) -> None:
    one = tree.option(CALL, 100.0, strike, 0.1, [tree.Payment(0.06, 1.0)])
    found, right = tree.value(one, 0.3, RATE), exact(one, 0.3)

    assert found.price == pytest.approx(right.price, abs=0.05)
    assert found.delta == pytest.approx(right.delta, abs=0.01)
    assert found.theta == pytest.approx(right.theta, rel=0.05)


@pytest.mark.parametrize(("right", "strike"), list(product((CALL, PUT), (85.0, 100.0, 115.0))))
def test_a_yield_is_paid_beside(right: OptionRight, strike: float) -> None:
    one = tree.option(right, 100.0, strike, 0.5, (), 0.06)
    found, kernel = tree.value(one, 0.3, RATE), exact(one, 0.3)

    assert found.price == pytest.approx(kernel.price, abs=1e-3 * strike)
    assert found.delta == pytest.approx(kernel.delta, abs=0.01)
    assert found.theta == pytest.approx(kernel.theta, abs=0.4)
    assert tree.may_be_exercised(one, RATE)


def test_greeks_are_those_of_the_closed_form_where_exercise_never_pays() -> None:
    found = tree.value(tree.option(CALL, 100.0, 105.0, 0.25), 0.3, RATE)
    closed = european(CALL, 100.0, 105.0, 0.25, 0.3, RATE)

    assert found.price == pytest.approx(closed.price, abs=2e-3)
    assert found.delta == pytest.approx(closed.delta, abs=2e-3)
    assert found.gamma == pytest.approx(closed.gamma, rel=0.05)
    assert found.theta == pytest.approx(closed.theta, rel=0.03)
    assert found.rho == pytest.approx(closed.rho, rel=0.02)


def test_a_put_that_is_to_be_exercised_moves_with_the_share_alone() -> None:
    found = tree.value(tree.option(PUT, 60.0, 100.0, 0.5), 0.15, RATE)

    assert (found.price, found.delta) == (40.0, -1.0)
    assert found.gamma == found.vega == found.theta == found.rho == 0.0


@pytest.mark.parametrize(
    ("right", "strike", "delta"),
    [(CALL, 90.0, 1.0), (CALL, 110.0, 0.0), (PUT, 110.0, -1.0), (PUT, 90.0, 0.0)],
)
def test_minutes_before_the_end_it_is_worth_what_exercise_brings(
    right: OptionRight, strike: float, delta: float
) -> None:
    one = tree.option(right, 100.0, strike, 1e-6)
    found = tree.value(one, 0.3, RATE)

    assert found.price == pytest.approx(max(0.0, one.exercised), abs=1e-3)
    assert found.delta == pytest.approx(delta, abs=1e-6)


def test_exercise_may_pay_for_puts_with_interest_and_calls_with_a_dividend() -> None:
    payment = [tree.Payment(0.1, 0.5)]

    assert tree.may_be_exercised(tree.option(PUT, 100.0, 100.0, 0.5), RATE)
    assert not tree.may_be_exercised(tree.option(PUT, 100.0, 100.0, 0.5), 0.0)
    assert tree.may_be_exercised(tree.option(CALL, 100.0, 100.0, 0.5, payment), RATE)
    assert not tree.may_be_exercised(tree.option(CALL, 100.0, 100.0, 0.5), RATE)


def test_only_payments_within_its_life_count() -> None:
    payments = [tree.Payment(when, 0.5) for when in (-0.01, 0.0, 0.3, 0.5, 0.9)]
    payments.append(tree.Payment(0.2, 0.0))

    one = tree.option(CALL, 100.0, 100.0, 0.5, payments)

    assert [pay.years for pay in one.payments] == [0.0, 0.3]
    assert tree.present_value(one.payments, RATE, 0.1) == 0.5 * math.exp(-RATE * (0.3 - 0.1))


@pytest.mark.parametrize(
    ("one", "volatility"),
    [
        (tree.option(CALL, 10.0, 10.0, 0.5, [tree.Payment(0.1, 11.0)]), 0.3),
        (tree.option(CALL, 10.0, 10.0, 0.0), 0.3),
        (tree.option(CALL, 10.0, 0.0, 0.5), 0.3),
        (tree.option(CALL, 10.0, 10.0, 0.5), 0.0),
    ],
)
def test_what_makes_no_sense_is_refused(one: tree.Early, volatility: float) -> None:
    with pytest.raises(ValueError, match=r"worth more|needs"):
        tree.price(one, volatility, RATE)
