"""What is allowed? The one place that says yes or no to an order, for every way of asking.

The gate is a function of what it is given: a plan, a view of the portfolio, the time. It is the
only one that can make an `Approved`, and nothing else is ever sent. Increases are judged by every
rule (`checks/`); exits that protect are bounded by what is held and by nothing else, so that no
limit, no missing quote and no state of trading stands in their way.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import final

from cream.core.execution.tactics import slice_order_id, slice_terms
from cream.core.execution.walking import step_fault
from cream.core.model.money import ZERO
from cream.core.model.order import Order, OrderPurpose, OrderStatus, OrderTerms
from cream.core.model.plan import DecisionPlan, Environment
from cream.core.model.request import RiskConstraints, SingleOrder
from cream.core.model.state import TradingState
from cream.core.model.verdict import Check, Checks, Severity, Unit, Verdict, Violation
from cream.core.risk.asks import Ask, Origin, ask_of, asks_of, plan_of
from cream.core.risk.limits import Constraints, policy_version
from cream.core.risk.prices import Prices
from cream.core.risk.roll_parts import form_faults, inputs_doubted, judged_roll
from cream.core.risk.tightening import tightened
from cream.core.risk.trial import Trial, admitted_part, suggestions
from cream.core.risk.view import PortfolioView, scene_of

# Held by this module alone: without it no `Approved` comes into being.
_SEAL = object()


@final
class Approved:
    """An order that the gate has let pass. Only the gate can make one, and none can be changed."""

    __slots__ = ("_terms",)

    def __init__(self, terms: OrderTerms, *, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("only the gate approves orders")
        self._terms = terms

    @property
    def terms(self) -> OrderTerms:
        """The order."""
        return self._terms

    def __repr__(self) -> str:
        return f"Approved({self._terms.order_id})"


class Gate:
    """The limits of one account in one environment, and the judgement by them."""

    def __init__(self, limits: Constraints, environment: Environment, account_id: str) -> None:
        self.limits = limits
        self.environment = environment
        self.account_id = account_id
        self.policy_version = policy_version(limits)

    def relimit(self, limits: Constraints) -> None:
        """Judge by other limits from now on."""
        self.limits = limits
        self.policy_version = policy_version(limits)

    def judge(
        self,
        plan: DecisionPlan,
        view: PortfolioView,
        now: datetime,
        allow_partial: bool = False,
        asked: RiskConstraints | None = None,
    ) -> Verdict:
        """The verdict on `plan` as a whole; nothing changes.

        With `allow_partial` decisions are admitted in plan order, each judged on the portfolio as
        it would be with those already admitted. `asked` are limits of the caller's own, which can
        only tighten those that are configured: a verdict by them has a version of its own, and
        approves nothing.
        """
        limits = self.limits if asked is None else tightened(self.limits, asked)
        return self._verdict(plan, asks_of(plan), view, now, limits, allow_partial)

    def judge_order(self, order: SingleOrder, view: PortfolioView, now: datetime) -> Verdict:
        """The verdict on one order: an exit if it reduces what is held, an entry otherwise."""
        position = view.positions.get(order.instrument.symbol)
        held = ZERO if position is None else position.quantity
        plan = plan_of(order, self.environment, held)
        return self._verdict(plan, (ask_of(order, plan),), view, now, self.limits)

    def approve(self, verdict: Verdict) -> tuple[Approved, ...]:
        """The orders of `verdict`, to be sent.

        Raises: ValueError: it says no, or was given under other limits.
        """
        if not verdict.ok:
            raise ValueError("the verdict is a refusal")
        if verdict.policy_version != self.policy_version:
            raise ValueError("the verdict was given under other limits")
        return tuple(Approved(terms, seal=_SEAL) for terms in verdict.orders)

    def approve_exit(self, terms: OrderTerms, view: PortfolioView) -> Approved | Violation:
        """`terms`, if it closes what is held and no other exit works on.

        For stops, targets and flattening. Protection does not count against it, and no state of
        trading refuses it.
        """
        if terms.purpose not in _EXITS:
            return _refusal(
                "NOT_AN_EXIT", terms, f"{terms.purpose.value} orders are judged in full"
            )
        return _closing(terms, view) or Approved(terms, seal=_SEAL)

    def approve_roll(
        self, terms: OrderTerms, view: PortfolioView, now: datetime
    ) -> Approved | Verdict:
        """`terms`, an order of purpose ROLL, if both what it closes and what it opens may be.

        What it closes is bounded like an exit: by what is held and no other exit works on. What it
        opens is judged as an entry would be, on the portfolio as it would be after that: so it is
        refused wherever entries are, however much smaller it makes everything. A single option that
        it opens needs a stop, in `terms`, where an entry would. Otherwise the verdict that refuses
        it, with the codes of those rules.
        """
        prices = Prices(view.quote, view.valuer)
        problems = tuple(form_faults(terms))
        if not problems:
            too_much = _closing(terms, view)
            doubts = inputs_doubted(terms, view, prices)
            problems = (*doubts, *(() if too_much is None else (too_much,)))
        if problems:
            return self._refused(problems, (), now)
        origin = Origin(
            environment=self.environment,
            account_id=self.account_id,
            plan_id=terms.plan_id,
            cycle_id=terms.cycle_id,
        )
        review = judged_roll(terms, view, now, self.limits, origin)
        if review.refuses:
            return self._refused(review.violations, review.checks, now)
        return Approved(terms, seal=_SEAL)

    def _refused(
        self, violations: tuple[Violation, ...], checks: tuple[Check, ...], now: datetime
    ) -> Verdict:
        return Verdict(
            ok=False,
            violations=violations,
            checks=checks,
            orders=(),
            suggestions=(),
            policy_version=self.policy_version,
            validated_at=now,
        )

    def approve_slice(
        self, parent: Order, terms: OrderTerms, view: PortfolioView
    ) -> Approved | Violation:
        """`terms`, if it is a slice or step that the admitted `parent` still has to send.

        Each slice has an id and a size of its own, so that together they never exceed the parent.
        Of the steps of a walk only one is open at a time, for what the parent has left.
        """
        problem = _slice_problem(parent, terms)
        if parent.terms.walk is not None:
            problem = step_fault(parent, terms) or _another_step(parent, terms, view)
        if problem is not None:
            return _refusal("INVALID_SLICE", terms, problem)
        if terms.purpose.opens and view.state is not TradingState.ACTIVE:
            code = f"TRADING_{view.state.value}"
            return _refusal(code, terms, "; ".join(view.reasons) or view.state.value)
        return _closing(terms, view) or Approved(terms, seal=_SEAL)

    def _verdict(
        self,
        plan: DecisionPlan,
        asks: Sequence[Ask],
        view: PortfolioView,
        now: datetime,
        limits: Constraints,
        allow_partial: bool = False,
    ) -> Verdict:
        origin = Origin(
            environment=self.environment,
            account_id=self.account_id,
            plan_id=plan.plan_id,
            cycle_id=plan.cycle_id,
        )
        trial = Trial(plan, asks, scene_of(view), origin, limits, now)
        admitted = intents = tuple([trial.intent(ask) for ask in asks])
        whole = shown = trial.review(intents)
        violations = whole.violations()
        left_out: tuple[str, ...] = ()
        if whole.refuses:
            admitted = ()
            if allow_partial:
                part, rest, reasons = admitted_part(trial, intents)
                left_out = tuple(intent.decision.decision_id for intent in rest)
                if part:
                    admitted, shown = tuple(part), trial.review(part)
                    violations = (*reasons, *shown.violations())
        return Verdict(
            ok=bool(admitted) or not whole.refuses,
            violations=violations,
            checks=Checks(shown.checks, shown.checks_with_numbers),
            orders=tuple([intent.terms for intent in admitted if intent.terms is not None]),
            suggestions=(
                suggestions(trial, intents) if whole.refuses and whole.depends_on_size else ()
            ),
            policy_version=(
                self.policy_version if limits is self.limits else policy_version(limits)
            ),
            validated_at=now,
            left_out=left_out,
        )


_EXITS = (OrderPurpose.EXIT, OrderPurpose.STOP_LOSS, OrderPurpose.TAKE_PROFIT)
_CLOSING = (OrderPurpose.EXIT, OrderPurpose.ROLL)


def _slice_problem(parent: Order, terms: OrderTerms) -> str | None:
    """Why `terms` is not the next of the parent's slices, or None."""
    twap = parent.terms.twap
    if twap is None:
        return "the parent is not worked in slices"
    if not parent.is_open or parent.status is OrderStatus.PENDING_CANCEL:
        return f"the parent is {parent.status.value}"
    for index, planned in enumerate(twap.slices):
        if slice_order_id(parent.terms, index) != terms.order_id:
            continue
        if terms != slice_terms(parent.terms, index, terms.quantity):
            return "it is another order than the slice that the parent has"
        if not ZERO < terms.quantity <= min(planned, parent.leaves):
            return f"the slice has {min(planned, parent.leaves):f}, not {terms.quantity:f}"
        return None
    return "the parent has no such slice"


