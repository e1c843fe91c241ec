"""Each quote is worked out once: a new one anew, the same one never again."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

import pytest
import trio
import trio.testing
from attrs import define, evolve

from cream.core.model.instrument import OptionContract
from cream.core.model.market import Quote
from cream.core.options.chain import FiguresFrom, ValuationStatus
from cream.core.options.dividends import Dividend, dividends_of
from cream.daemon import valuations
from cream.daemon.valuations import InlineOffload, OptionValuations, Rates
from tests.fakes.chains import NEAR, NOW, SHARE, contract, quoted

T = TypeVar("T")
CALL, PUT = contract("240"), contract("240", "P")
QUOTES = [(CALL, quoted(CALL.symbol, "5.10", "5.20")), (PUT, quoted(PUT.symbol, "6.00", "6.10"))]


@define
class Stopped:
    """A clock that a test sets."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at


@define
class Held:
    """An Offload that works when it is let."""

    go: trio.Event
    runs: int = 0

    async def run(self, work: Callable[[], T]) -> T:
        self.runs += 1
        await self.go.wait()
        return work()


def made(clock: Stopped | None = None) -> OptionValuations:
    return OptionValuations(InlineOffload(), clock or Stopped(), Rates(0.04, 0.0))


async def test_a_quote_is_worked_out_once() -> None:
    kept = made()

    first = await kept.value(QUOTES, SHARE)
    again = await kept.value(QUOTES, SHARE)

    assert [one.status for one in first] == [ValuationStatus.OK, ValuationStatus.OK]
    assert again == first
    assert kept.worked_out == 2
    assert kept.last(CALL) == first[0]
    assert kept.last(contract("250")) is None


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda q, s: (evolve(q, bid=Decimal("5.11")), s), id="bid"),
        pytest.param(lambda q, s: (evolve(q, ask=Decimal("5.21")), s), id="ask"),
        pytest.param(lambda q, s: (q, quoted("AAPL", "238.41", "238.43")), id="underlying"),
    ],
)
async def test_a_new_price_makes_a_valuation_anew(
    change: Callable[[Quote, Quote], tuple[Quote, Quote]],
) -> None:
    kept = made()
    (before,) = await kept.value(QUOTES[:1], SHARE)
    quote, share = change(QUOTES[0][1], SHARE)

    (after,) = await kept.value([(CALL, quote)], share)

    assert after.implied_volatility != before.implied_volatility
    assert kept.last(CALL) == after


async def test_a_minute_and_other_rates_make_a_valuation_anew() -> None:
    clock = Stopped()
    kept = made(clock)
    (before,) = await kept.value(QUOTES[:1], SHARE)

    clock.at = NOW + timedelta(seconds=59)
    assert await kept.value(QUOTES[:1], SHARE) == [before]
    clock.at = NOW + timedelta(seconds=60)
    (later,) = await kept.value(QUOTES[:1], SHARE)
    kept.rates = Rates(0.05, 0.0)
    (dearer,) = await kept.value(QUOTES[:1], SHARE)

    figures = [one.implied_volatility for one in (before, later, dearer)]
    assert len(set(figures)) == 3


async def test_dividends_that_were_told_lower_the_forward() -> None:
    """With a dollar and a half to come before expiry a call's price means more volatility."""
    without, told = made(), made()
    coming = Dividend(date(2026, 12, 10), Decimal("1.50"))
    told.dividends = dividends_of([("AAPL", coming), ("XOM", coming)])

    (plain,) = await without.value(QUOTES[:1], SHARE)
    (higher,) = await told.value(QUOTES[:1], SHARE)

    assert plain.implied_volatility is not None
    assert higher.implied_volatility is not None
    assert higher.implied_volatility > plain.implied_volatility + 0.01


async def test_tables_outlive_a_tick_within_their_minute_though_dividends_are_to_come() -> None:
    kept = made()
    kept.dividends = dividends_of([("AAPL", Dividend(date(2026, 12, 10), Decimal("1.50")))])
    await kept.value(QUOTES, SHARE)
    before = kept._solved["AAPL"].tables

    await kept.value(QUOTES, quoted("AAPL", "238.79", "238.81"))

    assert kept._solved["AAPL"].tables is before


async def test_the_same_prices_at_a_later_time_only_make_a_valuation_younger() -> None:
    """A market that stamps its quotes anew says that they still hold."""
    kept = made()
    await kept.value(QUOTES[:1], SHARE)
    later = NOW + timedelta(seconds=3)
    quote, share = evolve(QUOTES[0][1], at=later), evolve(SHARE, at=later)

    (found,) = await kept.value([(CALL, quote)], share)

    assert kept.worked_out == 1
    assert found.age_seconds(later) == 0.0
    last = kept.last(CALL)
    assert last is not None
    assert last.age_seconds(later + timedelta(seconds=2)) == 2.0


