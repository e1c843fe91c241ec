"""What has to be done about options that are held, and what an operator is told."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from cream.core.exchange.calendar import SessionMode, Sessions
from cream.core.execution import events as e
from cream.core.execution import option_events as o
from cream.core.execution.option_duties import (
    CloseCause,
    ExpiryAction,
    OptionPolicy,
    closable_now,
    cutoff_at,
    end_of,
    new_duties,
    openings_of,
    orphans_of,
    settlements,
)
from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.model.market import Quote
from cream.core.model.order import OrderClass
from tests.fakes.builders import CALL, HIGHER_CALL, NOW, PUT, order_terms
from tests.fakes.ledger import Ledger
from tests.unit.core.execution.test_option_book import VERTICAL, adjust, trade

SESSIONS = Sessions(SessionMode.CALENDAR)
LONG_AGO = NOW - timedelta(hours=1)
# The close of the last day of the contracts, 16:00 in New York.
END = datetime(2026, 12, 18, 21, 0, tzinfo=UTC)
CLOSES, TELLS = OptionPolicy(close_orphans=True), OptionPolicy()


def spot(bid: str, ask: str) -> Quote:
    return Quote(symbol="AAPL", bid=Decimal(bid), ask=Decimal(ask), bid_size=1, ask_size=1, at=NOW)


def duties(
    ledger: Ledger,
    policy: OptionPolicy = TELLS,
    now: datetime = NOW,
    seen: Mapping[str, datetime] | None = None,
    quote: Quote | None = None,
) -> list[e.Event]:
    since = dict.fromkeys(orphans_of(ledger.book), LONG_AGO) if seen is None else seen
    return list(new_duties(ledger.book, SESSIONS, lambda _: quote, since, now, policy))


def names(events: list[e.Event]) -> list[str]:
    return [type(one).__name__ for one in events]


@pytest.fixture
def broken() -> Ledger:
    """Five spreads, of which two have lost the leg that was owned."""
    ledger = Ledger()
    trade(ledger, "o-in", VERTICAL, 5)
    adjust(ledger, CALL, 3)
    return ledger


def test_a_short_leg_that_lost_its_cover_is_told_of_and_owed(broken: Ledger) -> None:
    alarm, owed = duties(broken, CLOSES)

    assert isinstance(alarm, o.OptionAlarmed)
    assert CALL.symbol in alarm.message
    assert isinstance(owed, o.CloseOwed)
    assert (owed.contract, owed.held, owed.keep) == (HIGHER_CALL, -5, 3)
    broken.apply(alarm, owed)
    assert duties(broken, CLOSES) == []


def test_nothing_is_owed_that_the_policy_does_not_allow(broken: Ledger) -> None:
    assert names(duties(broken)) == ["OptionAlarmed"]


def test_a_leg_counts_as_alone_only_after_a_while(broken: Ledger) -> None:
    """A broker's positions and orders disagree for seconds."""
    young = {HIGHER_CALL.symbol: NOW - timedelta(seconds=14.9)}
    assert duties(broken, CLOSES, seen=young) == []
    assert duties(broken, CLOSES, seen={}) == []
    old = {HIGHER_CALL.symbol: NOW - timedelta(seconds=15)}
    assert len(duties(broken, CLOSES, seen=old)) == 2


def test_an_alarm_ends_when_the_leg_is_back(broken: Ledger) -> None:
    broken.apply(*duties(broken))
    adjust(broken, CALL, 5)

    (over,) = duties(broken)

    assert isinstance(over, o.OptionAlarmed)
    assert over.message == ""
    broken.apply(over)
    assert broken.book.options.alarms == {}


def settled(ledger: Ledger, policy: OptionPolicy, now: datetime = NOW) -> list[str]:
    events = list(settlements(ledger.book, SESSIONS, now, policy))
    return [one.reason for one in events if isinstance(one, o.CloseSettled)]


def test_a_debt_is_settled_when_it_is_paid_or_no_longer_wanted(broken: Ledger) -> None:
    broken.apply(*duties(broken, CLOSES))
    assert settled(broken, CLOSES) == []
    assert settled(broken, TELLS) == ["the policy closes no orphans any more"]

    adjust(broken, HIGHER_CALL, -3)
    assert settled(broken, CLOSES) == ["it is closed"]
    adjust(broken, HIGHER_CALL, 2)
    assert settled(broken, CLOSES) == ["it is closed"]
    adjust(broken, HIGHER_CALL, -5)
    adjust(broken, CALL, 5)
    assert settled(broken, CLOSES) == ["it is no orphan any more"]


def test_a_debt_that_was_not_paid_in_time_is_an_alarm(broken: Ledger) -> None:
    broken.apply(*duties(broken, CLOSES))

    alarm, over = settlements(broken.book, SESSIONS, END, CLOSES)

    assert isinstance(alarm, o.OptionAlarmed)
    assert (alarm.kind, "5 of" in alarm.message) == ("not_closed", True)
    assert isinstance(over, o.CloseSettled)


# The last day -----------------------------------------------------------------------------------


def one(contract: OptionContract, quantity: int = 2) -> Ledger:
    ledger = Ledger()
    adjust(ledger, contract, quantity)
    return ledger


