"""Each execution that an event books is told of, and nothing else."""

import json

import pytest

from cream.adapters.server.fills import fill_view, fills_of
from cream.adapters.server.http_replies import encoded
from cream.core.execution import events as e
from tests.fakes.operations_data import NOW
from tests.unit.adapters.server import states

FILL = states.fill()
LEGS = (states.fill("o-spread", states.LONG_CALL), states.fill("o-spread"))


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (e.OrderFilled(at=NOW, fill=FILL), (FILL,)),
        (
            e.SpreadFilled(
                at=NOW,
                order_id="o-spread",
                execution_id="x-1",
                quantity=states.SPREAD.quantity,
                net_price=states.SPREAD.quantity,
                legs=LEGS,
            ),
            LEGS,
        ),
        (e.FillInferred(at=NOW, fill=FILL), (FILL,)),
        (
            e.FillCorrected(at=NOW, order_id="o-entry", before=LEGS, after=FILL, reason="x"),
            (FILL,),
        ),
        (e.FillCorrected(at=NOW, order_id="o-entry", before=LEGS, after=None, reason="x"), ()),
        (e.RunStopped(at=NOW), ()),
    ],
)
def test_an_event_tells_of_its_executions(event: e.Event, told: tuple[object, ...]) -> None:
    assert fills_of(event) == told


def test_an_execution_shows_the_exchanges_time() -> None:
    fill = json.loads(encoded(fill_view(FILL)))

    assert fill == {
        "execution_id": "x-1",
        "order_id": "o-entry",
        "symbol": "AAPL",
        "side": "BUY",
        "quantity": "10",
        "price": "238.41",
        "commission": "0.35",
        "executed_at": "2026-11-23T15:00:02Z",
    }
