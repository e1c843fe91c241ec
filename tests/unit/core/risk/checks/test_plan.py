from datetime import timedelta

import pytest
from attrs import evolve

from cream.core.model.order import OrderPurpose, Side
from cream.core.model.plan import Action, Decision, Direction, Environment
from cream.core.model.verdict import Severity, Unit
from tests.unit.core.risk.scenes import (
    MARKET,
    NOW,
    VERTICAL,
    VERTICAL_CLOSING,
    WIDE,
    buy,
    check,
    close,
    codes,
    cover,
    d,
    decision,
    gate,
    held,
    judge,
    leg,
    limits,
    order,
    plan,
    short,
    spread,
    trim,
    view,
    violation,
)

LOW, HIGH = (one.contract.symbol for one in VERTICAL)


@pytest.mark.parametrize(
    ("risk_manager", "critic", "absent", "approved"),
    [
        (True, True, "refuse", True),
        (True, False, "refuse", False),
        (False, True, "allow", False),
        (False, False, "allow", False),
        (None, True, "refuse", False),
        (True, None, "refuse", False),
        (None, None, "refuse", False),
        (None, True, "allow", True),
        (None, None, "allow", True),
        (None, False, "allow", False),
    ],
)
def test_a_plan_needs_both_approvals(
    risk_manager: bool | None, critic: bool | None, absent: str, approved: bool
) -> None:
    """What an absent approval counts as is a setting; a false one is never overruled."""
    asked = plan(buy(), risk_manager_approved=risk_manager, critic_approved=critic)
    found = gate(limits(plan={"absent_approval": absent})).judge(asked, view(), NOW)

    assert codes(found) == ([] if approved else ["PLAN_NOT_APPROVED"])
    assert found.ok is approved


def test_a_refused_approval_is_named() -> None:
    asked = plan(buy(), risk_manager_approved=False, critic_approved=None)

    found = violation(gate().judge(asked, view(), NOW), "PLAN_NOT_APPROVED")

    assert found.message == "risk_manager_approved is false and critic_approved is absent"
    assert (found.severity, found.field_path) == (Severity.CRITICAL, "plan")


def test_a_plan_that_trades_nothing_needs_its_approvals_too() -> None:
    hold = plan(decision(action=Action.HOLD), critic_approved=False)

    assert not gate().judge(hold, view(), NOW).ok


def test_a_plan_for_real_money_never_reaches_a_paper_engine() -> None:
    asked = plan(buy(), environment=Environment.LIVE)

    found = violation(gate().judge(asked, view(), NOW), "ENVIRONMENT_MISMATCH")

    assert found.severity is Severity.CRITICAL
    assert found.message == "the plan is for LIVE, not for PAPER"


@pytest.mark.parametrize(
    ("age", "stale"),
    [
        (0, False),
        (899, False),
        (900, False),
        ("900.001", True),
        (901, True),
        (10**6, True),
        (-59, False),
        (-60, False),
        ("-60.001", True),
        (-61, True),
    ],
)
def test_a_plan_is_neither_old_nor_ahead_of_the_clock(age: str | int, stale: bool) -> None:
    asked = plan(buy(), timestamp=NOW - timedelta(seconds=float(age)))

    found = gate().judge(asked, view(), NOW)

    assert codes(found) == (["STALE_PLAN"] if stale else [])
    assert check(found, "STALE_PLAN").observed == d(age)
    assert check(found, "STALE_PLAN").unit is Unit.SECONDS


def test_a_plan_without_a_time_is_of_now() -> None:
    found = judge(buy())

    assert found.ok
    assert check(found, "STALE_PLAN").observed is None


@pytest.mark.parametrize(("count", "passes"), [(2, True), (3, True), (4, False)])
def test_a_plan_has_no_more_decisions_than_the_limit(count: int, passes: bool) -> None:
    few = limits(plan={"max_decisions": 3})
    decisions = [buy(quantity=1, decision_id=str(index)) for index in range(count)]

    found = judge(*decisions, by=few)

    assert codes(found) == ([] if passes else ["TOO_MANY_DECISIONS"])
    assert check(found, "TOO_MANY_DECISIONS").observed == count


