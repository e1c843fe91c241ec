from datetime import UTC, datetime

import pytest

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

    assert codes(judge(call, now=moment)) == (["INSTRUMENT_EXPIRED"] if expired else [])
    assert codes(judge(spread(1), now=moment)) == (["INSTRUMENT_EXPIRED"] * 2 if expired else [])


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
