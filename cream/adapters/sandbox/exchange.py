"""What does the account do? One simulated venue, shown as Alpaca shows it.

The venue decides (`core/exchange`); this keeps what Alpaca shows beyond it, translates ids, and
tells the order stream. Everything lives in memory: a sandbox that ends takes its account with it.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

import trio
from attrs import evolve

from cream.adapters.sandbox.activities import ActivityLog
from cream.adapters.sandbox.charging import FeeDesk, FeeMode
from cream.adapters.sandbox.faults import FaultName, Faults
from cream.adapters.sandbox.forms import (
    Change,
    Form,
    closing_body,
    read_contract,
    read_form,
    read_symbol,
)
from cream.adapters.sandbox.holdings import Holdings
from cream.adapters.sandbox.holdups import LateReleases, StuckEntries
from cream.adapters.sandbox.listings import Query, page_of
from cream.adapters.sandbox.market import SandboxMarket
from cream.adapters.sandbox.mishaps import (
    after_replacing,
    befallen,
    half_filled,
    trade_through,
)
from cream.adapters.sandbox.refusals import (
    FORBIDDEN,
    SHORT_POSITION,
    Refusal,
    not_found,
    refusal_of,
    unprocessable,
)
from cream.adapters.sandbox.replies import (
    MOMENT_BY_EVENT,
    Json,
    OrderWriter,
    account_json,
    fill_json,
)
from cream.adapters.sandbox.words import uuid_text
from cream.core.exchange.account import flat_ledger
from cream.core.exchange.admission import INSUFFICIENT_QTY
from cream.core.exchange.replacing import OrderChange
from cream.core.exchange.venue import OptionEnd, Venue
from cream.core.exchange.venue_book import VenueState
from cream.core.model.broker import (
    Accepted,
    BrokerOrder,
    OrderUpdate,
    Refused,
)
from cream.core.model.instrument import OptionContract
from cream.core.model.market import Quote
from cream.core.model.money import ZERO
from cream.core.model.order import OrderClass
from cream.core.ports import Clock

# How often the venue looks at the clock: a DAY order ends within this of its session.
ADVANCE_SECONDS = 0.25
_CENT = Decimal("0.01")
# Nobody makes more than a hundred shares of one, or one of more.
_LEAST_SPLIT = Decimal("0.01")

Tell = Callable[[Json], None]


class Exchange:
    """One account. `tell` hears every message of the order stream."""

    def __init__(
        self,
        market: SandboxMarket,
        clock: Clock,
        faults: Faults,
        *,
        cash: Decimal,
        account_number: str,
        fees: FeeMode = FeeMode.PAPER,
    ) -> None:
        self.market = market
        self.clock = clock
        self.faults = faults
        self.account_number = account_number
        self.tell: Tell = lambda _: None
        self._stuck = StuckEntries()
        self._late = LateReleases(faults, trio.current_time)
        self._venue = Venue(
            VenueState(ledger=flat_ledger(cash)),
            market,
            market.sessions,
            rules=self._stuck,
            delivers=True,
        )
        self._writer = OrderWriter(market.sessions, self._venue.trail_extreme)
        self._ids: dict[str, str] = {}
        self.activities = ActivityLog()
        self._frames = 0
        self._untold: list[OrderUpdate] = []
        self._pending_cancels: dict[str, float] = {}
        self._fees = FeeDesk(fees)
        self.holdings = Holdings(self._venue, market, faults, self._late)
        market.listen(self._on_quote)

    # Its own life -------------------------------------------------------------------------------

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Let time pass, until cancelled."""
        task_status.started()
        while True:
            self.advance()
            await trio.sleep(ADVANCE_SECONDS)

    def advance(self) -> None:
        """Let end what has to end by now."""
        for venue_id, due in list(self._pending_cancels.items()):
            if trio.current_time() >= due:
                del self._pending_cancels[venue_id]
                self._writer.of(venue_id).status = None
                self._told(self._venue.cancel(venue_id, self.clock.now())[1])
        self._told(self._venue.advance(self.clock.now()))
        for end in self._venue.take_ended():
            self.activities.note_end(end)
        self._charge()

    def _charge(self) -> None:
        """Take what the trades of yesterday have cost."""
        now = self.clock.now()
        amount, rows = self._fees.take_due(now)
        self._venue.charge(amount)
        self.activities.post(now, rows)

    def halt(self, symbol: str) -> None:
        """Nothing of this share trades until `resume`, nor of its options: orders wait."""
        self._venue.halt(symbol)

    def resume(self, symbol: str) -> None:
        """It trades again, at the quote of now."""
        self._told(self._venue.resume(symbol, self.clock.now()))

    def _on_quote(self, quote: Quote) -> None:
        self._told(self._venue.on_quote(quote.symbol, self.clock.now()))

    # Orders -------------------------------------------------------------------------------------

    def submit(self, body: Mapping[str, object], fresh_id: str) -> Json:
        """Take an order in; how it looked when it was taken.   Raises: Refusal."""
        form = read_form(body, fresh_id, self.market)
        terms = form.terms
        if terms.quantity % 1 and self.faults.happens(FaultName.FRACTIONAL_PAUSE):
            raise Refusal(403, FORBIDDEN, "fractional trading is paused")
        if not self.holdings.lets(terms):
            refused = Refused(INSUFFICIENT_QTY, "insufficient qty available for order")
            raise refusal_of(refused, self.holdings.figures(refused, terms, ZERO))
        is_stuck = self._stuck.befalls(terms, self.faults)
        outcome, updates = self._venue.submit(terms, self.clock.now())
        if isinstance(outcome, Refused):
            power = self._venue.account(self.clock.now()).buying_power
            raise refusal_of(outcome, self.holdings.figures(outcome, terms, power))
        assert isinstance(outcome, Accepted), outcome
        self._note(outcome.order, form)
        shown = self._writer.order(outcome.order)
        self._told([OrderUpdate(event="pending_new", order=outcome.order), *updates])
        if is_stuck:
            self._told(half_filled(self._venue, outcome.order, self.market, self.clock.now()))
            self._stuck.let_go()
        return shown

    def cancel(self, order_id: str) -> None:
        """Take a request to cancel.   Raises: Refusal."""
        venue_id = self._venue_id(order_id)
        if self.faults.happens(FaultName.FILL_BEFORE_CANCEL):
            trade_through(self.market, self._found(venue_id))
        if self.faults.happens(FaultName.PARTIAL_THEN_CANCEL):
            order = self._found(venue_id)
            self._told(half_filled(self._venue, order, self.market, self.clock.now()))
        stuck = self.faults.happens(FaultName.STICK_PENDING_CANCEL)
        if stuck is not None:
            self._pending_cancels[venue_id] = trio.current_time() + stuck.seconds
            self._writer.of(venue_id).status = "pending_cancel"
            return
        outcome, updates = self._venue.cancel(venue_id, self.clock.now())
        self._told(updates)
        if isinstance(outcome, Refused):
            raise refusal_of(outcome, {})

    def replace(self, order_id: str, change: Change, fresh_id: str) -> Json:
        """Put another order in the place of this one; how that looked.   Raises: Refusal."""
        venue_id = self._venue_id(order_id)
        asked = OrderChange(
            client_order_id=change.client_order_id or fresh_id,
            quantity=change.quantity,
            limit_price=change.limit_price,
            stop_price=change.stop_price,
            trail=change.trail,
            time_in_force=change.time_in_force,
        )
        outcome, updates = self._venue.replace(venue_id, asked, self.clock.now())
        if isinstance(outcome, Refused):
            raise refusal_of(outcome, {})
        assert isinstance(outcome, Accepted), outcome
        new_id, now = outcome.order.broker_order_id, self.clock.now()
        updates = after_replacing(self._venue, self.faults, venue_id, new_id, updates, now)
        filled = [one.order.broker_order_id for one in updates if one.event == "fill"]
        self._writer.link(venue_id, new_id, raced=venue_id in filled, trail=change.trail)
        shown = self._writer.order(outcome.order)
        self._told(updates)
        return shown

    def order(self, order_id: str, *, nested: bool) -> Json:
        """The order with this id.   Raises: Refusal."""
        return self._writer.order(self._found(self._venue_id(order_id)), nested=nested)

    def order_by_client_id(self, client_order_id: str, *, nested: bool) -> Json:
        """The order with this client id.   Raises: Refusal."""
        order = self._venue.order(client_order_id)
        if order is None or order.client_order_id != client_order_id:
            raise not_found("order not found")
        return self._writer.order(order, nested=nested)

    def orders(self, query: Query) -> list[Json]:
        """Orders as Alpaca lists them, with what it leaves out."""
        page = page_of(self._venue, query, self._ids.get(query.before_id or ""))
        return [self._writer.order(row, nested=query.nested) for row in page]

    def open_ids(self) -> list[str]:
        """The ids of all orders that `DELETE /v2/orders` would cancel."""
        return [uuid_text(one.broker_order_id) for one in self._venue.open_orders()]

    # The account --------------------------------------------------------------------------------

    def positions(self) -> list[Json]:
        """Everything held."""
        return self.holdings.shown()

    def position(self, symbol: str) -> Json:
        """One holding.   Raises: Refusal."""
        return self.holdings.one(symbol)

    def close(
        self, symbol: str, fresh_id: str, quantity: str | None = None, percentage: str | None = None
    ) -> Json:
        """An order at the market for all of a holding, or a part.   Raises: Refusal."""
        held = self.position(symbol)
        body = closing_body(held, quantity, percentage)
        return self.submit(body, fresh_id)

    def account(self) -> Json:
        """The figures."""
        figures = self._venue.account(self.clock.now())
        if self.faults.happens(FaultName.ZERO_ACCOUNT):
            figures = evolve(figures, cash=ZERO, equity=ZERO, buying_power=ZERO, margin_used=ZERO)
        return account_json(
            figures, self.account_number, self.holdings.long_value(), self._fees.accrued
        )

    def split(self, symbol: str, ratio: Decimal) -> None:
        """Make `ratio` shares of each, held or quoted. Orders are not adjusted, nothing is told.

        Raises: Refusal for a share that is not held.
        """
        quote = self.market.latest(symbol)
        held = self.holdings.quantity(symbol)
        if quote is None or not held or not _LEAST_SPLIT <= ratio <= 1 / _LEAST_SPLIT:
            raise unprocessable(f"{symbol} cannot be split by {ratio}")
        self._venue.mishaps.split(symbol, ratio)
        bid, ask = ((price / ratio).quantize(_CENT) for price in (quote.bid, quote.ask))
        self.market.set_quote(symbol, bid, ask, quote.bid_size, quote.ask_size)

    def assign(self, symbol: str, quantity: Decimal) -> None:
        """Assign (or, where it is held, exercise) so many contracts. Nothing is told of it.

        Raises: Refusal where so many are not held.
        """
        contract = read_symbol(symbol)
        held = self.holdings.quantity(contract.symbol)
        if not isinstance(contract, OptionContract) or not 0 < quantity <= abs(held):
            raise unprocessable(f"there are {held} of {symbol}")
        signed = quantity if held > 0 else -quantity
        now = self.clock.now()
        self._venue.mishaps.deliver(contract, signed, now)
        self.activities.note_end(OptionEnd(contract, signed, True, now))

    def exercise(self, symbol: str) -> None:
        """Exercise all that is free of a long option.   Raises: Refusal."""
        contract = self._owned(symbol, "exercise")
        free, now = self.holdings.free(contract.symbol), self.clock.now()
        outcome = self._venue.exercise(contract, free, now)
        if isinstance(outcome, Refused):
            raise refusal_of(outcome, {})
        self.activities.note_end(OptionEnd(contract, free, True, now))

    def do_not_exercise(self, symbol: str) -> None:
        """Have a long option end without worth, on its last day.   Raises: Refusal."""
        contract = self._owned(symbol, "submit DNE for")
        outcome = self._venue.do_not_exercise(contract, self.clock.now())
        if isinstance(outcome, Refused):
            raise refusal_of(outcome, {})

    def book(self, *, open_only: bool = False) -> Json:
        """What the venue really holds, whatever the faults show; or what of it is not over."""
        figures = self._venue.account(self.clock.now())
        orders = list(self._venue.newest_first(open_only=open_only))
        return {
            "cash": str(figures.cash),
            "equity": str(figures.equity),
            "positions": self.holdings.real(),
            "orders": [self._writer.order(one) for one in reversed(orders)],
            "fills": [] if open_only else list(self.activities.fills),
            "faults": self.faults.armed(),
        }

    # Inside -------------------------------------------------------------------------------------

    def _note(self, order: BrokerOrder, form: Form) -> None:
        notes = self._writer.of(order.broker_order_id)
        notes.terms, notes.extended_hours = form.terms, form.extended_hours
        notes.notional = form.notional

    def _owned(self, symbol: str, instruction: str) -> OptionContract:
        """The contract with this symbol or id, if some of it is owned and free.

        Raises: Refusal.
        """
        ids = {str(one["asset_id"]): str(one["symbol"]) for one in self.holdings.real()}
        contract = read_contract(ids.get(symbol, symbol))
        if self.holdings.quantity(contract.symbol) < 0:
            raise Refusal(403, SHORT_POSITION, f"cannot {instruction} short position")
        if self.holdings.free(contract.symbol) == 0:
            message = "no available position for the specified contract"
            raise Refusal(403, FORBIDDEN, message)
        return contract

    def _told(self, updates: Sequence[OrderUpdate]) -> None:
        """Note what happened, and tell it, unless the venue is cut off from its customers."""
        self._late.note(updates)
        updates = befallen(self._venue, self.faults, updates, self.clock.now(), self._writer.link)
        for update in updates:
            self._remember(update)
        self._untold += updates
        if self.faults.peek(FaultName.OUTAGE) is not None:
            return
        if not self._untold:
            # Of nearly every quote.
            return
        told, self._untold = self._untold, []
        held = {one.instrument.symbol: one.quantity for one in self._venue.positions()}
        for update in told:
            self._frames += 1
            self.tell(self._writer.frame(update, held, self._frames))

    def _remember(self, update: OrderUpdate) -> None:
        order = update.order
        for one in (order, *order.legs):
            self._ids[uuid_text(one.broker_order_id)] = one.broker_order_id
        name = MOMENT_BY_EVENT.get(update.event)
        if name is not None:
            self._writer.of(order.broker_order_id).moments[name] = order.updated_at
        legs = {leg.instrument.symbol: leg for leg in order.legs}
        for traded in update.executions:
            spread = order.order_class is OrderClass.MLEG
            of = legs[traded.instrument.symbol] if spread else order
            leaves = of.quantity - of.filled
            self._fees.traded(traded)
            self.activities.fills.append(
                fill_json(traded, uuid_text(of.broker_order_id), of.filled, leaves)
            )

    def _venue_id(self, order_id: str) -> str:
        venue_id = self._ids.get(order_id)
        if venue_id is None:
            raise not_found("order not found")
        return venue_id

    def _found(self, venue_id: str) -> BrokerOrder:
        order = self._venue.order(venue_id)
        if order is None:
            raise not_found("order not found")
        return order
