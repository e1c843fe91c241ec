"""What does a quote of Alpaca's cost, from the bytes of the WebSocket to the stop that it checks?

Frames of ten quotes, each of another symbol, every symbol with a stop of its own: unframed,
decoded (JSON as for shares, msgpack as for options), filtered, health-tracked, into the
microstructure, and compared with the levels of the stop monitor, which reacts once a quote reaches
one (the last does, and it is looked for). CPU per quote at 10, 100 and 1,000 symbols, the share
that unframing and decoding alone have of it, and what it is with the sums of what is at stake,
which every price that moves works out anew for its symbol.
"""

import gc
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import msgspec
import trio
from attrs import evolve
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, TextMessage
from wsproto.frame_protocol import FrameProtocol, Opcode

from cream.adapters.brokers.alpaca.settings import AlpacaSettings
from cream.adapters.feeds.alpaca.feed import AlpacaFeed, open_feed
from cream.adapters.feeds.alpaca.frames import FrameReader
from cream.adapters.feeds.alpaca.settings import AlpacaFeedSettings
from cream.adapters.garbage import collect_seldom
from cream.core.exchange.calendar import SessionMode
from cream.core.execution.book import Book
from cream.core.execution.protection import ProtectionPolicy
from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.model.market import Quote
from cream.core.model.order import Side
from cream.core.model.plan import Environment
from cream.core.risk.ledger import Ledger as Stake
from cream.daemon.desk import Desk, DeskChannels
from cream.daemon.hub import QuoteBoard
from cream.daemon.publication import touched_by
from cream.daemon.stop_monitor import StopMonitor
from tests.fakes.builders import NOW, order_terms
from tests.fakes.ledger import Ledger

A_FRAME = 10
QUOTES = 20_000
SIZES = (10, 100, 1_000)
_SECOND = 1_000_000_000
_NOW_NS = int(NOW.timestamp()) * _SECOND


class _Clock:
    def now(self) -> Any:
        return NOW + timedelta(milliseconds=2)


