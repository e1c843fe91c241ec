"""Which step a walk takes, at which limit, and when it takes none."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from cream.core.execution import events as e
from cream.core.execution.tactics import TacticOver, TacticWaits
from cream.core.execution.walking import (
    StepBack,
    StepDue,
    WalkPaused,
    WalkStep,
    last_step,
    next_walk_step,
    step_fault,
    step_order_id,
    step_terms,
)
from cream.core.model.fill import Fill
from cream.core.model.market import Datum, Known, Quote, Stale, Unknown
from cream.core.model.order import (
    OrderClass,
    OrderLeg,
    OrderPurpose,
    OrderStatus,
    OrderTerms,
    Side,
    WalkTerms,
)
from cream.core.model.plan import Guard, PositionIntent
from tests.fakes.builders import AAPL, CALL, HIGHER_CALL, NOW, order_terms
from tests.fakes.ledger import Ledger

S = OrderStatus
LONG = OrderLeg(CALL, 1, PositionIntent.BUY_TO_OPEN)
SHORT = OrderLeg(HIGHER_CALL, -1, PositionIntent.SELL_TO_OPEN)


def quote(symbol: str, bid: str, ask: str, size: int = 10) -> Datum[Quote]:
    return Known(
        Quote(
            symbol=symbol,
            bid=Decimal(bid),
            ask=Decimal(ask),
            bid_size=size,
            ask_size=size,
            at=NOW,
        )
    )


# Mid 3.00, natural 3.20.
MARKET = {
    CALL.symbol: quote(CALL.symbol, "5.00", "5.20"),
    HIGHER_CALL.symbol: quote(HIGHER_CALL.symbol, "2.00", "2.20"),
}


def walking(
    limit: str = "3.20", steps: int = 4, quantity: str = "10", **changes: object
) -> OrderTerms:
    plain = order_terms(
        "o-walk", quantity, limit=limit, legs=(LONG, SHORT), order_class=OrderClass.MLEG
    )
    return evolve(plain, walk=WalkTerms(steps=steps, interval_seconds=10), **changes)


def single(side: Side, limit: str, steps: int = 4, **changes: object) -> OrderTerms:
    plain = order_terms("o-walk", "10", side=side, limit=limit, instrument=CALL)
    return evolve(plain, walk=WalkTerms(steps=steps, interval_seconds=10), **changes)


def begun(parent: OrderTerms) -> Ledger:
    ledger = Ledger()
    ledger.intend(parent)
    ledger.apply(e.OrderProgressed(at=NOW, order_id="o-walk", status=S.ACCEPTED, reason="here"))
    return ledger


def step(ledger: Ledger, market: Mapping[str, Datum[Quote]] = MARKET) -> WalkStep:
    parent = ledger.order("o-walk")
    return next_walk_step(ledger.book, parent, lambda one: market.get(one, Unknown("none")))


def due(ledger: Ledger, market: Mapping[str, Datum[Quote]] = MARKET) -> StepDue:
    found = step(ledger, market)
    assert isinstance(found, StepDue), found
    return found


def end(ledger: Ledger, index: int, status: OrderStatus = S.CANCELED) -> None:
    """The broker says that the step is gone."""
    order_id = step_order_id(ledger.order("o-walk").terms, index)
    ledger.apply(e.OrderProgressed(at=NOW, order_id=order_id, status=status, reason="gone"))


def fill_spread(ledger: Ledger, order_id: str, quantity: str, price: str) -> None:
    """The broker fills so many whole spreads."""
    count = Decimal(quantity)
    legs = tuple(
        Fill(
            execution_id=f"{order_id}/{leg.contract.symbol}",
            order_id=order_id,
            instrument=leg.contract,
            side=leg.side,
            quantity=count,
            price=Decimal(price),
            executed_at=NOW,
        )
        for leg in ledger.order(order_id).terms.legs
    )
    ledger.apply(
        e.SpreadFilled(
            at=NOW,
            order_id=order_id,
            execution_id=f"{order_id}/unit",
            quantity=count,
            net_price=Decimal(price),
            legs=legs,
        )
    )


def walked(ledger: Ledger, market: Mapping[str, Datum[Quote]] = MARKET) -> list[Decimal]:
    """The limits of all steps, each withdrawn as soon as it may be."""
    limits: list[Decimal] = []
    while isinstance(found := step(ledger, market), StepDue):
        assert found.terms.limit_price is not None
        limits.append(found.terms.limit_price)
        ledger.work(found.terms)
        if not isinstance(step(ledger, market), StepBack):
            break
        end(ledger, found.index)
    return limits


def test_a_spread_walks_from_mid_to_natural_in_equal_steps() -> None:
    assert list(map(str, walked(begun(walking())))) == ["3.00", "3.05", "3.10", "3.15", "3.20"]


def test_nothing_is_bid_beyond_the_orders_own_limit() -> None:
    assert list(map(str, walked(begun(walking("3.10"))))) == ["3.00", "3.05", "3.10"]
    assert list(map(str, walked(begun(walking("2.90"))))) == ["2.90"]


def test_nothing_is_bid_beyond_the_natural_price() -> None:
    """Even where the limit allows much more."""
    assert max(walked(begun(walking("9.00")))) == Decimal("3.20")


def test_a_credit_spread_asks_for_less_with_each_step() -> None:
    """Sold for a net of 3.00 at mid, 2.80 at once: prices are negative."""
    legs = (OrderLeg(CALL, -1, LONG.intent), OrderLeg(HIGHER_CALL, 1, SHORT.intent))
    limits = walked(begun(walking("-2.80", legs=legs)))

    assert list(map(str, limits)) == ["-3.00", "-2.95", "-2.90", "-2.85", "-2.80"]


def test_ratios_weigh_the_legs() -> None:
    legs = (OrderLeg(CALL, 1, LONG.intent), OrderLeg(HIGHER_CALL, -2, SHORT.intent))
    limits = walked(begun(walking("5.00", steps=1, legs=legs)))

    assert list(map(str, limits)) == ["0.90", "1.20"]


@pytest.mark.parametrize(
    ("side", "limit", "limits"),
    [
        (Side.BUY, "5.20", ["5.10", "5.12", "5.15", "5.17", "5.20"]),
        (Side.SELL, "5.00", ["5.10", "5.08", "5.05", "5.03", "5.00"]),
        (Side.SELL, "5.05", ["5.10", "5.08", "5.05"]),
    ],
)
def test_a_single_option_walks_and_rounds_away_from_harm(
    side: Side, limit: str, limits: list[str]
) -> None:
    assert list(map(str, walked(begun(single(side, limit))))) == limits


@given(
    st.integers(1, 400),
    st.integers(0, 60),
    st.integers(-200, 900),
    st.integers(1, 50),
    st.booleans(),
)
def test_no_step_bids_more_than_limit_or_natural(
    bid: int, width: int, limit: int, steps: int, sells: bool
) -> None:
    """And each bids more than the one before it: a walk never goes back, and it ends."""
    cent = Decimal("0.01")
    side = Side.SELL if sells else Side.BUY
    price = str(max(1, limit) * cent)
    market = {CALL.symbol: quote(CALL.symbol, str(bid * cent), str((bid + width) * cent))}
    limits = walked(begun(single(side, price, steps)), market)

    costs = [side.sign * one for one in limits]
    natural = bid + width if side is Side.BUY else -bid
    assert all(one <= min(natural * cent, side.sign * Decimal(price)) for one in costs)
    assert costs == sorted(set(costs))
    assert 1 <= len(costs) <= steps + 1


def test_steps_are_an_interval_apart_counted_from_the_one_that_works() -> None:
    ledger = begun(walking())
    first = due(ledger)
    assert (first.index, first.due_at) == (0, NOW)
    ledger.work(first.terms)
    back = step(ledger)
    assert isinstance(back, StepBack)
    assert (back.order_id, back.due_at) == (first.terms.order_id, NOW + timedelta(seconds=10))


def test_a_step_that_would_bid_the_same_is_passed_over() -> None:
    """A spread of two cents has no more than three prices, however many steps were asked for."""
    market = {CALL.symbol: quote(CALL.symbol, "5.00", "5.02")}
    ledger = begun(single(Side.BUY, "5.10", steps=10))
    ledger.work(due(ledger, market).terms)

    back = step(ledger, market)

    assert isinstance(back, StepBack)
    assert back.due_at == NOW + timedelta(seconds=100)


def test_the_next_step_waits_until_the_one_before_is_gone() -> None:
    ledger = begun(walking())
    first = due(ledger)
    ledger.work(first.terms)
    ledger.ask_cancel(first.terms.order_id)
    assert step(ledger) == TacticWaits()
    end(ledger, 0)
    assert due(ledger).index == 1


def test_what_a_step_has_filled_is_not_asked_for_again() -> None:
    ledger = begun(walking())
    ledger.work(due(ledger).terms)
    fill_spread(ledger, step_order_id(ledger.order("o-walk").terms, 0), "4", "3.00")
    assert ledger.order("o-walk").filled == 4
    end(ledger, 0)
    assert due(ledger).terms.quantity == 6


def test_a_step_without_an_answer_is_waited_for() -> None:
    ledger = begun(walking())
    terms = due(ledger).terms
    ledger.intend(terms)
    ledger.apply(e.SubmitUnknown(at=NOW, order_id=terms.order_id, why="lost"))

    assert step(ledger) == TacticWaits()


BAD = {
    "stale": Stale(MARKET[CALL.symbol].value, 60.0),  # type: ignore[union-attr]
    "none": Unknown("never came"),
    "no bid": quote(CALL.symbol, "0.00", "0.05"),
    "nobody there": quote(CALL.symbol, "5.00", "5.20", size=0),
    "crossed": quote(CALL.symbol, "5.20", "5.00"),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_a_market_that_cannot_be_read_pauses_the_walk(bad: Datum[Quote]) -> None:
    """What works already goes on working: it is bounded by its own limit."""
    market = {**MARKET, CALL.symbol: bad}
    ledger = begun(walking())
    assert isinstance(step(ledger, market), WalkPaused)
    ledger.work(due(ledger).terms)
    assert isinstance(step(ledger, market), WalkPaused)
    end(ledger, 0)
    assert isinstance(step(ledger, market), WalkPaused)


def test_a_market_that_comes_to_us_takes_no_step() -> None:
    ledger = begun(walking())
    ledger.work(due(ledger).terms)
    cheaper = {**MARKET, CALL.symbol: quote(CALL.symbol, "4.50", "4.60")}

    assert isinstance(step(ledger, cheaper), WalkPaused)
    end(ledger, 0)
    assert due(ledger, cheaper).index == 1


# Ends ---------------------------------------------------------------------------------------------


def test_a_cancelled_walk_ends_once_nothing_works() -> None:
    ledger = begun(walking())
    ledger.work(due(ledger).terms)
    ledger.ask_cancel("o-walk")
    assert step(ledger) == TacticWaits()
    end(ledger, 0)
    found = step(ledger)
    assert isinstance(found, TacticOver)
    assert found.status is S.CANCELED


def test_the_last_step_rests_until_it_ends_and_then_the_walk_is_over() -> None:
    ledger = begun(walking(steps=1))
    ledger.work(due(ledger).terms)
    end(ledger, 0)
    ledger.work(due(ledger).terms)
    assert step(ledger) == TacticWaits()
    end(ledger, 1)
    found = step(ledger)
    assert isinstance(found, TacticOver)
    assert found.status is S.EXPIRED


def test_a_step_that_expires_ends_the_walk() -> None:
    """Its day is over, and with it the parent's."""
    ledger = begun(walking())
    ledger.work(due(ledger).terms)
    end(ledger, 0, S.EXPIRED)

    assert isinstance(step(ledger), TacticOver)


