"""Which part of a plan passes, and which sizes would?

A trial tries plans that differ from the one that was asked for in what is left out, or in sizes.
Every answer has been judged like a plan of its own: nothing is extrapolated.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_CEILING, Decimal

from attrs import define, evolve, field

from cream.core.model.instrument import OptionContract
from cream.core.model.plan import Decision, DecisionPlan, Size, SizeUnit
from cream.core.model.verdict import Suggestion, Violation
from cream.core.risk.asks import Ask, Origin
from cream.core.risk.case import Case
from cream.core.risk.intents import Intent, intent_of
from cream.core.risk.limits import Constraints
from cream.core.risk.review import Review, review
from cream.core.risk.view import Scene

# A search halves what is left with each review, so that one decision of a million units takes some
# twenty. Beyond this many, what has not been tried is not suggested.
MOST_REVIEWS = 500


@define
class Trial:
    """One plan in one scene. `asks` are the decisions that trade."""

    plan: DecisionPlan
    asks: Sequence[Ask]
    scene: Scene
    origin: Origin
    limits: Constraints
    now: datetime
    reviews: int = field(default=0, init=False)

    def intent(self, ask: Ask) -> Intent:
        """What `ask` comes to here."""
        return intent_of(ask, self.scene, self.origin)

    def review(self, intents: Sequence[Intent]) -> Review:
        """What the rules say of the plan with only these intents."""
        self.reviews += 1
        case = Case(self.plan, intents, self.scene, self.limits, self.origin.environment, self.now)
        return review(case)


def admitted_part(
    trial: Trial, intents: Sequence[Intent]
) -> tuple[Sequence[Intent], Sequence[Intent], Sequence[Violation]]:
    """Which intents pass if each is judged with those admitted before it.

    The admitted, the left out, and why those were, in plan order.
    """
    bare = trial.review(())
    if bare.refuses:
        # The plan itself is refused: no part of it can pass.
        return (), intents, bare.violations()
    admitted: list[Intent] = []
    left_out: list[Intent] = []
    reasons: dict[Violation, None] = {}
    for intent in intents:
        verdict = trial.review((*admitted, intent))
        if not verdict.refuses:
            admitted.append(intent)
            continue
        left_out.append(intent)
        refusing = (one for one in verdict.violations() if one.severity.refuses)
        reasons.update(dict.fromkeys(refusing))
    return admitted, left_out, tuple(reasons)


def suggestions(trial: Trial, intents: Sequence[Intent]) -> tuple[Suggestion, ...]:
    """For each decision the greatest size that passes beside those suggested before it.

    Never more than was asked for; None where not even one unit passes.
    """
    fitting: list[Intent] = []
    found: list[Suggestion] = []
    for intent in intents:
        best = _greatest(trial, fitting, intent)
        if best is not None:
            fitting.append(best)
        quantity = None if best is None else best.quantity
        found.append(Suggestion(intent.decision.decision_id, quantity))
    return tuple(found)


def _greatest(trial: Trial, beside: Sequence[Intent], intent: Intent) -> Intent | None:
    if intent.quantity is None or trial.reviews >= MOST_REVIEWS:
        return None
    if not trial.review((*beside, intent)).refuses:
        return intent
    best: Intent | None = None
    passes, fails = 0, int(intent.quantity.to_integral_value(ROUND_CEILING))
    # One unit first: most often the room is used up, and that is the end of it.
    middle = 1
    while fails - passes > 1 and trial.reviews < MOST_REVIEWS:
        smaller = trial.intent(_resized(intent.ask, Decimal(middle)))
        if trial.review((*beside, smaller)).refuses:
            fails = middle
        else:
            passes, best = middle, smaller
        middle = (passes + fails) // 2
    return best


def _resized(ask: Ask, quantity: Decimal) -> Ask:
    return evolve(ask, decision=_with_units(ask.decision, quantity))


def _with_units(decision: Decision, quantity: Decimal) -> Decision:
    of_options = bool(decision.legs) or isinstance(decision.instrument, OptionContract)
    unit = SizeUnit.CONTRACTS if of_options else SizeUnit.SHARES
    return evolve(decision, size=Size(quantity, unit))
