"""Subscribers hear of everything in order or of its end; readers of quotes of the newest."""

from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from cream.core.execution.events import MassCancelConfirmed
from cream.core.model.market import Quote
from cream.core.operations import StreamEnd, Update
from cream.daemon.hub import Hub, QuoteBoard

AT = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


def updates(*sequences: int) -> list[Update]:
    return [Update(sequence=one, at=AT, event=MassCancelConfirmed(at=AT)) for one in sequences]


def quote(symbol: str, cents: int) -> Quote:
    price = Decimal(cents) / 100
    return Quote(symbol=symbol, bid=price, ask=price, bid_size=1, ask_size=1, at=AT)


async def sequences(subscription: AsyncIterator[Update]) -> list[int]:
    """What can be read to the subscription's end."""
    return [update.sequence async for update in subscription]


# Updates ----------------------------------------------------------------------------------------


async def test_a_subscriber_hears_everything_from_its_subscription_on_in_order() -> None:
    hub = Hub(buffer=8)
    hub.publish(updates(1))
    async with hub.subscribe(1) as subscription:
        hub.publish(updates(2, 3))
        hub.publish(updates(4))
        hub.close()

        assert subscription.sequence == 1
        assert await sequences(subscription) == [2, 3, 4]
        assert subscription.ended is StreamEnd.STOPPING


async def test_every_subscriber_hears_the_same() -> None:
    hub = Hub(buffer=8)
    async with hub.subscribe(0) as one, hub.subscribe(0) as other:
        assert hub.subscribers == 2
        hub.publish(updates(1, 2))
        hub.close()

        assert await sequences(one) == await sequences(other) == [1, 2]


async def test_a_subscriber_that_falls_behind_hears_a_prefix_and_its_end() -> None:
    """No gap: after the first update that it misses it hears none."""
    hub = Hub(buffer=3)
    async with hub.subscribe(0) as slow, hub.subscribe(0) as quick:
        hub.publish(updates(1, 2, 3))
        assert [(await anext(quick)).sequence for _ in range(3)] == [1, 2, 3]
        hub.publish(updates(4))
        hub.publish(updates(5))

        assert (hub.subscribers, hub.dropped) == (1, 1)
        assert await sequences(slow) == [1, 2, 3]
        assert quick.ended is None
        hub.close()
        assert await sequences(quick) == [4, 5]
        assert (slow.ended, quick.ended) == (StreamEnd.FELL_BEHIND, StreamEnd.STOPPING)


async def test_a_buffer_that_is_just_full_is_not_too_slow() -> None:
    hub = Hub(buffer=3)
    async with hub.subscribe(0) as subscription:
        hub.publish(updates(1, 2, 3))

        assert hub.dropped == 0
        assert (await anext(subscription)).sequence == 1
        hub.publish(updates(4))
        assert (hub.subscribers, hub.dropped) == (1, 0)


async def test_a_group_that_does_not_fit_is_cut_where_it_no_longer_fits() -> None:
    hub = Hub(buffer=2)
    async with hub.subscribe(0) as subscription:
        hub.publish(updates(1, 2, 3, 4))

        assert await sequences(subscription) == [1, 2]
    assert hub.dropped == 1


async def test_whoever_leaves_is_not_published_to_and_was_not_dropped() -> None:
    hub = Hub(buffer=1)
    async with hub.subscribe(0):
        assert hub.subscribers == 1
    hub.publish(updates(1, 2, 3))

    assert (hub.subscribers, hub.dropped) == (0, 0)


async def test_a_cancelled_read_loses_no_update(autojump_clock: trio.testing.MockClock) -> None:
    hub = Hub(buffer=8)
    async with hub.subscribe(0) as subscription:
        with trio.move_on_after(1.0) as impatient:
            await anext(subscription)
        assert impatient.cancelled_caught
        hub.publish(updates(1))
        hub.close()

        assert await sequences(subscription) == [1]


