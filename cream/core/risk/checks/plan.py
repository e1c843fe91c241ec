"""May this plan be acted on at all, and do its decisions agree with each other and the book?"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal

from cream.core.model.instrument import Instrument
from cream.core.model.money import ONE, ZERO
from cream.core.model.plan import Action, Direction
from cream.core.model.side import BUY
from cream.core.model.verdict import Severity, Unit
from cream.core.risk.case import Case
from cream.core.risk.intents import Intent, closable, is_sound_confidence, unit_of
from cream.core.risk.rule import NO_FIGURES, Breach, Figures, Rule, room
from cream.core.risk.stance import MISMATCH, NOT_HELD
from cream.core.risk.traits import Scope


class PlanApproved(Rule):
    """The risk manager and the critic have both approved the plan.

    Where an approval is absent, `constraints.plan.absent_approval` says what that counts as.
    """

    code = "PLAN_NOT_APPROVED"
    severity = Severity.CRITICAL
    limit_key = "plan.absent_approval"

    def breaches(self, case: Case) -> Sequence[Breach]:
        """Names every approval that is refused or missing."""
        if case.plan.risk_manager_approved and case.plan.critic_approved:
            return ()
        allow_absent = case.limits.plan.absent_approval == "allow"
        approvals = {
            "risk_manager_approved": case.plan.risk_manager_approved,
            "critic_approved": case.plan.critic_approved,
        }
        lacking = [
            f"{name} is {'absent' if given is None else 'false'}"
            for name, given in approvals.items()
            if given is False or (given is None and not allow_absent)
        ]
        if not lacking:
            return ()
        return (Breach(message=" and ".join(lacking), field_path="plan"),)


class EnvironmentMatches(Rule):
    """The plan is meant for the environment that this engine trades in."""

    code = "ENVIRONMENT_MISMATCH"
    severity = Severity.CRITICAL

    def breaches(self, case: Case) -> Sequence[Breach]:
        """A paper plan never reaches a live account, nor the other way round."""
        if case.plan.environment is case.environment:
            return ()
        message = f"the plan is for {case.plan.environment.value}, not for {case.environment.value}"
        return (Breach(message=message, field_path="plan.environment"),)


class PlanFresh(Rule):
    """The plan's timestamp, where it has one, is recent and not ahead of the clock."""

    code = "STALE_PLAN"
    limit_key = "plan.max_age_seconds"
    unit = Unit.SECONDS

    def breaches(self, case: Case) -> Sequence[Breach]:
        """Both bounds are inside."""
        if case.plan.timestamp is None:
            return ()
        age = _seconds(case.now - case.plan.timestamp)
        limits = case.limits.plan
        oldest, ahead = Decimal(limits.max_age_seconds), Decimal(limits.max_ahead_seconds)
        if age > oldest:
            message, limit = f"the plan is {age} s old", oldest
        elif age < -ahead:
            message, limit = f"the plan is {-age} s ahead of the clock", -ahead
        else:
            return ()
        breach = Breach(message=message, field_path="plan.timestamp", observed=age, limit=limit)
        return (breach,)

    def figures(self, case: Case) -> Figures:
        """The plan's age, where it says when it was made."""
        if case.plan.timestamp is None:
            return NO_FIGURES
        age = _seconds(case.now - case.plan.timestamp)
        return Figures(age, Decimal(case.limits.plan.max_age_seconds))


class DecisionsFew(Rule):
    """A plan holds no more decisions than the limit."""

    code = "TOO_MANY_DECISIONS"
    limit_key = "plan.max_decisions"
    unit = Unit.COUNT

    def breaches(self, case: Case) -> Sequence[Breach]:
        """Decisions that trade nothing count as well."""
        count, most = len(case.plan.decisions), case.limits.plan.max_decisions
        if count <= most:
            return ()
        breach = Breach(
            message=f"{count} decisions, at most {most} are taken",
            field_path="plan.decisions",
            observed=Decimal(count),
            limit=Decimal(most),
        )
        return (breach,)

    def figures(self, case: Case) -> Figures:
        """How many there are."""
        count, most = len(case.plan.decisions), case.limits.plan.max_decisions
        return Figures(Decimal(count), Decimal(most))


