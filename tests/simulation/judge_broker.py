"""Is everything that leaves the daemon, and everything that happens at the venue, allowed?

Checked in the moment in which it happens, against the venue's own record and the disk, never
against what the daemon believes.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal

from attrs import define, field

from cream.core.exchange.admission import INSUFFICIENT_QTY
from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.execution.events import Record
from cream.core.model.broker import Execution, Refused, SubmitOutcome, Unavailable
from cream.core.model.instrument import Equity, Instrument, OptionContract
from cream.core.model.money import ZERO
from cream.core.model.order import OrderPurpose, OrderTerms, Side
from cream.core.model.state import Cause
from tests.simulation.exchange import Exchange
from tests.simulation.orders_asked import Memory
from tests.simulation.seasons import MAX_CONTRACTS, sign_of

# More cancels of one order that arrive than any history has reason for.
_CANCELS_AN_ORDER = 16

# Exits that may be refused for want of shares: each was overtaken by an entry that filled.
_RACES = 1

# What agents may hold of each symbol: the sign that a holding in it can have.
SIGN_OF = {"AAPL": 1, "MSFT": 1, "XOM": -1}
MAX_UNITS = 150


@define(eq=False)
class BrokerJudge:
    """Watches what passes between a daemon and its broker.

    `durable` are the orders whose intent is on the disk; what else is there is folded here in a
    way of its own: what restricts trading, and whether a mass cancel is owed. `strangers` are
    broker ids of orders that are none of the daemon's.
    """

    exchange: Exchange
    memory: Memory
    durable: dict[str, OrderTerms] = field(factory=dict)
    restricted: set[Cause] = field(factory=set)
    owes_mass_cancel: bool = False
    reconciliations: int = 0
    strangers: set[str] = field(factory=set)
    _may_send_again: dict[str, bool] = field(factory=dict)
    _refused_exits: int = 0
    _cancels: Counter[str] = field(factory=Counter)
    _taken: dict[tuple[str, str, str], Decimal] = field(factory=dict)

    def recorded(self, records: Sequence[Record]) -> None:
        """These records are on the disk; all of them from the first, where a life begins."""
        if records and records[0].sequence == 1:
            self.restricted.clear()
            self.owes_mass_cancel, self.reconciliations = False, 0
        for record in records:
            match record.event:
                case e.OrderIntended(terms=terms):
                    self.durable[terms.order_id] = terms
                case e.TradingRestricted(cause=cause):
                    self.restricted.add(cause)
                case e.RestrictionLifted(cause=cause):
                    self.restricted.discard(cause)
                case e.MassCancelOwed():
                    self.owes_mass_cancel = True
                case e.MassCancelConfirmed():
                    self.owes_mass_cancel = False
                case e.ReconciliationCompleted():
                    self.reconciliations += 1
                case _:
                    pass

    def begun(self, book: Book) -> None:
        """A new life has read the disk."""
        demand = self.exchange.world.demand
        demand(book.restrictions.keys() == self.restricted, "I20", "a restriction is forgotten")
        owes = book.mass_cancel_owed is not None
        demand(owes is self.owes_mass_cancel, "I14", "a mass cancel that is owed is forgotten")

    def submitting(self, terms: OrderTerms, book: Book) -> None:
        """An order is about to be sent."""
        demand, client_id = self.exchange.world.demand, terms.client_order_id
        intended = self.durable.get(terms.order_id)
        demand(intended == terms, "I12", f"{client_id} is sent, and its intent is not on the disk")
        # What may have arrived is never sent again.
        again = self._may_send_again.get(client_id, True)
        demand(again, "I1", f"{client_id} may have arrived, and is sent again")
        self._may_send_again[client_id] = False
        if terms.purpose.opens:
            state = book.trading_state
            demand(state.allows_increases, "I12", f"{client_id} leaves in {state.value}")
            demand(not self.memory.halted, "I20", f"{client_id} leaves after the operator's halt")
        for instrument, side, quantity in terms.closing:
            held = book.position(instrument).quantity
            fits = quantity <= abs(held) and held * side.sign < 0
            demand(fits, "I7", f"{client_id} closes {quantity} of {held}")

    def settled(self, terms: OrderTerms, outcome: SubmitOutcome) -> None:
        """The daemon was told what came of a submit."""
        if isinstance(outcome, Unavailable):
            self._may_send_again[terms.client_order_id] = True
        if isinstance(outcome, Refused) and outcome.code == INSUFFICIENT_QTY:
            self._wanting(terms)

    def _wanting(self, terms: OrderTerms) -> None:
        """I24: before an exit is sent its shares are released. An entry that fills may race it."""
        world = self.exchange.world
        if terms.purpose is OrderPurpose.EXIT and world.calm.is_calm:
            self._refused_exits += 1
            text = f"{terms.client_order_id}: an exit wants for shares again, in calm weather"
            world.demand(self._refused_exits <= _RACES, "I24", text)

    def cancelling(self, broker_order_id: str) -> None:
        """A cancel is about to be sent."""
        ours = broker_order_id not in self.strangers
        self.exchange.world.demand(ours, "I23", "a stranger's order is cancelled")

    def cancelled(self, broker_order_id: str) -> None:
        """A cancel has arrived."""
        self._cancels[broker_order_id] += 1
        count = self._cancels[broker_order_id]
        text = f"{broker_order_id} was cancelled {count} times"
        self.exchange.world.demand(count <= _CANCELS_AN_ORDER, "I9", text)

    def taken(self, terms: OrderTerms) -> None:
        """The venue has taken an order."""
        demand = self.exchange.world.demand
        limit = self.memory.limit_of(terms)
        if limit is not None:
            key = (terms.plan_id, terms.decision_id, terms.purpose.value)
            self._taken[key] = self._taken.get(key, ZERO) + terms.quantity
            total = self._taken[key]
            demand(total <= limit, "I1", f"{key} is for {limit}, and the venue has {total}")
        if terms.purpose.opens:
            self._units(terms)

    def _units(self, terms: OrderTerms) -> None:
        """I13: whatever is held and all that still may be bought, against the limit."""
        for instrument, side, quantity in opened_by(terms, terms.quantity):
            symbol, working = instrument.symbol, ZERO
            for order in self.exchange.live():
                other = self.exchange.terms.get(order.client_order_id)
                if other is None or other.order_id == terms.order_id or order.parent_id is not None:
                    continue
                for opened, way, much in opened_by(other, order.leaves):
                    if opened.symbol == symbol and way is side:
                        working += much
            mine = self.exchange.book.find(terms.client_order_id)
            if mine is not None and mine.is_open:
                working += quantity * mine.leaves / terms.quantity
            total = abs(self.exchange.held(symbol)) + working
            most = MAX_UNITS if isinstance(instrument, Equity) else MAX_CONTRACTS
            self.exchange.world.demand(
                total <= most, "I13", f"{total} of {symbol} are held or on their way"
            )

    def traded(self, execution: Execution) -> None:
        """Something has traded."""
        symbol = execution.instrument.symbol
        held = self.exchange.held(symbol) * _sign_of(execution.instrument)
        word = "sold" if execution.side is Side.SELL else "bought"
        self.exchange.world.demand(held >= 0, "I7", f"{word} more {symbol} than was held: {held}")

    def working(self) -> Sequence[str]:
        """Client ids of the live orders that a mass cancel is after."""
        return [
            order.client_order_id
            for order in self.exchange.live()
            if order.parent_id is None and self._must_go(order.client_order_id)
        ]

    def _must_go(self, client_order_id: str) -> bool:
        terms = self.exchange.terms.get(client_order_id)
        if terms is None:
            return False
        by_agent = terms.purpose is OrderPurpose.EXIT and bool(terms.plan_id)
        own = terms.parent_order_id is not None or not terms.plan_id
        return terms.purpose.opens or (by_agent and not own)


def opened_by(terms: OrderTerms, units: Decimal) -> Iterator[tuple[Instrument, Side, Decimal]]:
    """What so many units of an order would open."""
    if terms.legs:
        for leg in terms.legs:
            if leg.opens:
                yield leg.contract, leg.side, units * abs(leg.ratio)
    elif terms.purpose is OrderPurpose.ENTRY:
        yield terms.instrument, terms.side, units


def _sign_of(instrument: Instrument) -> int:
    if isinstance(instrument, OptionContract):
        return sign_of(instrument)
    return SIGN_OF.get(instrument.symbol, 1)
