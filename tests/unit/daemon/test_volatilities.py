"""What an underlying has done is worked out once a day, and never keeps anyone waiting for long."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import trio
from attrs import define, field
from trio.testing import MockClock

from cream.adapters.clock import ShiftedClock
from cream.core.market.bars import DAY_MINUTES
from cream.core.model.errors import BrokerUnavailable
from cream.core.model.ticks import Bar
from cream.core.pricing.historical import historical_volatility
from cream.daemon import volatilities as subject
from cream.daemon.volatilities import RETRY_SECONDS, WAIT_SECONDS, HistoricalVolatilities
from tests.fakes.world import START

DAY = timedelta(days=1)
CLOSES = (100, 102, 101, 104)


def day(close: float, at: datetime) -> Bar:
    price = Decimal(str(close))
    return Bar(
        symbol="AAPL",
        at=at,
        minutes=DAY_MINUTES,
        open=price,
        high=price,
        low=price,
        close=price,
        volume=Decimal(1),
    )


def past(*closes: float, until: datetime = START) -> list[Bar]:
    """Days until yesterday, and today, which has not closed."""
    before = [day(close, until - DAY * (len(closes) - n)) for n, close in enumerate(closes)]
    return [*before, day(9999, until)]


@define
class Detail:
    """A feed with these days."""

    bars_of: dict[str, list[Bar]] = field(factory=dict)
    asked: list[tuple[str, int, bool]] = field(factory=list)
    down: bool = False
    hangs: bool = False

    async def bars(
        self, symbol: str, minutes: int, count: int, *, adjusted: bool = False
    ) -> Sequence[Bar]:
        assert minutes == DAY_MINUTES
        self.asked.append((symbol, count, adjusted))
        if self.hangs:
            await trio.sleep_forever()
        await trio.lowlevel.checkpoint()
        if self.down:
            raise BrokerUnavailable("no answer")
        return self.bars_of.get(symbol, [])[-count:]


def over(detail: Detail | None, window_days: int = 3) -> HistoricalVolatilities:
    unchecked: Any = detail
    return HistoricalVolatilities(unchecked, ShiftedClock(START), window_days)


async def test_it_is_that_of_the_last_days_that_have_closed_and_asked_for_once_a_day(
    autojump_clock: MockClock,
) -> None:
    detail = Detail({"AAPL": past(1, *CLOSES)})
    found = over(detail)
    assert found.last("AAPL") is None

    volatility = await found.fresh("AAPL")

    assert volatility == historical_volatility([float(close) for close in CLOSES])
    assert await found.fresh("AAPL") == found.last("AAPL") == volatility
    assert detail.asked == [("AAPL", 5, True)]
    await trio.sleep(DAY.total_seconds())
    detail.bars_of["AAPL"] = past(*CLOSES, 150, until=START + DAY)
    assert found.last("AAPL") == volatility, "of yesterday, until somebody has waited"
    assert await found.fresh("AAPL") != volatility
    assert len(detail.asked) == 2


async def test_a_window_that_is_not_whole_gives_none_and_is_not_asked_for_again(
    autojump_clock: MockClock,
) -> None:
    detail = Detail({"AAPL": past(*CLOSES)})
    found = over(detail, window_days=4)
    assert [await found.fresh("AAPL") for _ in range(2)] == [None, None]
    await trio.sleep(RETRY_SECONDS * 2)
    await found.fresh("AAPL")
    assert len(detail.asked) == 1


@pytest.mark.parametrize("how", ["down", "hangs"])
async def test_what_cannot_be_had_soon_is_done_without_for_a_minute(
    autojump_clock: MockClock, how: str
) -> None:
    detail = Detail({"AAPL": past(*CLOSES)})
    found = over(detail)
    before = await found.fresh("AAPL")
    await trio.sleep(DAY.total_seconds())
    setattr(detail, how, True)
    began = trio.current_time()
    assert [await found.fresh("AAPL") for _ in range(3)] == [before] * 3
    assert trio.current_time() - began <= WAIT_SECONDS
    assert len(detail.asked) == 2
    setattr(detail, how, False)
    detail.bars_of["AAPL"] = past(100, 150, 90, 100, until=START + DAY)
    await trio.sleep(RETRY_SECONDS)
    assert await found.fresh("AAPL") != before


async def test_what_was_asked_for_in_vain_is_seen_to_by_the_next_who_can_wait(
    autojump_clock: MockClock,
) -> None:
    """The gate cannot wait; the next plan that is prepared does."""
    detail = Detail({"AAPL": past(*CLOSES), "XOM": past(*CLOSES)})
    found = over(detail)
    assert found.last("XOM") is None
    await found.prepare(["AAPL"])
    assert [symbol for symbol, _, _ in detail.asked] == ["AAPL", "XOM"]
    assert found.last("XOM") is not None
    await found.prepare([])
    assert len(detail.asked) == 2


async def test_nobody_waits_for_many_that_do_not_answer(autojump_clock: MockClock) -> None:
    detail = Detail(hangs=True)
    found = over(detail)
    began = trio.current_time()
    await found.prepare([f"S{number}" for number in range(50)])
    assert trio.current_time() - began <= 2 * WAIT_SECONDS


async def test_a_feed_without_days_knows_nothing_and_is_not_asked() -> None:
    found = over(None)
    assert await found.fresh("AAPL") is None
    assert found.last("AAPL") is None
    await found.prepare(["AAPL"])


async def test_memory_is_bounded(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subject, "MOST_UNDERLYINGS", 2)
    detail = Detail({symbol: past(*CLOSES) for symbol in "ABC"})
    found = over(detail)
    for symbol in "ABC":
        await found.fresh(symbol)
    assert [found.last(symbol) is None for symbol in "ABC"] == [True, False, False]
    for symbol in "DEF":
        found.last(symbol)
    await found.prepare([])
    assert [symbol for symbol, _, _ in detail.asked[3:]] == ["E", "F"]