class DecisionsDistinct(Rule):
    """No two decisions of a plan have the same id."""

    code = "DUPLICATE_DECISION_ID"

    def breaches(self, case: Case) -> Sequence[Breach]:
        """An order's id follows from it, so that the second could not be told from the first."""
        decisions = case.plan.decisions
        if len(decisions) == 1:
            return ()
        if len({decision.decision_id for decision in decisions}) == len(decisions):
            return ()
        seen: set[str] = set()
        breaches: list[Breach] = []
        for index, decision in enumerate(case.plan.decisions):
            if decision.decision_id in seen:
                breaches.append(
                    Breach(
                        message=f"{decision.decision_id} is the id of an earlier decision",
                        instrument_id=decision.instrument.symbol,
                        field_path=f"decisions[{index}].decision_id",
                    )
                )
            seen.add(decision.decision_id)
        return breaches


class OrdersAgree(Rule):
    """No two decisions on one instrument want opposite things of it.

    Buying and selling, or adding and reducing, in one plan: one of them is a mistake, and which one
    would come first at the venue is chance. The legs of a spread are held against orders in the
    single contract, not against other spreads.
    """

    code = "CONFLICTING_ORDERS"
    scope = Scope.SEVERAL

    def breaches(self, case: Case) -> Sequence[Breach]:
        """One breach for each instrument."""
        if not case.traits.repeats:
            return ()
        uses: dict[str, list[tuple[Intent, bool, bool]]] = {}
        for intent in case.intents:
            for leg in intent.decision.legs:
                use = (intent, leg.ratio > 0, intent.increases)
                uses.setdefault(leg.contract.symbol, []).append(use)
            buys = _buys(intent)
            if buys is not None and not intent.is_spread:
                use = (intent, buys, intent.increases)
                uses.setdefault(intent.instrument.symbol, []).append(use)
        return [
            Breach(
                message=f"{len(members)} decisions both buy and sell, or add to and reduce it",
                instrument_id=symbol,
                field_path="plan.decisions",
                observed=Decimal(len(members)),
                limit=ONE,
                unit=Unit.COUNT,
            )
            for symbol, members in uses.items()
            if len({(buys, adds) for _, buys, adds in members}) > 1
            and not all(intent.is_spread for intent, _, _ in members)
        ]


def _buys(intent: Intent) -> bool | None:
    """Whether it buys; by its action where what is held does not bear it out."""
    if intent.stance is not None:
        return intent.stance.side is BUY
    action = intent.decision.action
    return action is Action.BUY if action in (Action.BUY, Action.SELL) else None


class DirectionsAgree(Rule):
    """No two decisions on one instrument mean opposite sides of the position."""

    code = "CONFLICTING_DIRECTIONS"
    scope = Scope.SEVERAL

    def breaches(self, case: Case) -> Sequence[Breach]:
        """FLAT agrees with both."""
        if not case.traits.repeats:
            return ()
        meant: dict[str, set[Direction]] = {}
        for intent in case.intents:
            if not intent.is_spread:
                meant.setdefault(intent.instrument.symbol, set()).add(intent.decision.direction)
        return [
            Breach(
                message="both LONG and SHORT are meant",
                instrument_id=symbol,
                field_path="plan.decisions",
            )
            for symbol, directions in meant.items()
            if {Direction.LONG, Direction.SHORT} <= directions
        ]


class FaultRule(Rule):
    """Base of the rules that report faults found while an order was worked out."""

    scope = Scope.FAULTS
    codes: frozenset[str] = frozenset()

    def breaches(self, case: Case) -> Sequence[Breach]:
        """Every fault with one of the codes."""
        return list(faults_of(case.intents, self.codes or frozenset((self.code,))))


