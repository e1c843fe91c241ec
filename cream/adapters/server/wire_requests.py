"""What does each gRPC request ask for?

One function for each request with content. Each raises CreamError with every problem at once.
"""

from collections.abc import Sequence
from decimal import Decimal

from attrs import evolve
from google.protobuf.message import Message

from cream.adapters.server import values
from cream.adapters.server import wire_enums as enums
from cream.adapters.server.commands import CheckRequest, SubmitRequest, TradingStateRequest
from cream.adapters.server.plan_json import LONGEST_WAIT_SECONDS
from cream.adapters.server.problems import Problems, shown
from cream.adapters.server.requests_json import LONGEST_REASON, MAX_IDS
from cream.adapters.server.wire_constraints import constraints_from_wire
from cream.adapters.server.wire_plan import plan_from_wire
from cream.adapters.server.wire_values import decimal_from_double, instrument_from_wire
from cream.core.model.broker import BrokerPosition
from cream.core.model.instrument import OptionContract
from cream.core.model.money import ZERO
from cream.core.model.order import OrderType
from cream.core.model.plan import DecisionPlan, TimeInForce
from cream.core.model.request import ExecutionParams, PortfolioOverride, SingleOrder
from cream.wire import control_pb2, decision_pb2, execution_pb2

# Symbols in one call: more than any portfolio here holds.
MAX_SYMBOLS = 500

# The text fields of SubmitOrderRequest, which hold decimals, under their names in the model.
_TEXT_PRICES = {
    "stop_price": "stop_price",
    "stop_loss_price": "stop_loss",
    "take_profit_price": "take_profit",
    "trail_price": "trail_price",
    "trail_percent": "trail_percent",
}
_NEEDS_LIMIT = (OrderType.LIMIT, OrderType.STOP_LIMIT)
_NEEDS_STOP = (OrderType.STOP, OrderType.STOP_LIMIT)


def check_request(message: execution_pb2.CheckConstraintsRequest) -> CheckRequest:
    """The plan, and the what-if portfolio and limits where they are given."""
    problems = Problems()
    plan = _plan(message.decision_plan, message.HasField("decision_plan"), problems)
    override = None
    if message.HasField("account_state"):
        override = _override(message, problems)
    asked = None
    if message.HasField("constraints"):
        asked = constraints_from_wire(message.constraints, "constraints", problems)
    problems.raise_any()
    assert plan is not None, "a plan without problems is a plan"
    return CheckRequest(plan=plan, override=override, asked=asked)


def submit_request(message: execution_pb2.SubmitOrdersRequest) -> SubmitRequest:
    """The plan, and how it is to be placed."""
    problems = Problems()
    plan = _plan(message.decision_plan, message.HasField("decision_plan"), problems)
    given = message.execution_params
    params = ExecutionParams(allow_partial=given.allow_partial, session_id=given.session_id)
    if given.session_id:
        values.identifier_value(given.session_id, "execution_params.session_id", problems)
    if message.execution_params.HasField("wait_seconds"):
        path = "execution_params.wait_seconds"
        number = decimal_from_double(message.execution_params.wait_seconds, path, problems)
        wait = values.within(number, path, problems, least=ZERO, most=LONGEST_WAIT_SECONDS)
        if wait is not None:
            params = evolve(params, wait_seconds=float(wait))
    problems.raise_any()
    assert plan is not None, "a plan without problems is a plan"
    return SubmitRequest(plan=plan, params=params)


def _plan(
    message: decision_pb2.DecisionPlan, is_there: bool, problems: Problems
) -> DecisionPlan | None:
    if not is_there:
        problems.add("decision_plan", "is required")
        return None
    return plan_from_wire(message, "decision_plan", problems)


def _override(
    message: execution_pb2.CheckConstraintsRequest, problems: Problems
) -> PortfolioOverride:
    """The portfolio of a what-if.

    Older clients always send the account and often only its equity: a zero that stands for a field
    which was not filled in is not taken for a figure, and no positions means the engine's own.
    """
    account, path = message.account_state, "account_state"
    found = [
        _position(position, f"positions[{index}]", problems)
        for index, position in enumerate(message.positions)
    ]
    positions = tuple(position for position in found if position is not None)
    return PortfolioOverride(
        equity=_figure(account, "equity", path, problems),
        cash=_text_figure(account, "cash", path, problems),
        buying_power=_figure(account, "buying_power", path, problems),
        positions=positions or None,
    )


