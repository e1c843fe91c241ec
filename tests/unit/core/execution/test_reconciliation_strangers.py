"""Whose are the orders that nobody here placed: a stranger's, or legs that the broker made?"""

from collections.abc import Sequence
from decimal import Decimal

import pytest
from attrs import evolve

from cream.core.execution import events as e
from cream.core.execution.adoption import adoption
from cream.core.execution.reconciliation import (
    BrokerSnapshot,
    DiscrepancyKind,
    Reconciliation,
    reconcile,
)
from cream.core.model.broker import BrokerOrder, BrokerPosition
from cream.core.model.instrument import Instrument
from cream.core.model.order import OrderClass, OrderPurpose, OrderStatus, OrderType, Side
from cream.core.model.plan import PositionIntent
from tests.fakes.builders import (
    AAPL,
    CALL,
    HIGHER_CALL,
    MSFT,
    NOW,
    bracket,
    execution,
    leg_executions,
    order_terms,
    shown,
    spread,
    with_exits,
)
from tests.fakes.ledger import Ledger

S = OrderStatus
K = DiscrepancyKind


def held(quantity: str, instrument: Instrument = AAPL, price: str = "100") -> BrokerPosition:
    return BrokerPosition(
        instrument=instrument, quantity=Decimal(quantity), average_price=Decimal(price)
    )


def compare(
    ledger: Ledger,
    orders: Sequence[BrokerOrder] = (),
    positions: Sequence[BrokerPosition] = (),
    before: int | None = None,
) -> Reconciliation:
    snapshot = BrokerSnapshot(
        open_orders=orders,
        positions=positions,
        sequence_before=ledger.book.sequence if before is None else before,
    )
    return reconcile(ledger.book, snapshot, ledger.now)


def kinds(result: Reconciliation) -> list[tuple[DiscrepancyKind, str, bool]]:
    return [(one.kind, one.subject, one.critical) for one in result.discrepancies]


def settle(
    ledger: Ledger, orders: Sequence[BrokerOrder], positions: Sequence[BrokerPosition]
) -> Reconciliation:
    """Compare, take in what follows, strangers too, until nothing new does."""
    for _ in range(10):
        result = compare(ledger, orders, positions)
        ledger.apply(*result.reading.events)
        ledger.apply(*(adoption(one, NOW) for one in result.reading.unknown))
        if not result.reading.events and not result.reading.unknown:
            return result
    raise AssertionError("it never settles")


def stranger(name: str = "o-stranger") -> BrokerOrder:
    return evolve(shown(order_terms(name, limit="50")), client_order_id=f"by-hand-{name}")


# Strangers --------------------------------------------------------------------------------------


def test_a_stranger_s_order_is_unknown_and_not_critical() -> None:
    ledger = Ledger()

    result = compare(ledger, [stranger()])

    assert result.reading.unknown == (stranger(),)
    assert kinds(result) == [(K.UNKNOWN_AT_BROKER, "b-o-stranger", False)]


@pytest.mark.parametrize("critical", [True, False])
def test_an_order_that_bears_our_name_and_is_not_known_is_an_orphan(critical: bool) -> None:
    """Someone else trades in our name, or a journal was lost: a policy says how bad that is."""
    order = shown(order_terms("o-lost", limit="50"))
    snapshot = BrokerSnapshot(open_orders=[order], positions=None, sequence_before=0)

    result = reconcile(Ledger().book, snapshot, NOW, orphans_are_critical=critical)

    assert kinds(result) == [(K.ORPHAN, "b-o-lost", critical)]


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (S.ACCEPTED, S.ACCEPTED),
        (S.HELD, S.HELD),
        (S.PENDING_CANCEL, S.PENDING_CANCEL),
        (S.PARTIALLY_FILLED, S.ACCEPTED),
        (S.PENDING_NEW, S.ACCEPTED),
        (S.UNKNOWN_SUBMIT, S.ACCEPTED),
        (S.FILLED, S.ACCEPTED),
        (S.CANCELED, S.ACCEPTED),
    ],
)
def test_a_stranger_s_order_is_taken_in_to_be_watched(theirs: S, ours: S) -> None:
    """Its fills and its end follow by reports, as for every other order."""
    ledger = Ledger()
    order = evolve(stranger(), status=theirs)

    ledger.apply(adoption(order, NOW))

    found = ledger.book.find("b-o-stranger")
    assert found is not None
    assert found.terms.purpose is OrderPurpose.EXTERNAL
    assert found.status is ours
    assert found.terms.limit_price == 50
    assert adoption(order, NOW).terms.order_id == found.order_id, "the same name in every life"


