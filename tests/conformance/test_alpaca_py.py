"""Alpaca's own Python SDK cannot tell the sandbox from the original.

Its clients are pointed at the sandbox and everything that they send and parse is theirs. A payload
that its models refuse would fail here.
"""

import threading
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from alpaca.common.exceptions import APIError
from alpaca.data.historical import OptionHistoricalDataClient, StockHistoricalDataClient
from alpaca.data.live import OptionDataStream, StockDataStream
from alpaca.data.requests import (
    OptionLatestQuoteRequest,
    OptionSnapshotRequest,
    StockLatestQuoteRequest,
    StockLatestTradeRequest,
    StockSnapshotRequest,
)
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import (
    AssetClass,
    OrderClass,
    OrderSide,
    OrderStatus,
    OrderType,
    PositionIntent,
    QueryOrderStatus,
    TimeInForce,
    TradeEvent,
)
from alpaca.trading.models import Order, TradeUpdate
from alpaca.trading.requests import (
    ClosePositionRequest,
    GetCalendarRequest,
    GetOptionContractsRequest,
    GetOrderByIdRequest,
    GetOrdersRequest,
    LimitOrderRequest,
    MarketOrderRequest,
    OptionLegRequest,
    ReplaceOrderRequest,
    StopLimitOrderRequest,
    StopLossRequest,
    StopOrderRequest,
    TakeProfitRequest,
    TrailingStopOrderRequest,
)
from alpaca.trading.stream import TradingStream

from tests.conformance.sandbox_process import Sandbox, sandbox

BUY, SELL, DAY, GTC = OrderSide.BUY, OrderSide.SELL, TimeInForce.DAY, TimeInForce.GTC
NEAR, FAR = "AAPL261218C00240000", "AAPL261218C00250000"


@pytest.fixture(scope="module")
def shared() -> Iterator[Sandbox]:
    with sandbox("--requests-per-minute", "100000", "--cash", "1000000") as one:
        yield one


@pytest.fixture
def venue(shared: Sandbox) -> Iterator[Sandbox]:
    """The sandbox with a flat account and its market where it began."""
    shared.clear()
    shared.quote("AAPL", "238.39", "238.41")
    client = client_of(shared)
    client.cancel_orders()
    client.close_all_positions(cancel_orders=True)
    yield shared
    shared.clear()


@pytest.fixture
def client(venue: Sandbox) -> TradingClient:
    return client_of(venue)


def client_of(one: Sandbox) -> TradingClient:
    return TradingClient("PK-test", "secret", paper=True, url_override=one.url)


def submit(client: TradingClient, request: Any) -> Order:
    order = client.submit_order(request)
    assert isinstance(order, Order)
    return order


def shown(client: TradingClient, order: Order) -> Order:
    found = client.get_order_by_id(order.id, GetOrderByIdRequest(nested=True))
    assert isinstance(found, Order)
    return found


def market(quantity: float = 10, side: OrderSide = BUY, **more: Any) -> MarketOrderRequest:
    return MarketOrderRequest(symbol="AAPL", qty=quantity, side=side, time_in_force=DAY, **more)


def limit(price: float, side: OrderSide = BUY, **more: Any) -> LimitOrderRequest:
    fields = {"symbol": "AAPL", "qty": 10, "time_in_force": DAY} | more
    return LimitOrderRequest(side=side, limit_price=price, **fields)


def bracket(price: float = 238.50) -> LimitOrderRequest:
    return limit(
        price,
        order_class=OrderClass.BRACKET,
        take_profit=TakeProfitRequest(limit_price=253.5),
        stop_loss=StopLossRequest(stop_price=180.5),
    )


def test_account_clock_and_calendar_are_parsed(client: TradingClient, venue: Sandbox) -> None:
    account: Any = client.get_account()
    assert account.account_number == venue.account
    assert Decimal(account.buying_power) > 0
    clock: Any = client.get_clock()
    assert clock.is_open
    days: Any = client.get_calendar(
        GetCalendarRequest(start=date(2026, 11, 25), end=date(2026, 11, 27))
    )
    assert [day.date for day in days] == [date(2026, 11, 25), date(2026, 11, 27)]
    assert days[1].close.hour == 13
    assert client.get_account_configurations() is not None