async def test_the_other_right_is_looked_at_again_when_one_may_need_it() -> None:
    """A put without a volatility of its own follows the call's when that moves."""
    kept = made()
    put, call = contract("260", "P"), contract("260")
    at_intrinsic = (put, quoted(put.symbol, "21.59", "21.61"))
    before = await kept.value([at_intrinsic, (call, quoted(call.symbol, "0.60", "0.62"))], SHARE)

    after = await kept.value([at_intrinsic, (call, quoted(call.symbol, "0.80", "0.82"))], SHARE)

    assert before[0].figures_from is after[0].figures_from is FiguresFrom.TWIN
    assert after[0].implied_volatility == after[1].implied_volatility
    assert after[0].implied_volatility != before[0].implied_volatility
    assert await kept.value([at_intrinsic, (call, quoted(call.symbol, "0.80", "0.82"))], SHARE)
    assert kept.worked_out == 2 + 2, "and while nothing moves nothing is worked out"


async def test_what_is_not_quoted_lies_between_its_neighbours_and_follows_them() -> None:
    kept = made()
    low, gap, high = contract("240"), contract("245"), contract("250")
    right = (high, quoted(high.symbol, "1.60", "1.62"))
    first = await kept.value([(low, quoted(low.symbol, "5.10", "5.20")), (gap, None), right], SHARE)

    after = await kept.value([(low, quoted(low.symbol, "5.30", "5.40")), (gap, None), right], SHARE)

    assert first[1].figures_from is after[1].figures_from is FiguresFrom.SMILE
    assert first[1].status is ValuationStatus.NO_PRICE
    assert first[1].quote_at is None
    below, between, above = (one.implied_volatility for one in after)
    assert below is not None
    assert between is not None
    assert above is not None
    assert min(below, above) < between < max(below, above)
    assert between != first[1].implied_volatility
    assert after[2] == first[2]


@pytest.mark.parametrize(
    "share",
    [
        None,
        quoted("AAPL", "238.50", "238.40"),
        quoted("AAPL", "0", "0"),
        quoted("AAPL", "0", "238.40"),
    ],
)
async def test_without_a_price_of_the_underlying_nothing_is_valued(share: Quote | None) -> None:
    """A share that nobody bids for is not worth half of what is asked for it."""
    kept = made()

    found = await kept.value(QUOTES, share)

    assert {one.status for one in found} == {ValuationStatus.NO_SPOT}
    assert kept.worked_out == 0


async def test_what_has_no_quote_or_has_expired_has_no_figures() -> None:
    gone = contract("240", expiration=NEAR - timedelta(days=28))
    kept = made()

    found = await kept.value([(CALL, None), (gone, quoted("X", "1", "2"))], SHARE)

    assert [one.status for one in found] == [ValuationStatus.NO_PRICE, ValuationStatus.EXPIRED]
    assert found[0].figures_from is None
    assert kept.worked_out == 1
    await kept.value([(CALL, None), (gone, quoted("X", "1", "2"))], SHARE)
    assert kept.worked_out == 1


async def test_two_that_ask_at_the_same_time_work_it_out_once() -> None:
    held = Held(trio.Event())
    kept = OptionValuations(held, Stopped(), Rates(0.04, 0.0))
    answers = []

    async def ask() -> None:
        answers.append(await kept.value(QUOTES, SHARE))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        nursery.start_soon(ask)
        await trio.testing.wait_all_tasks_blocked()
        held.go.set()

    assert answers[0] == answers[1]
    assert held.runs == 1


async def test_a_caller_that_is_cancelled_leaves_everything_as_it_was() -> None:
    held = Held(trio.Event())
    kept = OptionValuations(held, Stopped(), Rates(0.04, 0.0))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(kept.value, QUOTES, SHARE)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()

    assert kept.last(CALL) is None
    held.go.set()
    assert (await kept.value(QUOTES, SHARE))[0].status is ValuationStatus.OK


async def test_no_more_is_kept_than_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was looked at longest ago goes first."""
    monkeypatch.setattr(valuations, "MOST_KEPT", 2)
    monkeypatch.setattr(valuations, "MOST_TABLES", 1)
    kept = made()
    third = contract("250")
    await kept.value(QUOTES, SHARE)
    await kept.value(QUOTES[:1], SHARE)

    await kept.value([(third, quoted(third.symbol, "1.00", "1.10"))], SHARE)

    known: list[OptionContract] = [one for one in (CALL, PUT, third) if kept.last(one)]
    assert known == [CALL, third]
    await kept.value(QUOTES[:1], evolve(SHARE, symbol="OTHER"))
    assert len(kept._solved) == 1
