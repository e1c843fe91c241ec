"""Which executions does an event tell of, and how does one look?"""

from cream.adapters.server import json_state_types as api
from cream.core.execution import events as e
from cream.core.model.fill import Fill
from cream.core.model.money import decimal_text


def fills_of(event: e.Event) -> tuple[Fill, ...]:
    """The executions that were booked by `event`: none for most, one for each leg of a spread."""
    match event:
        case e.OrderFilled(fill=fill) | e.FillInferred(fill=fill):
            return (fill,)
        case e.SpreadFilled(legs=legs):
            return tuple(legs)
        case e.FillCorrected(after=after) if after is not None:
            return (after,)
        case _:
            return ()


def fill_view(fill: Fill) -> api.Fill:
    """One execution, as streams tell it."""
    return api.Fill(
        execution_id=fill.execution_id,
        order_id=fill.order_id,
        symbol=fill.instrument.symbol,
        side=fill.side.value,
        quantity=decimal_text(fill.quantity),
        price=decimal_text(fill.price),
        commission=decimal_text(fill.charges),
        executed_at=fill.executed_at,
    )
