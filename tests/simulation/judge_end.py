"""Once the storm is over and the market stands still: is what the daemon believes the truth?"""

from collections.abc import Callable, Container, Sequence
from decimal import Decimal

from attrs import define

from cream.core.exchange.alpaca_status import STATUS_BY_WORD
from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.execution.events import Record
from cream.core.model.fill import Fill
from cream.core.model.money import ZERO, average
from cream.core.model.order import OrderStatus
from cream.daemon.tree import Tree
from tests.fakes.memory_archive import MemoryArchive
from tests.simulation.exchange import CASH, Exchange
from tests.simulation.orders_asked import Memory

# Where the two have words of their own for the same: a bracket's stop is held at the venue.
_A_HAIR = Decimal("0.0001")  # averages are kept to ten places
_ALIKE = frozenset({OrderStatus.HELD, OrderStatus.ACCEPTED, OrderStatus.DONE_FOR_DAY})


@define(eq=False)
class EndJudge:
    """Compares one life of the daemon with the venue's record.

    `reconciled` counts the records that note a reconciliation.
    """

    exchange: Exchange
    memory: Memory
    reconciled: Callable[[], int]

    def _demand(self, holds: bool, invariant: str, text: str) -> None:
        self.exchange.world.demand(holds, invariant, text)

    async def judge(self, tree: Tree, records: Sequence[Record]) -> None:
        """Compare everything.   Raises: Violation."""
        away = await self._recalled(tree)
        self._orders(tree.desk.book)
        self._holdings(tree.desk.book)
        self._cash(tree.desk.book)
        self._gains(tree.desk.book, records)
        self._replayed(tree.desk.book, records, away)
        await self._settled(tree)

    async def _recalled(self, tree: Tree) -> Container[str]:
        """Have in memory all that has left it; these are the orders that ever did.

        What the daemon believes of them is judged like the rest.
        """
        archivist = tree.archivist
        assert archivist is not None
        archive = archivist.archive
        assert isinstance(archive, MemoryArchive)
        self.memory.check(tree.desk.book, archive)
        away = {one.order.order_id for _, one in archive.shelf}
        for plan_id in archive.plans:
            await archivist.recall_plan(plan_id)
        await archivist.recall(sorted(away))
        return away

    def _orders(self, book: Book) -> None:
        """I3: the orders here are the orders there, each with the same filled quantity."""
        ours = {
            order.broker_order_id: order
            for order in book.open_orders()
            if not order.terms.is_tactic
        }
        theirs = {order.broker_order_id: order for order in self.exchange.live()}
        text = f"open here {sorted(map(str, ours))}, at the venue {sorted(theirs)}"
        self._demand(ours.keys() == theirs.keys(), "I3", text)
        for client_id in self.exchange.terms:
            order, shown = book.find(client_id), self.exchange.book.find(client_id)
            assert shown is not None
            self._demand(order is not None, "I3", f"{client_id} is at the venue and unknown here")
            assert order is not None
            self._demand(
                order.filled == shown.filled,
                "I10",
                f"{client_id} has filled {order.filled} here and {shown.filled} there",
            )
            if shown.filled and not order.terms.is_tactic:
                ours, truth = order.average_price, average(shown.notional, shown.filled)
                self._demand(ours == truth, "I11", f"{client_id} cost {ours} here, {truth} there")
            status = STATUS_BY_WORD[shown.status.value]
            same = order.status is status or {order.status, status} <= _ALIKE
            if not same:
                leaving = order.status is OrderStatus.PENDING_CANCEL and shown.is_open
                words = f"{order.status.value} here and {shown.status.value} there"
                self._demand(leaving, "I3", f"{client_id} is {words}")
        for order_id in self.memory.cancelled:
            cancelled = book.order(order_id)
            self._demand(not cancelled.is_open, "I2", f"{order_id} was to go, and is open")

    def _holdings(self, book: Book) -> None:
        """I10: what is held is the sum of all trades, each of them once."""
        sums: dict[str, Decimal] = {}
        for one in self.exchange.executions:
            symbol = one.instrument.symbol
            sums[symbol] = sums.get(symbol, ZERO) + one.side.sign * one.quantity
            booked = book.has_booked(one.execution_id)
            self._demand(booked, "I10", f"{one.execution_id} was never booked")
        for symbol in {**sums, **book.positions}:
            held = book.positions[symbol].quantity if symbol in book.positions else ZERO
            theirs = self.exchange.held(symbol)
            same = held == theirs == sums.get(symbol, ZERO)
            self._demand(same, "I10", f"{held} {symbol} here, {theirs} at the venue")

    def _cash(self, book: Book) -> None:
        """I11: not a cent appears or is lost, here or there."""
        moved = ZERO
        for one in self.exchange.executions:
            price = one.price * one.instrument.multiplier
            moved -= one.side.sign * one.quantity * price
        account = self.exchange.book.account
        self._demand(account.ledger.cash == CASH + moved, "I11", "the venue's cash is wrong")
        ours = sum(
            (
                held.realized_pnl - held.cost * held.instrument.multiplier
                for held in book.positions.values()
            ),
            ZERO,
        )
        self._demand(ours == moved, "I11", f"{ours} has moved here, {moved} at the venue")

    def _gains(self, book: Book, records: Sequence[Record]) -> None:
        """I11: what is gained by a close is its price less the average that was paid.

        Folded here once more, by hand. Of what was told anew (guessed first, or corrected) only the
        sum is certain, which `_cash` has looked at.
        """
        folded: dict[str, tuple[Decimal, Decimal, Decimal]] = {}
        told_anew: set[str] = set()
        for record in records:
            match record.event:
                case e.OrderFilled(fill=fill):
                    _fold(folded, fill)
                case e.SpreadFilled(legs=legs):
                    for leg in legs:
                        _fold(folded, leg)
                case e.FillInferred(fill=fill):
                    told_anew.add(fill.instrument.symbol)
                case _:
                    pass
        for symbol, (quantity, paid, gained) in folded.items():
            if symbol in told_anew:
                continue
            ours = book.positions[symbol]
            same = (
                ours.quantity == quantity
                and abs(ours.average_price - paid) < _A_HAIR
                and abs(ours.realized_pnl - gained * ours.instrument.multiplier) < _A_HAIR
            )
            text = f"{symbol}: gained {ours.realized_pnl} here, and {gained} by hand"
            self._demand(same, "I11", text)
            self.exchange.world.chance.sometimes("a gain was counted by hand")

    def _replayed(self, book: Book, records: Sequence[Record], away: Container[str]) -> None:
        """I14: the journal gives the state again, and replaying a prefix twice changes nothing."""
        again = Book()
        try:
            for record in [*records, *records[: len(records) // 2]]:
                again.apply(record)
        except AssertionError as error:
            self._demand(False, "I14", f"the journal cannot be read twice: {error}")
        for name, value in vars(again).items():
            if name == "lately":
                # The latest changes are news for whoever follows a book, not what is true.
                continue
            if name == "timed_out":
                # Not kept of what is closed and away: nothing follows from it any more.
                again.timed_out = value = {
                    one: what for one, what in value.items() if one not in away
                }
            same = _without_empty(value) == _without_empty(getattr(book, name))
            self._demand(same, "I14", f"replayed, {name} is not what it was")

    async def _settled(self, tree: Tree) -> None:
        """I21: a second reconciliation changes nothing."""
        await tree.reconciler.sweep()
        written = self._written(tree)
        result = await tree.reconciler.sweep()
        self._demand(result.clean, "I21", f"still differs: {result.discrepancies}")
        same = self._written(tree) == written
        self._demand(same, "I21", "a second reconciliation has changed something")

    def _written(self, tree: Tree) -> int:
        """Records so far, without those that only say that a reconciliation was done."""
        return tree.desk.book.sequence - self.reconciled()


def _fold(folded: dict[str, tuple[Decimal, Decimal, Decimal]], fill: Fill) -> None:
    """Take a fill into its holding."""
    symbol = fill.instrument.symbol
    before = folded.get(symbol, (ZERO, ZERO, ZERO))
    folded[symbol] = _traded(*before, fill.side.sign * fill.quantity, fill.price)


def _traded(
    quantity: Decimal, paid: Decimal, gained: Decimal, signed: Decimal, price: Decimal
) -> tuple[Decimal, Decimal, Decimal]:
    """A holding, its average and its gain after one more trade, as in a textbook."""
    if quantity * signed >= 0:
        total = quantity + signed
        return total, (quantity * paid + signed * price) / total, gained
    closed = min(abs(signed), abs(quantity))
    gained += closed * (price - paid) * (1 if quantity > 0 else -1)
    after = quantity + signed
    if after == 0:
        return ZERO, ZERO, gained
    return after, (paid if after * quantity > 0 else price), gained


def _without_empty(value: object) -> object:
    """A symbol of which nothing is open may have an entry or none: it means the same."""
    if isinstance(value, dict):
        return {name: one for name, one in value.items() if one != {}}
    return value
