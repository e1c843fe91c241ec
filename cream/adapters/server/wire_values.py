"""How do single values cross the wire: doubles, times, instruments, free structures?"""

from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal

from google.protobuf.struct_pb2 import Struct, Value
from google.protobuf.timestamp_pb2 import Timestamp

from cream.adapters.server import values
from cream.adapters.server.problems import Problems, shown
from cream.adapters.server.strict_json import Json, JsonObject, NotFinite
from cream.adapters.server.wire_enums import OPTION_TYPE
from cream.core.model.instrument import Equity, Instrument, OptionContract
from cream.core.model.money import decimal_from_float
from cream.wire import common_pb2

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST_NANOS = 999_999_999
_LARGEST_INT32 = 2**31 - 1
# Whole numbers up to this size are exact in a double.
_LARGEST_EXACT_INTEGER = 2.0**53
# An OCC strike has five digits before the point and three behind it.
_LARGEST_STRIKE = Decimal(100_000)
_STRIKE_PLACES = 3


def decimal_from_double(number: float, path: str, problems: Problems) -> Decimal | None:
    """The decimal that a double stands for: its shortest text, or None with a note."""
    try:
        exact = decimal_from_float(number)
    except ValueError:
        problems.add(path, f"must be a finite number, was {number}")
        return None
    return values.decimal_value(exact, path, problems)


def instant_from_wire(stamp: Timestamp, path: str, problems: Problems) -> datetime | None:
    """The moment in UTC; digits beyond microseconds are dropped, as everywhere."""
    if not 0 <= stamp.nanos <= _LARGEST_NANOS:
        problems.add(f"{path}.nanos", f"must be from 0 to {_LARGEST_NANOS}, was {stamp.nanos}")
        return None
    try:
        return _EPOCH + timedelta(seconds=stamp.seconds, microseconds=stamp.nanos // 1000)
    except OverflowError:
        problems.add(f"{path}.seconds", f"is not a time that exists, was {stamp.seconds}")
        return None


def wire_instant(moment: datetime) -> Timestamp:
    """The moment as the wire has it."""
    since = moment - _EPOCH
    return Timestamp(seconds=since.days * 86_400 + since.seconds, nanos=since.microseconds * 1_000)


def wire_nanoseconds(nanoseconds: int) -> Timestamp:
    """The moment, since 1970 in UTC, as the wire has it."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return Timestamp(seconds=seconds, nanos=rest)


def wire_quantity(quantity: Decimal) -> int:
    """The whole units of a quantity; its decimal travels beside it."""
    whole = int(quantity.to_integral_value(ROUND_DOWN))
    return max(-_LARGEST_INT32, min(_LARGEST_INT32, whole))


def json_from_struct(struct: Struct) -> JsonObject:
    """A free structure as JSON would have brought it."""
    return JsonObject({key: _json_from_value(value) for key, value in struct.fields.items()})


def _json_from_value(value: Value) -> Json:
    kind = value.WhichOneof("kind")
    if kind == "number_value":
        return json_number(value.number_value)
    if kind == "string_value":
        return value.string_value
    if kind == "bool_value":
        return value.bool_value
    if kind == "struct_value":
        return json_from_struct(value.struct_value)
    if kind == "list_value":
        return [_json_from_value(element) for element in value.list_value.values]
    return None


def json_number(number: float) -> Json:
    """A number as JSON would have brought it."""
    try:
        exact = decimal_from_float(number)
    except ValueError:
        return NotFinite(str(number))
    whole = number.is_integer() and abs(number) <= _LARGEST_EXACT_INTEGER
    return int(number) if whole else exact


def instrument_from_wire(
    message: common_pb2.Instrument, path: str, problems: Problems
) -> Instrument | None:
    """The instrument, whose symbol, type and contract must say the same thing."""
    kind = message.instrument_type
    if kind == common_pb2.INSTRUMENT_TYPE_EQUITY:
        return _equity(message, path, problems)
    if kind == common_pb2.INSTRUMENT_TYPE_OPTION:
        return _option(message, path, problems)
    was = "unspecified" if not kind else f"the number {kind}"
    problems.add(f"{path}.instrument_type", f"must be one of EQUITY, OPTION; was {was}")
    return None


def _equity(message: common_pb2.Instrument, path: str, problems: Problems) -> Instrument | None:
    symbol = values.instrument_value(message.instrument_id, f"{path}.instrument_id", problems)
    if message.HasField("option_contract"):
        problems.add(f"{path}.option_contract", "must not be set for an EQUITY")
        return None
    if isinstance(symbol, OptionContract):
        problems.add(f"{path}.instrument_type", "is EQUITY, but instrument_id names an option")
        return None
    return symbol


def _option(message: common_pb2.Instrument, path: str, problems: Problems) -> Instrument | None:
    if not message.HasField("option_contract"):
        problems.add(f"{path}.option_contract", "is required for an OPTION")
        return None
    contract = contract_from_wire(message.option_contract, f"{path}.option_contract", problems)
    if contract is None or not message.instrument_id:
        return contract
    place = f"{path}.instrument_id"
    named = values.instrument_value(message.instrument_id, place, problems)
    if named is not None and named != contract:
        problems.add(place, f"names {shown(named.symbol)}, the contract {shown(contract.symbol)}")
        return None
    return contract


def contract_from_wire(
    message: common_pb2.OptionContract, path: str, problems: Problems
) -> OptionContract | None:
    """The contract that the four fields describe."""
    underlying = values.instrument_value(message.underlying, f"{path}.underlying", problems)
    if isinstance(underlying, OptionContract):
        problems.add(f"{path}.underlying", "must be a ticker")
        underlying = None
    expiration = _expiration(message.expiration, f"{path}.expiration", problems)
    strike = _strike(message.strike, f"{path}.strike", problems)
    right = OPTION_TYPE.read(message.option_type, f"{path}.option_type", problems)
    if underlying is None or expiration is None or strike is None or right is None:
        return None
    contract = OptionContract(underlying.symbol, expiration, right, strike)
    # What the symbol cannot say is not listed: a root that is too long, an adjusted contract.
    named = values.instrument_value(contract.symbol, path, problems)
    return named if isinstance(named, OptionContract) else None


def _expiration(text: str, path: str, problems: Problems) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        problems.add(path, f"must be a day such as 2026-12-18, was {shown(text)}")
        return None
    return day


def _strike(number: float, path: str, problems: Problems) -> Decimal | None:
    strike = decimal_from_double(number, path, problems)
    if strike is None:
        return None
    if not 0 < strike < _LARGEST_STRIKE or values.places(strike) > _STRIKE_PLACES:
        problems.add(path, f"must be above 0, below 100000, to the tenth of a cent; was {strike}")
        return None
    return strike


def wire_instrument(instrument: Instrument) -> common_pb2.Instrument:
    """The instrument as the wire has it."""
    match instrument:
        case Equity(symbol):
            return common_pb2.Instrument(
                instrument_id=symbol, instrument_type="INSTRUMENT_TYPE_EQUITY"
            )
        case OptionContract(underlying, expiration, right, strike):
            return common_pb2.Instrument(
                instrument_id=instrument.symbol,
                instrument_type="INSTRUMENT_TYPE_OPTION",
                option_contract=common_pb2.OptionContract(
                    underlying=underlying,
                    expiration=expiration.isoformat(),
                    strike=float(strike),
                    option_type=OPTION_TYPE.name(right),
                ),
            )
