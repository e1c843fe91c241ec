"""What plans would have done: each rule of filling, below, at and above."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from cream.core.execution.bars import SameBarPriority
from cream.core.model.order import OrderPurpose, OrderStatus
from cream.core.model.plan import TimeInForce
from cream.core.risk.limits import Losses
from tests.unit.core.backtest.lab import (
    EVE,
    FIRST,
    LAST,
    ORDER,
    QUIET,
    ROOMY,
    TUESDAY,
    days,
    enter,
    entry,
    fills,
    leave,
    plan,
    run,
)

GTC = TimeInForce.GTC
BPS = Decimal(10)


def codes(outcome: Any, number: int = 0) -> set[str]:
    return {one.code for one in outcome.plans[number].verdict.violations}


# Entries ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bar", "slippage", "price"),
    [
        ("102 105 99 104", "0", "102"),
        ("102 105 99 104", "10", "102.11"),
        ("102 105 99 104", "0.001", "102.01"),
        ("102 102.05 99 104", "10", "102.05"),
    ],
)
def test_a_market_order_buys_at_the_next_open_and_gives_way_within_the_bar(
    bar: str, slippage: str, price: str
) -> None:
    bar = bar.replace("104", "100")
    outcome = run(days(QUIET, bar), enter(), slippage_bps=Decimal(slippage))
    assert fills(outcome) == [("BUY", "10", price, "")]


@pytest.mark.parametrize(
    ("slippage", "low", "price"),
    [("0", "95", "98"), ("10", "95", "97.90"), ("10", "97.95", "97.95")],
)
def test_a_market_short_sale_sells_at_the_next_open_and_gives_way_within_the_bar(
    slippage: str, low: str, price: str
) -> None:
    outcome = run(
        days(QUIET, f"98 101 {low} 99"),
        enter(short=True, stop="110", target="80"),
        slippage_bps=Decimal(slippage),
    )
    assert fills(outcome) == [("SELL", "10", price, "")]


@pytest.mark.parametrize(
    ("bar", "price"),
    [
        ("101 103 98.01 102", None),
        ("101 103 98.00 102", "98.00"),
        ("101 103 97.00 102", "98.00"),
        ("97.50 103 97.00 102", "97.50"),
        ("98.00 103 98.00 102", "98.00"),
    ],
)
def test_a_limit_buys_at_its_price_or_at_a_better_open(bar: str, price: str | None) -> None:
    outcome = run(days(QUIET, bar), enter(limit="98.00"), slippage_bps=BPS)
    assert fills(outcome) == ([] if price is None else [("BUY", "10", price, "")])


@pytest.mark.parametrize(
    ("bar", "price"),
    [
        ("99 101.99 98 99", None),
        ("99 102.00 98 99", "102.00"),
        ("99 104.00 98 99", "102.00"),
        ("103 104.00 98 99", "103"),
    ],
)
def test_a_limit_sells_short_at_its_price_or_at_a_better_open(bar: str, price: str | None) -> None:
    decision = enter(limit="102.00", short=True, stop="120", target="70")
    outcome = run(days(QUIET, bar), decision, slippage_bps=BPS)
    assert fills(outcome) == ([] if price is None else [("SELL", "10", price, "")])


def test_a_day_order_ends_with_its_session_and_a_gtc_order_stays() -> None:
    bars = days(QUIET, "101 103 99 102", "101 103 97 102")
    ended = run(bars, enter(limit="98.00"))
    assert (fills(ended), entry(ended).status) == ([], OrderStatus.EXPIRED)

    stayed = run(bars, enter(limit="98.00", time_in_force=GTC))
    assert fills(stayed) == [("BUY", "10", "98.00", "")]


def test_an_order_that_is_given_within_a_bar_does_not_trade_in_it() -> None:
    """The price of the bar at that moment is not known: the low may have been before."""
    bars = days(QUIET, "101 103 97 102", "101 103 97.5 102")
    at = TUESDAY + timedelta(hours=4)
    outcome = run(bars, enter(limit="98.00", time_in_force=GTC), at=at)
    assert [one.fill.executed_at.date() for one in outcome.trades] == [bars[2].starts_at.date()]
    assert outcome.plans[0].within_bar

    too_short = run(bars, enter(limit="98.00"), at=at)
    assert entry(too_short).status is OrderStatus.EXPIRED


def test_a_plan_at_the_moment_a_bar_begins_does_not_know_its_open() -> None:
    """It is judged by the close before, and its order is there when the bar begins."""
    bars = days(QUIET, "104 104 104 104")
    outcome = run(bars, enter(limit="100.00"), at=bars[1].starts_at)
    assert outcome.plans[0].ok
    assert fills(outcome) == []
    assert not outcome.plans[0].within_bar

    # At 104 a limit of 110 passes the collar of five percent, at 100 it does not.
    far = run(bars, enter(limit="109.00", target="150"), at=bars[1].starts_at)
    assert codes(far) == {"PRICE_COLLAR_EXCEEDED"}
    minute = timedelta(minutes=1)
    later = run(bars, enter(limit="109.00", target="150"), at=bars[1].starts_at + minute)
    assert later.plans[0].ok


# Exits ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bar", "slippage", "sale"),
    [
        ("100 105 90.01 101", "0", None),
        ("100 105 90.00 101", "0", ("90.00", "stop_loss")),
        ("100 105 89.00 101", "0", ("90.00", "stop_loss")),
        ("88 105 85.00 101", "0", ("88", "stop_loss")),
        ("90 105 90 101", "0", ("90", "stop_loss")),
        ("100 105 89.00 101", "10", ("89.91", "stop_loss")),
        ("88 105 85.00 101", "10", ("87.91", "stop_loss")),
        ("100 129.99 99 101", "0", None),
        ("100 130.00 99 101", "10", ("130.00", "take_profit")),
        ("100 135.00 99 101", "10", ("130.00", "take_profit")),
        ("133 135.00 99 101", "10", ("133", "take_profit")),
    ],
)
def test_a_long_position_leaves_at_its_levels_or_at_an_open_past_them(
    bar: str, slippage: str, sale: tuple[str, str] | None
) -> None:
    """A stop takes what is offered there; a target is a limit, and gets no worse."""
    decision = enter(limit="100.00")
    outcome = run(days(QUIET, QUIET, bar), decision, slippage_bps=Decimal(slippage))
    expected = [] if sale is None else [("SELL", "10", *sale)]
    assert fills(outcome)[1:] == expected


@pytest.mark.parametrize(
    ("bar", "purchase"),
    [
        ("100 109.99 95 101", None),
        ("100 110.00 95 101", ("110.00", "stop_loss")),
        ("112 113.00 95 101", ("112", "stop_loss")),
        ("100 101.00 80.01 101", None),
        ("100 101.00 80.00 101", ("80.00", "take_profit")),
        ("78 101.00 77.00 101", ("78", "take_profit")),
    ],
)
def test_a_short_position_leaves_at_its_levels_or_at_an_open_past_them(
    bar: str, purchase: tuple[str, str] | None
) -> None:
    decision = enter(limit="100.00", short=True, stop="110", target="80")
    outcome = run(days(QUIET, QUIET, bar), decision)
    assert fills(outcome)[1:] == ([] if purchase is None else [("BUY", "10", *purchase)])


BOTH_UP, BOTH_DOWN = "100 135 85 101", "100 135 85 99"


@pytest.mark.parametrize("same_day", [True, False])
@pytest.mark.parametrize(
    ("priority", "bar", "short", "reason"),
    [
        (FIRST, BOTH_UP, False, "stop_loss"),
        (FIRST, BOTH_UP, True, "stop_loss"),
        (LAST, BOTH_UP, False, "take_profit"),
        (LAST, BOTH_UP, True, "take_profit"),
        (ORDER, BOTH_UP, False, "stop_loss"),
        (ORDER, BOTH_DOWN, False, "take_profit"),
        (ORDER, BOTH_UP, True, "take_profit"),
        (ORDER, BOTH_DOWN, True, "stop_loss"),
    ],
)
def test_where_a_bar_reached_stop_and_target_the_priority_decides(
    priority: SameBarPriority, bar: str, short: bool, reason: str, same_day: bool
) -> None:
    """In the bar of the entry, and in a later one, held by the broker or watched here."""
    decision = enter(short=True, stop="110", target="80") if short else enter()
    decision = evolve(decision, take_profit=Decimal(85)) if short else decision
    bars = days(QUIET, bar) if same_day else days(QUIET, QUIET, bar)
    outcome = run(bars, decision, priority=priority)
    assert [one[3] for one in fills(outcome)] == ["", reason]


@pytest.mark.parametrize(
    ("priority", "reasons"), [(FIRST, ["", "stop_loss"]), (LAST, ["", "take_profit"])]
)
def test_an_entry_within_the_bar_meets_what_the_priority_puts_after_it(
    priority: SameBarPriority, reasons: list[str]
) -> None:
    """The high of 135 was before the entry at 98, or after it: nobody knows."""
    outcome = run(days(QUIET, "100 135 89 97"), enter(limit="98.00"), priority=priority)
    assert [one[3] for one in fills(outcome)] == reasons


@pytest.mark.parametrize(
    ("kind", "hour", "day", "price"),
    [
        # Before the session: for its opening, for its close.
        (TimeInForce.OPG, 0, 1, "101.89"),
        (TimeInForce.CLS, 0, 1, "105.89"),
        # Within the bar: its close is still to come.
        (TimeInForce.CLS, 4, 1, "105.89"),
    ],
)
def test_an_auction_trades_at_the_open_or_the_close_of_its_session(
    kind: TimeInForce, hour: int, day: int, price: str
) -> None:
    bars = days(QUIET, "100 101 99 100", "102 107 101 106", "110 111 109 110")
    out = evolve(leave(), time_in_force=kind)
    at = TUESDAY + timedelta(days=1, hours=hour)
    outcome = run(bars, enter(), more=[(plan(out, plan_id="out"), at)], slippage_bps=BPS)
    sale = outcome.trades[-1].fill
    assert (sale.side.value, f"{sale.price:f}") == ("SELL", price)
    assert sale.executed_at.date() == bars[1 + day].starts_at.date()


@pytest.mark.parametrize("kind", [TimeInForce.IOC, TimeInForce.FOK])
@pytest.mark.parametrize(
    ("hours", "limit", "status", "sold"),
    [
        (0, None, OrderStatus.FILLED, ["102"]),
        (0, "102.00", OrderStatus.FILLED, ["102"]),
        (0, "103.00", OrderStatus.CANCELED, []),
        (5, None, OrderStatus.EXPIRED, []),
    ],
)
def test_what_is_for_at_once_trades_with_the_next_open_of_its_session_or_not_at_all(
    kind: TimeInForce, hours: int, limit: str | None, status: OrderStatus, sold: list[str]
) -> None:
    """Given within the only bar of its session there is no such open."""
    given = evolve(leave(limit=limit), time_in_force=kind)
    at = TUESDAY + timedelta(days=1, hours=hours)
    bars = days(QUIET, QUIET, "102 104 101 103", "105 105 105 105")
    outcome = run(bars, enter(), more=[(plan(given, plan_id="out"), at)])
    (exit_order,) = (one for one in outcome.orders if one.terms.purpose is OrderPurpose.EXIT)
    assert exit_order.status is status
    assert [one[2] for one in fills(outcome)[1:]] == sold


def test_an_exit_of_a_plan_sells_at_the_next_open_and_its_protection_lets_go() -> None:
    bars = days(QUIET, QUIET, "103 104 102 103")
    exit_plan = (plan(leave(), plan_id="out"), TUESDAY + timedelta(days=1))
    outcome = run(bars, enter(), more=[exit_plan])
    assert fills(outcome)[1:] == [("SELL", "10", "103", "plan")]
    assert not [one for one in outcome.orders if one.is_open]
    assert outcome.realized == 30


def test_a_trailing_stop_follows_the_high_and_sells_below_it() -> None:
    decision = enter(stop="90", target=None)
    decision = evolve(decision, guard=evolve(decision.guard, trail_percent=Decimal(10)))
    outcome = run(days(QUIET, "100 100 100 100", "100 120 100 119", "119 119 107 110"), decision)
    assert fills(outcome)[1:] == [("SELL", "10", "108", "stop_loss")]


def test_a_time_stop_closes_with_the_first_bar_after_its_time() -> None:
    at = TUESDAY + timedelta(days=1)
    decision = enter()
    decision = evolve(decision, guard=evolve(decision.guard, exit_at=at))
    outcome = run(days(QUIET, QUIET, "103 104 102 103"), decision)
    assert fills(outcome)[1:] == [("SELL", "10", "103", "time_stop")]


def test_a_time_stop_within_a_bar_closes_at_the_close_of_that_bar() -> None:
    """What the price was at that moment nobody knows; the close is the first known after it."""
    decision = enter()
    guard = evolve(decision.guard, exit_at=TUESDAY + timedelta(days=1, hours=5))
    outcome = run(days(QUIET, QUIET, "103 110 95 104"), evolve(decision, guard=guard))
    assert fills(outcome)[1:] == [("SELL", "10", "104", "time_stop")]


# Volume -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("volume", "bought"), [(99, "9"), (100, "10"), (200, "10"), (9, None), (0, None)]
)
def test_no_more_than_its_part_of_the_volume_is_bought(volume: int, bought: str | None) -> None:
    bars = [*days(QUIET), *days(QUIET, volume=volume, since=TUESDAY.date())]
    outcome = run(bars, enter(), participation=Decimal("0.1"))
    assert [one[1] for one in fills(outcome)] == ([] if bought is None else [bought])


def test_what_a_bar_has_not_given_a_gtc_order_gets_from_the_next() -> None:
    bars = [*days(QUIET), *days(QUIET, QUIET, QUIET, volume=40, since=TUESDAY.date())]
    decision = enter(limit="100.00", time_in_force=GTC)
    outcome = run(bars, decision, participation=Decimal("0.1"))
    assert [one[1] for one in fills(outcome)] == ["4", "4", "2"]


def test_what_has_filled_in_part_is_protected() -> None:
    """The bracket of an entry that never filled whole is gone with it: levels are watched here."""
    bars = [*days(QUIET), *days(QUIET, volume=40, since=TUESDAY.date())]
    bars += days("100 101 85 86", since=TUESDAY.date() + timedelta(days=1))
    outcome = run(bars, enter(limit="100.00"), participation=Decimal("0.1"))
    assert fills(outcome) == [("BUY", "4", "100", ""), ("SELL", "4", "90.00", "stop_loss")]


def test_an_exit_that_the_volume_cuts_short_goes_on_until_all_is_sold() -> None:
    bars = [*days(QUIET, QUIET)]
    bars += days("95 96 85 86", "86 87 84 85", volume=60, since=TUESDAY.date() + timedelta(days=1))
    outcome = run(bars, enter(), participation=Decimal("0.1"))
    sales = fills(outcome)[1:]
    assert [one[1] for one in sales] == ["6", "4"]
    assert [one[3] for one in sales] == ["stop_loss", "stop_loss"]
    assert outcome.holdings[0].position.is_flat


# The account ------------------------------------------------------------------------------------


def test_what_cannot_be_afforded_is_refused_as_by_the_daemon() -> None:
    outcome = run(days(QUIET, QUIET), enter("3000"))
    assert "INSUFFICIENT_BUYING_POWER" in codes(outcome)
    assert not outcome.plans[0].ok
    assert fills(outcome) == []


def test_fees_are_paid_in_cash_and_told() -> None:
    outcome = run(
        days(QUIET, QUIET),
        enter(),
        fee=lambda _instrument, _side, quantity, _price, _at: quantity * Decimal("0.01"),
    )
    assert outcome.fees == Decimal("0.10")
    assert outcome.curve[-1].cash == Decimal("98999.90")
    assert outcome.equity == Decimal("99999.90")


def test_the_drawdown_is_the_deepest_fall_between_closes() -> None:
    bars = days(QUIET, QUIET, "100 120 100 120", "120 120 110 110", "110 125 110 125")
    outcome = run(bars, enter("100"))
    assert outcome.drawdown.amount == 1000
    assert outcome.drawdown.peak == 102_000
    assert outcome.drawdown.trough_at == bars[3].ends_at


def test_a_loss_limit_that_stops_trading_stops_it_here_too() -> None:
    losses = Losses(max_drawdown_pct=Decimal("0.01"), action="reduce", confirmations=1)
    bars = days(QUIET, QUIET, "100 100 95 95", "95 95 95 95")
    again = (plan(enter(decision_id="e"), plan_id="again"), TUESDAY + timedelta(days=2))
    outcome = run(bars, enter("220", stop="92"), more=[again], limits=evolve(ROOMY, losses=losses))
    assert outcome.plans[0].ok
    assert "TRADING_REDUCING" in codes(outcome, 1)


@pytest.mark.parametrize("confirmations", [1, 2])
def test_a_loss_limit_that_flattens_closes_with_the_next_open(confirmations: int) -> None:
    """A reading at each open and at each close; everything that works is cancelled before."""
    losses = Losses(max_drawdown_pct=Decimal("0.01"), action="flatten", confirmations=confirmations)
    bars = days(QUIET, QUIET, "100 100 95 95", "94 96 93 95", "96 96 96 96")
    resting = plan(enter("5", limit="93.50", stop="85", decision_id="e", time_in_force=GTC))
    resting = evolve(resting, plan_id="rest")
    outcome = run(
        bars,
        enter("220", stop="92"),
        more=[(resting, TUESDAY)],
        limits=evolve(ROOMY, losses=losses),
    )
    assert all(one.ok for one in outcome.plans)
    assert fills(outcome)[1:] == [("SELL", "220", "94", "flatten")]
    assert not [one for one in outcome.orders if one.is_open]


# Plans ------------------------------------------------------------------------------------------


def test_before_the_first_bar_nothing_is_known_and_nothing_is_let_through() -> None:
    outcome = run(days(QUIET, QUIET), enter(), at=EVE)
    assert "RISK_INPUT_UNKNOWN" in codes(outcome)


def test_a_close_is_good_until_a_whole_session_has_passed_without_a_bar() -> None:
    bars = days(QUIET)
    ends = bars[0].ends_at
    last = run(bars, enter(), at=ends + timedelta(days=1) - timedelta(microseconds=1))
    assert "RISK_INPUT_UNKNOWN" not in codes(last)
    gone = run(bars, enter(), at=ends + timedelta(days=1))
    assert "RISK_INPUT_UNKNOWN" in codes(gone)


def test_the_same_plan_twice_is_done_once_and_another_under_its_id_is_refused() -> None:
    first = plan(enter(limit="98.00"))
    other = plan(enter(limit="97.00"))
    outcome = run(days(QUIET, QUIET), more=[(one, TUESDAY) for one in (first, first, other)])
    assert [one.ok for one in outcome.plans] == [True, False, False]
    assert "given before" in outcome.plans[1].problem
    assert outcome.plans[2].problem.startswith("DUPLICATE_ID")
    assert sum(one.terms.purpose is OrderPurpose.ENTRY for one in outcome.orders) == 1


def test_without_bars_there_is_no_backtest() -> None:
    with pytest.raises(ValueError, match="empty"):
        run([], enter())
