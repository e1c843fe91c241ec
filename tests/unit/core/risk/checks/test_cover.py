"""Covered calls, cash-secured puts, and what would leave a short option without cover."""

import pytest
from attrs import evolve

from cream.core.model.market import Known
from cream.core.model.order import OrderPurpose, Side
from cream.core.model.plan import Action, Decision, Direction
from cream.core.risk.view import PortfolioView
from tests.unit.core.risk.scenes import (
    MARKET,
    VERTICAL,
    WIDE,
    account,
    buy,
    check,
    close,
    codes,
    decision,
    held,
    judge,
    order,
    spread,
    trim,
    view,
    violation,
)

CALL, HIGHER = (one.contract.symbol for one in VERTICAL)
PUT = "AAPL  261218P00230000"


def write(symbol: str = HIGHER, count: int = 1, limit: str = "1.05", **more: object) -> Decision:
    """Sell to open."""
    return decision(
        symbol,
        count,
        Action.SELL,
        Direction.SHORT,
        limit=limit,
        stop=None,
        target=None,
        **more,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("shares", "count", "passes"),
    [(99, 1, False), (100, 1, True), (200, 2, True), (200, 3, False), (0, 1, False)],
)
def test_a_call_is_sold_against_a_hundred_shares(shares: int, count: int, passes: bool) -> None:
    on = view(*([held("AAPL", shares)] if shares else []))

    found = judge(write(count=count), on=on, by=WIDE)

    assert codes(found) == ([] if passes else ["UNDEFINED_RISK"])


def test_calls_of_one_plan_need_cover_together() -> None:
    on = view(held("AAPL", 100))
    both = (write(decision_id="a"), write(CALL, limit="4.15", decision_id="b"))

    assert codes(judge(*both, on=on, by=WIDE)) == ["UNDEFINED_RISK", "UNDEFINED_RISK"]
    assert judge(*both, on=view(held("AAPL", 200)), by=WIDE).ok


def test_shares_that_stand_behind_another_call_cover_no_second() -> None:
    working = order(HIGHER, 1, Side.SELL, limit="1.05")

    assert not judge(write(), on=view(held("AAPL", 100), held(CALL, -1)), by=WIDE).ok
    assert not judge(write(), on=view(held("AAPL", 100), working=(working,)), by=WIDE).ok


def test_shares_that_the_plan_sells_cover_nothing() -> None:
    on = view(held("AAPL", 100))

    assert codes(judge(write(), trim("AAPL", 1), on=on, by=WIDE)) == ["UNDEFINED_RISK"]


@pytest.mark.parametrize(("shares", "passes"), [(199, False), (200, True)])
def test_shares_that_a_bracket_at_the_broker_may_sell_cover_nothing(
    shares: int, passes: bool
) -> None:
    """Once its stop is reached the call would be naked. Of a bracket's two exits one fills."""
    exits = [
        order("AAPL", 100, Side.SELL, purpose, order_id=f"o-{number}", parent_order_id="o-entry")
        for number, purpose in enumerate((OrderPurpose.STOP_LOSS, OrderPurpose.TAKE_PROFIT))
    ]
    found = judge(write(), on=view(held("AAPL", shares), working=exits), by=WIDE)

    assert codes(found) == ([] if passes else ["UNDEFINED_RISK"])
    if not passes:
        assert "100 of them" in violation(found, "UNDEFINED_RISK").message


def test_a_covered_call_needs_no_stop_and_no_margin() -> None:
    found = judge(write(), on=view(held("AAPL", 100)), by=WIDE)

    assert found.ok
    assert check(found, "INSUFFICIENT_BUYING_POWER").observed == 0
    assert check(found, "PER_INSTRUMENT_NOTIONAL_EXCEEDED").observed == 0


def cash(amount: int) -> PortfolioView:
    return view(of=Known(account(amount)))


@pytest.mark.parametrize(("amount", "passes"), [(22_999, False), (23_000, True), (23_001, True)])
def test_a_put_is_sold_against_the_cash_for_its_strike(amount: int, passes: bool) -> None:
    found = judge(write(PUT, limit="1.80"), on=cash(amount), by=WIDE)

    assert codes(found) == ([] if passes else ["UNDEFINED_RISK"])


def test_a_put_costs_at_worst_its_strike_less_what_it_brings() -> None:
    found = judge(write(PUT, limit="1.80"), on=cash(100_000), by=WIDE)

    assert check(found, "INSUFFICIENT_BUYING_POWER").observed == 22_820
    assert check(found, "PER_INSTRUMENT_NOTIONAL_EXCEEDED").observed == 22_820


def test_cash_stands_behind_one_put_only() -> None:
    on = view(held(PUT, -1, price=1), of=Known(account(40_000)))

    assert codes(judge(write(PUT, limit="1.80"), on=on, by=WIDE)) == ["UNDEFINED_RISK"]
    unknown = evolve(cash(0), account=Known(account(100_000, cash=account(0).cash)))
    assert not judge(write(PUT, limit="1.80"), on=unknown, by=WIDE).ok


@pytest.mark.parametrize(("level", "passes"), [(0, False), (1, True)])
def test_the_first_level_is_enough_for_what_is_covered(level: int, passes: bool) -> None:
    on = view(held("AAPL", 100), of=Known(account(options_level=level)))

    assert codes(judge(write(), on=on, by=WIDE)) == ([] if passes else ["OPTIONS_LEVEL_TOO_LOW"])


def test_no_exit_takes_shares_from_under_a_call() -> None:
    on = view(held("AAPL", 150), held(HIGHER, -1, price=1))

    assert judge(trim("AAPL", 50), on=on).ok
    refusal = violation(judge(trim("AAPL", 51), on=on), "UNDEFINED_RISK")
    assert refusal.instrument_id == "AAPL"
    assert judge(trim("AAPL", 150), close(HIGHER, 1), on=on).ok


def test_a_put_that_was_sold_is_covered_by_cash_whatever_is_closed() -> None:
    on = view(held("AAPL", 10), held(PUT, -1, price=1), held("MSFT", 5))

    assert judge(close("AAPL"), close("MSFT", 5), on=on).ok


def test_in_a_spread_only_the_legs_cover() -> None:
    naked = spread(1, legs=(VERTICAL[1], evolve(VERTICAL[0], contract=VERTICAL[0].contract)))

    assert judge(naked).ok
    on = view(held("AAPL", 500), market=MARKET)
    ratio = spread(1, legs=(VERTICAL[0], evolve(VERTICAL[1], ratio=-2)), net="2.00")
    assert "UNDEFINED_RISK" in codes(judge(ratio, on=on))
    assert judge(buy(), on=on, by=WIDE).ok
