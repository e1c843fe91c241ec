from datetime import UTC, datetime, timedelta

import pytest

from cream.core.exchange.calendar import SessionMode, Sessions
from cream.core.model.plan import Action, Decision, Direction, RiskDenomination
from cream.core.model.verdict import Severity, Verdict
from tests.unit.core.risk.scenes import (
    MARKET,
    VERTICAL,
    buy,
    check,
    close,
    codes,
    held,
    judge,
    leg,
    limits,
    spread,
    view,
    violation,
)

LOW, HIGH = (one.contract.symbol for one in VERTICAL)
# 16:00 in New York on the day that the options of the examples end.
END = datetime(2026, 12, 18, 21, 0, tzinfo=UTC)


def a_call() -> Decision:
    return buy(
        LOW, 1, limit="4.20", stop="2", target="9", denomination=RiskDenomination.OPTION_PRICE
    )


@pytest.mark.parametrize(("minutes", "passes"), [(61, True), (60, True), (59, False)])
def test_nothing_is_opened_near_the_end(minutes: int, passes: bool) -> None:
    found = judge(a_call(), now=END - timedelta(minutes=minutes))

    assert codes(found) == ([] if passes else ["NEAR_EXPIRY"])
    shown = check(found, "NEAR_EXPIRY")
    assert (shown.observed, shown.limit) == (minutes, 60)


def test_nothing_is_opened_in_the_last_minute_either() -> None:
    """Thirty seconds are no whole minute, but the contract has not expired yet."""
    found = judge(a_call(), now=END - timedelta(seconds=30))

    assert codes(found) == ["NEAR_EXPIRY"]
    assert violation(found, "NEAR_EXPIRY").observed == 0
    assert codes(judge(a_call(), now=END)) == ["INSTRUMENT_EXPIRED"]


def test_each_leg_is_named() -> None:
    found = judge(spread(1), now=END - timedelta(minutes=5))

    paths = [one.field_path for one in found.violations if one.code == "NEAR_EXPIRY"]
    assert paths == ["decisions[0].legs[0].symbol", "decisions[0].legs[1].symbol"]


def test_an_exit_passes_until_the_end() -> None:
    on = view(held(LOW, 1, price=4))

    assert judge(close(LOW, 1), on=on, now=END - timedelta(minutes=1)).ok


def test_a_session_that_ends_early_ends_its_options_early() -> None:
    """The Friday after Thanksgiving ends at 13:00 in New York."""
    symbol = "AAPL  261127C00240000"
    on = view(market={**MARKET, symbol: ("4.15", "4.25")}, sessions=Sessions(SessionMode.CALENDAR))
    call = buy(
        symbol, 1, limit="4.20", stop="2", target="9", denomination=RiskDenomination.OPTION_PRICE
    )
    noon = datetime(2026, 11, 27, 17, 1, tzinfo=UTC)

    assert codes(judge(call, on=on, now=noon)) == ["NEAR_EXPIRY"]
    # The session is over, and there is no other one that an order could wait for.
    after = datetime(2026, 11, 27, 18, 30, tzinfo=UTC)
    assert "NEAR_EXPIRY" in codes(judge(call, on=on, now=after))
    assert judge(call, on=view(market={**MARKET, symbol: ("4.15", "4.25")}), now=noon).ok


def sold_in_the_money(now: datetime, offer: str = "9.20") -> Verdict:
    """A credit spread whose short leg is 8.40 in the money."""
    short, long = "AAPL  261218C00230000", "AAPL  261218C00240000"
    market = {**MARKET, short: ("8.30", offer), long: ("1.00", "1.10")}
    asked = spread(
        1,
        (leg(short, -1), leg(long, 1)),
        net="-7.20",
        action=Action.SELL,
        direction=Direction.SHORT,
    )
    return judge(asked, on=view(market=market), now=now)


def warnings(found: Verdict) -> list[str]:
    return [one.code for one in found.violations if one.severity is Severity.WARNING]


@pytest.mark.parametrize(("days", "warned"), [(6, False), (5, True), (4, True)])
def test_what_is_sold_in_the_money_near_its_end_is_warned_of(days: int, warned: bool) -> None:
    found = sold_in_the_money(END - timedelta(days=days, hours=3))

    assert warnings(found) == (["ASSIGNMENT_RISK"] if warned else [])
    assert found.ok
    if warned:
        risk = violation(found, "ASSIGNMENT_RISK")
        assert (risk.observed, risk.limit) == (days, 5)


@pytest.mark.parametrize(("offer", "warned"), [("8.46", False), ("8.45", False), ("8.44", True)])
def test_what_is_sold_without_time_value_is_warned_of(offer: str, warned: bool) -> None:
    found = sold_in_the_money(END - timedelta(days=20), offer)

    assert warnings(found) == (["EARLY_EXERCISE_RISK"] if warned else [])


def test_what_is_out_of_the_money_is_not() -> None:
    found = judge(
        spread(1), now=END - timedelta(days=1), by=limits(options={"assignment_warning_days": 99})
    )

    assert warnings(found) == []
