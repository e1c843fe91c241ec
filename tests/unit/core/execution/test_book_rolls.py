"""What becomes of positions, spreads, levels and duties when a roll works and when it fills."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from cream.core.execution import events as e
from cream.core.execution.guards import coverage, free_to_exit, holders_to_release
from cream.core.execution.memory import book_of, state_of
from cream.core.execution.option_book import SpreadLeg, orphans
from cream.core.execution.option_duties import openings_of
from cream.core.execution.partial_fills import PartialFillPolicy, due_at
from cream.core.execution.withdrawals import excess, in_the_way
from cream.core.model.fill import Fill
from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.model.order import (
    OrderClass,
    OrderLeg,
    OrderPurpose,
    OrderStatus,
    OrderTerms,
    Side,
    WalkTerms,
)
from cream.core.model.plan import RiskDenomination
from cream.core.risk.routing import closes_too_much
from cream.core.safety.mass_cancel import MassCancelPolicy, targets
from tests.fakes.builders import AAPL, CALL, HIGHER_CALL, NOW, leg, order_terms, shown
from tests.fakes.ledger import Ledger

FAR = date(2027, 1, 15)
LATER = OptionContract("AAPL", FAR, OptionRight.CALL, Decimal("240.00"))
LATER_HIGHER = OptionContract("AAPL", FAR, OptionRight.CALL, Decimal("250.00"))
VERTICAL = (leg(CALL, 1), leg(HIGHER_CALL, -1))
OUT = (leg(CALL, -1, closes=True), leg(HIGHER_CALL, 1, closes=True))
INTO = (leg(LATER, 1), leg(LATER_HIGHER, -1))
OF_SPREAD = (*OUT, *INTO)
OF_CALL = (leg(CALL, -1, closes=True), leg(LATER, 1))
P = OrderPurpose


def several(
    order_id: str,
    quantity: int,
    legs: tuple[OrderLeg, ...],
    purpose: OrderPurpose = P.ROLL,
    **changes: object,
) -> OrderTerms:
    terms = order_terms(
        order_id, str(quantity), limit="1", purpose=purpose, order_class=OrderClass.MLEG, legs=legs
    )
    return evolve(terms, **changes)


def fill(ledger: Ledger, order_id: str, spreads: int, *prices: str) -> None:
    """So many spreads of the order trade, each leg at its price."""
    terms = ledger.order(order_id).terms
    each = prices or ("1",) * len(terms.legs)
    number = len(ledger.records)
    fills = tuple(
        Fill(
            execution_id=f"{number}/{one.contract.symbol}",
            order_id=order_id,
            instrument=one.contract,
            side=one.side,
            quantity=Decimal(abs(one.ratio) * spreads),
            price=Decimal(price),
            executed_at=NOW,
        )
        for one, price in zip(terms.legs, each, strict=True)
    )
    net = sum((one.ratio * Decimal(p) for one, p in zip(terms.legs, each, strict=True)), Decimal(0))
    ledger.apply(
        e.SpreadFilled(
            at=NOW,
            order_id=order_id,
            execution_id=f"{number}/unit",
            quantity=Decimal(spreads),
            net_price=net,
            legs=fills,
        )
    )


def holdings(ledger: Ledger) -> dict[OptionContract, int]:
    return {
        one.instrument: int(one.quantity)
        for one in ledger.book.positions.values()
        if not one.is_flat and isinstance(one.instrument, OptionContract)
    }


def kept(ledger: Ledger) -> list[tuple[tuple[SpreadLeg, ...], int]]:
    """The spreads that are held: their legs, and how many."""
    return [(one.legs, int(one.quantity)) for one in ledger.book.options.spreads.values()]


def as_spread(*legs: OrderLeg) -> tuple[SpreadLeg, ...]:
    return tuple(SpreadLeg(one.contract, one.ratio) for one in legs)


def alone(ledger: Ledger) -> list[str]:
    spreads = ledger.book.options.spreads.values()
    return [one.contract.symbol for one in orphans(spreads, ledger.book.positions)]


@pytest.fixture
def vertical() -> Ledger:
    """Five call spreads, bought for three dollars each."""
    ledger = Ledger()
    ledger.intend(several("o-in", 5, VERTICAL, P.ENTRY))
    fill(ledger, "o-in", 5, "4.20", "1.20")
    return ledger


@pytest.fixture
def call() -> Ledger:
    """Four calls, and nothing else."""
    ledger = Ledger()
    ledger.intend(order_terms("o-in", "4", instrument=CALL))
    ledger.apply(e.OrderFilled(at=NOW, fill=a_call("o-in", 4, Side.BUY)))
    return ledger


def a_call(order_id: str, quantity: int, side: Side) -> Fill:
    return Fill(
        execution_id=f"{order_id}/{quantity}",
        order_id=order_id,
        instrument=CALL,
        side=side,
        quantity=Decimal(quantity),
        price=Decimal("4.20"),
        executed_at=NOW,
    )


# Filled ------------------------------------------------------------------------------------------


def test_a_roll_of_a_spread_closes_one_and_leaves_another(vertical: Ledger) -> None:
    """What the old legs earned is realised; the new ones begin at what they cost."""
    vertical.intend(several("o-roll", 5, OF_SPREAD))
    fill(vertical, "o-roll", 5, "5.00", "1.50", "7.00", "3.10")

    assert holdings(vertical) == {LATER: 5, LATER_HIGHER: -5}
    assert (kept(vertical), alone(vertical)) == ([(as_spread(*INTO), 5)], [])
    book = vertical.book
    assert book.position(CALL).realized_pnl == 400  # (5.00 - 4.20) x 5 x 100
    assert book.position(HIGHER_CALL).realized_pnl == -150
    assert book.position(LATER).average_price == 7
    assert book.position(LATER).realized_pnl == 0
    # Bought for 3.00, sold for 3.50, bought for 3.90: 3.40 x 5 x 100 in all.
    assert book.paid == -1_700


def test_a_roll_that_fills_in_part_leaves_whole_spreads_of_both(vertical: Ledger) -> None:
    vertical.intend(several("o-roll", 5, OF_SPREAD))
    fill(vertical, "o-roll", 2)

    assert holdings(vertical) == {CALL: 3, HIGHER_CALL: -3, LATER: 2, LATER_HIGHER: -2}
    assert kept(vertical) == [(as_spread(*VERTICAL), 3), (as_spread(*INTO), 2)]
    assert alone(vertical) == []
    order = vertical.order("o-roll")
    assert (order.status, order.leaves) == (OrderStatus.PARTIALLY_FILLED, 3)
    assert [int(one.filled) for one in order.leg_fills] == [2, 2, 2, 2]


def test_what_replaces_a_leg_of_a_spread_takes_its_place(vertical: Ledger) -> None:
    """The long call of two of the five is rolled: those are diagonals from then on."""
    vertical.intend(several("o-roll", 2, OF_CALL))
    fill(vertical, "o-roll", 2)

    assert kept(vertical) == [
        (as_spread(*VERTICAL), 3),
        (as_spread(VERTICAL[1], OF_CALL[1]), 2),
    ]
    assert alone(vertical) == []


def test_a_call_that_is_held_beside_a_spread_is_rolled_without_it(vertical: Ledger) -> None:
    vertical.intend(order_terms("o-more", "2", instrument=CALL))
    vertical.apply(e.OrderFilled(at=NOW, fill=a_call("o-more", 2, Side.BUY)))
    vertical.intend(several("o-roll", 2, OF_CALL))
    fill(vertical, "o-roll", 2)

    assert kept(vertical) == [(as_spread(*VERTICAL), 5)]
    assert holdings(vertical)[LATER] == 2


@pytest.mark.parametrize(
    ("legs", "spreads"),
    [
        # Twice as many calls as the spread had: a ratio spread.
        ((leg(CALL, -1, closes=True), leg(LATER, 2)), [(leg(HIGHER_CALL, -1), leg(LATER, 2))]),
        # Three for two: no whole number for each spread, so that nothing takes the leg's place.
        ((leg(CALL, -2, closes=True), leg(LATER, 3)), []),
        # Legs of two sides that belong together in none.
        ((leg(CALL, -2, closes=True), leg(HIGHER_CALL, 1, closes=True), leg(LATER, 2)), []),
    ],
)
def test_only_whole_spreads_are_made_of_what_is_left(
    legs: tuple[OrderLeg, ...], spreads: list[tuple[OrderLeg, ...]]
) -> None:
    ledger = Ledger()
    ledger.intend(several("o-in", 2, VERTICAL, P.ENTRY))
    fill(ledger, "o-in", 2)
    quantity = 2 // -legs[0].ratio
    ledger.intend(several("o-roll", quantity, legs))
    fill(ledger, "o-roll", quantity)

    assert kept(ledger) == [(as_spread(*one), 2) for one in spreads]
    assert alone(ledger) == []


def test_the_levels_of_a_rolled_option_are_those_of_the_roll(call: Ledger) -> None:
    """The old ones go with what they guarded; the new begin with the first contract."""
    terms = several("o-roll", 4, OF_CALL, stop_loss=Decimal("225"), take_profit=Decimal("260"))
    call.intend(terms)
    fill(call, "o-roll", 1)

    guard = call.book.protections[LATER.symbol]
    assert (guard.instrument, guard.watched, guard.stop_loss) == (LATER, "AAPL", Decimal(225))
    assert guard.entry_order_id == "o-roll"
    assert AAPL.symbol not in call.book.protections

    fill(call, "o-roll", 3)
    assert CALL.symbol not in call.book.protections
    assert call.book.protections[LATER.symbol] == guard


def test_levels_of_the_option_itself_are_watched_in_its_own_price(call: Ledger) -> None:
    by_option = RiskDenomination.OPTION_PRICE
    call.intend(several("o-roll", 4, OF_CALL, stop_loss=Decimal("2"), denomination=by_option))
    fill(call, "o-roll", 4)

    assert call.book.protections[LATER.symbol].watched == LATER.symbol


def test_a_spread_that_is_rolled_has_no_levels(vertical: Ledger) -> None:
    vertical.intend(several("o-roll", 5, OF_SPREAD, stop_loss=Decimal("225")))
    fill(vertical, "o-roll", 5)

    assert vertical.book.protections == {}


def test_a_roll_that_walks_fills_as_its_steps_do(vertical: Ledger) -> None:
    walk = WalkTerms(steps=5, interval_seconds=10)
    vertical.intend(several("o-roll", 5, OF_SPREAD, walk=walk))
    vertical.intend(several("o-step", 5, OF_SPREAD, parent_order_id="o-roll"))
    fill(vertical, "o-step", 5)

    assert kept(vertical) == [(as_spread(*INTO), 5)]
    assert vertical.order("o-roll").status is OrderStatus.FILLED


def test_a_book_with_a_roll_is_the_same_out_of_a_snapshot(vertical: Ledger) -> None:
    vertical.intend(several("o-roll", 5, OF_SPREAD))
    fill(vertical, "o-roll", 2)

    again = book_of(state_of(vertical.book))

    assert again.options == vertical.book.options
    assert again.order("o-roll") == vertical.order("o-roll")


# Working -----------------------------------------------------------------------------------------


def works(ledger: Ledger, terms: OrderTerms) -> OrderTerms:
    """The broker has the order."""
    ledger.intend(terms)
    ledger.report(shown(terms))
    return terms


def test_what_a_roll_rests_on_is_not_free_and_not_guarded(call: Ledger) -> None:
    """It waits for its price, so that a stop is needed all the same."""
    works(call, several("o-roll", 3, OF_CALL))

    cover = coverage(call.book, CALL.symbol)
    assert (cover.exiting, cover.resting, cover.uncovered) == (0, 3, 4)
    assert free_to_exit(call.book, CALL.symbol) == 1


def test_what_a_roll_at_the_market_closes_is_exiting(call: Ledger) -> None:
    roll = order_terms("o-roll", "3", purpose=P.ROLL, order_class=OrderClass.MLEG, legs=OF_CALL)
    works(call, roll)

    cover = coverage(call.book, CALL.symbol)
    assert (cover.exiting, cover.resting, cover.uncovered) == (3, 0, 1)
    assert free_to_exit(call.book, CALL.symbol) == 1
    assert in_the_way(call.book, CALL.symbol) == ()


def test_the_exit_of_a_spread_counts_like_a_roll(vertical: Ledger) -> None:
    works(vertical, several("o-out", 2, OUT, P.EXIT))

    assert coverage(vertical.book, HIGHER_CALL.symbol).resting == 2
    assert coverage(vertical.book, CALL.symbol).resting == 2
    assert free_to_exit(vertical.book, CALL.symbol) == 3


def test_a_leg_that_is_opened_again_closes_nothing(vertical: Ledger) -> None:
    """Neither does one that closes the other side."""
    works(vertical, several("o-more", 2, VERTICAL, P.ENTRY))

    assert coverage(vertical.book, CALL.symbol).resting == 0
    assert free_to_exit(vertical.book, CALL.symbol) == 5


def test_a_roll_at_a_price_goes_before_all_is_closed_at_the_market(call: Ledger) -> None:
    works(call, several("o-roll", 3, OF_CALL))

    assert in_the_way(call.book, CALL.symbol) == ("o-roll",)


def test_a_walking_roll_goes_with_its_step_and_between_two_of_them(call: Ledger) -> None:
    walk = WalkTerms(steps=5, interval_seconds=10)
    call.intend(several("o-roll", 3, OF_CALL, walk=walk))
    assert in_the_way(call.book, CALL.symbol) == ("o-roll",)
    step = works(call, several("o-step", 3, OF_CALL, parent_order_id="o-roll"))

    assert in_the_way(call.book, CALL.symbol) == ("o-roll", step.order_id)
    assert coverage(call.book, CALL.symbol).resting == 3


def test_a_strangers_order_of_several_legs_is_left_alone(call: Ledger) -> None:
    works(call, several("o-theirs", 3, OF_CALL, P.EXTERNAL))

    assert in_the_way(call.book, CALL.symbol) == ()
    assert excess(call.book, CALL.symbol) == []


def test_an_exit_waits_until_the_roll_that_is_going_is_gone(call: Ledger) -> None:
    """A broker sells no contract twice."""
    works(call, several("o-roll", 3, OF_CALL))
    leaving = order_terms("o-exit", "4", side=Side.SELL, instrument=CALL, purpose=P.EXIT)
    call.intend(leaving)
    assert holders_to_release(call.book, call.order("o-exit")) == []
    call.ask_cancel("o-roll")

    (holder,) = holders_to_release(call.book, call.order("o-exit"))

    assert holder.order_id == "o-roll"


def test_an_exit_of_what_the_roll_leaves_free_waits_for_nothing(call: Ledger) -> None:
    works(call, several("o-roll", 3, OF_CALL))
    call.ask_cancel("o-roll")
    call.intend(order_terms("o-exit", "1", side=Side.SELL, instrument=CALL, purpose=P.EXIT))

    assert holders_to_release(call.book, call.order("o-exit")) == []


def test_a_roll_of_more_than_is_held_goes(call: Ledger) -> None:
    """Somebody has sold two of the four: filled, the roll would sell one that is not there."""
    works(call, several("o-roll", 3, OF_CALL))
    assert excess(call.book, CALL.symbol) == []
    call.apply(
        e.PositionAdjusted(
            at=NOW,
            instrument=CALL,
            quantity=Decimal(2),
            average_price=Decimal("4.20"),
            reason="sold by hand",
        )
    )

    assert [one.order_id for one in excess(call.book, CALL.symbol)] == ["o-roll"]
    call.ask_cancel("o-roll")
    assert excess(call.book, CALL.symbol) == []


def test_what_a_roll_closes_has_to_be_held_when_it_leaves(call: Ledger) -> None:
    """What it opens does not."""
    assert closes_too_much(call.book, several("o-roll", 4, OF_CALL)) is None
    problem = closes_too_much(call.book, several("o-roll", 5, OF_CALL))

    assert problem == f"5 {CALL.symbol} to close, but only 4 are held"


def test_a_roll_goes_with_everything_that_is_cancelled(call: Ledger) -> None:
    """It opens, so that it is an entry to a mass cancel."""
    works(call, several("o-roll", 3, OF_CALL))

    assert [one.order_id for one in targets(call.book, MassCancelPolicy())] == ["o-roll"]


def test_a_roll_into_a_contract_that_ends_goes_and_one_out_of_it_does_not(call: Ledger) -> None:
    works(call, several("o-roll", 3, OF_CALL))

    assert [one.order_id for one in openings_of(call.book, LATER)] == ["o-roll"]
    assert list(openings_of(call.book, CALL)) == []


def test_a_roll_counts_as_an_order_that_was_let_through(call: Ledger) -> None:
    before = call.book.history.orders_since(NOW - timedelta(seconds=1))
    call.intend(several("o-roll", 3, OF_CALL))

    assert call.book.history.orders_since(NOW - timedelta(seconds=1)) == before + 1


def test_a_roll_that_fills_in_part_has_a_plan_of_its_own(vertical: Ledger) -> None:
    """Whoever sent it decides about the rest."""
    works(vertical, several("o-roll", 5, OF_SPREAD))
    fill(vertical, "o-roll", 2)

    assert due_at(vertical.book, vertical.order("o-roll"), PartialFillPolicy()) is None


# Any history -------------------------------------------------------------------------------------

CHAIN = tuple(
    OptionContract("AAPL", date(2027, month, 15), right, Decimal(240))
    for month in (1, 2, 3)
    for right in (OptionRight.CALL, OptionRight.PUT)
)


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(1, 4), st.booleans()),
        max_size=8,
    )
)
def test_whatever_is_rolled_positions_are_the_sum_of_fills_and_spreads_are_whole(
    steps: list[tuple[int, int, int, bool]],
) -> None:
    """Straddles are opened and rolled from month to month; no leg is ever left alone."""
    ledger = Ledger()
    straddles = [(CHAIN[2 * n], CHAIN[2 * n + 1]) for n in range(3)]
    held = [0, 0, 0]
    for number, (source, target, count, rolls) in enumerate(steps):
        into = tuple(leg(one, 1) for one in straddles[target])
        rolls = rolls and source != target and held[source] >= count
        out = tuple(leg(one, -1, closes=True) for one in straddles[source]) if rolls else ()
        order_id = f"o-{number}"
        ledger.intend(several(order_id, count, (*out, *into), P.ROLL if rolls else P.ENTRY))
        fill(ledger, order_id, count)
        held[target] += count
        held[source] -= count if rolls else 0

    expected = {one: held[n] for n in range(3) for one in straddles[n] if held[n]}
    assert holdings(ledger) == expected
    assert alone(ledger) == []
    assert sum(one.quantity for one in ledger.book.options.spreads.values()) == sum(held)
