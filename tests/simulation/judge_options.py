"""Are options left as they may be, and is every roll what was owed, and settled as it was?

What rolls are owed is folded here from the disk, and what came of them from the venue's record:
never from what the daemon believes.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from decimal import Decimal

from attrs import define, field

from cream.core.execution import option_events as o
from cream.core.execution.book import Book
from cream.core.execution.events import Record
from cream.core.execution.option_duties import AlarmKind
from cream.core.execution.roll_steps import Outcome
from cream.core.model.broker import Execution
from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.model.money import ZERO
from cream.core.model.order import OrderPurpose, OrderTerms
from cream.core.options.occ import expires_at
from cream.core.options.roll_legs import RollLeg
from tests.simulation.exchange import Exchange
from tests.simulation.seasons import CUTOFF_MINUTES, Season

# I26: how long after the cut-off of its last day something may be held. A close that came to
# nothing is tried again after one, two, four seconds, and so on.
CLOSED_SECONDS = 15.0
# I25: how long a roll may be owed: twenty attempts of six seconds, and what lies between them.
ROLL_SECONDS = 150.0


@define(eq=False)
class OptionJudge:
    """Watches options at the venue, and debts on the disk.

    `owed` are the rolls that are not settled, `rolls` all that ever were, `settled` how they ended.
    `moment` is told when a roll begins, and when an order of one trades.
    """

    exchange: Exchange
    owed: dict[str, o.RollOwed] = field(factory=dict)
    rolls: dict[str, o.RollOwed] = field(factory=dict)
    settled: dict[str, o.RollSettled] = field(factory=dict)
    closes: dict[str, o.CloseOwed] = field(factory=dict)
    moment: Callable[[str], None] = field(default=lambda _name: None)
    _failed: set[str] = field(factory=set)
    _orders: dict[str, list[OrderTerms]] = field(factory=dict)
    _since: dict[str, float] = field(factory=dict)

    def _demand(self, holds: bool, invariant: str, text: str) -> None:
        self.exchange.world.demand(holds, invariant, text)

    # Debts --------------------------------------------------------------------------------------

    def recorded(self, records: Sequence[Record]) -> None:
        """These records are on the disk; all of them from the first, where a life begins."""
        again = bool(records) and records[0].sequence == 1
        if again:
            for one in (self.owed, self.rolls, self.settled, self.closes, self._failed):
                one.clear()
        sometimes = _nothing if again else self.exchange.world.chance.sometimes
        for record in records:
            match record.event:
                case o.RollOwed() as owed:
                    twice = owed.roll_id in self.rolls
                    self._demand(not twice, "I25", f"{owed.roll_id} is owed twice")
                    self.owed[owed.roll_id] = self.rolls[owed.roll_id] = owed
                    self._is_one_at_a_time(owed)
                    if not again:
                        self.moment(owed.roll_id)
                    sometimes(f"a roll by {'one order' if owed.as_one else 'two orders'} was owed")
                case o.RollSettled() as settled:
                    self.owed.pop(settled.roll_id)
                    self.settled[settled.roll_id] = settled
                    sometimes(f"a roll ended: {settled.outcome}")
                case o.OptionAlarmed(kind=AlarmKind.ROLL_FAILED.value, message=text) if text:
                    self._failed.add(text)
                case o.CloseOwed() as close:
                    self.closes[close.contract.symbol] = close
                    sometimes("an option was to be closed")
                case o.CloseSettled(symbol=symbol):
                    self.closes.pop(symbol, None)
                case _:
                    pass

    def _is_one_at_a_time(self, owed: o.RollOwed) -> None:
        """No contract is owed by two rolls: they would close it twice."""
        mine = {leg.contract for leg in owed.closes}
        for other in self.owed.values():
            if other is not owed:
                theirs = {leg.contract for leg in other.closes}
                text = f"{owed.roll_id} and {other.roll_id} close the same"
                self._demand(not mine & theirs, "I25", text)

    def begun(self, book: Book) -> None:
        """A new life has read the disk."""
        text = f"rolls owed: {sorted(book.options.rolls)}, on the disk {sorted(self.owed)}"
        self._demand(book.options.rolls.keys() == self.owed.keys(), "I25", text)
        same = book.options.owed.keys() == self.closes.keys()
        self._demand(same, "I26", "a close that is owed is forgotten")
        if self.owed:
            self.exchange.world.chance.sometimes("a life began in the middle of a roll")

    # Orders -------------------------------------------------------------------------------------

    def submitting(self, terms: OrderTerms) -> None:
        """An order is about to be sent."""
        if self._is_of_roll(terms):
            on_time = terms.plan_id in self.owed
            self._demand(on_time, "I25", f"{terms.client_order_id}: its roll is settled, or none")

    def taken(self, terms: OrderTerms) -> None:
        """The venue has taken an order: no roll closes or opens more than it owes."""
        if not self._is_of_roll(terms):
            return
        owed = self.rolls[terms.plan_id]
        self._orders.setdefault(owed.roll_id, []).append(terms)
        for legs, opens in ((owed.closes, False), (owed.opens, True)):
            for leg in legs:
                total = self._traded(owed, leg, opens=opens, working=True)
                most = Decimal(owed.units * abs(leg.ratio))
                word = "opens" if opens else "closes"
                text = f"{owed.roll_id} {word} {total} {leg.contract.symbol}, and owes {most}"
                self._demand(total <= most, "I25", text)
        if not owed.as_one:
            self._is_closed_first(owed)

    def _is_closed_first(self, owed: o.RollOwed) -> None:
        """Of two orders the one that opens is for no more than was closed by then."""
        closed = min(
            self._traded(owed, leg, opens=False, working=False) / abs(leg.ratio)
            for leg in owed.closes
        )
        for leg in owed.opens:
            opens = self._traded(owed, leg, opens=True, working=True) / abs(leg.ratio)
            text = f"{owed.roll_id}: {opens} are opened, and {closed} were closed"
            self._demand(opens <= closed, "I25", text)

    def _is_of_roll(self, terms: OrderTerms) -> bool:
        if terms.plan_id not in self.rolls:
            return False
        exits = terms.purpose is OrderPurpose.EXIT and terms.parent_order_id is None
        return exits or terms.purpose.opens

    def _traded(self, owed: o.RollOwed, leg: RollLeg, *, opens: bool, working: bool) -> Decimal:
        """How many contracts the roll has closed or opened, or (`working`) still may."""
        total = ZERO
        for terms in self._orders.get(owed.roll_id, ()):
            shown = self.exchange.book.find(terms.client_order_id)
            if shown is None:
                continue
            for contract, much, way in _moves(terms):
                if contract == leg.contract and way is opens:
                    total += much * (shown.filled + (shown.leaves if working else ZERO))
        return total

    # The venue ----------------------------------------------------------------------------------

    def traded(self, execution: Execution) -> None:
        """Something has traded. I7: what is owed is covered by what is owned, at every moment."""
        shown = self.exchange.book.find(execution.broker_order_id)
        terms = self.exchange.terms.get(shown.client_order_id) if shown is not None else None
        if terms is not None and self._is_of_roll(terms):
            self.moment(execution.execution_id)
        season = self.exchange.world.season
        for contract in season.contracts():
            held = self.exchange.held(contract.symbol)
            if held >= 0 or contract.right is not OptionRight.CALL:
                continue
            cover = sum(
                (
                    max(ZERO, self.exchange.held(other.symbol))
                    for other in season.contracts()
                    if other.right is OptionRight.CALL and other.expiration >= contract.expiration
                ),
                ZERO,
            )
            cover += max(ZERO, self.exchange.held(contract.underlying)) // contract.multiplier
            text = f"{-held} {contract.symbol} are owed, and {cover} cover them"
            self._demand(-held <= cover, "I7", text)

    # Bounds -------------------------------------------------------------------------------------

    def look(self) -> None:
        """Judge this moment of a life that can reach the broker.   Raises: Violation."""
        seen = set()
        for key, limit, invariant, text in self._late():
            seen.add(key)
            calm = self.exchange.world.calm.now()
            since = self._since.setdefault(key, calm)
            self._demand(calm - since <= limit, invariant, f"{text}, for {calm - since:.0f} s")
        for key in [one for one in self._since if one not in seen]:
            del self._since[key]

    def _late(self) -> Iterator[tuple[str, float, str, str]]:
        for roll_id in self.owed:
            yield f"roll {roll_id}", ROLL_SECONDS, "I25", f"{roll_id} is owed"
        if self.exchange.world.season is not Season.LAST_DAY:
            return
        cutoff = timedelta(minutes=CUTOFF_MINUTES)
        for contract in self.exchange.world.season.contracts():
            held = self.exchange.held(contract.symbol)
            if held and self.exchange.now() >= expires_at(contract) - cutoff:
                text = f"{held} {contract.symbol} are held after the cut-off"
                yield f"last day {contract.symbol}", CLOSED_SECONDS, "I26", text

    # The end ------------------------------------------------------------------------------------

    def end(self) -> None:
        """Everything stands still: each roll was settled as it was, and what failed was told."""
        for roll_id, settled in self.settled.items():
            owed = self.rolls[roll_id]
            for legs, opens, units in (
                (owed.closes, False, settled.closed),
                (owed.opens, True, settled.opened),
            ):
                for leg in legs:
                    really = self._traded(owed, leg, opens=opens, working=True)
                    told = units * abs(leg.ratio)
                    word = "opened" if opens else "closed"
                    text = f"{roll_id} has {word} {really} {leg.contract.symbol}, told {told}"
                    self._demand(really == told, "I25", text)
            if settled.opened < settled.closed:
                failed = settled.outcome == Outcome.NOT_OPENED.value
                told_of = failed and settled.message in self._failed
                text = f"{roll_id} closed {settled.closed}, opened {settled.opened}; nobody knows"
                self._demand(told_of, "I25", text)


def _moves(terms: OrderTerms) -> Iterator[tuple[OptionContract, Decimal, bool]]:
    """What one unit of the order trades: contract, how many, and whether it opens."""
    for leg in terms.legs:
        yield leg.contract, Decimal(abs(leg.ratio)), leg.opens
    if not terms.legs and isinstance(terms.instrument, OptionContract):
        yield terms.instrument, Decimal(1), terms.purpose is OrderPurpose.ENTRY


def _nothing(_what: str) -> None:
    """What is read again has been counted."""
