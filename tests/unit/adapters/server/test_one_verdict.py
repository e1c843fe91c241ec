"""Whatever the gate says, both interfaces say it, number by number."""

from google.protobuf.message import Message
from hypothesis import given, settings

from cream.adapters.server import json_types as api
from cream.adapters.server.json_views import verdict_view
from cream.adapters.server.wire_views import check_reply
from cream.core.model.plan import Decision
from cream.core.model.verdict import Verdict
from cream.core.risk.gate import Gate
from cream.wire import execution_pb2
from tests.unit.core.risk.scenes import NOW, PLANS, example, plan, view
from tests.unit.core.risk.test_properties import TIGHT, plans, portfolios


def text(message: Message, name: str) -> str | None:
    return getattr(message, name) if message.HasField(name) else None


def words(number: int, prefix: str, enum: object) -> str:
    return enum.Name(number).removeprefix(prefix)  # type: ignore[attr-defined, no-any-return]


def as_json(message: execution_pb2.CheckConstraintsResponse) -> dict[str, object]:
    """What the gRPC reply says, in the words of the JSON reply."""
    severity, result = execution_pb2.ViolationSeverity, execution_pb2.ConstraintResult
    return {
        "ok": message.approved,
        "violations": [
            (
                one.code,
                words(one.severity, "VIOLATION_SEVERITY_", severity),
                one.message,
                text(one, "instrument_id"),
                text(one, "field_path"),
                text(one, "observed"),
                text(one, "limit"),
                one.unit,
                text(one, "headroom"),
            )
            for one in message.violations
        ],
        "checks": [
            (
                one.name,
                words(one.result, "CONSTRAINT_RESULT_", result),
                text(one, "observed"),
                text(one, "limit"),
                one.unit,
            )
            for one in message.checks
        ],
        "orders": [(one.decision_id, one.symbol, one.quantity) for one in message.orders],
        "suggestions": [(one.decision_id, one.quantity or None) for one in message.suggestions],
        "policy_version": message.policy_version,
    }


def said(view_of: api.Verdict) -> dict[str, object]:
    return {
        "ok": view_of.ok,
        "violations": [
            (
                one.code,
                one.severity,
                one.message,
                one.instrument_id,
                one.field_path,
                one.observed,
                one.limit,
                one.unit,
                one.headroom,
            )
            for one in view_of.violations
        ],
        "checks": [
            (one.code, one.result, one.observed, one.limit, one.unit) for one in view_of.checks
        ],
        "orders": [(one.decision_id, one.symbol, one.quantity) for one in view_of.orders],
        "suggestions": [(one.decision_id, one.quantity) for one in view_of.suggestions],
        "policy_version": view_of.policy_version,
    }


def check_alike(verdict: Verdict) -> None:
    """Both replies, and what was said in process, cut to the digits that are shown."""
    by_http = said(verdict_view(verdict))
    assert by_http == as_json(check_reply(verdict))
    assert [(code, severity, message) for code, severity, message, *_ in by_http["violations"]] == [  # type: ignore[attr-defined]
        (one.code, one.severity.value, one.message) for one in verdict.violations
    ]
    assert by_http["ok"] is verdict.ok


def test_every_example_is_answered_alike() -> None:
    gate: Gate = TIGHT
    for path in PLANS.glob("*.json"):
        check_alike(gate.judge(example(path.stem), view(), NOW))


@settings(max_examples=40, deadline=None)
@given(plans, portfolios())
def test_every_plan_is_answered_alike(decisions: list[Decision], on: object) -> None:
    check_alike(TIGHT.judge(plan(*decisions), on, NOW))  # type: ignore[arg-type]
