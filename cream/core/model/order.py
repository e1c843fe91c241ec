"""What is an order: terms fixed when it was intended, and a state that only moves forward?"""

from datetime import datetime
from decimal import Decimal
from enum import Enum

from attrs import field, frozen

from cream.core.model.fill import Fill
from cream.core.model.instrument import Instrument, OptionContract
from cream.core.model.money import ZERO
from cream.core.model.order_state import CancelPending, Closed, OrderState, ReplacePending
from cream.core.model.order_state import OrderStatus as OrderStatus
from cream.core.model.plan import Guard, PositionIntent, RiskDenomination, TimeInForce
from cream.core.model.side import Side as Side


class OrderType(Enum):
    """FIX tag 40."""

    MARKET = "MARKET"
    LIMIT = "LIMIT"
    STOP = "STOP"
    STOP_LIMIT = "STOP_LIMIT"
    TRAILING_STOP = "TRAILING_STOP"


class OrderClass(Enum):
    """How an order stands to others: alone, with exits attached, as exits, or of several legs."""

    SIMPLE = "SIMPLE"
    BRACKET = "BRACKET"
    OTO = "OTO"
    OCO = "OCO"
    MLEG = "MLEG"


class OrderPurpose(Enum):
    """Why the order exists."""

    ENTRY = "ENTRY"
    EXIT = "EXIT"
    STOP_LOSS = "STOP_LOSS"
    TAKE_PROFIT = "TAKE_PROFIT"
    EXTERNAL = "EXTERNAL"
    # Closes one thing and opens another, in one order.
    ROLL = "ROLL"

    @property
    def opens(self) -> bool:
        """Whether the order is to open something, be it in exchange for what it closes."""
        return self is OrderPurpose.ENTRY or self is OrderPurpose.ROLL

    @property
    def is_protective(self) -> bool:
        """Whether the order stands guard over a position."""
        return self in (OrderPurpose.STOP_LOSS, OrderPurpose.TAKE_PROFIT)


@frozen
class OrderLeg:
    """One leg of a multi-leg order. `ratio` is signed: positive buys, negative sells."""

    contract: OptionContract
    ratio: int
    intent: PositionIntent

    @property
    def side(self) -> Side:
        """The side that the sign of the ratio means."""
        return Side.BUY if self.ratio > 0 else Side.SELL

    @property
    def opens(self) -> bool:
        """Whether the leg opens a position."""
        return self.intent.opens


@frozen
class TwapTerms:
    """How a parent order is sliced. Units: whole shares or contracts; seconds."""

    slices: tuple[Decimal, ...]
    interval_seconds: int
    market: bool = False


@frozen
class WalkTerms:
    """How the limit of a parent order walks: from mid (step 0) to natural (the last step).

    Units: `interval_seconds` is the time at each step.
    """

    steps: int
    interval_seconds: int


@frozen(kw_only=True)
class OrderTerms:
    """Everything about an order that was decided before it was sent, and never changes after.

    Units: quantity in shares, contracts, or spreads; prices per share. A multi-leg order's
    instrument is its underlying and its `limit_price` is net: positive debit, negative credit.
    `take_profit` and `stop_loss` are the levels of its protection, wherever that is watched, and
    `guard` how that stop works; those of a roll are for the single option that it opens.
    """

    order_id: str
    client_order_id: str
    plan_id: str
    cycle_id: str
    decision_id: str
    instrument: Instrument
    side: Side
    order_type: OrderType
    order_class: OrderClass
    time_in_force: TimeInForce
    quantity: Decimal
    purpose: OrderPurpose
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail_price: Decimal | None = None
    trail_percent: Decimal | None = None
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    denomination: RiskDenomination = RiskDenomination.UNDERLYING_PRICE
    position_intent: PositionIntent | None = None
    legs: tuple[OrderLeg, ...] = ()
    parent_order_id: str | None = None
    twap: TwapTerms | None = None
    guard: Guard = field(factory=Guard)
    walk: WalkTerms | None = None

    @property
    def is_tactic(self) -> bool:
        """Whether this order is worked here by child orders and never goes to the broker."""
        return self.twap is not None or self.walk is not None

    @property
    def moves(self) -> tuple[tuple[Instrument, Side, Decimal], ...]:
        """What the order trades, side and quantity of each: of a multi-leg order, its legs."""
        if self.legs:
            return tuple(
                (leg.contract, leg.side, abs(leg.ratio) * self.quantity) for leg in self.legs
            )
        return ((self.instrument, self.side, self.quantity),)

    @property
    def symbols(self) -> tuple[str, ...]:
        """What the order is about: what it is named by, and each of its legs."""
        return (self.instrument.symbol, *(leg.contract.symbol for leg in self.legs))

    @property
    def closing(self) -> tuple[tuple[Instrument, Side, Decimal], ...]:
        """What of its moves closes: all of an exit, nothing of an entry, of a roll some legs."""
        if self.purpose is not OrderPurpose.ROLL:
            return () if self.purpose is OrderPurpose.ENTRY else self.moves
        return tuple(
            (leg.contract, leg.side, abs(leg.ratio) * self.quantity)
            for leg in self.legs
            if not leg.opens
        )

    @property
    def opening_legs(self) -> tuple[OrderLeg, ...]:
        """The legs of a multi-leg order that open."""
        return tuple(leg for leg in self.legs if leg.opens)


@frozen
class LegFill:
    """What one leg of a multi-leg order has filled. Units: contracts; dollars per share."""

    contract: OptionContract
    filled: Decimal = ZERO
    average_price: Decimal | None = None


@frozen(kw_only=True)
class Order:
    """An order as Cream knows it. Changed only by `core/execution/book.py`.

    `inferred` are fills that the broker has shown and not named yet; `filled` counts them.
    """

    terms: OrderTerms
    state: OrderState
    intended_at: datetime
    updated_at: datetime
    broker_order_id: str | None = None
    filled: Decimal = ZERO
    last_fill_at: datetime | None = None
    notional_filled: Decimal = ZERO
    average_price: Decimal | None = None
    commission: Decimal = ZERO
    broker_updated_at: datetime | None = None
    reason: str = ""
    leg_fills: tuple[LegFill, ...] = ()
    inferred: tuple[Fill, ...] = ()

    @property
    def order_id(self) -> str:
        """Our id."""
        return self.terms.order_id

    @property
    def status(self) -> OrderStatus:
        """Where the order stands, in one word."""
        return self.state.status

    @property
    def status_before_pending(self) -> OrderStatus | None:
        """Where it stood before the request that is not answered yet; None where there is none."""
        if isinstance(self.state, CancelPending | ReplacePending):
            return self.state.before.status
        return None

    @property
    def leaves(self) -> Decimal:
        """What can still fill: zero once closed."""
        if isinstance(self.state, Closed):
            return ZERO
        return max(ZERO, self.terms.quantity - self.filled)

    @property
    def is_open(self) -> bool:
        """Whether the order can still trade."""
        return not isinstance(self.state, Closed)
