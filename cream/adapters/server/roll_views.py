"""How do options that would be rolled look in JSON?"""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import assert_never

from cream.adapters.server import json_roll_types as api
from cream.core.execution import option_events as o
from cream.core.execution.rolls import RollReport
from cream.core.model.money import decimal_text
from cream.core.options.roll_choice import NoRoll, Roll, RollAnswer
from cream.core.options.roll_legs import RollLeg
from cream.core.options.roll_levels import RollLevels


def rolls_view(report: RollReport) -> api.OptionRolls:
    """The report in JSON."""
    return api.OptionRolls(
        as_of=report.as_of,
        enabled=report.enabled,
        dry_run=report.dry_run,
        rolls=tuple(_roll_view(one) for one in report.answers),
        under_way=tuple(under_way_view(one) for one in report.under_way),
    )


def under_way_view(owed: o.RollOwed) -> api.OptionRollUnderWay:
    """A roll that is being made, in JSON."""
    return api.OptionRollUnderWay(
        roll_id=owed.roll_id,
        since=owed.at,
        units=owed.units,
        legs=_legs(owed.closes),
        into_legs=_legs(owed.opens),
        as_one=owed.as_one,
        urgent=owed.urgent,
        reasons=owed.reasons,
        actor=owed.actor,
    )


def _legs(legs: Iterable[RollLeg]) -> tuple[api.OptionRollLeg, ...]:
    return tuple(api.OptionRollLeg(symbol=leg.contract.symbol, ratio=leg.ratio) for leg in legs)


def _roll_view(answer: RollAnswer) -> api.OptionRoll:
    reasons = tuple(one.value for one in answer.reasons)
    symbol, quantity = answer.contract.symbol, decimal_text(answer.quantity)
    match answer:
        case NoRoll():
            return api.OptionRoll(
                symbol=symbol,
                quantity=quantity,
                outcome="NONE",
                reasons=reasons,
                legs=_legs(answer.legs),
                why=answer.why,
            )
        case Roll():
            return api.OptionRoll(
                symbol=symbol,
                quantity=quantity,
                outcome="ROLL_URGENTLY" if answer.urgent else "ROLL",
                reasons=reasons,
                legs=_legs(answer.closes),
                into=answer.into.symbol,
                into_quantity=decimal_text(answer.into_quantity),
                units=answer.units,
                close_ratio=answer.close_ratio,
                open_ratio=answer.open_ratio,
                net_middle=decimal_text(answer.middle),
                net_natural=decimal_text(answer.natural),
                net_limit=decimal_text(answer.limit),
                into_legs=_legs(answer.opens),
                as_one=answer.as_one,
                refused=answer.refused or None,
                stop_loss=_level(answer.new_levels, lambda one: one.stop_loss),
                take_profit=_level(answer.new_levels, lambda one: one.take_profit),
            )
        case _:
            assert_never(answer)


def _level(levels: RollLevels | None, of: Callable[[RollLevels], Decimal | None]) -> str | None:
    level = None if levels is None else of(levels)
    return None if level is None else decimal_text(level)
