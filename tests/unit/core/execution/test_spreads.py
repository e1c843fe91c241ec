"""Executions of legs become whole spreads, however the venue cuts them into parts."""

from collections.abc import Sequence
from decimal import Decimal

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from cream.core.execution.spreads import spread_fills
from cream.core.model.fill import Fill
from cream.core.model.order import OrderStatus, OrderTerms
from tests.fakes.builders import (
    AAPL,
    CALL,
    HIGHER_CALL,
    NOW,
    PUT,
    execution,
    leg,
    leg_executions,
    order_terms,
    shown,
    spread,
)
from tests.fakes.ledger import Ledger

S = OrderStatus
VERTICAL = spread(quantity="3")
# Three puts against one call: a ratio that does not divide evenly.
RATIO = spread("o-ratio", "2", legs=(leg(CALL, 1), leg(PUT, -3)))


def fills(terms: OrderTerms, *legs: Sequence[str], price: str = "2.00") -> list[Fill]:
    """For each leg the sizes in which it was filled, leg after leg."""
    return [
        Fill(
            execution_id=f"x-{index}-{number}",
            order_id=terms.order_id,
            instrument=one.contract,
            side=one.side,
            quantity=Decimal(size),
            price=Decimal(price),
            executed_at=NOW,
        )
        for index, (one, sizes) in enumerate(zip(terms.legs, legs, strict=True))
        for number, size in enumerate(sizes)
    ]


def sizes(terms: OrderTerms, *legs: Sequence[str]) -> list[tuple[Decimal, int]]:
    """For each event the spreads that it books, and of how many executions it consists."""
    events = spread_fills(terms, fills(terms, *legs), NOW)
    return [(one.quantity, len(one.legs)) for one in events]


@pytest.mark.parametrize(
    ("legs", "expected"),
    [
        ((["1"], ["1"]), [(1, 2)]),
        ((["3"], ["3"]), [(3, 2)]),
        ((["1", "2"], ["1", "2"]), [(1, 2), (2, 2)]),
        ((["1", "1", "1"], ["3"]), [(3, 4)]),
        ((["2", "1"], ["1", "2"]), [(3, 4)]),
        ((["1", "2"], ["1"]), [(1, 2)]),
        ((["2"], ["1"]), []),
        ((["2"], []), []),
        (([], []), []),
    ],
)
def test_whole_spreads_are_booked_where_all_legs_meet(
    legs: tuple[list[str], list[str]], expected: list[tuple[int, int]]
) -> None:
    assert sizes(VERTICAL, *legs) == [(Decimal(units), count) for units, count in expected]


def test_a_leg_with_a_ratio_fills_a_spread_by_its_ratio() -> None:
    assert sizes(RATIO, ["1"], ["1", "2"]) == [(Decimal(1), 3)]
    assert sizes(RATIO, ["1"], ["1", "1"]) == []
    assert sizes(RATIO, ["2"], ["1", "1", "1", "3"]) == [(Decimal(2), 5)]


def test_the_net_price_is_what_a_spread_cost() -> None:
    """Debit positive: what is paid for the bought legs less what the sold ones brought."""
    cheap, dear, sold = fills(VERTICAL, ["1", "1"], ["2"], price="1.30")
    bought = [evolve(cheap, price=Decimal("4.30")), evolve(dear, price=Decimal("4.40"))]

    (event,) = spread_fills(VERTICAL, [*bought, sold], NOW)

    assert event.net_price == Decimal("3.05")
    assert event.execution_id == "x-0-0/unit"


def test_a_fill_of_what_is_no_leg_is_left_alone() -> None:
    stranger = Fill(
        execution_id="x",
        order_id=VERTICAL.order_id,
        instrument=AAPL,
        side=VERTICAL.side,
        quantity=Decimal(1),
        price=Decimal(1),
        executed_at=NOW,
    )

    (event,) = spread_fills(VERTICAL, [stranger, *fills(VERTICAL, ["1"], ["1"])], NOW)

    assert stranger not in event.legs


def test_an_order_without_legs_has_no_spreads() -> None:
    assert list(spread_fills(order_terms(), [], NOW)) == []


@given(
    st.lists(st.integers(1, 3), min_size=1, max_size=5),
    st.lists(st.integers(1, 3), min_size=1, max_size=5),
)
def test_nothing_is_booked_unevenly_and_nothing_that_is_even_waits(
    long: list[int], short: list[int]
) -> None:
    """In each event the legs stand in their ratio; all events together reach the last meeting."""
    parts = fills(VERTICAL, [str(one) for one in long], [str(one) for one in short])

    events = list(spread_fills(VERTICAL, parts, NOW))

    for event in events:
        for one in VERTICAL.legs:
            filled = sum(f.quantity for f in event.legs if f.instrument == one.contract)
            assert filled == event.quantity
    booked = [fill.execution_id for event in events for fill in event.legs]
    assert len(booked) == len(set(booked))
    meetings = {sum(long[: n + 1]) for n in range(len(long))} & {
        sum(short[: n + 1]) for n in range(len(short))
    }
    assert sum(event.quantity for event in events) == max(meetings, default=0)


def test_leg_executions_that_come_apart_are_booked_together_or_not_at_all() -> None:
    """A leg without its counterpart is missing, not lost: the next look brings both."""
    ledger = Ledger()
    ledger.work(VERTICAL)
    long, short = leg_executions(VERTICAL, "x", "2", ["4.30", "1.30"])

    reading = ledger.report(shown(VERTICAL, S.PARTIALLY_FILLED, "2"), long)
    assert reading.missing_executions == (VERTICAL.order_id,)
    assert ledger.held(CALL) == 0

    ledger.executions([short, long])
    assert (ledger.held(CALL), ledger.held(HIGHER_CALL)) == (2, -2)
    assert ledger.order(VERTICAL.order_id).filled == 2


def test_an_uneven_cut_loses_no_contract() -> None:
    """One leg in one piece, the other in two: all four contracts are held afterwards."""
    ledger = Ledger()
    ledger.work(VERTICAL)
    short = {"instrument": HIGHER_CALL, "side": VERTICAL.legs[1].side}

    ledger.report(
        shown(VERTICAL, S.PARTIALLY_FILLED, "2"),
        execution(VERTICAL, "a", "2", "4.30", instrument=CALL),
        execution(VERTICAL, "b", "1", "1.30", **short),
        execution(VERTICAL, "c", "1", "1.34", **short),
    )

    assert (ledger.held(CALL), ledger.held(HIGHER_CALL)) == (2, -2)
    assert ledger.order(VERTICAL.order_id).average_price == Decimal("2.98")


def test_a_spread_ends_once_what_has_filled_is_booked() -> None:
    ledger = Ledger()
    ledger.work(VERTICAL)

    ledger.report(shown(VERTICAL, S.CANCELED, "1"), *leg_executions(VERTICAL, "x", "1", ["4", "1"]))

    order = ledger.order(VERTICAL.order_id)
    assert (order.status, order.filled) == (S.CANCELED, 1)


def test_a_name_of_a_spread_that_belongs_to_a_simple_order_is_an_error() -> None:
    ledger = Ledger()
    ledger.intend(VERTICAL)

    reading = ledger.report(shown(order_terms(VERTICAL.order_id)))

    assert reading.unknown
    assert ledger.order(VERTICAL.order_id).status is S.REJECTED