def _names(symbols: int) -> list[str]:
    letters = "ABCDEFGHIJ"
    return [
        "S" + letters[n // 100] + letters[n // 10 % 10] + letters[n % 10] for n in range(symbols)
    ]


def _book(symbols: int) -> Book:
    """A long call on each symbol, with a stop that is far away at a price of the symbol."""
    ledger = Ledger()
    day = NOW.date().replace(month=12, day=18)
    for name in _names(symbols):
        call = OptionContract(name, day, OptionRight.CALL, Decimal(100))
        terms = evolve(
            order_terms(f"o-{name}", "1", side=Side.BUY), instrument=call, stop_loss=Decimal(50)
        )
        ledger.intend(terms)
        ledger.trade(terms.order_id, "1", "10")
    return ledger.book


def _monitor(book: Book, feed: AlpacaFeed) -> StopMonitor:
    batches, _ = trio.open_memory_channel[Any](10)
    jobs, _ = trio.open_memory_channel[Any](10)
    clock: Any = _Clock()
    desk = Desk(
        book=book,
        clock=clock,
        channels=DeskChannels.to(batches, jobs),
        published=lambda _committed: None,
        touch=touched_by,
    )
    unused: Any = None
    return StopMonitor(desk, unused, unused, feed.latest, ProtectionPolicy(), 0.1)


def _frames(symbols: int, packed: bool) -> list[bytes]:
    """WebSocket frames as a server sends them, every quote a cent away from the last."""
    names, frames = _names(symbols), []
    framing = FrameProtocol(client=False, extensions=[])
    for first in range(0, QUOTES, A_FRAME):
        rows = [
            _row(names[number % symbols], number, packed)
            for number in range(first, first + A_FRAME)
        ]
        if packed:
            frames.append(framing._serialize_frame(Opcode.BINARY, msgspec.msgpack.encode(rows)))
        else:
            text = b"[" + b",".join(rows) + b"]"
            frames.append(framing._serialize_frame(Opcode.TEXT, text))
    return frames


def _row(name: str, number: int, packed: bool) -> Any:
    # Not a divisor of any number of symbols: every price moves with every quote.
    cents = number % 47
    bid, ask = 100 + cents / 100, 100.02 + cents / 100
    nanoseconds = number * 50
    if packed:
        seconds = _NOW_NS // _SECOND
        stamp = msgspec.msgpack.Ext(-1, (nanoseconds << 34 | seconds).to_bytes(8, "big"))
        quote = {"T": "q", "S": name, "bx": "N", "bp": round(bid, 2), "bs": 100, "ax": "N"}
        return quote | {"ap": round(ask, 2), "as": 200, "c": "A", "t": stamp}
    stamp = f"{NOW:%Y-%m-%dT%H:%M:%S}.{nanoseconds:09}Z"
    return (
        f'{{"T":"q","S":"{name}","bx":"V","bp":{bid:.2f},"bs":100,"ax":"V","ap":{ask:.2f},'
        f'"as":200,"c":["R"],"z":"C","t":"{stamp}"}}'
    ).encode()


def _payloads(connection: Connection, frame: bytes) -> Iterator[str | bytes]:
    connection.receive_data(frame)
    for event in connection.events():
        if isinstance(event, BytesMessage | TextMessage):
            yield event.data if isinstance(event.data, str) else bytes(event.data)


def _decode_cost(frames: list[bytes], packed: bool) -> float:
    connection, reader = Connection(ConnectionType.CLIENT), FrameReader(packed=packed, lasts={})
    began = time.process_time()
    for frame in frames:
        for payload in _payloads(connection, frame):
            for _message in reader.messages(payload):
                pass
    return (time.process_time() - began) / QUOTES * 1e6


async def _whole_cost(symbols: int, packed: bool, *, with_stake: bool) -> float:
    """CPU of this process per quote. Units: microseconds."""
    settings = AlpacaFeedSettings(session=SessionMode.ALWAYS_OPEN)
    clock: Any = _Clock()
    account = AlpacaSettings()
    async with (
        open_feed(settings, account, Environment.PAPER, clock, lambda: 0.5) as feed,
        trio.open_nursery() as nursery,
    ):
        book = _book(symbols)
        monitor, board = _monitor(book, feed), QuoteBoard()
        stake = Stake(book, feed.latest, 5.0)
        stake.follow()
        if with_stake:
            board.listen(stake.quoted)
        board.listen(monitor.quoted)
        feed._publish = board.publish
        feed.tape.need(_names(symbols), trio.current_time())
        await nursery.start(monitor.run)
        reader = FrameReader(packed=packed, lasts=feed.tape.lasts)
        connection, frames = Connection(ConnectionType.CLIENT), _frames(symbols, packed)
        # As in the daemon: what a start has made is not gone through again beside the quotes.
        gc.collect()
        began = time.process_time()
        for frame in frames:
            for payload in _payloads(connection, frame):
                feed.take_in(list(reader.messages(payload)))
            # The monitor wakes, lets others go first, and looks: before the next frame.
            for _turn in range(3):
                await trio.lowlevel.checkpoint()
        spent = time.process_time() - began
        assert board.count == QUOTES, f"{feed.tape.unusable} of {QUOTES} quotes were no prices"
        await _check_that_stops_fire(feed, monitor, _names(symbols)[0])
        nursery.cancel_scope.cancel()
    return spent / QUOTES * 1e6


async def _check_that_stops_fire(feed: AlpacaFeed, monitor: StopMonitor, name: str) -> None:
    """Thrice, because so great a fall is doubted at first."""
    commands = monitor.desk.channels.commands_out
    assert commands.statistics().current_buffer_used == 0
    low = Quote(symbol=name, bid=Decimal(49), ask=Decimal("49.01"), bid_size=1, ask_size=1, at=NOW)
    for number in range(3):
        feed.take_in([evolve(low, at_ns=_NOW_NS + 1_900_000 + number)])
    for _turn in range(3):
        await trio.lowlevel.checkpoint()
    assert commands.statistics().current_buffer_used == 1


def run() -> Iterator[Mapping[str, object]]:
    """Rows of figures."""
    collect_seldom()
    for packed in (False, True):
        first = None
        for symbols in SIZES:
            whole = trio.run(partial(_whole_cost, symbols, packed, with_stake=False))
            with_stake = trio.run(partial(_whole_cost, symbols, packed, with_stake=True))
            decode = _decode_cost(_frames(symbols, packed), packed)
            first = whole if first is None else first
            yield {
                "case": "msgpack" if packed else "JSON",
                "symbols_each_with_a_stop": symbols,
                "microseconds_a_quote": round(whole, 1),
                "of_which_unframing_and_decoding": f"{decode / whole:.0%}",
                "ratio_to_10_symbols": round(whole / first, 2),
                "microseconds_with_sums_at_stake": round(with_stake, 1),
            }
