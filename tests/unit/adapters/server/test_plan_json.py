"""A plan in JSON means one thing, or every field at fault is named at once."""

import json
from decimal import Decimal

import pytest

from cream.adapters.server.plan_json import (
    PlanDefaults,
    read_execution_params,
    read_plan,
    read_portfolio,
)
from cream.adapters.server.problems import Problems
from cream.adapters.server.strict_json import decode
from cream.core.model.instrument import Equity, OptionContract
from cream.core.model.plan import (
    Action,
    Direction,
    Environment,
    PositionIntent,
    RiskDenomination,
    SizeUnit,
    TimeInForce,
)
from cream.core.model.request import ExecutionParams
from tests.unit.adapters.server.plans import (
    LEGS,
    SWING,
    Json,
    change,
    parsed,
    problems_of,
    spread,
    swing,
)


def test_a_plan_is_read_as_it_is() -> None:
    plan = parsed(SWING)
    (decision,) = plan.decisions

    assert (plan.plan_id, plan.cycle_id) == ("swing-1", "cycle-swing-1")
    assert plan.environment is Environment.PAPER
    assert plan.risk_manager_approved is True
    assert plan.timestamp is not None
    assert plan.rationale == "momentum"
    assert decision.instrument == Equity("AAPL")
    assert decision.size.quantity == 20
    assert decision.limit_price == Decimal("238.50")
    assert decision.stop_loss == Decimal("228.50")
    assert decision.take_profit == Decimal("253.50")
    assert decision.confidence == Decimal("0.74")
    assert decision.bullish_factors == ("breakout",)
    assert decision.denomination is RiskDenomination.UNDERLYING_PRICE


def test_numbers_may_be_numbers_or_strings_and_keep_their_digits() -> None:
    text = json.dumps(swing()).replace('"238.50"', "238.50").replace('"20"', "20")

    assert parsed(text) == parsed(SWING)
    limit = parsed(swing(limit_price="0.10")).decisions[0].limit_price
    assert str(limit) == "0.10"


def test_what_may_be_left_out_has_its_documented_default() -> None:
    """Plan id, decision id, approvals."""
    bare: Json = {
        "cycle_id": "c-1",
        "environment": "PAPER",
        "decisions": [
            {"instrument_id": "AAPL", "action": action, "size": {"quantity": 1, "unit": "SHARES"}}
            for action in ("BUY", "SELL", "CLOSE")
        ],
    }

    plan = parsed(bare)

    assert plan.plan_id == "c-1"
    assert plan.risk_manager_approved is None
    assert plan.critic_approved is None
    assert plan.timestamp is None
    assert [one.decision_id for one in plan.decisions] == ["c-1-0", "c-1-1", "c-1-2"]
    directions = [one.direction for one in plan.decisions]
    assert directions == [Direction.LONG, Direction.SHORT, Direction.FLAT]
    assert plan.decisions[0].time_in_force is TimeInForce.DAY
    assert plan.decisions[0].tactic is None


def test_null_is_the_same_as_absent() -> None:
    nulls = swing(direction=None, time_horizon=None, stop_loss_level=None, confidence=None)
    absent = swing(direction=..., time_horizon=..., stop_loss_level=..., confidence=...)

    assert parsed(nulls) == parsed(absent)


def test_a_level_of_zero_is_none() -> None:
    (decision,) = parsed(swing(stop_loss_level="0", take_profit_level="0.00")).decisions

    assert decision.stop_loss is None
    assert decision.take_profit is None


@pytest.mark.parametrize("action", ["HOLD", "NO_TRADE"])
def test_a_decision_that_does_nothing_may_have_no_size(action: str) -> None:
    zero = parsed(swing(action=action, size={"quantity": "0", "unit": "SHARES"}))
    none = parsed(swing(action=action, size=...))

    assert zero == none
    assert zero.decisions[0].size.unit is SizeUnit.SHARES
    assert "size" in problems_of(swing(size=...))


def test_legs_may_be_a_list_or_a_text_that_holds_one() -> None:
    """Agents send `legs` as a JSON string."""
    as_text = parsed(spread(legs=json.dumps(LEGS)))
    (decision,) = as_text.decisions

    assert as_text == parsed(spread())
    assert decision.net_limit_price == Decimal("3.10")
    assert [leg.ratio for leg in decision.legs] == [1, -1]
    assert decision.legs[0].intent is PositionIntent.BUY_TO_OPEN
    assert isinstance(decision.legs[1].contract, OptionContract)
    assert parsed(swing(legs="[]")) == parsed(swing(legs=[])) == parsed(swing(legs=None))


