from decimal import Decimal

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from cream.core.execution.history import TradeHistory
from cream.core.model.market import Known
from cream.core.model.order import OrderPurpose, Side
from cream.core.model.plan import SizeUnit
from cream.core.model.verdict import CheckResult, Unit
from cream.core.risk.limits import Constraints
from tests.unit.core.risk.scenes import (
    LIMITS,
    VERTICAL,
    WIDE,
    account,
    buy,
    check,
    close,
    codes,
    d,
    held,
    judge,
    limits,
    order,
    short,
    spread,
    trim,
    view,
    violation,
    working_spread,
)

LOW, HIGH = (one.contract.symbol for one in VERTICAL)


def only(**sections: dict[str, object]) -> Constraints:
    """Limits that nothing meets, but for these."""
    changed = {name: evolve(getattr(WIDE, name), **keys) for name, keys in sections.items()}
    return evolve(WIDE, **changed)


@pytest.mark.parametrize("quantity", [0, -1, "-1e6"])
@pytest.mark.parametrize("unit", [SizeUnit.SHARES, SizeUnit.DOLLARS, SizeUnit.PCT_EQUITY])
def test_a_size_is_above_zero(quantity: str | int, unit: SizeUnit) -> None:
    found = judge(buy(quantity=quantity, unit=unit))

    assert codes(found) == ["NON_POSITIVE_SIZE"]
    assert found.orders == ()


@pytest.mark.parametrize("quantity", ["NaN", "Infinity", "1e30", "1000000001"])
def test_a_size_is_a_number_that_an_order_can_have(quantity: str) -> None:
    assert codes(judge(buy(quantity=quantity))) == ["OUT_OF_RANGE"]


def test_the_unit_fits_what_is_traded() -> None:
    assert "SIZE_UNIT_MISMATCH" in codes(judge(buy(unit=SizeUnit.CONTRACTS)))
    assert "SIZE_UNIT_MISMATCH" in codes(judge(buy(LOW, 1, unit=SizeUnit.SHARES, limit="4.20")))


@pytest.mark.parametrize(
    ("dollars", "passes"), [("238.49", False), ("238.50", True), ("238.51", True)]
)
def test_a_size_comes_to_at_least_one_unit(dollars: str, passes: bool) -> None:
    found = judge(buy(quantity=dollars, unit=SizeUnit.DOLLARS))

    assert codes(found) == ([] if passes else ["SIZE_TOO_SMALL"])


def test_an_exit_comes_to_at_least_one_unit_too() -> None:
    found = judge(close(quantity=1, unit=SizeUnit.DOLLARS), on=view(held("AAPL", 10)))

    assert codes(found) == ["SIZE_TOO_SMALL"]


def test_entries_are_whole() -> None:
    refusal = violation(judge(buy(quantity="10.5")), "WHOLE_UNITS_REQUIRED")

    assert (refusal.headroom, refusal.unit) == (10, Unit.SHARES)


@pytest.mark.parametrize("enormous", ["1e28", "-1e28", "1e40"])
def test_what_is_too_large_to_be_divided_is_whole_and_refused_all_the_same(enormous: str) -> None:
    found = judge(buy(quantity=enormous))

    assert not found.ok
    assert "WHOLE_UNITS_REQUIRED" not in codes(found)


def test_a_fraction_alone_leaves_no_whole_unit() -> None:
    assert violation(judge(buy(quantity="0.5")), "WHOLE_UNITS_REQUIRED").headroom is None


@pytest.mark.parametrize("asked", [buy(LOW, "1.5", limit="4.20"), spread("1.5")])
def test_contracts_and_spreads_are_whole(asked: object) -> None:
    found = judge(asked)  # type: ignore[arg-type]

    assert violation(found, "WHOLE_UNITS_REQUIRED").unit is Unit.CONTRACTS


def test_a_fraction_that_is_held_can_be_sold() -> None:
    found = judge(close(quantity="0.5"), on=view(held("AAPL", "0.5")))

    assert found.ok
    assert found.orders[0].quantity == d("0.5")


