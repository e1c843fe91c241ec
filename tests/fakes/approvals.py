"""How do tests send orders that nobody has judged? By a verdict that says yes to all of them."""

from cream.core.model.order import OrderTerms
from cream.core.model.verdict import Verdict
from cream.core.risk.gate import Approved, Gate
from tests.fakes.venue_lab import NOON


def approved(gate: Gate, *wanted: OrderTerms) -> tuple[Approved, ...]:
    """These orders, as this gate would approve them."""
    verdict = Verdict(
        ok=True,
        violations=(),
        checks=(),
        orders=wanted,
        suggestions=(),
        policy_version=gate.policy_version,
        validated_at=NOON,
    )
    return gate.approve(verdict)
