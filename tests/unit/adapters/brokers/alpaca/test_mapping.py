from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from cream.adapters.brokers.alpaca.document import SchemaMismatch, decode_json, read, read_list
from cream.adapters.brokers.alpaca.mapping import (
    account_figures,
    broker_order,
    broker_position,
    execution,
    execution_id,
    side_of,
)
from cream.adapters.brokers.alpaca.models import (
    AlpacaAccount,
    AlpacaActivity,
    AlpacaOrder,
    AlpacaPosition,
)
from cream.core.exchange.alpaca_status import STATUS_BY_WORD
from cream.core.model.broker import BrokerOrder
from cream.core.model.instrument import Equity, OptionContract
from cream.core.model.order import OrderClass, OrderStatus, OrderType, Side
from cream.core.model.plan import TimeInForce
from tests.unit.adapters.brokers.alpaca.payloads import payload

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)


def shown(**changes: Any) -> BrokerOrder:
    raw = {
        "id": "a",
        "client_order_id": "c",
        "status": "new",
        "symbol": "AAPL",
        "side": "buy",
        "type": "limit",
        "qty": "10",
        "limit_price": "238.50",
        "time_in_force": "day",
        "order_class": "",
        "submitted_at": "2026-11-23T15:00:00.123456789Z",
    }
    return broker_order(read(AlpacaOrder, raw | changes))


def recorded(name: str, *keys: str) -> BrokerOrder:
    raw: Any = decode_json(payload(name))
    for key in keys:
        raw = raw[key]
    return broker_order(read(AlpacaOrder, raw))


def test_a_plain_order_is_shown_in_our_words() -> None:
    order = shown()
    assert (order.broker_order_id, order.client_order_id) == ("a", "c")
    assert (order.instrument, order.side, order.quantity) == (Equity("AAPL"), Side.BUY, 10)
    assert (order.order_type, order.order_class) == (OrderType.LIMIT, OrderClass.SIMPLE)
    assert (order.time_in_force, order.limit_price) == (TimeInForce.DAY, Decimal("238.50"))
    assert order.submitted_at == order.updated_at == NOW.replace(microsecond=123456)


@pytest.mark.parametrize("word", STATUS_BY_WORD)
def test_every_documented_status_has_its_meaning(word: str) -> None:
    order = shown(status=word)
    assert (order.status, order.raw_status) == (STATUS_BY_WORD[word], word)


def test_a_status_that_nobody_knows_moves_nothing_and_is_kept() -> None:
    """Never guessed at."""
    order = shown(status="teleported")
    assert (order.status, order.raw_status) == (None, "teleported")


def test_an_order_names_its_neighbours_in_a_chain_of_replacements() -> None:
    order = shown(status="replaced", replaced_by="b", replaces=None)
    assert (order.replaced_by, order.replaces) == ("b", None)
    assert shown(replaces="a").replaces == "a"


def test_a_bracket_is_shown_with_its_exits() -> None:
    order = recorded("constructed/bracket_nested_timeline.json", "t0_post_response")
    assert order.order_class is OrderClass.BRACKET
    target, stop = order.legs
    assert (target.order_type, target.limit_price) == (OrderType.LIMIT, Decimal("92"))
    assert (stop.order_type, stop.stop_price) == (OrderType.STOP, Decimal("84"))
    assert {target.status, stop.status} == {OrderStatus.HELD}
    assert {target.side, stop.side} == {Side.SELL}


def test_of_an_oco_the_target_is_the_parent() -> None:
    order = recorded("constructed/oco_nested.json")
    assert (order.order_class, order.order_type) == (OrderClass.OCO, OrderType.LIMIT)
    assert [one.order_type for one in order.legs] == [OrderType.STOP]


def test_a_spread_is_on_its_underlying_and_its_legs_are_signed() -> None:
    order = recorded("openapi/MultilegOptionsOrderResponse.json")
    assert (order.instrument, order.side) == (Equity("AAPL"), Side.BUY)
    assert (order.order_class, order.average_price) == (OrderClass.MLEG, Decimal("1.28"))
    bought, sold = order.legs
    assert (bought.ratio, sold.ratio) == (3, -1)
    assert (bought.side, sold.side) == (Side.BUY, Side.SELL)
    assert isinstance(bought.instrument, OptionContract)
    assert {one.order_type for one in order.legs} == {OrderType.LIMIT}


def test_a_crypto_order_of_a_stranger_is_visible() -> None:
    order = recorded("openapi/CryptoOrderResponse.json")
    assert isinstance(order.instrument, Equity)


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"limit_price": None}, OrderType.MARKET),
        ({}, OrderType.LIMIT),
        ({"limit_price": None, "stop_price": "1"}, OrderType.STOP),
        ({"stop_price": "1"}, OrderType.STOP_LIMIT),
    ],
)
def test_a_type_that_nobody_knows_is_taken_from_the_prices(
    changes: dict[str, Any], kind: OrderType
) -> None:
    assert shown(type="iceberg", **changes).order_type is kind