def _figure(message: Message, name: str, path: str, problems: Problems) -> Decimal | None:
    """A double, or the exact decimal beside it; None for a double of zero."""
    exact = f"exact_{name}"
    if message.HasField(exact):
        return _text_figure(message, exact, path, problems)
    place = f"{path}.{name}"
    number = decimal_from_double(getattr(message, name), place, problems)
    return _amount(number, place, problems) or None


def _text_figure(message: Message, name: str, path: str, problems: Problems) -> Decimal | None:
    if not message.HasField(name):
        return None
    place = f"{path}.{name}"
    return _amount(values.decimal_value(getattr(message, name), place, problems), place, problems)


def _amount(number: Decimal | None, path: str, problems: Problems) -> Decimal | None:
    most = values.LARGEST_AMOUNT
    return values.within(number, path, problems, least=-most, most=most)


def _position(
    message: execution_pb2.Position, path: str, problems: Problems
) -> BrokerPosition | None:
    if not message.HasField("instrument"):
        problems.add(f"{path}.instrument", "is required")
        return None
    instrument = instrument_from_wire(message.instrument, f"{path}.instrument", problems)
    quantity: Decimal | None = Decimal(message.quantity)
    place = f"{path}.quantity"
    if message.HasField("exact_quantity"):
        place = f"{path}.exact_quantity"
        quantity = values.decimal_value(message.exact_quantity, place, problems)
    quantity = values.within(quantity, place, problems, least=-values.LARGEST_NUMBER)
    if isinstance(instrument, OptionContract) and quantity and not values.is_whole(quantity):
        problems.add(place, f"must be whole contracts, was {shown(quantity)}")
    place = f"{path}.avg_entry_price"
    price = decimal_from_double(message.avg_entry_price, place, problems)
    if message.HasField("exact_avg_entry_price"):
        place = f"{path}.exact_avg_entry_price"
        price = values.decimal_value(message.exact_avg_entry_price, place, problems)
    price = values.within(price, place, problems, least=ZERO)
    if instrument is None or quantity is None or price is None:
        return None
    return BrokerPosition(instrument=instrument, quantity=quantity, average_price=price)


def single_order(message: execution_pb2.SubmitOrderRequest) -> SingleOrder:
    """The order."""
    problems = Problems()
    client_order_id = values.identifier_value(message.client_order_id, "client_order_id", problems)
    if message.cycle_id:
        values.identifier_value(message.cycle_id, "cycle_id", problems)
    instrument = None
    if message.HasField("instrument"):
        instrument = instrument_from_wire(message.instrument, "instrument", problems)
    else:
        problems.add("instrument", "is required")
    side = enums.ORDER_SIDE.read(message.side, "side", problems)
    quantity = values.within(Decimal(message.quantity), "quantity", problems, above=ZERO)
    order_type = enums.ORDER_TYPE.read(message.order_type, "order_type", problems)
    time_in_force = enums.TIME_IN_FORCE.read_optional(
        message.time_in_force, "time_in_force", problems
    )
    prices = _order_prices(message, order_type, problems)
    problems.raise_any()
    assert client_order_id is not None, "no problem, no gap"
    assert instrument is not None, "no problem, no gap"
    assert side is not None, "no problem, no gap"
    assert quantity is not None, "no problem, no gap"
    assert order_type is not None, "no problem, no gap"
    return SingleOrder(
        client_order_id=client_order_id,
        cycle_id=message.cycle_id,
        instrument=instrument,
        side=side,
        quantity=quantity,
        order_type=order_type,
        time_in_force=time_in_force or TimeInForce.DAY,
        limit_price=prices["limit_price"],
        stop_price=prices["stop_price"],
        stop_loss=prices["stop_loss"],
        take_profit=prices["take_profit"],
        trail_price=prices["trail_price"],
        trail_percent=prices["trail_percent"],
    )


