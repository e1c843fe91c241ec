"""What do Alpaca's orders, positions and figures mean here?

Nothing that Alpaca shows may be invisible because a word in it is new: an unknown status is None,
which moves nothing and is asked about; an unknown type is taken from the prices; a symbol that is
neither share nor option stands for itself. Each such case is logged.

Executions are named by what is certain on the stream and in the account's history alike: the order
and how much of it was filled once the execution had happened. The two give ids of their own to the
same execution, and one that is booked under both would be booked twice.
"""

from datetime import datetime
from decimal import Decimal

import structlog

from cream.adapters.brokers.alpaca.document import SchemaMismatch, Stamp
from cream.adapters.brokers.alpaca.models import (
    AlpacaAccount,
    AlpacaActivity,
    AlpacaOrder,
    AlpacaPosition,
)
from cream.core.exchange.alpaca_status import order_status
from cream.core.model.account import Account
from cream.core.model.broker import BrokerOrder, BrokerPosition, Execution
from cream.core.model.instrument import Equity, Instrument, OptionContract
from cream.core.model.money import ZERO, decimal_text
from cream.core.model.order import OrderClass, OrderStatus, OrderType, Side
from cream.core.model.plan import TimeInForce
from cream.core.options.occ import parse_instrument

log = structlog.get_logger(__name__)

_TYPES = {kind.value.lower(): kind for kind in OrderType}
_CLASSES = {kind.value.lower(): kind for kind in OrderClass} | {"": OrderClass.SIMPLE}
_TIFS = {tif.value.lower(): tif for tif in TimeInForce}
_SIDES = {side.value.lower(): side for side in Side}


def broker_order(order: AlpacaOrder) -> BrokerOrder:
    """The order as Cream knows orders, with its exits or legs.

    Raises: SchemaMismatch where it has no time, or a quantity below zero.
    """
    if order.filled_qty < 0 or (order.qty is not None and order.qty < 0):
        raise SchemaMismatch("$.qty", f"order {order.id} has a quantity below zero")
    spread = order.order_class == "mleg"
    limit, stop = order.limit_price, order.stop_price
    legs = tuple(_leg(order, leg) if spread else broker_order(leg) for leg in order.legs)
    submitted = _first(order.submitted_at, order.created_at)
    return BrokerOrder(
        broker_order_id=order.id,
        client_order_id=order.client_order_id,
        instrument=_instrument_of(order, legs),
        # A spread has no side of its own, whatever is written there.
        side=Side.BUY if spread and order.legs else _side(order),
        order_type=_order_type(order.order_type, limit, stop),
        order_class=_order_class(order),
        time_in_force=_time_in_force(order.time_in_force),
        status=_status(order),
        raw_status=order.status,
        quantity=_quantity(order),
        filled=order.filled_qty,
        average_price=order.filled_avg_price,
        limit_price=limit,
        stop_price=stop,
        submitted_at=submitted,
        updated_at=order.updated_at.at if order.updated_at is not None else submitted,
        ratio=_ratio(order),
        replaces=order.replaces or None,
        replaced_by=order.replaced_by or None,
        legs=legs,
    )


def _leg(parent: AlpacaOrder, leg: AlpacaOrder) -> BrokerOrder:
    """The leg of a spread: its type is left empty, and is its parent's."""
    limit, stop = parent.limit_price, parent.stop_price
    shown = broker_order(leg)
    kind = _order_type(leg.order_type or parent.order_type, limit, stop)
    return BrokerOrder(
        **{name: getattr(shown, name) for name in _KEPT_OF_LEG},
        order_type=kind,
        ratio=_ratio(leg),
    )


_KEPT_OF_LEG = (
    "broker_order_id",
    "client_order_id",
    "instrument",
    "side",
    "order_class",
    "time_in_force",
    "status",
    "raw_status",
    "quantity",
    "filled",
    "average_price",
    "submitted_at",
    "updated_at",
)


def instrument(symbol: str) -> Instrument:
    """What `symbol` names. What is neither share nor standard option stands for itself."""
    try:
        return parse_instrument(symbol)
    except ValueError:
        log.warning("alpaca.symbol_unknown", symbol=symbol)
        return Equity(symbol)


def broker_position(position: AlpacaPosition) -> BrokerPosition:
    """The holding, negative where it is short, however it is written."""
    short = position.side == "short"
    return BrokerPosition(
        instrument=instrument(position.symbol),
        quantity=-abs(position.qty) if short else position.qty,
        average_price=position.avg_entry_price,
    )


