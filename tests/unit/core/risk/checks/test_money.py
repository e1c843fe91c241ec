from typing import Any

import pytest
from attrs import evolve

from cream.core.model.market import Known, Unknown
from cream.core.model.order import OrderPurpose, Side
from cream.core.model.verdict import Unit
from cream.core.risk.limits import Constraints
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
    order,
    short,
    spread,
    trim,
    view,
    violation,
    working_spread,
)

CALL = "NVDA  261218C00190000"


def only(**keys: Any) -> Constraints:
    return evolve(WIDE, buying_power=evolve(WIDE.buying_power, **keys))


def on_account(*positions: Any, equity: str = "100000", working: Any = (), **figures: Any) -> Any:
    return view(*positions, of=Known(account(equity, **figures)), working=working)


@pytest.mark.parametrize(
    ("decision", "needed"),
    [
        (buy(quantity=20), "2385"),
        (short(quantity=10), "2150"),
        (buy(CALL, 3, limit="6.40", stop="3.20", target=None), "1920"),
        (spread(5), "1550"),
        (buy(quantity=20, limit=None), "2384.10"),
    ],
)
def test_each_product_takes_its_own_margin(decision: Any, needed: str) -> None:
    """Half of shares, all of a premium, all that a spread can lose."""
    assert check(judge(decision, by=WIDE), "INSUFFICIENT_BUYING_POWER").observed == d(needed)


@pytest.mark.parametrize(
    ("power", "passes"), [("2624", True), ("2623.50", True), ("2623.49", False)]
)
def test_the_margin_is_there_with_its_buffer(power: str, passes: bool) -> None:
    """Half of 4,770 and a tenth on top."""
    on = on_account(buying_power=d(power))

    found = judge(buy(quantity=20), on=on, by=only(margin_buffer=d("0.10")))

    assert codes(found) == ([] if passes else ["INSUFFICIENT_BUYING_POWER"])
    shown = check(found, "INSUFFICIENT_BUYING_POWER")
    assert (shown.observed, shown.limit, shown.unit) == (d("2623.5"), d(power), Unit.USD)
    if not passes:
        assert violation(found, "INSUFFICIENT_BUYING_POWER").headroom == d(power)


def test_what_works_is_set_aside() -> None:
    working = (order("XOM", 100, limit="116"), working_spread(5))

    found = judge(buy(), on=on_account(working=working), by=WIDE)

    assert check(found, "INSUFFICIENT_BUYING_POWER").limit == 100_000 - 5800 - 1550


def test_exits_take_nothing_and_release_nothing_yet() -> None:
    """The broker counts it once it has filled, and so does the gate."""
    on = on_account(held("MSFT", 10), buying_power=d(1000))

    assert judge(trim("MSFT", 10), on=on, by=WIDE).ok
    found = judge(trim("MSFT", 10), buy(), on=on, by=WIDE)
    assert codes(found) == ["INSUFFICIENT_BUYING_POWER"]


def test_a_deficit_refuses_what_adds_and_lets_exits_pass() -> None:
    on = on_account(held("AAPL", 10), margin_used=d(120_000))

    refusal = violation(judge(buy(), on=on, by=WIDE), "INSUFFICIENT_BUYING_POWER")

    assert (refusal.limit, refusal.headroom) == (-20_000, None)
    assert judge(trim(), on=on, by=WIDE).ok


@pytest.mark.parametrize(
    ("margin_used", "passes"), [("78807", True), ("78807.5", True), ("78808", False)]
)
def test_a_part_of_equity_stays_free(margin_used: str, passes: bool) -> None:
    """100,000 less what is used less 1,192.50 is 20,000 at the limit."""
    on = on_account(margin_used=d(margin_used))

    found = judge(buy(), on=on, by=only(min_buying_power_ratio=d("0.20")))

    assert codes(found) == ([] if passes else ["BUYING_POWER_RATIO_TOO_LOW"])
    shown = check(found, "BUYING_POWER_RATIO_TOO_LOW")
    assert (shown.limit, shown.unit) == (d("0.20"), Unit.RATIO)
    assert shown.observed is not None
    assert (shown.observed < d("0.20")) is not passes


def test_the_headroom_is_the_part_of_equity_that_can_still_be_used() -> None:
    on = on_account(margin_used=d(79_000))

    refusal = violation(
        judge(buy(), on=on, by=only(min_buying_power_ratio=d("0.20"))),
        "BUYING_POWER_RATIO_TOO_LOW",
    )

    assert refusal.headroom == d("0.01")


@pytest.mark.parametrize("equity", ["0", "-1"])
def test_without_equity_no_margin_is_left(equity: str) -> None:
    on = on_account(held("AAPL", 10), equity=equity)

    found = judge(buy(), on=on, by=WIDE)

    assert "BUYING_POWER_RATIO_TOO_LOW" in codes(found)
    assert judge(trim(), on=on, by=WIDE).ok


def test_an_unknown_account_is_another_rules() -> None:
    assert codes(judge(buy(), short(), spread(1), on=view(of=Unknown("no answer")))) == [
        "RISK_INPUT_UNKNOWN"
    ]


def test_who_may_not_sell_short_may_sell_what_is_held() -> None:
    on = on_account(held("AAPL", 10), held("XOM", -5), shorting_enabled=False)

    assert codes(judge(short(), on=on)) == ["SHORTING_DISABLED"]
    assert judge(trim(), cover("XOM", 5), on=on).ok


@pytest.mark.parametrize(
    ("level", "single", "several"),
    [(0, False, False), (1, False, False), (2, True, False), (3, True, True)],
)
def test_options_are_opened_at_the_level_that_was_granted(
    level: int, single: bool, several: bool
) -> None:
    on = on_account(options_level=level)
    one = buy(CALL, 1, limit="6.40", stop="3.20", target=None)

    assert ("OPTIONS_LEVEL_TOO_LOW" in codes(judge(one, on=on, by=WIDE))) is not single
    assert ("OPTIONS_LEVEL_TOO_LOW" in codes(judge(spread(1), on=on, by=WIDE))) is not several
    assert judge(buy(), on=on).ok


def test_options_are_closed_at_any_level() -> None:
    low, high = (one.contract.symbol for one in VERTICAL_CLOSING)
    on = on_account(held(low, 1, price=4), held(high, -1, price=1), options_level=0)

    assert judge(spread(1, VERTICAL_CLOSING, "-3.00"), on=on).ok


def test_a_working_exit_sets_nothing_aside() -> None:
    sale = order("AAPL", 10, Side.SELL, OrderPurpose.EXIT)

    found = judge(
        buy("XOM", 1, limit="116.00", stop="110", target="130"),
        on=on_account(held("AAPL", 10), working=(sale,)),
        by=WIDE,
    )

    assert check(found, "INSUFFICIENT_BUYING_POWER").limit == 100_000
