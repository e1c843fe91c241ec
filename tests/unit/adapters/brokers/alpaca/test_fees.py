"""Fills are told without their fees, and booked with them where they are charged."""

from decimal import Decimal
from typing import Literal

import pytest
from attrs import evolve

from cream.adapters.brokers.alpaca.broker import charging_as
from cream.adapters.brokers.alpaca.fees import with_fees
from cream.adapters.brokers.alpaca.frames import FrameReader
from cream.adapters.brokers.alpaca.settings import AlpacaSettings
from cream.core.model.plan import Environment
from cream.core.model.side import Side
from tests.fakes.builders import execution, order_terms
from tests.unit.adapters.brokers.alpaca.scripted import NOW, Script, ok
from tests.unit.adapters.brokers.alpaca.test_broker import fill, over
from tests.unit.adapters.brokers.alpaca.test_frames import frame, heard


def test_a_sale_is_charged_and_a_purchase_nearly_not() -> None:
    """On 2026-06-01: section 31 at 20.60 a million, TAF 0.000195 a share, CAT 0.000003 a share."""
    sale = execution(order_terms(), "x", "100", "50", side=Side.SELL)
    sale = evolve(sale, executed_at=sale.executed_at.replace(year=2026, month=6, day=1))

    assert {one.kind: one.amount for one in with_fees(sale).fees} == {
        "REG": Decimal("0.103000"),
        "TAF": Decimal("0.0195"),
        "CAT": Decimal("0.0003"),
    }
    bought = with_fees(evolve(sale, side=Side.BUY))
    assert [one.kind for one in bought.fees] == ["CAT"]


def test_the_stream_tells_them_only_where_they_are_estimated() -> None:
    told = [frame("fill", side="sell", qty="10", filled_qty="10", status="filled")]
    (plain,) = heard(FrameReader(), told)
    (charged,) = heard(FrameReader(estimates_fees=True), told)

    assert plain.executions[0].fees == ()
    assert charged.executions == tuple(map(with_fees, plain.executions))
    assert charged.executions[0].fees


@pytest.mark.parametrize(("choice", "told"), [("none", False), ("estimate", True)])
async def test_so_does_the_history(choice: Literal["none", "estimate"], told: bool) -> None:
    broker = over(Script(ok([fill("a") | {"side": "sell"}])))
    broker.settings = evolve(broker.settings, fees=choice)
    (found,) = await broker.executions_since(NOW)

    assert bool(found.fees) is told


def test_left_to_itself_only_a_live_account_is_charged() -> None:
    left = AlpacaSettings()
    assert charging_as(left, Environment.LIVE).fees == "estimate"
    assert charging_as(left, Environment.PAPER).fees == "none"
    asked = evolve(left, fees="estimate")
    assert charging_as(asked, Environment.PAPER) == asked