async def test_a_cancelled_subscriber_is_gone() -> None:
    hub = Hub(buffer=8)

    async def follow() -> None:
        async with hub.subscribe(0) as subscription:
            await sequences(subscription)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(follow)
        await trio.testing.wait_all_tasks_blocked()
        assert hub.subscribers == 1
        nursery.cancel_scope.cancel()

    assert hub.subscribers == 0


async def test_a_subscription_that_is_broken_off_says_so_and_another_begins_anew() -> None:
    """What follows would leave a gap; whoever comes again begins with what is true then."""
    hub = Hub(buffer=8)
    async with hub.subscribe(0) as cut:
        hub.publish(updates(1))
        hub.break_off()
        hub.publish(updates(2))

        assert await sequences(cut) == [1]
        assert cut.ended is StreamEnd.BROKEN_OFF
        assert (hub.subscribers, hub.dropped) == (0, 0)
        async with hub.subscribe(2) as later:
            hub.publish(updates(3))
            assert (await anext(later)).sequence == 3


async def test_a_subscription_to_a_closed_hub_ends_at_once() -> None:
    hub = Hub(buffer=8)
    hub.close()
    async with hub.subscribe(0) as subscription:
        hub.publish(updates(1))

        assert await sequences(subscription) == []
        assert subscription.ended is StreamEnd.STOPPING
    assert (hub.subscribers, hub.dropped) == (0, 0)


@given(st.lists(st.one_of(st.just("read"), st.integers(0, 4)), max_size=40), st.integers(1, 5))
def test_what_a_subscriber_hears_is_always_a_prefix(steps: list[str | int], buffer: int) -> None:
    """Publish so many, or read one: what was heard in the end is 1, 2, 3 ... without a gap."""

    async def follow() -> None:
        hub, published, heard = Hub(buffer), 0, list[int]()
        async with hub.subscribe(0) as subscription:
            for step in steps:
                if isinstance(step, int):
                    hub.publish(updates(*range(published + 1, published + step + 1)))
                    published += step
                elif len(heard) < published and hub.subscribers:
                    heard.append((await anext(subscription)).sequence)
            hub.close()
            heard += await sequences(subscription)
        assert heard == list(range(1, len(heard) + 1))
        assert len(heard) == published or hub.dropped == 1
        assert published - len(heard) == 0 or len(heard) >= buffer

    trio.run(follow)


# Quotes -----------------------------------------------------------------------------------------


def nothing_yet(symbol: str) -> Quote | None:
    return None


async def read(quotes: AsyncIterator[Quote], count: int) -> list[tuple[str, int]]:
    return [(one.symbol, int(one.bid * 100)) for one in [await anext(quotes) for _ in range(count)]]


async def test_a_reader_begins_with_the_latest_of_each_symbol_that_has_one() -> None:
    board = QuoteBoard()
    latest = {"A": quote("A", 100), "C": quote("C", 300)}
    async with board.read(["A", "B", "C"], latest.get) as quotes:
        assert await read(quotes, 2) == [("A", 100), ("C", 300)]


async def test_a_slow_reader_gets_only_the_newest_of_each_symbol() -> None:
    board = QuoteBoard()
    async with board.read(["A", "B"], nothing_yet) as quotes:
        for one in (quote("A", 1), quote("B", 2), quote("A", 3), quote("A", 4)):
            board.publish(one)

        assert await read(quotes, 2) == [("A", 4), ("B", 2)]


async def test_a_busy_symbol_does_not_starve_the_others() -> None:
    board = QuoteBoard()
    async with board.read(["A", "B"], nothing_yet) as quotes:
        board.publish(quote("A", 1))
        board.publish(quote("B", 2))
        assert await read(quotes, 1) == [("A", 1)]
        board.publish(quote("A", 3))

        assert await read(quotes, 2) == [("B", 2), ("A", 3)]


