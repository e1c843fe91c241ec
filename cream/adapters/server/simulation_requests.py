"""What is asked of the simulation, in either format?

Each function raises CreamError with every problem at once.
"""

from collections.abc import Sequence
from decimal import Decimal

from cream.adapters.server import values
from cream.adapters.server.commands import FaultRequest, QuoteRequest
from cream.adapters.server.json_reader import ObjectReader
from cream.adapters.server.problems import Problems, shown
from cream.adapters.server.requests_json import LONGEST_REASON
from cream.adapters.server.strict_json import Json, JsonObject, decode
from cream.adapters.server.wire_values import json_from_struct, json_number
from cream.core.model.errors import CreamError
from cream.core.model.money import ZERO
from cream.core.operations import Operations, Simulation
from cream.wire import simulation_pb2

# What a displayed size is where the call does not say.
DEFAULT_QUOTE_SIZE = 1_000
_LARGEST_QUOTE_SIZE = 10**9
# A disconnect longer than a day is a stop of the daemon.
_LONGEST_DISCONNECT_SECONDS = Decimal(86_400)
# Parameters of a simulated fault.
_MAX_FAULT_PARAMETERS = 50


def levers(operations: Operations) -> Simulation:
    """What is pulled.   Raises: CreamError NOT_IN_SIMULATION with a real broker."""
    simulation = operations.simulation
    if simulation is None:
        raise CreamError("NOT_IN_SIMULATION", "the simulated broker is not active")
    return simulation


def quote_request(body: bytes) -> QuoteRequest:
    """The body of POST /v1/simulation/quote."""
    return _quote(decode(body))


def quote_from_wire(message: simulation_pb2.SetQuoteRequest) -> QuoteRequest:
    """The same, over gRPC."""
    given = JsonObject(symbol=message.symbol, bid=message.bid, ask=message.ask)
    for size in ("bid_size", "ask_size"):
        if message.HasField(size):
            given[size] = getattr(message, size)
    return _quote(given)


def _quote(given: Json) -> QuoteRequest:
    problems = Problems()
    keys = ("symbol", "bid", "ask", "bid_size", "ask_size")
    reader = ObjectReader(given, "", problems, keys)
    reader.require("symbol", "bid", "ask")
    instrument = reader.instrument("symbol")
    bid = values.within(reader.decimal("bid"), "bid", problems, least=ZERO)
    ask = values.within(reader.decimal("ask"), "ask", problems, above=ZERO)
    bid_size = reader.whole("bid_size", least=0, most=_LARGEST_QUOTE_SIZE)
    ask_size = reader.whole("ask_size", least=0, most=_LARGEST_QUOTE_SIZE)
    if bid is not None and ask is not None and bid > ask:
        problems.add("bid", f"must not be above the ask, was {shown(bid)}")
    problems.raise_any()
    assert instrument is not None, "no problem, no gap"
    assert bid is not None, "no problem, no gap"
    assert ask is not None, "no problem, no gap"
    return QuoteRequest(
        instrument=instrument,
        bid=bid,
        ask=ask,
        bid_size=DEFAULT_QUOTE_SIZE if bid_size is None else bid_size,
        ask_size=DEFAULT_QUOTE_SIZE if ask_size is None else ask_size,
    )


def disconnect_request(body: bytes) -> float:
    """The seconds, from the body of POST /v1/simulation/disconnect."""
    return _seconds(decode(body))


def disconnect_from_wire(message: simulation_pb2.DisconnectRequest) -> float:
    """The same, over gRPC."""
    absent = not message.HasField("seconds")
    return _seconds(JsonObject() if absent else JsonObject(seconds=json_number(message.seconds)))


def _seconds(given: Json) -> float:
    problems = Problems()
    reader = ObjectReader(given, "", problems, ("seconds",))
    reader.require("seconds")
    seconds = values.within(
        reader.decimal("seconds"),
        "seconds",
        problems,
        least=ZERO,
        most=_LONGEST_DISCONNECT_SECONDS,
    )
    problems.raise_any()
    assert seconds is not None, "no problem, no gap"
    return float(seconds)


def fault_request(body: bytes) -> FaultRequest:
    """The body of POST /v1/simulation/fault: a name, and parameters that the fault knows."""
    return _fault(decode(body))


def fault_from_wire(message: simulation_pb2.SetFaultRequest) -> FaultRequest:
    """The same, over gRPC, where the parameters stand by themselves."""
    given = json_from_struct(message.parameters)
    if "name" in given:
        given.duplicates = ("name",)
    given["name"] = message.name
    return _fault(given)


def _fault(given: Json) -> FaultRequest:
    problems = Problems()
    keys: Sequence[str] = list(given) if isinstance(given, JsonObject) else []
    reader = ObjectReader(given, "", problems, keys)
    reader.require("name")
    name = reader.identifier("name")
    if len(keys) > _MAX_FAULT_PARAMETERS:
        problems.add("", f"may have {_MAX_FAULT_PARAMETERS} keys, has {len(keys)}")
        keys = []
    parameters = {key: _parameter(reader, key) for key in keys if key != "name"}
    problems.raise_any()
    assert name is not None, "no problem, no gap"
    return FaultRequest(name=name, parameters=parameters)


def _parameter(reader: ObjectReader, key: str) -> object:
    """A switch, a word or a number; a list of words or numbers."""
    value = reader.raw(key)
    if isinstance(value, list):
        return [_scalar(item, reader.at(f"{key}[{i}]"), reader) for i, item in enumerate(value)]
    return _scalar(value, reader.at(key), reader)


def _scalar(value: Json, path: str, reader: ObjectReader) -> object:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return values.text_value(value, path, reader.problems, longest=LONGEST_REASON)
    number = values.decimal_value(value, path, reader.problems)
    if number is None:
        return None
    return int(number) if values.is_whole(number) else float(number)
