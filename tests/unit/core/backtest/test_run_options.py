"""Options and slices over bars: nothing is priced that has no bar."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from cream.core.backtest.outcome import Outcome
from cream.core.backtest.path import MarketBar
from cream.core.backtest.run import SESSIONS
from cream.core.model.instrument import Equity
from cream.core.model.order import OrderStatus
from cream.core.model.plan import (
    Decision,
    OptionLeg,
    PositionIntent,
    RiskDenomination,
    Size,
    SizeUnit,
    TimeInForce,
)
from cream.core.options.occ import parse_occ
from cream.core.risk.limits import Options
from tests.unit.core.backtest.lab import (
    FIRST,
    QUIET,
    ROOMY,
    TUESDAY,
    days,
    enter,
    fills,
    leave,
    plan,
    prices,
    run,
)

CALL = "AAPL  120316C00100000"
HIGHER = "AAPL  120316C00110000"
OPTION_QUIET = "4.00 4.00 4.00 4.00"
FREE = evolve(
    ROOMY,
    options=Options(
        max_delta_per_underlying_shares=Decimal(100_000),
        max_portfolio_delta=Decimal(100_000),
        max_portfolio_gamma=Decimal(100_000),
        max_portfolio_vega=Decimal(100_000),
        max_portfolio_theta=Decimal(-100_000),
    ),
)


def call(**changes: Any) -> Decision:
    """One call at 4.00 a share, guarded on its own price."""
    changes.setdefault("stop", "2.00")
    changes.setdefault("target", "8.00")
    decision = enter("1", symbol=CALL, limit="4.00", **changes)
    return evolve(
        decision,
        size=Size(Decimal(1), SizeUnit.CONTRACTS),
        denomination=RiskDenomination.OPTION_PRICE,
    )


def codes(outcome: Outcome) -> set[str]:
    verdict = outcome.plans[0].verdict
    assert verdict is not None
    return {one.code for one in verdict.violations}


def test_an_option_without_bars_is_refused_and_the_reason_says_so() -> None:
    outcome = run(days(QUIET, QUIET), call(), limits=FREE)
    verdict = outcome.plans[0].verdict
    assert verdict is not None
    assert not verdict.ok
    assert {"UNKNOWN_INSTRUMENT", "RISK_INPUT_UNKNOWN"} <= codes(outcome)
    assert any("there are no bars of it" in one.message for one in verdict.violations)
    assert not outcome.orders


def test_an_option_without_bars_of_its_underlying_is_refused() -> None:
    """What it would end with could only be made up."""
    outcome = run(days(OPTION_QUIET, OPTION_QUIET, symbol=CALL), call(), limits=FREE)
    assert "UNKNOWN_INSTRUMENT" in codes(outcome)


@pytest.mark.parametrize(
    ("bar", "exits"),
    [
        ("4.00 5.00 2.01 4.00", []),
        ("4.00 5.00 2.00 4.00", [("SELL", "1", "2.00", "stop_loss")]),
        ("1.50 5.00 1.40 4.00", [("SELL", "1", "1.50", "stop_loss")]),
        ("4.00 8.00 3.00 4.00", [("SELL", "1", "8.00", "take_profit")]),
    ],
)
def test_an_option_is_guarded_on_its_own_bars(bar: str, exits: list[Any]) -> None:
    bars = [*days(QUIET, QUIET, QUIET), *days(OPTION_QUIET, OPTION_QUIET, bar, symbol=CALL)]
    outcome = run(bars, call(), limits=FREE)
    assert outcome.plans[0].ok, codes(outcome)
    assert fills(outcome)[1:] == exits


def test_a_level_of_the_underlying_sells_the_option_at_its_close() -> None:
    """Within the bar nobody knows what the option was worth when the share was there."""
    decision = evolve(call(stop="95", target="130"), denomination=RiskDenomination.UNDERLYING_PRICE)
    bars = [
        *days(QUIET, QUIET, "100 101 94 100"),
        *days(OPTION_QUIET, OPTION_QUIET, "4.00 6.00 1.00 3.50", symbol=CALL),
    ]
    outcome = run(bars, decision, limits=FREE)
    assert fills(outcome)[1:] == [("SELL", "1", "3.50", "stop_loss")]


def test_an_option_that_ends_in_the_money_is_settled_in_cash() -> None:
    """Bought for 400 dollars, it ends with 700: the share closes at 107 on the last day."""
    share = [QUIET] * 9 + ["105 107 105 107", "107 107 107 107"]
    bars = [*days(*share), *days(*[OPTION_QUIET] * 10, symbol=CALL)]
    outcome = run(bars, call(time_in_force=TimeInForce.DAY), limits=FREE)
    (ended,) = outcome.settlements
    assert (ended.price, ended.quantity) == (7, 1)
    assert outcome.realized == 300
    assert outcome.equity == 100_300
    assert all(one.position.is_flat for one in outcome.holdings)


def test_an_option_that_ends_on_a_short_day_is_settled_at_the_close_of_that_day() -> None:
    """The market closes at 13:00, the contract ends at 16:00: the next price is of Monday."""
    symbol, monday = "AAPL  121123C00100000", date(2012, 11, 19)
    share = [QUIET, QUIET, QUIET, "105 107 105 107", "120 120 120 120"]
    bars = [*days(*share, since=monday), *days(*[OPTION_QUIET] * 4, symbol=symbol, since=monday)]
    decision = evolve(call(), instrument=parse_occ(symbol))
    outcome = run(bars, decision, limits=FREE, at=datetime(2012, 11, 20, 14, tzinfo=UTC))
    (ended,) = outcome.settlements
    assert ended.price == 7
    assert outcome.curve[-1].equity == 100_300


def test_what_the_book_holds_ends_with_the_contract() -> None:
    """An exit after that closes nothing."""
    bars = [*days(*[QUIET] * 12), *days(*[OPTION_QUIET] * 10, symbol=CALL)]
    exit_plan = plan(leave("1", CALL), plan_id="out")
    outcome = run(bars, call(), limits=FREE, more=[(exit_plan, bars[10].starts_at)])
    verdict = outcome.plans[1].verdict
    assert verdict is not None
    assert "POSITION_MISMATCH" in {one.code for one in verdict.violations}


def spread() -> Decision:
    """Bull call spread for 3.00 at most."""
    legs = (
        OptionLeg(parse_occ(CALL), 1, PositionIntent.BUY_TO_OPEN),
        OptionLeg(parse_occ(HIGHER), -1, PositionIntent.SELL_TO_OPEN),
    )
    decision = enter("1", stop=None, target=None)
    return evolve(
        decision,
        instrument=Equity("AAPL"),
        size=Size(Decimal(1), SizeUnit.CONTRACTS),
        legs=legs,
        net_limit_price=Decimal("3.00"),
    )


@pytest.mark.parametrize(
    ("long_leg", "short_leg", "expected"),
    [
        ("4.00 4.00 4.00 4.00", "1.00 1.00 1.00 1.00", ("4.00", "1.00")),
        ("4.01 4.01 4.01 4.01", "1.00 1.00 1.00 1.00", None),
        ("4.50 4.50 1.00 4.00", "1.00 1.50 1.00 1.50", ("4.00", "1.50")),
        ("4.50 4.50 1.00 4.50", "1.00 3.00 1.00 1.00", None),
    ],
)
def test_a_spread_trades_where_its_legs_have_prices_of_one_instant(
    long_leg: str, short_leg: str, expected: tuple[str, str] | None
) -> None:
    """At opens and at closes: a low of one leg and a high of the other never met."""
    bars = [
        *days(QUIET, QUIET),
        *days("4.00 4.00 4.00 4.00", long_leg, symbol=CALL),
        *days("1.00 1.00 1.00 1.00", short_leg, symbol=HIGHER),
    ]
    outcome = run(bars, spread(), limits=FREE)
    assert outcome.plans[0].ok, codes(outcome)
    assert [one[2] for one in fills(outcome)] == ([] if expected is None else [*expected])


def minutes(*bars: str) -> list[MarketBar]:
    """Bars of a minute, from the open of Tuesday's session."""
    session = SESSIONS.session_on(date(2012, 3, 6))
    assert session is not None
    return [
        MarketBar(
            instrument=Equity("AAPL"),
            starts_at=session.opens_at + number * timedelta(minutes=1),
            ends_at=session.opens_at + (number + 1) * timedelta(minutes=1),
            prices=prices(text),
            volume=100_000,
        )
        for number, text in enumerate(bars)
    ]


