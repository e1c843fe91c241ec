"""What does a client ask for? Order forms and changes to orders, read as Alpaca reads them."""

from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal, InvalidOperation
from enum import Enum
from typing import TypeVar

from attrs import frozen

from cream.adapters.sandbox.refusals import LOOK_IT_UP, Refusal, unprocessable
from cream.core.exchange.market_view import VenueMarket
from cream.core.exchange.matching import far_price
from cream.core.model.instrument import Equity, Instrument, OptionContract
from cream.core.model.money import is_within_reason
from cream.core.model.order import (
    OrderClass,
    OrderLeg,
    OrderPurpose,
    OrderTerms,
    OrderType,
    Side,
)
from cream.core.model.plan import PositionIntent, TimeInForce
from cream.core.options.occ import parse_instrument

E = TypeVar("E", bound=Enum)

_FRACTION = Decimal("0.000000001")
_LEAST_NOTIONAL = Decimal(1)
_ALL = Decimal(100)
# Digits before or zeros behind the point: more than any share costs, or than there are of it.
_MOST_PLACES = 15
# How much of what makes no sense is said again.
_SHOWN = 40

Body = Mapping[str, object]


@frozen(kw_only=True)
class Form:
    """An order form: the order, and what is only shown again."""

    terms: OrderTerms
    extended_hours: bool = False
    notional: Decimal | None = None


@frozen(kw_only=True)
class Change:
    """What a PATCH asks for."""

    client_order_id: str | None = None
    quantity: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail: Decimal | None = None
    time_in_force: TimeInForce | None = None


def read_form(body: Body, own_id: str, market: VenueMarket) -> Form:
    """The order that `body` asks for; `own_id` is its client id if it has none.

    Raises: Refusal.
    """
    order_class = _word(OrderClass, body, "order_class", OrderClass.SIMPLE)
    legs = tuple(_leg(leg) for leg in _rows(body, "legs"))
    spread = order_class is OrderClass.MLEG
    if spread and not legs:
        raise unprocessable("mleg orders require legs")
    instrument: Instrument
    instrument = Equity(legs[0].contract.underlying) if spread else _instrument(body)
    side = Side.BUY if spread else _word(Side, body, "side", None)
    take_profit = _number(_table(body, "take_profit"), "limit_price")
    limit = _number(body, "limit_price")
    if order_class is OrderClass.OCO:
        limit = limit if limit is not None else take_profit
    notional = _number(body, "notional")
    intent = body.get("position_intent")
    client_id = body.get("client_order_id")
    terms = OrderTerms(
        order_id="sandbox",
        client_order_id=client_id if isinstance(client_id, str) and client_id else own_id,
        plan_id="sandbox",
        cycle_id="sandbox",
        decision_id="sandbox",
        instrument=instrument,
        side=side,
        order_type=_word(OrderType, body, "type", None),
        order_class=order_class,
        time_in_force=_word(TimeInForce, body, "time_in_force", None),
        quantity=_quantity(body, notional, instrument, side, market),
        purpose=OrderPurpose.EXIT if order_class is OrderClass.OCO else OrderPurpose.ENTRY,
        limit_price=limit,
        stop_price=_number(body, "stop_price"),
        trail_price=_number(body, "trail_price"),
        trail_percent=_number(body, "trail_percent"),
        take_profit=take_profit,
        stop_loss=_number(_table(body, "stop_loss"), "stop_price"),
        position_intent=_intent(intent) if intent else None,
        legs=legs,
    )
    extended = body.get("extended_hours") is True
    if extended:
        _check_extended(terms)
    return Form(terms=terms, extended_hours=extended, notional=notional)


def read_change(body: Body) -> Change:
    """What a PATCH with `body` asks for.   Raises: Refusal."""
    client_id, tif = body.get("client_order_id"), body.get("time_in_force")
    return Change(
        client_order_id=client_id if isinstance(client_id, str) and client_id else None,
        quantity=_number(body, "qty"),
        limit_price=_number(body, "limit_price"),
        stop_price=_number(body, "stop_price"),
        trail=_number(body, "trail"),
        time_in_force=_word(TimeInForce, body, "time_in_force", None) if tif else None,
    )