def test_a_stranger_s_order_that_was_taken_in_is_known_the_next_time() -> None:
    ledger = Ledger()

    result = settle(ledger, [stranger()], [])

    assert result.discrepancies == ()
    assert len(ledger.book.orders()) == 1


def test_the_legs_of_a_stranger_s_bracket_come_in_with_it() -> None:
    """What is open at the broker is open here."""
    ledger = Ledger()
    order = with_exits(bracket("o-x"))

    settle(ledger, [order], [])

    assert [one.terms.purpose for one in ledger.book.open_orders()] == [OrderPurpose.EXTERNAL] * 3


def test_a_stranger_s_spread_is_booked_by_its_legs() -> None:
    ledger, terms = Ledger(), spread("o-x")
    legs = tuple(
        evolve(
            shown(terms),
            broker_order_id=f"b-leg-{index}",
            instrument=one.contract,
            side=one.side,
            ratio=one.ratio,
        )
        for index, one in enumerate(terms.legs)
    )
    order = evolve(shown(terms), legs=legs)

    settle(ledger, [order], [])
    ledger.executions(leg_executions(terms, "x", "2", ["4", "1"]))

    found = ledger.book.find("b-o-x")
    assert found is not None
    assert [one.intent for one in found.terms.legs] == [
        PositionIntent.BUY_TO_OPEN,
        PositionIntent.SELL_TO_OPEN,
    ]
    assert found.status is S.FILLED
    assert (ledger.held(CALL), ledger.held(HIGHER_CALL)) == (2, -2)


def test_a_spread_of_shares_has_no_legs_that_we_know() -> None:
    terms = spread("o-x")
    order = evolve(shown(terms), legs=(shown(order_terms("o-leg")),))

    assert adoption(order, NOW).terms.legs == ()
    assert adoption(with_exits(bracket("o-y")), NOW).terms.legs == ()


# Legs that come alone ---------------------------------------------------------------------------


def test_a_leg_of_an_order_in_flight_is_not_taken_for_a_stranger_s() -> None:
    """The answer to the submit was lost, the entry has filled, and the broker lists its exits
    alone. As strangers they would guard nothing here and could never be cancelled for an exit.
    """
    ledger, entry = Ledger(), bracket()
    ledger.intend(entry)
    ledger.apply(e.SubmitUnknown(at=NOW, order_id="o-entry", why="timed out"))
    order = with_exits(entry, S.FILLED, "100")

    result = compare(ledger, order.legs, [held("100")])

    assert result.reading.unknown == ()
    assert result.ask_by_client_id == ("o-entry",)
    assert result.ask_by_broker_id == ()
    assert {one.kind for one in result.discrepancies} == {K.UNKNOWN_AT_BROKER}

    ledger.report(order, execution(entry, "x-1", "100"))
    assert settle(ledger, order.legs, [held("100")]).discrepancies == ()
    purposes = {one.terms.purpose for one in ledger.book.open_orders()}
    assert purposes == {OrderPurpose.TAKE_PROFIT, OrderPurpose.STOP_LOSS}


