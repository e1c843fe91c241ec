from datetime import date, timedelta
from decimal import Decimal

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.options.dividends import Dividend
from cream.core.options.exercise_risk import (
    RiskLevel,
    ShortOption,
    exercise_risk,
    pin_risk,
)

D = Decimal
TODAY = date(2026, 12, 1)


def short(right: OptionRight, strike: str, days: int = 17, **terms: object) -> ShortOption:
    contract = OptionContract("XYZ", TODAY + timedelta(days=days), right, D(strike))
    given_terms: dict[str, object] = {"spot": D(100), "rate": D("0.05"), "quantity": D(2)}
    return ShortOption(contract=contract, today=TODAY, **(given_terms | terms))  # type: ignore[arg-type]


def call(strike: str, **terms: object) -> ShortOption:
    return short(OptionRight.CALL, strike, **terms)  # type: ignore[arg-type]


def put(strike: str, **terms: object) -> ShortOption:
    return short(OptionRight.PUT, strike, **terms)  # type: ignore[arg-type]


def in_days(days: int, amount: str = "1.00") -> Dividend:
    return Dividend(TODAY + timedelta(days=days), D(amount))


@pytest.mark.parametrize(
    ("days", "level"), [(1, RiskLevel.CRITICAL), (4, RiskLevel.HIGH), (10, RiskLevel.MEDIUM)]
)
def test_a_dividend_above_the_time_value_calls_for_exercise(days: int, level: RiskLevel) -> None:
    found = exercise_risk(call("90", ask=D("10.60"), dividend=in_days(days)))

    assert found.level is level
    assert "dividend" in found.reasons[0]


@pytest.mark.parametrize(
    "dividend",
    [
        None,
        in_days(1, "0.50"),
        in_days(0),
        in_days(-1),
        in_days(18),
        in_days(1, "0"),
    ],
)
def test_a_dividend_that_is_less_gone_or_after_expiry_does_not(dividend: Dividend | None) -> None:
    """The ex-date itself is too late; so is any day after it."""
    assert exercise_risk(call("90", ask=D("10.60"), dividend=dividend)).level is RiskLevel.LOW


def test_without_a_quote_the_necessary_condition_gives_one_level_less() -> None:
    found = exercise_risk(call("90", dividend=in_days(1)))

    assert found.level is RiskLevel.HIGH
    assert "no quote" in found.reasons[0]
    long_lived = call("90", days=400, dividend=in_days(1, "0.50"))
    assert exercise_risk(long_lived).level is RiskLevel.LOW


def test_a_put_is_exercised_when_interest_beats_its_time_value() -> None:
    rich = put("130", ask=D("30.10"), days=60)

    assert exercise_risk(rich).level is RiskLevel.HIGH
    assert exercise_risk(evolve(rich, dividend=in_days(20, "1.50"))).level is RiskLevel.LOW
    assert exercise_risk(evolve(rich, ask=D("32"))).level is RiskLevel.LOW
    assert exercise_risk(evolve(rich, ask=None)).level is RiskLevel.LOW


def test_in_the_money_without_time_value_it_costs_nothing_to_exercise() -> None:
    assert exercise_risk(call("80", ask=D("20.02"))).level is RiskLevel.MEDIUM
    assert exercise_risk(call("80", ask=D("19.90"))).level is RiskLevel.MEDIUM


def test_out_of_the_money_there_is_nothing_to_fear_before_the_last_day() -> None:
    assert exercise_risk(call("110", dividend=in_days(1))).level is RiskLevel.NONE
    assert exercise_risk(put("90")).reasons == ()


def test_on_its_last_day_a_cent_in_the_money_is_exercised() -> None:
    assert exercise_risk(call("99.99", days=0)).level is RiskLevel.CRITICAL
    assert exercise_risk(put("105", days=0, ask=D("5.00"))).level is RiskLevel.CRITICAL


def test_near_the_strike_nobody_knows() -> None:
    assert exercise_risk(call("100.50", days=0)).level is RiskLevel.HIGH
    assert exercise_risk(call("101.50", days=0)).level is RiskLevel.MEDIUM
    assert exercise_risk(call("110", days=0)).level is RiskLevel.NONE
    assert pin_risk(call("100").contract, D(100), TODAY) is None


def test_a_european_option_is_not_exercised_early_but_at_its_end() -> None:
    assert exercise_risk(call("80", ask=D("20.02"), european=True)).level is RiskLevel.NONE
    assert exercise_risk(call("80", days=0, european=True)).level is RiskLevel.CRITICAL


def test_what_exercise_moves_is_the_strike_not_the_intrinsic_value() -> None:
    found = exercise_risk(call("90", ask=D("11")))

    assert found.strike_dollars == 18_000
    assert found.loss_dollars == 2_000


@given(st.integers(50, 99), st.integers(0, 300), st.integers(0, 300))
def test_a_larger_time_value_is_never_riskier(strike: int, low: int, more: int) -> None:
    base = call(str(strike), dividend=in_days(1))
    cheap = evolve(base, ask=base.intrinsic + D(low) / 100)
    dear = evolve(base, ask=base.intrinsic + D(low + more) / 100)

    assert exercise_risk(dear).level <= exercise_risk(cheap).level
