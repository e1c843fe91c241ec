"""A plan over the wire means what it means in JSON, or every field at fault is named at once."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from math import inf, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cream.adapters.server.problems import Problems
from cream.adapters.server.wire_plan import plan_from_wire
from cream.core.model.errors import CreamError
from cream.core.model.instrument import OptionContract
from cream.core.model.order import OrderType
from cream.core.model.plan import (
    Action,
    DecisionPlan,
    Direction,
    Environment,
    StrategyFamily,
    ThesisState,
    TimeHorizon,
    TimeInForce,
)
from cream.wire import common_pb2, decision_pb2
from tests.unit.adapters.server.plans import LEGS, SWING, Json, parsed, spread, swing
from tests.unit.adapters.server.wire_plans import instrument_message, plan_message


def read(message: decision_pb2.DecisionPlan) -> DecisionPlan:
    problems = Problems()
    found = plan_from_wire(message, "decision_plan", problems)
    problems.raise_any()
    assert found is not None
    return found


def problems_of(message: decision_pb2.DecisionPlan) -> dict[str, str]:
    with pytest.raises(CreamError) as caught:
        read(message)
    found = {}
    for each in caught.value.problems:
        field = each.field.removeprefix("decision_plan.")
        found[field.removeprefix("decisions[0].")] = each.problem
    return found


# The same plan over both ------------------------------------------------------------------------

TWAP = {"execution_tactic": "TWAP", "execution_params": {"duration_minutes": 6}}
OPTION = {"instrument_id": "AAPL  261218P00230500", "size": {"quantity": 2, "unit": "CONTRACTS"}}


@pytest.mark.parametrize(
    "plan",
    [
        SWING,
        spread(),
        spread(net_limit_price="-1.60"),
        spread(net_limit_price=None),
        swing(limit_price=None),
        swing(**TWAP),
        swing(**OPTION, risk_denomination="OPTION_PRICE"),
        swing(action="CLOSE", direction="FLAT", stop_loss_level="0", take_profit_level="0"),
        swing(action="HOLD", size={"quantity": "0", "unit": "SHARES"}),
        swing(action="SELL", direction="SHORT", size={"quantity": 5000, "unit": "DOLLARS"}),
    ],
)
def test_a_plan_is_the_same_over_both(plan: Json) -> None:
    assert read(plan_message(plan)) == parsed(plan)


prices = st.decimals(min_value="0.01", max_value=99_999, places=2).map(str)
words = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), max_size=20)
names = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_.", min_size=1, max_size=30)


def member(enum: Any, optional: bool = True) -> st.SearchStrategy[str | None]:
    members = st.sampled_from([one.value for one in enum])
    return st.none() | members if optional else members


@st.composite
def decisions(draw: st.DrawFn, index: int) -> Json:
    one: Json = {
        "decision_id": draw(st.none() | names.map(lambda name: f"{index}{name}")),
        "action": draw(member(Action, optional=False)),
        "direction": draw(member(Direction)),
        "stop_loss_level": draw(st.just("0") | prices),
        "take_profit_level": draw(st.just("0") | prices),
        "strategy_family": draw(member(StrategyFamily)),
        "time_horizon": draw(member(TimeHorizon)),
        "thesis_state": draw(member(ThesisState)),
        "time_in_force": draw(member(TimeInForce)),
        "bullish_factors": draw(st.lists(words, max_size=3)),
        "bearish_factors": draw(st.lists(words, max_size=3)),
        "rationale": draw(words),
        "confidence": str(draw(st.decimals(0, 1, places=4))),
    }
    quantity = draw(st.integers(1, 10**6))
    kind = draw(st.sampled_from(["share", "option", "spread"]))
    if kind == "share":
        unit = draw(st.sampled_from(["SHARES", "DOLLARS", "PCT_EQUITY"]))
        one |= {"instrument_id": "AAPL", "limit_price": draw(st.none() | prices)}
        if draw(st.booleans()):
            one |= TWAP
    elif kind == "option":
        unit = draw(st.sampled_from(["CONTRACTS", "DOLLARS", "PCT_EQUITY"]))
        one |= {"instrument_id": OPTION["instrument_id"], "limit_price": draw(st.none() | prices)}
        one["risk_denomination"] = draw(st.sampled_from([None, "OPTION_PRICE"]))
    else:
        unit = "CONTRACTS"
        net = st.none() | st.decimals(-500, 500, places=2).map(str)
        one |= {"instrument_id": "AAPL", "legs": LEGS, "net_limit_price": draw(net)}
    one["size"] = {"quantity": str(quantity), "unit": unit}
    return one


@st.composite
def plans(draw: st.DrawFn) -> Json:
    # The wire ends with the year 9999, in UTC.
    seconds = st.integers(-(2**31), 2**33).map(lambda number: datetime.fromtimestamp(number, UTC))
    moment = draw(st.none() | seconds)
    return {
        "plan_id": draw(st.none() | names),
        "cycle_id": draw(names.map(lambda name: f"c-{name}")),
        "environment": draw(member(Environment, optional=False)),
        "timestamp": None if moment is None else moment.isoformat(),
        "risk_manager_approved": draw(st.sampled_from([None, True, False])),
        "critic_approved": draw(st.sampled_from([None, True, False])),
        "plan_rationale": draw(words),
        "decisions": [draw(decisions(index)) for index in range(draw(st.integers(0, 3)))],
    }


@given(plans())
def test_any_plan_is_the_same_over_both(plan: Json) -> None:
    """What JSON gives as decimals and the wire as doubles is one decimal, digit by digit."""
    message = decision_pb2.DecisionPlan.FromString(plan_message(plan).SerializeToString())

    assert read(message) == parsed(plan)


# What the wire alone has ------------------------------------------------------------------------


def test_a_double_stands_for_its_shortest_text() -> None:
    (decision,) = read(plan_message(swing(limit_price="0.1", confidence="0.7"))).decisions

    assert decision.limit_price == Decimal("0.1")
    assert decision.confidence == Decimal("0.7")


def test_what_is_not_filled_in_has_its_documented_default() -> None:
    message = plan_message(swing())
    message.plan_id = ""
    message.ClearField("risk_manager_approved")
    message.ClearField("as_of_timestamp")
    decision = message.decisions[0]
    decision.decision_id = ""
    for field in ("direction", "strategy_family", "time_horizon", "thesis_state"):
        decision.ClearField(field)
    decision.order_plan.ClearField("time_in_force")

    plan = read(message)

    assert plan.plan_id == "cycle-swing-1"
    assert plan.risk_manager_approved is None
    assert plan.critic_approved is True
    assert plan.timestamp is None
    assert plan.decisions[0].decision_id == "cycle-swing-1-0"
    assert plan.decisions[0].direction is Direction.LONG
    assert plan.decisions[0].strategy_family is None
    assert plan.decisions[0].time_in_force is TimeInForce.DAY


def test_a_market_order_with_a_price_of_zero_was_only_filled_in() -> None:
    message = plan_message(swing(limit_price=None))
    message.decisions[0].order_plan.entry_limit_price = 0.0

    assert read(message).decisions[0].limit_price is None


def test_a_spread_with_a_net_price_is_priced_whatever_its_word() -> None:
    """Clients of the older contract call every spread a MARKET order."""
    message = plan_message(spread())
    message.decisions[0].order_plan.entry_order_type = common_pb2.ORDER_TYPE_MARKET

    assert read(message).decisions[0].net_limit_price == Decimal("3.1")


@pytest.mark.parametrize("action", ["ACTION_HOLD", "ACTION_NO_TRADE"])
def test_a_decision_that_does_nothing_needs_only_its_instrument(action: str) -> None:
    message = decision_pb2.DecisionPlan(cycle_id="c", environment="ENVIRONMENT_PAPER")
    message.decisions.add(action=action, instrument=instrument_message("AAPL"))

    (decision,) = read(message).decisions

    assert decision.size.quantity == 0


@pytest.mark.parametrize(
    ("action", "needs_levels"),
    [
        ("ACTION_BUY", True),
        ("ACTION_SELL", True),
        ("ACTION_INCREASE", True),
        ("ACTION_CLOSE", False),
        ("ACTION_REDUCE", False),
    ],
)
def test_only_giving_up_a_position_needs_no_levels(action: str, needs_levels: bool) -> None:
    message = plan_message(swing())
    message.decisions[0].action = common_pb2.Action.Value(action)
    message.decisions[0].ClearField("risk_levels")

    if needs_levels:
        assert problems_of(message) == {"risk_levels": "is required"}
    else:
        assert read(message).decisions[0].stop_loss is None


def test_an_option_may_be_named_by_its_contract_alone() -> None:
    message = plan_message(swing(**OPTION, risk_denomination="OPTION_PRICE"))
    message.decisions[0].instrument.instrument_id = ""

    assert isinstance(read(message).decisions[0].instrument, OptionContract)


@pytest.mark.parametrize("keep", ["symbol", "contract", "both"])
def test_a_leg_may_be_named_by_symbol_by_contract_or_by_both(keep: str) -> None:
    message = plan_message(spread())
    for leg in message.decisions[0].legs:
        symbol = f"{leg.symbol[:4]:<6}{leg.symbol[-15:]}"
        if keep != "symbol":
            leg.contract.CopyFrom(instrument_message(symbol).option_contract)
        if keep == "contract":
            leg.symbol = ""

    assert read(message) == parsed(spread())


# What is wrong ----------------------------------------------------------------------------------

Change = Callable[[Any], object]


def put(path: str, value: Any) -> Change:
    """Sets a field of the first decision; `...` clears it."""
    *parents, name = path.split(".")

    def change(message: Any) -> None:
        target = message.decisions[0]
        for parent in parents:
            target = getattr(target, parent)
        if value is ...:
            target.ClearField(name)
        else:
            setattr(target, name, value)

    return change


WRONG: list[tuple[Change, str, str]] = [
    (put("action", 0), "action", "unspecified"),
    (put("action", 99), "action", "must be one of BUY, SELL, HOLD"),
    (put("direction", 9), "direction", "the number 9"),
    (put("strategy_family", 99), "strategy_family", "the number 99"),
    (put("time_horizon", 99), "time_horizon", "the number 99"),
    (put("thesis_state", -1), "thesis_state", "the number -1"),
    (put("instrument", ...), "instrument", "is required"),
    (put("instrument.instrument_type", 0), "instrument.instrument_type", "unspecified"),
    (put("instrument.instrument_type", 7), "instrument.instrument_type", "EQUITY, OPTION"),
    (put("instrument.instrument_type", 2), "instrument.option_contract", "required for an OPTION"),
    (put("instrument.instrument_id", "?"), "instrument.instrument_id", "neither a ticker"),
    (
        put("instrument.instrument_id", "AAPL  261218C00240000"),
        "instrument.instrument_type",
        "names an option",
    ),
    (put("instrument.option_contract.strike", 1.0), "instrument.option_contract", "not be set"),
    (put("size", ...), "size", "is required"),
    (put("size.unit", 0), "size.unit", "unspecified"),
    (put("size.unit", 9), "size.unit", "the number 9"),
    (put("size.quantity", 0), "size.quantity", "above 0"),
    (put("size.quantity", -5), "size.quantity", "above 0"),
    (put("size.quantity", 2**31 - 1), "size.quantity", "at most 1000000000"),
    (put("order_plan", ...), "order_plan", "is required"),
    (put("order_plan.entry_order_type", 0), "order_plan.entry_order_type", "unspecified"),
    (put("order_plan.entry_order_type", 3), "order_plan.entry_order_type", "LIMIT or MARKET"),
    (put("order_plan.entry_order_type", 2), "order_plan.entry_limit_price", "has no price"),
    (put("order_plan.entry_limit_price", ...), "order_plan.entry_limit_price", "LIMIT order has"),
    (put("order_plan.entry_limit_price", nan), "order_plan.entry_limit_price", "finite"),
    (put("order_plan.entry_limit_price", 0.0), "order_plan.entry_limit_price", "above 0"),
    (put("order_plan.exit_order_type", 99), "order_plan.exit_order_type", "the number 99"),
    (put("order_plan.time_in_force", 99), "order_plan.time_in_force", "the number 99"),
    (put("risk_levels.stop_loss_level", inf), "risk_levels.stop_loss_level", "finite"),
    (put("risk_levels.take_profit_level", -1.0), "risk_levels.take_profit_level", "at least 0"),
    (put("risk_levels.denomination", 5), "risk_levels.denomination", "the number 5"),
    (put("risk_levels.denomination", 2), "risk_levels.denomination", "no option price"),
    (put("confidence", 1.5), "confidence", "at most 1"),
    (put("confidence", nan), "confidence", "finite"),
    (put("rationale", "x" * 20_000), "rationale", "16384 characters"),
    (put("net_limit_price", 3.0), "net_limit_price", "only a decision with legs"),
    (put("net_limit_price", -inf), "net_limit_price", "finite"),
    (put("decision_id", " "), "decision_id", "printable"),
]


@pytest.mark.parametrize(("change", "path", "words_said"), WRONG, ids=[row[1] for row in WRONG])
def test_a_field_that_is_wrong_is_named(change: Change, path: str, words_said: str) -> None:
    message = plan_message(swing())
    change(message)

    found = problems_of(message)

    assert words_said in found[path]
    assert list(found) == [path], "one mistake is one problem"


@pytest.mark.parametrize(
    ("name", "value", "path"),
    [
        ("symbol", "AAPL", "legs[0].symbol"),
        ("symbol", "?", "legs[0].symbol"),
        ("ratio_qty", 0, "legs[0].ratio_qty"),
        ("ratio_qty", 5000, "legs[0].ratio_qty"),
        ("ratio_qty", -1, "legs[0].position_intent"),
        ("position_intent", 0, "legs[0].position_intent"),
    ],
)
def test_a_leg_that_is_wrong_is_named(name: str, value: Any, path: str) -> None:
    message = plan_message(spread())
    setattr(message.decisions[0].legs[0], name, value)

    assert list(problems_of(message)) == [path]


def test_a_leg_whose_names_differ_is_named() -> None:
    message = plan_message(spread())
    leg = message.decisions[0].legs[0]
    leg.contract.CopyFrom(instrument_message("AAPL  261218C00250000").option_contract)
    both = problems_of(message)
    leg.contract.strike = nan
    bad_contract = problems_of(message)

    assert list(both) == ["legs[0].symbol"]
    assert "legs[0].contract.strike" in bad_contract


def test_too_much_of_anything_is_named() -> None:
    message = plan_message(spread(bullish_factors=["x"] * 101, bearish_factors=["x" * 2001]))
    message.decisions[0].legs.extend([message.decisions[0].legs[0]] * 15)
    many = decision_pb2.DecisionPlan(cycle_id="c", environment="ENVIRONMENT_PAPER")
    many.decisions.extend([decision_pb2.Decision()] * 1001)

    assert set(problems_of(message)) == {"bullish_factors", "bearish_factors[0]", "legs"}
    assert problems_of(many) == {"decisions": "may have 1000 elements, has 1001"}


def test_a_plan_that_is_empty_is_named_field_by_field() -> None:
    found = problems_of(decision_pb2.DecisionPlan(plan_id=" x", portfolio_notes="\x00"))

    assert sorted(found) == ["cycle_id", "environment", "plan_id", "portfolio_notes"]


def test_two_decisions_may_not_have_one_id() -> None:
    message = plan_message(swing())
    message.decisions.append(message.decisions[0])

    assert list(problems_of(message)) == ["decisions[1].decision_id"]


def test_a_tactic_of_a_later_version_is_its_own_error() -> None:
    message = plan_message(swing())
    message.decisions[0].order_plan.execution_tactic = "VWAP"

    with pytest.raises(CreamError) as caught:
        read(message)

    assert caught.value.kind.code == "TACTIC_UNAVAILABLE"


def test_stop_types_are_words_of_orders_and_not_of_entries() -> None:
    assert OrderType.STOP.value == "STOP"
    message = plan_message(swing())
    message.decisions[0].order_plan.entry_order_type = common_pb2.ORDER_TYPE_TRAILING_STOP

    assert "order_plan.entry_order_type" in problems_of(message)
