"""The synthetic market: ticks, quotes by hand, options derived from shares, sessions, sameness."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import trio
import trio.testing

from cream.adapters.clock import ShiftedClock
from cream.adapters.feeds import synthetic
from cream.adapters.feeds.settings import SyntheticSettings
from cream.adapters.feeds.synthetic import RESTAMP_SECONDS, SyntheticMarket
from cream.core.exchange.calendar import SessionMode
from cream.core.model.errors import CreamError
from cream.core.model.market import MarketStatus, Quote
from cream.core.options.occ import compact, expires_at
from tests.fakes.venue_lab import NOON, call

CALL = call("240")


def market(start: datetime = NOON, **settings: object) -> SyntheticMarket:
    return SyntheticMarket(SyntheticSettings(**settings), ShiftedClock(start))  # type: ignore[arg-type]


async def watched(made: SyntheticMarket, seconds: float) -> list[Quote]:
    """What a feed session hears in `seconds` of a moving market."""
    heard: list[Quote] = []
    with trio.move_on_after(seconds):
        async with trio.open_nursery() as nursery:
            await nursery.start(made.move)
            await made.run(heard.append)
    return heard


def set_quote(made: SyntheticMarket, symbol: str, bid: str, ask: str) -> Quote:
    return made.set_quote(symbol, Decimal(bid), Decimal(ask), 300, 200)


# Ticks ----------------------------------------------------------------------------------------


async def test_every_symbol_has_a_quote_before_anything_runs(
    mock_clock: trio.testing.MockClock,
) -> None:
    made = market()
    quote = made.latest("AAPL")
    assert quote is not None
    assert (quote.bid, quote.ask, quote.at) == (Decimal("238.39"), Decimal("238.41"), NOON)
    assert made.latest("ZZZZ") is None


async def test_a_feed_session_begins_with_what_is_quoted_and_hears_every_tick(
    autojump_clock: trio.testing.MockClock,
) -> None:
    made = market(tick_rate=2.0)
    heard = await watched(made, 10.1)
    apple = [quote for quote in heard if quote.symbol == "AAPL"]
    assert len(apple) == 1 + 20
    assert len(heard) == 6 * (1 + 20)
    assert [quote.at for quote in apple[1:3]] == [
        NOON + timedelta(seconds=0.5),
        NOON + timedelta(seconds=1),
    ]
    assert made.latest("AAPL") == apple[-1]


async def test_the_same_seed_gives_the_same_market(
    autojump_clock: trio.testing.MockClock,
) -> None:
    def prices(quotes: list[Quote]) -> list[tuple[str, Decimal, int]]:
        return [(one.symbol, one.bid, one.bid_size) for one in quotes]

    first = prices(await watched(market(seed=7), 30.5))
    second = prices(await watched(market(seed=7), 30.5))
    other = prices(await watched(market(seed=8), 30.5))
    assert first == second != other


async def test_another_symbol_does_not_change_what_the_others_do(
    autojump_clock: trio.testing.MockClock,
) -> None:
    few = await watched(market(), 20.5)
    more = await watched(market(prices={"GOOG": Decimal(200)}), 20.5)
    assert [(q.symbol, q.bid) for q in more if q.symbol != "GOOG"] == [
        (q.symbol, q.bid) for q in few
    ]


async def test_a_tick_that_is_a_moment_late_is_made_up_for(
    mock_clock: trio.testing.MockClock,
) -> None:
    """A busy machine makes ticks late; the rate that was asked for holds all the same."""
    made = market(tick_rate=100.0)
    before = made.generation("AAPL")
    async with trio.open_nursery() as nursery:
        await nursery.start(made.move)
        await trio.testing.wait_all_tasks_blocked()
        # In the middle of a period: 155 ticks are due, and the next one after that is not.
        mock_clock.jump(1.555)
        await trio.testing.wait_all_tasks_blocked()
        assert made.generation("AAPL") == before + 155
        nursery.cancel_scope.cancel()


async def test_a_market_that_stood_still_for_long_does_not_make_up_for_missed_ticks(
    mock_clock: trio.testing.MockClock,
) -> None:
    made = market()
    before = made.generation("AAPL")
    async with trio.open_nursery() as nursery:
        await nursery.start(made.move)
        await trio.testing.wait_all_tasks_blocked()
        mock_clock.jump(100)
        await trio.testing.wait_all_tasks_blocked()
        assert made.generation("AAPL") == before + 1
        nursery.cancel_scope.cancel()


async def test_a_listener_hears_the_market_without_a_feed_session(
    autojump_clock: trio.testing.MockClock,
) -> None:
    made, heard = market(tick_rate=1.0), []
    made.listen(heard.append)
    async with trio.open_nursery() as nursery:
        await nursery.start(made.move)
        await trio.sleep(3.5)
        nursery.cancel_scope.cancel()
    assert len(heard) == 3 * 6


async def test_a_feed_session_that_ended_hears_nothing_more(
    autojump_clock: trio.testing.MockClock,
) -> None:
    made = market(tick_rate=0)
    heard = await watched(made, 0.1)
    count = len(heard)
    set_quote(made, "AAPL", "240.00", "240.02")
    assert len(heard) == count


# By hand --------------------------------------------------------------------------------------


async def test_at_tick_rate_zero_quotes_stand_and_are_stamped_anew(
    autojump_clock: trio.testing.MockClock,
) -> None:
    made = market(tick_rate=0)
    set_quote(made, "AAPL", "240.00", "240.02")
    number = made.generation("AAPL")
    heard = await watched(made, 60)
    quote = made.latest("AAPL")
    assert quote is not None
    assert (quote.bid, quote.bid_size) == (Decimal("240.00"), 300)
    age = NOON + timedelta(seconds=60) - quote.at
    assert age <= timedelta(seconds=RESTAMP_SECONDS)
    assert made.generation("AAPL") == number, "a stamp is not a new quote"
    assert heard[-1].at == quote.at


@pytest.mark.parametrize("tick_rate", [0.0, 1.0])
async def test_a_frozen_market_grows_old(
    tick_rate: float, autojump_clock: trio.testing.MockClock
) -> None:
    made = market(tick_rate=tick_rate)
    made.freeze(True)
    await watched(made, 60)
    stale = made.latest("AAPL")
    assert stale is not None
    assert stale.at == NOON
    set_quote(made, "AAPL", "240.00", "240.02")
    moved = made.latest("AAPL")
    assert moved is not None
    assert moved.at == NOON + timedelta(seconds=60), "a quote by hand is a quote"
    made.freeze(False)
    await watched(made, 60)
    fresh = made.latest("AAPL")
    assert fresh is not None
    assert fresh.at > moved.at


async def test_a_quote_by_hand_is_published_at_once_and_the_walk_goes_on_from_it(
    autojump_clock: trio.testing.MockClock,
) -> None:
    made, heard = market(volatility=Decimal(0)), []
    made.listen(heard.append)
    quote = set_quote(made, "AAPL", "200.00", "200.02")
    assert heard == [quote]
    await watched(made, 1.5)
    assert heard[-6].mid == Decimal("200.01")


async def test_what_is_not_listed_cannot_be_moved() -> None:
    made = market()
    for symbol in ("ZZZZ", call("240", "ZZZZ").symbol, "nonsense", ""):
        with pytest.raises(CreamError) as caught:
            set_quote(made, symbol, "1", "2")
        assert caught.value.kind.code == "NOT_FOUND"


async def test_nonsense_is_refused_with_every_field() -> None:
    made = market()
    with pytest.raises(CreamError) as caught:
        made.set_quote("AAPL", Decimal(-1), Decimal("NaN"), -1, -2)
    assert caught.value.kind.code == "INVALID_REQUEST"
    assert [one.field for one in caught.value.problems] == ["bid", "ask", "bid_size", "ask_size"]
    with pytest.raises(CreamError):
        made.set_quote("AAPL", Decimal(1), Decimal("1e30"), 1, 1)
    assert set_quote(made, "AAPL", "240.02", "240.00").is_crossed, "markets do cross"


# Options --------------------------------------------------------------------------------------


async def test_an_option_is_quoted_on_demand_from_its_underlying() -> None:
    made = market()
    quote = made.latest(CALL.symbol)
    assert quote is not None
    assert made.latest(compact(CALL)) == quote
    assert quote.symbol == CALL.symbol
    assert Decimal("4.25") < quote.bid < quote.ask < Decimal("4.35")
    set_quote(made, "AAPL", "248.00", "248.02")
    dearer = made.latest(CALL.symbol)
    assert dearer is not None
    assert dearer.bid > quote.bid + 5
    assert made.generation(CALL.symbol) > 0


@pytest.mark.parametrize(
    "symbol", [call("240", "ZZZZ").symbol, "nonsense", "AAPL1 261218C00240000"]
)
async def test_what_is_no_option_of_a_listed_share_has_no_quote(symbol: str) -> None:
    made = market()
    assert made.latest(symbol) is None
    assert made.generation(symbol) == 0


async def test_an_option_that_has_ended_has_no_quote_and_is_not_known() -> None:
    made = market(start=expires_at(CALL))
    assert made.latest(CALL.symbol) is None
    assert not made.knows(CALL, expires_at(CALL))


async def test_an_option_that_is_watched_is_published_with_its_underlying() -> None:
    made, heard = market(), []
    made.listen(heard.append)
    await made.ensure([CALL.symbol, "AAPL", "ZZZZ", call("240", "ZZZZ").symbol])
    assert [quote.symbol for quote in heard] == [CALL.symbol], "quoted at least once"
    await made.ensure([CALL.symbol])
    set_quote(made, "AAPL", "240.00", "240.02")
    set_quote(made, "MSFT", "500.00", "500.02")
    assert [quote.symbol for quote in heard[1:]] == ["AAPL", CALL.symbol, "MSFT"]


async def test_a_feed_session_begins_with_watched_options_as_well(
    autojump_clock: trio.testing.MockClock,
) -> None:
    made = market(tick_rate=0)
    await made.ensure([CALL.symbol])
    heard = await watched(made, 0.1)
    assert CALL.symbol in [quote.symbol for quote in heard]


async def test_a_watched_option_is_dropped_when_it_ends(
    autojump_clock: trio.testing.MockClock,
) -> None:
    made = market(start=expires_at(CALL) - timedelta(seconds=2), tick_rate=0)
    await made.ensure([CALL.symbol])
    heard = await watched(made, 10)
    options = [quote for quote in heard if quote.symbol == CALL.symbol]
    assert options[-1].at < expires_at(CALL)
    again = await watched(made, 1)
    assert CALL.symbol not in [quote.symbol for quote in again]


async def test_the_number_of_watched_options_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synthetic, "MAX_FOLLOWED_OPTIONS", 2)
    made, heard = market(), []
    made.listen(heard.append)
    await made.ensure([call(str(strike)).symbol for strike in range(230, 240)])
    assert len(heard) == 2
    assert made.latest(call("239").symbol) is not None, "still quoted on demand"


async def test_caches_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synthetic, "_MAX_CACHED", 5)
    made = market()
    quotes = [made.latest(call(str(strike)).symbol) for strike in range(200, 260)]
    assert None not in quotes
    assert len(made._contracts) <= 5
    assert len(made._derived) <= 5


async def test_an_option_quoted_by_hand_holds_until_its_underlying_moves(
    autojump_clock: trio.testing.MockClock,
) -> None:
    made, heard = market(tick_rate=0), []
    made.listen(heard.append)
    number = made.generation(CALL.symbol)
    quote = set_quote(made, compact(CALL), "2.00", "2.02")
    assert heard == [quote]
    assert made.generation(CALL.symbol) == number + 1
    await watched(made, 5)
    kept = made.latest(CALL.symbol)
    assert kept is not None
    assert (kept.bid, kept.bid_size) == (Decimal("2.00"), 300)
    assert kept.at > quote.at, "stamped anew with its underlying"
    set_quote(made, "AAPL", "238.39", "238.41")
    derived = made.latest(CALL.symbol)
    assert derived is not None
    assert derived.bid > 4
    assert made.generation(CALL.symbol) == number + 2


# Sessions -------------------------------------------------------------------------------------


@pytest.mark.parametrize("tick_rate", [0.0, 1.0])
async def test_outside_the_session_nothing_moves(
    tick_rate: float, autojump_clock: trio.testing.MockClock
) -> None:
    closing = datetime(2026, 11, 23, 20, 59, 30, tzinfo=UTC)
    made = market(closing, tick_rate=tick_rate, session=SessionMode.CALENDAR)
    await watched(made, 300)
    last = made.latest("AAPL")
    assert last is not None
    assert datetime(2026, 11, 23, 20, 59, 58, tzinfo=UTC) <= last.at
    assert last.at < datetime(2026, 11, 23, 21, tzinfo=UTC)


async def test_a_market_that_never_closes_moves_at_night(
    autojump_clock: trio.testing.MockClock,
) -> None:
    sunday = datetime(2026, 11, 22, 3, tzinfo=UTC)
    made = market(sunday)
    await watched(made, 10.5)
    last = made.latest("AAPL")
    assert last is not None
    assert last.at == sunday + timedelta(seconds=10)


@pytest.mark.parametrize(
    ("session", "status"),
    [
        (SessionMode.CALENDAR, MarketStatus.AFTER_HOURS),
        (SessionMode.ALWAYS_OPEN, MarketStatus.OPEN),
    ],
)
async def test_the_market_says_where_in_its_day_it_stands(
    session: SessionMode, status: MarketStatus, mock_clock: trio.testing.MockClock
) -> None:
    evening = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
    made = market(evening, session=session)

    assert made.status(evening) is status
