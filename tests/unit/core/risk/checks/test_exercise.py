"""Short calls before a dividend, and short options near their strikes on the last day.

AAPL stands at 238.40, so that the call at 230 is 8.40 in the money.
"""

from datetime import UTC, date, datetime, timedelta

import pytest

from cream.core.model.market import Unknown
from cream.core.model.plan import Action, Decision, Direction
from cream.core.model.position import Position
from cream.core.model.verdict import Severity, Verdict
from cream.core.options.dividends import Dividend, Dividends, dividends_of
from tests.unit.core.risk.scenes import (
    MARKET,
    NOW,
    VERTICAL,
    WIDE,
    codes,
    d,
    held,
    judge,
    leg,
    spread,
    view,
    violation,
)

LOW, HIGH = (one.contract.symbol for one in VERTICAL)
DEEP, DEEP_PUT = "AAPL  261218C00230000", "AAPL  261218P00250000"
END = datetime(2026, 12, 18, 21, 0, tzinfo=UTC)
SOON = NOW.date() + timedelta(days=2)


def paying(amount: str, on: date = SOON, symbol: str = "AAPL") -> Dividends:
    return dividends_of([(symbol, Dividend(on, d(amount)))])


def selling(short: str = DEEP, against: str = LOW, net: str = "-4.20") -> Decision:
    legs = (leg(short, -1), leg(against, 1))
    return spread(1, legs, net, action=Action.SELL, direction=Direction.SHORT)


def verdict(
    asked: Decision | None = None,
    *positions: Position,
    dividends: Dividends | None = None,
    offer: str | None = "8.60",
    now: datetime = NOW,
    spot: str = "238.40",
) -> Verdict:
    market = {**MARKET, "AAPL": (spot, spot), DEEP_PUT: ("11.60", "11.70")}
    data = {DEEP: Unknown("no feed")} if offer is None else {}
    if offer is not None:
        market[DEEP] = ("8.40", offer)
    on = view(*positions, market=market, data=data, dividends=dividends or Dividends())  # type: ignore[arg-type]
    return judge(asked or selling(), on=on, by=WIDE, now=now)


def said(found: Verdict, code: str) -> list[str | None]:
    return [one.field_path for one in found.violations if one.code == code]


def test_a_dividend_worth_more_than_the_time_value_is_warned_of_and_refuses_nothing() -> None:
    found = verdict(dividends=paying("0.26"))

    shown = violation(found, "DIVIDEND_EXERCISE_RISK")
    assert (shown.severity, shown.instrument_id) == (Severity.WARNING, DEEP)
    assert (shown.observed, shown.limit) == (d("0.26"), d("0.20"))
    assert shown.field_path == "decisions[0].legs[0].symbol"
    assert found.ok, codes(found)


@pytest.mark.parametrize(("amount", "warned"), [("0.19", False), ("0.20", False), ("0.21", True)])
def test_it_has_to_be_worth_more(amount: str, warned: bool) -> None:
    assert bool(said(verdict(dividends=paying(amount)), "DIVIDEND_EXERCISE_RISK")) is warned


@pytest.mark.parametrize(
    ("day", "warned"),
    [
        (NOW.date(), False),
        (NOW.date() + timedelta(days=1), True),
        (date(2026, 12, 18), True),
        (date(2026, 12, 19), False),
    ],
)
def test_the_ex_date_lies_between_today_and_the_end(day: date, warned: bool) -> None:
    found = verdict(dividends=paying("5", day))

    assert bool(said(found, "DIVIDEND_EXERCISE_RISK")) is warned


def test_the_largest_dividend_before_the_end_decides() -> None:
    both = dividends_of(
        [("AAPL", Dividend(SOON + timedelta(days=n), d(of))) for n, of in ((0, "0.10"), (5, "3"))]
    )

    assert violation(verdict(dividends=both), "DIVIDEND_EXERCISE_RISK").observed == 3


def test_a_call_out_of_the_money_and_a_put_are_not_exercised_for_it() -> None:
    put = selling(DEEP_PUT, "AAPL  261218P00230000", net="-9.70")

    for asked in (selling(HIGH, LOW, net="3.10"), put):
        found = verdict(asked, dividends=paying("5"))
        assert said(found, "DIVIDEND_EXERCISE_RISK") == said(found, "DIVIDEND_UNKNOWN") == []


def test_what_nobody_has_told_is_said_to_be_unknown_and_refuses_nothing() -> None:
    found = verdict(dividends=paying("5", symbol="MSFT"))

    assert violation(found, "DIVIDEND_UNKNOWN").severity is Severity.INFO
    assert said(found, "DIVIDEND_EXERCISE_RISK") == []
    assert found.ok


def test_a_dividend_of_nothing_says_that_there_is_none() -> None:
    found = verdict(dividends=paying("0", date(2027, 1, 1)))

    assert said(found, "DIVIDEND_UNKNOWN") == said(found, "DIVIDEND_EXERCISE_RISK") == []


def test_a_call_that_is_held_short_is_warned_of_when_its_underlying_s_options_are_traded() -> None:
    short = held(DEEP, -1, 8)
    found = verdict(spread(1), short, held(LOW, 1, 4), dividends=paying("0.26"))

    assert said(found, "DIVIDEND_EXERCISE_RISK") == ["positions"]


def test_a_call_that_the_plan_closes_is_not() -> None:
    asked = spread(
        1, (leg(DEEP, 1, opening=False), leg(LOW, -1, opening=False)), "4.50", action=Action.CLOSE
    )

    found = verdict(asked, held(DEEP, -1, 8), held(LOW, 1, 4), dividends=paying("0.26"))

    assert said(found, "DIVIDEND_EXERCISE_RISK") == []


def test_without_an_offer_nothing_is_known_to_be_given_up() -> None:
    found = verdict(dividends=paying("0.01"), offer=None)

    assert said(found, "DIVIDEND_EXERCISE_RISK") == ["decisions[0].legs[0].symbol"]
    assert "RISK_INPUT_UNKNOWN" in codes(found)


@pytest.mark.parametrize(
    ("spot", "warned"),
    [("230.01", True), ("234.60", True), ("234.61", False), ("225.40", True), ("225.39", False)],
)
def test_near_the_strike_on_the_last_day_exercise_is_a_coin_s_toss(spot: str, warned: bool) -> None:
    found = verdict(now=END - timedelta(hours=3), spot=spot)

    assert bool(said(found, "PIN_RISK")) is warned
    assert "PIN_RISK" not in codes(found)


def test_before_the_last_day_nothing_is_pinned() -> None:
    assert said(verdict(now=END - timedelta(days=1), spot="230.00"), "PIN_RISK") == []
