"""What does a test of the venue need? A market set by hand, orders in one line, and a short name.

Not a mock: the venue is the real one, and the market obeys the same protocol as the synthetic one.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from cream.core.exchange.account import flat_ledger
from cream.core.exchange.calendar import SessionMode, Sessions
from cream.core.exchange.venue import Venue
from cream.core.exchange.venue_book import VenueState
from cream.core.model.broker import (
    Accepted,
    BrokerOrder,
    CancelOutcome,
    Execution,
    OrderUpdate,
    Refused,
    SubmitOutcome,
)
from cream.core.model.instrument import Equity, Instrument, OptionContract, OptionRight
from cream.core.model.market import Quote
from cream.core.model.order import (
    OrderClass,
    OrderLeg,
    OrderPurpose,
    OrderTerms,
    OrderType,
    Side,
)
from cream.core.model.plan import PositionIntent, TimeInForce
from cream.core.options.occ import expires_at, parse_instrument

# A Monday at ten in New York.
NOON = datetime(2026, 11, 23, 15, tzinfo=UTC)
EXPIRY = date(2026, 12, 18)
SIZE = 1_000


class HandMarket:
    """Quotes as they were set; every set one is a new one."""

    def __init__(self) -> None:
        self._quotes: dict[str, Quote] = {}
        self._generations: dict[str, int] = {}

    def set(
        self, symbol: str, bid: str, ask: str, bid_size: int = SIZE, ask_size: int = SIZE
    ) -> None:
        self._quotes[symbol] = Quote(
            symbol=symbol,
            bid=Decimal(bid),
            ask=Decimal(ask),
            bid_size=bid_size,
            ask_size=ask_size,
            at=NOON,
        )
        self._generations[symbol] = self._generations.get(symbol, 0) + 1

    def latest(self, symbol: str) -> Quote | None:
        return self._quotes.get(symbol)

    def generation(self, symbol: str) -> int:
        return self._generations.get(symbol, 0)

    def knows(self, instrument: Instrument, now: datetime) -> bool:
        listed = instrument.symbol in self._quotes
        alive = isinstance(instrument, Equity) or now < expires_at(instrument)
        return listed and alive


class Lab:
    """A venue, its market and its time. Every call happens a second after the last."""

    def __init__(self, cash: str = "100000", mode: SessionMode = SessionMode.ALWAYS_OPEN) -> None:
        self.market = HandMarket()
        self.sessions = Sessions(mode)
        self.now = NOON
        self.venue = Venue(
            VenueState(ledger=flat_ledger(Decimal(cash))), self.market, self.sessions
        )
        self.updates: list[OrderUpdate] = []
        self.market.set("AAPL", "238.39", "238.41")

    def submit(self, terms: OrderTerms) -> SubmitOutcome:
        self._tick()
        outcome, updates = self.venue.submit(terms, self.now)
        self.updates += updates
        return outcome

    def accepted(self, terms: OrderTerms) -> BrokerOrder:
        outcome = self.submit(terms)
        assert isinstance(outcome, Accepted), outcome
        return outcome.order

    def refused(self, terms: OrderTerms) -> Refused:
        outcome = self.submit(terms)
        assert isinstance(outcome, Refused), outcome
        return outcome

    def cancel(self, order: BrokerOrder) -> CancelOutcome:
        self._tick()
        outcome, updates = self.venue.cancel(order.broker_order_id, self.now)
        self.updates += updates
        return outcome

    def quote(
        self, symbol: str, bid: str, ask: str, bid_size: int = SIZE, ask_size: int = SIZE
    ) -> Sequence[OrderUpdate]:
        self._tick()
        self.market.set(symbol, bid, ask, bid_size, ask_size)
        updates = self.venue.on_quote(symbol, self.now)
        self.updates += updates
        return updates

    def advance(self, now: datetime) -> Sequence[OrderUpdate]:
        self.now = now
        updates = self.venue.advance(now)
        self.updates += updates
        return updates

    def order(self, order: BrokerOrder) -> BrokerOrder:
        found = self.venue.order(order.broker_order_id)
        assert found is not None
        return found

    def held(self, symbol: str) -> Decimal:
        for position in self.venue.positions():
            if position.instrument.symbol == symbol:
                return position.quantity
        return Decimal(0)

    def executions(self) -> Sequence[Execution]:
        return self.venue.executions_since(NOON)

    def cash(self) -> Decimal:
        return self.venue.account(self.now).cash

    def _tick(self) -> None:
        self.now += timedelta(seconds=1)


_numbers = iter(range(1, 1_000_000))


def terms(
    side: Side = Side.BUY,
    quantity: str = "10",
    limit: str | None = None,
    *,
    symbol: str = "AAPL",
    stop: str | None = None,
    order_class: OrderClass = OrderClass.SIMPLE,
    order_type: OrderType | None = None,
    tif: TimeInForce = TimeInForce.DAY,
    take_profit: str | None = None,
    stop_loss: str | None = None,
    purpose: OrderPurpose = OrderPurpose.ENTRY,
    intent: PositionIntent | None = None,
    legs: tuple[OrderLeg, ...] = (),
    trail_price: str | None = None,
    trail_percent: str | None = None,
    client_order_id: str | None = None,
) -> OrderTerms:
    """An order; its type follows from the prices that are given."""
    number = next(_numbers)
    guessed = {
        (False, False): OrderType.MARKET,
        (True, False): OrderType.LIMIT,
        (False, True): OrderType.STOP,
        (True, True): OrderType.STOP_LIMIT,
    }[(limit is not None, stop is not None)]
    return OrderTerms(
        order_id=f"o{number}",
        client_order_id=client_order_id or f"cream-{number}",
        plan_id="p",
        cycle_id="c",
        decision_id="d",
        instrument=parse_instrument(symbol),
        side=side,
        order_type=order_type or guessed,
        order_class=order_class,
        time_in_force=tif,
        quantity=Decimal(quantity),
        purpose=purpose,
        limit_price=_decimal(limit),
        stop_price=_decimal(stop),
        trail_price=_decimal(trail_price),
        trail_percent=_decimal(trail_percent),
        take_profit=_decimal(take_profit),
        stop_loss=_decimal(stop_loss),
        position_intent=intent,
        legs=legs,
    )


def bracket(
    quantity: str = "10",
    limit: str | None = "238.50",
    take_profit: str = "253.50",
    stop_loss: str = "228.50",
    side: Side = Side.BUY,
    tif: TimeInForce = TimeInForce.DAY,
) -> OrderTerms:
    """An entry with both exits."""
    return terms(
        side,
        quantity,
        limit,
        order_class=OrderClass.BRACKET,
        take_profit=take_profit,
        stop_loss=stop_loss,
        tif=tif,
    )


def oco(
    quantity: str = "10", limit: str = "253.50", stop_loss: str = "228.50", side: Side = Side.SELL
) -> OrderTerms:
    """A target and a stop for what is held."""
    return terms(
        side,
        quantity,
        limit,
        order_class=OrderClass.OCO,
        take_profit=limit,
        stop_loss=stop_loss,
        purpose=OrderPurpose.TAKE_PROFIT,
        tif=TimeInForce.GTC,
    )


def call(strike: str, underlying: str = "AAPL", expiry: date = EXPIRY) -> OptionContract:
    """A call."""
    return OptionContract(underlying, expiry, OptionRight.CALL, Decimal(strike))


def put(strike: str, underlying: str = "AAPL", expiry: date = EXPIRY) -> OptionContract:
    """A put."""
    return OptionContract(underlying, expiry, OptionRight.PUT, Decimal(strike))


def leg(contract: OptionContract, ratio: int, *, closes: bool = False) -> OrderLeg:
    """A leg that opens, or closes."""
    side, what = ("buy" if ratio > 0 else "sell"), ("close" if closes else "open")
    return OrderLeg(contract, ratio, PositionIntent(f"{side}_to_{what}"))


def spread(legs: tuple[OrderLeg, ...], quantity: str = "1", limit: str | None = None) -> OrderTerms:
    """A multi-leg order on the underlying of its legs."""
    return terms(
        Side.BUY,
        quantity,
        limit,
        symbol=legs[0].contract.underlying,
        order_class=OrderClass.MLEG,
        legs=legs,
    )


def _decimal(text: str | None) -> Decimal | None:
    return Decimal(text) if text is not None else None