class DirectionFitsAction(FaultRule):
    """Action and direction of a decision mean something together."""

    code = MISMATCH


class TacticAvailable(FaultRule):
    """The execution tactic that a decision names exists, with sound parameters."""

    code = "TACTIC_UNAVAILABLE"


class PositionMatches(Rule):
    """An exit takes no more than is held and no other exit works on; protection does not count.

    Exits of one instrument are added up, legs of spreads among them. What is absent is flat.
    """

    code = NOT_HELD
    unit = Unit.UNITS
    scope = Scope.EXITS

    def breaches(self, case: Case) -> Sequence[Breach]:
        """The headroom is what can still be closed."""
        breaches = list(faults_of(case.intents, frozenset((NOT_HELD,))))
        blamed: set[str] = set()
        for intent in case.takes:
            short_of = [
                instrument
                for instrument, _ in intent.contracts()
                if instrument.symbol not in blamed and not _is_covered(instrument, case)
            ]
            if not short_of:
                continue
            blamed.update(instrument.symbol for instrument in short_of)
            breaches.append(self._too_much(intent, short_of[0], case))
        return breaches

    def figures(self, case: Case) -> Figures:
        """The largest exit."""
        return Figures(max((move.units for move in case.exits.values()), default=ZERO))

    def _too_much(self, intent: Intent, instrument: Instrument, case: Case) -> Breach:
        asked = case.exits[instrument.symbol].units
        line = case.scene.line(instrument)
        fits = closable(intent.decision, case.scene)
        words = f"{asked:f} are to be closed, {line.available:f} can be"
        if line.exiting:
            words += f" ({line.exiting:f} are being closed already)"
        return Breach(
            message=words,
            instrument_id=instrument.symbol,
            field_path=intent.path("size.quantity"),
            observed=asked,
            limit=line.available,
            headroom=room(fits, ZERO),
            fits_smaller=fits > 0,
            unit=unit_of(intent),
        )


def _is_covered(instrument: Instrument, case: Case) -> bool:
    """Whether everything that the exits close of `instrument` is there, on the right side."""
    move = case.exits[instrument.symbol]
    line = case.scene.line(instrument)
    wrong_side = move.bought if line.held > 0 else move.sold
    return wrong_side == 0 and move.units <= line.available


class ConfidenceSound(Rule):
    """The confidence of a decision, where given, lies between 0 and 1."""

    code = "INVALID_CONFIDENCE"
    unit = Unit.RATIO
    scope = Scope.UNUSUAL

    def breaches(self, case: Case) -> Sequence[Breach]:
        """Both ends are inside."""
        return [
            Breach(
                message=f"the confidence is {confidence}",
                instrument_id=intent.instrument.symbol,
                field_path=intent.path("confidence"),
                observed=confidence,
                limit=ONE,
            )
            for intent in case.intents
            if (confidence := intent.decision.confidence) is not None
            and not is_sound_confidence(confidence)
        ]


def faults_of(intents: Sequence[Intent], codes: frozenset[str]) -> Iterator[Breach]:
    """The faults with one of `codes`, as breaches."""
    for intent in intents:
        for fault in intent.faults:
            if fault.code in codes:
                yield Breach(
                    message=fault.message,
                    instrument_id=intent.instrument.symbol,
                    field_path=intent.path(fault.field),
                    observed=fault.observed,
                    limit=fault.limit,
                    code=fault.code,
                    unit=fault.unit,
                )


def _seconds(span: timedelta) -> Decimal:
    return Decimal(span // timedelta(milliseconds=1)) / 1000


PLAN_RULES: tuple[Rule, ...] = (
    PlanApproved(),
    EnvironmentMatches(),
    PlanFresh(),
    DecisionsFew(),
    DecisionsDistinct(),
    DirectionFitsAction(),
    TacticAvailable(),
    PositionMatches(),
    OrdersAgree(),
    DirectionsAgree(),
    ConfidenceSound(),
)