def test_a_credit_is_a_negative_net_price() -> None:
    (decision,) = parsed(spread(net_limit_price="-1.60")).decisions

    assert decision.net_limit_price == Decimal("-1.60")


def test_a_spread_without_net_price_is_a_market_order() -> None:
    assert parsed(spread(net_limit_price=None)).decisions[0].net_limit_price is None


def test_a_net_price_of_zero_on_a_single_share_is_none() -> None:
    assert parsed(swing(net_limit_price="0")).decisions[0].net_limit_price is None


# Field of the decision, its value, the path that is named, and what is said of it.
BAD_FIELDS: list[tuple[Json, str, str]] = [
    ({"action": "HODL"}, "action", "must be one of BUY"),
    ({"action": "buy"}, "action", "must be one of BUY"),
    ({"action": None}, "action", "is required"),
    ({"direction": "UP"}, "direction", "LONG, SHORT, FLAT"),
    ({"strategy_family": "MOMENTUM"}, "strategy_family", "EQUITY_LONG"),
    ({"time_horizon": 5}, "time_horizon", "INTRADAY"),
    ({"thesis_state": "?"}, "thesis_state", "WATCHING"),
    ({"time_in_force": "GTD"}, "time_in_force", "DAY, GTC"),
    ({"risk_denomination": "X"}, "risk_denomination", "UNDERLYING_PRICE"),
    ({"instrument_id": "aapl"}, "instrument_id", "neither a ticker"),
    ({"instrument_id": ...}, "instrument_id", "is required"),
    ({"instrument_id": 5}, "instrument_id", "must be a string"),
    ({"instrument_id": "AAPL1 261218C00240000"}, "instrument_id", "adjusted contract"),
    ({"size": 5}, "size", "must be an object"),
    ({"size": {"quantity": 5}}, "size.unit", "is required"),
    ({"size": {"unit": "SHARES"}}, "size.quantity", "is required"),
    ({"size": {"quantity": "0", "unit": "SHARES"}}, "size.quantity", "above 0"),
    ({"size": {"quantity": "-5", "unit": "DOLLARS"}}, "size.quantity", "above 0"),
    ({"size": {"quantity": "1e30", "unit": "SHARES"}}, "size.quantity", "at most 1000000000"),
    ({"size": {"quantity": 10**30, "unit": "SHARES"}}, "size.quantity", "at most 1000000000"),
    ({"size": {"quantity": "1", "unit": "LOTS"}}, "size.unit", "SHARES, CONTRACTS"),
    ({"size": {"quantity": "NaN", "unit": "SHARES"}}, "size.quantity", "decimal"),
    ({"size": {"quantity": True, "unit": "SHARES"}}, "size.quantity", "decimal"),
    ({"size": {"quantity": "1", "unit": "CONTRACTS"}}, "size.unit", "shares are counted"),
    ({"size": {"quantity": "1", "unit": "SHARES", "lots": 1}}, "size.lots", "not a known key"),
    ({"limit_price": "0"}, "limit_price", "above 0"),
    ({"limit_price": "-238.50"}, "limit_price", "above 0"),
    ({"limit_price": "cheap"}, "limit_price", "decimal"),
    ({"stop_loss_level": "-1"}, "stop_loss_level", "at least 0"),
    ({"take_profit_level": "-1"}, "take_profit_level", "at least 0"),
    ({"take_profit_level": []}, "take_profit_level", "decimal"),
    ({"confidence": "1.01"}, "confidence", "at most 1"),
    ({"confidence": "-0.1"}, "confidence", "at least 0"),
    ({"entry_order_type": "LIMIT", "limit_price": None}, "limit_price", "a LIMIT order has"),
    ({"entry_order_type": "MARKET"}, "limit_price", "MARKET order has no price"),
    ({"entry_order_type": "STOP"}, "entry_order_type", "LIMIT or MARKET"),
    ({"risk_denomination": "OPTION_PRICE"}, "risk_denomination", "no option price"),
    ({"net_limit_price": "3"}, "net_limit_price", "only a decision with legs"),
    ({"execution_params": {"duration_minutes": 5}}, "execution_params", "no meaning"),
    ({"execution_tactic": 5}, "execution_tactic", "must be a string"),
    ({"bullish_factors": "x"}, "bullish_factors", "must be a list"),
    ({"bullish_factors": ["x", 5]}, "bullish_factors[1]", "must be a string"),
    ({"bearish_factors": ["x"] * 101}, "bearish_factors", "may have 100 elements"),
    ({"rationale": "x" * 20_000}, "rationale", "may have 16384 characters"),
    ({"rationale": "\x00"}, "rationale", "NUL"),
    ({"decision_id": ""}, "decision_id", "must not be empty"),
    ({"decision_id": 5}, "decision_id", "must be a string"),
    ({"stop": "228"}, "stop", "not a known key"),
    ({"a b": "228"}, '"a b"', "not a known key"),
]


