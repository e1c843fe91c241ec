from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.model.plan import OptionLeg, PositionIntent
from cream.core.options.spread import (
    Holding,
    all_close,
    all_open,
    holdings,
    leg_faults,
    net_price_fault,
    roll_faults,
    spread_risk,
    worst_payoff,
)

NEAR, FAR = date(2026, 12, 18), date(2027, 1, 15)
CALL, PUT = OptionRight.CALL, OptionRight.PUT


def contract(
    right: OptionRight, strike: int, on: date = NEAR, underlying: str = "SPY"
) -> OptionContract:
    return OptionContract(underlying, on, right, Decimal(strike))


def leg(ratio: int, of: OptionContract, opening: bool = True) -> OptionLeg:
    word = ("buy" if ratio > 0 else "sell") + ("_to_open" if opening else "_to_close")
    return OptionLeg(of, ratio, PositionIntent(word))


def legs(*parts: tuple[int, OptionRight, int], opening: bool = True) -> tuple[OptionLeg, ...]:
    return tuple(leg(ratio, contract(right, strike), opening) for ratio, right, strike in parts)


CONDOR = legs((1, PUT, 640), (-1, PUT, 645), (-1, CALL, 680), (1, CALL, 685))
VERTICAL = legs((1, CALL, 240), (-1, CALL, 250))


@pytest.mark.parametrize(
    ("name", "spread", "net", "max_loss", "max_profit"),
    [
        ("condor for a credit", CONDOR, "-1.60", "340.00", "160.00"),
        ("vertical for a debit", VERTICAL, "3.10", "310.00", "690.00"),
        ("short put vertical", legs((-1, PUT, 100), (1, PUT, 95)), "-1.20", "380.00", "120.00"),
        ("butterfly", legs((1, CALL, 95), (-2, CALL, 100), (1, CALL, 105)), "1.00", "100", "400"),
        ("long straddle", legs((1, CALL, 100), (1, PUT, 100)), "6.50", "650.00", None),
        ("call backspread", legs((-1, CALL, 100), (2, CALL, 105)), "0.20", "520.00", None),
        (
            "iron butterfly with wings of two widths",
            legs((1, PUT, 90), (-1, PUT, 100), (-1, CALL, 100), (1, CALL, 105)),
            "-4.00",
            "600.00",
            "400.00",
        ),
    ],
)
def test_the_extremes_of_a_spread_are_those_of_its_payoff(
    name: str, spread: Sequence[OptionLeg], net: str, max_loss: str, max_profit: str | None
) -> None:
    risk = spread_risk(spread, Decimal(net))

    assert risk.is_defined, name
    assert risk.max_loss == Decimal(max_loss)
    assert risk.max_profit == (None if max_profit is None else Decimal(max_profit))


def test_two_condors_risk_what_the_example_says() -> None:
    """(5.00 - 1.60) x 100 x 2."""
    risk = spread_risk(CONDOR, Decimal("-1.60"))

    assert risk.max_loss is not None
    assert risk.max_loss * 2 == Decimal("680.00")


@pytest.mark.parametrize(
    "naked",
    [
        legs((-1, CALL, 240), (-1, PUT, 230)),
        legs((1, CALL, 240), (-1, PUT, 230)),
        legs((1, CALL, 240), (-2, CALL, 250)),
        legs((2, PUT, 230), (-1, CALL, 240)),
        legs((-1, PUT, 230), (1, CALL, 235)),
    ],
)
def test_a_short_leg_without_a_long_one_of_its_kind_has_no_bound(
    naked: Sequence[OptionLeg],
) -> None:
    """A short put could only lose its strike, and yet nothing in the order covers it."""
    assert spread_risk(naked, Decimal("-1")).max_loss is None
    assert not spread_risk(naked, Decimal("-1")).is_defined


def calendar(short_on: date, long_on: date, short_strike: int = 100) -> list[Holding]:
    return [
        (contract(CALL, short_strike, short_on), Decimal(-1)),
        (contract(CALL, 100, long_on), Decimal(1)),
    ]


