"""Does everything that must happen soon happen soon, as far as the faults let it?

Looked at every second. A bound is counted in calm time: seconds in which nothing was wrong with the
world and the daemon was up, so that it can be tight and still honest.
"""

from collections.abc import Iterator
from decimal import Decimal

import trio
from attrs import define, field

from cream.core.exchange.alpaca_status import VenueStatus
from cream.core.exchange.venue_order import Role, VenueOrder
from cream.core.model.money import ZERO
from cream.core.model.order import OrderClass, OrderPurpose, OrderStatus, OrderType
from cream.core.model.order_state import Unanswered, beneath
from cream.core.safety.heartbeat import Link
from cream.daemon.tree import Tree
from tests.simulation.exchange import Exchange
from tests.simulation.judge_broker import SIGN_OF, BrokerJudge
from tests.simulation.network import Sky
from tests.simulation.ports import is_reachable

# I4: how long shares may be held that nobody guards; and a level be reached with no exit at work.
UNGUARDED_SECONDS = 5.0
LEVEL_SECONDS = 6.0
# I5: how long after the broker is back entries may work that a mass cancel owes.
MASS_CANCEL_SECONDS = 10.0
# How long an outage is that no daemon with the intervals of `history.py` can overlook.
NOTICED_SECONDS = 17.0
# I8: how long after a start the daemon may not be ready, for no reason that a person has to clear.
READY_SECONDS = 30.0
# I22: how long an order may be unknown before somebody is told: absence takes 30 s to prove.
UNKNOWN_SECONDS = 45.0


@define(eq=False)
class BoundsJudge:
    """Watches one life of the daemon."""

    exchange: Exchange
    broker: BrokerJudge
    tree: Tree
    _outage_began: float | None = None
    _owed: set[str] = field(factory=set)
    _since: dict[str, float] = field(factory=dict)
    _seen: set[str] = field(factory=set)

    def look(self) -> None:
        """Judge this moment.   Raises: Violation."""
        self._seen.clear()
        if is_reachable(self.exchange) and self.tree.desk.failure is None:
            self._guarding()
            self._mass_cancel()
            self._unknown()
            self._readiness()
        for key in [one for one in self._since if one not in self._seen]:
            del self._since[key]

    def sky_changed(self, sky: Sky) -> None:
        """The network has. What works after an outage that the daemon must have noticed is owed."""
        now = trio.current_time()
        if sky is not Sky.CLEAR:
            if self.tree.recovered.is_set() and self.tree.desk.failure is None:
                self._outage_began = now
            return
        began, self._outage_began = self._outage_began, None
        if began is not None and now - began > NOTICED_SECONDS:
            self._owed.update(self.broker.working())
            self.exchange.world.chance.sometimes("an outage was too long to overlook")

    def _while(self, key: str, limit: float, invariant: str, text: str) -> None:
        """This is so now, and may not be so for longer than `limit`."""
        calm = self.exchange.world.calm.now()
        self._seen.add(key)
        since = self._since.setdefault(key, calm)
        self.exchange.world.demand(
            calm - since <= limit, invariant, f"{text}, for {calm - since:.1f} s by now"
        )

    # I4 -----------------------------------------------------------------------------------------

    def _guarding(self) -> None:
        if not self.tree.recovered.is_set():
            return
        for symbol in SIGN_OF:
            held = self.exchange.held(symbol)
            bare = abs(held) - self._guarded(symbol, held)
            if held == 0 or bare <= 0:
                continue
            if not self._is_watched(symbol, held):
                text = f"{bare} of {held} {symbol} are guarded by nobody"
                self._while(f"bare {symbol}", UNGUARDED_SECONDS, "I4", text)
            elif self._is_reached(symbol, held):
                text = f"{bare} of {held} {symbol} are held past their stop"
                if self._is_exit_in_doubt(symbol):
                    # Nobody sends another while the first may be there: it would close twice.
                    self._while(f"doubted {symbol}", UNKNOWN_SECONDS + LEVEL_SECONDS, "I4", text)
                else:
                    self._while(f"level {symbol}", LEVEL_SECONDS, "I4", text)

    def _guarded(self, symbol: str, held: Decimal) -> Decimal:
        """What stops and exits at the venue are going to close."""
        groups: dict[str, Decimal] = {}
        for order in self.exchange.book.open_on(symbol):
            if order.side.sign * held < 0 and not order.legs and self._guards(order):
                name = order.parent_id or order.broker_order_id
                groups[name] = max(groups.get(name, ZERO), order.leaves)
        return sum(groups.values(), ZERO)

    def _guards(self, order: VenueOrder) -> bool:
        if order.order_type is OrderType.MARKET or order.elected:
            return True
        if order.role is Role.STOP_LOSS and order.parent_id is not None:
            root = self.exchange.book.order(order.parent_id)
            return root.order_class is OrderClass.OCO or root.status is VenueStatus.FILLED
        return order.is_stop

    def _is_exit_in_doubt(self, symbol: str) -> bool:
        """By an order of ours that may be there and close it, to be cancelled or not."""
        return any(
            one.terms.purpose is not OrderPurpose.ENTRY
            and isinstance(beneath(one.state), Unanswered)
            for one in self.tree.desk.book.open_on(symbol)
        )

    def _is_watched(self, symbol: str, held: Decimal) -> bool:
        book = self.tree.desk.book
        known = book.positions.get(symbol)
        return symbol in book.protections and known is not None and known.quantity == held

    def _is_reached(self, symbol: str, held: Decimal) -> bool:
        stop = self.tree.desk.book.protections[symbol].stop_loss
        quote = self.exchange.market.latest(symbol)
        if stop is None or quote is None:
            return False
        return quote.bid <= stop if held > 0 else quote.ask >= stop

    # I5, I8, I22 --------------------------------------------------------------------------------

    def _mass_cancel(self) -> None:
        left = self.broker.working()
        if self.tree.desk.book.mass_cancel_owed is not None and left:
            text = f"a mass cancel is owed, and {left} work"
            self._while("mass cancel", MASS_CANCEL_SECONDS, "I5", text)
        self._owed.intersection_update(left)
        if self._owed:
            text = f"{sorted(self._owed)} have worked through an outage, and work"
            self._while("outage", MASS_CANCEL_SECONDS, "I5", text)

    def _unknown(self) -> None:
        for order in self.tree.desk.book.open_orders():
            if order.status is OrderStatus.UNKNOWN_SUBMIT:
                text = f"nobody knows what became of {order.terms.client_order_id}"
                self._while(f"unknown {order.order_id}", UNKNOWN_SECONDS, "I22", text)

    def _readiness(self) -> None:
        reasons = list(self._waits())
        if reasons:
            self._while("ready", READY_SECONDS, "I8", f"not ready: {reasons}")

    def _waits(self) -> Iterator[str]:
        """Reasons for not being ready that nobody but the daemon can clear."""
        if not self.tree.operations.recovered:
            yield "not recovered"
        if self.tree.link.state is not Link.CONNECTED:
            yield "the link is down"
        elif not self.tree.link.session_up:
            yield "no session"