@pytest.mark.parametrize(("fields", "path", "words"), BAD_FIELDS, ids=lambda value: str(value)[:40])
def test_a_field_that_is_wrong_is_named(fields: Json, path: str, words: str) -> None:
    found = problems_of(swing(**fields))

    assert words in found[path]
    assert list(found) == [path], "one mistake is one problem"


def test_a_contract_may_not_be_half() -> None:
    option = {"instrument_id": "AAPL  261218C00240000", "risk_denomination": "OPTION_PRICE"}
    half = {"quantity": "0.5", "unit": "CONTRACTS"}

    assert "whole contracts" in problems_of(swing(**option, size=half))["size.quantity"]
    assert parsed(swing(**option, size={"quantity": 1, "unit": "CONTRACTS"}))


def test_a_share_may_be_a_fraction_to_nine_places() -> None:
    """Whether the venue takes it is for the gate to say."""
    fine = {"quantity": "0.000000001", "unit": "SHARES"}
    finer = {"quantity": "0.0000000001", "unit": "SHARES"}

    assert parsed(swing(size=fine)).decisions[0].size.quantity == Decimal("1E-9")
    assert "decimal places" in problems_of(swing(size=finer))["size.quantity"]


@pytest.mark.parametrize(
    ("fields", "path", "words"),
    [
        ({"cycle_id": ...}, "cycle_id", "is required"),
        ({"cycle_id": ""}, "cycle_id", "must not be empty"),
        ({"plan_id": " x"}, "plan_id", "without blanks"),
        ({"environment": ...}, "environment", "is required"),
        ({"environment": "BACKTEST"}, "environment", "PAPER, LIVE"),
        ({"timestamp": "yesterday"}, "timestamp", "RFC 3339"),
        ({"timestamp": "2026-11-23T15:00:00"}, "timestamp", "RFC 3339"),
        ({"risk_manager_approved": "true"}, "risk_manager_approved", "true or false"),
        ({"critic_approved": 1}, "critic_approved", "true or false"),
        ({"decisions": ...}, "decisions", "is required"),
        ({"decisions": {}}, "decisions", "must be a list"),
        ({"decisions": [None]}, "decisions[0]", "must be an object"),
        ({"decisions": [{}] * 1001}, "decisions", "may have 1000 elements"),
        ({"account": "x"}, "account", "not a known key"),
    ],
)
def test_a_field_of_the_plan_that_is_wrong_is_named(fields: Json, path: str, words: str) -> None:
    assert words in problems_of(change(swing(), fields))[path]


@pytest.mark.parametrize("plan", ["[]", "5", "null", '"x"', "NaN"])
def test_a_plan_that_is_no_object_is_refused(plan: str) -> None:
    assert problems_of(plan) == {"decision_plan": "must be an object"}


def test_two_decisions_may_not_have_one_id() -> None:
    plan = swing()
    plan["decisions"] = [plan["decisions"][0]] * 3

    found = problems_of(plan)

    assert sorted(found) == ["decisions[1].decision_id", "decisions[2].decision_id"]
    assert "decisions[0].decision_id already" in found["decisions[1].decision_id"]


def test_an_id_that_is_left_out_may_not_meet_one_that_is_given() -> None:
    plan = swing(decision_id=...)
    plan["decisions"].append({**plan["decisions"][0], "decision_id": "cycle-swing-1-0"})

    assert list(problems_of(plan)) == ["decisions[1].decision_id"]


