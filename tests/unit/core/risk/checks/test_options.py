import pytest
from attrs import evolve

from cream.core.model.plan import Action, Decision, Direction
from cream.core.model.verdict import Unit
from tests.unit.core.risk.scenes import (
    MARKET,
    VERTICAL,
    VERTICAL_CLOSING,
    WIDE,
    buy,
    check,
    close,
    codes,
    d,
    decision,
    held,
    instrument,
    judge,
    leg,
    limits,
    order,
    spread,
    trim,
    view,
    violation,
    working_spread,
)

LOW, HIGH = (one.contract.symbol for one in VERTICAL)
PUT = "AAPL  261218P00230000"
CONDOR = (
    leg("SPY   261218P00640000", 1),
    leg("SPY   261218P00645000", -1),
    leg("SPY   261218C00680000", -1),
    leg("SPY   261218C00685000", 1),
)
BOTH = (held(LOW, 5, price="4.20"), held(HIGH, -5, price="1.10"))


@pytest.mark.parametrize(
    ("legs", "code"),
    [
        (VERTICAL[:1], "LEG_COUNT"),
        ((VERTICAL[0], VERTICAL[0]), "LEG_DUPLICATE"),
        ((VERTICAL[0], leg("NVDA  261218C00190000", -1)), "LEG_UNDERLYING"),
        ((evolve(VERTICAL[0], ratio=2), evolve(VERTICAL[1], ratio=-2)), "LEG_RATIO"),
        ((VERTICAL[0], VERTICAL_CLOSING[0]), "LEG_DUPLICATE"),
        ((VERTICAL[0], leg(HIGH, -1, opening=False)), "LEG_INTENT"),
    ],
)
def test_a_spread_has_the_form_of_one(legs: object, code: str) -> None:
    found = judge(spread(1, legs))  # type: ignore[arg-type]

    assert code in codes(found)
    assert found.orders == ()
    assert check(found, code).description.startswith("A spread has two to four")


def test_a_fault_of_a_leg_points_at_it() -> None:
    found = judge(spread(1, (VERTICAL[0], leg("NVDA  261218C00190000", -1))))

    assert violation(found, "LEG_UNDERLYING").field_path == "decisions[0].legs[1]"


@pytest.mark.parametrize(
    ("legs", "net", "code"),
    [
        (VERTICAL, "3.10", None),
        (VERTICAL, "-3.10", "NET_PRICE_SIGN"),
        (VERTICAL, "12.00", "NET_PRICE_IMPOSSIBLE"),
    ],
)
def test_a_net_price_has_the_sign_that_its_legs_demand(
    legs: object, net: str, code: str | None
) -> None:
    found = codes(judge(spread(1, legs, net), by=WIDE))  # type: ignore[arg-type]

    assert [one for one in found if one.startswith("NET_")] == ([] if code is None else [code])


def test_a_condor_for_a_debit_has_the_wrong_sign() -> None:
    found = judge(spread(1, CONDOR, "1.60", underlying="SPY"), by=WIDE)

    refusal = violation(found, "NET_PRICE_SIGN")
    assert (refusal.observed, refusal.unit) == (d("1.60"), Unit.USD_PER_SHARE)
    assert refusal.field_path == "decisions[0].net_limit_price"


def test_an_exit_may_leave_nothing_to_gain_but_not_have_the_wrong_sign() -> None:
    on = view(*BOTH)

    by = limits(collar={"min_abs": d(9)})

    free = judge(spread(1, VERTICAL_CLOSING, "0"), on=on, by=by)
    wrong = judge(spread(1, VERTICAL_CLOSING, "3.00"), on=on, by=by)

    assert free.ok
    assert codes(wrong) == ["NET_PRICE_SIGN"]


@pytest.mark.parametrize(
    "naked",
    [
        spread(1, (leg(HIGH, -1), leg(PUT, -1)), "-2.50"),
        spread(1, (leg(LOW, 1), leg(PUT, -1)), "2.00"),
        spread(1, (leg(LOW, 1), leg(HIGH, -2)), "2.00"),
        decision(HIGH, 1, Action.SELL, Direction.SHORT, limit="1.10", stop="2", target="0.5"),
    ],
)
def test_nothing_is_sold_that_the_order_does_not_cover(naked: Decision) -> None:
    refusal = violation(judge(naked, by=WIDE), "UNDEFINED_RISK")

    assert refusal.headroom is None


def test_the_example_is_refused_for_nothing_but_that() -> None:
    naked = spread(1, (leg(LOW, -1), leg(PUT, -1)), "-5.90")

    assert codes(judge(naked)) == ["UNDEFINED_RISK"]


