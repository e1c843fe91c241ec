"""Which options does a caller ask for, over gRPC or in a query?"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal

from cream.adapters.server import values
from cream.adapters.server import wire_enums as enums
from cream.adapters.server.problems import Problems, shown
from cream.adapters.server.queries import known_keys
from cream.adapters.server.wire_values import decimal_from_double
from cream.core.model.instrument import Equity, OptionRight
from cream.core.model.money import ZERO
from cream.core.options.chain import ChainFilter
from cream.wire import market_snapshot_pb2

# Days in one request: more than any underlying has expirations.
MAX_EXPIRATIONS = 100
# More contracts than any underlying has.
LARGEST_LIMIT = 100_000

# What a query may say, and whether it may say it more than once.
_KEYS = {
    "underlying": False,
    "expiration": True,
    "type": False,
    "min_strike": False,
    "max_strike": False,
    "limit": False,
}


def chain_from_wire(message: market_snapshot_pb2.GetOptionChainRequest) -> ChainFilter:
    """The filter of a GetOptionChain.   Raises: CreamError INVALID_REQUEST."""
    problems = Problems()
    right = enums.OPTION_TYPE.read_optional(message.option_type, "option_type", problems)
    limit = None
    if message.limit:
        limit = values.whole_value(message.limit, "limit", problems, least=1, most=LARGEST_LIMIT)

    def strike(name: str) -> Decimal | None:
        if not message.HasField(name):
            return None
        return decimal_from_double(getattr(message, name), name, problems)

    expirations = list(message.expirations)
    return _filter(message.underlying, expirations, "expirations", right, strike, limit, problems)


def chain_from_query(given: Iterable[tuple[str, Sequence[str]]]) -> ChainFilter:
    """The filter of a query, its keys with their values.   Raises: CreamError INVALID_REQUEST."""
    problems = Problems()
    found = known_keys(given, _KEYS, problems)
    right = limit = None
    if "type" in found:
        right = values.choice_value(found["type"][0].upper(), "type", problems, OptionRight)
    if "limit" in found:
        limit = values.whole_value(
            found["limit"][0], "limit", problems, least=1, most=LARGEST_LIMIT
        )

    def strike(name: str) -> Decimal | None:
        return values.decimal_value(found[name][0], name, problems) if name in found else None

    underlying = found["underlying"][0] if "underlying" in found else ""
    expirations = found.get("expiration", ())
    return _filter(underlying, expirations, "expiration", right, strike, limit, problems)


def _filter(
    underlying: str,
    expirations: Sequence[str],
    name: str,
    right: OptionRight | None,
    strike: Callable[[str], Decimal | None],
    limit: int | None,
    problems: Problems,
) -> ChainFilter:
    symbol = _underlying(underlying, problems)
    days = _days(expirations, name, problems)
    least = values.within(strike("min_strike"), "min_strike", problems, least=ZERO)
    most = values.within(strike("max_strike"), "max_strike", problems, least=ZERO)
    if least is not None and most is not None and least > most:
        problems.add("min_strike", f"must not be above max_strike, was {shown(least)}")
    problems.raise_any()
    return ChainFilter(
        underlying=symbol,
        expirations=days,
        right=right,
        min_strike=least,
        max_strike=most,
        limit=limit,
    )


def _underlying(text: str, problems: Problems) -> str:
    if not text:
        problems.add("underlying", "is required")
        return ""
    named = values.instrument_value(text, "underlying", problems)
    if named is not None and not isinstance(named, Equity):
        problems.add("underlying", "must be a ticker, not an option")
    return "" if named is None else named.symbol


def _days(texts: Sequence[str], name: str, problems: Problems) -> tuple[date, ...]:
    if len(texts) > MAX_EXPIRATIONS:
        problems.add(name, f"may have {MAX_EXPIRATIONS} elements, has {len(texts)}")
    days: dict[date, None] = {}
    for text in texts[:MAX_EXPIRATIONS]:
        day = values.day_value(text, name, problems)
        if day is not None:
            days[day] = None
    return tuple(days)
