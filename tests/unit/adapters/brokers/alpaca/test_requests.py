from decimal import Decimal

import pytest
from attrs import evolve

from cream.adapters.brokers.alpaca.requests import (
    NewOrder,
    Replacement,
    new_order,
    order_body,
    replace_body,
    symbol_text,
)
from cream.core.model.instrument import Equity
from cream.core.model.order import OrderClass, OrderTerms, OrderType, Side
from cream.core.model.plan import PositionIntent, TimeInForce
from tests.fakes.venue_lab import bracket, call, leg, oco, spread, terms


def body(order: OrderTerms) -> dict[str, object]:
    return dict(order_body(new_order(order)))


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (terms(), {"type": "market"}),
        (terms(limit="238.50"), {"type": "limit", "limit_price": "238.50"}),
        (terms(stop="238.50"), {"type": "stop", "stop_price": "238.50"}),
        (
            terms(stop="238.50", limit="239.00"),
            {"type": "stop_limit", "stop_price": "238.50", "limit_price": "239.00"},
        ),
        (
            terms(order_type=OrderType.TRAILING_STOP, trail_price="1.50"),
            {"type": "trailing_stop", "trail_price": "1.50"},
        ),
        (
            terms(order_type=OrderType.TRAILING_STOP, trail_percent="2.5"),
            {"type": "trailing_stop", "trail_percent": "2.5"},
        ),
    ],
)
def test_each_type_has_its_prices_and_no_others(
    order: OrderTerms, expected: dict[str, object]
) -> None:
    common = {
        "client_order_id": order.client_order_id,
        "symbol": "AAPL",
        "side": "buy",
        "qty": "10",
        "time_in_force": "day",
        "order_class": "simple",
    }
    assert body(order) == common | expected


def test_a_bracket_carries_both_exits() -> None:
    sent = body(bracket(tif=TimeInForce.GTC))
    assert sent["order_class"] == "bracket"
    assert sent["time_in_force"] == "gtc"
    assert sent["take_profit"] == {"limit_price": "253.50"}
    assert sent["stop_loss"] == {"stop_price": "228.50"}


@pytest.mark.parametrize(
    ("target", "stop", "has", "lacks"),
    [("253.50", None, "take_profit", "stop_loss"), (None, "228.50", "stop_loss", "take_profit")],
)
def test_an_oto_carries_one_exit(
    target: str | None, stop: str | None, has: str, lacks: str
) -> None:
    order = terms(order_class=OrderClass.OTO, take_profit=target, stop_loss=stop)
    sent = body(order)
    assert has in sent
    assert lacks not in sent


def test_the_limit_of_an_oco_is_its_target() -> None:
    sent = body(oco())
    assert (sent["type"], sent["side"], sent["order_class"]) == ("limit", "sell", "oco")
    assert sent["take_profit"] == {"limit_price": "253.50"}
    assert "limit_price" not in sent


def test_levels_that_cream_watches_itself_are_not_sent() -> None:
    sent = body(terms(take_profit="253.50", stop_loss="228.50"))
    assert "take_profit" not in sent
    assert "stop_loss" not in sent


def test_a_spread_has_legs_with_intents_and_no_side_of_its_own() -> None:
    """A credit is a negative limit; ratios are counts, the side says the rest."""
    sent = body(spread((leg(call("240"), -2), leg(call("250"), 1)), "3", "-1.25"))
    assert (sent["order_class"], sent["qty"], sent["limit_price"]) == ("mleg", "3", "-1.25")
    assert "symbol" not in sent
    assert "side" not in sent
    assert sent["legs"] == [
        {
            "symbol": "AAPL261218C00240000",
            "ratio_qty": "2",
            "side": "sell",
            "position_intent": "sell_to_open",
        },
        {
            "symbol": "AAPL261218C00250000",
            "ratio_qty": "1",
            "side": "buy",
            "position_intent": "buy_to_open",
        },
    ]


def test_an_option_is_named_without_blanks_and_with_its_intent() -> None:
    order = terms(symbol=call("240").symbol, intent=PositionIntent.BUY_TO_OPEN)
    sent = body(order)
    assert sent["symbol"] == "AAPL261218C00240000"
    assert sent["position_intent"] == "buy_to_open"
    assert symbol_text(Equity("BRK.B")) == "BRK.B"


def test_a_quantity_is_written_in_plain_digits() -> None:
    assert body(terms(quantity="0.000000001"))["qty"] == "0.000000001"
    assert body(evolve(terms(), quantity=Decimal("1E+3")))["qty"] == "1000"


def test_extended_hours_are_asked_for_only_if_wanted() -> None:
    order = terms(limit="238.50")
    assert order_body(new_order(order, extended_hours=True))["extended_hours"] is True
    assert "extended_hours" not in order_body(new_order(order))


def test_an_order_in_dollars_has_no_quantity() -> None:
    sent = order_body(
        NewOrder(
            client_order_id="c",
            order_type=OrderType.MARKET,
            time_in_force=TimeInForce.DAY,
            instrument=Equity("AAPL"),
            side=Side.BUY,
            notional=Decimal("10.50"),
        )
    )
    assert sent["notional"] == "10.50"
    assert "qty" not in sent


def test_a_stop_loss_may_have_a_limit() -> None:
    order = evolve(new_order(bracket()), stop_loss_limit=Decimal("228.00"))
    assert order_body(order)["stop_loss"] == {"stop_price": "228.50", "limit_price": "228.00"}


def test_a_replacement_says_what_changes_and_names_the_new_order() -> None:
    change = Replacement(
        client_order_id="cream-2",
        quantity=Decimal(5),
        limit_price=Decimal("238.10"),
        time_in_force=TimeInForce.GTC,
    )
    assert replace_body(change) == {
        "client_order_id": "cream-2",
        "qty": "5",
        "limit_price": "238.10",
        "time_in_force": "gtc",
    }
    trail = replace_body(Replacement(client_order_id="cream-3", trail=Decimal("1.5")))
    assert trail == {"client_order_id": "cream-3", "trail": "1.5"}
