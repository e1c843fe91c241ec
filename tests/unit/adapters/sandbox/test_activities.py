from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from cream.adapters.sandbox.activities import VISIBLE_AFTER, ActivityLog
from cream.core.exchange.venue import OptionEnd
from cream.core.model.instrument import OptionContract
from cream.core.options.occ import parse_instrument
from tests.fakes.venue_lab import NOON


def contract(symbol: str = "AAPL261218C00240000") -> OptionContract:
    found = parse_instrument(symbol)
    assert isinstance(found, OptionContract)
    return found


def rows(end: OptionEnd) -> list[Any]:
    log = ActivityLog()
    log.note_end(end)
    assert list(log.others(NOON + VISIBLE_AFTER - timedelta(seconds=1))) == []
    found = list(log.others(NOON + VISIBLE_AFTER))
    assert {at for at, _ in found} == {NOON + VISIBLE_AFTER}
    return [
        (row["activity_type"], row["symbol"], row["qty"], row["net_amount"]) for _, row in found
    ]


@pytest.mark.parametrize(
    ("symbol", "quantity", "expected"),
    [
        (
            "AAPL261218C00240000",
            2,
            [("OPEXC", "AAPL261218C00240000", "-2", "0.00"), ("OPTRD", "AAPL", "200", "-48000.00")],
        ),
        (
            "AAPL261218C00240000",
            -1,
            [("OPASN", "AAPL261218C00240000", "1", "0.00"), ("OPTRD", "AAPL", "-100", "24000.00")],
        ),
        (
            "AAPL261218P00240000",
            1,
            [("OPEXC", "AAPL261218P00240000", "-1", "0.00"), ("OPTRD", "AAPL", "-100", "24000.00")],
        ),
        (
            "AAPL261218P00240000",
            -1,
            [("OPASN", "AAPL261218P00240000", "1", "0.00"), ("OPTRD", "AAPL", "100", "-24000.00")],
        ),
    ],
)
def test_an_exercise_and_an_assignment_are_two_rows_of_one_group(
    symbol: str, quantity: int, expected: list[Any]
) -> None:
    assert rows(OptionEnd(contract(symbol), Decimal(quantity), True, NOON)) == expected


def test_what_expires_worthless_is_one_row() -> None:
    found = rows(OptionEnd(contract(), Decimal(-3), False, NOON))
    assert found == [("OPEXP", "AAPL261218C00240000", "3", "0.00")]