def test_other_words_that_nobody_knows_do_not_hide_the_order() -> None:
    order = shown(order_class="ladder", time_in_force="gtx")
    assert (order.order_class, order.time_in_force) == (OrderClass.SIMPLE, TimeInForce.GTC)


def test_a_group_of_an_unknown_class_keeps_its_legs() -> None:
    leg = {"id": "b", "client_order_id": "d", "status": "held", "symbol": "AAPL", "side": "sell"}
    leg |= {"created_at": "2026-11-23T15:00:00Z", "qty": "10"}
    assert shown(order_class="ladder", legs=[leg]).order_class is OrderClass.BRACKET


def test_an_order_in_dollars_is_as_large_as_what_it_filled() -> None:
    assert shown(qty=None, notional="100", filled_qty="0.42").quantity == Decimal("0.42")


@pytest.mark.parametrize(
    "changes", [{"side": "hold"}, {"submitted_at": None}, {"symbol": ""}, {"qty": "x"}]
)
def test_what_must_be_known_and_is_not_is_a_mismatch(changes: dict[str, Any]) -> None:
    with pytest.raises(SchemaMismatch):
        shown(**changes)


@pytest.mark.parametrize("changes", [{"qty": "-1"}, {"filled_qty": "-1"}])
def test_a_quantity_below_zero_is_a_mismatch(changes: dict[str, Any]) -> None:
    with pytest.raises(SchemaMismatch, match="below zero"):
        shown(**changes)


def test_a_short_position_is_negative_however_it_is_written() -> None:
    raw: dict[str, Any] = {"symbol": "AAPL", "avg_entry_price": "238", "side": "short"}
    for quantity in ("10", "-10"):
        held = broker_position(read(AlpacaPosition, raw | {"qty": quantity}))
        assert held.quantity == -10
    long = broker_position(read(AlpacaPosition, raw | {"qty": "10", "side": "long"}))
    assert (long.quantity, long.average_price) == (10, 238)


def test_recorded_positions_are_all_shown() -> None:
    positions = read_list(
        AlpacaPosition, decode_json(payload("alpaca-py-tests/positions_list.json"))
    )
    assert [broker_position(one).quantity for one in positions] == [one.qty for one in positions]


def account(**changes: Any) -> AlpacaAccount:
    raw = {"account_number": "PA1", "cash": "10", "equity": "20", "buying_power": "40"}
    return read(AlpacaAccount, raw | changes)


def test_the_account_is_shown_with_what_it_lacks_left_out() -> None:
    figures = account_figures(account(options_trading_level=2, initial_margin="5"), NOW)
    assert (figures.account_id, figures.cash, figures.equity) == ("PA1", 10, 20)
    assert (figures.buying_power, figures.margin_used, figures.options_level) == (40, 5, 2)
    assert (figures.last_equity, figures.day_trade_count, figures.as_of) == (20, 0, NOW)


@pytest.mark.parametrize("flag", ["trading_blocked", "account_blocked", "trade_suspended_by_user"])
def test_an_account_that_may_not_trade_has_no_buying_power(flag: str) -> None:
    figures = account_figures(account(**{flag: True}), NOW)
    assert (figures.buying_power, figures.shorting_enabled) == (0, False)


def fill(**changes: Any) -> AlpacaActivity:
    raw = {
        "id": "20261123100000000::0a",
        "activity_type": "FILL",
        "order_id": "o",
        "symbol": "AAPL",
        "side": "sell_short",
        "qty": "4",
        "cum_qty": "10.0",
        "price": "238.41",
        "transaction_time": "2026-11-23T15:00:00Z",
    }
    return read(AlpacaActivity, raw | changes)


def test_an_execution_is_named_by_its_order_and_what_was_filled_after_it() -> None:
    one = execution(fill(), "parent")
    assert one.execution_id == execution_id("o", Decimal(10)) == "o/10"
    assert (one.broker_order_id, one.side) == ("parent", Side.SELL)
    assert (one.quantity, one.price, one.executed_at) == (4, Decimal("238.41"), NOW)


def test_without_a_running_total_the_row_names_its_execution() -> None:
    assert execution(fill(cum_qty=None), "o").execution_id == "20261123100000000::0a"


@pytest.mark.parametrize("name", ["qty", "price", "transaction_time"])
def test_a_fill_without_its_figures_is_a_mismatch(name: str) -> None:
    with pytest.raises(SchemaMismatch, match="fill"):
        execution(fill(**{name: None}), "o")


@pytest.mark.parametrize("changes", [{"qty": "0"}, {"qty": "-2"}, {"price": "-1"}])
def test_a_fill_of_nothing_or_for_less_than_nothing_is_a_mismatch(changes: dict[str, Any]) -> None:
    with pytest.raises(SchemaMismatch, match="fill"):
        execution(fill(**changes), "b")


def test_a_side_that_is_none_is_a_mismatch() -> None:
    with pytest.raises(SchemaMismatch):
        side_of("")