# Limits: below, at, above --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quantity", "passes"), [(99, True), (100, True), (101, False), (400, False)]
)
def test_the_resulting_position_is_bounded_in_units(quantity: int, passes: bool) -> None:
    found = judge(buy(quantity=quantity), by=only(per_instrument={"max_units": 100}))

    assert codes(found) == ([] if passes else ["PER_INSTRUMENT_UNITS_EXCEEDED"])
    shown = check(found, "PER_INSTRUMENT_UNITS_EXCEEDED")
    assert (shown.observed, shown.limit, shown.unit) == (quantity, 100, Unit.UNITS)
    assert shown.result is (CheckResult.PASS if passes else CheckResult.FAIL)


@pytest.mark.parametrize(("quantity", "passes"), [(41, True), (42, False)])
def test_what_is_held_and_what_works_count_among_the_units(quantity: int, passes: bool) -> None:
    holding = view(held("AAPL", 40), working=(order("AAPL", 19, limit="200"),))
    found = judge(buy(quantity=quantity), on=holding, by=only(per_instrument={"max_units": 100}))

    assert found.ok is passes
    if not passes:
        refusal = violation(found, "PER_INSTRUMENT_UNITS_EXCEEDED")
        assert (refusal.observed, refusal.headroom) == (101, 41)
        assert refusal.field_path == "decisions[0].size.quantity"


@pytest.mark.parametrize(("spreads", "passes"), [(2, True), (3, True), (4, False)])
def test_contracts_count_with_their_ratio(spreads: int, passes: bool) -> None:
    legs = (VERTICAL[0], evolve(VERTICAL[1], ratio=-1))
    three = only(per_instrument={"max_units": 5})
    holding = view(held(LOW, 2, price=4))

    assert judge(spread(spreads, legs), on=holding, by=three).ok is passes


@pytest.mark.parametrize(
    ("limit_price", "passes"), [("99.99", True), ("100.00", True), ("100.01", False)]
)
def test_the_resulting_position_is_bounded_in_dollars(limit_price: str, passes: bool) -> None:
    found = judge(
        buy(quantity=20, limit=limit_price, stop="98", target=None),
        by=only(per_instrument={"max_notional": d(2000)}, orders={"max_order_notional": d(10**9)}),
    )

    assert codes(found) == ([] if passes else ["PER_INSTRUMENT_NOTIONAL_EXCEEDED"])
    shown = check(found, "PER_INSTRUMENT_NOTIONAL_EXCEEDED")
    assert (shown.observed, shown.limit) == (20 * d(limit_price), 2000)


def test_the_headroom_in_dollars_is_what_the_rest_leaves() -> None:
    holding = view(held("AAPL", 10), working=(order("AAPL", 5, limit="200"),))
    by = only(per_instrument={"max_notional": d(4000)}, orders={"max_order_notional": d(10**9)})

    refusal = violation(
        judge(buy(quantity=3), on=holding, by=by), "PER_INSTRUMENT_NOTIONAL_EXCEEDED"
    )

    assert refusal.observed == d("2384.00") + 1000 + d("715.50")
    assert refusal.headroom == 4000 - d("3384.00")


def test_there_is_no_headroom_where_the_rest_is_over_the_limit_already() -> None:
    refusal = violation(
        judge(
            buy(quantity=1),
            on=view(held("AAPL", 10)),
            by=only(per_instrument={"max_notional": d(2000)}),
        ),
        "PER_INSTRUMENT_NOTIONAL_EXCEEDED",
    )

    assert refusal.headroom is None


@pytest.mark.parametrize(("spreads", "passes"), [(4, True), (5, True), (6, False)])
def test_spreads_of_one_underlying_are_bounded_by_what_they_can_lose(
    spreads: int, passes: bool
) -> None:
    holding = view(
        held(LOW, 1, price="4.20"), held(HIGH, -1, price="1.10"), working=(working_spread(4),)
    )
    by = only(per_instrument={"max_notional": d(3100)})

    found = judge(spread(spreads), on=holding, by=by)

    assert ("PER_INSTRUMENT_NOTIONAL_EXCEEDED" in codes(found)) is not passes


