"""What does a test of the core need? Orders, and what a broker shows of them, in one line each."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from attrs import evolve

from cream.core.model.broker import BrokerOrder, Execution
from cream.core.model.ids import client_order_id
from cream.core.model.instrument import Equity, Instrument, OptionContract, OptionRight
from cream.core.model.market import Quote
from cream.core.model.order import (
    OrderClass,
    OrderLeg,
    OrderPurpose,
    OrderStatus,
    OrderTerms,
    OrderType,
    Side,
    TwapTerms,
)
from cream.core.model.plan import PositionIntent, RiskDenomination, TimeInForce

# A Monday morning in New York, in session.
NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)

AAPL = Equity("AAPL")
MSFT = Equity("MSFT")
EXPIRY = date(2026, 12, 18)
CALL = OptionContract("AAPL", EXPIRY, OptionRight.CALL, Decimal("240.00"))
HIGHER_CALL = OptionContract("AAPL", EXPIRY, OptionRight.CALL, Decimal("250.00"))
PUT = OptionContract("AAPL", EXPIRY, OptionRight.PUT, Decimal("230.00"))

_CLASS_BY_EXITS = (OrderClass.SIMPLE, OrderClass.OTO, OrderClass.BRACKET)


def later(seconds: float) -> datetime:
    """So many seconds after `NOW`."""
    return NOW + timedelta(seconds=seconds)


def order_terms(
    order_id: str = "o-entry",
    quantity: str = "100",
    *,
    side: Side = Side.BUY,
    instrument: Instrument = AAPL,
    purpose: OrderPurpose = OrderPurpose.ENTRY,
    limit: str | None = None,
    stop: str | None = None,
    stop_loss: str | None = None,
    take_profit: str | None = None,
    order_class: OrderClass | None = None,
    order_type: OrderType | None = None,
    tif: TimeInForce = TimeInForce.DAY,
    denomination: RiskDenomination = RiskDenomination.UNDERLYING_PRICE,
    legs: tuple[OrderLeg, ...] = (),
    parent: str | None = None,
    twap: TwapTerms | None = None,
) -> OrderTerms:
    """An order; its type follows from its prices, its class from its exits, if it is in shares."""
    guessed = {
        (False, False): OrderType.MARKET,
        (True, False): OrderType.LIMIT,
        (False, True): OrderType.STOP,
        (True, True): OrderType.STOP_LIMIT,
    }[(limit is not None, stop is not None)]
    exits = (stop_loss is not None) + (take_profit is not None)
    plain = isinstance(instrument, OptionContract) or twap is not None
    return OrderTerms(
        order_id=order_id,
        client_order_id=client_order_id(order_id),
        plan_id="plan-1",
        cycle_id="cycle-1",
        decision_id="decision-1",
        instrument=instrument,
        side=side,
        order_type=order_type or guessed,
        order_class=order_class or (OrderClass.SIMPLE if plain else _CLASS_BY_EXITS[exits]),
        time_in_force=tif,
        quantity=Decimal(quantity),
        purpose=purpose,
        limit_price=_decimal(limit),
        stop_price=_decimal(stop),
        take_profit=_decimal(take_profit),
        stop_loss=_decimal(stop_loss),
        denomination=denomination,
        legs=legs,
        parent_order_id=parent,
        twap=twap,
    )


def bracket(
    order_id: str = "o-entry", quantity: str = "100", *, side: Side = Side.BUY
) -> OrderTerms:
    """An entry at 100 with a stop five dollars against it and a target ten in its favour."""
    against, in_favour = ("95", "110") if side is Side.BUY else ("105", "90")
    return order_terms(
        order_id, quantity, side=side, limit="100", stop_loss=against, take_profit=in_favour
    )


def tactic(
    order_id: str = "o-tactic",
    slices: Sequence[str] = ("40", "30", "30"),
    *,
    side: Side = Side.BUY,
    purpose: OrderPurpose = OrderPurpose.ENTRY,
    limit: str | None = None,
    stop_loss: str | None = None,
    take_profit: str | None = None,
    interval_seconds: int = 60,
    market: bool = False,
    instrument: Instrument = AAPL,
) -> OrderTerms:
    """A parent that is worked in these slices."""
    sizes = tuple(Decimal(size) for size in slices)
    return order_terms(
        order_id,
        str(sum(sizes)),
        side=side,
        purpose=purpose,
        instrument=instrument,
        limit=limit,
        stop_loss=stop_loss,
        take_profit=take_profit,
        twap=TwapTerms(sizes, interval_seconds, market),
    )


def leg(contract: OptionContract, ratio: int, *, closes: bool = False) -> OrderLeg:
    """A leg that opens, or closes."""
    side, what = ("buy" if ratio > 0 else "sell"), ("close" if closes else "open")
    return OrderLeg(contract, ratio, PositionIntent(f"{side}_to_{what}"))


def spread(
    order_id: str = "o-spread",
    quantity: str = "2",
    *,
    legs: tuple[OrderLeg, ...] = (),
    purpose: OrderPurpose = OrderPurpose.ENTRY,
) -> OrderTerms:
    """A call spread bought for at most three dollars, unless `legs` say otherwise."""
    return order_terms(
        order_id,
        quantity,
        limit="3.00",
        purpose=purpose,
        order_class=OrderClass.MLEG,
        legs=legs or (leg(CALL, 1), leg(HIGHER_CALL, -1)),
    )


def broker_id(order_id: str) -> str:
    """The broker's id for our order `order_id`."""
    return f"b-{order_id}"