@pytest.mark.parametrize(
    ("minutes", "owed"), [(91, []), (90, ["CloseOwed"]), (1, ["CloseOwed"]), (0, [])]
)
def test_a_contract_is_owed_from_its_cut_off_to_its_end(minutes: int, owed: list[str]) -> None:
    now = END - timedelta(minutes=minutes)

    assert names(duties(one(CALL), now=now)) == owed


def test_a_debt_for_a_part_becomes_one_for_the_whole() -> None:
    ledger = one(CALL, 5)
    now = END - timedelta(minutes=30)
    part = o.CloseOwed(
        at=NOW,
        contract=CALL,
        held=Decimal(5),
        keep=Decimal(3),
        cause=CloseCause.ORPHAN.value,
        reason="",
    )
    ledger.apply(part)
    (owed,) = duties(ledger, now=now)
    ledger.apply(owed)

    assert ledger.book.options.owed[CALL.symbol].keep == 0
    assert duties(ledger, now=now) == []


def test_who_wants_nothing_closed_is_told_once() -> None:
    ledger = one(CALL)
    policy = OptionPolicy(expiry=ExpiryAction.NONE)
    now = END - timedelta(minutes=30)
    (alarm,) = duties(ledger, policy, now)
    ledger.apply(alarm)

    assert isinstance(alarm, o.OptionAlarmed)
    assert duties(ledger, policy, now) == []
    ledger.apply(
        o.CloseOwed(
            at=NOW,
            contract=CALL,
            held=Decimal(2),
            keep=Decimal(0),
            cause=CloseCause.EXPIRY.value,
            reason="",
        )
    )
    assert settled(ledger, policy) == ["the policy closes nothing any more"]


@pytest.mark.parametrize(
    ("contract", "quote", "left"),
    [
        (CALL, spot("235.10", "235.20"), True),  # 240 is 2 % above 235.20
        (CALL, spot("235.20", "235.30"), False),
        (CALL, spot("250.00", "250.10"), False),
        (PUT, spot("234.60", "234.70"), True),  # 230 is 2 % below 234.60
        (PUT, spot("234.50", "234.60"), False),
        (PUT, spot("220.00", "220.10"), False),
        (CALL, spot("235.20", "235.10"), False),
        (CALL, None, False),
    ],
)
def test_what_is_far_out_of_the_money_may_be_left(
    contract: OptionContract, quote: Quote | None, left: bool
) -> None:
    """By the side of the quote that is nearer to the strike; in doubt it is closed."""
    policy = OptionPolicy(leave_otm_pct=Decimal("0.02"))
    found = duties(one(contract), policy, END - timedelta(minutes=30), quote=quote)

    assert names(found) == ([] if left else ["CloseOwed"])


def test_an_early_close_and_another_product_move_the_cut_off() -> None:
    friday = OptionContract("AAPL", date(2026, 11, 27), OptionRight.CALL, Decimal(240))
    early = datetime(2026, 11, 27, 18, 0, tzinfo=UTC)
    policy = OptionPolicy(cutoff_by_underlying={"AAPL": 60})

    assert end_of(friday, SESSIONS) == early
    assert cutoff_at(friday, SESSIONS, OptionPolicy()) == early - timedelta(minutes=90)
    assert cutoff_at(friday, SESSIONS, policy) == early - timedelta(minutes=60)
    always = Sessions(SessionMode.ALWAYS_OPEN)
    assert end_of(friday, always) == datetime(2026, 11, 27, 21, 0, tzinfo=UTC)


def test_what_is_owed_is_bought_back_before_what_is_owned_is_sold() -> None:
    ledger = Ledger()
    trade(ledger, "o-in", VERTICAL, 5)
    ledger.apply(*duties(ledger, now=END - timedelta(minutes=30)))
    assert [one.contract for one in closable_now(ledger.book)] == [HIGHER_CALL]

    ledger.apply(o.CloseSettled(at=NOW, symbol=HIGHER_CALL.symbol, cause="expiry", reason=""))
    assert [one.contract for one in closable_now(ledger.book)] == [CALL]


def test_spreads_that_would_open_more_are_found() -> None:
    ledger = Ledger()
    terms = order_terms("o-more", "1", legs=VERTICAL, order_class=OrderClass.MLEG, limit="1")
    ledger.work(terms)

    assert [one.order_id for one in openings_of(ledger.book, CALL)] == ["o-more"]
    assert list(openings_of(ledger.book, PUT)) == []


def test_a_roll_that_failed_is_told_for_a_day_though_nothing_is_held(broken: Ledger) -> None:
    """It is about what was closed: that alarm would end at once if it were one of the others."""
    broken.apply(
        o.OptionAlarmed(at=NOW, symbol=PUT.symbol, kind="roll_failed", message="not opened"),
        o.OptionAlarmed(at=NOW, symbol=PUT.symbol, kind="not_closed", message="not closed"),
    )

    def ended(after: timedelta) -> list[tuple[str, str]]:
        found = duties(broken, now=NOW + after)
        return [
            (one.symbol, one.kind)
            for one in found
            if isinstance(one, o.OptionAlarmed) and not one.message
        ]

    assert ended(timedelta(hours=23)) == [(PUT.symbol, "not_closed")]
    assert (PUT.symbol, "roll_failed") in ended(timedelta(days=1))