@pytest.mark.parametrize(
    ("owned", "worst"),
    [
        (calendar(NEAR, FAR), Decimal(0)),
        (calendar(FAR, NEAR), None),
        (calendar(NEAR, FAR, short_strike=95), Decimal(-5)),
        ([], Decimal(0)),
        ([(contract(CALL, 100), Decimal(3))], Decimal(0)),
    ],
)
def test_over_several_expirations_cover_must_live_as_long(
    owned: list[Holding], worst: Decimal | None
) -> None:
    assert worst_payoff(owned) == worst


def test_two_short_expirations_are_covered_each_by_a_leg_that_lives_long_enough() -> None:
    third = date(2027, 2, 19)
    owned = [
        (contract(CALL, 100, NEAR), Decimal(-1)),
        (contract(CALL, 105, FAR), Decimal(-1)),
        (contract(CALL, 100, FAR), Decimal(1)),
        (contract(CALL, 110, third), Decimal(1)),
    ]

    # The FAR short is covered inside the money; the NEAR one gives up ten points at worst.
    assert worst_payoff(owned) == Decimal(-10)


def test_one_long_holding_can_cover_two_expirations() -> None:
    owned = [
        (contract(PUT, 100, NEAR), Decimal(-2)),
        (contract(PUT, 100, FAR), Decimal(-1)),
        (contract(PUT, 98, FAR), Decimal(3)),
    ]

    assert worst_payoff(owned) == Decimal(-6)


def test_a_calendar_has_no_known_profit() -> None:
    spread = (leg(-1, contract(CALL, 100)), leg(1, contract(CALL, 100, FAR)))

    assert spread_risk(spread, Decimal("2.10")).max_loss == Decimal("210.00")
    assert spread_risk(spread, Decimal("2.10")).max_profit is None
    assert net_price_fault(spread, Decimal("-2.10")) is None


def test_nobody_loses_a_negative_amount() -> None:
    risk = spread_risk(VERTICAL, Decimal("-1"))

    assert risk.max_loss == 0


@pytest.mark.parametrize(
    ("spread", "net", "code"),
    [
        (VERTICAL, "3.10", None),
        (VERTICAL, "-3.10", "NET_PRICE_SIGN"),
        (VERTICAL, "10.00", "NET_PRICE_IMPOSSIBLE"),
        (VERTICAL, "9.99", None),
        (VERTICAL, "0", "NET_PRICE_IMPOSSIBLE"),
        (CONDOR, "-1.60", None),
        (CONDOR, "1.60", "NET_PRICE_SIGN"),
        (CONDOR, "-5.00", "NET_PRICE_IMPOSSIBLE"),
        (CONDOR, "-4.99", None),
        (legs((-1, CALL, 100), (2, CALL, 105)), "-0.50", None),
        (legs((-1, CALL, 100), (2, CALL, 105)), "0.50", None),
        (legs((-1, CALL, 240), (1, CALL, 250), opening=False), "-3.00", None),
    ],
)
def test_a_net_price_leaves_something_to_gain_and_something_to_lose(
    spread: Sequence[OptionLeg], net: str, code: str | None
) -> None:
    """A credit spread that is bought for a debit has the wrong sign."""
    fault = net_price_fault(spread, Decimal(net))

    assert (fault and fault.code) == code