def shown(
    terms: OrderTerms,
    status: OrderStatus = OrderStatus.ACCEPTED,
    filled: str = "0",
    *,
    updated: float = 0,
    quantity: str | None = None,
    legs: tuple[BrokerOrder, ...] = (),
    reason: str = "",
) -> BrokerOrder:
    """How the broker shows our order, `updated` so many seconds after `NOW`."""
    return BrokerOrder(
        broker_order_id=broker_id(terms.order_id),
        client_order_id=terms.client_order_id,
        instrument=terms.instrument,
        side=terms.side,
        order_type=terms.order_type,
        order_class=terms.order_class,
        time_in_force=terms.time_in_force,
        status=status,
        raw_status=status.value.lower(),
        quantity=terms.quantity if quantity is None else Decimal(quantity),
        filled=Decimal(filled),
        limit_price=terms.limit_price,
        stop_price=terms.stop_price,
        submitted_at=NOW,
        updated_at=later(updated),
        reason=reason,
        legs=legs,
    )


def shown_exit(
    parent: OrderTerms,
    order_type: OrderType,
    status: OrderStatus = OrderStatus.HELD,
    filled: str = "0",
    *,
    updated: float = 0,
    quantity: str | None = None,
    name: str | None = None,
) -> BrokerOrder:
    """An exit that the broker made with `parent`: its target (LIMIT) or its stop (STOP)."""
    name = name or f"{parent.order_id}-{order_type.value.lower()}"
    oco = parent.order_class is OrderClass.OCO
    return evolve(
        shown(parent, status, filled, updated=updated, quantity=quantity),
        broker_order_id=broker_id(name),
        client_order_id=f"broker-{name}",
        side=parent.side if oco else parent.side.opposite,
        order_type=order_type,
        limit_price=parent.take_profit if order_type is OrderType.LIMIT else None,
        stop_price=parent.stop_loss if order_type is OrderType.STOP else None,
    )


def with_exits(
    terms: OrderTerms,
    status: OrderStatus = OrderStatus.ACCEPTED,
    filled: str = "0",
    *,
    exits: OrderStatus = OrderStatus.HELD,
    updated: float = 0,
) -> BrokerOrder:
    """An order with all exits that its class brings along, each at status `exits`."""
    kinds = []
    if terms.take_profit is not None and terms.order_class is not OrderClass.OCO:
        kinds.append(OrderType.LIMIT)
    if terms.stop_loss is not None:
        kinds.append(OrderType.STOP)
    made = tuple(shown_exit(terms, kind, exits, updated=updated) for kind in kinds)
    return shown(terms, status, filled, updated=updated, legs=made)


def execution(
    terms: OrderTerms,
    execution_id: str,
    quantity: str,
    price: str = "100",
    *,
    instrument: Instrument | None = None,
    side: Side | None = None,
    broker_order_id: str | None = None,
    seconds: float = 0,
    commission: str = "0",
) -> Execution:
    """An execution of our order."""
    return Execution(
        execution_id=execution_id,
        broker_order_id=broker_order_id or broker_id(terms.order_id),
        instrument=instrument or terms.instrument,
        side=side or terms.side,
        quantity=Decimal(quantity),
        price=Decimal(price),
        executed_at=later(seconds),
        commission=Decimal(commission),
    )


def leg_executions(
    terms: OrderTerms, name: str, spreads: str, prices: Sequence[str]
) -> tuple[Execution, ...]:
    """What a venue tells of so many whole spreads: one execution for each leg."""
    return tuple(
        execution(
            terms,
            f"{name}-{index}",
            str(Decimal(spreads) * abs(one.ratio)),
            price,
            instrument=one.contract,
            side=one.side,
        )
        for index, (one, price) in enumerate(zip(terms.legs, prices, strict=True))
    )


def quote(symbol: str, bid: str, ask: str | None = None, *, at: datetime = NOW) -> Quote:
    """A quote; the offer is two cents above the bid unless given."""
    offer = Decimal(bid) + Decimal("0.02") if ask is None else Decimal(ask)
    return Quote(symbol=symbol, bid=Decimal(bid), ask=offer, bid_size=1000, ask_size=1000, at=at)


def quotes(*known: Quote) -> Callable[[str], Quote | None]:
    """A market that knows these quotes and no others."""
    return {one.symbol: one for one in known}.get


def _decimal(text: str | None) -> Decimal | None:
    return Decimal(text) if text is not None else None
