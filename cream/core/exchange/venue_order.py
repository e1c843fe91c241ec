"""What does the venue remember of an order, and how does it show it?

An order with exits is a group: a root and its children, each an order of its own. A spread is one
order with legs. These objects belong to the venue and change; what leaves is a frozen
`BrokerOrder`.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum

from attrs import define

from cream.core.exchange.alpaca_status import STATUS_BY_WORD, VenueStatus
from cream.core.model.broker import BrokerOrder
from cream.core.model.ids import digest
from cream.core.model.instrument import Instrument, OptionContract
from cream.core.model.money import ZERO, average
from cream.core.model.order import OrderClass, OrderTerms, OrderType, Side
from cream.core.model.plan import PositionIntent, TimeInForce


class Role(Enum):
    """What an order is in its group."""

    ROOT = "root"
    TAKE_PROFIT = "take_profit"
    STOP_LOSS = "stop_loss"


@define(kw_only=True)
class VenueLeg:
    """One leg of a spread. Units: contracts; `notional` is the sum of price times contracts."""

    broker_order_id: str
    contract: OptionContract
    ratio: int
    intent: PositionIntent
    filled: Decimal = ZERO
    notional: Decimal = ZERO

    @property
    def side(self) -> Side:
        """The side that the sign of the ratio means."""
        return Side.BUY if self.ratio > 0 else Side.SELL


@define(kw_only=True)
class VenueOrder:
    """An order on the venue's book.

    Units: quantity in shares, contracts or spreads; `notional` is the sum of price times quantity,
    for a spread of its net price; `margin_each` is what one unit keeps reserved of the account's
    excess while it has not filled. `trail_extreme` is the best price since a trailing stop began.
    """

    sequence: int
    broker_order_id: str
    client_order_id: str
    instrument: Instrument
    side: Side
    order_type: OrderType
    order_class: OrderClass
    time_in_force: TimeInForce
    quantity: Decimal
    status: VenueStatus
    submitted_at: datetime
    updated_at: datetime
    expires_at: datetime
    role: Role = Role.ROOT
    parent_id: str | None = None
    child_ids: tuple[str, ...] = ()
    legs: tuple[VenueLeg, ...] = ()
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail_price: Decimal | None = None
    trail_percent: Decimal | None = None
    trail_extreme: Decimal | None = None
    elected: bool = False
    margin_each: Decimal = ZERO
    filled: Decimal = ZERO
    notional: Decimal = ZERO
    reason: str = ""

    @property
    def is_open(self) -> bool:
        """Whether the order can still trade."""
        return not self.status.is_closed

    @property
    def leaves(self) -> Decimal:
        """What can still fill; zero once closed."""
        return self.quantity - self.filled if self.is_open else ZERO

    @property
    def has_one_chance(self) -> bool:
        """Whether what does not trade when it is put to work is over."""
        return self.time_in_force.is_at_once or self.time_in_force is TimeInForce.OPG

    @property
    def is_stop(self) -> bool:
        """Whether the order waits for a trigger before it trades."""
        stops = (OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP)
        return self.order_type in stops and not self.elected

    @property
    def underlying(self) -> str:
        """The ticker whose quotes can make this order trade."""
        return self.instrument.underlying

    @property
    def rolls(self) -> bool:
        """Whether some of its legs close and others open."""
        return 0 < sum(leg.intent.opens for leg in self.legs) < len(self.legs)

    def trades_in(self, symbol: str) -> bool:
        """Whether a quote of `symbol` matters to this order directly."""
        if self.legs:
            return any(leg.contract.symbol == symbol for leg in self.legs)
        return self.instrument.symbol == symbol

    def deltas(self, units: Decimal) -> Iterator[tuple[Instrument, Side, Decimal]]:
        """What `units` of this order buy and sell, as (instrument, side, quantity)."""
        if not self.legs:
            yield self.instrument, self.side, units
        for leg in self.legs:
            yield leg.contract, leg.side, units * abs(leg.ratio)


def root_from(
    terms: OrderTerms, sequence: int, now: datetime, expires_at: datetime, margin_each: Decimal
) -> VenueOrder:
    """The venue's order for `terms`, not yet working. Its ids follow from the client's id."""
    broker_order_id = venue_id(terms.client_order_id)
    return VenueOrder(
        sequence=sequence,
        broker_order_id=broker_order_id,
        client_order_id=terms.client_order_id,
        instrument=terms.instrument,
        side=terms.side,
        order_type=terms.order_type,
        order_class=terms.order_class,
        time_in_force=terms.time_in_force,
        quantity=terms.quantity,
        status=VenueStatus.PENDING_NEW,
        submitted_at=now,
        updated_at=now,
        expires_at=expires_at,
        legs=tuple(
            VenueLeg(
                broker_order_id=venue_id(terms.client_order_id, leg.contract.symbol),
                contract=leg.contract,
                ratio=leg.ratio,
                intent=leg.intent,
            )
            for leg in terms.legs
        ),
        limit_price=terms.limit_price,
        stop_price=terms.stop_price,
        trail_price=terms.trail_price,
        trail_percent=terms.trail_percent,
        margin_each=margin_each,
    )


def children_from(terms: OrderTerms, root: VenueOrder) -> Sequence[VenueOrder]:
    """The exits that go with `root`, held back. An OCO is its own take-profit."""
    if root.order_class not in (OrderClass.BRACKET, OrderClass.OTO, OrderClass.OCO):
        return ()
    exit_side = root.side
    children = []
    if root.order_class is not OrderClass.OCO:
        exit_side = root.side.opposite
        if terms.take_profit is not None:
            children.append(
                _child(root, Role.TAKE_PROFIT, exit_side, OrderType.LIMIT, limit=terms.take_profit)
            )
    if terms.stop_loss is not None:
        children.append(
            _child(root, Role.STOP_LOSS, exit_side, OrderType.STOP, stop=terms.stop_loss)
        )
    return children


def _child(
    root: VenueOrder,
    role: Role,
    side: Side,
    order_type: OrderType,
    limit: Decimal | None = None,
    stop: Decimal | None = None,
) -> VenueOrder:
    broker_order_id = venue_id(root.client_order_id, role.value)
    return VenueOrder(
        sequence=root.sequence + (1 if role is Role.TAKE_PROFIT else 2),
        broker_order_id=broker_order_id,
        # Alpaca gives its own children ids that the client did not choose.
        client_order_id=f"venue-{broker_order_id}",
        instrument=root.instrument,
        side=side,
        order_type=order_type,
        order_class=root.order_class,
        time_in_force=root.time_in_force,
        quantity=root.quantity,
        status=VenueStatus.HELD,
        submitted_at=root.submitted_at,
        updated_at=root.updated_at,
        expires_at=root.expires_at,
        role=role,
        parent_id=root.broker_order_id,
        limit_price=limit,
        stop_price=stop,
    )


def shown(order: VenueOrder, children: Sequence[VenueOrder] = ()) -> BrokerOrder:
    """`order` as the broker shows it at this moment, with its children or its legs."""
    if order.legs:
        legs = tuple(_shown_leg(order, leg) for leg in order.legs)
    else:
        legs = tuple(shown(child) for child in children)
    return BrokerOrder(
        broker_order_id=order.broker_order_id,
        client_order_id=order.client_order_id,
        instrument=order.instrument,
        side=order.side,
        order_type=order.order_type,
        order_class=order.order_class,
        time_in_force=order.time_in_force,
        status=STATUS_BY_WORD[order.status.value],
        raw_status=order.status.value,
        quantity=order.quantity,
        filled=order.filled,
        average_price=average(order.notional, order.filled) if order.filled else None,
        limit_price=order.limit_price,
        stop_price=order.stop_price,
        submitted_at=order.submitted_at,
        updated_at=order.updated_at,
        reason=order.reason,
        legs=legs,
    )


def _shown_leg(order: VenueOrder, leg: VenueLeg) -> BrokerOrder:
    """A leg of a spread as Alpaca shows it: an order of its own that only follows its parent."""
    return BrokerOrder(
        broker_order_id=leg.broker_order_id,
        client_order_id=f"venue-{leg.broker_order_id}",
        instrument=leg.contract,
        side=leg.side,
        order_type=order.order_type,
        order_class=order.order_class,
        time_in_force=order.time_in_force,
        status=STATUS_BY_WORD[order.status.value],
        raw_status=order.status.value,
        quantity=order.quantity * abs(leg.ratio),
        filled=leg.filled,
        average_price=average(leg.notional, leg.filled) if leg.filled else None,
        submitted_at=order.submitted_at,
        updated_at=order.updated_at,
        ratio=leg.ratio,
    )


def venue_id(*cause: str) -> str:
    """The venue's name for what `cause` brought about."""
    return "v" + digest("venue", *cause)
