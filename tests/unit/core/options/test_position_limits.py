from decimal import Decimal

import pytest
from attrs import evolve

from cream.core.options.greeks import Totals
from cream.core.options.position_limits import OptionsBook, PositionLimits, breaches

D = Decimal
LIMITS = PositionLimits()
EMPTY = OptionsBook({}, {}, {})


def book(contracts: int = 0, positions: int = 0, **totals: str) -> OptionsBook:
    return OptionsBook(
        {"XYZ": Totals(**{name: D(value) for name, value in totals.items()})},
        {"XYZ": D(contracts)},
        {"XYZ": positions},
    )


def codes(before: OptionsBook, after: OptionsBook) -> list[str]:
    return [one.code for one in breaches(before, after, LIMITS)]


@pytest.mark.parametrize(
    ("after", "code"),
    [
        (book(delta_shares="251"), "OPTIONS_DELTA_PER_UNDERLYING_EXCEEDED"),
        (book(delta_shares="-250.5"), "OPTIONS_DELTA_PER_UNDERLYING_EXCEEDED"),
        (book(gamma_shares="50.01"), "OPTIONS_GAMMA_EXCEEDED"),
        (book(vega_dollars_per_point="-1001"), "OPTIONS_VEGA_EXCEEDED"),
        (book(theta_dollars_per_day="-500.01"), "OPTIONS_THETA_EXCEEDED"),
        (book(contracts=101), "OPTIONS_CONTRACTS_PER_UNDERLYING_EXCEEDED"),
        (book(positions=11), "OPTIONS_POSITIONS_PER_UNDERLYING_EXCEEDED"),
    ],
)
def test_each_limit_is_judged_on_what_would_be(after: OptionsBook, code: str) -> None:
    assert codes(EMPTY, after) == [code]


def test_equality_passes_and_so_does_income_from_time() -> None:
    full = book(
        contracts=100,
        positions=10,
        delta_shares="250",
        gamma_shares="-50",
        vega_dollars_per_point="1000",
        theta_dollars_per_day="-500",
    )

    assert codes(EMPTY, full) == []
    assert codes(EMPTY, book(theta_dollars_per_day="9000")) == []


def test_a_trade_that_reduces_what_is_over_its_limit_passes() -> None:
    before = book(contracts=300, positions=20, delta_shares="900", theta_dollars_per_day="-900")
    after = book(contracts=290, positions=19, delta_shares="800", theta_dollars_per_day="-850")

    assert codes(before, after) == []
    assert len(codes(after, before)) > 3


def test_the_portfolio_is_all_underlyings_together() -> None:
    many = {f"X{n}": Totals(delta_shares=D(200)) for n in range(3)}
    after = OptionsBook(many, {f"X{n}": D(100) for n in range(6)}, {f"X{n}": 10 for n in range(6)})

    assert codes(EMPTY, after) == [
        "OPTIONS_DELTA_EXCEEDED",
        "OPTIONS_CONTRACTS_EXCEEDED",
        "OPTIONS_POSITIONS_EXCEEDED",
    ]


def test_a_breach_says_what_was_seen_and_how_much_was_left() -> None:
    (found,) = breaches(book(delta_shares="200"), book(delta_shares="300"), LIMITS)

    assert (found.underlying, found.observed, found.limit) == ("XYZ", D(300), D(250))
    assert (found.headroom, found.unit) == (D(50), "shares")
    (theta,) = breaches(
        book(theta_dollars_per_day="-450"), book(theta_dollars_per_day="-600"), LIMITS
    )
    assert theta.headroom == 50
    (over,) = breaches(book(delta_shares="260"), book(delta_shares="300"), LIMITS)
    assert over.headroom == 0


def test_limits_can_be_changed() -> None:
    tight = evolve(LIMITS, contracts=D(1))

    assert [one.code for one in breaches(EMPTY, book(contracts=2), tight)] == [
        "OPTIONS_CONTRACTS_EXCEEDED"
    ]