@pytest.mark.parametrize(("equity", "passes"), [("23851", True), ("23850", True), ("23849", False)])
def test_the_resulting_position_is_bounded_as_a_part_of_equity(equity: str, passes: bool) -> None:
    found = judge(
        buy(quantity=10),
        on=view(of=Known(account(equity))),
        by=only(per_instrument={"max_equity_pct": d("0.10")}),
    )

    assert codes(found) == ([] if passes else ["PER_INSTRUMENT_PCT_EQUITY_EXCEEDED"])
    shown = check(found, "PER_INSTRUMENT_PCT_EQUITY_EXCEEDED")
    assert shown.limit == d("0.10")
    assert shown.observed is not None
    assert (shown.observed > d("0.10")) is not passes


def test_asking_in_parts_gains_nothing() -> None:
    parts = [buy(quantity=15, decision_id=str(index)) for index in range(3)]

    found = judge(*parts)

    refusal = violation(found, "PER_INSTRUMENT_PCT_EQUITY_EXCEEDED")
    assert refusal.observed == d("0.107325")
    assert refusal.field_path == "plan.decisions"
    assert all(judge(part).ok for part in parts)


@pytest.mark.parametrize(
    ("limit_price", "passes"), [("199.99", True), ("200.00", True), ("200.01", False)]
)
def test_what_one_plan_adds_is_bounded(limit_price: str, passes: bool) -> None:
    found = judge(
        buy(quantity=10, limit=limit_price, stop="195", target=None),
        on=view(held("AAPL", 900)),
        by=only(orders={"max_order_notional": d(2000)}),
    )

    assert codes(found) == ([] if passes else ["MAX_ORDER_NOTIONAL_EXCEEDED"])
    assert check(found, "MAX_ORDER_NOTIONAL_EXCEEDED").observed == 10 * d(limit_price)


def test_one_order_in_parts_is_one_order() -> None:
    by = only(orders={"max_order_notional": d(3000)})
    parts = (buy(quantity=6, decision_id="a"), buy(quantity=7, decision_id="b"))

    assert codes(judge(*parts, by=by)) == ["MAX_ORDER_NOTIONAL_EXCEEDED"]
    assert violation(judge(*parts, by=by), "MAX_ORDER_NOTIONAL_EXCEEDED").headroom == 3000


@pytest.mark.parametrize(("working", "passes"), [(1, True), (2, True), (3, False)])
def test_open_orders_are_bounded(working: int, passes: bool) -> None:
    orders = [order("XOM", 1, limit="100", order_id=f"o-{index}") for index in range(working)]
    bracket_leg = order("XOM", 1, Side.SELL, OrderPurpose.STOP_LOSS, parent_order_id="o-0")

    found = judge(buy(), on=view(working=(*orders, bracket_leg)), by=only(orders={"max_open": 3}))

    assert codes(found) == ([] if passes else ["MAX_OPEN_ORDERS_EXCEEDED"])
    assert check(found, "MAX_OPEN_ORDERS_EXCEEDED").observed == working + 1


def test_no_exit_is_refused_because_too_many_orders_are_open() -> None:
    working = [order("XOM", 1, limit="100", order_id=f"o-{index}") for index in range(9)]
    holding = view(held("AAPL", 10), working=working)

    assert judge(trim(), on=holding, by=only(orders={"max_open": 3})).ok


@pytest.mark.parametrize(("held_already", "passes"), [(1, True), (2, True), (3, False)])
def test_positions_are_bounded(held_already: int, passes: bool) -> None:
    symbols = ("MSFT", "NVDA", "XOM")[:held_already]
    holding = view(*(held(symbol, 1) for symbol in symbols))

    found = judge(buy(), on=holding, by=only(orders={"max_positions": 3}))

    assert codes(found) == ([] if passes else ["MAX_POSITIONS_EXCEEDED"])
    assert check(found, "MAX_POSITIONS_EXCEEDED").observed == held_already + 1


def test_adding_to_what_is_held_or_being_entered_is_no_new_position() -> None:
    full = view(held("AAPL", 1), held("XOM", 1), working=(order("TSLA", 1, Side.SELL),))
    by = only(orders={"max_positions": 3})

    assert judge(buy(), short(), on=full, by=by).ok
    assert codes(judge(spread(1), on=full, by=by)) == ["MAX_POSITIONS_EXCEEDED"]


