"""Do plans and orders come faster than they may? Exits are never too fast."""

from collections.abc import Sequence
from decimal import Decimal

from cream.core.execution.history import ORDERS_OVER, PLANS_OVER
from cream.core.model.verdict import Unit
from cream.core.risk.case import Case
from cream.core.risk.rule import NO_FIGURES, Breach, Figures, Rule, room
from cream.core.risk.traits import Scope


class PlanRate(Rule):
    """No more plans are taken in within one second than the limit; single orders are plans too."""

    code = "PLAN_RATE_EXCEEDED"
    limit_key = "rate.plans_per_second"
    unit = Unit.COUNT
    scope = Scope.INCREASES

    def breaches(self, case: Case) -> Sequence[Breach]:
        """Refused plans count, checks do not."""
        history, limit = case.scene.view.history, case.limits.rate.plans_per_second
        if history is None:
            return ()
        count = history.plans_since(case.now - PLANS_OVER) + 1
        if count <= limit:
            return ()
        breach = Breach(
            message=f"{count} plans within one second",
            field_path="plan",
            observed=Decimal(count),
            limit=Decimal(limit),
        )
        return (breach,)

    def figures(self, case: Case) -> Figures:
        """This plan and those before it."""
        history = case.scene.view.history
        if history is None:
            return NO_FIGURES
        count = history.plans_since(case.now - PLANS_OVER) + 1
        return Figures(Decimal(count), Decimal(case.limits.rate.plans_per_second))


class OrderRate(Rule):
    """No more entries are let through within one minute than the limit; slices count."""

    code = "ORDER_RATE_EXCEEDED"
    limit_key = "rate.orders_per_minute"
    unit = Unit.COUNT
    scope = Scope.INCREASES

    def breaches(self, case: Case) -> Sequence[Breach]:
        """The headroom is how many more may come now."""
        history, limit = case.scene.view.history, case.limits.rate.orders_per_minute
        if history is None:
            return ()
        before = history.orders_since(case.now - ORDERS_OVER)
        count = before + len(case.adds)
        if count <= limit:
            return ()
        breach = Breach(
            message=f"{count} entries within one minute",
            field_path=case.whole_path,
            observed=Decimal(count),
            limit=Decimal(limit),
            headroom=room(Decimal(limit), Decimal(before)),
        )
        return (breach,)

    def figures(self, case: Case) -> Figures:
        """The plan's entries and those before them."""
        history = case.scene.view.history
        if history is None:
            return NO_FIGURES
        count = history.orders_since(case.now - ORDERS_OVER) + len(case.adds)
        return Figures(Decimal(count), Decimal(case.limits.rate.orders_per_minute))


RATE_RULES: tuple[Rule, ...] = (PlanRate(), OrderRate())
