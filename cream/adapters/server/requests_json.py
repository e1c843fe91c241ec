"""What does the body of each JSON call ask for?

One function for each route that takes a body. Each raises CreamError with every problem at once.
"""

from cream.adapters.server import values
from cream.adapters.server.commands import (
    CancelRequest,
    CheckRequest,
    SubmitRequest,
    TradingStateRequest,
)
from cream.adapters.server.json_reader import ObjectReader
from cream.adapters.server.plan_json import (
    PlanDefaults,
    amount,
    read_execution_params,
    read_plan,
    read_portfolio,
)
from cream.adapters.server.problems import Problems
from cream.adapters.server.strict_json import Json, decode
from cream.core.model.plan import DecisionPlan, Environment
from cream.core.model.request import ExecutionParams, PortfolioOverride
from cream.core.model.state import TradingState

# Ids in one call: more than the orders that may be open at one time.
MAX_IDS = 1_000
# A sentence or two for the journal.
LONGEST_REASON = 1_000

_OLD_CHECK_KEYS = ("plan", "request_id", "cycle_id", "risk_policy_id", "account_equity")
_OLD_SUBMIT_KEYS = ("plan", "cycle_id", "environment")


def check_request(body: bytes, own_environment: Environment) -> CheckRequest:
    """The body of POST /v1/check-constraints, in either form."""
    problems = Problems()
    keys = ("decision_plan", "portfolio_state", *_OLD_CHECK_KEYS)
    reader = ObjectReader(decode(body), "", problems, keys)
    # The older body says nothing of the environment: it meant the engine it was sent to.
    plan = _plan(reader, own_environment)
    override = None
    if reader.given("portfolio_state"):
        override = read_portfolio(reader.raw("portfolio_state"), "portfolio_state", problems)
        if reader.given("account_equity"):
            problems.add("account_equity", "cannot stand beside portfolio_state")
    elif reader.given("account_equity"):
        override = PortfolioOverride(equity=amount(reader, "account_equity"))
    problems.raise_any()
    assert plan is not None, "a plan without problems is a plan"
    return CheckRequest(plan=plan, override=override)


def submit_request(body: bytes, own_environment: Environment) -> SubmitRequest:
    """The body of POST /v1/submit-orders, in either form."""
    problems = Problems()
    keys = ("decision_plan", "execution_params", *_OLD_SUBMIT_KEYS)
    reader = ObjectReader(decode(body), "", problems, keys)
    environment = own_environment
    if reader.given("environment"):
        named = _environment(reader)
        environment = own_environment if named is None else named
    plan = _plan(reader, environment)
    params = ExecutionParams()
    if reader.given("execution_params"):
        params = read_execution_params(reader.raw("execution_params"), "execution_params", problems)
    problems.raise_any()
    assert plan is not None, "a plan without problems is a plan"
    return SubmitRequest(plan=plan, params=params)


def _environment(reader: ObjectReader) -> Environment | None:
    """The environment beside the plan, in any case, as it always was."""
    raw = reader.raw("environment")
    value: Json = raw.upper() if isinstance(raw, str) else raw
    path = reader.at("environment")
    return values.choice_value(value, path, reader.problems, Environment)


def _plan(reader: ObjectReader, environment: Environment) -> DecisionPlan | None:
    """The plan under its new or its old key."""
    problems = reader.problems
    if reader.given("decision_plan"):
        if reader.given("plan"):
            problems.add("plan", "cannot stand beside decision_plan")
        defaults = PlanDefaults(cycle_id=reader.identifier("cycle_id"))
        return read_plan(reader.raw("decision_plan"), "decision_plan", problems, defaults)
    if not reader.given("plan"):
        reader.require("decision_plan")
        return None
    defaults = PlanDefaults(cycle_id=reader.identifier("cycle_id"), environment=environment)
    return read_plan(reader.raw("plan"), "plan", problems, defaults)


def order_ids_request(body: bytes) -> tuple[str, ...]:
    """The body of POST /v1/order-state."""
    problems = Problems()
    reader = ObjectReader(decode(body), "", problems, ("order_ids",))
    order_ids = _order_ids(reader)
    problems.raise_any()
    return order_ids


def cancel_request(body: bytes) -> CancelRequest:
    """The body of POST /v1/cancel-orders."""
    problems = Problems()
    reader = ObjectReader(decode(body), "", problems, ("order_ids", "reason"))
    order_ids = _order_ids(reader)
    reason = reader.text("reason", LONGEST_REASON)
    problems.raise_any()
    return CancelRequest(order_ids=order_ids, reason=reason or "requested")


def _order_ids(reader: ObjectReader) -> tuple[str, ...]:
    reader.require("order_ids")
    return reader.identifiers("order_ids", MAX_IDS)


def trading_state_request(body: bytes) -> TradingStateRequest:
    """The body of POST /v1/trading-state."""
    problems = Problems()
    reader = ObjectReader(decode(body), "", problems, ("state", "reason", "actor", "force"))
    reader.require("state")
    state = reader.choice("state", TradingState)
    reason = _reason(reader)
    actor = reader.identifier("actor")
    force = bool(reader.flag("force"))
    problems.raise_any()
    assert state is not None, "a state without problems is a state"
    return TradingStateRequest(state=state, reason=reason, actor=actor, force=force)


def kill_switch_request(body: bytes) -> tuple[str, bool]:
    """The reason and whether to flatten, from the body of POST /v1/kill-switch."""
    problems = Problems()
    reader = ObjectReader(decode(body), "", problems, ("reason", "flatten"))
    reason = _reason(reader)
    flatten = bool(reader.flag("flatten"))
    problems.raise_any()
    return reason, flatten


def mass_cancel_request(body: bytes) -> str:
    """The reason, from the body of POST /v1/mass-cancel."""
    problems = Problems()
    reader = ObjectReader(decode(body), "", problems, ("reason",))
    reason = _reason(reader)
    problems.raise_any()
    return reason


def _reason(reader: ObjectReader) -> str:
    """Why an operator acts; never empty, because the next operator will ask."""
    reader.require("reason")
    reason = reader.text("reason", LONGEST_REASON)
    if reason is not None and not reason.strip():
        reader.problems.add(reader.at("reason"), "must not be empty")
    return reason or ""
