from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.pricing import builders
from cream.core.pricing.strategies import (
    Limit,
    Outlook,
    Strategy,
    StrategyLeg,
    margin,
    net_price,
    outlook,
    profit_at,
    strikes_of,
    unit,
)
from tests.unit.core.pricing.legs import FAR, call, put

D = Decimal


def test_ratios_are_reduced_and_the_units_counted() -> None:
    strategy, units = unit([StrategyLeg(call(100), 4), StrategyLeg(call(110), -2)])

    assert units == 2
    assert [leg.ratio for leg in strategy.legs] == [2, -1]


def test_shares_share_the_divisor() -> None:
    assert unit([StrategyLeg(call(100), -4)], lots=4) == (
        Strategy((StrategyLeg(call(100), -1),), 1),
        4,
    )
    assert unit([StrategyLeg(call(100), -4)], lots=3)[1] == 1


def test_legs_of_one_contract_become_one_and_come_in_order() -> None:
    legs = [StrategyLeg(call(110), 1), StrategyLeg(call(100, FAR), 1), StrategyLeg(put(90), 1)]
    strategy, _ = unit([*legs, StrategyLeg(call(110), 1)])

    assert [leg.contract for leg in strategy.legs] == [put(90), call(110), call(100, FAR)]
    assert [leg.ratio for leg in strategy.legs] == [1, 2, 1]


@pytest.mark.parametrize(
    "legs",
    [
        [],
        [StrategyLeg(call(100), 0)],
        [StrategyLeg(call(100), 1), StrategyLeg(call(100), -1)],
        [
            StrategyLeg(call(100), 1),
            StrategyLeg(OptionContract("ABC", FAR, OptionRight.CALL, D(100)), 1),
        ],
    ],
)
def test_legs_that_make_nothing_are_refused(legs: list[StrategyLeg]) -> None:
    with pytest.raises(ValueError, match="strategy"):
        unit(legs)


def test_the_net_price_is_positive_for_a_debit() -> None:
    spread = builders.vertical(call(100), call(110))
    covered = builders.covered_call(call(110))

    assert net_price(spread, [D("4.50"), D("1.40")]) == D("3.10")
    assert net_price(covered, [D("1.40")], share=D(100)) == D("98.60")


CASES = [
    (builders.single(call(100)), "2", Limit.UNBOUNDED, "200", ["102"], "0"),
    (builders.single(put(100)), "2", "9800", "200", ["98"], "0"),
    (builders.single(call(100), bought=False), "-2", "200", Limit.UNBOUNDED, ["102"], None),
    (builders.cash_secured_put(put(100)), "-2", "200", "9800", ["98"], "10000"),
    (builders.covered_call(call(110)), "98", "1200", "9800", ["98"], "0"),
    (builders.protective_put(put(95)), "102", Limit.UNBOUNDED, "700", ["102"], "0"),
    (builders.collar(put(95), call(110)), "100", "1000", "500", ["100"], "0"),
    (builders.vertical(call(100), call(110)), "3", "700", "300", ["103"], "0"),
    (builders.vertical(call(110), call(100)), "-3", "300", "700", ["103"], "1000"),
    (builders.vertical(put(90), put(100)), "-4", "400", "600", ["96"], "1000"),
    (builders.vertical(put(100), put(90)), "4", "600", "400", ["96"], "0"),
    (builders.straddle(put(100), call(100)), "5", Limit.UNBOUNDED, "500", ["95", "105"], "0"),
    (builders.strangle(put(95), call(105)), "3", Limit.UNBOUNDED, "300", ["92", "108"], "0"),
    (
        builders.iron_condor(put(90), put(95), call(105), call(110)),
        "-2",
        "200",
        "300",
        ["93", "107"],
        "500",
    ),
    (
        builders.iron_butterfly(put(90), put(100), call(100), call(110)),
        "-6",
        "600",
        "400",
        ["94", "106"],
        "1000",
    ),
    (builders.butterfly(call(90), call(100), call(110)), "2", "800", "200", ["92", "108"], "0"),
    (builders.ratio(call(100), call(110), 2, 1), "7", Limit.UNBOUNDED, "700", ["103.5"], "0"),
]


