"""What a fill moves in cash."""

from decimal import Decimal

import pytest

from cream.core.model.fill import Fill
from cream.core.model.instrument import Instrument
from cream.core.model.side import Side
from tests.fakes.builders import AAPL, CALL, NOW


@pytest.mark.parametrize(
    ("instrument", "side", "paid"),
    [
        (AAPL, Side.BUY, "-20.32"),
        (AAPL, Side.SELL, "19.68"),
        (CALL, Side.BUY, "-2000.32"),
        (CALL, Side.SELL, "1999.68"),
    ],
)
def test_a_purchase_pays_a_sale_receives_and_both_pay_commission(
    instrument: Instrument, side: Side, paid: str
) -> None:
    fill = Fill(
        execution_id="x",
        order_id="o",
        instrument=instrument,
        side=side,
        quantity=Decimal(2),
        price=Decimal(10),
        executed_at=NOW,
        commission=Decimal("0.32"),
    )

    assert fill.paid == Decimal(paid)
