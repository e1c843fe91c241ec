"""What is true? Every order, position and restriction, as the fold of the journal's events.

`Book.apply` is the only thing that changes state, and it changes nothing else. It takes records in
journal order; a record that was applied before is ignored, so that replaying any prefix twice is a
no-op. One task owns a book (`daemon/desk.py`); everyone else reads immutable orders out of it.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from datetime import datetime

from attrs import evolve

from cream.core.execution import activity_events as a
from cream.core.execution import events as e
from cream.core.execution import lifecycle
from cream.core.execution import option_events as o
from cream.core.execution.activities import ActivityBook
from cream.core.execution.history import TradeHistory
from cream.core.execution.levels import Protection, Protections, protection_from
from cream.core.execution.option_book import OptionBook
from cream.core.execution.state_events import StateEvent
from cream.core.model.fill import Fill
from cream.core.model.instrument import Instrument
from cream.core.model.money import ZERO
from cream.core.model.order import Order, OrderTerms, Side
from cream.core.model.position import Position
from cream.core.model.state import Cause, Restriction, TradingState, most_restrictive

# Far more changes than there are between two judgements; whoever has missed one looks at all.
_LATELY = 1_024


def restriction_of(event: e.TradingRestricted) -> Restriction:
    """What demands a trading state from then on, until it is lifted."""
    state, cause, reason, actor = event.state, event.cause, event.reason, event.actor
    return Restriction(cause=cause, state=state, reason=reason, actor=actor, since=event.at)


class Book:
    """All orders, positions, protections and restrictions of one account."""

    def __init__(self) -> None:
        self.sequence = 0
        self.plans: dict[str, e.PlanJudged] = {}
        self.positions: dict[str, Position] = {}
        self.protections = Protections()
        self.restrictions: dict[Cause, Restriction] = {}
        # Orders that filled in part and then no more, by what follows from that.
        self.timed_out: dict[str, str] = {}
        self.mass_cancel_owed: e.MassCancelOwed | None = None
        self.last_reconciliation: e.ReconciliationCompleted | None = None
        self.flatten_owed: e.FlattenOwed | None = None
        self.activities = ActivityBook()
        self.options = OptionBook()
        self.client_sessions: dict[str, e.ClientSessionKept] = {}
        self.stopped_cleanly = True
        self.late_fills = 0
        self.history = TradeHistory()
        # The last record that changed a holding: what the broker showed before it is out of date.
        self.position_sequence = 0
        # Symbols in which an order or a holding changed, the latest change last: the record that
        # changed it, and the underlying.
        self.touched: dict[str, tuple[int, str]] = {}
        # The latest changes of orders: the record, and the order as it was after it.
        self.lately: deque[tuple[int, Order]] = deque(maxlen=_LATELY)
        self._orders: dict[str, Order] = {}
        self._open: dict[str, None] = {}
        self._guessed: dict[str, None] = {}
        self._open_on: dict[str, dict[str, None]] = {}
        self._by_client: dict[str, str] = {}
        self._by_broker: dict[str, str] = {}
        self._children: dict[str, list[str]] = {}
        self.last_executed_at: datetime | None = None
        # What all fills have moved in cash. Units: dollars; negative where more was bought.
        self.paid = ZERO
        # By execution id. A spread as a whole has an id and no fill of its own.
        self._executions: dict[str, Fill | None] = {}
        # Whose the ids without a fill are, and how many left memory (`memory.py`).
        self._spent: dict[str, str] = {}
        self._fills_forgotten = 0

    # Reading ------------------------------------------------------------------------------------

    @property
    def trading_state(self) -> TradingState:
        """The most restrictive state that any cause demands."""
        return most_restrictive(self.restrictions)

    def order(self, order_id: str) -> Order:
        """The order with our id. Raises: KeyError."""
        return self._orders[order_id]

    def find(self, any_id: str) -> Order | None:
        """The order that our id, client id or broker id names."""
        found = self._orders.get(any_id)
        if found is None:
            order_id = self._by_client.get(any_id) or self._by_broker.get(any_id)
            found = self._orders[order_id] if order_id is not None else None
        return found

    def orders(self) -> Sequence[Order]:
        """Every order, oldest first."""
        return tuple(self._orders.values())

    def open_orders(self) -> Iterator[Order]:
        """Every order that can still trade, oldest first. Changes with the book."""
        return (self._orders[order_id] for order_id in list(self._open))

    def open_on(self, symbol: str) -> Iterator[Order]:
        """Every order in `symbol` that can still trade, oldest first; spreads by underlying."""
        return (self._orders[order_id] for order_id in list(self._open_on.get(symbol, ())))

    def guessed(self) -> Sequence[Order]:
        """Orders of which some fills are guesses, waiting for their executions."""
        return tuple(self._orders[order_id] for order_id in self._guessed)

    def children(self, order_id: str) -> Sequence[Order]:
        """Orders whose parent is `order_id`, oldest first."""
        return tuple(self._orders[child] for child in self._children.get(order_id, ()))

    @property
    def fills_booked(self) -> int:
        """How many executions have been booked. Rises with every fill."""
        return len(self._executions) + self._fills_forgotten

    def has_booked(self, execution_id: str) -> bool:
        """Whether this execution has been booked: each is booked once."""
        return execution_id in self._executions

    def fill(self, execution_id: str) -> Fill | None:
        """The fill that was booked under this id and not taken back since."""
        return self._executions.get(execution_id)

    def position(self, instrument: Instrument) -> Position:
        """What is held in `instrument`; flat if nothing ever was."""
        return self.positions.get(instrument.symbol) or Position(instrument=instrument)

    # Changing -----------------------------------------------------------------------------------

    def apply(self, record: e.Record) -> None:
        """Fold one record. Raises: AssertionError if the journal has a gap or breaks a rule."""
        if record.sequence <= self.sequence:
            return
        assert record.sequence == self.sequence + 1, "the journal has a gap"
        self.sequence = record.sequence
        self._fold(record.event)

    def _fold(self, event: e.Event) -> None:
        match event:
            case e.OrderIntended():
                self._add(lifecycle.intended(event))
                self.history.intended(event.terms, event.at)
            case e.ChildListed():
                self._list_child(event)
            case e.OrderAcknowledged():
                self._store(lifecycle.acknowledged(self._orders[event.order_id], event))
            case e.OrderFilled():
                self._book_fill(event)
            case e.SpreadFilled():
                self._book_spread(event)
            case e.FillInferred():
                self._book_guess(event)
            case e.FillCorrected():
                self._correct(event)
            case e.OrderReplaced():
                self._store(lifecycle.replaced(self._orders[event.order_id], event))
            case e.PlanJudged():
                self.history.judged(event.at)
                # Only a verdict that led to an order is remembered: the rest is judged anew.
                if event.order_ids:
                    self.plans[event.plan_id] = event
            case e.PositionAdjusted():
                self._adjust(event)
            case e.ProtectionTriggered():
                self._latch(event)
            case e.TrailMoved():
                self._trail(event)
            case e.PartialTimedOut():
                self.timed_out[event.order_id] = event.action
            case e.OrderRefused() | e.SubmitUnknown() | e.OrderProgressed():
                self._store(lifecycle.progressed(self._orders[event.order_id], event))
            case e.CancelRequested() | e.CancelRefused():
                self._store(lifecycle.cancel_answered(self._orders[event.order_id], event))
            case a.ActivityNoted() | a.CashUnexplained():
                self.activities.fold(event)
            case o.CloseOwed() | o.CloseSettled() | o.OptionAlarmed():
                self.options.fold(event)
            case o.ExerciseAsked() | o.ExerciseAnswered() | o.RollOwed() | o.RollSettled():
                self.options.fold(event)
            case _:
                self._fold_state(event)

    def _fold_state(self, event: StateEvent) -> None:
        match event:
            case e.RunStarted():
                self.stopped_cleanly = False
            case e.RunStopped():
                self.stopped_cleanly = True
            case e.TradingRestricted():
                self.restrictions[event.cause] = restriction_of(event)
            case e.RestrictionLifted():
                self.restrictions.pop(event.cause, None)
            case e.MassCancelOwed():
                self.mass_cancel_owed = event
            case e.MassCancelConfirmed():
                self.mass_cancel_owed = None
            case e.ReconciliationCompleted():
                self.last_reconciliation = event
            case e.FlattenOwed():
                self.flatten_owed = event
            case e.FlattenSettled():
                self.flatten_owed = None
            case e.ClientSessionKept():
                self.client_sessions[event.session_id] = event
            case e.ClientSessionEnded():
                self.client_sessions.pop(event.session_id, None)
            case e.EquityMarked():
                self.history.marked(event.session, event.equity)

    def _touch(self, instrument: Instrument) -> None:
        self.touched.pop(instrument.symbol, None)
        self.touched[instrument.symbol] = (self.sequence, instrument.underlying)

    def _store(self, order: Order) -> None:
        order_id, symbol = order.order_id, order.terms.instrument.symbol
        self._touch(order.terms.instrument)
        self._orders[order_id] = order
        self.lately.append((self.sequence, order))
        working = self._open_on.setdefault(symbol, {})
        if order.is_open:
            self._open.setdefault(order_id)
            working.setdefault(order_id)
        else:
            self._open.pop(order_id, None)
            working.pop(order_id, None)
        if order.inferred:
            self._guessed.setdefault(order_id)
        else:
            self._guessed.pop(order_id, None)
        if order.broker_order_id is not None:
            self._by_broker[order.broker_order_id] = order_id

    def _add(self, order: Order) -> None:
        terms = order.terms
        assert terms.order_id not in self._orders, f"order {terms.order_id} was intended before"
        # The first to bear a client id keeps it; a stranger's order may have none.
        if terms.client_order_id:
            self._by_client.setdefault(terms.client_order_id, terms.order_id)
        if terms.parent_order_id is not None:
            self._children.setdefault(terms.parent_order_id, []).append(terms.order_id)
        self._store(order)

    def _list_child(self, event: e.ChildListed) -> None:
        """Take in what the broker shows; of a leg that is known, how much it is for may change."""
        known = self._orders.get(event.terms.order_id)
        if known is not None:
            self._store(lifecycle.listed_again(known, event))
            return
        parent = self._orders.get(event.terms.parent_order_id or "")
        self._add(lifecycle.listed(event, parent))

    def _book_fill(self, event: e.OrderFilled) -> None:
        fill = event.fill
        if fill.execution_id in self._executions:
            return
        order = self._orders[fill.order_id]
        self._alarm_if_late(order)
        self._store(lifecycle.filled(order, fill.quantity, fill.price, fill.charges, event.at))
        self._roll_up(order, fill, event.at)
        self._hold(fill)
        self._protect(order.terms, fill.instrument)

    def _book_guess(self, event: e.FillInferred) -> None:
        fill = event.fill
        if fill.execution_id in self._executions:
            return
        order = self._orders[fill.order_id]
        self._store(lifecycle.inferred(order, fill, event.at))
        self._roll_up(order, fill, event.at)
        self._hold(fill)
        self._protect(order.terms, fill.instrument)

    def _correct(self, event: e.FillCorrected) -> None:
        """Put one fill in the place of others, in the order, in its tactic and in the holding."""
        after = event.after
        if after is not None and after.execution_id in self._executions:
            return
        order = self._orders[event.order_id]
        rolls_up = self._tactic_of(order)
        for one in (order, rolls_up):
            if one is not None and not one.terms.legs:
                self._store(lifecycle.corrected(one, event.before, after, event.at))
        for fill in event.before:
            self._executions[fill.execution_id] = None
            self.paid -= fill.paid
            self.activities.undone(fill)
            self._spent[fill.execution_id] = event.order_id
            held = self.position(fill.instrument)
            self._take(held.undone(fill.side.sign * fill.quantity, fill.price))
        if after is not None:
            self._hold(after, again=bool(event.before))
            self._protect(order.terms, after.instrument)

    def _book_spread(self, event: e.SpreadFilled) -> None:
        legs = tuple(fill for fill in event.legs if fill.execution_id not in self._executions)
        if event.execution_id in self._executions or not legs:
            return
        self._executions[event.execution_id] = None
        self._spent[event.execution_id] = event.order_id
        order = self._orders[event.order_id]
        self._alarm_if_late(order)
        fresh = evolve(event, legs=legs)
        for one in (order, self._tactic_of(order)):
            if one is not None:
                self._store(lifecycle.spread_filled(one, fresh))
        self.options.opened(order.terms, event.quantity, self.positions)
        for fill in legs:
            self._hold(fill)
            self._protect(order.terms, fill.instrument)

    def _alarm_if_late(self, order: Order) -> None:
        if order.status.is_closed:
            self.late_fills += 1

    def _roll_up(self, child: Order, fill: Fill, at: datetime) -> None:
        """A slice's fill is its tactic parent's fill too."""
        parent = self._tactic_of(child)
        if parent is not None:
            self._store(lifecycle.filled(parent, fill.quantity, fill.price, fill.charges, at))

    def _tactic_of(self, child: Order) -> Order | None:
        """The tactic that the order is a slice of; an exit or a stop of what it bought is none."""
        parent = self._orders.get(child.terms.parent_order_id or "")
        if parent is None or not parent.terms.is_tactic:
            return None
        return parent if child.terms.purpose is parent.terms.purpose else None

    def _hold(self, fill: Fill, *, again: bool = False) -> None:
        """Change the holding; `again`: by what has been traded already, and is only told better."""
        self._executions[fill.execution_id] = fill
        self.paid += fill.paid
        self.activities.traded(fill)
        if self.last_executed_at is None or fill.executed_at > self.last_executed_at:
            self.last_executed_at = fill.executed_at
        before = self.position(fill.instrument)
        after = before.filled(fill.side.sign * fill.quantity, fill.price)
        order = self._orders.get(fill.order_id)
        terms = None if order is None else order.terms
        if not again:
            self.history.filled(terms, fill, before, after)
        self._take(after)
        self.options.filled(terms, fill.instrument, self.positions)

    def _take(self, position: Position) -> None:
        """The holding is now this. What guarded one on the other side guards it no more."""
        symbol = position.instrument.symbol
        before = self.position(position.instrument).quantity
        self.positions[symbol] = position
        self.position_sequence = self.sequence
        self._touch(position.instrument)
        if position.is_flat or position.quantity * before < 0:
            self.protections.drop(symbol)

    def _protect(self, terms: OrderTerms, instrument: Instrument) -> None:
        """Protection exists from the first filled share of an entry that has levels.

        Where two entries have different levels, those of the entry that was intended later hold
        for the whole position, in whatever order the two fill.
        """
        protection = protection_from(terms)
        if protection is None or not terms.purpose.opens or protection.instrument != instrument:
            return
        held = self.position(instrument).quantity
        if held == 0 or (held > 0) != (terms.side is Side.BUY):
            return
        standing = self.protections.get(instrument.symbol)
        if standing is None or self._is_newer(protection, standing):
            self.protections[instrument.symbol] = protection

    def _is_newer(self, protection: Protection, standing: Protection) -> bool:
        entry = self._orders[protection.entry_order_id]
        return entry.intended_at > self._orders[standing.entry_order_id].intended_at

    def _latch(self, event: e.ProtectionTriggered) -> None:
        protection = self.protections.get(event.symbol)
        if protection is not None:
            latched = evolve(protection, exit_order_id=event.exit_order_id)
            self.protections[event.symbol] = latched

    def _trail(self, event: e.TrailMoved) -> None:
        protection = self.protections.get(event.symbol)
        if protection is not None:
            self.protections[event.symbol] = evolve(protection, best=event.best)

    def _adjust(self, event: e.PositionAdjusted) -> None:
        held = self.position(event.instrument)
        cost = event.quantity * event.average_price
        self._take(evolve(held, quantity=event.quantity, cost=cost))
        self.options.adjusted(self.positions)