def closing_body(held: Body, quantity: str | None, percentage: str | None) -> dict[str, object]:
    """The form of an order that closes all of a holding, so many of it, or a share of it.

    Raises: Refusal.
    """
    whole = abs(Decimal(str(held["qty"])))
    share, part = (
        _number({"percentage": percentage}, "percentage"),
        _number({"qty": quantity}, "qty"),
    )
    if share is not None and part is not None:
        raise unprocessable("only one of qty or percentage is accepted")
    if share is not None:
        if not 0 < share <= _ALL:
            raise unprocessable("percentage must be above 0 and at most 100")
        whole = (whole * share / _ALL).quantize(_FRACTION, ROUND_DOWN).normalize()
    elif part is not None:
        whole = part
    return {
        "symbol": held["symbol"],
        "qty": whole,
        "side": "sell" if held["side"] == "long" else "buy",
        "type": "market",
        "time_in_force": "day",
    }


def read_symbol(text: str) -> Instrument:
    """What `text` names.   Raises: Refusal."""
    try:
        return parse_instrument(text)
    except ValueError:
        raise unprocessable(f'asset "{text}" not found') from None


def read_contract(text: str) -> OptionContract:
    """The option that `text` names.   Raises: Refusal."""
    try:
        instrument = parse_instrument(text)
    except ValueError:
        instrument = None
    if not isinstance(instrument, OptionContract):
        raise unprocessable("invalid symbol")
    return instrument


def _check_extended(terms: OrderTerms) -> None:
    fitting = terms.order_type is OrderType.LIMIT and terms.order_class is OrderClass.SIMPLE
    if isinstance(terms.instrument, OptionContract):
        raise unprocessable("extended hours is not supported for options trading")
    if not fitting or terms.time_in_force not in (TimeInForce.DAY, TimeInForce.GTC):
        raise unprocessable("extended hours order must be DAY or GTC limit orders")


def _quantity(
    body: Body, notional: Decimal | None, instrument: Instrument, side: Side, market: VenueMarket
) -> Decimal:
    quantity = _number(body, "qty")
    if notional is None:
        if quantity is None:
            raise unprocessable("qty or notional is required")
        return quantity
    if quantity is not None:
        raise Refusal(400, 40010000, "only one of qty or notional is accepted")
    if notional < _LEAST_NOTIONAL:
        raise Refusal(422, LOOK_IT_UP, "notional must be >= 1.00")
    if isinstance(instrument, OptionContract):
        raise unprocessable("notional orders are not supported for options trading")
    price = far_price(market.latest(instrument.symbol), side)
    if price is None:
        raise unprocessable(f"there is no price for {instrument.symbol}")
    return (notional / price).quantize(_FRACTION, ROUND_DOWN).normalize()


def _leg(raw: object) -> OrderLeg:
    if not isinstance(raw, Mapping):
        raise unprocessable("legs must be objects")
    contract = _instrument(raw)
    if not isinstance(contract, OptionContract):
        text = "equity legs are allowed only with a corresponding amount of call contracts"
        raise unprocessable(text)
    if not raw.get("position_intent"):
        raise unprocessable("leg position intent is required")
    ratio = _number(raw, "ratio_qty")
    if ratio is None or ratio != ratio.to_integral_value():
        raise unprocessable("ratio_qty must be a whole number")
    intent = _intent(raw["position_intent"])
    side = _word(Side, raw, "side", Side.BUY if intent.value.startswith("buy") else Side.SELL)
    return OrderLeg(contract, int(ratio) * side.sign, intent)


def _instrument(body: Body) -> Instrument:
    text = body.get("symbol")
    if not isinstance(text, str) or not text:
        raise unprocessable("symbol is required")
    return read_symbol(text)


def _intent(word: object) -> PositionIntent:
    try:
        return PositionIntent(word)
    except ValueError:
        raise unprocessable(f"invalid position_intent: {word}") from None


def _word(words: type[E], body: Body, name: str, default: E | None) -> E:
    text = body.get(name)
    if text in (None, "") and default is not None:
        return default
    for word in words:
        if isinstance(text, str) and word.value.lower() == text.lower():
            return word
    raise unprocessable(f"invalid {name}" if text else f"{name} is required")


def _number(body: Body, name: str) -> Decimal | None:
    """A number, given as a text or as a number of the document."""
    raw = body.get(name)
    if raw is None or raw == "":
        return None
    try:
        value = Decimal(raw) if isinstance(raw, str | int | Decimal) else Decimal("NaN")
    except InvalidOperation:
        value = Decimal("NaN")
    if not is_within_reason(value, _MOST_PLACES):
        raise Refusal(422, 40010000, f"invalid {name}: {str(raw)[:_SHOWN]}")
    return value


def _table(body: Body, name: str) -> Body:
    raw = body.get(name)
    return raw if isinstance(raw, Mapping) else {}


def _rows(body: Body, name: str) -> list[object]:
    raw = body.get(name)
    return raw if isinstance(raw, list) else []
