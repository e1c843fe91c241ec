from datetime import UTC, datetime, timedelta
from decimal import Decimal

import trio
import trio.testing

from cream.adapters.sandbox.bars import Frame, trade_bar
from cream.adapters.sandbox.history import History
from cream.core.exchange.calendar import SessionMode, Sessions
from tests.unit.adapters.sandbox.lab import lab

MINUTE, DAY = Frame(1, "Min"), Frame(1, "Day")


async def test_backward_is_forward_turned_around() -> None:
    sandbox = lab().sandbox
    now = sandbox.exchange.clock.now()
    for frame, days in ((MINUTE, 2), (Frame(1, "Hour"), 5), (DAY, 40), (Frame(1, "Month"), 90)):
        start = now - timedelta(days=days)
        rows = list(sandbox.history.forward("AAPL", frame, start, now))
        assert list(sandbox.history.backward("AAPL", frame, start, now)) == rows[::-1]
        assert [one.start for one in rows] == sorted({one.start for one in rows})


async def test_the_tape_goes_on_where_the_past_ends(
    autojump_clock: trio.testing.MockClock,
) -> None:
    sandbox = lab().sandbox
    sandbox.exchange.market.set_quote("AAPL", Decimal(500), Decimal(502), 1, 1)
    now = sandbox.exchange.clock.now()
    before, day_before = sandbox.history.days("AAPL", now)
    assert before is not None
    assert day_before is not None
    assert (before.close, before.high) == (501, 501)
    assert day_before.start == before.start - timedelta(days=1)
    latest = sandbox.history.latest("AAPL", now)
    assert latest is not None
    assert latest.close < 500
    await trio.sleep(60)
    sandbox.tape.advance()
    latest = sandbox.history.latest("AAPL", sandbox.exchange.clock.now())
    assert latest is not None
    assert latest.close == 501


async def test_bars_of_a_file_take_the_place_of_a_past() -> None:
    sandbox = lab().sandbox
    began = sandbox.tape.began
    rows = [trade_bar(began + timedelta(minutes=n), Decimal(9), 1) for n in (-2, -1, 0)]
    history = History(
        sandbox.tape, Sessions(SessionMode.ALWAYS_OPEN), {"ACME": Decimal(9)}, 1, {"ACME": rows}
    )
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert list(history.forward("ACME", MINUTE, start, began)) == rows[:2]


async def test_of_what_is_not_listed_there_is_nothing() -> None:
    sandbox = lab().sandbox
    now = sandbox.exchange.clock.now()
    assert sandbox.history.latest("ZZZZ", now) is None
    assert sandbox.history.days("ZZZZ", now) == (None, None)
