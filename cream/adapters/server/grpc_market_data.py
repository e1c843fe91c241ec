"""How are the calls of cream.v1.MarketDataService answered?"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import trio

from cream.adapters.server import wire_requests as requests
from cream.adapters.server.chain_requests import chain_from_wire
from cream.adapters.server.chain_views import chain_message, option_message
from cream.adapters.server.ending import run_until
from cream.adapters.server.grpc_edge import request_of
from cream.adapters.server.grpc_execution import stream_error
from cream.adapters.server.option_stream import options_of, streamed
from cream.adapters.server.timeframes import timeframes_value
from cream.adapters.server.wire_market_views import bar_message, quote_message, snapshot_message
from cream.core.model.errors import CreamError, FieldProblem
from cream.core.model.market import Quote
from cream.core.model.plan import Environment
from cream.core.operations import Operations, StreamEnd
from cream.core.options.chain import OptionRow
from cream.wire import market_snapshot_pb2
from cream.wire.market_snapshot_grpc import MarketDataServiceBase


class MarketDataService(MarketDataServiceBase):
    """Prices and chains, as the daemon's feed has them. The simulated market has no bars."""

    def __init__(
        self,
        operations: Operations,
        *,
        environment: Environment,
        now: Callable[[], datetime],
        shutdown: trio.Event,
    ) -> None:
        self._operations = operations
        self._environment = environment
        self._now = now
        self._shutdown = shutdown

    async def GetSnapshot(self, stream: Any) -> None:  # noqa: N802 - the contract's name
        """The latest quotes, days and bars; what is not known of a symbol is left out."""
        request = await request_of(stream)
        if not self._operations.offers_bars:
            _refuse(include_bars=request.include_bars, bar_timeframes=request.bar_timeframes)
        symbols = requests.symbols(request.symbols, required=False)
        timeframes = timeframes_value(request.bar_timeframes, "bar_timeframes")
        if request.include_bars and not timeframes:
            timeframes = (1,)
        views = await self._operations.symbols(symbols, timeframes)
        status = self._operations.market_status()
        snapshot = snapshot_message(views, self._environment, status, self._now())
        await stream.send_message(market_snapshot_pb2.GetSnapshotResponse(snapshot=snapshot))

    async def SubscribeMarketData(self, stream: Any) -> None:  # noqa: N802 - the contract's name
        """The latest quotes, then every newer one, also of options, and bars, for as long as asked.

        A caller who reads slowly is sent the newest of each symbol, and holds nothing up.
        """
        request = await request_of(stream)
        bars = () if self._operations.offers_bars else request.bar_timeframes
        _refuse(bar_timeframes=bars)
        symbols = requests.symbols(request.symbols, required=True)
        timeframes = timeframes_value(request.bar_timeframes, "bar_timeframes")
        options: Mapping[str, OptionRow] = {}
        if request.include_options:
            options = await options_of(self._operations, symbols)
        turn = trio.Lock()

        async def send_bars() -> None:
            async with self._operations.bars(symbols, timeframes) as bars:
                async for bar in bars:
                    async with turn:
                        await stream.send_message(_update(bar=bar_message(bar)))

        def told(quote: Quote) -> market_snapshot_pb2.SubscribeMarketDataResponse:
            row = options.get(quote.symbol)
            if row is None:
                return _update(quote=quote_message(quote))
            return _update(option_quote=streamed(row, quote, self._now()))

        async with self._operations.quotes([*symbols, *options]) as quotes:
            latest = [self._operations.quote(symbol) for symbol in symbols]
            first = {quote.symbol: quote for quote in latest if quote is not None}

            async def send_all() -> None:
                for quote in list(first.values()):
                    async with turn:
                        await stream.send_message(told(quote))
                for symbol, row in options.items():
                    async with turn:
                        await stream.send_message(_update(option_quote=option_message(row)))
                    if row.listed.quote is not None:
                        first[symbol] = row.listed.quote
                async for quote in quotes:
                    if first.pop(quote.symbol, None) != quote:
                        async with turn:
                            await stream.send_message(told(quote))

            async def send_both() -> None:
                async with trio.open_nursery() as nursery:
                    if timeframes:
                        nursery.start_soon(send_bars)
                    await send_all()

            await run_until(self._shutdown, send_both)
        # Quotes never end by themselves: who reads slowly skips some.
        raise stream_error(StreamEnd.STOPPING)

    async def GetOptionChain(self, stream: Any) -> None:  # noqa: N802 - the contract's name
        """Listed options with quotes, volatilities and Greeks."""
        wanted = chain_from_wire(await request_of(stream))
        chain = await chain_message(await self._operations.option_chain(wanted))
        await stream.send_message(market_snapshot_pb2.GetOptionChainResponse(chain=chain))


# What a caller who asks for one of these is to do instead.
_NOT_OFFERED = {
    "include_bars": "the simulated market has no bars; leave it out",
    "bar_timeframes": "the simulated market has no bars; leave it empty",
}


def _refuse(**asked: object) -> None:
    """Raises: CreamError UNIMPLEMENTED, naming each field that asks for what is not offered.

    Quotes without the bars that were asked for would look like a market without trades.
    """
    problems = [FieldProblem(name, _NOT_OFFERED[name]) for name, value in asked.items() if value]
    if problems:
        names = ", ".join(each.field for each in problems)
        raise CreamError("UNIMPLEMENTED", f"This version does not serve {names}", *problems)


def _update(**part: Any) -> market_snapshot_pb2.SubscribeMarketDataResponse:
    return market_snapshot_pb2.SubscribeMarketDataResponse(**part)