@pytest.mark.parametrize(
    ("section", "code"),
    [
        ({"per_instrument": {"max_units": 0}}, "PER_INSTRUMENT_UNITS_EXCEEDED"),
        ({"per_instrument": {"max_notional": d(0)}}, "PER_INSTRUMENT_NOTIONAL_EXCEEDED"),
        ({"per_instrument": {"max_equity_pct": d(0)}}, "PER_INSTRUMENT_PCT_EQUITY_EXCEEDED"),
        ({"orders": {"max_order_notional": d(0)}}, "MAX_ORDER_NOTIONAL_EXCEEDED"),
        ({"orders": {"max_open": 0}}, "MAX_OPEN_ORDERS_EXCEEDED"),
        ({"orders": {"max_positions": 0}}, "MAX_POSITIONS_EXCEEDED"),
        ({"risk_limits": {"max_per_trade_risk_pct": d(0)}}, "PER_TRADE_RISK_EXCEEDED"),
        ({"portfolio": {"max_gross_notional": d(0)}}, "PORTFOLIO_GROSS_NOTIONAL_EXCEEDED"),
        ({"portfolio": {"max_net_notional": d(0)}}, "PORTFOLIO_NET_NOTIONAL_EXCEEDED"),
        ({"portfolio": {"max_leverage": d(0)}}, "PORTFOLIO_GROSS_PCT_EXCEEDED"),
        ({"portfolio": {"max_net_equity_pct": d(0)}}, "PORTFOLIO_NET_PCT_EXCEEDED"),
    ],
)
def test_a_limit_of_zero_refuses_what_adds_and_lets_exits_pass(
    section: dict[str, dict[str, object]], code: str
) -> None:
    by = limits(**section)

    assert code in codes(judge(buy(quantity=1), by=by))
    assert judge(trim(), on=view(held("AAPL", 10)), by=by).ok


@pytest.mark.parametrize("equity", ["0", "-5000"])
def test_without_equity_nothing_may_be_added_and_everything_closed(equity: str) -> None:
    on = view(held("AAPL", 10), of=Known(account(equity)))

    found = judge(buy(quantity=1), on=on)

    assert "PER_INSTRUMENT_PCT_EQUITY_EXCEEDED" in codes(found)
    refusal = violation(found, "PER_INSTRUMENT_PCT_EQUITY_EXCEEDED")
    assert (refusal.observed, refusal.headroom) == (None, None)
    assert found.suggestions == ()
    assert judge(trim(), on=on).ok


@given(st.integers(1, 2_000), st.integers(0, 1_500), st.integers(0, 300))
def test_the_headroom_in_units_is_exact(quantity: int, limit: int, already: int) -> None:
    by = only(per_instrument={"max_units": limit})
    on = view(held("AAPL", already), of=Known(account(10**9)))
    found = judge(buy(quantity=quantity), on=on, by=by)

    if not found.ok:
        headroom = violation(found, "PER_INSTRUMENT_UNITS_EXCEEDED").headroom or Decimal(0)
        assert headroom == 0 or judge(buy(quantity=int(headroom)), on=on, by=by).ok
        assert not judge(buy(quantity=int(headroom) + 1), on=on, by=by).ok


def test_the_defaults_let_an_ordinary_trade_pass() -> None:
    assert judge(buy(), by=LIMITS).ok


def entries(*sizes: int) -> TradeHistory:
    """A past in which these were the values of entries."""
    return TradeHistory(sizes={f"o-{index}": d(size) for index, size in enumerate(sizes)})


@pytest.mark.parametrize(("quantity", "warned"), [(5, False), (6, False), (7, True)])
def test_an_entry_much_larger_than_usual_is_warned_of(quantity: int, warned: bool) -> None:
    """Usual is 477: three times that are six shares."""
    past = entries(1, 100, 477, 9_000, 10_000)

    found = judge(buy(quantity=quantity), on=view(history=past))

    codes_found = [one.code for one in found.violations]
    assert codes_found == (["SIZING_SANITY_WARNING"] if warned else [])
    assert found.ok
    if warned:
        warning = violation(found, "SIZING_SANITY_WARNING")
        assert (warning.observed, warning.limit) == (d("1669.50"), 1431)


def test_without_enough_entries_nothing_is_usual() -> None:
    found = judge(buy(quantity=40), on=view(history=entries(1, 1, 1, 1)))

    assert [one.code for one in found.violations] == []
    assert check(found, "SIZING_SANITY_WARNING").observed is None
