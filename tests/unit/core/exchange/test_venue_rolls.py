"""What the simulated venue makes of one order that closes options and opens others."""

from datetime import date
from decimal import Decimal

import pytest
from attrs import evolve

from cream.core.model.broker import OrderUpdate
from cream.core.model.order import OrderTerms, Side
from tests.fakes.venue_lab import Lab, call, leg, put, spread, terms

LATER = date(2027, 1, 15)
LOW, HIGH = call("240"), call("250")
NEXT_LOW, NEXT_HIGH = call("240", expiry=LATER), call("250", expiry=LATER)
PRICES = {LOW: ("4.30", "4.31"), HIGH: ("1.23", "1.24"), NEXT_LOW: ("7.10", "7.11")}
PRICES[NEXT_HIGH] = ("3.05", "3.06")


OUT_OF_DEBIT = (leg(LOW, -1, closes=True), leg(HIGH, 1, closes=True))
OUT_OF_CREDIT = (leg(LOW, 1, closes=True), leg(HIGH, -1, closes=True))
INTO_DEBIT = (leg(NEXT_LOW, 1), leg(NEXT_HIGH, -1))
INTO_CREDIT = (leg(NEXT_LOW, -1), leg(NEXT_HIGH, 1))


@pytest.fixture
def lab() -> Lab:
    lab = Lab()
    for contract, (bid, ask) in PRICES.items():
        lab.quote(contract.symbol, bid, ask)
    return lab


def enter(lab: Lab, *, debit: bool, quantity: str = "3") -> None:
    sign = 1 if debit else -1
    lab.accepted(spread((leg(LOW, sign), leg(HIGH, -sign)), quantity))
    assert lab.held(LOW.symbol) == sign * Decimal(quantity)


def holdings(lab: Lab) -> list[Decimal]:
    return [lab.held(one.symbol) for one in (LOW, HIGH, NEXT_LOW, NEXT_HIGH)]


def filled(lab: Lab) -> OrderUpdate:
    (update,) = (one for one in lab.updates if one.event == "fill")
    return update


def test_a_spread_is_rolled_with_four_legs_of_one_order(lab: Lab) -> None:
    enter(lab, debit=True)
    lab.updates.clear()
    cash = lab.venue.account(lab.now).cash

    # Sold at 4.30 - 1.24, bought at 7.11 - 3.05: a dollar a share.
    order = lab.accepted(spread((*OUT_OF_DEBIT, *INTO_DEBIT), "3", "1.05"))

    assert holdings(lab) == [0, 0, 3, -3]
    shown = lab.order(order)
    assert (shown.raw_status, shown.average_price) == ("filled", 1)
    assert [(one.instrument, one.ratio, one.filled) for one in shown.legs] == [
        (LOW, -1, 3),
        (HIGH, 1, 3),
        (NEXT_LOW, 1, 3),
        (NEXT_HIGH, -1, 3),
    ]
    assert [one.side for one in filled(lab).executions] == [
        Side.SELL,
        Side.BUY,
        Side.BUY,
        Side.SELL,
    ]
    assert lab.venue.account(lab.now).cash == cash - 300


def test_what_the_old_spread_ties_up_pays_for_the_new(lab: Lab) -> None:
    """A spread of ten dollars is sold with little more than its width, and rolled with that."""
    poor = Lab(cash="1800")
    for contract, (bid, ask) in PRICES.items():
        poor.quote(contract.symbol, bid, ask)
    enter(poor, debit=False, quantity="2")
    another = evolve(spread(INTO_CREDIT, "2"), client_order_id="another")
    assert poor.refused(another).code == "INSUFFICIENT_BUYING_POWER"

    poor.accepted(spread((*OUT_OF_CREDIT, *INTO_CREDIT), "2"))

    assert holdings(poor) == [0, 0, -2, 2]


def test_a_roll_waits_for_its_price_and_fills_in_whole_spreads(lab: Lab) -> None:
    enter(lab, debit=True)
    order = lab.accepted(spread((*OUT_OF_DEBIT, *INTO_DEBIT), "3", "0.90"))
    assert holdings(lab) == [3, -3, 0, 0]
    lab.quote(NEXT_LOW.symbol, "6.99", "7.00", ask_size=2)

    assert holdings(lab) == [1, -1, 2, -2]
    assert lab.order(order).raw_status == "partially_filled"


def test_what_a_roll_works_on_nothing_else_closes(lab: Lab) -> None:
    enter(lab, debit=True)
    lab.accepted(spread((*OUT_OF_DEBIT, *INTO_DEBIT), "2", "0.10"))

    for order in (
        spread(OUT_OF_DEBIT, "2"),
        spread((*OUT_OF_DEBIT, *INTO_DEBIT), "2", "0.20"),
        terms(Side.BUY, "2", "1.00", symbol=HIGH.symbol),
    ):
        assert lab.refused(order).code == "INSUFFICIENT_QTY"


def refusals() -> dict[str, tuple[OrderTerms, str]]:
    short_put = (leg(put("230"), 1, closes=True), leg(put("225"), -1))
    return {
        "a short option alone": (
            spread((leg(LOW, 1, closes=True), leg(NEXT_LOW, -1))),
            "UNCOVERED_LEG",
        ),
        "a short put alone": (spread(short_put), "UNCOVERED_LEG"),
        "what is not held": (
            spread((*OUT_OF_CREDIT, *INTO_CREDIT)),
            "POSITION_INTENT_MISMATCH",
        ),
        "more than is held": (spread((*OUT_OF_DEBIT, *INTO_DEBIT), "4"), "INSUFFICIENT_QTY"),
        "the cover of what stays": (
            spread((leg(LOW, -1, closes=True), leg(put("230"), 1))),
            "UNCOVERED_OPTION",
        ),
        "what closes called what opens": (
            spread((leg(LOW, -1), leg(HIGH, 1), leg(NEXT_LOW, 1), leg(NEXT_HIGH, -1))),
            "POSITION_INTENT_MISMATCH",
        ),
    }


@pytest.mark.parametrize("name", refusals())
def test_a_roll_that_is_none_is_refused(lab: Lab, name: str) -> None:
    enter(lab, debit=True)
    lab.quote(put("230").symbol, "1.80", "1.81")
    lab.quote(put("225").symbol, "1.20", "1.21")
    order, code = refusals()[name]

    assert lab.refused(order).code == code
    assert holdings(lab) == [3, -3, 0, 0]


def test_the_cover_that_a_roll_would_bring_nearer_is_no_cover_for_longer(lab: Lab) -> None:
    """A long January call is rolled to December: no January call is sold against it meanwhile."""
    lab.accepted(terms(Side.BUY, "1", symbol=NEXT_LOW.symbol))
    lab.accepted(spread((leg(NEXT_LOW, -1, closes=True), leg(LOW, 1)), "1", "-9.00"))

    refused = lab.refused(terms(Side.SELL, "1", symbol=NEXT_HIGH.symbol))

    assert refused.code == "UNCOVERED_OPTION"
    lab.accepted(terms(Side.SELL, "1", symbol=HIGH.symbol))