def test_a_parent_whose_legs_were_never_seen_is_asked_about_them() -> None:
    """A stream that tells of fills without legs: the parent is closed here, and its exits work."""
    ledger, entry = Ledger(), bracket()
    ledger.intend(entry)
    ledger.report(shown(entry, S.FILLED, "100"), execution(entry, "x-1", "100"))
    order = with_exits(entry, S.FILLED, "100")

    result = compare(ledger, order.legs, [held("100")])
    assert result.reading.unknown == ()
    assert result.ask_by_broker_id == ("o-entry",)

    ledger.report(order)
    assert settle(ledger, order.legs, [held("100")]).discrepancies == ()
    assert len(ledger.book.children("o-entry")) == 2


def test_the_stop_of_a_pair_that_was_placed_here_is_asked_about_too() -> None:
    ledger = Ledger()
    ledger.enter(order_terms())
    pair = order_terms(
        "o-pair",
        side=Side.SELL,
        purpose=OrderPurpose.TAKE_PROFIT,
        limit="110",
        take_profit="110",
        stop_loss="95",
        order_class=OrderClass.OCO,
        parent="o-entry",
    )
    ledger.intend(pair)
    ledger.report(shown(pair))
    (stop,) = with_exits(pair).legs

    result = compare(ledger, [shown(pair), stop], [held("100")])

    assert result.reading.unknown == ()
    assert result.ask_by_broker_id == ("o-pair",)


@pytest.mark.parametrize(
    "change",
    [
        {"instrument": MSFT},
        {"side": Side.BUY},
        {"quantity": Decimal(101)},
        {"order_class": OrderClass.SIMPLE},
        {"legs": (stranger(),)},
    ],
)
def test_an_order_that_cannot_be_a_leg_is_a_stranger_s(change: dict[str, object]) -> None:
    ledger, entry = Ledger(), bracket()
    ledger.intend(entry)
    ledger.report(shown(entry, S.FILLED, "100"), execution(entry, "x-1", "100"))
    order = evolve(with_exits(entry).legs[0], **change)

    result = compare(ledger, [order], [held("100")])

    assert result.reading.unknown == (order,)
    assert result.ask_by_broker_id == ()


def test_a_parent_that_was_never_sent_has_no_legs() -> None:
    ledger, entry = Ledger(), bracket()
    ledger.intend(entry)
    ledger.apply(e.OrderRefused(at=NOW, order_id="o-entry", code="NO", message="no"))

    result = compare(ledger, with_exits(entry).legs)

    assert len(result.reading.unknown) == 2


# Idempotence ------------------------------------------------------------------------------------


def test_a_second_look_finds_nothing_new() -> None:
    """Whatever the broker shows: once its events are in, the same picture adds nothing."""
    ledger = Ledger()
    entry, limit, legs = bracket(), order_terms("o-limit", limit="90"), spread()
    ledger.intend(entry, limit, legs)
    ledger.apply(e.SubmitUnknown(at=NOW, order_id="o-limit", why="timed out"))
    orders = [
        with_exits(entry),
        shown(limit, S.PENDING_CANCEL),
        shown(legs, S.HELD),
        stranger(),
        with_exits(bracket("o-x")),
    ]

    settle(ledger, orders, [])
    sequence = ledger.book.sequence
    again = settle(ledger, orders, [])

    assert ledger.book.sequence == sequence
    assert again.discrepancies == ()
    open_there = {one.broker_order_id for one in orders}
    open_there |= {leg.broker_order_id for one in orders for leg in one.legs}
    assert open_there == {one.broker_order_id for one in ledger.book.open_orders()}


def test_a_pair_of_exits_alone_is_nothing_new_either() -> None:
    ledger, entry = Ledger(), bracket()
    ledger.enter(entry)
    exits = with_exits(entry).legs

    assert compare(ledger, exits, [held("100")]).reading.events == ()
    assert [one.order_type for one in exits] == [OrderType.LIMIT, OrderType.STOP]
