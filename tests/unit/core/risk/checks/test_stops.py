from typing import Any

import pytest
from attrs import evolve

from cream.core.model.market import Known, Unknown
from cream.core.model.plan import Decision, RiskDenomination
from cream.core.model.verdict import Severity, Unit
from tests.unit.core.risk.scenes import (
    VERTICAL_CLOSING,
    WIDE,
    account,
    buy,
    check,
    codes,
    cover,
    d,
    held,
    judge,
    limits,
    short,
    spread,
    trim,
    view,
    violation,
)

CALL, PUT = "NVDA  261218C00190000", "NVDA  261218P00180000"
BY_OPTION, BY_UNDERLYING = RiskDenomination.OPTION_PRICE, RiskDenomination.UNDERLYING_PRICE


def call(**changes: Any) -> Decision:
    prices = {"limit": "6.40", "stop": "3.20", "target": "12.80", "denomination": BY_OPTION}
    return buy(CALL, changes.pop("quantity", 1), **{**prices, **changes})


def put(**changes: Any) -> Decision:
    prices = {"limit": "7.00", "stop": "190", "target": "160", "denomination": BY_UNDERLYING}
    return buy(PUT, changes.pop("quantity", 1), **{**prices, **changes})


@pytest.mark.parametrize("entry", [buy, short, call, put])
@pytest.mark.parametrize("stop", [None, "0", "-5"])
def test_an_entry_has_a_stop(entry: Any, stop: str | None) -> None:
    found = judge(entry(stop=stop), by=WIDE)

    assert codes(found) == ["MISSING_STOP_LOSS"]
    assert violation(found, "MISSING_STOP_LOSS").field_path == "decisions[0].stop_loss_level"


def test_an_exit_and_a_spread_of_bounded_loss_need_none() -> None:
    on = view(held("AAPL", 10), held("TSLA", -10))

    assert judge(trim(), cover(), spread(1), on=on).ok


@pytest.mark.parametrize(
    ("decision", "right"),
    [
        (buy(stop="238.38"), True),
        (buy(stop="238.39"), False),
        (buy(stop="245.00"), False),
        (buy(limit="230.00", stop="229.99"), True),
        (buy(limit="230.00", stop="230.00"), False),
        (buy(limit=None, stop="238.38"), True),
        (buy(limit=None, stop="238.39"), False),
        (short(stop="430.02"), True),
        (short(stop="430.01"), False),
        (short(stop="420.00"), False),
        (short(limit="440.00", stop="440.01"), True),
        (short(limit="440.00", stop="435.00"), False),
        (call(stop="6.29"), True),
        (call(stop="6.30"), False),
        (call(stop="182.49", target=None, denomination=BY_UNDERLYING), True),
        (call(stop="182.50", target=None, denomination=BY_UNDERLYING), False),
        (put(stop="182.51"), True),
        (put(stop="182.50"), False),
        (put(stop="175.00"), False),
    ],
)
def test_a_stop_lies_where_the_position_loses(decision: Decision, right: bool) -> None:
    """Behind the limit and behind the market; a put against its underlying the other way round."""
    found = [code for code in codes(judge(decision, by=WIDE)) if code == "STOP_WRONG_SIDE"]

    assert found == ([] if right else ["STOP_WRONG_SIDE"])


def test_a_stop_on_the_wrong_side_says_of_what() -> None:
    refusal = violation(judge(buy(stop="245.00")), "STOP_WRONG_SIDE")

    assert (refusal.observed, refusal.limit) == (d("245.00"), d("238.39"))
    assert refusal.message == "the stop 245.00 must be below 238.39"
    assert "above" in violation(judge(short(stop="400")), "STOP_WRONG_SIDE").message


