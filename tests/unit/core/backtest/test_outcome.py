"""Figures that follow from others."""

from datetime import timedelta
from decimal import Decimal

import pytest

from cream.core.backtest.outcome import Holding, Mark, Outcome
from cream.core.model.instrument import Equity
from cream.core.model.position import Position
from tests.unit.core.backtest.lab import EVE


def outcome(*equities: int, holdings: tuple[Holding, ...] = ()) -> Outcome:
    curve = [
        Mark(EVE + timedelta(days=number), Decimal(0), Decimal(one))
        for number, one in enumerate(equities)
    ]
    return Outcome(
        cash=Decimal(1000),
        plans=(),
        orders=(),
        trades=(),
        settlements=(),
        holdings=holdings,
        curve=curve,
        digest="",
    )


@pytest.mark.parametrize(
    ("equities", "amount", "fraction", "day"),
    [
        ((), 0, "0", None),
        ((1000, 1100, 1200), 0, "0", None),
        ((990, 1000), 10, "0.01", 0),
        ((1100, 1045, 1200, 1140, 1150), 60, "0.05", 3),
        ((2000, 1900, 2000, 1900), 100, "0.05", 1),
    ],
)
def test_the_drawdown_is_measured_from_the_high_before_it(
    equities: tuple[int, ...], amount: int, fraction: str, day: int | None
) -> None:
    """The cash of the beginning is a high too; of two equal falls the first is told."""
    found = outcome(*equities).drawdown
    assert (found.amount, found.fraction) == (amount, Decimal(fraction))
    assert found.trough_at == (None if day is None else EVE + timedelta(days=day))


def test_the_equity_is_that_of_the_last_mark_or_what_it_began_with() -> None:
    assert outcome().equity == 1000
    assert outcome(900, 1100).equity == 1100


def test_what_is_held_counts_at_its_mark_and_not_at_all_without_one() -> None:
    position = Position(instrument=Equity("AAPL"), quantity=Decimal(2), cost=Decimal(200))
    marked = Holding(position=position, mark=Decimal(110))
    assert outcome(holdings=(marked,)).unrealized == 20
    assert Holding(position=position, mark=None).unrealized == 0


def test_a_run_without_trades_earned_nothing_and_cost_nothing() -> None:
    assert (outcome().realized, outcome().fees) == (0, 0)