def test_assets_and_contracts_are_parsed(client: TradingClient) -> None:
    assets: Any = client.get_all_assets()
    assert "AAPL" in [one.symbol for one in assets]
    asset: Any = client.get_asset("AAPL")
    assert (asset.tradable, asset.asset_class) == (True, AssetClass.US_EQUITY)
    page: Any = client.get_option_contracts(
        GetOptionContractsRequest(
            underlying_symbols=["AAPL"],
            expiration_date_gte=date(2026, 12, 18),
            expiration_date_lte=date(2026, 12, 18),
            limit=5,
        )
    )
    assert len(page.option_contracts) == 5
    assert page.next_page_token is not None
    contract: Any = client.get_option_contract(NEAR)
    assert contract.strike_price == 240


def test_a_market_order_is_pending_then_filled(client: TradingClient) -> None:
    order = submit(client, market())
    assert (order.status, order.filled_qty) == (OrderStatus.PENDING_NEW, "0")
    filled = shown(client, order)
    assert (filled.status, filled.filled_avg_price) == (OrderStatus.FILLED, "238.41")
    position: Any = client.get_open_position("AAPL")
    assert (position.qty, position.avg_entry_price) == ("10", "238.41")


@pytest.mark.parametrize(
    ("request_", "kind"),
    [
        (limit(200), OrderType.LIMIT),
        (limit(200, time_in_force=GTC), OrderType.LIMIT),
        (
            StopOrderRequest(symbol="AAPL", qty=1, side=BUY, time_in_force=DAY, stop_price=300),
            OrderType.STOP,
        ),
        (
            StopLimitOrderRequest(
                symbol="AAPL", qty=1, side=BUY, time_in_force=GTC, stop_price=300, limit_price=301
            ),
            OrderType.STOP_LIMIT,
        ),
        (
            TrailingStopOrderRequest(
                symbol="AAPL", qty=1, side=BUY, time_in_force=DAY, trail_percent=5
            ),
            OrderType.TRAILING_STOP,
        ),
    ],
)
def test_every_type_of_order_rests_and_is_cancelled(
    client: TradingClient, request_: Any, kind: OrderType
) -> None:
    order = submit(client, request_)
    assert order.type is kind
    listed: Any = client.get_orders(GetOrdersRequest(status=QueryOrderStatus.OPEN))
    assert [one.id for one in listed] == [order.id]
    client.cancel_order_by_id(order.id)
    assert shown(client, order).status is OrderStatus.CANCELED
    assert client.get_orders() == []


def test_an_order_is_found_by_its_client_id_and_taken_once(client: TradingClient) -> None:
    order = submit(client, limit(200, client_order_id="mine-1"))
    found: Any = client.get_order_by_client_id("mine-1")
    assert found.id == order.id
    with pytest.raises(APIError) as caught:
        submit(client, limit(200, client_order_id="mine-1"))
    assert (caught.value.status_code, caught.value.code) == (422, 40010001)


def test_a_bracket_is_nested_and_its_exits_wake(client: TradingClient) -> None:
    order = submit(client, bracket())
    assert order.order_class is OrderClass.BRACKET
    assert [leg.status for leg in order.legs or []] == [OrderStatus.HELD, OrderStatus.HELD]
    filled = shown(client, order)
    states = {leg.type: leg.status for leg in filled.legs or []}
    assert states == {OrderType.LIMIT: OrderStatus.NEW, OrderType.STOP: OrderStatus.HELD}


def test_a_list_of_open_orders_lacks_what_is_held(client: TradingClient) -> None:
    """As Alpaca's does (js #80, #87): the target alone, and nested nothing at all."""
    submit(client, bracket())
    flat: Any = client.get_orders(GetOrdersRequest(status=QueryOrderStatus.OPEN))
    assert [one.type for one in flat] == [OrderType.LIMIT]
    nested = client.get_orders(GetOrdersRequest(status=QueryOrderStatus.OPEN, nested=True))
    assert nested == []
    every: Any = client.get_orders(
        GetOrdersRequest(status=QueryOrderStatus.ALL, nested=True, limit=1)
    )
    assert len(every[0].legs) == 2


def test_the_exits_end_each_other(client: TradingClient, venue: Sandbox) -> None:
    order = submit(client, bracket())
    venue.quote("AAPL", "253.60", "253.62")
    states = {leg.type: leg.status for leg in shown(client, order).legs or []}
    assert states == {OrderType.LIMIT: OrderStatus.FILLED, OrderType.STOP: OrderStatus.CANCELED}
    assert client.get_all_positions() == []


