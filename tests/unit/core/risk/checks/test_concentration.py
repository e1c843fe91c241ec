import pytest
from attrs import evolve

from cream.core.model.market import Known
from tests.unit.core.risk.scenes import (
    MARKET,
    VERTICAL,
    WIDE,
    account,
    buy,
    check,
    codes,
    d,
    held,
    judge,
    spread,
    trim,
    view,
    violation,
)

CALL = VERTICAL[0].contract.symbol
LIMITED = evolve(WIDE, portfolio=evolve(WIDE.portfolio, max_underlying_equity_pct=d("0.05")))
SECTORS = {"AAPL": "TECH", "MSFT": "TECH", "XOM": "ENERGY"}
BY_SECTOR = evolve(
    WIDE,
    portfolio=evolve(WIDE.portfolio, max_sector_equity_pct=d("0.10"), sectors=SECTORS),
)


@pytest.mark.parametrize(("shares", "passes"), [(4, True), (10, True), (11, False)])
def test_shares_and_options_on_one_underlying_count_together(shares: int, passes: bool) -> None:
    """2,600 in spreads at 3.10 and 3.40 held, and ten shares at 240."""
    holding = view(held(CALL, 5, price=4), market={**MARKET, CALL: ("5.20", "5.20")})

    found = judge(buy(quantity=shares, limit="240.00"), on=holding, by=LIMITED)

    assert codes(found) == ([] if passes else ["UNDERLYING_CONCENTRATION_EXCEEDED"])


def test_what_would_fit_beside_it_is_said() -> None:
    refusal = violation(
        judge(buy(quantity=30, limit="200.00"), by=LIMITED), "UNDERLYING_CONCENTRATION_EXCEEDED"
    )

    assert (refusal.observed, refusal.limit, refusal.headroom) == (d("0.06"), d("0.05"), d("0.05"))
    assert refusal.instrument_id == "AAPL"


def test_a_spread_counts_at_what_it_can_lose() -> None:
    assert judge(spread(16), by=LIMITED).ok
    assert codes(judge(spread(17), by=LIMITED)) == ["UNDERLYING_CONCENTRATION_EXCEEDED"]


def test_whoever_is_over_may_go_back() -> None:
    holding = view(held("AAPL", 100))

    assert judge(trim("AAPL", 1), on=holding, by=LIMITED).ok


@pytest.mark.parametrize("equity", [0, -5])
def test_without_equity_nothing_may_be_added(equity: int) -> None:
    found = judge(buy(), on=view(of=Known(account(equity))), by=LIMITED)

    assert "UNDERLYING_CONCENTRATION_EXCEEDED" in codes(found)


@pytest.mark.parametrize(("shares", "passes"), [(9, True), (10, True), (11, False)])
def test_a_sector_is_what_its_symbols_come_to(shares: int, passes: bool) -> None:
    """Held: 7,680 in MSFT. Planned: 232 each in AAPL, which is of the same sector."""
    holding = view(held("MSFT", 15))

    found = judge(
        buy(quantity=shares, limit="232.00", stop="222", target="252"), on=holding, by=BY_SECTOR
    )

    assert codes(found) == ([] if passes else ["SECTOR_EXPOSURE_EXCEEDED"])
    assert check(found, "SECTOR_EXPOSURE_EXCEEDED").limit == d("0.10")


def test_a_symbol_without_a_sector_is_in_none() -> None:
    on = view(held("MSFT", 50))

    found = judge(buy("TSLA", 50, limit="430.00", stop="420", target="460"), on=on, by=BY_SECTOR)

    assert found.ok


def test_the_sector_is_named() -> None:
    refusal = violation(judge(buy(quantity=99), by=BY_SECTOR), "SECTOR_EXPOSURE_EXCEEDED")

    assert refusal.instrument_id == "TECH"