def _order_prices(
    message: execution_pb2.SubmitOrderRequest, order_type: OrderType | None, problems: Problems
) -> dict[str, Decimal | None]:
    """Every price under its name in the model; those that the type needs or forbids are noted."""
    prices: dict[str, Decimal | None] = {"limit_price": None}
    # As in a plan: a price of zero on an order that has none was only filled in.
    filled_in = message.limit_price == 0 and order_type not in _NEEDS_LIMIT
    if message.HasField("limit_price") and not filled_in:
        number = decimal_from_double(message.limit_price, "limit_price", problems)
        prices["limit_price"] = values.within(number, "limit_price", problems, above=ZERO)
    for name, model_name in _TEXT_PRICES.items():
        prices[model_name] = None
        if message.HasField(name):
            number = values.decimal_value(getattr(message, name), name, problems)
            prices[model_name] = values.within(number, name, problems, above=ZERO)
    if order_type is not None:
        trails = [n for n in ("trail_price", "trail_percent") if message.HasField(n)]
        _belongs("limit_price", prices["limit_price"], order_type, _NEEDS_LIMIT, problems)
        _belongs("stop_price", prices["stop_price"], order_type, _NEEDS_STOP, problems)
        if order_type is OrderType.TRAILING_STOP and len(trails) != 1:
            problems.add("trail_price", "one of trail_price and trail_percent is required")
        if order_type is not OrderType.TRAILING_STOP and trails:
            problems.add(trails[0], f"must not be set for a {order_type.value} order")
    return prices


def _belongs(
    name: str,
    price: Decimal | None,
    order_type: OrderType,
    needing: Sequence[OrderType],
    problems: Problems,
) -> None:
    if problems.concern(name):
        return
    if order_type in needing and price is None:
        problems.add(name, f"is required for a {order_type.value} order")
    if order_type not in needing and price is not None:
        problems.add(name, f"must not be set for a {order_type.value} order")


def order_id(message_id: str) -> str:
    """The id in a request that names one order."""
    problems = Problems()
    found = values.identifier_value(message_id, "order_id", problems)
    problems.raise_any()
    assert found is not None, "no problem, no gap"
    return found


def some_ids(texts: Sequence[str]) -> tuple[str, ...]:
    """The ids in a request that may name any number of orders."""
    problems = Problems()
    if len(texts) > MAX_IDS:
        problems.add("order_ids", f"may have {MAX_IDS} elements, has {len(texts)}")
    for index, text in enumerate(texts[:MAX_IDS]):
        values.identifier_value(text, f"order_ids[{index}]", problems)
    problems.raise_any()
    return tuple(texts)


def symbols(texts: Sequence[str], *, required: bool) -> tuple[str, ...]:
    """The canonical symbols of the instruments that `texts` name."""
    problems = Problems()
    if required and not texts:
        problems.add("symbols", "must name at least one")
    if len(texts) > MAX_SYMBOLS:
        problems.add("symbols", f"may have {MAX_SYMBOLS} elements, has {len(texts)}")
    found = [
        values.instrument_value(text, f"symbols[{index}]", problems)
        for index, text in enumerate(texts[:MAX_SYMBOLS])
    ]
    problems.raise_any()
    return tuple(dict.fromkeys(each.symbol for each in found if each is not None))


def trading_state_request(message: control_pb2.SetTradingStateRequest) -> TradingStateRequest:
    """The state that an operator wants."""
    problems = Problems()
    state = enums.TRADING_STATE.read(message.state, "state", problems)
    _reason(message.reason, problems)
    if message.HasField("actor"):
        values.identifier_value(message.actor, "actor", problems)
    problems.raise_any()
    assert state is not None, "no problem, no gap"
    return TradingStateRequest(
        state=state,
        reason=message.reason,
        actor=message.actor if message.HasField("actor") else None,
        force=message.force,
    )


def reason(text: str) -> str:
    """Why an operator acts; never empty, because the next operator will ask."""
    problems = Problems()
    _reason(text, problems)
    problems.raise_any()
    return text


def _reason(text: str, problems: Problems) -> None:
    values.text_value(text, "reason", problems, longest=LONGEST_REASON)
    if not text.strip():
        problems.add("reason", "must not be empty")