def twap(limit: str = "105.00") -> Decision:
    return evolve(
        enter("9", limit=limit, stop="95", target="120"),
        tactic="TWAP",
        tactic_params={"duration_minutes": Decimal(3), "interval_seconds": Decimal(60)},
    )


def test_each_slice_trades_with_the_first_bar_once_it_is_due() -> None:
    bars = [*days(QUIET), *minutes(*(f"{one} {one} {one} {one}" for one in range(100, 108)))]
    at: datetime = bars[2].starts_at
    outcome = run(bars, twap(), at=at)
    assert outcome.plans[0].ok, codes(outcome)
    assert [one[1:3] for one in fills(outcome)] == [("3", "101"), ("3", "102"), ("3", "103")]
    parent = next(one for one in outcome.orders if one.terms.is_tactic)
    assert parent.status is OrderStatus.FILLED


def test_slices_that_do_not_fill_end_with_their_tactic() -> None:
    bars = [*days(QUIET), *minutes(*["104 104 104 104"] * 8)]
    bars += days("104 104 104 104", since=date(2012, 3, 7))
    outcome = run(bars, twap("102.00"), at=bars[2].starts_at)
    assert fills(outcome) == []
    parent = next(one for one in outcome.orders if one.terms.is_tactic)
    assert parent.status is OrderStatus.EXPIRED


def test_what_is_bought_in_slices_is_guarded() -> None:
    bars = [*days(QUIET), *minutes(*[QUIET] * 6, "100 100 94 94")]
    outcome = run(bars, twap(), at=TUESDAY, priority=FIRST)
    sold = sum(Decimal(one[1]) for one in fills(outcome) if one[0] == "SELL")
    assert sold == 9
    assert {one[3] for one in fills(outcome) if one[0] == "SELL"} == {"stop_loss"}


def test_bars_of_different_lengths_do_not_lend_each_other_prices() -> None:
    """The share falls through the stop at 09:32; the option has one bar for the day. What it was
    worth at 09:32 nobody knows: neither its open nor its low, but its close comes after.
    """
    decision = evolve(call(stop="95", target="130"), denomination=RiskDenomination.UNDERLYING_PRICE)
    bars = [
        *days(QUIET),
        *minutes(QUIET, QUIET, "100 101 94 100", QUIET),
        *days(OPTION_QUIET, "4.00 6.00 1.00 3.50", symbol=CALL),
    ]
    outcome = run(bars, decision, limits=FREE)
    assert fills(outcome) == [("BUY", "1", "4.00", ""), ("SELL", "1", "3.50", "stop_loss")]
    assert outcome.trades[1].fill.executed_at.hour == 20
