from datetime import UTC, datetime

import pytest

from cream.core.exchange.calendar import SessionMode, Sessions
from cream.core.model.plan import Decision, RiskDenomination, TimeHorizon, TimeInForce
from cream.core.model.state import TradingState
from cream.core.model.verdict import Severity
from tests.unit.core.risk.scenes import (
    VERTICAL,
    buy,
    close,
    codes,
    cover,
    held,
    judge,
    limits,
    short,
    spread,
    trim,
    view,
    violation,
)

CALL = VERTICAL[0].contract.symbol
BY_OPTION = RiskDenomination.OPTION_PRICE
HOLDING = (held("AAPL", 20), held("TSLA", -20), held(CALL, 2, price=4))


@pytest.mark.parametrize("state", [TradingState.HALTED, TradingState.REDUCING])
@pytest.mark.parametrize("entry", [buy(), short(), spread(1)])
def test_a_restricted_state_refuses_what_adds(state: TradingState, entry: Decision) -> None:
    on = view(*HOLDING, state=state, reasons=("operator: lunch",))

    refusal = violation(judge(entry, on=on), f"TRADING_{state.value}")

    assert "operator: lunch" in refusal.message
    assert refusal.severity.refuses


@pytest.mark.parametrize("state", list(TradingState))
@pytest.mark.parametrize("exit_", [trim(), cover(), close(), close(CALL, 2)])
def test_exits_pass_in_every_state(state: TradingState, exit_: Decision) -> None:
    """A state refuses what adds risk; what takes it away must always get out."""
    assert judge(exit_, on=view(*HOLDING, state=state)).ok


def test_a_state_without_a_reason_says_so() -> None:
    refusal = violation(judge(buy(), on=view(state=TradingState.HALTED)), "TRADING_HALTED")

    assert "no reason was given" in refusal.message
    assert refusal.severity is Severity.CRITICAL


@pytest.mark.parametrize(
    ("moment", "expired"),
    [
        (datetime(2026, 12, 18, 20, 59, tzinfo=UTC), False),
        (datetime(2026, 12, 18, 21, 0, tzinfo=UTC), True),
        (datetime(2026, 12, 19, 15, 0, tzinfo=UTC), True),
    ],
)
def test_a_contract_trades_until_its_last_close_in_new_york(
    moment: datetime, expired: bool
) -> None:
    call = buy(CALL, 1, limit="4.20", stop="2", target="9", denomination=BY_OPTION)

    until_the_end = limits(options={"min_minutes_to_expiry": 0})
    found = judge(call, now=moment, by=until_the_end)

    assert codes(found) == (["INSTRUMENT_EXPIRED"] if expired else [])
    both = judge(spread(1), now=moment, by=until_the_end)
    assert codes(both) == (["INSTRUMENT_EXPIRED"] * 2 if expired else [])


def test_what_has_expired_cannot_even_be_closed() -> None:
    """There is no market any more; it is settled."""
    later = datetime(2026, 12, 21, 15, 0, tzinfo=UTC)

    assert codes(judge(close(CALL, 2), on=view(*HOLDING), now=later)) == ["INSTRUMENT_EXPIRED"]


@pytest.mark.parametrize(
    ("decision", "told"),
    [
        (buy(time_horizon=TimeHorizon.SWING), True),
        (buy(time_horizon=TimeHorizon.POSITION), True),
        (buy(time_horizon=TimeHorizon.LONG_TERM), True),
        (buy(time_horizon=TimeHorizon.INTRADAY), False),
        (buy(), False),
        (buy(time_horizon=TimeHorizon.SWING, time_in_force=TimeInForce.GTC), False),
        (trim(time_horizon=TimeHorizon.SWING), False),
        (spread(1, time_horizon=TimeHorizon.SWING), False),
    ],
)
def test_a_swing_by_a_day_entry_is_allowed_and_told(decision: Decision, told: bool) -> None:
    """Its protection is placed anew in each session."""
    found = judge(decision, on=view(held("AAPL", 20)))

    assert found.ok
    infos = [one.code for one in found.violations if one.severity is Severity.INFO]
    assert infos == (["SWING_DAY_ENTRY"] if told else [])


# The calendar -----------------------------------------------------------------------------------

# Wednesday evening before Thanksgiving in New York; Thursday is closed, Friday ends at 13:00.
EVENING = datetime(2026, 11, 25, 22, 0, tzinfo=UTC)
FRIDAY_OPEN = datetime(2026, 11, 27, 14, 30, tzinfo=UTC)
CALENDAR = Sessions(SessionMode.CALENDAR)


def bare(tif: TimeInForce) -> Decision:
    """An entry that only its time in force could stand in the way of."""
    return close(time_in_force=tif)


@pytest.mark.parametrize("tif", [TimeInForce.IOC, TimeInForce.FOK])
@pytest.mark.parametrize(("now", "closed"), [(EVENING, True), (FRIDAY_OPEN, False)])
def test_what_must_trade_at_once_needs_an_open_market(
    tif: TimeInForce, now: datetime, closed: bool
) -> None:
    found = codes(judge(buy(time_in_force=tif), on=view(sessions=CALENDAR), now=now))

    assert ("MARKET_CLOSED" in found) is closed


def test_an_entry_outside_the_session_says_for_which_it_waits() -> None:
    found = judge(buy(), on=view(sessions=CALENDAR), now=EVENING)

    info = violation(found, "QUEUED_FOR_SESSION")
    assert info.severity is Severity.INFO
    assert "2026-11-27" in info.message
    assert found.ok


def test_nothing_waits_while_the_market_is_open() -> None:
    found = judge(buy(), on=view(sessions=CALENDAR), now=FRIDAY_OPEN)

    assert "QUEUED_FOR_SESSION" not in [one.code for one in found.violations]


@pytest.mark.parametrize(
    ("tif", "hour", "minute", "taken"),
    [
        (TimeInForce.OPG, 14, 27, True),
        (TimeInForce.OPG, 14, 28, False),
        (TimeInForce.OPG, 20, 0, False),
        (TimeInForce.CLS, 14, 28, True),
        # The session ends at 13:00, which is 18:00 UTC.
        (TimeInForce.CLS, 17, 49, True),
        (TimeInForce.CLS, 17, 50, False),
    ],
)
def test_auctions_take_orders_until_shortly_before(
    tif: TimeInForce, hour: int, minute: int, taken: bool
) -> None:
    now = datetime(2026, 11, 27, hour, minute, tzinfo=UTC)

    found = judge(bare(tif), on=view(held("AAPL", 10), sessions=CALENDAR), now=now)

    assert codes(found) == ([] if taken else ["TIME_IN_FORCE_WINDOW"])


def test_from_the_evening_on_auctions_take_orders_for_the_next_day() -> None:
    on = view(held("AAPL", 10), sessions=CALENDAR)
    seven = datetime(2026, 11, 28, 0, 0, tzinfo=UTC)

    assert judge(bare(TimeInForce.OPG), on=on, now=seven).ok
    assert judge(bare(TimeInForce.OPG), on=on, now=datetime(2026, 11, 28, 15, tzinfo=UTC)).ok


def test_a_market_that_never_closes_takes_everything() -> None:
    on = view(held("AAPL", 10))

    assert judge(bare(TimeInForce.CLS), on=on, now=EVENING).ok
