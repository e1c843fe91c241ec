"""The bad input of the interface's list, as an agent would send it in either format."""

import json
import struct
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

from attrs import frozen

from cream.wire import decision_pb2
from tests.integration.plan_messages import plan_message

PLANS = Path(__file__).parents[2] / "examples" / "plans"
PLAN = "decision_plan"
FIRST = f"{PLAN}.decisions[0]"

Json = dict[str, Any]
WirePlan = decision_pb2.DecisionPlan


@frozen
class Number:
    """A number as it is to stand in the JSON text, whatever it is."""

    text: str


@frozen
class Bad:
    """What is wrong in a plan, in both formats, and the paths that the answers must name."""

    change: Callable[[Json], None]
    fields: tuple[str, ...]
    wire: Callable[[WirePlan], None]
    wire_fields: tuple[str, ...]
    plan: str = "equity-swing-long"


def decision(**values: object) -> Callable[[Json], None]:
    """Sets members of the first decision."""

    def change(plan: Json) -> None:
        plan["decisions"][0].update(values)

    return change


def quantity(text: str) -> Callable[[Json], None]:
    def change(plan: Json) -> None:
        plan["decisions"][0]["size"]["quantity"] = Number(text)

    return change


def wire_quantity(number: int) -> Callable[[WirePlan], None]:
    def change(plan: WirePlan) -> None:
        plan.decisions[0].size.quantity = number

    return change


def wire_order(**values: object) -> Callable[[WirePlan], None]:
    def change(plan: WirePlan) -> None:
        for name, value in values.items():
            setattr(plan.decisions[0].order_plan, name, value)

    return change


def wire_stop(number: float) -> Callable[[WirePlan], None]:
    def change(plan: WirePlan) -> None:
        plan.decisions[0].risk_levels.stop_loss_level = number

    return change


def wire_action(number: int) -> Callable[[WirePlan], None]:
    def change(plan: WirePlan) -> None:
        plan.decisions[0].action = number  # type: ignore[assignment]

    return change


def wire_confidence(number: float) -> Callable[[WirePlan], None]:
    def change(plan: WirePlan) -> None:
        plan.decisions[0].confidence = number

    return change


def wire_half_contracts(plan: WirePlan) -> None:
    """A double under the number of the whole `quantity`: the nearest thing to half a contract."""
    plan.decisions[0].size.Clear()
    plan.decisions[0].size.MergeFromString(struct.pack("<Bd", 1 << 3 | 1, 1.5) + b"\x10\x02")


def twice(plan: Json) -> None:
    plan["decisions"].append(plan["decisions"][0])


def wire_twice(plan: WirePlan) -> None:
    plan.decisions.add().CopyFrom(plan.decisions[0])


def several(plan: Json) -> None:
    decision(time_in_force="NOW", confidence=Number("NaN"), limit_price=Number("-1"))(plan)
    quantity("0")(plan)


def wire_several(plan: WirePlan) -> None:
    wire_confidence(NAN)(plan)
    wire_order(entry_limit_price=-1.0, time_in_force=99)(plan)
    wire_quantity(0)(plan)


SIZE = ((f"{FIRST}.size.quantity",), (f"{FIRST}.size.quantity",))
PRICE = ((f"{FIRST}.limit_price",), (f"{FIRST}.order_plan.entry_limit_price",))
STOP = ((f"{FIRST}.stop_loss_level",), (f"{FIRST}.risk_levels.stop_loss_level",))
CONFIDENCE = ((f"{FIRST}.confidence",), (f"{FIRST}.confidence",))
INF, NAN = float("inf"), float("nan")


def bad(
    change: Callable[[Json], None],
    wire: Callable[[WirePlan], None],
    fields: tuple[tuple[str, ...], tuple[str, ...]],
    plan: str = "equity-swing-long",
) -> Bad:
    return Bad(change, fields[0], wire, fields[1], plan)


