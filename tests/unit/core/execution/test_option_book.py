"""Which legs belong together, and which are left alone."""

from decimal import Decimal

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from cream.core.execution import events as e
from cream.core.execution import option_events as o
from cream.core.execution.option_book import (
    HeldSpread,
    OptionBook,
    Orphan,
    SpreadLeg,
    held_as,
    orphans,
)
from cream.core.model.fill import Fill
from cream.core.model.instrument import OptionContract
from cream.core.model.order import OrderClass, OrderLeg, OrderPurpose, OrderTerms, Side
from cream.core.model.plan import PositionIntent
from cream.core.model.position import Position
from tests.fakes.builders import CALL, HIGHER_CALL, NOW, PUT, order_terms
from tests.fakes.ledger import Ledger

BUY, SELL = PositionIntent.BUY_TO_OPEN, PositionIntent.SELL_TO_OPEN
BACK, OUT = PositionIntent.BUY_TO_CLOSE, PositionIntent.SELL_TO_CLOSE
VERTICAL = (OrderLeg(CALL, 1, BUY), OrderLeg(HIGHER_CALL, -1, SELL))
RATIO = (OrderLeg(CALL, 1, BUY), OrderLeg(HIGHER_CALL, -2, SELL))


def trade(
    ledger: Ledger,
    order_id: str,
    legs: tuple[OrderLeg, ...],
    spreads: int,
    purpose: OrderPurpose = OrderPurpose.ENTRY,
) -> None:
    """A multi-leg order that fills at once."""
    terms = order_terms(
        order_id, str(spreads), legs=legs, order_class=OrderClass.MLEG, limit="1", purpose=purpose
    )
    ledger.intend(terms)
    fills = tuple(fill(order_id, leg.contract, abs(leg.ratio) * spreads, leg.side) for leg in legs)
    ledger.apply(
        e.SpreadFilled(
            at=NOW,
            order_id=order_id,
            execution_id=f"{order_id}/unit",
            quantity=Decimal(spreads),
            net_price=Decimal(1),
            legs=fills,
        )
    )


def fill(order_id: str, contract: OptionContract, quantity: int, side: Side) -> Fill:
    return Fill(
        execution_id=f"{order_id}/{contract.symbol}",
        order_id=order_id,
        instrument=contract,
        side=side,
        quantity=Decimal(quantity),
        price=Decimal(1),
        executed_at=NOW,
    )


def single(
    ledger: Ledger, contract: OptionContract, quantity: int, side: Side, purpose: OrderPurpose
) -> None:
    order_id = f"o-single-{contract.symbol}-{quantity}-{purpose.value}"
    ledger.intend(
        order_terms(order_id, str(quantity), side=side, instrument=contract, purpose=purpose)
    )
    ledger.apply(e.OrderFilled(at=NOW, fill=fill(order_id, contract, quantity, side)))


def adjust(ledger: Ledger, contract: OptionContract, quantity: int) -> None:
    ledger.apply(
        e.PositionAdjusted(
            at=NOW,
            instrument=contract,
            quantity=Decimal(quantity),
            average_price=Decimal(1),
            reason="broker",
        )
    )


def alone(ledger: Ledger) -> dict[str, int]:
    found = orphans(ledger.book.options.spreads.values(), ledger.book.positions)
    return {one.contract.symbol: int(one.quantity) for one in found}


def spreads(ledger: Ledger) -> list[int]:
    return [int(one.quantity) for one in ledger.book.options.spreads.values()]


@pytest.fixture
def held() -> Ledger:
    ledger = Ledger()
    trade(ledger, "o-in", VERTICAL, 5)
    return ledger


def test_what_is_opened_together_belongs_together(held: Ledger) -> None:
    trade(held, "o-more", tuple(reversed(VERTICAL)), 2)

    assert (spreads(held), alone(held)) == ([7], {})


def test_a_spread_that_is_closed_as_one_is_forgotten(held: Ledger) -> None:
    closing = (OrderLeg(CALL, -1, OUT), OrderLeg(HIGHER_CALL, 1, BACK))
    trade(held, "o-out", closing, 2, OrderPurpose.EXIT)
    assert (spreads(held), alone(held)) == ([3], {})
    trade(held, "o-rest", closing, 3, OrderPurpose.EXIT)

    assert (spreads(held), alone(held)) == ([], {})


def test_legs_that_we_part_are_single_positions_from_then_on(held: Ledger) -> None:
    single(held, HIGHER_CALL, 2, Side.BUY, OrderPurpose.EXIT)

    assert (spreads(held), alone(held)) == ([3], {})


@pytest.mark.parametrize(
    ("lost", "left", "expected"),
    [(HIGHER_CALL, -3, {CALL.symbol: 2}), (CALL, 3, {HIGHER_CALL.symbol: -2})],
)
def test_a_leg_that_the_broker_took_leaves_the_other_alone(
    held: Ledger, lost: OptionContract, left: int, expected: dict[str, int]
) -> None:
    """An assignment of a short leg, a liquidation of a long one."""
    adjust(held, lost, left)

    assert alone(held) == expected