def account_figures(account: AlpacaAccount, now: datetime) -> Account:
    """The figures. An account that may not trade has no buying power."""
    blocked = account.trading_blocked or account.account_blocked or account.trade_suspended_by_user
    if blocked:
        log.error("alpaca.account_blocked", account=account.account_number, status=account.status)
    level = account.options_trading_level
    return Account(
        account_id=account.account_number,
        equity=account.equity,
        cash=account.cash,
        buying_power=ZERO if blocked else account.buying_power,
        margin_used=account.initial_margin or account.maintenance_margin or ZERO,
        last_equity=account.equity if account.last_equity is None else account.last_equity,
        as_of=now,
        shorting_enabled=account.shorting_enabled and not blocked,
        options_level=int(level) if level is not None else 0,
        day_trade_count=int(account.daytrade_count or 0),
    )


def execution(activity: AlpacaActivity, broker_order_id: str) -> Execution:
    """The execution that a FILL row tells of, under `broker_order_id`.

    Raises: SchemaMismatch.
    """
    quantity, price, at = activity.qty, activity.price, activity.transaction_time
    if quantity is None or price is None or at is None:
        raise SchemaMismatch("$", f"fill {activity.id} has no quantity, price or time")
    if quantity <= 0 or price < 0:
        raise SchemaMismatch("$", f"fill {activity.id} is of {quantity} at {price}")
    cumulative = activity.cum_qty
    return Execution(
        execution_id=(
            execution_id(activity.order_id, cumulative) if cumulative is not None else activity.id
        ),
        broker_order_id=broker_order_id,
        instrument=instrument(activity.symbol),
        side=side_of(activity.side),
        quantity=quantity,
        price=price,
        executed_at=at.at,
    )


def execution_id(order_id: str, cumulative: Decimal) -> str:
    """The name of the execution with which `cumulative` of the order `order_id` were filled."""
    return f"{order_id}/{decimal_text(cumulative.normalize())}"


def side_of(word: str) -> Side:
    """The side. A short sale is a sale (the history says `sell_short`).   Raises: SchemaMismatch"""
    side = _SIDES.get(word.removesuffix("_short"))
    if side is None:
        raise SchemaMismatch("$.side", f"is neither buy nor sell but {word!r}")
    return side


def _side(order: AlpacaOrder) -> Side:
    return side_of(order.side)


def _first(*stamps: Stamp | None) -> datetime:
    for stamp in stamps:
        if stamp is not None:
            return stamp.at
    raise SchemaMismatch("$.submitted_at", "is missing, and so is created_at")


def _status(order: AlpacaOrder) -> OrderStatus | None:
    status = order_status(order.status)
    if status is None:
        log.warning("alpaca.status_unknown", order=order.id, status=order.status)
    return status


def _quantity(order: AlpacaOrder) -> Decimal:
    """How many. An order in dollars has no quantity; what it filled is known in the end."""
    return order.filled_qty if order.qty is None else order.qty


def _instrument_of(order: AlpacaOrder, legs: tuple[BrokerOrder, ...]) -> Instrument:
    """The instrument; of a spread its underlying."""
    if order.symbol:
        return instrument(order.symbol)
    for leg in legs:
        if isinstance(leg.instrument, OptionContract):
            return Equity(leg.instrument.underlying)
    raise SchemaMismatch("$.symbol", f"order {order.id} has neither symbol nor legs")


def _order_type(word: str, limit: Decimal | None, stop: Decimal | None) -> OrderType:
    known = _TYPES.get(word)
    if known is not None:
        return known
    if word:
        log.warning("alpaca.order_type_unknown", order_type=word)
    if stop is not None:
        return OrderType.STOP if limit is None else OrderType.STOP_LIMIT
    return OrderType.MARKET if limit is None else OrderType.LIMIT


def _order_class(order: AlpacaOrder) -> OrderClass:
    known = _CLASSES.get(order.order_class)
    if known is None:
        log.warning("alpaca.order_class_unknown", order=order.id, order_class=order.order_class)
        return OrderClass.BRACKET if order.legs else OrderClass.SIMPLE
    return known


def _time_in_force(word: str) -> TimeInForce:
    known = _TIFS.get(word)
    if known is None:
        # The longest-lived, so that it is never taken for one that ends by itself.
        log.warning("alpaca.time_in_force_unknown", time_in_force=word)
        return TimeInForce.GTC
    return known


def _ratio(order: AlpacaOrder) -> int | None:
    """Signed, as ratios are here: negative sells."""
    if order.ratio_qty is None:
        return None
    return int(order.ratio_qty) * _side(order).sign