UNDECODABLE = {
    "an unknown enum": bad(
        decision(action="BUYY"), wire_action(99), ((f"{FIRST}.action",), (f"{FIRST}.action",))
    ),
    "a price that is NaN": bad(
        decision(limit_price=Number("NaN")), wire_order(entry_limit_price=NAN), PRICE
    ),
    "a price that is infinite": bad(
        decision(limit_price=Number("Infinity")), wire_order(entry_limit_price=INF), PRICE
    ),
    "a stop that is minus infinity": bad(
        decision(stop_loss_level=Number("-Infinity")), wire_stop(-INF), STOP
    ),
    "a confidence that is NaN": bad(decision(confidence="NaN"), wire_confidence(NAN), CONFIDENCE),
    "a confidence above one": bad(decision(confidence="1.1"), wire_confidence(1.1), CONFIDENCE),
    "an exponent that no decimal is written with": bad(
        decision(limit_price=Number("1e999999999")), wire_order(entry_limit_price=1e308), PRICE
    ),
    "an exponent of eighteen digits": bad(
        decision(limit_price=Number("1e999999999999999999")),
        wire_order(entry_limit_price=1.7e308),
        PRICE,
    ),
    "an exponent beyond any": bad(
        decision(limit_price=Number("1e99999999999999999999")),
        wire_order(entry_limit_price=-1.7e308),
        PRICE,
    ),
    "a negative size": bad(quantity("-1"), wire_quantity(-1), SIZE),
    "a size of zero": bad(quantity("0"), wire_quantity(0), SIZE),
    # A size is an int32 on the wire; this is the largest there.
    "a size of 10^30": bad(quantity("1" + "0" * 30), wire_quantity(2**31 - 1), SIZE),
    "fractional contracts": bad(quantity("1.5"), wire_half_contracts, SIZE, "single-call"),
    "duplicate decision ids": bad(
        twice,
        wire_twice,
        ((f"{PLAN}.decisions[1].decision_id",), (f"{PLAN}.decisions[1].decision_id",)),
    ),
    "several at once": bad(
        several,
        wire_several,
        (
            (f"{FIRST}.time_in_force", *CONFIDENCE[0], *PRICE[0], *SIZE[0]),
            (f"{FIRST}.order_plan.time_in_force", *CONFIDENCE[1], *PRICE[1], *SIZE[1]),
        ),
    ),
}


def option_of(symbol: str) -> Callable[[WirePlan], None]:
    def change(plan: WirePlan) -> None:
        plan.decisions[0].instrument.instrument_id = symbol
        plan.decisions[0].instrument.option_contract.expiration = "2026-09-18"

    return change


def stock_of(symbol: str) -> Callable[[WirePlan], None]:
    def change(plan: WirePlan) -> None:
        plan.decisions[0].instrument.instrument_id = symbol

    return change


def plan_set(**values: object) -> Callable[[Json], None]:
    def change(plan: Json) -> None:
        plan.update(values)

    return change


def wire_live(plan: WirePlan) -> None:
    plan.environment = decision_pb2.DecisionPlan(environment="ENVIRONMENT_LIVE").environment


def wire_yesterday(plan: WirePlan) -> None:
    plan.as_of_timestamp.FromJsonString("2026-11-22T15:00:00Z")


EXPIRED = "NVDA  260918C00190000"

# What can be decoded and is judged: the same verdict over both APIs, with this code in it.
REFUSED = {
    "an unknown symbol": (
        "UNKNOWN_INSTRUMENT",
        bad(decision(instrument_id="ZZZZZ"), stock_of("ZZZZZ"), ((), ())),
    ),
    "an expired option": (
        "INSTRUMENT_EXPIRED",
        bad(decision(instrument_id=EXPIRED), option_of(EXPIRED), ((), ()), "single-call"),
    ),
    "a stale timestamp": (
        "STALE_PLAN",
        bad(plan_set(timestamp="2026-11-22T15:00:00Z"), wire_yesterday, ((), ())),
    ),
    # LIVE does not start on the simulated broker (`test_commands`), so it is shown from this side.
    "a plan for the other environment": (
        "ENVIRONMENT_MISMATCH",
        bad(plan_set(environment="LIVE"), wire_live, ((), ())),
    ),
}


def plan_of(name: str) -> Json:
    return dict(json.loads((PLANS / f"{name}.json").read_text()))


def body_of(plan: Json) -> bytes:
    """The request in JSON, with every `Number` as it was written."""

    def placeholder(number: object) -> str:
        assert isinstance(number, Number)
        return f"<{number.text}>"

    text = json.dumps({PLAN: plan}, default=placeholder)
    return text.replace('"<', "").replace('>"', "").encode()


def json_body(case: Bad) -> bytes:
    plan = deepcopy(plan_of(case.plan))
    case.change(plan)
    return body_of(plan)


def wire_plan(case: Bad) -> WirePlan:
    plan = WirePlan.FromString(bytes(plan_message(plan_of(case.plan))))
    case.wire(plan)
    return plan
