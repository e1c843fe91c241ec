"""Orders for the auctions of a session: when they may come, trade and end."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from cream.core.exchange.auctions import LASTS, has_auctions, opening_is_over, takes_orders
from cream.core.exchange.calendar import SessionMode, Sessions
from cream.core.exchange.venue import Venue
from cream.core.model.broker import BrokerOrder, CancelTaken
from cream.core.model.order import Side
from cream.core.model.plan import TimeInForce
from tests.fakes.venue_lab import NOON, Lab, terms

OPG, CLS = TimeInForce.OPG, TimeInForce.CLS
SESSIONS = Sessions(SessionMode.CALENDAR)
# A Monday: from 09:30 to 16:00 in New York.
OPEN = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
CLOSE = datetime(2026, 11, 23, 21, tzinfo=UTC)
NEXT_OPEN, NEXT_CLOSE = OPEN + timedelta(days=1), CLOSE + timedelta(days=1)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("tif", "first", "last"),
    [
        (OPG, CLOSE + timedelta(hours=3), NEXT_OPEN - timedelta(minutes=2)),
        (CLS, CLOSE + timedelta(hours=3), NEXT_CLOSE - timedelta(minutes=10)),
    ],
)
def test_an_auction_takes_orders_from_the_evening_before_until_shortly_before_it(
    tif: TimeInForce, first: datetime, last: datetime
) -> None:
    assert not takes_orders(tif, SESSIONS, first - SECOND)
    assert takes_orders(tif, SESSIONS, first)
    assert takes_orders(tif, SESSIONS, last - SECOND)
    assert not takes_orders(tif, SESSIONS, last)


def test_on_a_day_without_a_session_they_are_for_the_next_one() -> None:
    saturday = datetime(2026, 11, 28, 16, tzinfo=UTC)
    assert takes_orders(OPG, SESSIONS, saturday)
    assert takes_orders(CLS, SESSIONS, saturday)


def test_on_a_short_day_the_closing_auction_is_early() -> None:
    """The day after Thanksgiving ends at 13:00."""
    early = datetime(2026, 11, 27, 18, tzinfo=UTC)
    assert takes_orders(CLS, SESSIONS, early - timedelta(minutes=10, seconds=1))
    assert not takes_orders(CLS, SESSIONS, early - timedelta(minutes=10))


def test_the_opening_auction_lasts_a_moment() -> None:
    assert not opening_is_over(SESSIONS, OPEN - SECOND)
    assert not opening_is_over(SESSIONS, OPEN)
    assert opening_is_over(SESSIONS, OPEN + LASTS)
    assert not opening_is_over(SESSIONS, CLOSE)


# At the venue -----------------------------------------------------------------------------------


def lab_at(moment: datetime) -> Lab:
    lab = Lab(mode=SessionMode.CALENDAR)
    lab.advance(moment)
    return lab


def seen(lab: Lab, order: BrokerOrder) -> tuple[str, Decimal, Decimal | None]:
    shown = lab.order(order)
    return shown.raw_status, shown.filled, shown.average_price


@pytest.mark.parametrize("tif", [OPG, CLS])
def test_a_market_that_never_closes_has_no_auctions(tif: TimeInForce) -> None:
    assert not has_auctions(Sessions(SessionMode.ALWAYS_OPEN))
    refusal = Lab().refused(terms(limit="200", tif=tif))
    assert (refusal.code, "no auctions" in refusal.message) == ("INVALID_TIME_IN_FORCE", True)


@pytest.mark.parametrize(("tif", "moment"), [(OPG, NOON), (CLS, CLOSE - timedelta(minutes=9))])
def test_what_comes_too_late_for_its_auction_is_refused(tif: TimeInForce, moment: datetime) -> None:
    refusal = lab_at(moment).refused(terms(limit="200", tif=tif))
    assert refusal.code == "INVALID_TIME_IN_FORCE"
    assert refusal.message == f"{tif.value.lower()} orders are not taken now"


def test_an_order_for_the_opening_trades_when_the_session_opens() -> None:
    lab = lab_at(OPEN - timedelta(minutes=30))
    order = lab.accepted(terms(Side.BUY, "10", tif=OPG))
    assert seen(lab, order) == ("accepted", 0, None)
    lab.quote("AAPL", "239.00", "239.02")
    lab.advance(OPEN)
    assert seen(lab, order) == ("filled", 10, Decimal("239.02"))


def test_what_the_opening_does_not_give_is_over() -> None:
    lab = lab_at(OPEN - timedelta(minutes=30))
    part = lab.accepted(terms(Side.BUY, "10", tif=OPG))
    dear = lab.accepted(terms(Side.BUY, "10", limit="200.00", tif=OPG))
    lab.quote("AAPL", "239.00", "239.02", ask_size=4)
    lab.advance(OPEN)
    assert seen(lab, part) == ("canceled", 4, Decimal("239.02"))
    assert lab.order(part).reason == "the opening auction is over"
    assert seen(lab, dear) == ("canceled", 0, None)
    lab.quote("AAPL", "190.00", "190.02")
    assert lab.held("AAPL") == 4


def test_an_opening_that_the_venue_has_missed_is_not_made_up_for() -> None:
    lab = lab_at(OPEN - timedelta(minutes=30))
    order = lab.accepted(terms(Side.BUY, "10", tif=OPG))
    ordinary = lab.accepted(terms(Side.BUY, "10"))
    lab.advance(OPEN + LASTS)
    assert seen(lab, order) == ("canceled", 0, None)
    assert lab.order(order).reason == "the opening auction was missed"
    assert seen(lab, ordinary)[0] == "filled"


def test_an_order_for_the_closing_waits_for_it_at_any_price() -> None:
    lab = lab_at(NOON)
    order = lab.accepted(terms(Side.BUY, "10", tif=CLS))
    assert seen(lab, order) == ("new", 0, None)
    lab.quote("AAPL", "200.00", "200.02")
    lab.advance(CLOSE - SECOND)
    assert seen(lab, order) == ("new", 0, None)
    lab.market.set("AAPL", "240.00", "240.02")
    lab.advance(CLOSE)
    assert seen(lab, order) == ("filled", 10, Decimal("240.02"))
    assert lab.executions()[-1].executed_at == CLOSE


def test_one_that_was_given_before_the_session_is_in_its_closing_too() -> None:
    lab = lab_at(OPEN - timedelta(hours=2))
    order = lab.accepted(terms(Side.BUY, "10", tif=CLS))
    lab.advance(OPEN)
    assert seen(lab, order) == ("new", 0, None)
    lab.advance(CLOSE)
    assert seen(lab, order)[0] == "filled"


def test_the_closing_gives_by_price_and_time_and_what_is_left_expires() -> None:
    """As at Alpaca's paper account: a part, and then the end."""
    lab = lab_at(NOON)
    patient = lab.accepted(terms(Side.BUY, "10", limit="238.50", tif=CLS))
    eager = lab.accepted(terms(Side.BUY, "10", tif=CLS))
    low = lab.accepted(terms(Side.BUY, "10", limit="200.00", tif=CLS))
    lab.market.set("AAPL", "238.39", "238.41", ask_size=14)
    lab.updates.clear()
    lab.advance(CLOSE)
    assert seen(lab, eager) == ("filled", 10, Decimal("238.41"))
    assert seen(lab, patient) == ("expired", 4, Decimal("238.41"))
    assert seen(lab, low) == ("expired", 0, None)
    events = [one.event for one in lab.updates]
    assert events == ["fill", "partial_fill", "expired", "expired"]


def test_in_a_halt_no_auction_is_held() -> None:
    lab = lab_at(NOON)
    order = lab.accepted(terms(Side.BUY, "10", tif=CLS))
    lab.venue.halt("AAPL")
    lab.advance(CLOSE)
    assert seen(lab, order) == ("expired", 0, None)


def test_a_closing_that_the_venue_has_missed_is_not_made_up_for() -> None:
    lab = lab_at(NOON)
    order = lab.accepted(terms(Side.BUY, "10", tif=CLS))
    lab.advance(CLOSE + LASTS)
    assert seen(lab, order) == ("expired", 0, None)


def test_an_order_for_the_closing_outlives_a_restart_and_can_be_cancelled() -> None:
    lab = lab_at(NOON)
    kept = lab.accepted(terms(Side.BUY, "10", tif=CLS))
    gone = lab.accepted(terms(Side.BUY, "10", tif=CLS))
    assert isinstance(lab.cancel(gone), CancelTaken)
    lab.venue = Venue(lab.venue.state(), lab.market, lab.sessions)
    lab.advance(CLOSE)
    assert seen(lab, kept)[0] == "filled"
    assert seen(lab, gone) == ("canceled", 0, None)
    assert lab.held("AAPL") == 10
