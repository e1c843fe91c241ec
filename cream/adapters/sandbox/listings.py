"""Which orders does a listing show, and in which order? With what Alpaca leaves out.

A list of open orders lacks what is held: of a bracket whose entry has filled it shows the target
alone, and nothing at all if it is asked for nested. Clients that rely on such a list lose stops, so
the sandbox must not be better than the original.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from itertools import islice

from attrs import frozen

from cream.adapters.sandbox.refusals import Refusal, unprocessable
from cream.adapters.sandbox.words import symbol, uuid_text, whole
from cream.core.exchange.alpaca_status import VenueStatus
from cream.core.exchange.venue import Venue
from cream.core.model.broker import BrokerOrder
from cream.core.model.instrument import OptionContract
from cream.core.model.order import OrderClass, OrderStatus

DEFAULT_LIMIT, MAX_LIMIT = 50, 500


@frozen(kw_only=True)
class Query:
    """The parameters of a listing."""

    status: str = "open"
    nested: bool = False
    limit: int = DEFAULT_LIMIT
    ascending: bool = False
    after: datetime | None = None
    until: datetime | None = None
    before_id: str | None = None
    after_id: str | None = None
    symbols: frozenset[str] = frozenset()
    side: str | None = None
    asset_classes: frozenset[str] = frozenset()


def read_query(arguments: Mapping[str, str]) -> Query:
    """The query that the arguments ask for.   Raises: Refusal."""
    status = arguments.get("status", "open")
    if status not in ("open", "closed", "all"):
        raise unprocessable(f"invalid status: {status}")
    limit = whole(arguments.get("limit", str(DEFAULT_LIMIT)))
    if limit is None or not 1 <= limit <= MAX_LIMIT:
        raise unprocessable(f"limit must be from 1 to {MAX_LIMIT}")
    before, after = arguments.get("before_order_id"), arguments.get("after_order_id")
    timed = "after" in arguments or "until" in arguments
    if (before and after) or ((before or after) and timed):
        raise Refusal(422, 42210000, "order ids and times cannot be combined")
    symbols = arguments.get("symbols", "")
    return Query(
        status=status,
        nested=is_true(arguments.get("nested")),
        limit=limit,
        ascending=arguments.get("direction", "desc") == "asc",
        after=read_time(arguments.get("after"), "after"),
        until=read_time(arguments.get("until"), "until"),
        before_id=before or None,
        after_id=after or None,
        symbols=_listed(symbols),
        side=arguments.get("side") or None,
        asset_classes=_listed(arguments.get("asset_class", "")),
    )


def _listed(text: str) -> frozenset[str]:
    return frozenset(one for one in text.split(",") if one)


def is_true(text: str | None) -> bool:
    """Whether an argument says yes."""
    return (text or "").lower() in ("true", "1", "t")


def read_time(text: str | None, name: str) -> datetime | None:
    """A moment of an argument; a day alone is its beginning.   Raises: Refusal."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
        if moment.tzinfo is None:
            return moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise unprocessable(f"invalid {name}: {text}") from None


def read_day(text: str | None) -> date | None:
    """A day of an argument, whatever time it has as well.   Raises: Refusal."""
    try:
        return date.fromisoformat(text[:10]) if text else None
    except ValueError:
        raise unprocessable(f"invalid date: {text}") from None


def flat_rows(roots: Iterable[BrokerOrder]) -> Iterator[BrokerOrder]:
    """Every order by itself, newest first as the `roots` are.

    Legs of spreads are shown with their parent alone.
    """
    for root in roots:
        if root.order_class is not OrderClass.MLEG:
            yield from reversed(root.legs)
        yield root


def page_of(venue: Venue, query: Query, before: str | None) -> list[BrokerOrder]:
    """The page that is asked for; `before` is the venue's own name for `before_id`."""
    # A page may begin at an order that has closed since. Where the newest come first, what was on
    # the pages before need not be made again.
    start = None if query.ascending else before
    from_the_end = start is None and (query.before_id or query.after_id)
    open_only = query.status == "open" and not from_the_end
    roots = venue.newest_first(open_only=open_only, start=start)
    return paged(roots if query.nested else flat_rows(roots), query)


def paged(rows: Iterable[BrokerOrder], query: Query) -> list[BrokerOrder]:
    """One page of what fits, newest first unless it is asked for otherwise. Bounds are exclusive.

    `rows` are newest first, and read no further than to the end of the page. A parent is shown if
    it fits, whatever its legs do: a closed one takes its open legs along.
    """
    ordered = reversed(list(rows)) if query.ascending else rows
    for bound, later in ((query.before_id, False), (query.after_id, True)):
        if bound is not None:
            ordered = _beyond(ordered, bound, later is query.ascending)
    return list(islice((one for one in ordered if _fits(one, query)), query.limit))


def _beyond(rows: Iterable[BrokerOrder], bound: str, behind: bool) -> Iterator[BrokerOrder]:
    """What stands behind (or before) the order `bound`; nothing where that is not listed."""
    before: list[BrokerOrder] = []
    rest = iter(rows)
    for one in rest:
        if uuid_text(one.broker_order_id) == bound:
            return rest if behind else iter(before)
        before.append(one)
    return iter(())


def _fits(order: BrokerOrder, query: Query) -> bool:
    if query.symbols and not query.symbols & _symbols(order):
        return False
    if query.asset_classes and not query.asset_classes & _asset_classes(order):
        return False
    if query.after is not None and order.submitted_at <= query.after:
        return False
    if query.until is not None and order.submitted_at >= query.until:
        return False
    if query.side is not None and order.side.value.lower() != query.side:
        return False
    match query.status:
        case "all":
            return True
        case "open":
            return not is_over(order) and order.status is not OrderStatus.HELD
        case _:
            return is_over(order)


def is_over(order: BrokerOrder) -> bool:
    """Whether the order can trade no more. One that was replaced cannot."""
    return VenueStatus(order.raw_status).is_closed


def _symbols(order: BrokerOrder) -> set[str]:
    return {symbol(one.instrument) for one in (order, *order.legs)}


def _asset_classes(order: BrokerOrder) -> set[str]:
    """Spreads are of options, whatever they are on."""
    rows = order.legs if order.order_class is OrderClass.MLEG else (order,)
    options = (isinstance(one.instrument, OptionContract) for one in rows)
    return {"us_option" if option else "us_equity" for option in options}