async def test_a_reader_gets_its_own_symbols_as_they_come() -> None:
    board = QuoteBoard()
    seen: list[tuple[str, int]] = []

    async def follow() -> None:
        async with board.read(["A"], nothing_yet) as quotes:
            seen.extend(await read(quotes, 2))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(follow)
        for one in (quote("B", 1), quote("A", 2), quote("B", 3), quote("A", 4)):
            await trio.testing.wait_all_tasks_blocked()
            board.publish(one)

    assert seen == [("A", 2), ("A", 4)]


async def test_a_reader_may_leave_in_the_middle_of_a_loop() -> None:
    """Nothing is left behind that would complain when it is collected."""
    board = QuoteBoard()
    async with board.read(["A", "B"], nothing_yet) as quotes:
        board.publish(quote("A", 1))
        board.publish(quote("B", 2))
        async for one in quotes:
            assert one.symbol == "A"
            break

        assert await read(quotes, 1) == [("B", 2)]
    board.publish(quote("A", 3))


async def test_a_cancelled_read_loses_no_quote(autojump_clock: trio.testing.MockClock) -> None:
    board = QuoteBoard()
    async with board.read(["A"], nothing_yet) as quotes:
        with trio.move_on_after(1.0) as impatient:
            await anext(quotes)
        assert impatient.cancelled_caught

        board.publish(quote("A", 1))
        with trio.CancelScope() as late:
            late.cancel()
            await anext(quotes)
        assert late.cancelled_caught

        assert await read(quotes, 1) == [("A", 1)]


async def test_reading_always_lets_others_run() -> None:
    """A reader for which there is always something more still gives way."""
    board = QuoteBoard()
    async with board.read(["A"], nothing_yet) as quotes:
        for cents in range(3):
            board.publish(quote("A", cents))
            with trio.testing.assert_checkpoints():
                await anext(quotes)


def test_listeners_are_called_at_once_in_order_of_registration() -> None:
    heard: list[tuple[str, str]] = []
    board = QuoteBoard()
    board.listen(lambda one: heard.append(("first", one.symbol)))
    board.listen(lambda one: heard.append(("second", one.symbol)))

    async def publish(quotes: Iterable[Quote]) -> None:
        for one in quotes:
            board.publish(one)

    trio.run(publish, [quote("A", 1), quote("B", 1)])

    assert heard == [("first", "A"), ("second", "A"), ("first", "B"), ("second", "B")]


async def test_the_board_knows_how_many_quotes_came_and_when_the_last(
    autojump_clock: trio.testing.MockClock,
) -> None:
    board = QuoteBoard()
    assert (board.count, board.last_at) == (0, None)

    board.publish(quote("A", 1))
    await trio.sleep(2.5)
    board.publish(quote("A", 2))

    assert (board.count, board.last_at) == (2, 2.5)


@pytest.mark.parametrize("symbols", [[], ["A"]])
async def test_a_reader_of_nothing_waits(
    symbols: list[str], autojump_clock: trio.testing.MockClock
) -> None:
    board = QuoteBoard()
    async with board.read(symbols, nothing_yet) as quotes:
        board.publish(quote("B", 1))
        with pytest.raises(trio.TooSlowError):
            with trio.fail_after(5.0):
                await anext(quotes)


async def test_what_is_derived_is_read_as_it_is_by_then(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Nobody publishes it, and it costs nothing before it is read."""
    board, asked = QuoteBoard(), list[str]()
    gone = "AAPL  261127C00240000"
    worth = quote("OPTION", 5)

    def latest(symbol: str) -> Quote | None:
        asked.append(symbol)
        return None if symbol == gone else worth

    async with board.read([], latest, {"AAPL": ["OPTION", gone]}) as reader:
        board.publish(quote("AAPL", 1))
        board.publish(quote("AAPL", 2))
        board.publish(quote("XOM", 3))
        assert asked == []
        assert await anext(reader) == worth
        with trio.move_on_after(0.01) as waited:
            await anext(reader)
        assert waited.cancelled_caught, "AAPL itself was not asked for, and one has no quote"
        board.publish(quote("AAPL", 4))
        assert await anext(reader) == worth