@pytest.mark.parametrize(
    ("decision", "right"),
    [
        (buy(target="238.51"), True),
        (buy(target="238.50"), False),
        (buy(target="200.00"), False),
        (short(target="429.99"), True),
        (short(target="430.00"), False),
        (short(target="-1"), False),
        (call(target="6.41"), True),
        (call(target="6.40"), False),
        (put(target="182.49"), True),
        (put(target="182.50"), False),
        (buy(target=None), True),
    ],
)
def test_a_target_lies_where_the_position_gains(decision: Decision, right: bool) -> None:
    found = [code for code in codes(judge(decision, by=WIDE)) if code == "TARGET_WRONG_SIDE"]

    assert found == ([] if right else ["TARGET_WRONG_SIDE"])


def test_a_target_on_the_wrong_side_says_of_what() -> None:
    assert (
        "must be above 238.50"
        in violation(judge(buy(target="238.00")), "TARGET_WRONG_SIDE").message
    )
    assert (
        "must be below 430.00"
        in violation(judge(short(target="431.00")), "TARGET_WRONG_SIDE").message
    )


# Distances: below, at, above ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stop", "passes"),
    [
        ("199.79", True),
        ("199.80", True),
        ("199.81", False),
        ("160.01", True),
        ("160.00", True),
        ("159.99", False),
    ],
)
def test_a_stop_is_a_tenth_of_a_percent_to_a_fifth_away(stop: str, passes: bool) -> None:
    found = judge(
        buy(limit="200.00", stop=stop, target=None),
        by=limits(risk_limits={"max_per_trade_risk_pct": d(100)}),
    )

    assert codes(found) == ([] if passes else ["STOP_DISTANCE_OUT_OF_RANGE"])
    assert check(found, "STOP_DISTANCE_OUT_OF_RANGE").unit is Unit.RATIO


def test_a_distance_out_of_range_shows_the_bound_that_it_is_beyond() -> None:
    near = violation(judge(buy(limit="200.00", stop="199.99")), "STOP_DISTANCE_OUT_OF_RANGE")
    far = violation(judge(buy(limit="200.00", stop="100.00")), "STOP_DISTANCE_OUT_OF_RANGE")

    assert (near.observed, near.limit) == (d("0.00005"), d("0.001"))
    assert (far.observed, far.limit) == (d("0.5"), d("0.20"))


@pytest.mark.parametrize(
    ("stop", "passes"), [("0.65", True), ("0.64", True), ("0.63", False), ("6.29", True)]
)
def test_levels_of_an_options_own_price_have_a_bound_of_their_own(stop: str, passes: bool) -> None:
    """Nine tenths of 6.40, and no least distance."""
    found = judge(call(stop=stop, target=None))

    assert codes(found) == ([] if passes else ["STOP_DISTANCE_OUT_OF_RANGE"])


@pytest.mark.parametrize(
    ("stop", "passes"), [("146.00", True), ("145.99", False), ("182.32", False), ("182.31", True)]
)
def test_levels_of_the_underlying_are_measured_from_its_price(stop: str, passes: bool) -> None:
    """182.50, and not the premium."""
    found = judge(call(stop=stop, target=None, denomination=BY_UNDERLYING), by=limits())

    assert codes(found) == ([] if passes else ["STOP_DISTANCE_OUT_OF_RANGE"])


# Risk per trade: below, at, above -------------------------------------------------------------


@pytest.mark.parametrize(("equity", "passes"), [("5001", True), ("5000", True), ("4999", False)])
def test_what_is_lost_at_the_stop_is_bounded_as_a_part_of_equity(equity: str, passes: bool) -> None:
    """Ten shares, ten dollars each: 100 dollars are two percent of 5,000."""
    on = view(of=Known(account(equity, buying_power=d(10**6))))
    by = evolve(WIDE, risk_limits=limits().risk_limits)

    found = judge(buy(), on=on, by=by)

    assert codes(found) == ([] if passes else ["PER_TRADE_RISK_EXCEEDED"])
    shown = check(found, "PER_TRADE_RISK_EXCEEDED")
    assert (shown.limit, shown.unit) == (d("2.0"), Unit.PERCENT)
    assert shown.observed is not None
    assert (shown.observed > 2) is not passes