def test_an_exit_of_what_is_no_longer_held_is_over() -> None:
    ledger = begun(single(Side.SELL, "5.00", purpose=OrderPurpose.EXIT))

    found = step(ledger)

    assert isinstance(found, TacticOver)
    assert "nothing is left to close" in found.reason


def test_a_filled_walk_is_over() -> None:
    ledger = begun(walking())
    ledger.work(due(ledger).terms)
    fill_spread(ledger, step_order_id(ledger.order("o-walk").terms, 0), "10", "3.00")

    assert ledger.order("o-walk").status is S.FILLED
    assert isinstance(step(ledger), TacticOver)
    assert last_step(ledger.book, ledger.order("o-walk").terms) is not None


# What the gate asks -----------------------------------------------------------------------------


def _of(parent: OrderTerms, **changes: object) -> OrderTerms:
    return evolve(step_terms(parent, 1, Decimal(10), Decimal("3.05")), **changes)


REFUSED: dict[str, Callable[[OrderTerms], OrderTerms]] = {
    "bids more": lambda parent: _of(parent, limit_price=Decimal("3.21")),
    "bids anything": lambda parent: _of(parent, limit_price=None),
    "too many": lambda parent: _of(parent, quantity=Decimal(11)),
    "other legs": lambda parent: _of(parent, legs=()),
    "stranger": lambda parent: _of(parent, order_id="o-other"),
    "beyond the last": lambda parent: step_terms(parent, 5, Decimal(10), Decimal("3.05")),
}