def test_oto_and_oco_work(client: TradingClient) -> None:
    oto = submit(
        client,
        market(order_class=OrderClass.OTO, stop_loss=StopLossRequest(stop_price=180.5)),
    )
    assert [leg.type for leg in oto.legs or []] == [OrderType.STOP]
    client.cancel_orders()
    oco = submit(
        client,
        limit(
            253.5,
            SELL,
            order_class=OrderClass.OCO,
            take_profit=TakeProfitRequest(limit_price=253.5),
            stop_loss=StopLossRequest(stop_price=180.5),
        ),
    )
    assert (oco.type, oco.order_class) == (OrderType.LIMIT, OrderClass.OCO)
    assert [leg.type for leg in oco.legs or []] == [OrderType.STOP]


def test_an_order_is_replaced_and_the_two_name_each_other(client: TradingClient) -> None:
    order = submit(client, limit(200))
    new: Any = client.replace_order_by_id(
        order.id, ReplaceOrderRequest(qty=5, limit_price=201, client_order_id="mine-2")
    )
    assert (new.qty, new.limit_price, new.client_order_id) == ("5", "201", "mine-2")
    assert (new.replaces, shown(client, order).replaced_by) == (order.id, new.id)
    assert shown(client, order).status is OrderStatus.REPLACED


def test_a_spread_fills_as_one(client: TradingClient, venue: Sandbox) -> None:
    venue.quote(NEAR, "4.30", "4.31")
    venue.quote(FAR, "1.23", "1.24")
    order = submit(
        client,
        LimitOrderRequest(
            qty=2,
            limit_price=3.10,
            time_in_force=DAY,
            order_class=OrderClass.MLEG,
            legs=[
                OptionLegRequest(
                    symbol=NEAR, ratio_qty=1, position_intent=PositionIntent.BUY_TO_OPEN
                ),
                OptionLegRequest(
                    symbol=FAR, ratio_qty=1, position_intent=PositionIntent.SELL_TO_OPEN
                ),
            ],
        ),
    )
    filled = shown(client, order)
    assert (filled.status, filled.filled_avg_price) == (OrderStatus.FILLED, "3.08")
    assert [leg.symbol for leg in filled.legs or []] == [NEAR, FAR]
    positions: Any = client.get_all_positions()
    assert {one.symbol: one.qty for one in positions} == {NEAR: "2", FAR: "-2"}


def test_dollars_and_fractions_buy_parts_of_a_share(client: TradingClient) -> None:
    order = submit(
        client, MarketOrderRequest(symbol="AAPL", notional=100, side=BUY, time_in_force=DAY)
    )
    assert order.qty is None
    assert Decimal(str(shown(client, order).filled_qty)) == Decimal("0.419445493")
    part = submit(client, market(0.5))
    assert shown(client, part).filled_qty == "0.5"
    closed: Any = client.close_position("AAPL")
    assert closed.qty == "0.919445493"


def test_extended_hours_are_for_limit_orders(client: TradingClient) -> None:
    assert submit(client, limit(200, extended_hours=True)).extended_hours
    with pytest.raises(APIError) as caught:
        submit(client, market(extended_hours=True))
    assert caught.value.code == 42210000


def test_positions_are_closed_in_part_and_all_together(client: TradingClient) -> None:
    submit(client, market())
    part: Any = client.close_position("AAPL", ClosePositionRequest(percentage="50"))
    assert part.qty == "5"
    rows: Any = client.close_all_positions(cancel_orders=True)
    assert [row.status for row in rows] == [200]
    with pytest.raises(APIError) as caught:
        client.get_open_position("AAPL")
    assert (caught.value.status_code, caught.value.code) == (404, 40410000)


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        (limit(200.001), 422, 42210000),
        (market(1_000_000), 403, 40310000),
        (limit(200, symbol="ZZZZ"), 422, 42210000),
        (
            MarketOrderRequest(symbol="AAPL", notional=0.5, side=BUY, time_in_force=DAY),
            422,
            40010001,
        ),
    ],
)
def test_a_refusal_has_alpacas_status_and_code(
    client: TradingClient, request_: Any, status: int, code: int
) -> None:
    with pytest.raises(APIError) as caught:
        submit(client, request_)
    assert (caught.value.status_code, caught.value.code) == (status, code)


def test_what_is_held_for_an_order_cannot_be_sold(client: TradingClient) -> None:
    submit(client, market())
    submit(client, limit(300, SELL))
    with pytest.raises(APIError) as caught:
        submit(client, limit(300, SELL))
    assert caught.value.code == 40310000
    assert "insufficient qty" in caught.value.message


