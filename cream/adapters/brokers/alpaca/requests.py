"""How is an order written for Alpaca? All numbers as texts, and no field that does not belong.

`NewOrder` has everything that Alpaca's order form has; `new_order` fills it from the terms that
Cream decided. What a combination means is not checked here: that is `core/exchange/alpaca_rules`.

Source: Alpaca Trading API v2, POST and PATCH /v2/orders, 2026-06.
"""

from collections.abc import Mapping
from decimal import Decimal

from attrs import frozen

from cream.core.model.instrument import Instrument, OptionContract
from cream.core.model.money import decimal_text
from cream.core.model.order import OrderClass, OrderLeg, OrderTerms, OrderType, Side
from cream.core.model.plan import PositionIntent, TimeInForce
from cream.core.options.occ import compact

Body = Mapping[str, object]


@frozen(kw_only=True)
class NewOrder:
    """One order form. Exactly one of `quantity` and `notional`; a spread has no symbol and side.

    Units: shares, contracts or spreads; dollars. `limit_price` of a spread is net: positive is a
    debit, negative a credit.
    """

    client_order_id: str
    order_type: OrderType
    time_in_force: TimeInForce
    order_class: OrderClass = OrderClass.SIMPLE
    instrument: Instrument | None = None
    side: Side | None = None
    quantity: Decimal | None = None
    notional: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail_price: Decimal | None = None
    trail_percent: Decimal | None = None
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    stop_loss_limit: Decimal | None = None
    position_intent: PositionIntent | None = None
    extended_hours: bool = False
    legs: tuple[OrderLeg, ...] = ()


@frozen(kw_only=True)
class Replacement:
    """What is to change of an order. `quantity` is the new total, filled part included.

    `client_order_id` is that of the order that takes its place.
    """

    client_order_id: str
    quantity: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail: Decimal | None = None
    time_in_force: TimeInForce | None = None


def new_order(terms: OrderTerms, *, extended_hours: bool = False) -> NewOrder:
    """The form for `terms`. Levels of orders without exits are Cream's to watch and stay here."""
    spread = terms.order_class is OrderClass.MLEG
    exits = terms.order_class in (OrderClass.BRACKET, OrderClass.OTO, OrderClass.OCO)
    oco = terms.order_class is OrderClass.OCO
    return NewOrder(
        client_order_id=terms.client_order_id,
        order_type=terms.order_type,
        time_in_force=terms.time_in_force,
        order_class=terms.order_class,
        instrument=None if spread else terms.instrument,
        side=None if spread else terms.side,
        quantity=terms.quantity,
        # The limit of an OCO is its target.
        limit_price=None if oco else terms.limit_price,
        stop_price=terms.stop_price,
        trail_price=terms.trail_price,
        trail_percent=terms.trail_percent,
        take_profit=terms.limit_price if oco else terms.take_profit if exits else None,
        stop_loss=terms.stop_loss if exits else None,
        position_intent=terms.position_intent,
        extended_hours=extended_hours,
        legs=terms.legs,
    )


def order_body(order: NewOrder) -> Body:
    """The JSON object of POST /v2/orders."""
    body: dict[str, object] = {
        "client_order_id": order.client_order_id,
        "type": order.order_type.value.lower(),
        "time_in_force": order.time_in_force.value.lower(),
        "order_class": order.order_class.value.lower(),
    }
    if order.instrument is not None:
        body["symbol"] = symbol_text(order.instrument)
    if order.side is not None:
        body["side"] = order.side.value.lower()
    if order.position_intent is not None:
        body["position_intent"] = order.position_intent.value
    if order.extended_hours:
        body["extended_hours"] = True
    numbers = {
        "qty": order.quantity,
        "notional": order.notional,
        "limit_price": order.limit_price,
        "stop_price": order.stop_price,
        "trail_price": order.trail_price,
        "trail_percent": order.trail_percent,
    }
    body |= _texts(numbers)
    if order.take_profit is not None:
        body["take_profit"] = _texts({"limit_price": order.take_profit})
    if order.stop_loss is not None:
        levels = {"stop_price": order.stop_loss, "limit_price": order.stop_loss_limit}
        body["stop_loss"] = _texts(levels)
    if order.legs:
        body["legs"] = [_leg(leg) for leg in order.legs]
    return body


def replace_body(replacement: Replacement) -> Body:
    """The JSON object of PATCH /v2/orders/{id}."""
    body: dict[str, object] = {"client_order_id": replacement.client_order_id}
    if replacement.time_in_force is not None:
        body["time_in_force"] = replacement.time_in_force.value.lower()
    numbers = {
        "qty": replacement.quantity,
        "limit_price": replacement.limit_price,
        "stop_price": replacement.stop_price,
        "trail": replacement.trail,
    }
    return body | _texts(numbers)


def symbol_text(instrument: Instrument) -> str:
    """The symbol as Alpaca writes it: options without blanks."""
    return compact(instrument) if isinstance(instrument, OptionContract) else instrument.symbol


def _leg(leg: OrderLeg) -> Body:
    return {
        "symbol": compact(leg.contract),
        "ratio_qty": str(abs(leg.ratio)),
        "side": leg.side.value.lower(),
        "position_intent": leg.intent.value,
    }


def _texts(numbers: Mapping[str, Decimal | None]) -> dict[str, object]:
    return {name: decimal_text(value) for name, value in numbers.items() if value is not None}
