"""How do options that would be rolled look in JSON?"""

from typing import assert_never

from cream.adapters.server import json_roll_types as api
from cream.core.execution.rolls import RollReport
from cream.core.model.money import decimal_text
from cream.core.options.roll_choice import NoRoll, Roll, RollAnswer


def rolls_view(report: RollReport) -> api.OptionRolls:
    """The report in JSON."""
    return api.OptionRolls(
        as_of=report.as_of,
        enabled=report.enabled,
        dry_run=True,
        rolls=tuple(_roll_view(one) for one in report.answers),
    )


def _roll_view(answer: RollAnswer) -> api.OptionRoll:
    reasons = tuple(one.value for one in answer.reasons)
    symbol, quantity = answer.contract.symbol, decimal_text(answer.quantity)
    match answer:
        case NoRoll():
            return api.OptionRoll(
                symbol=symbol, quantity=quantity, outcome="NONE", reasons=reasons, why=answer.why
            )
        case Roll():
            return api.OptionRoll(
                symbol=symbol,
                quantity=quantity,
                outcome="ROLL_URGENTLY" if answer.urgent else "ROLL",
                reasons=reasons,
                into=answer.into.symbol,
                into_quantity=decimal_text(answer.into_quantity),
                units=answer.units,
                close_ratio=answer.close_ratio,
                open_ratio=answer.open_ratio,
                net_middle=decimal_text(answer.middle),
                net_natural=decimal_text(answer.natural),
                net_limit=decimal_text(answer.limit),
            )
        case _:
            assert_never(answer)
