from collections.abc import Mapping
from decimal import Decimal

import pytest
from attrs import evolve

from cream.core.model.instrument import OptionContract
from cream.core.model.market import Quote
from cream.core.model.order import Side
from cream.core.risk.greeks import Greeks
from cream.core.risk.limits import Constraints
from cream.core.risk.view import PortfolioView
from tests.unit.core.risk.scenes import (
    VERTICAL,
    WIDE,
    buy,
    check,
    close,
    codes,
    d,
    held,
    judge,
    order,
    short,
    spread,
    view,
    violation,
)

LOW, HIGH = (one.contract.symbol for one in VERTICAL)
# Per share: half a share, a hundredth, a fifth of a dollar a point, a tenth of a dollar a day.
GREEKS: Mapping[str, Greeks] = {
    LOW: Greeks(d("0.50"), d("0.01"), d("0.20"), d("-0.10")),
    HIGH: Greeks(d("0.20"), d("0.01"), d("0.15"), d("-0.05")),
}


def valued(contract: OptionContract, _underlying: Quote, _own: Quote) -> Greeks | None:
    return GREEKS.get(contract.symbol)


def scene(*positions: object, **more: object) -> PortfolioView:
    return view(*positions, valuer=valued, **more)  # type: ignore[arg-type]


def by(**options: Decimal) -> Constraints:
    return evolve(WIDE, options=evolve(WIDE.options, **options))


def calls(count: int) -> object:
    return buy(LOW, count, limit="4.20", stop="230", target="260")


@pytest.mark.parametrize(
    ("code", "key", "limit"),
    [
        ("OPTIONS_DELTA_PER_UNDERLYING_EXCEEDED", "max_delta_per_underlying_shares", 100),
        ("OPTIONS_DELTA_EXCEEDED", "max_portfolio_delta", 100),
        ("OPTIONS_GAMMA_EXCEEDED", "max_portfolio_gamma", 2),
        ("OPTIONS_VEGA_EXCEEDED", "max_portfolio_vega", 40),
        ("OPTIONS_THETA_EXCEEDED", "max_portfolio_theta", -20),
    ],
)
@pytest.mark.parametrize(("count", "passes"), [(1, True), (2, True), (3, False)])
def test_each_greek_is_bounded(code: str, key: str, limit: int, count: int, passes: bool) -> None:
    """Two contracts come to each limit exactly."""
    found = judge(calls(count), on=scene(), by=by(**{key: d(limit)}))  # type: ignore[arg-type]

    assert codes(found) == ([] if passes else [code])
    shown = check(found, code)
    assert (shown.observed, shown.limit) == (abs(limit) * d(count) / 2, abs(limit))


def test_shares_count_where_there_are_options() -> None:
    limited = by(max_delta_per_underlying_shares=d(100))

    found = judge(calls(1), on=scene(held("AAPL", 51)), by=limited)  # type: ignore[arg-type]

    refusal = violation(found, "OPTIONS_DELTA_PER_UNDERLYING_EXCEEDED")
    assert (refusal.observed, refusal.headroom, refusal.instrument_id) == (101, 49, "AAPL")


def test_shares_alone_have_no_delta_limit() -> None:
    limited = by(max_delta_per_underlying_shares=d(1), max_portfolio_delta=d(1))

    assert judge(buy(quantity=40), on=scene(held("MSFT", 500)), by=limited).ok


def test_shares_that_are_bought_beside_options_are_judged() -> None:
    limited = by(max_delta_per_underlying_shares=d(100))

    found = judge(buy(quantity=1), on=scene(held(LOW, 2, price=4)), by=limited)

    assert codes(found) == ["OPTIONS_DELTA_PER_UNDERLYING_EXCEEDED"]


def test_a_hedge_leans_the_other_way_and_passes() -> None:
    limited = by(max_delta_per_underlying_shares=d(100), max_portfolio_delta=d(100))
    hedge = short("AAPL", 40, limit="238.40", stop="248.00", target="220.00")

    assert judge(hedge, on=scene(held(LOW, 9, price=4)), by=limited).ok


def test_a_spread_is_the_sum_of_its_legs() -> None:
    limited = by(max_portfolio_delta=d(60))

    assert judge(spread(2), on=scene(), by=limited).ok
    assert codes(judge(spread(3), on=scene(), by=limited)) == ["OPTIONS_DELTA_EXCEEDED"]


def test_what_works_counts_where_it_makes_it_worse() -> None:
    limited = by(max_portfolio_delta=d(100))
    buying = order(LOW, 1, limit="4.20")
    selling = order(LOW, 1, Side.SELL, limit="9.00")

    assert not judge(calls(2), on=scene(working=(buying,)), by=limited).ok  # type: ignore[arg-type]
    assert judge(calls(2), on=scene(working=(selling,)), by=limited).ok  # type: ignore[arg-type]


def test_exits_are_not_judged() -> None:
    nothing = by(max_portfolio_delta=d(0), max_delta_per_underlying_shares=d(0))

    assert judge(close(LOW, 1), on=scene(held(LOW, 9, price=4)), by=nothing).ok


def test_to_gain_with_time_is_no_risk() -> None:
    written = by(max_portfolio_theta=d(0))

    found = judge(spread(1), on=scene(), by=written)

    assert codes(found) == ["OPTIONS_THETA_EXCEEDED"]


def test_an_option_without_greeks_is_an_input_that_is_not_known() -> None:
    def nothing(_one: OptionContract, _underlying: Quote, _own: Quote) -> Greeks | None:
        return None

    planned = judge(calls(1), on=view(valuer=nothing))  # type: ignore[arg-type]
    beside = judge(calls(1), on=view(held(HIGH, 1, price=1), valuer=nothing))  # type: ignore[arg-type]

    assert "RISK_INPUT_UNKNOWN" in codes(planned)
    said = [one.message for one in beside.violations]
    assert f"no Greeks of {HIGH}, which is held" in said
    assert judge(buy("MSFT", 1, limit="512.00", stop="500", target="540")).ok