def _another_step(parent: Order, terms: OrderTerms, view: PortfolioView) -> str | None:
    """That another step of the same walk can still fill, or None."""
    for order in view.working:
        other = order.terms
        if other.parent_order_id == parent.order_id and other.purpose is terms.purpose:
            return f"step {other.order_id} is still open"
    return None


def _closing(terms: OrderTerms, view: PortfolioView) -> Violation | None:
    """Why it closes more than there is, or nothing at all; None if it does neither."""
    for instrument, side, quantity in terms.closing:
        position = view.positions.get(instrument.symbol)
        held = ZERO if position is None else position.quantity
        if held * side.sign >= 0:
            message = f"a {side.value} closes nothing: {held:f} is held"
            return _refusal("POSITION_MISMATCH", terms, message, observed=held)
        free = max(ZERO, abs(held) - _exiting(terms, instrument.symbol, view))
        if not ZERO < quantity <= free:
            return _refusal(
                "POSITION_MISMATCH",
                terms,
                f"{quantity:f} are to be closed, {free:f} can be",
                observed=quantity,
                limit=free,
                headroom=free if free > 0 else None,
            )
    return None


def _exiting(terms: OrderTerms, symbol: str, view: PortfolioView) -> Decimal:
    """What other exits and rolls close of `symbol`, protection and strangers' orders apart.

    A tactic counts as what it has left; for a slice of its own it counts by its other slices.
    """
    tactics = {order.order_id for order in view.working if order.terms.is_tactic}
    tactics.discard(terms.parent_order_id or "")
    total = ZERO
    for order in view.working:
        other = order.terms
        if other.purpose not in _CLOSING or order.order_id == terms.order_id:
            continue
        if order.order_id == terms.parent_order_id or other.parent_order_id in tactics:
            continue
        if other.instrument.symbol == symbol and not other.legs:
            total += order.leaves
        for leg in other.legs:
            if leg.contract.symbol == symbol and not leg.opens:
                total += abs(leg.ratio) * order.leaves
    return total


def _refusal(
    code: str,
    terms: OrderTerms,
    message: str,
    observed: Decimal | None = None,
    limit: Decimal | None = None,
    headroom: Decimal | None = None,
) -> Violation:
    return Violation(
        code=code,
        severity=Severity.ERROR,
        message=message,
        instrument_id=terms.instrument.symbol,
        field_path="quantity",
        observed=observed,
        limit=limit,
        unit=Unit.NONE if observed is None else Unit.UNITS,
        headroom=headroom,
    )
