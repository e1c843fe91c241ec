"""Which figures go with a refusal? What was asked for, what there is, and what is in its way.

Source: docs.alpaca.markets, Orders at Alpaca and Options Trading (error table), 2026-09, and
recorded answers.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from cream.adapters.sandbox.listings import is_over
from cream.adapters.sandbox.replies import Json
from cream.adapters.sandbox.words import dollars, number, symbol, uuid_text
from cream.core.exchange.account import MarkOf
from cream.core.model.broker import BrokerOrder
from cream.core.model.instrument import OptionContract
from cream.core.model.money import ZERO
from cream.core.model.order import OrderStatus, OrderTerms


def buying_power_figures(terms: OrderTerms, buying_power: Decimal, mark_of: MarkOf) -> Json:
    """What the order would cost, and what there is for it."""
    multiplier = terms.legs[0].contract.multiplier if terms.legs else terms.instrument.multiplier
    price = terms.limit_price
    if price is None and terms.legs:
        price = sum((leg.ratio * (mark_of(leg.contract) or ZERO) for leg in terms.legs), ZERO)
    elif price is None:
        price = mark_of(terms.instrument) or ZERO
    cost = abs(price) * terms.quantity * multiplier
    found: Json = {"buying_power": dollars(buying_power), "cost_basis": dollars(cost)}
    if terms.legs or isinstance(terms.instrument, OptionContract):
        found["options_buying_power"] = dollars(buying_power / 2)
    return found


def quantity_figures(
    terms: OrderTerms, held: Decimal, promised: Decimal, orders: Iterable[BrokerOrder]
) -> Json:
    """What is held, what of it is promised, and to which orders."""
    taking = [
        uuid_text(one.broker_order_id)
        for root in orders
        for one in (root, *root.legs)
        if one.instrument == terms.instrument
        and one.side is terms.side
        and one.status is not OrderStatus.HELD
        and not is_over(one)
    ]
    figures: Json = {
        "available": number(held - promised),
        "existing_qty": number(held),
        "held_for_orders": number(abs(promised)),
        "symbol": symbol(terms.instrument),
    }
    return figures | ({"related_orders": taking} if taking else {})


def wash_trade_figures(terms: OrderTerms, orders: Sequence[BrokerOrder]) -> Json:
    """Which order on the other side it could trade with, and what kind of order that is."""
    for one in orders:
        if one.instrument == terms.instrument and one.side is not terms.side:
            word = one.order_type.value.lower().replace("_", " ")
            return {
                "existing_order_id": uuid_text(one.broker_order_id),
                "reject_reason": f"opposite side {word} order exists",
            }
    return {"existing_order_id": "", "reject_reason": ""}
