"""What have callers asked for, what were they told, and does the daemon stand by it?

The memory of whoever uses the daemon: it outlives every process, and it believes what it was told.
"""

from decimal import Decimal

from attrs import define, field

from cream.core.execution.book import Book
from cream.core.model.order import OrderPurpose, OrderTerms
from cream.core.model.plan import DecisionPlan
from tests.fakes.memory_archive import MemoryArchive
from tests.simulation.world import World


@define(eq=False)
class Memory:
    """What callers know.

    `asked` is how much each (plan, decision) is for at most. `acknowledged` are the orders that a
    plan was answered with, `cancelled` the orders whose cancel was taken. `halted` is whether the
    operator was told that trading is restricted and has not asked for it to go on since.
    """

    world: World
    asked: dict[tuple[str, str], Decimal] = field(factory=dict)
    acknowledged: dict[str, tuple[str, ...]] = field(factory=dict)
    cancelled: dict[str, None] = field(factory=dict)
    halted: bool = False

    def will_submit(self, plan: DecisionPlan) -> None:
        """A plan is about to be submitted, for the first time or again."""
        for one in plan.decisions:
            self.asked[plan.plan_id, one.decision_id] = one.size.quantity

    def was_answered(self, plan_id: str, order_ids: tuple[str, ...]) -> None:
        """A plan was acknowledged with these orders. The same plan has the same answer, always."""
        before = self.acknowledged.get(plan_id)
        if before is not None:
            same = before == order_ids
            self.world.demand(same, "I15", f"{plan_id} gave {order_ids}, and before {before}")
            self.world.chance.sometimes("a plan was submitted again and answered alike")
        if order_ids:
            self.acknowledged[plan_id] = order_ids

    def limit_of(self, terms: OrderTerms) -> Decimal | None:
        """How much the decision behind an order is for; None where no caller asked for it."""
        if terms.purpose not in (OrderPurpose.ENTRY, OrderPurpose.EXIT):
            return None
        if terms.purpose is OrderPurpose.EXIT and terms.parent_order_id is not None:
            return None
        return self.asked.get((terms.plan_id, terms.decision_id))

    def check(self, book: Book, archive: MemoryArchive) -> None:
        """I2: whatever was acknowledged is known after any crash, in memory or beside the journal.

        Raises: Violation.
        """
        away = {one.order.order_id for _, one in archive.shelf}
        for plan_id, order_ids in self.acknowledged.items():
            known = book.plans.get(plan_id) or archive.plans.get(plan_id)
            self.world.demand(
                known is not None and known.order_ids == order_ids,
                "I2",
                f"{plan_id} was acknowledged with {order_ids} and is not known like that",
            )
            for order_id in order_ids:
                found = book.find(order_id) is not None or order_id in away
                self.world.demand(found, "I2", f"order {order_id} was acknowledged and is lost")
        for order_id in self.cancelled:
            found = book.find(order_id) is not None or order_id in away
            self.world.demand(found, "I2", f"{order_id} was cancelled and is lost")
        if self.halted:
            text = "the operator has stopped trading, and a new life does not know it"
            self.world.demand(not book.trading_state.allows_increases, "I20", text)