@pytest.mark.parametrize(
    ("decision", "risk"),
    [
        (buy(quantity=20), "0.2"),
        (buy(quantity=20, limit=None), "0.1982"),
        (short(quantity=10), "0.15"),
        (call(quantity=3), "0.96"),
        (call(quantity=3, stop="181.50", target=None, denomination=BY_UNDERLYING), "0.3"),
        (call(quantity=3, stop="170.00", target=None, denomination=BY_UNDERLYING), "1.92"),
        (spread(5), "1.55"),
        (spread(5, net=None), "1.6"),
    ],
)
def test_risk_is_distance_times_units_times_multiplier(decision: Decision, risk: str) -> None:
    """A bought option loses no more than it cost, a spread no more than its worst payoff."""
    assert check(judge(decision, by=WIDE), "PER_TRADE_RISK_EXCEEDED").observed == d(risk)


def test_the_risk_of_one_instrument_is_added_up() -> None:
    parts = [buy(quantity=50, stop="218.50", target="280", decision_id=str(n)) for n in range(3)]
    by = evolve(WIDE, risk_limits=limits().risk_limits)

    refusal = violation(judge(*parts, by=by), "PER_TRADE_RISK_EXCEEDED")

    assert (refusal.observed, refusal.headroom) == (3, 2)
    assert judge(*parts[:2], by=by).ok


@pytest.mark.parametrize("equity", ["0", "-1"])
def test_nothing_is_risked_without_equity(equity: str) -> None:
    refusal = violation(judge(buy(), on=view(of=Known(account(equity)))), "PER_TRADE_RISK_EXCEEDED")

    assert (refusal.observed, refusal.headroom) == (None, None)


# Reward: below, at, above ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "passes"), [("253.49", False), ("253.50", True), ("253.51", True)]
)
def test_the_target_is_worth_the_risk(target: str, passes: bool) -> None:
    """Ten at risk: fifteen are to be gained."""
    found = judge(buy(target=target))

    assert codes(found) == ([] if passes else ["INSUFFICIENT_RISK_REWARD"])
    assert check(found, "INSUFFICIENT_RISK_REWARD").limit == d("1.5")


def test_a_ratio_that_is_too_small_is_shown_as_such() -> None:
    refusal = violation(judge(buy(target="253.49")), "INSUFFICIENT_RISK_REWARD")

    assert refusal.observed == d("1.499")
    assert refusal.headroom is None


@pytest.mark.parametrize(
    ("target", "passes"), [("175.01", False), ("175.00", True), ("174.99", True)]
)
def test_a_put_against_its_underlying_has_its_target_below(target: str, passes: bool) -> None:
    found = judge(put(stop="187.50", target=target))

    assert codes(found) == ([] if passes else ["INSUFFICIENT_RISK_REWARD"])


def test_reward_is_judged_only_where_both_levels_are_given() -> None:
    """And never on a spread."""
    assert check(judge(buy(target=None)), "INSUFFICIENT_RISK_REWARD").observed is None
    assert check(judge(spread(1)), "INSUFFICIENT_RISK_REWARD").observed is None


def test_levels_without_a_market_to_hold_them_to_are_not_judged() -> None:
    blind = view(data={"NVDA": Unknown("no feed")})

    found = codes(judge(put(), on=blind))

    assert found == ["RISK_INPUT_UNKNOWN"]


@pytest.mark.parametrize(
    "decision",
    [
        spread(1, stop="1.00"),
        spread(1, VERTICAL_CLOSING, "-3.00", target="9.00"),
        trim(stop="200.00"),
    ],
)
def test_levels_that_nothing_watches_are_told(decision: Decision) -> None:
    """A spread's or an exit's; better a warning than a stop believed in."""
    on = view(
        held("AAPL", 10),
        held(VERTICAL_CLOSING[0].contract.symbol, 1, price=4),
        held(VERTICAL_CLOSING[1].contract.symbol, -1, price=1),
    )

    found = judge(decision, on=on)

    assert found.ok
    assert violation(found, "LEVELS_IGNORED").severity is Severity.WARNING