@pytest.mark.parametrize(
    ("spread", "codes"),
    [
        (VERTICAL, []),
        (CONDOR, []),
        (VERTICAL[:1], ["LEG_COUNT"]),
        ((), ["LEG_COUNT"]),
        ((*CONDOR, leg(1, contract(CALL, 700))), ["LEG_COUNT"]),
        ((VERTICAL[0], VERTICAL[0]), ["LEG_DUPLICATE"]),
        ((VERTICAL[0], leg(-1, contract(CALL, 250, underlying="QQQ"))), ["LEG_UNDERLYING"]),
        (legs((2, CALL, 240), (-2, CALL, 250)), ["LEG_RATIO"]),
        (legs((2, CALL, 240), (-4, CALL, 250)), ["LEG_RATIO"]),
        (legs((2, CALL, 240), (-3, CALL, 250)), []),
        (
            (VERTICAL[0], OptionLeg(contract(CALL, 250), 0, PositionIntent.SELL_TO_OPEN)),
            ["LEG_RATIO"],
        ),
        (
            (VERTICAL[0], OptionLeg(contract(CALL, 250), -1, PositionIntent.BUY_TO_OPEN)),
            ["LEG_INTENT"],
        ),
        ((VERTICAL[0], leg(-1, contract(CALL, 250), opening=False)), ["LEG_INTENT"]),
    ],
)
def test_a_spread_has_the_form_that_a_venue_takes(
    spread: Sequence[OptionLeg], codes: list[str]
) -> None:
    assert [fault.code for fault in leg_faults(spread, "SPY")] == codes


def test_a_fault_of_one_leg_names_it() -> None:
    faults = leg_faults((VERTICAL[0], VERTICAL[0]), "SPY")

    assert [fault.leg for fault in faults] == [1]


def test_legs_open_or_close_together() -> None:
    closing = legs((-1, CALL, 240), (1, CALL, 250), opening=False)

    assert all_open(VERTICAL)
    assert not all_close(VERTICAL)
    assert all_close(closing)
    assert not all_open(closing)


def intrinsic(owned: Sequence[Holding], price: Decimal) -> Decimal:
    total = Decimal(0)
    for one, quantity in owned:
        gain = price - one.strike if one.right is CALL else one.strike - price
        total += quantity * max(Decimal(0), gain)
    return total


holding = st.tuples(
    st.builds(contract, st.sampled_from(OptionRight), st.integers(1, 20)),
    st.integers(-3, 3).filter(bool).map(Decimal),
)


@given(st.lists(holding, max_size=6), st.integers(0, 60))
def test_no_price_makes_a_covered_set_worth_less_than_its_worst(
    owned: list[Holding], price: int
) -> None:
    worst = worst_payoff(owned)

    if worst is not None:
        assert intrinsic(owned, Decimal(price)) >= worst


@given(st.lists(holding, min_size=1, max_size=6))
def test_the_worst_of_a_covered_set_is_reached_at_some_price(owned: list[Holding]) -> None:
    worst = worst_payoff(owned)

    if worst is not None:
        assert worst == min(Decimal(0), *(intrinsic(owned, Decimal(price)) for price in range(41)))


@given(st.lists(holding, max_size=6), st.integers(2, 5))
def test_several_spreads_lose_several_times_as_much(owned: list[Holding], times: int) -> None:
    one = worst_payoff(owned)
    many = worst_payoff([(contract, quantity * times) for contract, quantity in owned])

    assert many == (None if one is None else one * times)


def test_holdings_count_contracts_of_so_many_spreads() -> None:
    assert [quantity for _, quantity in holdings(VERTICAL, Decimal(5))] == [5, -5]


OUT_OF = legs((-1, CALL, 240), (1, CALL, 250), opening=False)
INTO = tuple(leg(ratio, contract(CALL, strike, FAR)) for ratio, strike in ((1, 240), (-1, 250)))


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ((*OUT_OF, *INTO), []),
        (INTO, ["no leg closes anything: this is no roll"]),
        (OUT_OF, ["no leg opens anything: this is no roll"]),
        (
            (leg(-2, contract(CALL, 240), opening=False), leg(2, contract(CALL, 240, FAR))),
            ["the ratios can be divided by 2: raise the quantity"],
        ),
    ],
)
def test_a_roll_closes_and_opens_and_keeps_every_other_rule(
    parts: tuple[OptionLeg, ...], words: list[str]
) -> None:
    assert [fault.message for fault in roll_faults(parts, "SPY")] == words


def test_only_a_roll_may_open_and_close_at_once() -> None:
    """An agent makes two orders of it."""
    (fault,) = leg_faults((*OUT_OF, *INTO), "SPY")

    assert fault.message == "some legs open and some close: make two orders of it"