def test_what_trades_nothing_counts_among_the_decisions() -> None:
    nothing = [decision(action=Action.HOLD, decision_id=str(index)) for index in range(4)]

    assert codes(judge(*nothing, by=limits(plan={"max_decisions": 3}))) == ["TOO_MANY_DECISIONS"]


def test_two_decisions_with_one_id_would_be_one_order() -> None:
    found = judge(
        buy(decision_id="a"), buy("MSFT", limit="512", stop="500", target="540", decision_id="a")
    )

    assert violation(found, "DUPLICATE_DECISION_ID").field_path == "decisions[1].decision_id"


SPREAD_CLOSED = spread(1, VERTICAL_CLOSING, "-3.00", action=Action.CLOSE, direction=Direction.FLAT)


@pytest.mark.parametrize(
    ("decisions", "conflict"),
    [
        ((buy(), buy(decision_id="b")), False),
        ((trim(quantity=2), trim(quantity=3, decision_id="b")), False),
        ((buy(), trim()), True),
        ((buy(), close()), True),
        ((buy(), short("AAPL", limit="240.00", stop="245", target="230")), True),
        ((buy(), buy("MSFT", limit="512.00", stop="505", target="540")), False),
        ((buy(), spread(1)), False),
        ((buy(LOW, 1, limit="4.20"), spread(1)), False),
        ((close(LOW, 1), spread(1)), True),
        ((spread(1), spread(1, (leg(LOW, -1), leg(HIGH, 1)), "-3.00", decision_id="b")), False),
        ((close(LOW, 1), SPREAD_CLOSED), False),
    ],
)
def test_decisions_on_one_instrument_want_the_same_of_it(
    decisions: tuple[Decision, ...], conflict: bool
) -> None:
    """Which of two opposite orders came first at the venue would be chance."""
    holding = view(held("AAPL", 20), held(LOW, 5, price=4), held(HIGH, -5, price=1))

    assert ("CONFLICTING_ORDERS" in codes(judge(*decisions, on=holding, by=WIDE))) is conflict


def test_a_conflict_names_the_instrument() -> None:
    found = violation(judge(buy(), trim(), on=view(held("AAPL", 20))), "CONFLICTING_ORDERS")

    assert (found.instrument_id, found.observed) == ("AAPL", 2)


@pytest.mark.parametrize(
    ("decisions", "conflict"),
    [
        ((buy(), short("AAPL", limit="240.00", stop="245", target="230")), True),
        ((buy(), close()), False),
        ((trim(), close(decision_id="b")), False),
        ((spread(1), spread(1, direction=Direction.SHORT, decision_id="b")), False),
        ((buy(), short()), False),
    ],
)
def test_decisions_on_one_instrument_mean_one_side(
    decisions: tuple[Decision, ...], conflict: bool
) -> None:
    found = codes(judge(*decisions, on=view(held("AAPL", 20)), by=WIDE))

    assert ("CONFLICTING_DIRECTIONS" in found) is conflict


def test_an_incoherent_pair_is_refused() -> None:
    found = violation(judge(decision(direction=Direction.FLAT)), "DIRECTION_ACTION_MISMATCH")

    assert (found.field_path, found.severity) == ("decisions[0].action", Severity.ERROR)


def test_a_tactic_that_is_not_there_is_refused() -> None:
    assert codes(judge(buy(tactic="ICEBERG"))) == ["TACTIC_UNAVAILABLE"]


@pytest.mark.parametrize(
    ("quantity", "headroom"), [(9, "pass"), (10, "pass"), (11, d(10)), (1000, d(10))]
)
def test_an_exit_takes_no_more_than_is_held(quantity: int, headroom: object) -> None:
    found = judge(trim(quantity=quantity), on=view(held("AAPL", 10)))

    if headroom == "pass":
        assert found.ok
    else:
        refusal = violation(found, "POSITION_MISMATCH")
        assert (refusal.observed, refusal.limit, refusal.headroom) == (quantity, 10, headroom)
        assert (refusal.unit, refusal.field_path) == (Unit.SHARES, "decisions[0].size.quantity")