def test_a_filled_order_cannot_be_cancelled(client: TradingClient) -> None:
    order = submit(client, market())
    with pytest.raises(APIError) as caught:
        client.cancel_order_by_id(order.id)
    assert (caught.value.status_code, caught.value.code) == (422, 42210000)


def test_quotes_and_snapshots_are_parsed(venue: Sandbox) -> None:
    """With the SDK's clients for market data, of shares and of options."""
    shares = StockHistoricalDataClient("PK-test", "secret", url_override=venue.url)
    quotes: Any = shares.get_stock_latest_quote(StockLatestQuoteRequest(symbol_or_symbols="AAPL"))
    assert (quotes["AAPL"].bid_price, quotes["AAPL"].ask_price) == (238.39, 238.41)
    trades: Any = shares.get_stock_latest_trade(StockLatestTradeRequest(symbol_or_symbols="AAPL"))
    assert trades["AAPL"].price == 238.4
    snapshots: Any = shares.get_stock_snapshot(StockSnapshotRequest(symbol_or_symbols="AAPL"))
    assert snapshots["AAPL"].latest_quote.ask_price == 238.41
    options = OptionHistoricalDataClient("PK-test", "secret", url_override=venue.url)
    option: Any = options.get_option_latest_quote(OptionLatestQuoteRequest(symbol_or_symbols=NEAR))
    assert 0 < option[NEAR].bid_price < option[NEAR].ask_price
    several: Any = options.get_option_snapshot(OptionSnapshotRequest(symbol_or_symbols=NEAR))
    assert several[NEAR].latest_quote.bid_price == option[NEAR].bid_price


@pytest.mark.parametrize("symbol", ["AAPL", NEAR])
def test_the_data_streams_tell_quotes(venue: Sandbox, symbol: str) -> None:
    """In msgpack, with the SDK's own parsing, of shares and of options."""
    heard: list[Any] = []
    done = threading.Event()

    async def note(quote: Any) -> None:
        heard.append(quote)
        done.set()

    url = venue.url.replace("http://", "ws://")
    stream: Any = (
        OptionDataStream("PK-test", "secret", url_override=f"{url}/v1beta1/indicative")
        if symbol == NEAR
        else StockDataStream("PK-test", "secret", url_override=f"{url}/v2/iex")
    )
    stream.subscribe_quotes(note, symbol)
    thread = threading.Thread(target=stream.run, daemon=True)
    thread.start()
    try:
        assert done.wait(30)
    finally:
        stream.stop()
        thread.join(30)
    assert heard[0].symbol == symbol
    assert 0 < heard[0].bid_price < heard[0].ask_price


class Watched(TradingStream):
    """The SDK's stream, which also says when it is live."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.live = threading.Event()

    async def _dispatch(self, msg: Any) -> None:
        await super()._dispatch(msg)
        if msg.get("stream") == "listening":
            self.live.set()


def test_the_stream_tells_the_life_of_an_order(client: TradingClient, venue: Sandbox) -> None:
    """With the SDK's own form of logging in and its own parsing."""
    updates: list[TradeUpdate] = []
    done = threading.Event()
    stream = Watched("PK-test", "secret", paper=True, url_override=venue.stream_url)

    async def note(update: TradeUpdate) -> None:
        updates.append(update)
        if update.event == TradeEvent.FILL:
            done.set()

    stream.subscribe_trade_updates(note)

    thread = threading.Thread(target=stream.run, daemon=True)
    thread.start()
    try:
        assert stream.live.wait(30)
        order = submit(client, market())
        assert done.wait(30)
    finally:
        stream.stop()
        thread.join(30)
    assert [one.event for one in updates] == [
        TradeEvent.PENDING_NEW,
        TradeEvent.NEW,
        TradeEvent.FILL,
    ]
    last: Any = updates[-1]
    assert (last.order.id, last.price, last.qty, last.position_qty) == (order.id, 238.41, 10, 10)


def test_an_option_is_exercised_by_symbol(client: TradingClient, venue: Sandbox) -> None:
    submit(client, MarketOrderRequest(symbol=NEAR, qty=1, side=BUY, time_in_force=DAY))
    client.exercise_options_position(NEAR)
    held = {one["symbol"]: one["qty"] for one in venue.book()["positions"]}
    assert held == {"AAPL": "100"}
    with pytest.raises(APIError) as refused:
        client.exercise_options_position(NEAR)
    assert (refused.value.status_code, refused.value.code) == (403, 40310000)