def test_an_exit_does_not_take_the_cover_from_what_is_short() -> None:
    """Closing the long leg alone would leave the short one naked."""
    on = view(*BOTH)

    assert codes(judge(close(LOW, 5), on=on)) == ["UNDEFINED_RISK"]
    assert codes(judge(trim(LOW, 1), on=on)) == ["UNDEFINED_RISK"]
    assert judge(close(HIGH, 5), on=on).ok
    assert judge(close(HIGH, 5), close(LOW, 5), on=on).ok
    assert judge(spread(2, VERTICAL_CLOSING, "-3.00"), on=on).ok


def test_what_was_naked_before_may_be_closed_in_any_order() -> None:
    on = view(held(LOW, 1, price="4.20"), held(HIGH, -5, price="1.10"))

    assert judge(close(LOW, 1), on=on).ok


@pytest.mark.parametrize(("spreads", "passes"), [(1, True), (2, True), (3, False)])
def test_contracts_on_one_underlying_are_bounded(spreads: int, passes: bool) -> None:
    """Held, working and planned legs: 5 + 4 + two for each spread."""
    on = view(held(LOW, 5, price=4), working=(working_spread(2),))
    by = evolve(WIDE, options=evolve(WIDE.options, max_contracts_per_underlying=13))

    found = judge(spread(spreads), on=on, by=by)

    assert codes(found) == ([] if passes else ["OPTIONS_CONTRACTS_EXCEEDED"])
    shown = check(found, "OPTIONS_CONTRACTS_EXCEEDED")
    assert (shown.observed, shown.limit) == (9 + 2 * spreads, 13)
    if not passes:
        assert violation(found, "OPTIONS_CONTRACTS_EXCEEDED").headroom == 4


def test_contracts_of_different_underlyings_are_not_added_up() -> None:
    by = evolve(WIDE, options=evolve(limits().options, max_contracts_per_underlying=2))

    assert judge(spread(1), on=view(held("NVDA  261218C00190000", 2)), by=by).ok


@pytest.mark.parametrize(("most", "passes"), [(7, True), (6, False)])
def test_contracts_of_all_underlyings_are_added_up(most: int, passes: bool) -> None:
    by = evolve(WIDE, options=evolve(WIDE.options, max_contracts=most))

    found = judge(spread(2), on=view(held("NVDA  261218C00190000", 3)), by=by)

    assert codes(found) == ([] if passes else ["OPTIONS_TOTAL_CONTRACTS_EXCEEDED"])
    shown = check(found, "OPTIONS_TOTAL_CONTRACTS_EXCEEDED")
    assert (shown.observed, shown.limit) == (7, most)
    if not passes:
        assert violation(found, "OPTIONS_TOTAL_CONTRACTS_EXCEEDED").headroom == 3


NVDA_CALL = "NVDA  261218C00190000"
BY_COUNT = (
    ("max_positions_per_underlying", "OPTIONS_POSITIONS_PER_UNDERLYING_EXCEEDED", 3),
    ("max_positions", "OPTIONS_POSITIONS_EXCEEDED", 4),
)


@pytest.mark.parametrize(("key", "code", "there_would_be"), BY_COUNT)
def test_different_options_are_counted_once_each(key: str, code: str, there_would_be: int) -> None:
    """A put on AAPL is held and a call on NVDA works; the spread adds two options on AAPL."""
    on = view(held(PUT, 5, 2), working=(order(NVDA_CALL, 1, limit="6.30"),))
    for most, passes in ((there_would_be, True), (there_would_be - 1, False)):
        found = judge(
            spread(3), on=on, by=evolve(WIDE, options=evolve(WIDE.options, **{key: most}))
        )
        assert codes(found) == ([] if passes else [code])
        assert check(found, code).observed == there_would_be


@pytest.mark.parametrize(("key", "code", "_"), BY_COUNT)
def test_who_has_too_many_may_add_to_them_and_leave_them(key: str, code: str, _: int) -> None:
    by = evolve(WIDE, options=evolve(WIDE.options, **{key: 0}))

    assert code not in codes(judge(spread(1), on=view(*BOTH), by=by))
    assert judge(spread(1, VERTICAL_CLOSING, "-3.00"), on=view(*BOTH), by=by).ok


def test_a_limit_of_zero_contracts_lets_exits_pass() -> None:
    by = limits(options={"max_contracts_per_underlying": 0})

    assert codes(judge(spread(1), by=by)) == ["OPTIONS_CONTRACTS_EXCEEDED"]
    assert judge(spread(1, VERTICAL_CLOSING, "-3.00"), on=view(*BOTH), by=by).ok


def test_shares_are_no_contracts() -> None:
    assert check(judge(buy()), "OPTIONS_CONTRACTS_EXCEEDED").observed is None
    assert instrument(PUT).symbol in MARKET
