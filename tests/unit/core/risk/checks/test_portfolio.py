import pytest
from attrs import evolve

from cream.core.model.market import Known
from cream.core.model.order import Side
from cream.core.model.verdict import Unit
from cream.core.risk.limits import Constraints
from tests.unit.core.risk.scenes import (
    WIDE,
    account,
    buy,
    check,
    codes,
    d,
    held,
    judge,
    order,
    short,
    spread,
    trim,
    view,
    violation,
)


def only(**keys: object) -> Constraints:
    return evolve(WIDE, portfolio=evolve(WIDE.portfolio, **keys))


# MSFT at 512 and TSLA at 430, ten of each: 9,420 gross, 820 net. AAPL at 238.50, ten: 2,385.
HOLDING = (held("MSFT", 10), held("TSLA", -10))


@pytest.mark.parametrize(
    ("limit", "passes"), [("11806", True), ("11805", True), ("11804.99", False)]
)
def test_the_gross_value_is_bounded(limit: str, passes: bool) -> None:
    found = judge(buy(), on=view(*HOLDING), by=only(max_gross_notional=d(limit)))

    assert codes(found) == ([] if passes else ["PORTFOLIO_GROSS_NOTIONAL_EXCEEDED"])
    shown = check(found, "PORTFOLIO_GROSS_NOTIONAL_EXCEEDED")
    assert (shown.observed, shown.limit, shown.unit) == (11805, d(limit), Unit.USD)
    if not passes:
        refusal = violation(found, "PORTFOLIO_GROSS_NOTIONAL_EXCEEDED")
        assert refusal.headroom == d(limit) - 9420
        assert refusal.field_path == "plan.decisions"


@pytest.mark.parametrize(("limit", "passes"), [("3206", True), ("3205", True), ("3204.99", False)])
def test_the_net_value_is_bounded_above(limit: str, passes: bool) -> None:
    found = judge(buy(), on=view(*HOLDING), by=only(max_net_notional=d(limit)))

    assert codes(found) == ([] if passes else ["PORTFOLIO_NET_NOTIONAL_EXCEEDED"])
    assert check(found, "PORTFOLIO_NET_NOTIONAL_EXCEEDED").observed == 3205


@pytest.mark.parametrize(("limit", "passes"), [("3481", True), ("3480", True), ("3479.99", False)])
def test_the_net_value_is_bounded_below(limit: str, passes: bool) -> None:
    """820 less ten more TSLA sold short at 430."""
    found = judge(short(), on=view(*HOLDING), by=only(max_net_notional=d(limit)))

    assert codes(found) == ([] if passes else ["PORTFOLIO_NET_NOTIONAL_EXCEEDED"])
    assert check(found, "PORTFOLIO_NET_NOTIONAL_EXCEEDED").observed == 3480


@pytest.mark.parametrize(("equity", "passes"), [("5903", True), ("5902.5", True), ("5902", False)])
def test_leverage_is_bounded(equity: str, passes: bool) -> None:
    on = view(*HOLDING, of=Known(account(equity, margin_used=d(0))))

    found = judge(buy(), on=on, by=only(max_leverage=d(2)))

    assert codes(found) == ([] if passes else ["PORTFOLIO_GROSS_PCT_EXCEEDED"])
    shown = check(found, "PORTFOLIO_GROSS_PCT_EXCEEDED")
    assert shown.unit is Unit.RATIO
    assert shown.observed is not None
    assert (shown.observed > 2) is not passes


@pytest.mark.parametrize(("equity", "passes"), [("3206", True), ("3205", True), ("3204", False)])
def test_the_net_value_is_bounded_as_a_part_of_equity(equity: str, passes: bool) -> None:
    on = view(*HOLDING, of=Known(account(equity)))

    found = judge(buy(), on=on, by=only(max_net_equity_pct=d(1)))

    assert codes(found) == ([] if passes else ["PORTFOLIO_NET_PCT_EXCEEDED"])
    if not passes:
        assert violation(found, "PORTFOLIO_NET_PCT_EXCEEDED").headroom is not None


def test_working_entries_count_on_the_side_that_is_worse() -> None:
    working = (
        order("XOM", 10, limit="100"),
        order("XOM", 30, Side.SELL, order_id="o-2", limit="100"),
    )
    on = view(working=working)

    found = judge(buy(), on=on, by=WIDE)

    assert check(found, "PORTFOLIO_GROSS_NOTIONAL_EXCEEDED").observed == 3000 + 2385
    assert check(found, "PORTFOLIO_NET_NOTIONAL_EXCEEDED").observed == 1000 + 2385


def test_who_is_over_a_limit_may_lean_back() -> None:
    """Short while too long; the other way is refused."""
    on = view(held("MSFT", 100))
    by = only(max_net_notional=d(10_000))

    assert judge(short(), on=on, by=by).ok
    refusal = violation(judge(buy(), on=on, by=by), "PORTFOLIO_NET_NOTIONAL_EXCEEDED")
    assert refusal.headroom is None


def test_a_plan_that_leans_to_neither_side_makes_the_net_value_no_worse() -> None:
    on = view(held("MSFT", 100))
    pair = (
        buy(quantity=20, limit="238.00", stop="230", target="260"),
        short(quantity=10, limit="476.00", stop="480", target="400"),
    )

    assert judge(*pair, on=on, by=only(max_net_notional=d(10_000))).ok


def test_a_spread_counts_in_the_gross_value_and_leans_to_neither_side() -> None:
    found = judge(spread(5), by=WIDE)

    assert check(found, "PORTFOLIO_GROSS_NOTIONAL_EXCEEDED").observed == 1550
    assert check(found, "PORTFOLIO_NET_NOTIONAL_EXCEEDED").observed == 0


def test_an_exit_in_the_plan_makes_room_for_an_entry() -> None:
    on, by = view(held("MSFT", 10)), only(max_gross_notional=d(5200))

    assert codes(judge(buy(), on=on, by=by)) == ["PORTFOLIO_GROSS_NOTIONAL_EXCEEDED"]
    assert judge(buy(), trim("MSFT", 5), on=on, by=by).ok


@pytest.mark.parametrize("equity", ["0", "-100"])
def test_without_equity_only_exits_pass(equity: str) -> None:
    on = view(*HOLDING, of=Known(account(equity)))

    found = codes(judge(buy(), on=on, by=WIDE))

    assert "PORTFOLIO_GROSS_PCT_EXCEEDED" in found
    assert "PORTFOLIO_NET_PCT_EXCEEDED" in found
    assert judge(trim("MSFT", 1), on=on, by=WIDE).ok