def test_a_key_that_stands_twice_is_an_error() -> None:
    text = json.dumps(SWING).replace('"limit_price"', '"limit_price": "1", "limit_price"')

    assert problems_of(text) == {"limit_price": "stands here more than once"}


def test_nan_and_infinity_are_named_where_they_stand() -> None:
    text = json.dumps(swing(limit_price="A", confidence="B"))
    text = text.replace('"A"', "NaN").replace('"B"', "-Infinity")

    found = problems_of(text)

    assert found["limit_price"] == "must be a finite number, was NaN"
    assert found["confidence"] == "must be a finite number, was -Infinity"


def test_everything_that_is_wrong_is_named_at_once() -> None:
    plan = swing(action="HODL", limit_price="x", size={"quantity": "-1", "unit": "LOTS"}, foo=1)
    plan["environment"] = "DEMO"

    assert sorted(problems_of(plan)) == [
        "action", "environment", "foo", "limit_price", "size.quantity", "size.unit",
    ]  # fmt: skip


def test_what_stands_around_the_plan_fills_its_gaps() -> None:
    bare = change(swing(), {"cycle_id": ..., "environment": ...})
    defaults = PlanDefaults(cycle_id="outer", environment=Environment.LIVE)

    plan = parsed(bare, defaults)

    assert plan.cycle_id == "outer"
    assert plan.environment is Environment.LIVE


def test_what_stands_around_the_plan_may_not_contradict_it() -> None:
    problems = Problems()
    value = decode(json.dumps(SWING).encode())

    read_plan(value, "plan", problems, PlanDefaults(cycle_id="other"))

    assert problems.concern("plan.cycle_id")


def test_a_portfolio_may_be_given_in_part_or_as_it_was_answered() -> None:
    problems = Problems()
    whole = {
        "equity": "100000",
        "cash": 60000,
        "buying_power": "-5.5",
        "positions": [
            {
                "symbol": "AAPL",
                "quantity": "-20",
                "avg_entry_price": "238.41",
                "market_value": "4768.00",
                "realized_pnl": "0",
                "protected_quantity": "20",
            }
        ],
    }

    override = read_portfolio(decode(json.dumps(whole).encode()), "portfolio_state", problems)
    nothing = read_portfolio(decode(b"{}"), "portfolio_state", problems)
    flat = read_portfolio(decode(b'{"positions": []}'), "portfolio_state", problems)

    problems.raise_any()
    assert override.equity == 100000
    assert override.buying_power == Decimal("-5.5")
    assert override.positions is not None
    assert override.positions[0].quantity == -20
    assert nothing.positions is None
    assert flat.positions == ()


def test_a_portfolio_that_is_wrong_is_named() -> None:
    problems = Problems()
    whole = {
        "equity": "x",
        "cash": "1e16",
        "margin": 1,
        "positions": [
            {"symbol": "?", "quantity": "1", "avg_entry_price": "-1"},
            {"symbol": "AAPL  261218C00240000", "quantity": "0.5", "avg_entry_price": "1"},
            {},
        ],
    }

    read_portfolio(decode(json.dumps(whole).encode()), "p", problems)

    for field in (
        "p.equity", "p.cash", "p.margin", "p.positions[0].symbol",
        "p.positions[0].avg_entry_price", "p.positions[1].quantity", "p.positions[2].symbol",
    ):  # fmt: skip
        assert problems.concern(field), field


def test_how_a_plan_is_placed_has_defaults_and_bounds() -> None:
    problems = Problems()

    default = read_execution_params(decode(b"{}"), "e", problems)
    given = read_execution_params(
        decode(b'{"allow_partial": true, "wait_seconds": "0.5"}'), "e", problems
    )
    problems.raise_any()
    read_execution_params(decode(b'{"wait_seconds": 61, "allow": 1}'), "e", problems)

    assert default == ExecutionParams()
    assert given == ExecutionParams(allow_partial=True, wait_seconds=0.5)
    assert problems.concern("e.wait_seconds")
    assert problems.concern("e.allow")


def test_every_action_is_read() -> None:
    for action in Action:
        assert parsed(swing(action=action.value)).decisions[0].action is action