@pytest.mark.parametrize(("strategy", "price", "profit", "loss", "even", "held"), CASES)
def test_the_outlook_of_every_strategy_with_one_expiration(
    strategy: Strategy,
    price: str,
    profit: str | Limit,
    loss: str | Limit,
    even: list[str],
    held: str | None,
) -> None:
    found = outlook(strategy, D(price))

    assert found.max_profit == (profit if isinstance(profit, Limit) else D(profit))
    assert found.max_loss == (loss if isinstance(loss, Limit) else D(loss))
    assert found.break_evens == tuple(map(D, even))
    assert found.margin == (None if held is None else D(held))


@given(
    st.lists(
        st.tuples(
            st.sampled_from([call, put]), st.integers(5, 30), st.integers(-3, 3).filter(bool)
        ),
        min_size=1,
        max_size=4,
        unique_by=lambda leg: leg[:2],
    ),
    st.integers(-10, 10),
    st.integers(-1, 1),
)
@settings(max_examples=100, deadline=None)
def test_extremes_are_those_of_a_scan(
    parts: list[tuple[object, int, int]], price: int, lots: int
) -> None:
    """Maximum profit and loss against brute force over all whole prices."""
    legs = [StrategyLeg(right(strike), ratio) for right, strike, ratio in parts]  # type: ignore[operator]
    strategy, _ = unit(legs, lots)
    found = outlook(strategy, D(price))
    scan = [profit_at(strategy, D(price), D(spot)) for spot in range(61)]

    if isinstance(found.max_profit, Decimal):
        assert found.max_profit == max(0, *scan)
    else:
        assert scan[-1] > scan[-2]
    if isinstance(found.max_loss, Decimal):
        assert found.max_loss == max(0, *(-gain for gain in scan))
    else:
        assert scan[-1] < scan[-2]


def test_over_several_expirations_only_the_loss_is_known() -> None:
    calendar = builders.calendar(call(100), call(100, FAR))
    inside = builders.diagonal(call(95), call(100, FAR))

    assert outlook(calendar, D(2)) == Outlook(D(2), Limit.UNKNOWN, D(200), None, D(0))
    assert outlook(inside, D(1)).max_loss == 600
    assert margin(inside) == 500


def test_a_calendar_opened_for_a_credit_still_can_lose_nothing_more_than_is_owed() -> None:
    assert outlook(builders.diagonal(call(95), call(100, FAR)), D(-1)).max_loss == 400


def test_a_naked_leg_over_time_loses_without_bound() -> None:
    legs = [StrategyLeg(call(100), 1), StrategyLeg(call(100, FAR), -1)]

    assert outlook(unit(legs)[0], D(-2)).max_loss is Limit.UNBOUNDED


@pytest.mark.parametrize(
    ("legs", "net", "loss"),
    [
        # What is sold later is naked once the near one is gone, but ends at a price of nothing.
        ([StrategyLeg(put(100), 1), StrategyLeg(put(100, FAR), -1)], "-2", "9800"),
        ([StrategyLeg(put(100), -1), StrategyLeg(put(90, FAR), -1)], "-3", "18700"),
        (
            [StrategyLeg(put(100, FAR), -2), StrategyLeg(put(90, FAR), 1), StrategyLeg(put(95), 1)],
            "-1",
            "10900",
        ),
    ],
)
def test_a_naked_put_over_time_loses_no_more_than_its_strike(
    legs: list[StrategyLeg], net: str, loss: str
) -> None:
    """It has no cover all the same, so that no margin is told."""
    found = outlook(unit(legs)[0], D(net))

    assert found.max_loss == D(loss)
    assert found.margin in (None, D(19_000))


def test_strikes_leave_the_shares_out() -> None:
    assert strikes_of(builders.collar(put(95), call(110))) == (D(95), D(110))