def test_what_a_stranger_trades_parts_nothing(held: Ledger) -> None:
    single(held, HIGHER_CALL, 5, Side.BUY, OrderPurpose.EXTERNAL)

    assert (spreads(held), alone(held)) == ([5], {CALL.symbol: 5})


def test_a_strangers_spread_is_not_ours() -> None:
    ledger = Ledger()
    trade(ledger, "o-theirs", VERTICAL, 5, OrderPurpose.EXTERNAL)

    assert spreads(ledger) == []


def test_an_orphan_that_we_close_is_one_no_longer(held: Ledger) -> None:
    adjust(held, HIGHER_CALL, -3)
    single(held, CALL, 2, Side.SELL, OrderPurpose.EXIT)

    assert (spreads(held), alone(held)) == ([3], {})


def test_a_position_that_turned_round_is_a_leg_that_is_missing(held: Ledger) -> None:
    adjust(held, HIGHER_CALL, 4)

    assert alone(held) == {CALL.symbol: 5}


def test_what_ends_as_a_whole_leaves_nothing_behind(held: Ledger) -> None:
    adjust(held, CALL, 0)
    adjust(held, HIGHER_CALL, 0)

    assert (spreads(held), alone(held)) == ([], {})


def test_what_is_held_beyond_the_spread_is_no_orphan(held: Ledger) -> None:
    single(held, CALL, 3, Side.BUY, OrderPurpose.ENTRY)
    adjust(held, HIGHER_CALL, -4)

    assert alone(held) == {CALL.symbol: 1}


def test_ratios_count() -> None:
    ledger = Ledger()
    trade(ledger, "o-ratio", RATIO, 3)
    adjust(ledger, HIGHER_CALL, -5)

    assert alone(ledger) == {CALL.symbol: 1, HIGHER_CALL.symbol: -1}


def test_spreads_that_share_a_leg_do_not_count_it_twice() -> None:
    ledger = Ledger()
    trade(ledger, "o-one", VERTICAL, 2)
    other = (OrderLeg(CALL, 1, BUY), OrderLeg(PUT, -1, SELL))
    trade(ledger, "o-two", other, 2)
    adjust(ledger, CALL, 3)

    (orphan,) = orphans(ledger.book.options.spreads.values(), ledger.book.positions)

    assert orphan == Orphan(contract=PUT, quantity=Decimal(-1), missing=(CALL.symbol,))


def test_one_leg_that_opens_makes_no_spread() -> None:
    book = OptionBook()
    terms: OrderTerms = order_terms("o-roll", "1", legs=VERTICAL, order_class=OrderClass.MLEG)
    book.opened(evolve(terms, legs=(VERTICAL[0], OrderLeg(PUT, -1, OUT))), Decimal(1), {})

    assert book.spreads == {}


def test_only_so_many_answers_are_remembered() -> None:
    book = OptionBook()
    book.fold(o.ExerciseAnswered(at=NOW, request_id="nobody", outcome="taken", message=""))
    for number in range(1_002):
        asked = o.ExerciseAsked(
            at=NOW,
            request_id=str(number),
            contract=CALL,
            quantity=Decimal(1),
            held=Decimal(1),
            instruction="exercise",
            actor="me",
        )
        book.fold(asked)
        book.fold(o.ExerciseAnswered(at=NOW, request_id=str(number), outcome="taken", message=""))
    assert (len(book.exercises), next(iter(book.exercises))) == (1_000, "2")
    assert OptionBook(book.state()).exercises == book.exercises


CONTRACTS = (CALL, HIGHER_CALL, PUT)
counts = st.integers(-6, 6)


some_legs = st.lists(
    st.tuples(st.sampled_from(CONTRACTS), counts.filter(bool)),
    min_size=2,
    max_size=3,
    unique_by=lambda one: one[0].symbol,
)


@given(some_legs, st.integers(1, 6), st.lists(counts, min_size=3, max_size=3))
def test_an_orphan_is_never_more_than_what_is_held_beyond_whole_spreads(
    legs: list[tuple[OptionContract, int]], quantity: int, holding: list[int]
) -> None:
    spread = HeldSpread(tuple(SpreadLeg(*one) for one in legs), Decimal(quantity))
    positions = {
        contract.symbol: Position(instrument=contract, quantity=Decimal(count))
        for contract, count in zip(CONTRACTS, holding, strict=True)
    }
    found = {one.contract.symbol: one for one in orphans([spread], positions)}
    whole = min(
        [spread.quantity] + [held_as(leg, positions) // abs(leg.ratio) for leg in spread.legs]
    )
    for leg in spread.legs:
        held = held_as(leg, positions)
        lonely = abs(found[leg.contract.symbol].quantity) if leg.contract.symbol in found else 0
        assert lonely <= held - whole * abs(leg.ratio)
        assert lonely <= (spread.quantity - whole) * abs(leg.ratio)
    if whole == spread.quantity:
        assert not found