@pytest.mark.parametrize("wrong", REFUSED.values(), ids=REFUSED)
def test_what_is_no_step_of_the_parent_is_refused(
    wrong: Callable[[OrderTerms], OrderTerms],
) -> None:
    ledger = begun(walking())
    parent = ledger.order("o-walk")
    assert step_fault(parent, _of(parent.terms)) is None

    assert step_fault(parent, wrong(parent.terms)) is not None


def test_a_parent_that_is_to_go_sends_no_step() -> None:
    ledger = begun(walking())
    ledger.ask_cancel("o-walk")
    parent = ledger.order("o-walk")
    assert step_fault(parent, _of(parent.terms)) is not None

    other = Ledger()
    other.intend(order_terms("o-plain", "10", limit="5"))
    assert step_fault(other.order("o-plain"), _of(parent.terms)) is not None


def test_a_step_keeps_how_the_stop_of_the_position_works() -> None:
    guard = Guard(trail_price=Decimal(1))
    parent = single(Side.BUY, "5.20", guard=guard, stop_loss=Decimal("4.00"))

    terms = step_terms(parent, 0, Decimal(1), Decimal("5.10"))

    assert (terms.guard, terms.stop_loss, terms.order_class) == (
        guard,
        Decimal("4.00"),
        OrderClass.SIMPLE,
    )
    assert terms.instrument != AAPL