@pytest.mark.parametrize(
    "exit_of_nothing",
    [
        trim("XOM"),
        cover("XOM"),
        close("XOM"),
        trim("TSLA"),
        cover("AAPL"),
        decision("XOM", action=Action.REDUCE),
        close("AAPL", direction=Direction.SHORT),
    ],
)
def test_what_is_not_held_on_that_side_cannot_be_closed(exit_of_nothing: Decision) -> None:
    """What is absent is flat."""
    holding = view(held("AAPL", 10), held("TSLA", -10))

    refusal = violation(judge(exit_of_nothing, on=holding), "POSITION_MISMATCH")

    assert refusal.headroom is None


def test_exits_of_one_instrument_are_added_up() -> None:
    """Asking in parts gains nothing."""
    exits = (trim(quantity=6, decision_id="a"), trim(quantity=5, decision_id="b"))

    assert codes(judge(*exits, on=view(held("AAPL", 11)))) == []
    assert codes(judge(*exits, on=view(held("AAPL", 10)))) == ["POSITION_MISMATCH"]


def test_other_exits_that_work_count_against_the_holding_and_protection_does_not() -> None:
    working = (
        order("AAPL", 4, Side.SELL, OrderPurpose.EXIT, limit="260"),
        order("AAPL", 10, Side.SELL, OrderPurpose.STOP_LOSS, order_id="o-2"),
    )
    holding = view(held("AAPL", 10), working=working)

    assert judge(trim(quantity=6), on=holding).ok
    refusal = violation(judge(trim(quantity=7), on=holding), "POSITION_MISMATCH")
    assert "4 are being closed already" in refusal.message
    assert refusal.headroom == 6


def test_closing_all_passes_whatever_size_is_named() -> None:
    assert judge(close(quantity=999), on=view(held("AAPL", 10))).ok


def test_closing_twice_is_closing_more_than_there_is() -> None:
    twice = (close(quantity=10, decision_id="a"), close(quantity=10, decision_id="b"))

    assert codes(judge(*twice, on=view(held("AAPL", 10)))) == ["POSITION_MISMATCH"]


def test_a_closed_spread_needs_every_leg_on_its_side() -> None:
    assert judge(SPREAD_CLOSED, on=view(held(LOW, 1, price=4), held(HIGH, -1, price=1))).ok

    for holding in (
        view(held(LOW, 1, price=4)),
        view(held(LOW, -1, price=4), held(HIGH, 1, price=1)),
        view(),
    ):
        assert "POSITION_MISMATCH" in codes(judge(SPREAD_CLOSED, on=holding))


def test_more_spreads_than_are_held_carry_the_headroom_in_spreads() -> None:
    holding = view(held(LOW, 3, price=4), held(HIGH, -3, price=1))
    five = spread(5, VERTICAL_CLOSING, "-3.00", action=Action.REDUCE, direction=Direction.FLAT)

    refusal = violation(judge(five, on=holding), "POSITION_MISMATCH")

    assert (refusal.headroom, refusal.unit) == (3, Unit.CONTRACTS)


@pytest.mark.parametrize(
    ("confidence", "passes"),
    [(None, True), ("0", True), ("0.5", True), ("1", True), ("1.000001", False), ("-0.1", False)],
)
def test_a_confidence_lies_between_nothing_and_certainty(
    confidence: str | None, passes: bool
) -> None:
    given = None if confidence is None else d(confidence)

    found = judge(evolve(buy(), confidence=given))

    assert codes(found) == ([] if passes else ["INVALID_CONFIDENCE"])


def test_the_market_has_what_these_tests_trade() -> None:
    assert {LOW, HIGH, "AAPL", "TSLA"} <= set(MARKET)
